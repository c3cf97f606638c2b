/**
 * Tracking in one command: train tags that last over time from nothing, follow people through unseen videos with them
 * and with those that come with the library, beside a tracker that knows places only, and write a report to look at.
 *
 * All ways follow the same people, those that the pose weights of the library find.
 *
 * @module
 */
import {
  AppearanceNet,
  InputError,
  type TrackingFigures,
  trackingReportHtml,
  writeFileAtomic,
} from "../mod.ts";
import { batchesAhead } from "../data/mod.ts";
import {
  type AppearanceTraining,
  loadAppearance,
  saveAppearance,
  trainAppearance,
} from "./appearance.ts";
import { mostConfused, videoReport, writeAnimations } from "./demo_track_pictures.ts";
import { begin, demoOptions, demoSettingOf } from "./demos.ts";
import type { Command, Values } from "./options.ts";
import { alignedRows, collected, trainingProgress, writeJson } from "./output.ts";
import { say } from "./say.ts";
import { clipBatches, videoClips } from "./sources.ts";
import {
  BY_PLACE,
  BY_TAG,
  EVALUATION_VIDEO_SEED,
  EVALUATION_VIDEOS,
  evaluationVideos,
  figuresOf,
  lookAt,
  retagged,
  type TrackedVideo,
  trackVideo,
  type Video,
  videosName,
} from "./tracking.ts";
import { type LoadedNetwork, loadModel, shippedWeights, sizeOfNetwork } from "./weights.ts";

/** `demo:track`. */
export const demoTrackCommand: Command = {
  summary: "Train tags that follow people, measure, write a report.",
  operands: "",
  options: demoOptions({ minutes: 4, out: "out/demo-track" }, {
    batch: { type: "whole", least: 1, default: 16, help: "images in a step, two of each video" },
    rate: { type: "number", above: true, default: 5e-3, help: "highest learning rate" },
    videos: {
      type: "whole",
      least: 1,
      default: EVALUATION_VIDEOS,
      help: "videos to follow people through",
    },
  }),
  notes: [
    "Tags that last over time are learnt from made-up videos, from nothing. People are followed " +
    "through videos not seen before by these tags, by those that come with the library and by " +
    "places alone; all three follow the people that the pose weights of the library find.",
  ],
  examples: [["half a minute, to see it work", "--minutes 0.5 --videos 2"]],
  run,
};

async function run(values: Values): Promise<void> {
  const setting = demoSettingOf(values, { seed: EVALUATION_VIDEO_SEED, name: "videos" });
  const { out, seed, batchSize } = setting;
  const clips = clipBatches(batchSize);
  const { poses, tags } = await shippedNetworks();
  const net = new AppearanceNet({ seed });
  const count = values.number("videos")!;
  const measuredOn = videosName(count);
  const adapter = await begin(out, { network: sizeOfNetwork({ model: net }), measuredOn });
  const videos = evaluationVideos(poses.imageSize, { count });

  const stream = batchesAhead(videoClips(seed, poses.imageSize), {
    ...clips,
    inputSize: poses.imageSize,
    stride: net.stride,
    seed,
  });
  const { curves, ...training } = await trainAppearance(net, stream, {
    ...setting.limits,
    rate: values.number("rate")!,
    progress: trainingProgress(batchSize, setting.limits),
  });
  const notes = { seed: String(seed), steps: String(training.steps) };
  await saveAppearance(`${out}/weights.safetensors`, net, notes);

  const { shipped, now, byPlace } = await followed(videos, poses, { shipped: tags, now: net });
  const evaluations = [
    { label: "shipped tags", figures: figuresOf(shipped) },
    { label: "tags trained now", figures: figuresOf(now) },
    { label: "places alone", figures: figuresOf(byPlace) },
  ];
  printFigures(evaluations);
  await writeJson(`${out}/metrics.json`, {
    tracking: Object.fromEntries(
      evaluations.map(({ label, figures }) => [label, numbersOf(figures)]),
    ),
    ...training,
    adapter,
    seed,
    batchSize,
    evaluationVideos: measuredOn,
  });
  const shown = mostConfused(shipped, byPlace);
  const report = trackingReportHtml({
    title: "People followed by tags that last",
    setup: setupOf(poses, { ...setting, adapter, training, measuredOn }),
    evaluations,
    curves,
    videos: shown.map((i) => videoReport(shipped[i], byPlace[i])),
  });
  await writeFileAtomic(`${out}/report.html`, report);
  await writeAnimations(out, shown.map((i) => shipped[i]));
  say(`\nreport       ${out}/report.html`);
}

/** The networks that come with the library: who finds people, and who gives them tags that last. */
async function shippedNetworks(): Promise<{ poses: LoadedNetwork; tags: AppearanceNet }> {
  const [poses, tags] = [await shippedWeights("demo"), await shippedWeights("track")];
  if (poses !== undefined && tags !== undefined) {
    return { poses: await loadModel(poses), tags: await loadAppearance(tags) };
  }
  throw new InputError("the weights that come with the library are missing: see weights/README.md");
}

/** The same people, those that a pose network finds, followed in three ways. */
async function followed(
  videos: readonly Video[],
  poses: LoadedNetwork,
  nets: { readonly shipped: AppearanceNet; readonly now: AppearanceNet },
): Promise<Readonly<Record<"shipped" | "now" | "byPlace", readonly TrackedVideo[]>>> {
  const bar = { label: "find people", total: videos.length, unit: "videos" };
  const people = await collected(lookAt(poses, videos), bar);
  const byTag = async (net: AppearanceNet) =>
    (await retagged(net, people)).map((video) => trackVideo(video, BY_TAG));
  return {
    shipped: await byTag(nets.shipped),
    now: await byTag(nets.now),
    byPlace: people.map((video) => trackVideo(video, BY_PLACE)),
  };
}

/** How the run came about, for the report. */
function setupOf(
  { preset, imageSize }: LoadedNetwork,
  { adapter, batchSize, training: { steps, seconds }, measuredOn }: {
    readonly adapter: string;
    readonly batchSize: number;
    readonly training: Pick<AppearanceTraining, "steps" | "seconds">;
    readonly measuredOn: string;
  },
): (readonly [string, string])[] {
  const pixels = `${imageSize} x ${imageSize} pixels`;
  const took = `${steps} steps of ${batchSize} images in ${Math.round(seconds)} s`;
  return [
    ["adapter", adapter],
    ["people", `found by ${preset}, ${pixels}, each frame by itself`],
    ["training of tags", `${took}, from nothing`],
    ["evaluated on", measuredOn],
  ];
}

/** The figures that are printed, and how many digits behind the point they have. */
const PRINTED = [
  ["IDF1", "IDF1", 3],
  ["MOTA", "MOTA", 3],
  ["HOTA", "HOTA", 3],
  ["identitySwitches", "identity switches", 0],
  ["misses", "misses", 0],
  ["falsePositives", "false positives", 0],
] as const;

function printFigures(
  evaluations: readonly { readonly label: string; readonly figures: TrackingFigures }[],
): void {
  const rows = PRINTED.map(([name, words, digits]) => [
    words,
    ...evaluations.map(({ figures }) => figures[name].toFixed(digits)),
  ]);
  console.log(`\n${alignedRows([["", ...evaluations.map(({ label }) => label)], ...rows])}`);
}

/** The figures without HOTA's at each threshold. */
function numbersOf(figures: TrackingFigures): Record<string, number> {
  const entries: [string, unknown][] = Object.entries(figures);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}
