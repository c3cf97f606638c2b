/**
 * Compiled steps: run a function once with placeholders, plan what it described, and from then on only
 * replay a flat list of dispatches.
 *
 *     first call   trace, plan, compile shaders, bind buffers     once per set of input shapes
 *     every call   write the inputs, encode the list, submit      no graph, no planning, no allocation
 *
 * Numbers are baked, tensors are live: numbers, loops and ifs are decided while tracing; what must change
 * between calls is an input or a variable.
 *
 * @module
 */
import { throwFailure, untilConfirmed } from "./confirm.ts";
import { type Gpu, openGpu } from "./device.ts";
import { type DType, dtypeOf } from "./dtype.ts";
import { GpuError } from "./errors.ts";
import { type HostArray, type Shape, sizeOf, type TypedArray } from "./host_array.ts";
import { ancestors, isLeaf, resolveView } from "./graph.ts";
import {
  type Assignment,
  makePlan,
  type Place,
  type Plan,
  type PlanSummary,
  summarise,
} from "./plan.ts";
import { callBack, callBackFrom, lend } from "./lent.ts";
import { acquireAll, type AnyBlock, type Block, release } from "./pool.ts";
import { measureChoices } from "./measure.ts";
import { isWatched } from "./origin.ts";
import {
  bind,
  bufferOfLeaf,
  copyBytes,
  describe,
  type Dispatch,
  encode,
  type Fence,
  fenceHere,
  fillLeaves,
  inOrder,
  loseValue,
  passed,
  prepare,
  type PreparedJob,
  realiseNow,
  writeBuffer,
} from "./run.ts";
import { algebraOf, Tensor } from "./tensor.ts";
import { TimestampQueries } from "./timestamps.ts";
import { withTrace } from "./trace.ts";
import { type Watch, watchPlan } from "./watch.ts";

/**
 * What a step is called with: the tensors of its function's argument, as arrays in main memory. Tensors that the argument
 * may lack may be left out; a step with them is another version.
 */
export type StepInputs<T> = {
  readonly [K in keyof T]: T[K] extends Tensor | undefined ? HostArray<TypedArray> : never;
};

/** A compiled function: call it, and dispose of it when its buffers are no longer needed. */
export interface Step<T, O> {
  /**
   * Run the step. The returned tensors stay valid until the next call, new values of variables until these are assigned
   * again: read or clone them before.
   *
   * @throws {TypeError} If an input is missing or not an array.
   * @throws {RangeError} If an input has more or fewer numbers than its shape says.
   * @throws {GpuError} If the device fails.
   */
  (inputs: StepInputs<T>): Promise<O>;
  /** Number of dispatches, slots and bytes of every version traced so far, by input shapes. */
  plans(): ReadonlyMap<string, PlanSummary>;
  /** Give the step's buffers back. */
  [Symbol.dispose](): void;
}

/** One traced version of a step. */
interface CompiledVersion {
  readonly gpu: Gpu;
  readonly plan: Plan;
  readonly jobs: readonly PreparedJob[];
  readonly dispatches: readonly Dispatch[];
  readonly watch: Watch | undefined;
  /** What a call returns: the function's result with {@linkcode handles} in it, which every call renews. */
  output: unknown;
  /** Buffers of the inputs and slots, and the textures that dispatches copy to. */
  readonly blocks: readonly AnyBlock[];
  /** Buffers of the outputs, those of variables among them, in the order of `handles`. */
  readonly outputBlocks: readonly Block[];
  /** Inputs that the plan reads, by name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly handles: Tensor[];
  /** Variables that a call changes. */
  readonly targets: readonly Tensor[];
  /** What the function made that depends on no input and no variable: computed once, kept by the step. */
  readonly constants: readonly Tensor[];
  readonly copies: readonly { from: GPUBuffer; to: GPUBuffer; bytes: number }[];
}

/** How long one dispatch took, and how much it says it does. For profile.ts. */
export interface TimedDispatch {
  readonly title: string;
  readonly timeMs: number;
  readonly flops: number;
  readonly bytes: number;
}

