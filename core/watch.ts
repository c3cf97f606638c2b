/**
 * Watching numbers: after every kernel of a plan a small one looks whether a result is NaN or infinite, and the first
 * that is, where nothing it was made from was, is named with the line that asked for it.
 *
 *     RangeError: log: 2 of 3 results are NaN or infinite; the first at [1]
 *       log  [3]   made at file:///…/train.ts:12:20
 *       sub  [3]   made at file:///…/train.ts:11:17
 *       help: everything computed before it was finite
 *
 * For this nothing is fused and no two kernels share a dispatch, and every run waits for its answer: many times slower,
 * and last digits may differ. Comparing is done on the bits, because a shader may take it that no number is NaN.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { grid, makeShader, type Shader, sizesBinding, WORKGROUP } from "./kernel.ts";
import { originOf, setWatched } from "./origin.ts";
import { resolveView } from "./graph.ts";
import { pipelineOf, sizesBuffer } from "./pipeline.ts";
import type { Place, Plan } from "./plan.ts";
import { acquire, type Block, release } from "./pool.ts";
import type { Dispatch } from "./run.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Begin or end watching for numbers that are NaN or infinite. While it is on, the first operation whose result has one
 * although its inputs have none ends the run with an error that names it; `DEBUG=nan` in the environment begins it.
 *
 * Steps compiled before are compiled once more. Use it to find a place, not to train with: every run waits.
 *
 * @param on Whether to watch from now on.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { log, tensor, watchNumbers } from "ae";
 *
 * watchNumbers(true);
 * const x = tensor([2, 0, 1]);
 * await assert.rejects(log(x.sub(1)).read(), /^RangeError: log: 2 of 3 results/); // log(-1) and log(0)
 * watchNumbers(false);
 * ```
 */
export function watchNumbers(on: boolean): void {
  setWatched(on);
}

/** Counts of one watched value: how many NaN, how many infinite, and size minus place of the first. */
const FIELDS = 3;

/** A value to look at: a leaf before the first kernel, or what a kernel has just made. */
interface Watched {
  readonly tensor: Tensor;
  readonly place: Place;
  /** What it was made from. */
  readonly inputs: readonly Tensor[];
  readonly isLeaf: boolean;
}

/** The watch over one plan. */
export interface Watch {
  /** The plan's dispatches with those that look at each result. */
  readonly dispatches: readonly Dispatch[];
  /** Begin counting from 0: to be encoded before the dispatches. */
  reset(encoder: GPUCommandEncoder): void;
  /**
   * Wait for what was submitted, and look.
   *
   * @throws {RangeError} If a result is NaN or infinite.
   */
  verdict(): Promise<void>;
  /** Give its buffer back. */
  [Symbol.dispose](): void;
}

/**
 * Watch a plan that was made to be watched.
 *
 * @param dispatches One for each kernel of the plan.
 * @param names How to call leaves that have no name of their own.
 */
export async function watchPlan(
  gpu: Gpu,
  plan: Plan,
  dispatches: readonly Dispatch[],
  bufferOf: (place: Place) => GPUBuffer,
  names: ReadonlyMap<Tensor, string> = new Map(),
): Promise<Watch | undefined> {
  if (!plan.watched) return undefined;
  const leaves = plan.leaves.map((leaf): Watched => ({
    tensor: leaf,
    place: { leaf },
    inputs: [],
    isLeaf: true,
  }));
  const results = plan.kernels.map(({ tensor, output }): Watched => ({
    tensor,
    place: output,
    inputs: tensor.recipe!.inputs.map(resolveView),
    isLeaf: false,
  }));
  const all = [...leaves, ...results];
  const counts = acquire(4 * FIELDS * Math.max(1, all.length), "watch");
  const lookAt = async ({ tensor, place }: Watched, number: number) =>
    (tensor.dtype === "f32" || tensor.dtype === "f16") && tensor.size > 0
      ? [await lookDispatch(gpu, tensor, bufferOf(place), counts, number)]
      : [];
  const looks = await Promise.all(all.map(lookAt)).catch((error) => {
    release(counts);
    throw error;
  });
  return {
    dispatches: [
      ...looks.slice(0, leaves.length).flat(),
      ...dispatches.flatMap((dispatch, i) => [dispatch, ...looks[leaves.length + i]]),
    ],
    reset: (encoder) => encoder.clearBuffer(counts.buffer),
    verdict: async () => judge(all, await readCounts(gpu, counts), names),
    [Symbol.dispose]: () => release(counts),
  };
}

