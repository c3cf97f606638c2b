/**
 * Running a plan: pipelines, bind groups, one command buffer, and the way back to main memory.
 *
 * @module
 */
import {
  confirm,
  manyUnconfirmed,
  submittedSoFar,
  takeBackAll,
  throwFailure,
  throwIfFailedSince,
  untilConfirmed,
} from "./confirm.ts";
import { type Job, jobOf, joinJobs } from "./batch.ts";
import { type Gpu, openedGpu, openGpu } from "./device.ts";
import { typedArray } from "./dtype.ts";
import { GpuError } from "./errors.ts";
import type { HostArray, TypedArray } from "./host_array.ts";
import { resolveView } from "./graph.ts";
import { type Pipeline, pipelineOf, sizesBuffer, unseen } from "./pipeline.ts";
import { type Assignment, makePlan, type Place, type Plan } from "./plan.ts";
import { callBackFrom } from "./lent.ts";
import {
  acquire,
  acquireAll,
  acquireTexture,
  type AnyBlock,
  type Block,
  discard,
  release,
  type TexelBlock,
} from "./pool.ts";
import { installReader, type Storage, type Tensor } from "./tensor.ts";
import { encodeTexelCopy, linesOf, type TexelCopy } from "./texels.ts";
import { currentTrace } from "./trace.ts";
import type { Variable } from "./variable.ts";
import { warmUp } from "./warm_up.ts";
import { watchPlan } from "./watch.ts";

/** One dispatch, ready to be encoded any number of times. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  /** What it reads as textures, copied there before it. */
  readonly copies: readonly TexelCopy[];
}

