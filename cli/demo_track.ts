/**
 * Tracking in one command: give the tags of the pose network that comes with the library some minutes to learn to
 * last, follow people through unseen films with them and with the tracking weights that come with the library, beside a
 * tracker that knows places only, and write a report to look at.
 *
 * @module
 */
import {
  adapterInfo,
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
import type { Command, Values } from "./options.ts";
import { prepareFolder, progressOnStderr, trainingProgress } from "./output.ts";
import { recipeOf } from "./recipe.ts";
import { acrossFilms, filmClips } from "./sources.ts";
import {
  BY_PLACE,
  BY_TAG,
  EVALUATION_FILM_SEED,
  evaluationFilms,
  figuresOf,
  type Film,
  type FilmPeople,
  FILMS_NAME,
  lookAt,
  type TrackedFilm,
  trackFilm,
} from "./tracking.ts";
import { train } from "./training.ts";
import {
  learnedNumbers,
  type LoadedModel,
  loadModel,
  saveModel,
  shippedWeights,
} from "./weights.ts";

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
    batch: { type: "whole", least: 1, default: 4, help: "images in a step, two of each film" },
    rate: { type: "number", above: true, default: 4e-3, help: "highest learning rate" },
    seed: { type: "whole", default: 1, help: "seed of the training films" },
    out: { type: "text", default: "out/demo_track", help: "folder for report.html and the rest" },
  },
  notes:
    "Training begins with the pose weights that come with the library: they find people, but give them other tags in\n" +
    "every frame.",
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
  const comparing = acrossFilms(batchSize);
  const [poseFile, trackFile] = [await shippedWeights("demo"), await shippedWeights("track")];
  if (poseFile === undefined || trackFile === undefined) {
    throw new InputError(
      "the weights that come with the library are missing: see weights/README.md",
    );
  }
  const network = await loadModel(poseFile);
  await prepareFolder(out);
  const adapter = (await adapterInfo()).name;
  const { model, imageSize, preset } = network;
  console.log(`adapter      ${adapter}`);
  console.log(`network      ${preset}: ${learnedNumbers(network).toLocaleString("en")} parameters`);
  console.log(`measured on  ${FILMS_NAME}`);

  const stream = batchesAhead(filmClips(seed, imageSize), {
    batchSize,
    ...comparing,
    inputSize: imageSize,
    stride: model.stride,
    seed,
  });
  const recipe = recipeOf("small", { rate: values.number("rate"), learnt: true });
  const progress = trainingProgress(batchSize, limits);
  const result = await train(model, stream, recipe, { ...limits, progress });
  await saveModel(`${out}/weights.safetensors`, network, { seed: String(seed) });

  const films = evaluationFilms(imageSize);
  const now = follow(await found("trained now", network, films));
  const shipped = follow(await found("shipped weights", await loadModel(trackFile), films));
  const evaluations = [
    { label: "shipped, by tags", figures: figuresOf(shipped.byTag) },
    { label: "shipped, by place", figures: figuresOf(shipped.byPlace) },
    { label: "trained now, by tags", figures: figuresOf(now.byTag) },
    { label: "trained now, by place", figures: figuresOf(now.byPlace) },
  ];
  printFigures(evaluations);
  const { curves, ...training } = result;
  await writeFileAtomic(
    `${out}/metrics.json`,
    JSON.stringify(
      {
        tracking: Object.fromEntries(evaluations.map(({ label, figures }) => [label, figures])),
        training,
        adapter,
        seed,
        preset,
        batchSize,
        evaluationFilms: FILMS_NAME,
      },
      null,
      2,
    ) + "\n",
  );
  await writeFileAtomic(
    `${out}/report.html`,
    trackingReportHtml({
      title: "People followed by tags that last",
      setup: [
        ["adapter", adapter],
        ["network", `${preset}, ${imageSize} x ${imageSize} pixels, each frame by itself`],
        [
          "training",
          `${result.steps} steps of ${batchSize} images in ${
            Math.round(result.seconds)
          } s, from the pose weights`,
        ],
        ["evaluated on", FILMS_NAME],
      ],
      evaluations,
      curves,
      films: mostConfused(shipped).map((i) => filmReport(shipped.byTag[i], shipped.byPlace[i])),
    }),
  );
  await writeAnimations(out, shipped);
  console.log(`\nreport       ${out}/report.html`);
}

/** The people that a network finds in films. */
async function found(
  label: string,
  loaded: LoadedModel,
  films: readonly Film[],
): Promise<FilmPeople[]> {
  const progress = progressOnStderr({ label, total: films.length, unit: "films" });
  const people: FilmPeople[] = [];
  for await (const film of lookAt(loaded, films)) {
    people.push(film);
    progress.update(people.length);
  }
  progress.finish();
  return people;
}

/** The same people followed in both ways. */
interface Followed {
  readonly byTag: readonly TrackedFilm[];
  readonly byPlace: readonly TrackedFilm[];
}

function follow(people: readonly FilmPeople[]): Followed {
  return {
    byTag: people.map((film) => trackFilm(film, BY_TAG)),
    byPlace: people.map((film) => trackFilm(film, BY_PLACE)),
  };
}

function printFigures(
  evaluations: readonly { readonly label: string; readonly figures: TrackingFigures }[],
): void {
  const row = (name: string, cells: readonly string[]) =>
    console.log(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(24)).join("")}`);
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

/** Places of the films that places alone confuse most, against tags. */
function mostConfused({ byTag, byPlace }: Followed): number[] {
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

/** The films of the report once more, each as a file that any browser plays. */
async function writeAnimations(out: string, shipped: Followed): Promise<void> {
  for (const i of mostConfused(shipped)) {
    const film = shipped.byTag[i];
    const name = film.film.name.replaceAll(/\W+/g, "_");
    await writeFileAtomic(`${out}/${name}.svg`, `${animationOf(film)}\n`);
  }
}
