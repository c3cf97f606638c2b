/**
 * Zip archives written by hand, so that they can say what is not so.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** An entry of an archive. */
export interface Entry {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Whether it is compressed. @default {false} */
  readonly deflated?: boolean;
  /** What the archive says its size is. @default {content.length} */
  readonly claims?: number;
}

/** Bytes of parts: texts (a byte a letter) and bytes. */
export function bytesOf(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) =>
    typeof part === "string" ? Uint8Array.from(part, (letter) => letter.charCodeAt(0)) : part
  );
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A whole number in so many bytes, least significant first. */
export function wholeNumber(value: number | bigint, count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: count },
    (_, i) => Number(BigInt(value) >> BigInt(8 * i) & 255n),
  );
}

/** The bytes compressed by a compression that browsers have. */
export async function compressed(
  content: Uint8Array<ArrayBuffer>,
  format: "deflate" | "deflate-raw",
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An archive of entries, each with the size that it claims. */
export async function zipBytes(entries: readonly Entry[]): Promise<Uint8Array<ArrayBuffer>> {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, content, deflated = false, claims = content.length } of entries) {
    const packed = deflated ? await compressed(content, "deflate-raw") : content;
    const shared = bytesOf(
      ...[20, 0, deflated ? 8 : 0, 0, 0].map((value) => wholeNumber(value, 2)),
      ...[crc32(content), packed.length, claims].map((value) => wholeNumber(value, 4)),
      ...[name.length, 0].map((value) => wholeNumber(value, 2)),
    );
    const local = bytesOf("PK\x03\x04", shared, name, packed);
    files.push(local);
    directory.push(
      bytesOf(
        "PK\x01\x02",
        wholeNumber(20, 2),
        shared,
        new Uint8Array(10), // comment, disk, attributes
        wholeNumber(at, 4),
        name,
      ),
    );
    at += local.length;
  }
  const listed = bytesOf(...directory);
  const counts = [0, 0, entries.length, entries.length].map((value) => wholeNumber(value, 2));
  const places = [listed.length, at].map((value) => wholeNumber(value, 4));
  return bytesOf(...files, listed, "PK\x05\x06", ...counts, ...places, new Uint8Array(2));
}