/** Encode dispatches into one compute pass, or one more after each copy. */
export function encode(encoder: GPUCommandEncoder, dispatches: readonly Dispatch[]): void {
  let pass: GPUComputePassEncoder | undefined;
  let current: GPUComputePipeline | undefined; // the pass's
  for (const { pipeline, bindGroup, workgroups, copies } of dispatches) {
    if (copies.length > 0) {
      pass?.end();
      pass = undefined;
      for (const copy of copies) encodeTexelCopy(encoder, copy);
    }
    if (!pass) {
      pass = encoder.beginComputePass();
      current = undefined;
    }
    if (pipeline !== current) pass.setPipeline(current = pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
  }
  pass?.end();
}

/** A job with its shader compiled. */
export interface PreparedJob extends Pipeline, Job {}

/** Make and compile every shader of a plan, all at once. */
export async function prepare(gpu: Gpu, plan: Plan): Promise<PreparedJob[]> {
  const joined = jobsOf(gpu, plan);
  await warmUp(gpu, unseen(gpu, joined.map(({ kernel }) => kernel)));
  return await Promise.all(
    joined.map(async (job) => ({ ...await pipelineOf(gpu, job.kernel), ...job })),
  );
}

/** The kernels of a plan, joined where they can be, not yet compiled. */
export function jobsOf(gpu: Gpu, plan: Plan): Job[] {
  const jobs = plan.kernels.map((planned) => {
    const { tensor, overwrites } = planned;
    const { op, inputs, attrs } = tensor.recipe!;
    if (!op.kernel) throw new GpuError(`internal: ${op.name} has no kernel and is no view`);
    return jobOf(planned, op.kernel({ inputs, output: tensor, attrs, overwrites }));
  });
  return plan.watched // a watch looks between any two
    ? jobs
    : joinJobs(jobs, gpu.device.limits.maxStorageBuffersPerShaderStage);
}

/** Dispatches, and the textures that they copy to: to be given back when they have been submitted for the last time. */
export interface Bound {
  readonly dispatches: readonly Dispatch[];
  readonly textures: readonly TexelBlock[];
}

/** Bind every prepared job to its buffers. */
export function bind(
  gpu: Gpu,
  jobs: readonly PreparedJob[],
  bufferOf: (place: Place) => GPUBuffer,
  owner: string,
): Bound {
  const textures = texturesFor(jobs, owner);
  const dispatches = jobs.map(({ pipeline, layout, reads, writes, kernel }) => {
    const { title, workgroups, sizes } = kernel;
    const buffers = [
      ...reads.map(bufferOf),
      ...(sizes.length > 0 ? [sizesBuffer(gpu, sizes)] : []),
      ...writes.map(bufferOf),
    ];
    const entries: GPUBindGroupEntry[] = buffers.map((buffer, binding) => ({
      binding,
      resource: { buffer },
    }));
    const copies = kernel.textures.map(({ binding, bytes }) => {
      const { texture } = textures.get(textureKey(binding, bytes))!;
      entries[binding] = { binding, resource: texture.createView() };
      return { from: buffers[binding], to: texture, bytes };
    });
    const bindGroup = gpu.device.createBindGroup({ label: title, layout, entries });
    return { pipeline, bindGroup, workgroups, copies };
  });
  return { dispatches, textures: [...textures.values()] };
}

/** The textures that jobs copy to. Each copies right before its dispatch, so that they can use the same ones. */
function texturesFor(jobs: readonly PreparedJob[], owner: string): Map<string, TexelBlock> {
  const textures = new Map<string, TexelBlock>();
  try {
    for (const { binding, bytes } of jobs.flatMap(({ kernel }) => kernel.textures)) {
      const key = textureKey(binding, bytes);
      if (!textures.has(key)) textures.set(key, acquireTexture(bytes, owner));
    }
  } catch (error) {
    for (const block of textures.values()) release(block);
    throw error;
  }
  return textures;
}

function textureKey(binding: number, bytes: number): string {
  return `${binding} ${linesOf(bytes)}`;
}

/** The buffer of a leaf. */
export function bufferOfLeaf(leaf: Tensor): GPUBuffer {
  const { block, gone } = leaf.storage;
  if (!block) throw new GpuError(`${describe(leaf)} ${gone ?? "has no numbers"}`);
  if (block.device !== openedGpu()?.device) {
    throw new GpuError(
      `${describe(leaf)} is gone: its device was lost\n` +
        "  help: make it again, or start again from the last checkpoint",
    );
  }
  return block.buffer;
}

/** A buffer was filled: if the device fails before it confirms that, destroy it, and `restore` what was before. */
function fill(storage: Storage, block: Block, restore: () => void = () => {}): void {
  storage.block = block;
  untilConfirmed(storage, () => {
    if (storage.block !== block) return;
    discard(block);
    storage.block = null;
    restore();
  });
}

/** A variable is being written: if the device fails before it confirms that, its value is lost. */
export function overwrite({ storage }: Tensor): void {
  untilConfirmed(storage, (why) => loseValue(storage, why));
}

/** A variable's value is lost. */
export function loseValue(storage: Storage, why: string): void {
  if (!storage.block) return;
  discard(storage.block);
  storage.block = null;
  storage.gone = `lost its value when the device failed: ${why}`;
}

/** Upload data and compute the first values of variables, so that every leaf has a buffer. */
export async function fillLeaves(gpu: Gpu, leaves: readonly Tensor[]): Promise<void> {
  const firstUse: Assignment[] = [];
  for (const leaf of leaves) {
    const { storage } = leaf;
    if (storage.gone) throw new GpuError(`${describe(leaf)} ${storage.gone}`);
    if (storage.block) continue;
    const { host } = storage;
    if (host) {
      fill(storage, upload(gpu, host, "tensors"), () => storage.host = host);
      storage.host = null;
    } else if ("initial" in leaf) {
      const { initial } = leaf as Variable;
      if (initial.storage.host) {
        fill(storage, upload(gpu, initial.storage.host, "variables")); // no second copy of it on the device
      } else {
        firstUse.push({ variable: leaf, value: initial });
      }
    } else {
      throw new TypeError(
        `${
          describe(leaf)
        } is an input of a step that is being traced, and has no numbers outside it`,
      );
    }
  }
  if (firstUse.length > 0) await computeFirst(gpu, firstUse);
}

/** Compute the values that variables begin with; if that fails they have none yet, as before. */
async function computeFirst(gpu: Gpu, firstUse: readonly Assignment[]): Promise<void> {
  const blocks = acquireAll(firstUse.map(({ variable }) => variable.bytes), "variables");
  const storages = firstUse.map(({ variable }) => variable.storage);
  storages.forEach((storage, i) => storage.block = blocks[i]);
  try {
    await run(gpu, makePlan([], firstUse), {
      filling: storages,
      submitted: () => storages.forEach((storage, i) => fill(storage, blocks[i])),
    });
  } catch (error) {
    firstUse.forEach(({ variable: { storage } }, i) => {
      if (storage.block === blocks[i]) storage.block = null;
      release(blocks[i]);
    });
    throw error;
  }
}

function upload({ device }: Gpu, host: TypedArray | (() => TypedArray), owner: string): Block {
  const numbers = typeof host === "function" ? host() : host;
  const block = acquire(numbers.byteLength, owner);
  writeBuffer(device, block.buffer, numbers);
  return block;
}

/** Copy numbers to a buffer; WebGPU wants a multiple of four bytes. */
export function writeBuffer(device: GPUDevice, buffer: GPUBuffer, host: TypedArray): void {
  const whole = host.byteLength - host.byteLength % 4;
  if (whole > 0) device.queue.writeBuffer(buffer, 0, host.buffer, host.byteOffset, whole);
  if (whole < host.byteLength) {
    const last = new Uint8Array(4);
    last.set(new Uint8Array(host.buffer, host.byteOffset + whole, host.byteLength - whole));
    device.queue.writeBuffer(buffer, whole, last);
  }
}

/** Run a plan once: what is asked for keeps its buffer, everything else gives it back. */
async function run(
  gpu: Gpu,
  plan: Plan,
  { wanted = [], filling = [], submitted = () => {} }: {
    readonly wanted?: readonly Tensor[];
    readonly filling?: readonly Storage[];
    readonly submitted?: () => void;
  } = {},
): Promise<void> {
  for (const storage of filling) empty.add(storage);
  try {
    await submit(gpu, plan, wanted, submitted);
  } finally {
    for (const storage of filling) empty.delete(storage);
  }
  if (manyUnconfirmed()) await passed(fenceHere(gpu));
}

/** Have a buffer that the work to fill it has not been submitted for: reads must wait their turn. */
const empty = new Set<Storage>();

async function submit(
  gpu: Gpu,
  plan: Plan,
  wanted: readonly Tensor[],
  submitted: () => void,
): Promise<void> {
  await fillLeaves(gpu, plan.leaves);
  const jobs = await prepare(gpu, plan);
  const blocks = acquireAll(plan.slots, "tensors");
  const taken: AnyBlock[] = [...blocks];
  const kept = new Set<AnyBlock>();
  try {
    const bufferOf = (place: Place) =>
      "slot" in place ? blocks[place.slot].buffer : bufferOfLeaf(place.leaf);
    const { dispatches, textures } = bind(gpu, jobs, bufferOf, "tensors");
    taken.push(...textures);
    using watch = await watchPlan(gpu, plan, dispatches, bufferOf);
    const encoder = gpu.device.createCommandEncoder();
    watch?.reset(encoder);
    encode(encoder, watch?.dispatches ?? dispatches);
    for (const { from, to } of plan.copies) {
      encoder.copyBufferToBuffer(bufferOf(from), 0, bufferOfLeaf(to), 0, copyBytes(to));
    }
    gpu.device.queue.submit([encoder.finish()]);
    submitted();
    plan.outputs.forEach((place, i) => {
      if (!("slot" in place)) return;
      const block = blocks[place.slot];
      kept.add(block);
      const { storage } = resolveView(wanted[i]);
      if (!storage.block) fill(storage, block);
    });
    await watch?.verdict();
  } finally {
    for (const block of taken) {
      if (!kept.has(block)) release(block);
    }
  }
}

/** A place in the stream of submitted work. */
export interface Fence {
  readonly gpu: Gpu;
  readonly upTo: number;
  readonly done: Promise<void>;
}

/** The place after what was submitted so far. */
export function fenceHere(gpu: Gpu): Fence {
  const done = gpu.device.queue.onSubmittedWorkDone().then(() => {}, () => {}); // a lost device says so itself
  return { gpu, upTo: submittedSoFar(), done };
}

/** Wait until the device has come to a place, and see that nothing failed. */
export async function passed({ gpu, upTo, done }: Fence): Promise<void> {
  await done;
  confirm(gpu, upTo);
}

/** A tensor's bytes rounded up to what a copy wants; buffers are always at least this large. */
export function copyBytes(x: Tensor): number {
  return Math.ceil(x.bytes / 4) * 4;
}

let last: Promise<unknown> = Promise.resolve();

/** Plans run one after the other in the order asked, although compiling their shaders takes awaits. */
export function inOrder<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}

