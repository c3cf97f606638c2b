/**
 * Files read and written so that nothing is ever half there and every failure names the path.
 *
 * Writing goes through a neighbour: the bytes are written to a new file with a name of its own in the
 * same folder, forced to the disk, and only then renamed to the wanted name, which replaces an old file
 * in one step. Whoever reads the path sees the old content or the new one, whatever crashes meanwhile. A link of the
 * wanted name is such an old file: it is replaced, and what it points to is not touched.
 *
 * @module
 */
import { dirname } from "node:path";
import { InputError } from "../core/errors.ts";

/**
 * Read a whole file.
 *
 * @throws {InputError} If it does not exist, is a folder, or may not be read; the message starts with
 *   the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readBytes } from "ae";
 *
 * await assert.rejects(readBytes("no/such.file"), /^InputError: no\/such.file: no such file/);
 * ```
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`${path}: ${reason(error, "read")}`, { cause: error });
  }
}

/**
 * Write a file so that it is there completely or not at all (see the top of the file). An existing file
 * is replaced. So is a link of this name: what it points to, in another folder perhaps, stays as it is. What is no
 * regular file (a terminal, a pipe) is written to directly, and so is what the process has open (`/dev/stdout`), at
 * its end.
 *
 * @param path In a folder that exists.
 * @param content Bytes, parts that follow each other, or text to be stored as UTF-8.
 * @throws {InputError} If the folder does not exist or cannot be written to, the path is a folder or too long, or
 *   the disk is full; the message starts with the path, and no partial file is left behind.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeFileAtomic } from "ae";
 *
 * const folder = await Deno.makeTempDir();
 * await writeFileAtomic(`${folder}/report.txt`, "AP 0.37\n");
 * assert.equal(await Deno.readTextFile(`${folder}/report.txt`), "AP 0.37\n");
 * await assert.rejects(
 *   writeFileAtomic(`${folder}/missing/report.txt`, "AP 0.37\n"),
 *   /^InputError: .*report.txt: the folder .*missing does not exist/,
 * );
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
): Promise<void> {
  const parts = typeof content === "string"
    ? [new TextEncoder().encode(content)]
    : content instanceof Uint8Array
    ? [content]
    : content;
  try {
    const existing = await statOrNull(path);
    if (existing?.isDirectory) throw new InputError(`${path}: is a folder, not a file`);
    if (existing && (OPEN_FILE.test(path) || isNoFileItself(await Deno.lstat(path)))) {
      using file = await Deno.open(path, { append: true });
      return await writeParts(file, parts);
    }
    await writeThenRename(path, parts);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const folder = dirname(path);
    const missing = error instanceof Deno.errors.NotFound && !await statOrNull(folder);
    const why = missing
      ? `the folder ${folder} does not exist`
      : reason(error, `write in the folder ${folder}`);
    throw new InputError(`${path}: ${why}`, { cause: error });
  }
}

/** Links, though nobody placed them: they stand for what a process has open. */
const OPEN_FILE = /^\/dev\/(?:std(?:out|err)|fd\/\d+)$/;

/** Whether a path is a terminal, pipe or device, not a file or a link to whatever it may be. */
function isNoFileItself({ isFile, isSymlink }: Deno.FileInfo): boolean {
  return !isFile && !isSymlink;
}

async function writeThenRename(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${dirname(path)}/.${crypto.randomUUID()}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      await writeParts(file, parts);
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // not there if it could not be created
    throw error;
  }
}

async function writeParts(file: Deno.FsFile, parts: Iterable<Uint8Array>): Promise<void> {
  for (const part of parts) {
    for (let written = 0; written < part.length;) {
      written += await file.write(part.subarray(written));
    }
  }
}

async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** An operating system's error in words that go after "path: ". */
export function reason(error: unknown, doing: string): string {
  if (error instanceof Deno.errors.NotFound && doing === "read") return "no such file";
  if (error instanceof Deno.errors.IsADirectory) return "is a folder, not a file";
  if (error instanceof Deno.errors.NotADirectory) {
    return "a part of the path is a file, not a folder";
  }
  if (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG") {
    return "the name is longer than the file system allows";
  }
  if (error instanceof Deno.errors.PermissionDenied) return `no permission to ${doing}`;
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno was not allowed to ${doing} (run it with --allow-read and --allow-write)`;
  }
  return `cannot ${doing}: ${error instanceof Error ? error.message : String(error)}`;
}
