/**
 * Zip archives, the container of PyTorch's and NumPy's files. `@zip.js/zip.js` reads the directory (zip64 too) and
 * decompresses; stored entries, the usual case, are read in parts straight from the file. Only what is asked for is
 * read or decompressed, and what the directory claims is checked against the file before memory is taken for it.
 *
 * @module
 */
import type { FileEntry } from "@zip.js/zip.js";
import { InputError } from "../core/errors.ts";
import { type BinaryFile, type Bytes, partOf } from "./binary_file.ts";

/** An entry's bytes, decompressed. */
export interface ZipEntry {
  /** Its path in the archive. */
  readonly name: string;
  /**
   * Open it. Of a compressed entry its length is what the directory claims; every reading decompresses from its beginning
   * to where the reading ends, and one that reaches the entry's end checks length and checksum.
   *
   * @throws {InputError} If it is encrypted, compressed by another method than deflate, lies outside the file, or
   * claims to be far larger than it can be.
   */
  open(): Promise<Bytes>;
}

/** "PK" and two bytes that say what follows. */
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const [STORED, DEFLATED] = [0, 8];

/** Weights hardly compress; an archive that grows a hundredfold beyond so many bytes holds none. */
const [SUSPICIOUS_BYTES, SUSPICIOUS_RATIO] = [2 ** 25, 100];

/** The most bytes that what compresses to `packedBytes` can honestly have. */
export function plausibleBytes(packedBytes: number): number {
  return Math.max(SUSPICIOUS_BYTES, packedBytes * SUSPICIOUS_RATIO);
}

/**
 * Compressed bytes that are decompressed at once: a thousand times as many may come out, and all of them before anybody
 * can say that it is enough.
 */
export const PACKED_AT_ONCE = 1024;

/** The authors' checkpoint with Adam's state has about 450. */
const MAX_ENTRIES = 5000;

/** Whether a file starts as zip archives do. */
export function isZip(first: Uint8Array): boolean {
  return first.length >= 4 && first[0] === 0x50 && first[1] === 0x4b && first[2] < 9 &&
    first[3] === first[2] + 1;
}

/**
 * The entries of an archive by path, folders left out.
 *
 * @throws {InputError} If the directory at the archive's end is missing, damaged, names an entry twice, or has more
 * entries or bytes than an archive of weights.
 */
export async function readZip(file: BinaryFile): Promise<ReadonlyMap<string, ZipEntry>> {
  const zip = await import("@zip.js/zip.js"); // 30 ms that only archives need
  zip.configure({ useWebWorkers: false, chunkSize: PACKED_AT_ONCE }); // workers would outlive the file
  class FileReader extends zip.Reader<BinaryFile> {
    override size = file.length;
    override readUint8Array(begin: number, length: number) {
      return file.read(begin, Math.max(0, Math.min(length, file.length - begin)));
    }
  }
  const entries = new Map<string, ZipEntry>();
  let bytes = 0;
  try {
    for await (const entry of new zip.ZipReader(new FileReader(file)).getEntriesGenerator()) {
      if (entry.directory) continue;
      const { filename: name } = entry;
      if (entries.has(name)) throw new InputError(`${file.path}: entry ${name} occurs twice`);
      if (entries.size === MAX_ENTRIES) {
        throw new InputError(
          `${file.path}: has more than ${MAX_ENTRIES} entries: no archive of weights`,
        );
      }
      bytes += entry.uncompressedSize;
      if (bytes > plausibleBytes(file.length)) {
        throw new InputError(
          `${file.path}: claims ${bytes} bytes in a file of ${file.length}: no archive of weights`,
        );
      }
      entries.set(name, { name, open: () => openEntry(file, entry) });
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${file.path}: its zip directory cannot be read: ${(error as Error).message}; is it cut off?`,
      { cause: error },
    );
  }
  return entries;
}

async function openEntry(file: BinaryFile, entry: FileEntry): Promise<Bytes> {
  const { filename, compressionMethod, compressedSize, uncompressedSize, offset } = entry;
  const fail = (problem: string) => new InputError(`${file.path}: entry ${filename} ${problem}`);
  if (entry.encrypted) throw fail("is encrypted");
  if (compressionMethod === STORED) {
    const header = new DataView((await file.read(offset, LOCAL_HEADER_BYTES)).buffer);
    if (header.getUint32(0, true) !== LOCAL_HEADER) throw fail(`does not start at byte ${offset}`);
    const extra = header.getUint16(26, true) + header.getUint16(28, true); // its name, and padding
    const begin = offset + LOCAL_HEADER_BYTES + extra;
    if (compressedSize !== uncompressedSize || begin + compressedSize > file.length) {
      throw fail(`claims ${uncompressedSize} bytes, which the file does not have; it is cut off`);
    }
    return partOf(file, begin, compressedSize);
  }
  if (compressionMethod !== DEFLATED) throw fail(`is compressed by method ${compressionMethod}`);
  if (offset + compressedSize > file.length) {
    throw fail(`claims ${compressedSize} bytes, which the file does not have; it is cut off`);
  }
  return {
    length: uncompressedSize,
    read(begin, length) {
      if (begin + length <= uncompressedSize) return inflate(entry, begin, length, fail);
      return Promise.reject(fail(`has ${uncompressedSize} bytes, not ${begin + length}`));
    },
  };
}

/** Ends a decompression that has given enough; no error. */
class Enough extends Error {}

/** The bytes of a compressed entry from `begin` on. */
async function inflate(
  entry: FileEntry,
  begin: number,
  length: number,
  fail: (problem: string) => InputError,
): Promise<Uint8Array<ArrayBuffer>> {
  const claimed = entry.uncompressedSize;
  const end = begin + length;
  const bytes = new Uint8Array(length);
  let done = 0;
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      const from = done;
      done += chunk.length;
      if (done > claimed) throw fail(`is longer than ${claimed} bytes`);
      if (from < end && done > begin) {
        const part = chunk.subarray(Math.max(0, begin - from), end - from);
        bytes.set(part, Math.max(0, from - begin));
      }
      if (done >= end && end < claimed) throw new Enough();
    },
  });
  try {
    await entry.getData(writable, { checkSignature: end === claimed });
  } catch (error) {
    if (error instanceof Enough) return bytes;
    if (error instanceof InputError) throw error;
    throw fail(`cannot be decompressed: ${(error as Error).message}`);
  }
  if (done !== claimed) throw fail(`has ${done} bytes, not the ${claimed} it claims`);
  return bytes;
}
