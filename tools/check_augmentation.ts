/**
 * What looking more often brings: the shipped weights on synthetic crowds, at one or three sizes, plain and mirrored.
 *
 *     deno task check:augmentation [--scenes 200] [--weights FILE] [--refine FILE] [--report FILE.html]
 *
 * Crowds of 1 to 8 people, in pictures of the network's own size and of twice that, which the network otherwise sees
 * shrunk. Prints AP (areas as if 512 pixels wide), AP50, AR and grouping accuracy of each way to look with the threshold of
 * the weights, the seconds it took, and AP with other thresholds: the weights' was chosen for one look, and heatmaps that are
 * resized or averaged are lower. The two ways to mirror are explained in models/looks.ts. The report has the same
 * tables, and of each size two scenes in which the best way helped most and two in which it hurt most. There is nothing to
 * pass: it is a measurement.
 *
 * @module
 */
import {
  COCO,
  type ComparisonReport,
  comparisonReportHtml,
  type ComparisonScene,
  type DecodedPerson,
  drawPoses,
  sceneQuality,
  type Svg,
  writeFileAtomic,
} from "../mod.ts";
import { type Sample, sceneSource } from "../data/mod.ts";
import { matchPeople, measure } from "../cli/evaluation.ts";
import type { Command, Values } from "../cli/options.ts";
import {
  decode,
  type FoundPeople,
  predict,
  type Prediction,
  type PredictOptions,
  REFINE,
} from "../cli/prediction.ts";
import { loadRefiner, refined, type RefineOptions } from "../cli/refinement.ts";
import { scaleRule } from "../cli/scales.ts";
import { JUDGED_SIZE, SETTING } from "../cli/sources.ts";
import { type LoadedModel, loadGivenOrShipped, NETWORK } from "../cli/weights.ts";
import { runTool } from "./tool.ts";

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

/** Letters of the longest name of a row. */
const NAME = 30;

/** Other heights above which peaks count. */
const THRESHOLDS = [0.3, 0.4, 0.5, 0.6] as const;

const command: Command = {
  summary: "AP of the ways to look at synthetic crowds.",
  operands: "",
  options: {
    scenes: { type: "whole", default: 200, least: 1, help: "scenes of each size" },
    ...NETWORK,
    report: { type: "file", help: "write the tables and some scenes to this HTML file" },
    refine: { ...REFINE, help: `${REFINE.help}: a second row for each way` },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const loaded = await loadGivenOrShipped(values);
  const count = values.number("scenes")!;
  const refine = values.text("refine");
  const refiner = refine === undefined ? undefined : await loadRefiner(refine, loaded);
  const parts: Part[] = [];
  for (const factor of [1, 2]) {
    parts.push(await compare(loaded, refiner, factor * loaded.imageSize, count));
  }
  const path = values.text("report");
  if (path === undefined) return;
  const weights = values.text("weights") ?? "those that come with the library";
  await writeFileAtomic(path, reportOf(parts, [["weights", weights], ["refine", refine ?? "no"]]));
  console.log(`\n${path}`);
}

/** What one way to look found. */
interface Found {
  readonly name: string;
  /** AP, AP50, AR, grouping and AP with other thresholds: see {@linkcode COLUMNS}. */
  readonly values: readonly number[];
  readonly people: readonly (readonly DecodedPerson[])[];
}

/** Scenes of one size, and what the ways found. */
interface Part {
  readonly title: string;
  readonly samples: readonly Sample[];
  readonly ways: readonly Found[];
}

const COLUMNS = ["AP", "AP50", "AR", "grouping", ...THRESHOLDS.map((t) => `AP >${t}`)];

/** Look at scenes of one size in every way; prints each when it is done. */
async function compare(
  loaded: LoadedModel,
  refiner: LoadedModel | undefined,
  size: number,
  count: number,
): Promise<Part> {
  const source = sceneSource({ seed: SEED, size, people: [1, 8], setting: SETTING });
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) samples.push(await source.sample(i));
  const title =
    `${count} scenes of ${size} pixels, 1 to 8 people, setting ${SETTING}, seed ${SEED}`;
  console.log(`\n${title}; ${loaded.preset}, input ${loaded.imageSize}\n`);
  const heads = ["AP", "AP50", "AR", "group", ...THRESHOLDS.map((t) => `>${t}`), "sec"];
  console.log(`${"".padEnd(NAME)}${heads.map((head) => head.padStart(7)).join("")}`);
  const ways: Found[] = [];
  const add = async (name: string, all: readonly (readonly Prediction[])[], seconds: number) => {
    const [own, ...rest] = await Promise.all(
      all.map((found) => measure(found, JUDGED_SIZE / size, loaded.decoding)),
    );
    const { AP, AP50, AR } = own.statistics;
    const others = rest.map(({ statistics }) => statistics.AP);
    const values = [AP, AP50, AR, own.grouping, ...others];
    const cells = [...values.map((value) => value.toFixed(3)), seconds.toFixed(1)];
    console.log(`${name.padEnd(NAME)}${cells.map((cell) => cell.padStart(7)).join("")}`);
    ways.push({ name: name.trim(), values, people: all[0].map(({ people }) => people) });
  };
  const pixel = size / JUDGED_SIZE;
  for (const [name, options] of WAYS) {
    const start = performance.now();
    const predictions = await Array.fromAsync(predict(loaded, samples, options));
    const seconds = (performance.now() - start) / 1000;
    const all = [
      predictions,
      ...THRESHOLDS.map((threshold) => decodedAt(threshold, predictions, loaded)),
    ];
    await add(name, all, seconds);
    if (!refiner) continue;
    const again = performance.now();
    const refined = [await refinedAll(predictions, refiner, { pixel })];
    const secondsAgain = (performance.now() - again) / 1000;
    for (const found of all.slice(1)) refined.push(await refinedAll(found, refiner, { pixel }));
    await add(`  ${name}, refined`, refined, seconds + secondsAgain);
  }
  return { title, samples, ways };
}

