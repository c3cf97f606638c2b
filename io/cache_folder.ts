/**
 * The library's own folder in the user's cache folder: for files that can be made again.
 *
 * @module
 */

/** An environment variable; undefined also where reading it is not permitted, without asking. */
export function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/**
 * Where a file of this name belongs; undefined where there is no cache folder that may be used.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cachePath } from "ae";
 *
 * const path = cachePath("weights.safetensors"); // ~/.cache/ae/weights.safetensors on Linux
 * assert.ok(path === undefined || path.endsWith("/ae/weights.safetensors"));
 * ```
 */
export function cachePath(name: string): string | undefined {
  const home = environment("HOME");
  const folder = Deno.build.os === "windows"
    ? environment("LOCALAPPDATA")
    : Deno.build.os === "darwin"
    ? home && `${home}/Library/Caches`
    : environment("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  return folder && `${folder}/ae/${name}`;
}
