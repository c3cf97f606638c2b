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

/** Asks for the list that `-` stands for. */
type ReadList = () => Promise<string>;

const readStandardInput: ReadList = () => new Response(Deno.stdin.readable).text();

/** Operands with, in place of `-`, the paths that standard input lists, one a line. */
async function withListed(
  operands: readonly string[],
  readList: ReadList,
): Promise<readonly string[]> {
  const list = operands.includes("-") ? await readList() : "";
  const listed = list.split(/\r?\n/).filter((path) => path !== "");
  return operands.flatMap((path) => path === "-" ? listed : [path]);
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
  readList: ReadList = readStandardInput,
): Promise<readonly string[]> {
  const files = (await withListed(operands, readList))
    .map(async (path) => await isFolder(path) ? await picturesIn(path) : [path]);
  return (await Promise.all(files)).flat();
}

/**
 * The frames of a video, in their order: files, or the pictures of one folder; `-` as in {@linkcode picturesNamed}.
 *
 * @param readList Gives the list; it is asked only if there is a `-`.
 * @throws {InputError} If there are none, one is not there, or a folder is among several.
 */
export async function framesNamed(
  operands: readonly string[],
  readList: ReadList = readStandardInput,
): Promise<readonly string[]> {
  const paths = await withListed(operands, readList);
  if (paths.length === 0) throw new InputError("no frame given\n  help: track FOLDER, or FRAME…");
  for (const path of paths) {
    const folder = await isFolder(path);
    if (folder === undefined) throw new InputError(`${path}: no such file or folder`);
    if (!folder) continue;
    if (paths.length === 1) return await picturesIn(path);
    throw new InputError(`${path}: is a folder\n  help: give files, or one folder alone`);
  }
  return paths;
}

function unreadable(path: string, error: unknown): InputError {
  return new InputError(`${path}: cannot be read (${(error as Error).message})`);
}
