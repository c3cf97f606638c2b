/**
 * Small neighbours in one dispatch. An optimiser does the same few operations to each of fifty parameters; a dispatch
 * costs more than such an operation. So kernels that come one after the other, are of the same operation and do not
 * need each other's results share a shader, in which every workgroup does its part of one of them:
 *
 *     adam.step p0   adam.step p1   …          ──►   adam.step of 9 tensors
 *     workgroups 0-3 workgroups 0-7                  0-3 | 4-11 | …
 *
 * @module
 */
import {
  bindBuffers,
  constantLines,
  isSoftware,
  type Kernel,
  type KernelParts,
  shaderText,
} from "./kernel.ts";
import { sizeOf } from "./host_array.ts";
import type { Place, PlannedKernel } from "./plan.ts";

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
 * The same jobs with neighbours joined where they can be.
 *
 * @param mostBuffers Buffers that one shader can bind.
 */
export function joinNeighbours(jobs: readonly Job[], mostBuffers: number): Job[] {
  const groups: Job[][] = [];
  for (const job of jobs) {
    const last = groups.at(-1);
    if (last && fits(last, job, mostBuffers)) last.push(job);
    else groups.push([job]);
  }
  return groups.map((group) => group.length === 1 ? group[0] : join(group));
}

function fits(group: readonly Job[], job: Job, mostBuffers: number): boolean {
  const [first] = group;
  if (group.length >= mostParts()) return false;
  if (!isSmall(job.kernel) || !isSmall(first.kernel)) return false;
  const signature = signatureOf(job.kernel);
  if (signature === undefined || signature !== signatureOf(first.kernel)) return false;
  const all = [...group, job];
  const read = readBuffers(all);
  const written = all.flatMap(({ writes }) => writes);
  return written.every((place, i) => !written.slice(0, i).some((other) => isSame(place, other))) &&
    !written.some((place) => read.some((other) => isSame(place, other.place))) &&
    read.length + written.length + 1 <= mostBuffers;
}

function isSmall({ workgroups: [x, y, z] }: Kernel): boolean {
  return x <= mostWorkgroups() && y === 1 && z === 1;
}

/** What kernels must have in common: all but their buffers and sizes. Undefined where joining is not possible. */
function signatureOf({ parts }: Kernel): string | undefined {
  const { name, request: { output }, declarations = "", workgroupSize } = parts;
  if (parts.stores) return undefined; // `store` is a declaration, too
  const mentions = (word: string) => new RegExp(`\\b${word}\\b`).test(declarations);
  // Declarations are outside the parts, where neither buffers nor constants of one of them can be seen.
  const own = [...parts.inputs, "out", ...Object.keys(parts.constants ?? {})].some(mentions);
  const shared = !own && !/var<workgroup>/.test(declarations) && sizeOf(output.shape) > 0;
  return shared ? [name, output.dtype, declarations, workgroupSize].join() : undefined;
}

function isSame(a: Place, b: Place): boolean {
  return "slot" in a ? "slot" in b && a.slot === b.slot : "leaf" in b && a.leaf === b.leaf;
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
  return a.type === b.type && isSame(a.place, b.place);
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
  const title = `${name} of ${jobs.length} tensors`;
  const code = shaderText({
    title,
    f16: reads.some(({ type }) => type.includes("f16")) || request.output.dtype === "f16",
    out: request.output.dtype,
    bindings: bindBuffers(
      reads.map(({ type }, i) => `in_${i}: ${type}`),
      sizes.length,
      jobs.map(({ kernel: { parts } }, k) => `out_${k}: ${arrayType(parts, "out")}`),
    ),
    declarations: [declarations, ...functions],
    workgroupSize,
    main: calls,
  });
  return {
    kernel: { title, code, workgroups: [first, 1, 1], sizes, parts: jobs[0].kernel.parts },
    reads: reads.map(({ place }) => place),
    writes: jobs.flatMap(({ writes }) => writes),
    flops: jobs.reduce((sum, { flops }) => sum + flops, 0),
    bytes: jobs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** WGSL type of a kernel's buffer. */
function arrayType({ inputs, request, vectors }: KernelParts, buffer: string): string {
  const { dtype } = buffer === "out" ? request.output : request.inputs[inputs.indexOf(buffer)];
  return vectors?.includes(buffer) ? `array<vec4<${dtype}>>` : `array<${dtype}>`;
}
