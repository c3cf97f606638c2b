/**
 * A file of bytes that is read in parts: a checkpoint of gigabytes is never in memory as a whole.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { reason } from "./files.ts";

/** Bytes that can be read in parts, wherever they lie. */
export interface Bytes {
  /** How many there are. */
  readonly length: number;
  /**
   * Read `length` bytes from `begin` on.
   *
   * @throws {InputError} If they are not all there; nothing is allocated then.
   */
  read(begin: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** An open file; `using` closes it. */
export class BinaryFile implements Bytes {
  /** What errors call it. */
  readonly path: string;
  readonly length: number;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile, length: number) {
    this.path = path;
    this.#file = file;
    this.length = length;
  }

  /**
   * Open a file for reading.
   *
   * @throws {InputError} If it does not exist, is no regular file, or may not be read; the message starts with the path.
   */
  static async open(path: string): Promise<BinaryFile> {
    try {
      const file = await Deno.open(path, { read: true });
      const { isFile, isDirectory, size } = await file.stat();
      if (isFile) return new BinaryFile(path, file, size);
      file.close();
      throw new InputError(
        `${path}: is ${isDirectory ? "a folder" : "a pipe or device"}, not a file`,
      );
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${path}: ${reason(error, "read")}`, { cause: error });
    }
  }

  // deno-lint-ignore require-await -- a position and the read that follows it must not be torn apart
  async read(begin: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (begin < 0) {
      throw new InputError(`${this.path}: bytes from ${begin} on are asked for; it is damaged`);
    }
    if (begin + length > this.length) {
      throw new InputError(
        `${this.path}: bytes ${begin} to ${begin + length} are asked for, but the file has only ` +
          `${this.length}; it is cut off`,
      );
    }
    const bytes = new Uint8Array(length);
    this.#file.seekSync(begin, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const count = this.#file.readSync(bytes.subarray(done));
      if (count === null) throw new InputError(`${this.path}: became shorter while it was read`);
      done += count;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Part of some bytes. */
export function partOf(whole: Bytes, begin: number, length: number): Bytes {
  return { length, read: (at, count) => whole.read(begin + at, count) };
}