/** Counts NaN and infinity in one buffer. */
async function lookDispatch(
  gpu: Gpu,
  { dtype, size }: Tensor,
  buffer: GPUBuffer,
  counts: Block,
  number: number,
): Promise<Dispatch> {
  const half = dtype === "f16";
  const words = half ? Math.ceil(size / 2) : size;
  const { workgroups, row } = grid(words);
  const shader = half ? LOOK_F16 : LOOK_F32;
  const { pipeline, layout } = await pipelineOf(gpu, shader);
  const buffers = [buffer, sizesBuffer(gpu, [size, row, FIELDS * number]), counts.buffer];
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = gpu.device.createBindGroup({ label: shader.title, layout, entries });
  return { pipeline, bindGroup, workgroups, copies: [] };
}

/** One invocation for each word of four bytes: one f32, or two f16, of which the last may not be there. */
function lookShader(title: string, perWord: 1 | 2): Shader {
  const look = perWord === 1
    ? ["  look(x[i] & 0x7fffffffu, 0x7f800000u, i, sizes[0], sizes[2]);"]
    : [0, 1].map((part) =>
      `  look((x[i] >> ${16 * part}u) & 0x7fffu, 0x7c00u, 2u * i + ${part}u, sizes[0], sizes[2]);`
    );
  return makeShader({
    title,
    f16: false,
    out: "u32",
    bindings: [
      { name: "x", type: "array<u32>", kind: "read" },
      ...sizesBinding(3), // COUNT, ROW, place of the counts
      { name: "counts", type: "array<atomic<u32>>", kind: "read_write" },
    ],
    declarations: [
      "fn look(bits: u32, infinity: u32, at: u32, count: u32, place: u32) {",
      "  if (at >= count || bits < infinity) { return; }",
      "  atomicAdd(&counts[place + select(0u, 1u, bits == infinity)], 1u);",
      "  atomicMax(&counts[place + 2u], count - at);",
      "}",
    ],
    workgroupSize: [WORKGROUP, 1, 1],
    main: [
      "  let i = global.y * sizes[1] + global.x;",
      `  if (${perWord}u * i >= sizes[0]) { return; }`,
      ...look,
    ],
  });
}

const LOOK_F32 = lookShader("watch f32", 1);
const LOOK_F16 = lookShader("watch f16", 2);

async function readCounts({ device }: Gpu, counts: Block): Promise<Uint32Array> {
  const { bytes } = counts;
  const staging = acquire(bytes, "staging", "staging");
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(counts.buffer, 0, staging.buffer, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.buffer.mapAsync(GPUMapMode.READ, 0, bytes);
    const copy = new Uint32Array(staging.buffer.getMappedRange(0, bytes).slice(0));
    staging.buffer.unmap();
    return copy;
  } finally {
    release(staging);
  }
}

/** Throw for the first value that is not finite; those before it, its inputs too, are. */
function judge(
  all: readonly Watched[],
  counts: Uint32Array,
  names: ReadonlyMap<Tensor, string>,
): void {
  const nameOf = (x: Tensor) =>
    names.get(x) ?? ("name" in x ? `variable ${x.name}` : x.recipe?.op.name ?? "data");
  const number = all.findIndex((_, i) => counts[FIELDS * i] > 0 || counts[FIELDS * i + 1] > 0);
  if (number === -1) return;
  const { tensor, inputs, isLeaf } = all[number];
  const [nan, infinite, fromEnd] = counts.subarray(FIELDS * number, FIELDS * (number + 1));
  const first = placeOf(tensor.size - fromEnd, tensor.shape);
  const kinds = [nan > 0 ? "NaN" : "", infinite > 0 ? "infinite" : ""].filter(Boolean).join(" or ");
  const what = isLeaf ? "numbers" : "results";
  const rows = [tensor, ...inputs].map((x) => [nameOf(x), `[${x.shape.join(", ")}]`, originOf(x)]);
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column]!.length));
  const lines = rows.map(([name, shape, origin]) =>
    `  ${name!.padEnd(width(0))}  ${shape!.padEnd(width(1))}` + (origin ? `   ${origin}` : "")
  );
  throw new RangeError(
    [
      `${nameOf(tensor)}: ${nan + infinite} of ${tensor.size} ${what} ` +
      `${nan + infinite === 1 ? "is" : "are"} ${kinds}; the first at [${first.join(", ")}]`,
      ...lines.map((line) => line.trimEnd()),
      isLeaf
        ? "  help: it was so before this run: look at where these numbers come from"
        : "  help: everything computed before it was finite",
    ].join("\n"),
  );
}

/** The place of element `index` on every axis. */
function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (const size of [...shape].reverse()) {
    place.unshift(index % size);
    index = Math.floor(index / size);
  }
  return place;
}