/** Compute tensors in one run so that each has its buffer. */
export function realise(tensors: readonly Tensor[]): Promise<void> {
  return inOrder(async () => {
    await realiseNow(await openGpu(), tensors);
  });
}

/** The same for code that is itself running in order. */
export async function realiseNow(gpu: Gpu, tensors: readonly Tensor[]): Promise<void> {
  const waiting = tensors.filter((x) => !resolveView(x).storage.block);
  if (waiting.length > 0) await run(gpu, makePlan(waiting), { wanted: waiting });
}

/** Commit assignments at once: what `assign` does outside a step. */
export function commitNow(assignments: readonly Assignment[]): Promise<void> {
  return inOrder(async () => {
    const gpu = await openGpu();
    const plan = makePlan([], assignments);
    const targets = assignments.map(({ variable }) => variable);
    // A first value that nobody reads is not computed: loading weights into a new model makes none.
    const unread = targets.filter((x) => !x.storage.block && !plan.leaves.includes(x));
    await fillLeaves(gpu, targets.filter((x) => !unread.includes(x) || x.storage.gone));
    const blocks = acquireAll(unread.map(({ bytes }) => bytes), "variables");
    unread.forEach(({ storage }, i) => storage.block = blocks[i]);
    try {
      await run(gpu, plan, {
        filling: unread.map(({ storage }) => storage),
        submitted: () => {
          callBackFrom(targets);
          targets.forEach(overwrite);
        },
      });
    } catch (error) {
      for (const { storage } of unread) storage.block = null;
      for (const block of blocks) release(block);
      throw error;
    }
    throwFailure(gpu);
  });
}

