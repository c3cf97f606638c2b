/**
 * Several kernels in one dispatch, in two ways. An optimiser does the same few operations to each of fifty parameters; a
 * dispatch costs more than such an operation on a small one.
 *
 * In sequence: kernels that go through the same places, each invocation through its own, are run one after the other by
 * the same invocations. What one writes the next finds in the cache, and nobody else's place is looked at.
 *
 * Side by side: small kernels of the same operations that do not need each other's results share a shader, in which
 * every workgroup does its part of one of them.
 *
 *     adam.average p0   adam.step p0   adam.average p1   adam.step p1   …
 *     ──►   adam.average, adam.step p0   adam.average, adam.step p1   …
 *     ──►   adam.average, adam.step of 9 tensors       workgroups 0-3 | 4-11 | …
 *
 * For the second a sequence leaves the order of the plan: it goes back, past whatever has nothing to do with its
 * buffers. Those are given out by then, so it costs no memory, and every buffer goes through the same values. The price
 * is that a slot's next user stays behind its last one, though neither needs the other (docs/kernels.md: one dispatch in
 * fifty).
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
import { bytesOf } from "./texels.ts";
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

/** Jobs that the same invocations do one after the other. */
export type Sequence = readonly Job[];

/**
 * A kernel with more workgroups keeps the device busy alone. The software adapter does not branch: every workgroup goes
 * through the parts of all kernels with its lanes switched off, so there only the smallest gain.
 */
const mostWorkgroups = () => isSoftware() ? 1 : 1024;
/** And there a shader of many kernels takes the compiler longer than it saves in a short run. */
const mostKernels = () => isSoftware() ? 6 : 32;

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
 * The same jobs, joined where they can be.
 *
 * @param mostBuffers Buffers that one shader can bind.
 */
export function joinJobs(jobs: readonly Job[], mostBuffers: number): Job[] {
  return groupSmall(inSequence(jobs, mostBuffers), mostBuffers).map((group) =>
    group.length === 1 && group[0].length === 1 ? group[0][0] : join(group)
  );
}

/**
 * Neighbours in sequence: those that go through the same places, have one of the buffers in common that they go through,
 * and look at no other place of a buffer that one of them writes.
 */
export function inSequence(jobs: readonly Job[], mostBuffers: number): Sequence[] {
  const sequences: Job[][] = [];
  for (const job of jobs) {
    const last = sequences.at(-1);
    if (last && continues(last, job) && countBuffers([[...last, job]]) <= mostBuffers) {
      last.push(job);
    } else sequences.push([job]);
  }
  return sequences;
}

function continues(sequence: Sequence, job: Job): boolean {
  if (sequence.length >= mostKernels() || !canJoin(job) || !sequence.every(canJoin)) return false;
  const [{ parts: first }, { parts }] = [sequence[0].kernel, job.kernel];
  if (!first.elementwise || !parts.elementwise) return false;
  const isAlike = first.sizes?.COUNT === parts.sizes?.COUNT &&
    first.request.output.dtype === parts.request.output.dtype &&
    String(first.workgroups) === String(parts.workgroups) &&
    String(first.workgroupSize) === String(parts.workgroupSize);
  const all = [...sequence, job];
  const own = new Map(
    sequence.flatMap(ownBuffers).map(({ place, type }) => [bufferOf(place), type]),
  );
  const shared = ownBuffers(job).filter(({ place }) => own.has(bufferOf(place)));
  const written = new Set(all.flatMap(({ writes }) => writes.map(bufferOf)));
  return isAlike && shared.length > 0 &&
    shared.every(({ place, type }) => own.get(bufferOf(place)) === type) && // bound once, as one type
    !all.flatMap(otherBuffers).some(({ place }) => written.has(bufferOf(place)));
}

/** The buffers that a kernel goes through, each invocation at its own place. */
function ownBuffers(job: Job): BoundBuffer[] {
  const { elementwise } = job.kernel.parts;
  const names = readNames(job.kernel.parts);
  return [
    ...readBuffers(job).filter((_, i) => elementwise?.includes(names[i])),
    writtenBuffer(job),
  ];
}

/** The buffers of which it may look at any place. */
function otherBuffers(job: Job): BoundBuffer[] {
  const { elementwise } = job.kernel.parts;
  const names = readNames(job.kernel.parts);
  return readBuffers(job).filter((_, i) => !elementwise?.includes(names[i]));
}

/**
 * Which sequences share a dispatch, in the order of the dispatches. A small one goes back to the newest group of its
 * like, unless one of that group or after it writes what it reads, or reads or writes what it writes. All others stay in
 * their order.
 */
