/**
 * From a graph of tensors to a list of dispatches: which kernels run, in which order, and in which buffer
 * each result lies.
 *
 *     order    creation order; an input is always created before what is made from it. Small kernels of one operation
 *              are brought together later, when it is known what lies where (batch.ts)
 *     slots    one buffer each; a result takes the slot of a value that nobody reads any more
 *     in place pointwise kernels write over an input that dies with them
 *     commits  a variable's new value is computed straight into the variable when nothing later reads
 *              the old value, and copied at the end of the step otherwise
 *
 * Slots are whole buffers, not ranges of one: WebGPU refuses a buffer that one dispatch reads and writes,
 * even in ranges that do not touch.
 *
 * Everything here is arithmetic on descriptions; no GPU is involved, which is what its tests rely on.
 *
 * @module
 */
import { fuse } from "./fuse.ts";
import { ancestors, resolveView } from "./graph.ts";
import type { Shape } from "./host_array.ts";
import { lower } from "./lower.ts";
import { isWatched } from "./origin.ts";
import { sizeClass } from "./pool.ts";
import { sameShape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Where a value lies while a plan runs: in a slot of the plan, or in a tensor's own buffer. */
export type Place = { readonly slot: number } | { readonly leaf: Tensor };

/** One dispatch. */
export interface PlannedKernel {
  /** The tensor that it computes. */
  readonly tensor: Tensor;
  /** Where its inputs lie. */
  readonly inputs: readonly Place[];
  /** Where its result goes. */
  readonly output: Place;
  /** Which input it writes over, or -1. */
  readonly overwrites: number;
}

/** A variable and the tensor that becomes its value. */
export interface Assignment {
  readonly variable: Tensor;
  readonly value: Tensor;
  /** Whether a condition of the step does not matter: see `commitIf` in variable.ts. */
  readonly always?: boolean;
}

/** A list of dispatches and the buffers they need. */
export interface Plan {
  readonly kernels: readonly PlannedKernel[];
  /** Bytes of every slot. */
  readonly slots: readonly number[];
  /** Where the values asked for lie, in the order asked. */
  readonly outputs: readonly Place[];
  /** Values copied into variables after the last dispatch. */
  readonly copies: readonly { readonly from: Place; readonly to: Tensor }[];
  /** Everything read that is not computed here: data, variables, handles, tensors computed before. */
  readonly leaves: readonly Tensor[];
  /** Whether numbers were watched when it was made: nothing is fused then, and no kernels share a dispatch. */
  readonly watched: boolean;
}

/**
 * Plan the computation of `outputs` and the commits of `assignments`.
 *
 * @param options.watched Whether its numbers will be looked at. @default {whether numbers are watched now}
 * @throws {RangeError} If one variable is assigned twice.
 */
export function makePlan(
  outputs: readonly Tensor[],
  assignments: readonly Assignment[] = [],
  { watched = isWatched() }: { readonly watched?: boolean } = {},
): Plan {
  const asked = [...outputs, ...assignments.map(({ value }) => value)];
  const steps = lower(asked.map(resolveView));
  const lowered = (watched ? steps : fuse(steps)).map(resolveView); // a chain would hide its links
  const [wanted, values] = [lowered.slice(0, outputs.length), lowered.slice(outputs.length)];
  const { computed, leaves } = ancestors([...wanted, ...values]);

  const lastRead = new Map<Tensor, number>();
  computed.forEach((x, i) => inputsOf(x).forEach((input) => lastRead.set(input, i)));
  const commits = directCommits(assignments, values, computed, lastRead);
  for (const x of wanted) lastRead.set(x, Infinity);
  const copied = assignments.map(({ variable }, i) => ({ variable, value: values[i] }))
    .filter(({ variable, value }) => commits.get(value) !== variable && value !== variable);
  for (const { value } of copied) lastRead.set(value, Infinity);

  const { kernels, slots, places } = placeResults({ computed, leaves, lastRead, commits });
  return {
    kernels,
    slots,
    outputs: wanted.map((x) => places.get(x)!),
    copies: copied.map(({ variable, value }) => ({ from: places.get(value)!, to: variable })),
    leaves,
    watched,
  };
}

/** What the kernel of a computed tensor reads; a view stands for what it shows. */
function inputsOf(x: Tensor): Tensor[] {
  return x.recipe!.inputs.map(resolveView);
}

/** Give every result its place, in the order in which they are computed. */
function placeResults({ computed, leaves, lastRead, commits }: {
  readonly computed: readonly Tensor[];
  readonly leaves: readonly Tensor[];
  /** Number of the last kernel that reads a tensor; infinite for what is needed at the end. */
  readonly lastRead: ReadonlyMap<Tensor, number>;
  /** Variables by the values that are computed straight into them. */
  readonly commits: ReadonlyMap<Tensor, Tensor>;
}) {
  const slots: number[] = [];
  const free = new Map<number, number[]>(); // slots by bytes
  const takeSlot = (x: Tensor): Place => {
    const bytes = slotBytes(x);
    return { slot: free.get(bytes)?.pop() ?? slots.push(bytes) - 1 };
  };
  const returnSlot = (slot: number) => {
    const list = free.get(slots[slot]);
    if (list) list.push(slot);
    else free.set(slots[slot], [slot]);
  };

  const places = new Map<Tensor, Place>(leaves.map((leaf) => [leaf, { leaf }]));
  const kernels: PlannedKernel[] = [];
  computed.forEach((tensor, i) => {
    const inputs = inputsOf(tensor);
    const inputPlaces = inputs.map((input) => places.get(input)!);
    const variable = commits.get(tensor);
    const dying = inputs.filter((input, n) =>
      lastRead.get(input) === i && inputs.indexOf(input) === n && "slot" in places.get(input)!
    );
    let overwrites = -1;
    let output: Place;
    if (variable) {
      output = { leaf: variable };
      overwrites = inputs.indexOf(variable);
    } else {
      const over = dying.find((input) => canWriteOver(input, tensor, inputs));
      overwrites = over ? inputs.indexOf(over) : -1;
      output = over ? places.get(over)! : takeSlot(tensor);
    }
    places.set(tensor, output);
    kernels.push({ tensor, inputs: inputPlaces, output, overwrites });
    for (const input of dying) {
      const place = places.get(input)!;
      if ("slot" in place && place !== output) returnSlot(place.slot);
    }
    if (!lastRead.has(tensor) && "slot" in output) returnSlot(output.slot);
  });

  return { kernels, slots, places };
}

/**
 * Which values can be computed straight into the variable they become: nothing reads the old value after
 * the kernel, and the kernel itself reads it at most as the one input that it may write over.
 */
function directCommits(
  assignments: readonly Assignment[],
  values: readonly Tensor[],
  computed: readonly Tensor[],
  lastRead: ReadonlyMap<Tensor, number>,
): Map<Tensor, Tensor> {
  const order = new Map(computed.map((x, i) => [x, i]));
  const commits = new Map<Tensor, Tensor>();
  const seen = new Set<Tensor>();
  assignments.forEach(({ variable }, i) => {
    if (seen.has(variable)) {
      throw new RangeError(`assign: ${variable} gets two values in one step; assign it once`);
    }
    seen.add(variable);
    const value = values[i];
    const index = order.get(value);
    if (index === undefined || commits.has(value)) return; // a leaf, or shared by two variables: copy
    const lastOld = lastRead.get(variable) ?? -1;
    const inPlace = canWriteOver(variable, value, inputsOf(value));
    if (lastOld < index || (lastOld === index && inPlace)) commits.set(value, variable);
  });
  return commits;
}

/** Whether the kernel of `x`, whose inputs show `bases`, may write over `base`: it reads that once, number for number. */
function canWriteOver(base: Tensor, x: Tensor, bases: readonly Tensor[]): boolean {
  const { op, inputs } = x.recipe!;
  const shown = inputs.filter((_, i) => bases[i] === base);
  return op.inPlace === true && shown.length === 1 && shown[0].dtype === x.dtype &&
    sameShape(shown[0].shape, x.shape);
}

function slotBytes(x: Tensor): number {
  return sizeClass(x.bytes);
}

/** A result in its slot: written by one kernel, read by the last that needs it. */
export interface SlotUse {
  /** The buffer's number, from 0. */
  readonly slot: number;
  /** The operation that wrote the result. */
  readonly op: string;
  /** The result's shape. */
  readonly shape: Shape;
  /** Number of the kernel that writes it, from 0. */
  readonly from: number;
  /** Number of the last kernel that reads it; the number of kernels if it is there at the end. */
  readonly to: number;
}

/** A plan in numbers. */
export interface PlanSummary {
  /** Kernels; small ones of one operation may share a dispatch. */
  readonly kernels: number;
  /** Kernels that write over one of their inputs. */
  readonly inPlace: number;
  /** Buffers for what is computed. */
  readonly slots: number;
  /** Their bytes. */
  readonly slotBytes: number;
  /** Bytes that all results would take without sharing. */
  readonly unplannedBytes: number;
  /** Variables whose new value is copied at the end. */
  readonly copies: number;
  /** Bytes of every slot. */
  readonly bytesOfSlots: readonly number[];
  /** Who is in which slot when, in the order of the kernels: `drawPlan` draws it. */
  readonly uses: readonly SlotUse[];
}

/** Who is in which slot when. */
function usesOf({ kernels, outputs, copies }: Plan): SlotUse[] {
  const uses: { -readonly [K in keyof SlotUse]: SlotUse[K] }[] = [];
  const present = new Map<number, (typeof uses)[number]>();
  const readAt = (place: Place, time: number) => {
    if ("slot" in place) present.get(place.slot)!.to = time;
  };
  kernels.forEach(({ tensor, inputs, output }, i) => {
    for (const place of inputs) readAt(place, i);
    if (!("slot" in output)) return;
    const { slot } = output;
    const use = { slot, op: tensor.recipe!.op.name, shape: tensor.shape, from: i, to: i };
    present.set(slot, use);
    uses.push(use);
  });
  for (const place of [...outputs, ...copies.map(({ from }) => from)]) {
    readAt(place, kernels.length);
  }
  return uses;
}

/** Count what a plan does. */
export function summarise(plan: Plan): PlanSummary {
  const total = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0);
  return {
    kernels: plan.kernels.length,
    inPlace: plan.kernels.filter(({ overwrites }) => overwrites >= 0).length,
    slots: plan.slots.length,
    slotBytes: total(plan.slots),
    unplannedBytes: total(plan.kernels.map(({ tensor }) => slotBytes(tensor))),
    copies: plan.copies.length,
    bytesOfSlots: plan.slots,
    uses: usesOf(plan),
  };
}