/** So many scenes show where more looks helped, and so many where they hurt. */
const SHOWN = 2;

function reportOf(
  parts: readonly Part[],
  setup: ComparisonReport["setup"],
): string {
  return comparisonReportHtml({
    title: "What looking more often brings",
    setup,
    tables: parts.map(({ title, ways }) => ({
      title,
      columns: COLUMNS,
      rows: ways.map(({ name, values }) => ({ name, values })),
    })),
    scenes: parts.flatMap(scenesOf),
  });
}

/** The scenes in which the way with the highest AP did better than a single look by most, and by least. */
function scenesOf({ samples, ways }: Part): ComparisonScene[] {
  const [once, ...more] = ways;
  const best = more.toSorted((a, b) => b.values[0] - a.values[0])[0];
  const gains = samples.map((sample, i) => {
    const [before, after] = [once, best].map(({ people }) =>
      sceneQuality(matchPeople({ sample, people: people[i] }), people[i].length)
    );
    return { sample, i, before, after };
  }).toSorted((a, b) => (b.after - b.before) - (a.after - a.before));
  const shown = Math.min(SHOWN, Math.floor(gains.length / 2));
  return [...gains.slice(0, shown), ...gains.slice(gains.length - shown)].map(
    ({ sample, i, before, after }) => {
      const { image } = sample;
      const verdict = after > before ? "Helped" : after < before ? "Hurt" : "No matter";
      const [from, to] = [before, after].map((quality) => quality.toFixed(2));
      return {
        title: `${verdict}: scene ${i} of ${image.width} pixels, quality ${from} to ${to}`,
        panels: [
          { caption: "truth", picture: drawPoses(image, sample.people, COCO) },
          ...[once, best].map(({ name, people }) => ({
            caption: name,
            picture: drawFound({ sample, people: people[i] }),
          })),
        ],
      };
    },
  );
}

/** The people found in the colours of those that they are, grey where they are nobody. */
function drawFound(found: FoundPeople): Svg {
  const matches = matchPeople(found);
  const colors = found.people.map((_, p) => {
    const who = matches.findIndex((match) => match?.predicted === p);
    return who < 0 ? null : who;
  });
  return drawPoses(found.sample.image, found.people, COCO, { colors });
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

if (import.meta.main) await runTool("check:augmentation", command);
