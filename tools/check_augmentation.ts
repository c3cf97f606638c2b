/**
 * What looking more often brings: the shipped weights on synthetic crowds, at one or three sizes, plain and mirrored.
 *
 *     deno task check:augmentation [--scenes 200] [--ways "flip, 3 scales"] [--threshold 0.5] [--weights FILE]
 *                                  [--refine FILE] [--crops "1.5, 1"] [--report FILE.html]
 *
 * Crowds of 1 to 8 people, in pictures of the network's own size and of twice that, which the network otherwise sees
 * shrunk. Prints AP (areas as if 512 pixels wide), AP50, AR and grouping accuracy of each way to look with the weights'
 * threshold for one scale or several, or the one given, the seconds it took, and AP with other thresholds. The two ways to
 * mirror are explained in models/looks.ts. Thresholds of weights are chosen on other scenes, see cli/calibrate.ts.
 *
 * With a single-person network each way has more rows: everybody found is looked at again, and what counts of that is
 * decided by each of {@linkcode RULES}. Their other thresholds are those of the second look.
 *
 * The report has the same tables, and of each size two scenes in which the best way helped most beside the first one and
 * two in which it hurt most. There is nothing to pass: it is a measurement.
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
  evaluateKeypoints,
  type RefinePersonOptions,
  sceneQuality,
  type Svg,
  writeFileAtomic,
} from "../mod.ts";
import { unknownName } from "../core/errors.ts";
import { type Sample, sceneSource } from "../data/mod.ts";
import { matchPeople, measure, resultsOf, truthOf } from "../cli/evaluation.ts";
import type { Command, Values } from "../cli/options.ts";
import { announce } from "../cli/output.ts";
import {
  decodeAgain,
  decoderOf,
  type FoundPeople,
  predict,
  type PredictOptions,
} from "../cli/prediction.ts";
import {
  afterSecondLook,
  loadRefiner,
  lookedAgain,
  REFINING,
  secondThresholdOf,
} from "../cli/refinement.ts";
import { type ScaleRule, scaleRule, SINGLE_SCALE } from "../cli/scales.ts";
import { JUDGED_SIZE, SETTING } from "../cli/sources.ts";
import {
  type LoadedNetwork,
  loadGivenOrShipped,
  NETWORK,
  THRESHOLD_BOUNDS,
} from "../cli/weights.ts";
import { each, runTool } from "./tool.ts";

/** Seed of the crowds: neither training nor the demo's evaluation uses it. */
const SEED = 515;

/** The ways to look, by name. */
export const WAYS: Readonly<Record<string, PredictOptions>> = {
  "single scale": {},
  "flip": { flip: true },
  "flip of image pixels": { flip: true, flavour: { mirror: "image pixels" } },
  "3 scales": { scales: scaleRule("official") },
  "3 scales + flip": { scales: scaleRule("official"), flip: true },
  "scales 1.5 and 1": { scales: scaleRule("1.5,1") },
  "scales 1.5 and 1 + flip": { scales: scaleRule("1.5,1"), flip: true },
};

/** What counts of a second look. */
const RULES: readonly NonNullable<RefinePersonOptions["take"]>[] = ["second", "both"];

/** Letters of the longest name of a row. */
const NAME = 26;

/** Other heights above which peaks count, or second looks. */
const THRESHOLDS = [0.3, 0.4, 0.5, 0.6, 0.8] as const;