export function groupSmall(sequences: readonly Sequence[], mostBuffers: number): Sequence[][] {
  const groups: Sequence[][] = [];
  const newest = new Map<string, number>(); // groups by signature, and by what they read and write
  const lastRead = new Map<BufferKey, number>();
  const lastWritten = new Map<BufferKey, number>();
  for (const sequence of sequences) {
    const reads = sequence.flatMap((job) => job.reads.map(bufferOf));
    const writes = sequence.flatMap((job) => job.writes.map(bufferOf));
    const before = Math.max(lastOf(lastWritten, [...reads, ...writes]), lastOf(lastRead, writes));
    const signature = signatureOf(sequence);
    const like = signature === undefined ? -1 : newest.get(signature) ?? -1;
    const joins = like > before && hasRoom([...groups[like], sequence], mostBuffers);
    if (joins) groups[like].push(sequence);
    const at = joins ? like : groups.push([sequence]) - 1;
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

function hasRoom(group: readonly Sequence[], mostBuffers: number): boolean {
  return group.flat().length <= mostKernels() && countBuffers(group) <= mostBuffers;
}

/** How many buffers they bind in one shader, that of the sizes included. */
function countBuffers(group: readonly Sequence[]): number {
  return buffersOf(group).reads.length + buffersOf(group).writes.length + 1;
}

function isSmall({ workgroups: [x, y, z] }: Kernel): boolean {
  return x <= mostWorkgroups() && y === 1 && z === 1;
}

/** Whether a kernel can be part of a shader: its declarations then stand outside the part. */
function canJoin({ kernel: { parts } }: Job): boolean {
  const { request: { output }, declarations = "" } = parts;
  if (parts.stores || parts.texels?.length) return false; // `store` and `texel` are declarations, too
  const mentions = (word: string) => new RegExp(`\\b${word}\\b`).test(declarations);
  // There neither buffers nor constants of one of the parts can be seen.
  const own = [...parts.inputs, "out", ...Object.keys(parts.constants ?? {})].some(mentions);
  return !own && !/var<workgroup>/.test(declarations) && sizeOf(output.shape) > 0;
}

/** What sequences must have in common: all but their buffers and sizes. Undefined where joining is not possible. */
function signatureOf(sequence: Sequence): string | undefined {
  if (!sequence.every((job) => isSmall(job.kernel) && canJoin(job))) return undefined;
  return sequence.map(({ kernel: { parts } }) =>
    [parts.name, parts.request.output.dtype, parts.declarations ?? "", parts.workgroupSize].join()
  ).join("; ");
}

/** A buffer as a shader binds it: one that is read as numbers and as vectors is bound twice. */
interface BoundBuffer {
  readonly place: Place;
  readonly type: string;
}

/** What a group binds, each once: what it writes, and what it reads besides. */
function buffersOf(group: readonly Sequence[]): { reads: BoundBuffer[]; writes: BoundBuffer[] } {
  const [reads, writes]: [BoundBuffer[], BoundBuffer[]] = [[], []];
  const add = (list: BoundBuffer[], buffer: BoundBuffer) => {
    if (!list.some((other) => isSameBuffer(other, buffer))) list.push(buffer);
  };
  const jobs = group.flat();
  for (const job of jobs) add(writes, writtenBuffer(job));
  const written = new Set(writes.map(({ place }) => bufferOf(place)));
  for (const buffer of jobs.flatMap(readBuffers)) {
    if (!written.has(bufferOf(buffer.place))) add(reads, buffer);
  }
  return { reads, writes };
}

/** What a job reads, in the order of its kernel's names. */
function readBuffers({ kernel: { parts }, reads }: Job): BoundBuffer[] {
  return readNames(parts).map((name, i) => ({ place: reads[i], type: arrayType(parts, name) }));
}

function writtenBuffer({ kernel: { parts }, writes: [place] }: Job): BoundBuffer {
  return { place, type: arrayType(parts, "out") };
}

/** A kernel's names for what it reads; an input that it writes over is not among them. */
function readNames({ inputs, request }: KernelParts): string[] {
  return inputs.filter((_, i) => i !== request.overwrites);
}

function isSameBuffer(a: BoundBuffer, b: BoundBuffer): boolean {
  return a.type === b.type && bufferOf(a.place) === bufferOf(b.place);
}

/** One kernel that does what several do: sequences side by side. */
function join(group: readonly Sequence[]): Job {
  const jobs = group.flat();
  const [{ kernel: { parts: { request, workgroupSize } } }] = jobs;
  const { reads, writes } = buffersOf(group);
  const nameOf = (buffer: BoundBuffer) => {
    const written = writes.findIndex(({ place }) => bufferOf(place) === bufferOf(buffer.place));
    if (written >= 0) return `out_${written}`;
    return `in_${reads.findIndex((it) => isSameBuffer(it, buffer))}`;
  };
  const sizes: number[] = [];
  const functions: string[] = [];
  const calls: string[] = [];
  let first = 0;
  group.forEach((sequence, k) => {
    const [{ kernel: { workgroups } }] = sequence;
    sequence.forEach((job, m) =>
      functions.push(...partFunction(`part_${k}_${m}`, job, m, nameOf, sizes))
    );
    const [begin, end] = [sizes.push(first) - 1, sizes.push(first += workgroups[0]) - 1];
    calls.push(
      `  if (workgroup.x < sizes[${end}]) {`,
      `    let own = workgroup - vec3u(sizes[${begin}], 0u, 0u);`,
      `    let place = own * vec3u(${workgroupSize.join(", ")}) + local;`,
      ...sequence.map((_, m) => `    part_${k}_${m}(own, local, place, lane);`),
      "    return;",
      "  }",
    );
  });
  const names = group[0].map(({ kernel: { parts } }) => parts.name).join(", ");
  const shader = makeShader({
    title: group.length > 1 ? `${names} of ${group.length} tensors` : names,
    f16: reads.some(({ type }) => type.includes("f16")) || request.output.dtype === "f16",
    out: request.output.dtype,
    bindings: [
      ...reads.map(({ type }, i): Binding => ({ name: `in_${i}`, type, kind: "read" })),
      ...sizesBinding(sizes.length),
      ...writes.map(({ type }, i): Binding => ({ name: `out_${i}`, type, kind: "read_write" })),
    ],
    declarations: [
      ...group[0].map(({ kernel: { parts: { declarations = "" } } }, m) =>
        renamed(declarations, declaredNames(declarations, m))
      ),
      ...functions,
    ],
    workgroupSize,
    main: calls,
  });
  return {
    kernel: {
      ...shader,
      workgroups: group.length > 1 ? [first, 1, 1] : jobs[0].kernel.workgroups,
      sizes,
      textures: [],
      parts: jobs[0].kernel.parts,
    },
    reads: reads.map(({ place }) => place),
    writes: writes.map(({ place }) => place),
    flops: jobs.reduce((sum, { flops }) => sum + flops, 0),
    bytes: group.reduce((sum, sequence) => sum + bytesOfSequence(sequence), 0),
  };
}

/** WGSL: what one job of a group does, with the group's names for its buffers; its sizes are put behind the others. */
function partFunction(
  called: string,
  job: Job,
  member: number,
  nameOf: (buffer: BoundBuffer) => string,
  sizes: number[],
): string[] {
  const { parts } = job.kernel;
  const own = readBuffers(job);
  const names = new Map([
    ["out", nameOf(writtenBuffer(job))],
    ...readNames(parts).map((name, i): [string, string] => [name, nameOf(own[i])]),
    ...declaredNames(parts.declarations ?? "", member),
  ]);
  return [
    `fn ${called}(workgroup: vec3u, local: vec3u, global: vec3u, lane: u32) {`,
    ...constantLines(parts.constants ?? {}),
    ...Object.entries(parts.sizes ?? {}).map(([key, value]) =>
      `  let ${key} = sizes[${sizes.push(value) - 1}];`
    ),
    renamed(parts.body, names),
    "}",
  ];
}

/** New names for what is declared: every member but the first of a sequence has its own. */
function declaredNames(declarations: string, member: number): Map<string, string> {
  const declared = [...declarations.matchAll(/\b(?:fn|alias|const|struct) (\w+)/g)];
  return new Map(
    member === 0 ? [] : declared.map(([, name]) => [name, `${name}_of_${member}`]),
  );
}

/** The same text with other words; but fields keep theirs: `x[i]` and not `v.x`. */
function renamed(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/(?<![.\w])[a-zA-Z_]\w*/g, (word) => names.get(word) ?? word);
}

/** Bytes of all that a sequence reads and writes; what it has at hand is not read again. */
function bytesOfSequence(sequence: Sequence): number {
  const atHand = new Set<BufferKey>();
  let sum = 0;
  for (const { kernel: { parts: { inputs, request } }, reads, writes, bytes } of sequence) {
    sum += bytes;
    const places = inputs.map((_, i) => i === request.overwrites ? writes[0] : undefined);
    const left = [...reads];
    places.forEach((place, i) => {
      const buffer = bufferOf(place ?? left.shift()!);
      if (atHand.has(buffer)) sum -= bytesOf(request.inputs[i]);
      atHand.add(buffer);
    });
    for (const place of writes) atHand.add(bufferOf(place));
  }
  return sum;
}
