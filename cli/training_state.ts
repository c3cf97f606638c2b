/**
 * Everything that a training run changes, and the checkpoint that holds it: a run that goes on from its checkpoint ends
 * with the weights of a run that never stopped, to the last bit.
 *
 *     model     parameters and running statistics
 *     adam      moving averages of gradients and of their squares
 *     lossScale of a network in f16
 *     average   moving averages of the model's variables, if they are wanted
 *     sums      of gradients, where several batches make a step; 0 between steps
 *
 * The batches need no state: what a place of their stream holds depends on nothing that came before.
 *
 * @module
 */
import {
  Adam,
  disposeModel,
  floatWeights,
  type HostArray,
  InputError,
  loadState,
  LossScale,
  parameters,
  readSafetensors,
  stateOf,
  type TagNetwork,
  type Variable,
  variable,
  writeSafetensors,
  zeros,
} from "../mod.ts";
import type { StreamPosition } from "../data/mod.ts";
import { remade } from "./networks.ts";
import { notFinite } from "./weights.ts";

/** What a run keeps besides the model. */
export interface StateOptions {
  /** Whether a moving average of the model is kept. */
  readonly averaged: boolean;
  /** Whether several batches make a step. */
  readonly accumulated: boolean;
}

/** The variables of a training run. */
export class TrainingState {
  readonly model: TagNetwork;
  readonly adam: Adam;
  /** Where the network computes in f16. */
  readonly lossScale: LossScale | undefined;
  /** Has the averages as its variables. */
  readonly average: TagNetwork | undefined;
  /** Sum of gradients by parameter; empty if each batch makes a step. */
  readonly sums: Readonly<Record<string, Variable>>;

  /** A state whose averages, if any, do not know the model yet: see {@linkcode TrainingState.begin}. */
  constructor(model: TagNetwork, { averaged, accumulated }: StateOptions) {
    const learned = parameters(model);
    this.model = model;
    this.adam = new Adam(learned);
    this.lossScale = model.options.precision === "f16" ? new LossScale() : undefined;
    this.average = averaged ? remade(model) : undefined;
    this.sums = Object.fromEntries(
      accumulated
        ? [...learned].map(([path, { shape }]) => [
          path,
          variable(zeros(shape), `sum.${path}`, { trainable: false }),
        ])
        : [],
    );
  }

  /** The state at the start of a run: averages are the model itself. */
  static async begin(model: TagNetwork, options: StateOptions): Promise<TrainingState> {
    const state = new TrainingState(model, options);
    if (state.average) await loadState(state.average, await stateOf(model));
    return state;
  }

  /** The model whose predictions count: the averaged one if there is one. */
  get best(): TagNetwork {
    return this.average ?? this.model;
  }

  /** Give back everything but the model. */
  dispose(): void {
    const { adam, lossScale, average, sums } = this;
    disposeModel({ adam, lossScale, average, sums });
  }
}

/** How far a run has come. */
export interface Reached {
  /** Steps made. */
  readonly steps: number;
  /** Seconds spent, of all sittings. */
  readonly seconds: number;
  /** The place in the stream of batches. */
  readonly position: StreamPosition;
  /** Whether the run had come to its end. */
  readonly finished: boolean;
}

const FORMAT = "ae-training-1";

/** The values of a state's variables by path, in main memory. */
export type StateValues = Readonly<Record<string, HostArray>>;

/** Those of the model whose predictions count, under its own names: see {@linkcode TrainingState.best}. */
export function bestOf(values: StateValues): Record<string, HostArray> {
  const entries = Object.entries(values);
  const prefix = entries.some(([name]) => name.startsWith("average.")) ? "average." : "model.";
  return Object.fromEntries(
    entries.filter(([name]) => name.startsWith(prefix))
      .map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

/**
 * Write a checkpoint, completely or not at all.
 *
 * @param arrays The state's values: `await stateOf(state)`.
 * @param settings What must be the same for the run to go on; see {@linkcode readCheckpoint}.
 * @throws {RangeError} If a variable is no number any more: the checkpoint before stays, from which a run can go on.
 */
export async function writeCheckpoint(
  path: string,
  arrays: StateValues,
  reached: Reached,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const bad = notFinite(arrays);
  if (bad) {
    throw new RangeError(
      `train: ${bad.name} holds ${bad.value} after step ${reached.steps}` +
        "\n  help: a smaller --rate; the last checkpoint is of a step before",
    );
  }
  await writeSafetensors(path, arrays, {
    format: FORMAT,
    reached: JSON.stringify(reached),
    settings: JSON.stringify(settings),
  });
}

/** A checkpoint that was read; nothing is changed until it is put into a state. */
export interface Checkpoint {
  readonly reached: Reached;
  /** Give a state's variables their values. */
  readonly restore: (state: TrainingState) => Promise<void>;
}

/**
 * Read a checkpoint.
 *
 * @param settings Those of the run that is to go on; not compared without.
 * @throws {InputError} If the file is no checkpoint, or it is of a run with other settings: names the first.
 */
export async function readCheckpoint(
  path: string,
  settings?: Readonly<Record<string, string>>,
): Promise<Checkpoint> {
  const file = await readSafetensors(path);
  if (file.metadata.format !== FORMAT) {
    throw new InputError(
      `${path}: is no checkpoint of a training run` +
        "\n  help: to start from weights, name them with --weights",
    );
  }
  const [reached, then] = ["reached", "settings"].map((name) => {
    try {
      return JSON.parse(file.metadata[name]);
    } catch {
      throw new InputError(`${path}: its ${name} are damaged: no JSON`);
    }
  });
  const names = settings ? new Set([...Object.keys(then), ...Object.keys(settings)]) : [];
  for (const name of names) {
    if (then[name] === settings![name]) continue;
    const said = (value: string | undefined) => value === undefined ? "nothing" : `"${value}"`;
    throw new InputError(
      `${path}: was written by a run with ${said(then[name])} for ${name}, ` +
        `this one has ${said(settings![name])}` +
        "\n  help: give the same options, or another folder with --out",
    );
  }
  const weights = floatWeights(file, path);
  return {
    reached: reached as Reached,
    restore: (state) => loadState(state, weights, { source: path }),
  };
}