/** How a step shows itself in a notebook: media type to content. */
type Picture = (plans: ReadonlyMap<string, PlanSummary>) => Readonly<Record<string, string>>;

let picture: Picture | undefined;

/** Called once by `jupyter/mod.ts`. */
export function installStepPicture(implementation: Picture): void {
  picture = implementation;
}

type Timer = (inputs: unknown) => Promise<TimedDispatch[]>;
const timers = new WeakMap<object, Timer>();

/** Run a step once with every dispatch timed: for profile.ts. */
export function timeVersions(step: object, inputs: unknown): Promise<TimedDispatch[]> {
  const timer = timers.get(step);
  if (!timer) throw new TypeError("profile: this is no step made by compile()");
  return timer(inputs);
}

/**
 * Trace a function once per set of input shapes and replay it on every call.
 *
 * @param fn Describes outputs from inputs; may {@linkcode assign} variables. Called with placeholders:
 * reading a value inside it is an error.
 * @param options.name For memory reports. @default {"step"}
 * @returns A function from arrays to `fn`'s result (a tensor, or lists and records of tensors).
 * @throws {TypeError} When it is called, if `fn` is async or returns something else, as a Map.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assign, compile, hostArray, tensor, type Tensor, variable } from "ae";
 *
 * const total = variable(tensor(0), "total");
 * using step = compile(({ x }: { x: Tensor }) => {
 *   const sum = x.sum();
 *   assign(total, total.add(sum));
 *   return { sum };
 * });
 * await step({ x: hostArray([2], [1, 2]) });
 * const { sum } = await step({ x: hostArray([2], [3, 4]) });
 * assert.equal(await sum.item(), 7);
 * assert.equal(await total.item(), 10);
 * ```
 */
export function compile<T extends object, O>(
  fn: (inputs: T) => O,
  options: { readonly name?: string } = {},
): Step<T, O> {
  const owner = options.name ?? "step";
  const versions = new Map<string, CompiledVersion>();
  let calls = 0; // since the last fence
  let bytes = 0;
  let fence: Fence | undefined;
  let disposed = false;

  /** The version for these inputs, traced if need be. */
  const prepareFor = async (inputs: unknown) => {
    if (disposed) throw new TypeError(`${owner}: the step was disposed`);
    const gpu = await openGpu();
    throwFailure(gpu);
    const arrays = checkInputs(owner, inputs as Readonly<Record<string, unknown>>);
    const watched = isWatched(); // now, whatever happens while it is traced
    const signature = signatureOf(arrays, watched);
    const version = versions.get(signature) ??
      await trace(gpu, { owner, fn: fn as (inputs: unknown) => unknown, watched }, arrays);
    if (version.gpu !== gpu) {
      throw new GpuError(
        `${owner}: the device was lost, and with it this step's buffers and variables\n` +
          "  help: start again from the last checkpoint",
      );
    }
    versions.set(signature, version);
    // Should the device fail, the buffers of the step are not to be trusted either: it is traced again.
    const submitted = () =>
      untilConfirmed(version, (why) => {
        for (const { storage } of version.targets) loseValue(storage, why);
        if (versions.get(signature) !== version) return; // disposed, and dropped then
        versions.delete(signature);
        drop(version, `is gone: the device failed: ${why}`);
      });
    return { gpu, version, arrays, submitted };
  };

  const call = (inputs: StepInputs<T>): Promise<O> =>
    inOrder(async () => {
      const { gpu, version, arrays, submitted } = await prepareFor(inputs);
      replay(gpu, owner, version, arrays);
      submitted();
      await version.watch?.verdict();
      calls++;
      for (const { data } of arrays.values()) bytes += data.byteLength;
      if (calls >= CALLS_PER_WAIT || bytes >= BYTES_PER_WAIT) await keepUp(gpu);
      return version.output as O;
    });

  /** Wait until the calls before the last few are done. */
  const keepUp = async (gpu: Gpu) => {
    const before = fence;
    fence = fenceHere(gpu);
    calls = bytes = 0;
    if (before?.gpu === gpu) await passed(before);
  };

  const plans = () => new Map([...versions].map(([key, { plan }]) => [key, summarise(plan)]));
  const step = Object.assign(call, {
    plans,
    [Symbol.for("Jupyter.display")]: () => picture?.(plans()) ?? { "text/plain": owner },
    [Symbol.dispose]() {
      disposed = true;
      for (const version of versions.values()) drop(version, "is an output of a disposed step");
      versions.clear();
    },
  });
  timers.set(step, (inputs) =>
    inOrder(async () => {
      const { gpu, version, arrays, submitted } = await prepareFor(inputs);
      const queries = new TimestampQueries(gpu, version.dispatches.length);
      replay(gpu, owner, version, arrays, (encoder) => queries.encode(encoder, version.dispatches));
      submitted();
      const times = await queries.read();
      return version.jobs.map(({ kernel: { title }, flops, bytes }, i) => ({
        title,
        timeMs: times[i],
        flops,
        bytes,
      }));
    }));
  return step;
}

