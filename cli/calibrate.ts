/**
 * `calibrate`: choose the thresholds that are kept with weights, by the AP of people found. They belong to the weights and
 * to how often they look, since heatmaps averaged over several scales are lower:
 *
 *     threshold          looks at one scale, plain and mirrored   ┐
 *     scalesThreshold    looks at several, plain and mirrored     ┘ of --weights
 *     threshold          second looks at who was found by each      of --refine
 *
 * Each is the height of a list at which the mean AP of its looks is highest, the lower one of equal ones. Scenes are of
 * two sizes, the network's own and twice that, and of a seed that neither training nor any evaluation uses: what was
 * chosen on them may be measured on others.
 *
 * @module
 */
import { evaluateKeypoints, InputError } from "../mod.ts";
import { type Sample, type SampleSource, sceneSource } from "../data/mod.ts";
import { checkSameKeypoints, DATASET_OPTIONS, IDS, readIds } from "./datasets.ts";
import { type JudgedSample, judgedSample, resultsOf, truthOf } from "./evaluation.ts";
import { type Command, under, type Values } from "./options.ts";
import { alignedRows, checkWritable, figure, progressOnStderr } from "./output.ts";
import {
  decodeAgain,
  decoderOf,
  findPeople,
  type FoundPeople,
  predict,
  type PredictOptions,
} from "./prediction.ts";
import { afterSecondLook, loadRefiner, lookedAgain } from "./refinement.ts";
import { scaleRule, SCALES, SINGLE_SCALE } from "./scales.ts";
import { JUDGED_SIZE, openPhotographs, samplesOf, SETTING } from "./sources.ts";
import {
  changeDecoding,
  type Decoding,
  type LoadedNetwork,
  loadGivenOrShipped,
  NETWORK,
} from "./weights.ts";

/** Seed of the scenes to choose on. */
const SEED = 7777;
/** How many of each size. */
const SCENES = 200;
/** Fewest and most people of a scene. */
const PEOPLE = [1, 8] as const;

/** Heights that peaks may have to exceed; heatmaps of people are cut off at 1. */
const HEIGHTS = [0.03, ...Array.from({ length: 19 }, (_, i) => (i + 1) / 20)];
/** The same of second looks, whose heatmaps are not cut off. */
const SECOND_HEIGHTS = [0.05, 0.1, 0.15, ...Array.from({ length: 14 }, (_, i) => (i + 2) / 10)];

