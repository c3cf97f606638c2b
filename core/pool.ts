/**
 * GPU buffers and textures, kept by size so that they can be used again, counted by owner, and bounded by a budget.
 *
 * The JavaScript collector cannot see GPU memory, so it never hurries to free it: 400 dropped buffers of
 * 16 MB leave 6.5 GB resident. Hence everything here has an owner who gives it back.
 *
 * @module
 */
import { GpuError } from "./errors.ts";
import { openedGpu } from "./device.ts";
import { BYTES_PER_LINE, linesOf, makeTexture } from "./texels.ts";

/** One row of {@linkcode memory}'s table. */
export interface MemoryOwner {
  /** Who holds them: "variables", "tensors", a step's name, "staging", or "free" for what nobody does. */
  readonly owner: string;
  /** How many buffers and textures. */
  readonly buffers: number;
  /** Their size together. */
  readonly bytes: number;
}

/** Memory of the device and who holds it. */
export interface Held {
  /** Its size; what it is used for may be smaller. */
  readonly bytes: number;
  /** Where it lies; a lost device takes its memory with it. */
  readonly device: GPUDevice;
  /** The group it is counted under in {@linkcode memory}. */
  owner: string;
}

/** A buffer and who holds it. */
export interface Block extends Held {
  /** What it can be used for: by shaders, or to read it from main memory. */
  readonly kind: "storage" | "staging";
  /** The buffer. */
  readonly buffer: GPUBuffer;
}

/** A texture and who holds it. */
export interface TexelBlock extends Held {
  readonly kind: "texture";
  readonly texture: GPUTexture;
}

/** Whatever can be given back. */
export type AnyBlock = Block | TexelBlock;

/** WebGPU does not tell how much memory a device has; this is a net against runaway loops. */
const DEFAULT_BUDGET_BYTES = 4 * 2 ** 30;
const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const STAGING = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;

const free = new Map<string, AnyBlock[]>();
const held = new Set<AnyBlock>();
let budgetBytes = DEFAULT_BUDGET_BYTES;
let totalBytes = 0;
let home: GPUDevice | undefined;

/** Sizes are rounded up to 256, 384, 512, 768, ... so that few different ones exist: at most half is wasted. */
export function sizeClass(bytes: number): number {
  let size = 256;
  while (size < bytes) size *= 2;
  return size > 256 && size * 0.75 >= bytes ? size * 0.75 : size;
}

/** Take a buffer of at least `bytes`; its contents are whatever was there before. */
export function acquire(
  bytes: number,
  owner: string,
  kind: "storage" | "staging" = "storage",
): Block {
  const device = ownDevice();
  const limit = device.limits.maxStorageBufferBindingSize;
  if (kind === "storage" && bytes > limit) {
    throw new GpuError(
      `a tensor of ${mebibytes(bytes)} is larger than this adapter's limit of ${
        mebibytes(limit)
      }\n` +
        `  owner: ${owner}\n` +
        `  help: make the batch or the image smaller by a factor of ${Math.ceil(bytes / limit)}`,
    );
  }
  const size = Math.min(sizeClass(bytes), kind === "storage" ? limit : Infinity);
  const usage = kind === "storage" ? STORAGE : STAGING;
  return take<Block>(kind, size, owner, () => {
    const buffer = device.createBuffer({ label: owner, size, usage });
    return { kind, buffer, bytes: size, device, owner };
  });
}

/** Take a texture of at least `bytes` for texels.ts. */
export function acquireTexture(bytes: number, owner: string): TexelBlock {
  const device = ownDevice();
  const lines = linesOf(bytes);
  const size = lines * BYTES_PER_LINE;
  return take<TexelBlock>("texture", size, owner, () => {
    const texture = makeTexture(device, owner, lines);
    return { kind: "texture", texture, bytes: size, device, owner };
  });
}

/** The open device; if it is a new one, the old one's memory is forgotten. */
function ownDevice(): GPUDevice {
  const gpu = openedGpu();
  if (!gpu) throw new GpuError("internal: memory was asked for before the device was open");
  if (gpu.device !== home) forgetBuffers(gpu.device);
  return gpu.device;
}