/** Copy the inputs in, run the dispatches, commit. */
function replay(
  gpu: Gpu,
  owner: string,
  version: CompiledVersion,
  arrays: ReadonlyMap<string, HostArray<TypedArray>>,
  encodeAll: (encoder: GPUCommandEncoder) => void = (encoder) =>
    encode(encoder, version.watch?.dispatches ?? version.dispatches),
): void {
  const { device } = gpu;
  for (const leaf of version.plan.leaves) {
    if (leaf.storage.gone) throw new TypeError(`${owner}: ${describe(leaf)} ${leaf.storage.gone}`);
  }
  for (const [name, placeholder] of version.inputs) {
    writeBuffer(device, bufferOfLeaf(placeholder), arrays.get(name)!.data);
  }
  const encoder = device.createCommandEncoder({ label: owner });
  version.watch?.reset(encoder);
  encodeAll(encoder);
  for (const { from, to, bytes } of version.copies) {
    encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
  }
  callBackFrom(version.targets);
  device.queue.submit([encoder.finish()]);
  refreshHandles(version);
}

/** The step's outputs of the call before are stale now; new handles stand for this call's. */
function refreshHandles(version: CompiledVersion): void {
  const { handles, outputBlocks } = version;
  const fresh = new Map<Tensor, Tensor>();
  handles.forEach((old, i) => {
    callBack(old, "was overwritten by a later call of its step; read it before that call");
    handles[i] = lend(old, outputBlocks[i]);
    fresh.set(old, handles[i]);
  });
  version.output = mapTensors(version.output, (x) => fresh.get(x) ?? x);
}

/** Give back everything that a version holds. */
function drop({ blocks, constants, handles, watch }: CompiledVersion, why: string): void {
  for (const block of blocks) release(block);
  watch?.[Symbol.dispose]();
  for (const constant of constants) constant.dispose();
  for (const handle of handles) callBack(handle, why);
}

