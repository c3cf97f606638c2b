/**
 * Make sure that there is a WebGPU adapter before a task starts.
 *
 * A bare Debian or Ubuntu has no Vulkan driver. Mesa's software driver (llvmpipe) always works and
 * takes seconds to install, so where this runs as root beside apt-get, it says so and installs it.
 * `AE_NO_INSTALL=1` refuses. Everywhere else it stops with the line to type.
 *
 * Run by itself: `deno run -A tools/ensure_adapter.ts`; with `--describe` it only prints the adapter.
 *
 * @module
 */
import { GpuError } from "../core/errors.ts";
import { taskEnvironment } from "./environment.ts";

/** Debian's and Ubuntu's package with the software driver; it brings the Vulkan loader along. */
const PACKAGE = "mesa-vulkan-drivers";

/** The line to type where nothing may be installed for the user. */
const INSTALL_LINE = `apt-get update && apt-get install -y --no-install-recommends ${PACKAGE}`;

/** What may be done on this machine. */
export interface Situation {
  /** `Deno.build.os`. */
  readonly os: string;
  /** The user's number; 0 is root. */
  readonly uid: number | null;
  /** Whether apt-get is on the PATH. */
  readonly aptGet: boolean;
  /** Whether `AE_NO_INSTALL` is set. */
  readonly refused: boolean;
  /** The value of `DENO_WEBGPU_BACKEND`, if any. */
  readonly backend: string | undefined;
}

/** Install, or stop with a message. */
export type Decision =
  | { readonly install: true; readonly announcement: string }
  | { readonly install: false; readonly message: string };

/** What to do on a machine without an adapter. */
export function decide({ os, uid, aptGet, refused, backend }: Situation): Decision {
  const missing = `no WebGPU adapter was found${
    backend ? ` (DENO_WEBGPU_BACKEND is "${backend}")` : ""
  }`;
  if (os !== "linux") {
    return { install: false, message: `${missing}\n  help: update the graphics driver` };
  }
  if (aptGet && uid === 0 && !refused) {
    return {
      install: true,
      announcement:
        `${missing}: installing Debian's software driver, ${PACKAGE} (AE_NO_INSTALL=1 refuses)`,
    };
  }
  const line = aptGet
    ? (uid === 0 ? INSTALL_LINE : `sudo sh -c "${INSTALL_LINE}"`)
    : "install your distribution's Vulkan driver for software rendering (Mesa's lavapipe)";
  return {
    install: false,
    message: `${missing}${
      refused ? ", and AE_NO_INSTALL forbids to install one" : ""
    }\n  help: ${line}\n        or your graphics card's own Vulkan driver`,
  };
}

/** The adapter's name, or null where there is none. */
export async function describeAdapter(): Promise<string | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const { description, vendor, architecture } = adapter.info;
  return description || `${vendor} ${architecture}`.trim() || "unnamed adapter";
}

/**
 * Find an adapter, installing the software driver where that is allowed.
 *
 * @returns The adapter's name.
 * @throws {GpuError} If there is none and none could be installed; the message says what to type.
 */
export async function ensureAdapter(): Promise<string> {
  const found = await askNewProcess();
  if (found) return found;
  const decision = decide({
    os: Deno.build.os,
    uid: Deno.uid(),
    aptGet: isOnPath("apt-get"),
    refused: !["", "0"].includes(Deno.env.get("AE_NO_INSTALL") ?? ""),
    backend: Deno.env.get("DENO_WEBGPU_BACKEND"),
  });
  if (!decision.install) throw new GpuError(decision.message);
  console.error(decision.announcement);
  // An update that fails for one of several sources can still leave the package within reach.
  await aptGet("update");
  const installed = await aptGet("install", "-y", "--no-install-recommends", PACKAGE);
  const adapter = installed ? await askNewProcess() : null;
  if (adapter) return adapter;
  throw new GpuError(
    installed
      ? `${PACKAGE} is installed, and still no WebGPU adapter was found\n  help: vulkaninfo --summary (package vulkan-tools) shows what the driver says`
      : `apt-get could not install ${PACKAGE}; its messages are above\n  help: ${INSTALL_LINE}`,
  );
}

/** Ask for the adapter in a process of its own: Deno looks for drivers only once per process. */
async function askNewProcess(): Promise<string | null> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-lock", "-A", import.meta.filename!, "--describe"],
    env: taskEnvironment(Deno.env.toObject()),
    stderr: "inherit",
  }).output();
  return success ? new TextDecoder().decode(stdout).trim() || null : null;
}

/** Run apt-get without questions. */
export async function aptGet(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("apt-get", {
    args: ["-q", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).spawn().status;
  return success;
}

/** Whether the PATH has a program of this name. */
export function isOnPath(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

if (import.meta.main) {
  if (Deno.args.includes("--describe")) {
    console.log(await describeAdapter() ?? "");
  } else {
    try {
      console.log(`WebGPU adapter: ${await ensureAdapter()}`);
    } catch (error) {
      console.error((error as Error).message);
      Deno.exit(1);
    }
  }
}
