/**
 * Tracking in one command: train tags that last over time from nothing, follow people through unseen videos with them
 * and with those that come with the library, beside a tracker that knows places only, and write a report to look at.
 *
 * All ways follow the same people, those that the pose weights of the library find.
 *
 * @module
 */
import {
  adapterInfo,
  AppearanceNet,
  drawAnimation,
  drawFilmstrip,
  drawTimeline,
  drawTracks,
  identityColors,
  InputError,
  matchTracks,
  type Svg,
  type TrackingFigures,
  trackingReportHtml,
  type TrackingReportVideo,
  type TrackPicture,
  writeFileAtomic,
} from "../mod.ts";
import { batchesAhead } from "../data/mod.ts";
import { loadAppearance, saveAppearance, trainAppearance } from "./appearance.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, progressOnStderr, trainingProgress } from "./output.ts";
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
  type VideoPeople,
  videosName,
} from "./tracking.ts";
import { learnedNumbers, type LoadedModel, loadModel, shippedWeights } from "./weights.ts";

/** Videos of the report: those in which places alone confuse most. */
const SHOWN = 4;
/** Frames of a strip. */
const STRIP = 10;

/** `demo:track`. */
export const demoTrackCommand: Command = {
  summary: "Follow people through videos by their tags: train briefly, measure, write a report.",
  operands: "",
  options: {
    minutes: { type: "number", above: true, default: 4, help: "training time in minutes" },
    steps: { type: "whole", least: 1, help: "training steps instead of time" },
    batch: { type: "whole", least: 1, default: 16, help: "images in a step, two of each video" },
    rate: { type: "number", above: true, default: 5e-3, help: "highest learning rate" },
    seed: { type: "whole", default: 1, help: "seed of weights and training videos" },
    videos: {
      type: "whole",
      least: 1,
      default: EVALUATION_VIDEOS,
      help: "videos to follow people through",
    },
    out: { type: "text", default: "out/demo-track", help: "folder for report.html and the rest" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const seed = values.number("seed")!;
  const batchSize = values.number("batch")!;
  const steps = values.number("steps");
  const limits = steps === undefined ? { minutes: values.number("minutes")! } : { steps };
  if (seed === EVALUATION_VIDEO_SEED) {
    throw new InputError(`--seed ${seed} is the seed of the evaluation videos; take another`);
  }
  const clips = clipBatches(batchSize);
  const [poseFile, trackFile] = [await shippedWeights("demo"), await shippedWeights("track")];
  if (poseFile === undefined || trackFile === undefined) {
    throw new InputError(
      "the weights that come with the library are missing: see weights/README.md",
    );
  }
  const [poses, shippedNet] = [await loadModel(poseFile), await loadAppearance(trackFile)];
  await prepareFolder(out);
  const adapter = (await adapterInfo()).name;
  const { imageSize } = poses;
  const net = new AppearanceNet({ seed });
  const videos = evaluationVideos(imageSize, { count: values.number("videos")! });
  const measuredOn = videosName(videos.length);
  console.log(`adapter      ${adapter}`);
  console.log(`network      ${learnedNumbers({ model: net }).toLocaleString("en")} parameters`);
  console.log(`measured on  ${measuredOn}`);

  const stream = batchesAhead(videoClips(seed, imageSize), {
    ...clips,
    inputSize: imageSize,
    stride: net.stride,
    seed,
  });
  const { curves, ...training } = await trainAppearance(net, stream, {
    ...limits,
    rate: values.number("rate")!,
    progress: trainingProgress(batchSize, limits),
  });
  await saveAppearance(`${out}/weights.safetensors`, net, {
    seed: String(seed),
    steps: String(training.steps),
  });

  const people = await found(poses, videos);
  const byPlace = people.map((video) => trackVideo(video, BY_PLACE));
  const byTag = async (net: AppearanceNet) =>
    (await retagged(net, people)).map((video) => trackVideo(video, BY_TAG));
  const [shipped, now] = [await byTag(shippedNet), await byTag(net)];
  const evaluations = [
    { label: "shipped tags", figures: figuresOf(shipped) },
    { label: "tags trained now", figures: figuresOf(now) },
    { label: "places alone", figures: figuresOf(byPlace) },
  ];
  printFigures(evaluations);
  await writeFileAtomic(
    `${out}/metrics.json`,
    JSON.stringify(
      {
        tracking: Object.fromEntries(
          evaluations.map(({ label, figures }) => [label, numbersOf(figures)]),
        ),
        ...training,
        adapter,
        seed,
        batchSize,
        evaluationVideos: measuredOn,
      },
      null,
      2,
    ) + "\n",
  );
  const shown = mostConfused(shipped, byPlace);
  await writeFileAtomic(
    `${out}/report.html`,
    trackingReportHtml({
      title: "People followed by tags that last",
      setup: [
        ["adapter", adapter],
        [
          "people",
          `found by ${poses.preset}, ${imageSize} x ${imageSize} pixels, each frame by itself`,
        ],
        [
          "training of tags",
          `${training.steps} steps of ${batchSize} images in ${
            Math.round(training.seconds)
          } s, from nothing`,
        ],
        ["evaluated on", measuredOn],
      ],
      evaluations,
      curves,
      videos: shown.map((i) => videoReport(shipped[i], byPlace[i])),
    }),
  );
  // The videos of the report once more, each as a file that any browser plays.
  for (const i of shown) {
    const name = shipped[i].video.name.replaceAll(/\W+/g, "_");
    await writeFileAtomic(`${out}/${name}.svg`, `${animationOf(shipped[i])}\n`);
  }
  console.log(`\nreport       ${out}/report.html`);
}

/** The people that a network finds in videos. */
async function found(loaded: LoadedModel, videos: readonly Video[]): Promise<VideoPeople[]> {
  const progress = progressOnStderr({ label: "find people", total: videos.length, unit: "videos" });
  const people: VideoPeople[] = [];
  for await (const video of lookAt(loaded, videos)) {
    people.push(video);
    progress.update(people.length);
  }
  progress.finish();
  return people;
}

function printFigures(
  evaluations: readonly { readonly label: string; readonly figures: TrackingFigures }[],
): void {
  const row = (name: string, cells: readonly string[]) =>
    console.log(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(20)).join("")}`);
  console.log();
  row("", evaluations.map(({ label }) => label));
  for (const name of ["IDF1", "MOTA", "HOTA"] as const) {
    row(name, evaluations.map(({ figures }) => figures[name].toFixed(3)));
  }
  for (const name of ["identitySwitches", "misses", "falsePositives"] as const) {
    row(
      name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      evaluations.map(({ figures }) => `${figures[name]}`),
    );
  }
}

/** The figures without HOTA's at each threshold. */
function numbersOf(figures: TrackingFigures): Record<string, number> {
  const entries: [string, unknown][] = Object.entries(figures);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

/** Which videos places alone confuse most, against tags. */
function mostConfused(byTag: readonly TrackedVideo[], byPlace: readonly TrackedVideo[]): number[] {
  const gain = byTag.map((video, i) =>
    figuresOf([byPlace[i]]).identitySwitches - figuresOf([video]).identitySwitches
  );
  return gain.map((_, i) => i).sort((a, b) => gain[b] - gain[a]).slice(0, SHOWN);
}

/** A video's frames with their tracks, to be drawn. */
function picturesOf({ video, tracks }: TrackedVideo): TrackPicture[] {
  return tracks.map((track, t) => ({ ...track, image: video.frames[t].image }));
}

function videoReport(byTag: TrackedVideo, byPlace: TrackedVideo): TrackingReportVideo {
  const [tags, places] = [byTag, byPlace].map((video) => {
    const colors = identityColors(
      video.tracks.flatMap(({ things }) => things.map(({ identity }) => identity)),
    );
    const matched = matchTracks(video.compared);
    return {
      switches: figuresOf([video]).identitySwitches,
      timeline: drawTimeline(matched, { colors, width: 900 }),
      colors,
    };
  });
  const pictures = picturesOf(byTag);
  return {
    name: byTag.video.name,
    caption: `identity switches: ${tags.switches} by tags, ${places.switches} by place`,
    drawings: [
      {
        caption: "by tags",
        drawing: drawFilmstrip(pictures, {
          colors: tags.colors,
          count: STRIP,
          columns: STRIP / 2,
          width: 180,
        }),
      },
      { caption: "by tags: who was found when, and as whom", drawing: tags.timeline },
      { caption: "by place", drawing: places.timeline },
      { caption: "by tags, all frames", drawing: animationOf(byTag) },
    ],
  };
}

function animationOf(video: TrackedVideo): Svg {
  return drawAnimation(drawTracks(picturesOf(video), { width: 320 }), { framesPerSecond: 8 });
}
