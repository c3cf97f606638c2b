/**
 * The files of a training run: weights and checkpoints written on the way, and the checkpoint that a run goes on from.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import type { SampleSource, StreamPosition } from "../data/mod.ts";
import type { Values } from "./options.ts";
import { say } from "./say.ts";
import { recipeName } from "./train_options.ts";
import { everyMinutes, everySteps, type Interlude, type Pause } from "./training.ts";
import { bestOf, type Checkpoint, readCheckpoint, writeCheckpoint } from "./training_state.ts";
import { type LoadedNetwork, saveModel } from "./weights.ts";

/** Weights are written so often while a run goes on. */
const SAVE_EVERY_MINUTES = 2;

/**
 * What must be the same for a run to go on from a checkpoint: every option that changes a number, and how many
 * photographs there are.
 */
export function settingsOf(values: Values, { length }: SampleSource): Record<string, string> {
  // How to decode changes nothing but what is judged.
  const decoding = values.number("validate-every") === undefined
    ? ["threshold", "tag-distance"]
    : [];
  const free = ["out", "resume", "workers", "save-every", "half", ...decoding];
  const bound = Object.entries(values.given()).filter(([name]) => !free.includes(name));
  return {
    ...Object.fromEntries(bound.map(([name, value]) => [`--${name}`, value])),
    "--recipe": recipeName(values),
    samples: String(length),
  };
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

function checkpointPath(values: Values): string {
  return `${values.text("out")}/checkpoint.safetensors`;
}

/**
 * The checkpoint of an earlier sitting, if the run is to go on. A new run does not write over an unfinished one, and
 * what a finished one left is gone: it must not be taken for the new one's, should that be killed soon.
 */
export async function checkpointToGoOnFrom(
  values: Values,
  settings: Readonly<Record<string, string>>,
): Promise<Checkpoint | undefined> {
  const path = checkpointPath(values);
  const resume = values.flag("resume");
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (exists && resume) {
    const checkpoint = await readCheckpoint(path, settings);
    console.log(`resume   after ${checkpoint.reached.steps.toLocaleString("en")} steps`);
    return checkpoint;
  }
  if (exists) {
    const { reached } = await readCheckpoint(path);
    if (!reached.finished) {
      throw new InputError(
        `${path}: is the checkpoint of a run that stopped after ${reached.steps} steps` +
          "\n  help: --resume goes on with it; for a new run choose another --out, or delete it",
      );
    }
  } else if (resume) {
    say(`resume   there is no ${path}: from the start`);
  }
  for (const old of [path, `${values.text("out")}/best.safetensors`]) await removeIfThere(old);
  return undefined;
}

/** Writes the files of a run. */
export interface Saving {
  /** Weights by the name of their file. */
  readonly weights: (name: string, pause: Pause) => Promise<void>;
  /** Checkpoint and weights. */
  readonly all: (pause: Pause, options?: { readonly finished?: boolean }) => Promise<void>;
}

/** Writes the files of a network that learns, with the options of its run. */
export function savingOf(
  values: Values,
  { network, settings, position }: {
    readonly network: LoadedNetwork;
    readonly settings: Readonly<Record<string, string>>;
    readonly position: () => StreamPosition;
  },
): Saving {
  const out = values.text("out")!;
  const weights = async (name: string, pause: Pause) => {
    const notes = {
      seed: String(values.number("seed")),
      steps: String(pause.steps),
      command: `train ${Deno.args.slice(1).join(" ")}`,
    };
    await saveModel(`${out}/${name}.safetensors`, { ...network, model: pause.state.best }, notes, {
      half: values.flag("half"),
      values: bestOf(await pause.values()),
    });
  };
  return {
    weights,
    async all(pause, { finished = false } = {}) {
      const { steps, seconds } = pause;
      const reached = { steps, seconds, position: position(), finished };
      const path = checkpointPath(values);
      await writeCheckpoint(path, await pause.values(), reached, settings); // refuses what is no number
      await weights("weights", pause);
    },
  };
}

/** Saves every so many steps, as `--save-every` says, or every few minutes. */
export function savingNowAndThen(values: Values, save: Saving): Interlude {
  const steps = values.number("save-every");
  return {
    isDue: steps === undefined ? everyMinutes(SAVE_EVERY_MINUTES) : everySteps(steps),
    run: (pause) => save.all(pause),
  };
}
