/**
 * Tracking in one command: train tags that last over time from nothing, follow people through unseen films with them
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
  type TrackingReportFilm,
  trackingReportHtml,
  type TrackPicture,
  writeFileAtomic,
} from "../mod.ts";
import { batchesAhead } from "../data/mod.ts";
import { loadAppearance, saveAppearance, trainAppearance } from "./appearance.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, progressOnStderr, trainingProgress } from "./output.ts";
import { clipBatches, filmClips } from "./sources.ts";
import {
  BY_PLACE,
  BY_TAG,
  EVALUATION_FILM_SEED,
  EVALUATION_FILMS,
  evaluationFilms,
  figuresOf,
  type Film,
  type FilmPeople,
  filmsName,
  lookAt,
  retagged,
  type TrackedFilm,
  trackFilm,
} from "./tracking.ts";
import { learnedNumbers, type LoadedModel, loadModel, shippedWeights } from "./weights.ts";

/** Films of the report: those in which places alone confuse most. */
const SHOWN = 4;
/** Frames of a strip. */
const STRIP = 10;

/** `demo-track`. */
export const demoTrackCommand: Command = {
  summary: "Follow people through films by their tags: train briefly, measure, write a report.",
  operands: "",
  options: {
    minutes: { type: "number", above: true, default: 4, help: "training time in minutes" },
    steps: { type: "whole", least: 1, help: "training steps instead of time" },
    batch: { type: "whole", least: 1, default: 16, help: "images in a step, two of each film" },
    rate: { type: "number", above: true, default: 5e-3, help: "highest learning rate" },
    seed: { type: "whole", default: 1, help: "seed of weights and training films" },
    films: {
      type: "whole",
      least: 1,
      default: EVALUATION_FILMS,
      help: "films to follow people through",
    },
    out: { type: "text", default: "out/demo_track", help: "folder for report.html and the rest" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const seed = values.number("seed")!;
  const batchSize = values.number("batch")!;
  const steps = values.number("steps");
  const limits = steps === undefined ? { minutes: values.number("minutes")! } : { steps };
  if (seed === EVALUATION_FILM_SEED) {
    throw new InputError(`--seed ${seed} is the seed of the evaluation films; take another`);
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
  const films = evaluationFilms(imageSize, { count: values.number("films")! });
  const measuredOn = filmsName(films.length);
  console.log(`adapter      ${adapter}`);
  console.log(`network      ${learnedNumbers({ model: net }).toLocaleString("en")} parameters`);
  console.log(`measured on  ${measuredOn}`);

  const stream = batchesAhead(filmClips(seed, imageSize), {
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

  const people = await found(poses, films);
  const byPlace = people.map((film) => trackFilm(film, BY_PLACE));
  const byTag = async (net: AppearanceNet) =>
    (await retagged(net, people)).map((film) => trackFilm(film, BY_TAG));
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
        tracking: Object.fromEntries(evaluations.map(({ label, figures }) => [label, figures])),
        ...training,
        adapter,
        seed,
        batchSize,
        evaluationFilms: measuredOn,
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
      films: shown.map((i) => filmReport(shipped[i], byPlace[i])),
    }),
  );
  // The films of the report once more, each as a file that any browser plays.
  for (const i of shown) {
    const name = shipped[i].film.name.replaceAll(/\W+/g, "_");
    await writeFileAtomic(`${out}/${name}.svg`, `${animationOf(shipped[i])}\n`);
  }
  console.log(`\nreport       ${out}/report.html`);
}

/** The people that a network finds in films. */
async function found(loaded: LoadedModel, films: readonly Film[]): Promise<FilmPeople[]> {
  const progress = progressOnStderr({ label: "find people", total: films.length, unit: "films" });
  const people: FilmPeople[] = [];
  for await (const film of lookAt(loaded, films)) {
    people.push(film);
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

/** Which films places alone confuse most, against tags. */
function mostConfused(byTag: readonly TrackedFilm[], byPlace: readonly TrackedFilm[]): number[] {
  const gain = byTag.map((film, i) =>
    figuresOf([byPlace[i]]).identitySwitches - figuresOf([film]).identitySwitches
  );
  return gain.map((_, i) => i).sort((a, b) => gain[b] - gain[a]).slice(0, SHOWN);
}

/** A film's frames with their tracks, to be drawn. */
function picturesOf({ film, tracks }: TrackedFilm): TrackPicture[] {
  return tracks.map((track, t) => ({ ...track, image: film.frames[t].image }));
}

function filmReport(byTag: TrackedFilm, byPlace: TrackedFilm): TrackingReportFilm {
  const [tags, places] = [byTag, byPlace].map((film) => {
    const colors = identityColors(
      film.tracks.flatMap(({ things }) => things.map(({ identity }) => identity)),
    );
    const matched = matchTracks(film.compared);
    return {
      switches: figuresOf([film]).identitySwitches,
      timeline: drawTimeline(matched, { colors, width: 900 }),
      colors,
    };
  });
  const pictures = picturesOf(byTag);
  return {
    name: byTag.film.name,
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

function animationOf(film: TrackedFilm): Svg {
  return drawAnimation(drawTracks(picturesOf(film), { width: 320 }), { framesPerSecond: 8 });
}
