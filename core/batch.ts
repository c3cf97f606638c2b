/**
 * Small kernels in one dispatch. An optimiser does the same few operations to each of fifty parameters; a dispatch costs
 * more than such an operation. So small kernels of the same operation that do not need each other's results share a
 * shader, in which every workgroup does its part of one of them:
 *
 *     adam.average p0   adam.step p0   adam.average p1   adam.step p1   …
 *     ──►   adam.average of 9 tensors    adam.step of 9 tensors       workgroups 0-3 | 4-11 | …
 *
 * For this a kernel leaves the order of the plan: it goes back, past whatever has nothing to do with its buffers. Those
 * are given out by then, so it costs no memory, and every buffer goes through the same values. The price is that a
 * slot's next user stays behind its last one, though neither needs the other (docs/kernels.md: one dispatch in fifty).
 *
 * @module
 */
import {
  arrayType,
  type Binding,
  constantLines,
  isSoftware,
  type Kernel,
  type KernelParts,
  makeShader,
  sizesBinding,
} from "./kernel.ts";
import { sizeOf } from "./host_array.ts";
import type { Place, PlannedKernel } from "./plan.ts";
import type { Block } from "./pool.ts";
import type { Tensor } from "./tensor.ts";

/** What one dispatch does: a kernel, and the buffers that it reads and writes in the order of its bindings. */
export interface Job {
  readonly kernel: Kernel;
  readonly reads: readonly Place[];
  readonly writes: readonly Place[];
  /** Floating-point operations, for profiles. */
  readonly flops: number;
  /** Bytes of all that is read and written, each once, for profiles. */
  readonly bytes: number;
}

/**
 * A kernel with more workgroups keeps the device busy alone. The software adapter does not branch: every workgroup goes
 * through the parts of all kernels with its lanes switched off, so there only the smallest gain.
 */
const mostWorkgroups = () => isSoftware() ? 1 : 1024;
/** And there a shader with many parts takes the compiler longer than it saves in a short run. */
const mostParts = () => isSoftware() ? 5 : 32;

/** The job of one planned kernel. */
export function jobOf({ tensor, inputs, output, overwrites }: PlannedKernel, kernel: Kernel): Job {
  const { op, inputs: tensors, attrs } = tensor.recipe!;
  return {
    kernel,
    reads: inputs.filter((_, i) => i !== overwrites),
    writes: [output],
    flops: op.flops?.(tensors.map(({ shape }) => shape), attrs) ?? 0,
    bytes: [...new Set(tensors), tensor].reduce((sum, x) => sum + x.bytes, 0),
  };
}

/**
 * The same jobs, small ones joined where they can be.
 *
 * @param mostBuffers Buffers that one shader can bind.
 */
export function joinSmall(jobs: readonly Job[], mostBuffers: number): Job[] {
  return groupSmall(jobs, mostBuffers).map((group) => group.length === 1 ? group[0] : join(group));
}

/**
 * Which jobs share a dispatch, in the order of the dispatches. A small job goes back to the newest group of its like,
 * unless one of that group or after it writes what it reads, or reads or writes what it writes. All others stay in
 * their order.
 */
export function groupSmall(jobs: readonly Job[], mostBuffers: number): Job[][] {
  const groups: Job[][] = [];
  const newest = new Map<string, number>(); // groups by signature, and by what they read and write
  const lastRead = new Map<BufferKey, number>();
  const lastWritten = new Map<BufferKey, number>();
  for (const job of jobs) {
    const [reads, writes] = [job.reads.map(bufferOf), job.writes.map(bufferOf)];
    const before = Math.max(lastOf(lastWritten, [...reads, ...writes]), lastOf(lastRead, writes));
    const signature = signatureOf(job.kernel);
    const like = signature === undefined ? -1 : newest.get(signature) ?? -1;
    const joins = like > before && hasRoom(groups[like], job, mostBuffers);
    if (joins) groups[like].push(job);
    const at = joins ? like : groups.push([job]) - 1;
    if (signature !== undefined) newest.set(signature, at);
    for (const buffer of reads) lastRead.set(buffer, Math.max(at, lastOf(lastRead, [buffer])));
    for (const buffer of writes) lastWritten.set(buffer, at); // after all others that write it
  }
  return groups;
}

/** The last of the groups noted for some buffers; -1 if there is none. */
function lastOf(groups: ReadonlyMap<BufferKey, number>, buffers: readonly BufferKey[]): number {
  return Math.max(-1, ...buffers.map((buffer) => groups.get(buffer) ?? -1));
}

/** Equal for places in one buffer: a slot's number, or a leaf's block, which the output of an earlier step may share. */
type BufferKey = number | Block | Tensor;

function bufferOf(place: Place): BufferKey {
  return "slot" in place ? place.slot : place.leaf.storage.block ?? place.leaf;
}

function hasRoom(group: readonly Job[], job: Job, mostBuffers: number): boolean {
  const all = [...group, job];
  const written = all.flatMap(({ writes }) => writes);
  return all.length <= mostParts() &&
    readBuffers(all).length + written.length + 1 <= mostBuffers; // and the sizes
}