/** `check:augmentation`. */
export const augmentationCommand: Command = {
  summary: "AP of the ways to look at synthetic crowds.",
  operands: "",
  options: {
    scenes: { type: "whole", default: 200, least: 1, help: "scenes of each size" },
    ...NETWORK,
    ways: {
      type: "text",
      help: `which of the ways to look, separated by commas: ${Object.keys(WAYS).join(", ")}`,
      otherwise: "all",
    },
    threshold: {
      type: "number",
      ...THRESHOLD_BOUNDS,
      help: "height that peaks of the first looks must exceed",
      otherwise: "the weight file's",
    },
    crops: {
      type: "text",
      help: "sizes of a second look's crops, over the network's own",
      otherwise: "1",
      needs: "refine",
    },
    report: { type: "file", help: "write the tables and some scenes to this HTML file" },
    refine: { ...REFINING.refine, help: `${REFINING.refine.help}: more rows for each way` },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const ways = waysNamed(values.text("ways"));
  const loaded = await loadGivenOrShipped(values);
  const count = values.number("scenes")!;
  const refine = values.text("refine");
  const looking = {
    refiner: refine === undefined ? undefined : await loadRefiner(refine, loaded),
    crops: values.text("crops")?.split(",").map(Number) ?? [1],
    threshold: values.number("threshold"),
  };
  const setup = setupOf(values, loaded, looking);
  announce(setup);
  const parts: Part[] = [];
  for (const factor of [1, 2]) {
    parts.push(await compare(loaded, ways, { ...looking, size: factor * loaded.imageSize, count }));
  }
  const path = values.text("report");
  if (path === undefined) return;
  await writeFileAtomic(path, reportOf(parts, Object.entries(setup)));
  console.log(`\n${path}`);
}

/** With what is looked, and how sure it has to be. */
function setupOf(
  values: Values,
  loaded: LoadedNetwork,
  { refiner, crops, threshold }: Looking,
): Record<string, string> {
  const above = (scales: ScaleRule) => String(decoderOf(loaded, { scales, threshold }).threshold);
  return {
    weights: values.text("weights") ?? "those that come with the library",
    "peaks above": above(SINGLE_SCALE),
    "at several scales": above(scaleRule("official")),
    refine: values.text("refine") ?? "no",
    ...(refiner
      ? { "second looks above": String(secondThresholdOf(refiner)), crops: crops.join(", ") }
      : {}),
  };
}

/**
 * The ways of a list of names; all without one.
 *
 * @throws {InputError} If there is no way of a name.
 */
export function waysNamed(text: string | undefined): [name: string, options: PredictOptions][] {
  const names = text?.split(",").map((name) => name.trim()) ?? Object.keys(WAYS);
  return names.map((name) => {
    if (!Object.hasOwn(WAYS, name)) throw unknownName("way to look", name, Object.keys(WAYS));
    return [name, WAYS[name]];
  });
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
  loaded: LoadedNetwork,
  named: ReturnType<typeof waysNamed>,
  { size, count, ...looking }: Looking & { readonly size: number; readonly count: number },
): Promise<Part> {
  const source = sceneSource({ seed: SEED, size, people: [1, 8], setting: SETTING });
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) samples.push(await source.sample(i));
  const title =
    `${count} scenes of ${size} pixels, 1 to 8 people, setting ${SETTING}, seed ${SEED}`;
  console.log(`\n${title}; ${loaded.preset}, input ${loaded.imageSize}\n`);
  const heads = ["AP", "AP50", "AR", "group", ...THRESHOLDS.map((t) => `>${t}`), "sec"];
  console.log(`${"".padEnd(NAME)}${heads.map((head) => head.padStart(7)).join("")}`);
  const pixel = size / JUDGED_SIZE;
  const truth = truthOf(samples, 1 / pixel);
  const statisticsOf = (found: readonly FoundPeople[]) =>
    evaluateKeypoints(truth, resultsOf(found, 1 / pixel)).statistics;
  const ways: Found[] = [];
  for (const way of named) {
    for await (const row of rowsOf(way, loaded, { samples, pixel, ...looking })) {
      const { name, label, grouping, seconds, foundAbove } = row;
      const own = foundAbove();
      const { AP, AP50, AR } = statisticsOf(own);
      const others = THRESHOLDS.map((other) => statisticsOf(foundAbove(other)).AP);
      const values = [AP, AP50, AR, grouping, ...others];
      const cells = [...values.map((value) => value.toFixed(3)), seconds.toFixed(1)];
      console.log(`${label.padEnd(NAME)}${cells.map((cell) => cell.padStart(7)).join("")}`);
      ways.push({ name, values, people: own.map(({ people }) => people) });
    }
  }
  return { title, samples, ways };
}

/** What all ways to look have in common. */
interface Looking {
  /** Looks at everybody again. */
  readonly refiner: LoadedNetwork | undefined;
  /** Sizes of the crops in which it does. */
  readonly crops: readonly number[];
  /** Of first looks, in place of the weights'. */
  readonly threshold: number | undefined;
}

/** A row of the table. */
interface Row {
  readonly name: string;
  /** The name as it stands below that of the first look. */
  readonly label: string;
  /** The people above a threshold, of the first look or the second; above the usual one without. */
  readonly foundAbove: (threshold?: number) => readonly FoundPeople[];
  readonly grouping: number;
  readonly seconds: number;
}

/** A way to look, and with a refiner everything that may come of a second look at who was found. */
async function* rowsOf(
  [name, options]: ReturnType<typeof waysNamed>[number],
  loaded: LoadedNetwork,
  { samples, pixel, refiner, crops, threshold }: Looking & {
    readonly samples: readonly Sample[];
    readonly pixel: number;
  },
): AsyncGenerator<Row, void, undefined> {
  const flavour = { ...COMPARABLE, ...options.flavour };
  const looking = { ...options, flavour, threshold };
  const first = await timed(predict(loaded, samples, looking));
  const { grouping } = await measure(first.all, 1 / pixel, loaded.decoding);
  const foundAbove = (other?: number) =>
    other === undefined
      ? first.all
      : first.all.map((one) =>
        decodeAgain(one, decoderOf(loaded, { ...looking, threshold: other }))
      );
  yield { name, label: name, foundAbove, grouping, seconds: first.seconds };
  if (!refiner) return;
  const looks = await timed(lookedAgain(each(first.all), refiner, { pixel, sizes: crops }));
  const seconds = first.seconds + looks.seconds;
  const { threshold: firstThreshold } = decoderOf(loaded, looking);
  for (const take of RULES) {
    const foundAbove = (threshold?: number) => {
      const rules = { pixel, take, threshold, firstThreshold };
      return looks.all.map((one) => afterSecondLook(one, refiner, rules));
    };
    yield { name: `${name}, ${take}`, label: `  ${take}`, foundAbove, grouping, seconds };
  }
}

/** Scores of keypoints that were filled in are the heatmap's, to be compared with a second look's. */
const COMPARABLE = { filledScore: "heatmap" } as const;

/** All of a stream, and the seconds it took. */
async function timed<T>(stream: AsyncIterable<T>): Promise<{ all: T[]; seconds: number }> {
  const start = performance.now();
  const all = await Array.fromAsync(stream);
  return { all, seconds: (performance.now() - start) / 1000 };
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

/** The scenes in which the way with the highest AP did better than the first way by most, and by least. */
function scenesOf({ samples, ways }: Part): ComparisonScene[] {
  const [once, ...more] = ways;
  const best = more.toSorted((a, b) => b.values[0] - a.values[0]).at(0);
  if (!best) return [];
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

if (import.meta.main) await runTool("check:augmentation", augmentationCommand);
