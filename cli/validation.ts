/**
 * How a network is judged while it learns: on scenes of a seed that training never uses, or on photographs that it does
 * not learn from. People by OKS, masks by their overlap.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import type { SampleSource } from "../data/mod.ts";
import { checkSameKeypoints } from "./datasets.ts";
import { measure } from "./evaluation.ts";
import type { Judgement, MetricsLog } from "./metrics_log.ts";
import type { Values } from "./options.ts";
import { predict } from "./prediction.ts";
import { warn } from "./say.ts";
import { measureMasks, segment } from "./segmentation.ts";
import {
  instanceValidationScenes,
  JUDGED_SIZE,
  openInstancePhotographs,
  openPhotographs,
  samplesOf,
  validationScenes,
} from "./sources.ts";
import type { Saving } from "./train_files.ts";
import { everySteps, type Interlude } from "./training.ts";
import type { LoadedNetwork } from "./weights.ts";

/** How a network is judged while it learns. */
export interface Validation {
  /** So many steps lie between. */
  readonly every: number;
  readonly judge: (loaded: LoadedNetwork) => Promise<Judgement>;
}

/**
 * What `--validate-every` asks for, of the network that is to learn.
 *
 * @throws {InputError} If the network has no AP, photographs are learnt from but none are given to judge on, or these
 * cannot be read or are of other keypoints or classes.
 */
export async function validationOf(
  values: Values,
  network: LoadedNetwork,
): Promise<Validation | undefined> {
  const every = values.number("validate-every");
  if (every !== undefined && network.model.options.tagDimensions === 0) {
    throw new InputError("--validate-every is for networks with tags: one person alone has no AP");
  }
  const photographs = await photographsToJudgeOn(values, network);
  if (every === undefined) return undefined;
  if (values.text("annotations") !== undefined && !photographs) {
    throw new InputError("--validate-every needs --validation-annotations and --validation-images");
  }
  const judge = network.classes ? judgeMasks : judgePeople;
  return { every, judge: (loaded) => judge(loaded, photographs) };
}

/** Photographs whose broken ones are left out of every judgement, and said once. */
interface Readable {
  readonly samples: () => ReturnType<typeof samplesOf>;
}

async function photographsToJudgeOn(
  values: Values,
  { classes, skeleton }: LoadedNetwork,
): Promise<Readable | undefined> {
  const prefix = "validation-";
  if (classes) {
    const opened = await openInstancePhotographs(values, { prefix, classes, photos: "all" });
    return opened && readable(opened.photographs);
  }
  const opened = await openPhotographs(values, "all", { prefix, judged: true });
  if (!opened) return undefined;
  checkSameKeypoints(skeleton, opened.file);
  if (opened.secret > 0) {
    console.error(`not judged: ${opened.secret} images whose labels are not public`);
  }
  return readable(opened.photographs);
}

function readable(photographs: SampleSource): Readable {
  const broken = new Set<string>();
  const onBroken = (reason: string) => {
    if (!broken.has(reason)) warn(`not judged: ${reason}`);
    broken.add(reason);
  };
  return { samples: () => samplesOf(photographs, onBroken) };
}

async function judgePeople(
  loaded: LoadedNetwork,
  photographs: Readable | undefined,
): Promise<Judgement> {
  const { imageSize, decoding, skeleton } = loaded;
  const samples = photographs?.samples() ?? await validationScenes(imageSize);
  const scale = photographs ? 1 : JUDGED_SIZE / imageSize;
  const found = predict(loaded, samples);
  const { statistics, grouping } = await measure(found, scale, { ...decoding, skeleton });
  const { AP, AP50 } = statistics;
  return { AP, AP50, grouping };
}

async function judgeMasks(
  loaded: LoadedNetwork,
  photographs: Readable | undefined,
): Promise<Judgement> {
  const { imageSize, classes } = loaded;
  const samples = photographs?.samples() ?? await instanceValidationScenes(imageSize);
  const { AP, AP50 } = await measureMasks(segment(loaded, samples), classes!);
  return { AP, AP50 };
}

/** Judge the network now and then, keep the best, and stop where there is no hope. */
export function judgingOf(
  values: Values,
  { network, validation, metrics, save }: {
    readonly network: LoadedNetwork;
    readonly validation: Validation;
    readonly metrics: MetricsLog;
    readonly save: Saving;
  },
): Interlude {
  return {
    isDue: everySteps(validation.every),
    async run(pause) {
      const { steps, state } = pause;
      const found = await validation.judge({ ...network, model: state.best });
      const isBest = found.AP > metrics.best();
      await metrics.add({ step: steps, ...found });
      console.log(
        `judged   step ${steps.toLocaleString("en")}: ${figuresIn(found)}` +
          (isBest ? ", the best so far" : ""),
      );
      if (isBest) await save.weights("best", pause);
      if (isHopeless(values, metrics)) {
        console.log(`stopped  no better for ${values.number("patience")} times`);
        return "stop";
      }
    },
  };
}

function figuresIn({ AP, AP50, grouping }: Judgement): string {
  const [name, second] = grouping === undefined ? ["AP50", AP50] : ["grouping", grouping];
  return `AP ${AP.toFixed(3)}, ${name} ${second.toFixed(3)}`;
}

/** Whether the network was not the best for as many times as `--patience` says. */
export function isHopeless(values: Values, metrics: MetricsLog): boolean {
  const patience = values.number("patience");
  return patience !== undefined && metrics.sinceBest() >= patience;
}