/** Memory of this kind and size: some that nobody holds, or new. */
function take<T extends AnyBlock>(
  kind: T["kind"],
  bytes: number,
  owner: string,
  make: () => T,
): T {
  const known = free.get(`${kind} ${bytes}`)?.pop() as T | undefined; // release() sorts by kind
  if (known) {
    known.owner = owner;
    held.add(known);
    return known;
  }
  if (totalBytes + bytes > budgetBytes) freeUnused();
  if (totalBytes + bytes > budgetBytes) throw overBudget(bytes, owner);
  const made = make();
  totalBytes += bytes;
  held.add(made);
  return made;
}

/** Take several buffers, or none: if there is no room for all, those taken are given back. */
export function acquireAll(sizes: readonly number[], owner: string): Block[] {
  const blocks: Block[] = [];
  try {
    for (const bytes of sizes) blocks.push(acquire(bytes, owner));
  } catch (error) {
    for (const block of blocks) release(block);
    throw error;
  }
  return blocks;
}

/** Destroy a buffer that may be damaged. */
export function discard(block: Block): void {
  if (held.delete(block)) destroy(block);
}

function destroy(block: AnyBlock): void {
  ("buffer" in block ? block.buffer : block.texture).destroy();
  totalBytes -= block.bytes;
}

/** Give memory back; whoever takes it next may overwrite it after the work submitted so far. */
export function release(block: AnyBlock): void {
  if (!held.delete(block)) return;
  const key = `${block.kind} ${block.bytes}`;
  const list = free.get(key);
  if (list) list.push(block);
  else free.set(key, [block]);
}

/** Destroy the buffers and textures that nobody holds. */
export function freeUnused(): void {
  for (const list of free.values()) {
    list.forEach(destroy);
  }
  free.clear();
}

/**
 * Who holds how much GPU memory, largest first.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { memory, tensor } from "ae";
 *
 * const before = memory().find((row) => row.owner === "tensors")?.bytes ?? 0;
 * {
 *   using x = tensor([1, 2, 3]);
 *   using y = x.add(1);
 *   await y.read();
 * } // x and y give their buffers back here
 * const after = memory().find((row) => row.owner === "tensors")?.bytes ?? 0;
 * assert.equal(after, before);
 * ```
 */
export function memory(): MemoryOwner[] {
  const rows = new Map<string, { owner: string; buffers: number; bytes: number }>();
  const add = (owner: string, bytes: number) => {
    const row = rows.get(owner) ?? { owner, buffers: 0, bytes: 0 };
    rows.set(owner, { owner, buffers: row.buffers + 1, bytes: row.bytes + bytes });
  };
  for (const block of held) add(block.owner, block.bytes);
  for (const list of free.values()) for (const block of list) add("free", block.bytes);
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

/**
 * Set how many bytes of GPU memory the library may hold, free buffers included (default 4 GiB).
 *
 * @throws {RangeError} If `bytes` is not a positive number.
 *
 * @example Usage
 * ```ts
 * import { setMemoryBudget } from "ae";
 *
 * setMemoryBudget(8 * 2 ** 30); // a card with more memory
 * ```
 */
export function setMemoryBudget(bytes: number): void {
  if (!(bytes > 0)) throw new RangeError(`setMemoryBudget: bytes must be positive, not ${bytes}`);
  budgetBytes = bytes;
}

/** The old device is gone and its buffers with it. */
function forgetBuffers(device: GPUDevice): void {
  free.clear();
  held.clear();
  totalBytes = 0;
  home = device;
}

function overBudget(size: number, owner: string): GpuError {
  const largest = memory().slice(0, 5)
    .map((row) => `  ${row.owner.padEnd(24)} ${mebibytes(row.bytes)} in ${row.buffers} buffers`);
  return new GpuError(
    [
      `out of memory: ${mebibytes(size)} more for ${owner} would pass the budget of ${
        mebibytes(budgetBytes)
      }; held now:`,
      ...largest,
      "  help: use a smaller batch, give tensors back with `using` or dispose(), " +
      "or raise the budget with setMemoryBudget()",
    ].join("\n"),
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 1)} MiB`;
}