async function trace(
  gpu: Gpu,
  { owner, fn, watched }: {
    readonly owner: string;
    readonly fn: (inputs: unknown) => unknown;
    readonly watched: boolean;
  },
  arrays: ReadonlyMap<string, HostArray<TypedArray>>,
): Promise<CompiledVersion> {
  const placeholders = new Map(
    [...arrays].map(([name, { shape, data }]) => [name, new Tensor(shape, dtypeOf(data), {})]),
  );
  const before = new Tensor([], "f32", {}).id; // what is created from here on belongs to the step
  const { result, outputs, assignments, roots } = describeStep(fn, placeholders);
  const constants = constantParts(roots);
  const data = ancestors(roots).leaves.filter((x) => x.storage.host !== null);
  await realiseNow(gpu, constants);
  await measureChoices(gpu, roots);

  const plan = makePlan(outputs, assignments, { watched });
  const inputs = new Map([...placeholders].filter(([, x]) => plan.leaves.includes(x)));
  const placed = [...inputs.values()];
  const targets = assignments.map(({ variable }) => variable);
  const buffers = acquireAll([...placed.map(({ bytes }) => bytes), ...plan.slots], owner);
  const blocks: AnyBlock[] = [...buffers];
  let watch: Watch | undefined;
  try {
    placed.forEach(({ storage }, i) =>
      Object.assign(storage, { block: buffers[i], borrowed: true })
    );
    await fillLeaves(gpu, [...new Set([...plan.leaves, ...targets])]);
    const jobs = await prepare(gpu, plan);
    const blockOf = (place: Place) =>
      "slot" in place ? buffers[placed.length + place.slot] : place.leaf.storage.block!;
    const bufferOf = (place: Place) =>
      "slot" in place ? blockOf(place).buffer : bufferOfLeaf(place.leaf);
    const outputBlocks = plan.outputs.map(blockOf);
    const handles = new Map(outputs.map((x, i) => [x, lend(x, outputBlocks[i])]));
    const { dispatches, textures } = bind(gpu, jobs, bufferOf, owner);
    blocks.push(...textures);
    watch = await watchPlan(gpu, plan, dispatches, bufferOf, inputNames(inputs));
    return {
      gpu,
      plan,
      jobs,
      dispatches,
      watch,
      output: mapTensors(result, (x) => handles.get(x) ?? x),
      blocks,
      outputBlocks,
      inputs,
      handles: [...handles.values()],
      targets,
      constants: [...constants, ...data].filter((x) => x.id > before),
      copies: plan.copies.map(({ from, to }) => ({
        from: bufferOf(from),
        to: bufferOfLeaf(to),
        bytes: copyBytes(to),
      })),
    };
  } catch (error) {
    for (const block of blocks) release(block);
    watch?.[Symbol.dispose]();
    throw error;
  }
}

/** How messages call a step's inputs. */
function inputNames(inputs: ReadonlyMap<string, Tensor>): Map<Tensor, string> {
  return new Map([...inputs].map(([name, x]) => [x, `input ${name}`]));
}

/** What a step computes: the function called once with placeholders. */
function describeStep(
  fn: (inputs: unknown) => unknown,
  placeholders: ReadonlyMap<string, Tensor>,
) {
  const assignments: Assignment[] = [];
  const returned = withTrace({ assignments }, () => fn(Object.fromEntries(placeholders)));
  if (returned instanceof Promise) {
    throw new TypeError("compile: the function must not be async; read values outside the step");
  }
  // A view shares the variable's buffer, but must show the value from before the step.
  const isView = (x: Tensor) => !("initial" in x) && "initial" in resolveView(x);
  const result = mapTensors(returned, (x) => isView(x) ? algebraOf().add(x, 0) : x);
  const wanted = tensorsIn(result);
  // A variable that is returned stands for itself; everything else gets a handle per call.
  const outputs = [...new Set(wanted)].filter((x) => !("initial" in resolveView(x)));
  return {
    result,
    outputs,
    assignments,
    roots: [...wanted, ...assignments.map(({ value }) => value)],
  };
}

/**
 * What a step of a function would do, without doing it: nothing is computed and no buffer is taken, so that a step
 * that the machine could not run can be planned too. The ways of computing are those of this machine's adapter. What
 * depends on no input is counted, though a compiled step computes it once only; the textures that kernels copy inputs to
 * on the software adapter (texels.ts) are not: about a tenth more.
 *
 * @param fn As for {@linkcode compile}.
 * @param inputs Shape and type of each input.
 * @throws {GpuError} If the machine has no adapter.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { planOf, type Tensor } from "ae";
 *
 * const double = ({ x }: { x: Tensor }) => x.add(x);
 * const { kernels, slotBytes } = await planOf(double, { x: { shape: [2 ** 40], dtype: "f32" } });
 * assert.equal(kernels, 1);
 * assert.ok(slotBytes >= 2 ** 42); // four bytes for each number
 * ```
 */