function isSmall({ workgroups: [x, y, z] }: Kernel): boolean {
  return x <= mostWorkgroups() && y === 1 && z === 1;
}

/** What kernels must have in common: all but their buffers and sizes. Undefined where joining is not possible. */
function signatureOf(kernel: Kernel): string | undefined {
  const { parts } = kernel;
  if (!isSmall(kernel)) return undefined;
  const { name, request: { output }, declarations = "", workgroupSize } = parts;
  if (parts.stores || parts.texels?.length) return undefined; // `store` and `texel` are declarations, too
  const mentions = (word: string) => new RegExp(`\\b${word}\\b`).test(declarations);
  // Declarations are outside the parts, where neither buffers nor constants of one of them can be seen.
  const own = [...parts.inputs, "out", ...Object.keys(parts.constants ?? {})].some(mentions);
  const shared = !own && !/var<workgroup>/.test(declarations) && sizeOf(output.shape) > 0;
  return shared ? [name, output.dtype, declarations, workgroupSize].join() : undefined;
}

/** A buffer as a shader binds it: one that is read as numbers and as vectors is bound twice. */
interface ReadBuffer {
  readonly place: Place;
  readonly type: string;
}

/** What jobs read, each once. */
function readBuffers(jobs: readonly Job[]): ReadBuffer[] {
  const found: ReadBuffer[] = [];
  for (const job of jobs) {
    for (const buffer of buffersOf(job)) {
      if (!found.some((other) => isSameBuffer(other, buffer))) found.push(buffer);
    }
  }
  return found;
}

/** What a job reads, in the order of its kernel's names. */
function buffersOf({ kernel: { parts }, reads }: Job): ReadBuffer[] {
  return readNames(parts).map((name, i) => ({ place: reads[i], type: arrayType(parts, name) }));
}

/** A kernel's names for what it reads; an input that it writes over is not among them. */
function readNames({ inputs, request }: KernelParts): string[] {
  return inputs.filter((_, i) => i !== request.overwrites);
}

function isSameBuffer(a: ReadBuffer, b: ReadBuffer): boolean {
  return a.type === b.type && bufferOf(a.place) === bufferOf(b.place);
}

/** One kernel that does what several do. */
function join(jobs: readonly Job[]): Job {
  const { name, request, declarations = "", workgroupSize } = jobs[0].kernel.parts;
  const reads = readBuffers(jobs);
  const sizes: number[] = [];
  const functions: string[] = [];
  const calls: string[] = [];
  let first = 0;
  jobs.forEach((job, k) => {
    const { kernel: { parts, workgroups } } = job;
    const renamed = new Map([["out", `out_${k}`]]);
    const own = buffersOf(job);
    readNames(parts).forEach((name, i) =>
      renamed.set(name, `in_${reads.findIndex((it) => isSameBuffer(it, own[i]))}`)
    );
    // Words, but no fields: `x[i]` and not `v.x`.
    const body = parts.body.replace(/(?<![.\w])[a-zA-Z_]\w*/g, (it) => renamed.get(it) ?? it);
    functions.push(
      `fn part_${k}(workgroup: vec3u, local: vec3u, global: vec3u, lane: u32) {`,
      ...constantLines(parts.constants ?? {}),
      ...Object.entries(parts.sizes ?? {}).map(([key, value]) =>
        `  let ${key} = sizes[${sizes.push(value) - 1}];`
      ),
      body,
      "}",
    );
    const [begin, end] = [sizes.push(first) - 1, sizes.push(first += workgroups[0]) - 1];
    calls.push(
      `  if (workgroup.x < sizes[${end}]) {`,
      `    let own = workgroup - vec3u(sizes[${begin}], 0u, 0u);`,
      `    part_${k}(own, local, own * vec3u(${workgroupSize.join(", ")}) + local, lane);`,
      "    return;",
      "  }",
    );
  });
  const shader = makeShader({
    title: `${name} of ${jobs.length} tensors`,
    f16: reads.some(({ type }) => type.includes("f16")) || request.output.dtype === "f16",
    out: request.output.dtype,
    bindings: [
      ...reads.map(({ type }, i): Binding => ({ name: `in_${i}`, type, kind: "read" })),
      ...sizesBinding(sizes.length),
      ...jobs.map(({ kernel: { parts } }, k): Binding => ({
        name: `out_${k}`,
        type: arrayType(parts, "out"),
        kind: "read_write",
      })),
    ],
    declarations: [declarations, ...functions],
    workgroupSize,
    main: calls,
  });
  return {
    kernel: {
      ...shader,
      workgroups: [first, 1, 1],
      sizes,
      textures: [],
      parts: jobs[0].kernel.parts,
    },
    reads: reads.map(({ place }) => place),
    writes: jobs.flatMap(({ writes }) => writes),
    flops: jobs.reduce((sum, { flops }) => sum + flops, 0),
    bytes: jobs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