/** `calibrate`. */
export const calibrateCommand: Command = {
  summary: "Choose the thresholds that are kept with weights.",
  operands: "",
  options: {
    ...NETWORK,
    ...under("What is calibrated", {
      scales: { ...SCALES, help: `several ${SCALES.help}`, default: "official" },
      refine: {
        type: "file",
        help: "choose the threshold of this network for one person, after first looks by --weights",
      },
      write: { type: "flag", help: "write what was chosen into the weight file" },
    }),
    ...under("By what", {
      scenes: {
        type: "whole",
        least: 1,
        help: "synthetic scenes of each size",
        otherwise: `${SCENES}`,
      },
      annotations: { type: "file", help: "annotation file of photographs, in place of scenes" },
      images: { type: "folder", help: "folder of the photographs" },
      ids: IDS,
      ...DATASET_OPTIONS,
    }),
  },
  notes: [
    "Weights need it once, after training: predict, evaluate and check:augmentation take what the " +
    "file says unless --threshold says otherwise. Do not choose on the photographs on which you " +
    "will measure: --ids names some.",
  ],
  examples: [
    ["what your network wants", "--weights out/train/weights.safetensors --write"],
    [
      "and the network that looks again",
      "--weights out/train/weights.safetensors --refine out/one/weights.safetensors --write",
    ],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const scales = scaleRule(values.text("scales"));
  if (scales.scales.length < 2) {
    throw new InputError(
      `--scales ${scales.name}: one scale alone\n  help: looks at one scale are always calibrated; name several`,
    );
  }
  const refine = values.text("refine");
  const file = refine ?? values.text("weights");
  if (values.flag("write")) {
    if (file === undefined) throw new InputError("--write needs --weights");
    await checkWritable(file);
  }
  const loaded = await loadGivenOrShipped(values);
  const refiner = refine === undefined ? undefined : await loadRefiner(refine, loaded);
  const parts = await partsOf(values, loaded);
  const once = [{ scales: SINGLE_SCALE }, { scales: SINGLE_SCALE, flip: true }];
  const several = [{ scales }, { scales, flip: true }];
  let chosen: Partial<Decoding>;
  if (refiner) {
    const curve = (part: Part, way: Way) => secondLooks(part, way, loaded, refiner);
    const threshold = await choose(parts, [...once, ...several], SECOND_HEIGHTS, curve);
    chosen = { threshold };
  } else {
    const curve = (part: Part, way: Way) => firstLooks(part, way, loaded);
    chosen = {
      threshold: await choose(parts, once, HEIGHTS, curve),
      scalesThreshold: await choose(parts, several, HEIGHTS, curve),
    };
  }
  const words = Object.entries(chosen).map(([name, value]) => `${name} ${value}`).join(", ");
  if (values.flag("write")) await changeDecoding(file!, chosen);
  console.log(values.flag("write") ? `${file}: ${words}` : `${words}; --write would keep it`);
}

/** A way to look. */
type Way = Required<Pick<PredictOptions, "scales">> & Pick<PredictOptions, "flip">;

/** Pictures of one kind. */
interface Part {
  readonly name: string;
  readonly source: SampleSource;
  /** Pixels of a picture for one of a photograph. */
  readonly pixel: number;
}

/** Scenes of two sizes, or photographs. */
async function partsOf(values: Values, { imageSize, skeleton }: LoadedNetwork): Promise<Part[]> {
  const ids = await readIds(values.text("ids"));
  const opened = await openPhotographs(values, "all", { ids, judged: true });
  if (opened) {
    if (values.isGiven("scenes")) {
      throw new InputError("--scenes and --annotations are both given\n  help: give one of them");
    }
    checkSameKeypoints(skeleton, opened.file);
    return [{ name: "photographs", source: opened.photographs, pixel: 1 }];
  }
  return [imageSize, 2 * imageSize].map((size) => ({
    name: `${size} pixels`,
    source: sceneSource({
      seed: SEED,
      size,
      people: PEOPLE,
      setting: SETTING,
      length: values.number("scenes") ?? SCENES,
    }),
    pixel: size / JUDGED_SIZE,
  }));
}

/** The height of highest mean AP; prints how all did. */
async function choose(
  parts: readonly Part[],
  ways: readonly Way[],
  heights: readonly number[],
  curveOf: (part: Part, way: Way) => Promise<number[]>,
): Promise<number> {
  const curves: number[][] = [], names: string[] = [];
  for (const part of parts) {
    for (const way of ways) {
      const size = way.scales === SINGLE_SCALE ? "one scale" : way.scales.name;
      names.push(`${part.name}, ${size}${way.flip ? ", flip" : ""}`);
      curves.push(await curveOf(part, way));
    }
  }
  const means = heights.map((_, h) =>
    curves.reduce((sum, curve) => sum + curve[h], 0) / curves.length
  );
  const best = means.indexOf(Math.max(...means));
  if (!(means[best] > 0)) {
    throw new InputError(
      "nobody is found above any height, so none is the best\n  help: train the network for longer",
    );
  }
  const rows = heights.map((height, h) => [
    `above ${height}`,
    ...[...curves, means].map((curve) => figure(curve[h])),
    h === best ? "best" : "",
  ]);
  const heads = ["AP of peaks", ...names.map((_, n) => `(${n + 1})`), "mean", ""];
  names.forEach((name, n) => console.log(`(${n + 1}) ${name}`));
  console.log(`${alignedRows([heads, ...rows])}\n`);
  return heights[best];
}

/** AP at each of {@linkcode HEIGHTS}. */
async function firstLooks(part: Part, way: Way, loaded: LoadedNetwork): Promise<number[]> {
  const seen = HEIGHTS.map((): Judged[] => []);
  for await (const one of predict(loaded, samplesIn(part), way)) {
    HEIGHTS.forEach((threshold, h) =>
      seen[h].push(judged(decodeAgain(one, decoderOf(loaded, { ...way, threshold }))))
    );
  }
  return seen.map((found) => averagePrecision(found, part, loaded));
}

/** AP of second looks, measured in each of {@linkcode SECOND_HEIGHTS}, at those found by the first network's file. */
async function secondLooks(
  part: Part,
  way: Way,
  loaded: LoadedNetwork,
  refiner: LoadedNetwork,
): Promise<number[]> {
  const seen = SECOND_HEIGHTS.map((): Judged[] => []);
  const looking = { ...way, flavour: { filledScore: "heatmap" } } as const;
  const { threshold: firstThreshold } = decoderOf(loaded, looking);
  const { pixel } = part;
  const found = findPeople(loaded, samplesIn(part), looking);
  for await (const one of lookedAgain(found, refiner, { pixel })) {
    SECOND_HEIGHTS.forEach((threshold, h) => {
      const rules = { pixel, take: "both", threshold, firstThreshold } as const;
      seen[h].push(judged(afterSecondLook(one, refiner, rules)));
    });
  }
  return seen.map((found) => averagePrecision(found, part, loaded));
}

/** The samples of a part, with a progress bar. */
async function* samplesIn({ name, source }: Part): AsyncGenerator<Sample, void, undefined> {
  const progress = progressOnStderr({ label: name, total: source.length, unit: "pictures" });
  let done = 0;
  for await (const sample of samplesOf(source)) {
    yield sample;
    progress.update(++done);
  }
  progress.finish();
}

/** People found, without the picture. */
interface Judged extends Pick<FoundPeople, "people"> {
  readonly sample: JudgedSample;
}

function judged({ sample, people }: FoundPeople): Judged {
  return { sample: judgedSample(sample), people };
}

function averagePrecision(
  found: readonly Judged[],
  { pixel }: Part,
  { skeleton }: LoadedNetwork,
): number {
  const truth = truthOf(found.map(({ sample }) => sample), 1 / pixel);
  return evaluateKeypoints(truth, resultsOf(found, 1 / pixel), { skeleton }).statistics.AP;
}
