/**
 * What looking more often brings: the shipped weights on synthetic crowds, at one or three sizes, plain and mirrored.
 *
 *     deno task check:augmentation [--scenes 200] [--weights FILE] [--refine FILE]
 *
 * Crowds of 1 to 8 people, in pictures of the network's own size and of twice that, which the network otherwise sees
 * shrunk. Prints AP (areas as if 512 pixels wide), AP50, AR and grouping accuracy of each way to look with the threshold of
 * the weights, the seconds it took, and AP with other thresholds: the weights' was chosen for one look, and heatmaps that are
 * resized or averaged are lower. The two ways to mirror are explained in models/looks.ts. There is nothing to pass: it
 * is a measurement.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import { type Sample, sceneSource } from "../data/mod.ts";
import { measure } from "../cli/evaluation.ts";
import { type Command, readOptions, type Values } from "../cli/options.ts";
import {
  decode,
  predict,
  type Prediction,
  type PredictOptions,
  REFINE,
} from "../cli/prediction.ts";
import { loadRefiner, refined, type RefineOptions } from "../cli/refinement.ts";
import { scaleRule } from "../cli/scales.ts";
import { JUDGED_SIZE, SETTING } from "../cli/sources.ts";
import { type LoadedModel, loadGivenOrShipped } from "../cli/weights.ts";

/** Seed of the crowds: neither training nor the demo's evaluation uses it. */
const SEED = 515;

/** The ways to look. */
const WAYS: readonly (readonly [name: string, options: PredictOptions])[] = [
  ["single scale", {}],
  ["flip", { flip: true }],
  ["flip, image pixels", { flip: true, flavour: { mirror: "image pixels" } }],
  ["3 scales", { scales: scaleRule("official") }],
  ["3 scales, flip", { scales: scaleRule("official"), flip: true }],
  ["scales 1.5, 1", { scales: scaleRule("1.5,1") }],
  ["scales 1.5, 1, flip", { scales: scaleRule("1.5,1"), flip: true }],
];

/** Other heights above which peaks count. */
const THRESHOLDS = [0.3, 0.4, 0.5, 0.6] as const;

const command: Command = {
  summary: "AP of the ways to look at synthetic crowds.",
  operands: "",
  options: {
    scenes: { type: "whole", default: 200, least: 1, help: "scenes of each size" },
    weights: { type: "text", help: "weight file (default: the ones that come with the library)" },
    preset: { type: "text", help: "network (default: what the weight file says)" },
    refine: { ...REFINE, help: `${REFINE.help}: a second row for each way` },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const loaded = await loadGivenOrShipped(values);
  const count = values.number("scenes")!;
  const refine = values.text("refine");
  const refiner = refine === undefined ? undefined : await loadRefiner(refine, loaded);
  for (const factor of [1, 2]) {
    const size = factor * loaded.imageSize;
    const source = sceneSource({ seed: SEED, size, people: [1, 8], setting: SETTING });
    const samples: Sample[] = [];
    for (let i = 0; i < count; i++) samples.push(await source.sample(i));
    console.log(
      `\n${count} scenes of ${size} pixels, 1 to 8 people, setting ${SETTING}, seed ${SEED}; ` +
        `${loaded.preset}, input ${loaded.imageSize}\n`,
    );
    const heads = ["AP", "AP50", "AR", "group", ...THRESHOLDS.map((t) => `>${t}`), "sec"];
    console.log(`${"".padEnd(22)}${heads.map((head) => head.padStart(7)).join("")}`);
    for (const [name, options] of WAYS) {
      const start = performance.now();
      const predictions = await Array.fromAsync(predict(loaded, samples, options));
      const seconds = (performance.now() - start) / 1000;
      const others = THRESHOLDS.map((threshold) => decodedAt(threshold, predictions, loaded));
      const row = async (
        name: string,
        all: readonly (readonly Prediction[])[],
        seconds: number,
      ) => {
        const [own, ...rest] = await Promise.all(
          all.map((found) => measure(found, JUDGED_SIZE / size, loaded.decoding)),
        );
        const { AP, AP50, AR } = own.statistics;
        const cells = [AP, AP50, AR, own.grouping, ...rest.map(({ statistics }) => statistics.AP)]
          .map((value) => value.toFixed(3));
        cells.push(seconds.toFixed(1));
        console.log(`${name.padEnd(22)}${cells.map((cell) => cell.padStart(7)).join("")}`);
      };
      await row(name, [predictions, ...others], seconds);
      if (!refiner) continue;
      const again = performance.now();
      const pixel = size / JUDGED_SIZE;
      const first = await refinedAll(predictions, refiner, { pixel });
      const secondsAgain = (performance.now() - again) / 1000;
      const rest: Prediction[][] = [];
      for (const found of others) rest.push(await refinedAll(found, refiner, { pixel }));
      await row("  and a second look", [first, ...rest], seconds + secondsAgain);
    }
  }
}

async function refinedAll(
  predictions: readonly Prediction[],
  refiner: LoadedModel,
  options: RefineOptions,
): Promise<Prediction[]> {
  async function* stream() {
    yield* predictions;
  }
  return await Array.fromAsync(refined(stream(), refiner, options));
}

/** The people of the same maps with another threshold. */
function decodedAt(
  threshold: number,
  predictions: readonly Prediction[],
  { model: { stride }, decoding }: LoadedModel,
): Prediction[] {
  return predictions.map((prediction) => {
    const input = prediction.heatmaps.shape[2] * stride;
    return decode(prediction.sample, prediction, input, stride, { ...decoding, threshold });
  });
}

if (import.meta.main) {
  try {
    await run(readOptions(command, Deno.args));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    Deno.exitCode = 2;
  }
}