/**
 * Compute several tensors in one run and bring them to main memory: shared work is done once, and the wait
 * for the device is paid once.
 *
 * @param tensors A record of tensors.
 * @returns A record with the same names; every array as its tensor's {@linkcode Tensor.read} gives it.
 * @throws {TypeError} If one holds integers: `Promise.all([read({ … }), places.readIntegers()])` waits once, too.
 * @throws {GpuError} If the device fails.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { read, tensor } from "ae";
 *
 * const x = tensor([1, 2]).square();
 * const { sum, largest } = await read({ sum: x.sum(), largest: x.max() });
 * assert.deepEqual([sum.data[0], largest.data[0]], [5, 4]);
 * ```
 */
export async function read<K extends string>(
  tensors: Readonly<Record<K, Tensor>>,
): Promise<Record<K, HostArray>> {
  const names = Object.keys(tensors) as K[];
  const list = names.map((name) => tensors[name]);
  await (needsWork(list) ? realise(list) : undefined);
  const arrays = await Promise.all(list.map((x) => x.read()));
  return Object.fromEntries(names.map((name, i) => [name, arrays[i]])) as Record<K, HostArray>;
}

function needsWork(tensors: readonly Tensor[]): boolean {
  return tensors.some((x) => !isReady(resolveView(x).storage));
}

function isReady(storage: Storage): boolean {
  return storage.block !== null && !empty.has(storage);
}

/**
 * The copy out of a tensor that has its buffer is encoded before the first await, so a step's output that
 * is read before the next call stays correct.
 */
async function readOne(x: Tensor): Promise<HostArray<TypedArray>> {
  if (currentTrace()) {
    throw new TypeError(
      "read: values do not exist yet while a step is being traced; return the tensor and read it outside",
    );
  }
  if (x.size === 0) return { shape: x.shape, data: typedArray(x.dtype, 0) };
  const source = resolveView(x);
  if (source.storage.gone) throw new GpuError(`${describe(source)} ${source.storage.gone}`);
  if (!isReady(source.storage)) await realise([x]);
  const gpu = openedGpu();
  if (!gpu) throw new GpuError("the device was lost and its tensors with it");
  const bytes = copyBytes(x);
  const from = bufferOfLeaf(source);
  const staging = acquire(bytes, "staging", "staging");
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, staging.buffer, 0, bytes);
  gpu.device.queue.submit([encoder.finish()]);
  const upTo = submittedSoFar();
  let copy: ArrayBuffer;
  try {
    await staging.buffer.mapAsync(GPUMapMode.READ, 0, bytes);
    copy = staging.buffer.getMappedRange(0, bytes).slice(0);
    staging.buffer.unmap();
  } catch (error) {
    discard(staging);
    throwFailure(gpu);
    throwIfFailedSince(upTo);
    const failure = new GpuError(`reading ${describe(x)} failed: ${(error as Error).message}`);
    takeBackAll(failure);
    throw failure;
  }
  release(staging);
  confirm(gpu, upTo);
  throwIfFailedSince(upTo);
  return { shape: x.shape, data: typedArray(x.dtype, x.size, copy) };
}

installReader({ read: readOne });

/** How an error calls a tensor. */
export function describe(x: Tensor): string {
  if ("name" in x) return `variable ${x.name}`;
  const maker = x.recipe ? `the result of ${x.recipe.op.name}` : "the tensor";
  return `${maker} [${x.shape.join(", ")}]`;
}