export async function planOf<T extends object>(
  fn: (inputs: T) => unknown,
  inputs: { readonly [K in keyof T]: { readonly shape: Shape; readonly dtype: DType } },
): Promise<PlanSummary> {
  await openGpu();
  const placeholders = Object.entries(inputs as Record<string, { shape: Shape; dtype: DType }>)
    .map(([name, { shape, dtype }]) => [name, new Tensor(shape, dtype, {})] as const);
  const { outputs, assignments } = describeStep(
    fn as (inputs: unknown) => unknown,
    new Map(placeholders),
  );
  return summarise(makePlan(outputs, assignments));
}

/** The largest parts of the graph that depend on no input and no variable. */
function constantParts(roots: readonly Tensor[]): Tensor[] {
  const { computed, leaves } = ancestors(roots);
  const isConstantLeaf = (x: Tensor) => !("initial" in x) && x.storage.host !== null;
  const constant = new Set(
    leaves.filter((x) => isConstantLeaf(x) || (x.storage.block && x.recipe)),
  );
  const found = new Set<Tensor>();
  for (const x of computed) {
    const inputs = x.recipe!.inputs.map(resolveView);
    if (inputs.every((input) => constant.has(input))) {
      constant.add(x);
      found.add(x);
    }
  }
  const used = new Set(roots.map(resolveView));
  for (const x of computed) {
    if (!constant.has(x)) x.recipe!.inputs.forEach((input) => used.add(resolveView(input)));
  }
  return [...found].filter((x) => used.has(x) && !isLeaf(x));
}

/**
 * So that a fast loop cannot queue work without end, a step waits after so many calls, or bytes of inputs, until the
 * device has done what was queued at the wait before. Deno looks every 10 ms only whether work is done: waiting for
 * what was just submitted would cost that much, what was submitted a while ago is mostly known to be done.
 */
const CALLS_PER_WAIT = 32;
const BYTES_PER_WAIT = 64 * 2 ** 20;

function checkInputs(
  owner: string,
  inputs: Readonly<Record<string, unknown>> = {},
): Map<string, HostArray<TypedArray>> {
  return new Map(
    Object.entries(inputs).map(([name, input]) => {
      const array = input as Partial<HostArray<TypedArray>> | null;
      if (!array || !Array.isArray(array.shape) || !ArrayBuffer.isView(array.data)) {
        const help = input instanceof Tensor ? "; capture tensors, pass arrays" : "";
        throw new TypeError(`${owner}: input ${name} must be an array { shape, data }${help}`);
      }
      if (sizeOf(array.shape) !== array.data.length) {
        throw new RangeError(
          `${owner}: input ${name} is [${array.shape.join(", ")}], which is ${
            sizeOf(array.shape)
          } numbers, but its data has ${array.data.length}`,
        );
      }
      return [name, array as HostArray<TypedArray>];
    }),
  );
}

function signatureOf(
  arrays: ReadonlyMap<string, HostArray<TypedArray>>,
  watched: boolean,
): string {
  const types = [...arrays].map(([name, { shape, data }]) =>
    `${name} [${shape.join(", ")}] ${dtypeOf(data)}`
  ).sort().join("; ");
  return watched ? `${types} (watched)` : types;
}

/** All tensors in lists and records, in a fixed order. */
function tensorsIn(structure: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(structure, (x) => (found.push(x), x));
  return found;
}

/**
 * The same lists and records with every tensor replaced.
 *
 * @throws {TypeError} If there is something in which tensors would not be found.
 */
function mapTensors(structure: unknown, replace: (x: Tensor) => Tensor): unknown {
  if (structure instanceof Tensor) return replace(structure);
  if (Array.isArray(structure)) return structure.map((part) => mapTensors(part, replace));
  if (structure && typeof structure === "object" && !ArrayBuffer.isView(structure)) {
    if (!isPlain(structure)) {
      throw new TypeError(
        `compile: a step returns tensors, lists and records of them, not a ${structure.constructor.name}`,
      );
    }
    return Object.fromEntries(
      Object.entries(structure).map(([key, part]) => [key, mapTensors(part, replace)]),
    );
  }
  return structure;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
