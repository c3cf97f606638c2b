/**
 * Picture files that a command's operands name.
 *
 * @module
 */
import { join } from "node:path";
import { InputError } from "../mod.ts";

/**
 * Whether a path is a folder; undefined if there is nothing.
 *
 * @throws {InputError} If that cannot be found out: behind a file, or a folder that may not be looked into.
 */
export async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw unreadable(path, error);
  }
}

/**
 * The pictures of a folder by name, frame2 before frame10; what is in its folders is not looked at.
 *
 * @throws {InputError} If there is none, or the folder cannot be read.
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch((error) => {
    throw unreadable(folder, error);
  });
  const names = entries
    .filter(({ name, isDirectory }) => !isDirectory && /\.(?:jpe?g|png)$/i.test(name))
    .map(({ name }) => name);
  if (names.length === 0) throw new InputError(`${folder}: there is no picture in it`);
  const { compare } = new Intl.Collator("en", { numeric: true });
  return names.sort(compare).map((name) => join(folder, name));
}

/**
 * The files that operands name: a folder stands for its pictures, `-` for the paths that standard input lists, one a
 * line.
 *
 * @param readList Gives the list; it is asked only if there is a `-`.
 * @throws {InputError} If a folder cannot be read or has no picture.
 */
export async function picturesNamed(
  operands: readonly string[],
  readList: () => Promise<string> = () => new Response(Deno.stdin.readable).text(),
): Promise<readonly string[]> {
  const list = operands.includes("-") ? await readList() : "";
  const listed = list.split(/\r?\n/).filter((path) => path !== "");
  const files = operands.flatMap((path) => path === "-" ? listed : [path])
    .map(async (path) => await isFolder(path) ? await picturesIn(path) : [path]);
  return (await Promise.all(files)).flat();
}

function unreadable(path: string, error: unknown): InputError {
  return new InputError(`${path}: cannot be read (${(error as Error).message})`);
}
