/**
 * Picture files that a command's operands name.
 *
 * @module
 */
import { join } from "node:path";
import { InputError } from "../mod.ts";

/** Whether a path is a folder; undefined if there is nothing. */
export async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The pictures of a folder by name, frame2 before frame10; what is in its folders is not looked at.
 *
 * @throws {InputError} If there is none.
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .filter(({ name, isDirectory }) => !isDirectory && /\.(?:jpe?g|png)$/i.test(name))
    .map(({ name }) => name);
  if (names.length === 0) throw new InputError(`${folder}: there is no picture in it`);
  const { compare } = new Intl.Collator("en", { numeric: true });
  return names.sort(compare).map((name) => join(folder, name));
}
