/**
 * `track`: who is who in the frames of a video.
 *
 *     frame ─ pose network ─► people ─ appearance network ─► the same with tags that last ─ trackPeople ─► identities
 *
 * Frames are read one after the other; of each stay its people and, where it is to be seen in the pictures, a small copy.
 *
 * @module
 */
import {
  type AppearanceNet,
  boxAround,
  type DecodedPerson,
  drawAnimation,
  drawFilmstrip,
  drawTracks,
  InputError,
  POSETRACK,
  readImage,
  resizeImage,
  type RgbImage,
  type Skeleton,
  type TrackedBox,
  type TrackedPerson,
  type TrackFrame,
  trackPeople,
  type TrackPeopleOptions,
  type TrackPicture,
  writeFileAtomic,
  writeMotResults,
  writePoseTrackResults,
} from "../mod.ts";
import type { Sample } from "../data/mod.ts";
import { loadAppearance, placedBy, Retagger } from "./appearance.ts";
import { type Command, under, type Values } from "./options.ts";
import { prepareFolder, progressOnStderr } from "./output.ts";
import { framesNamed } from "./pictures.ts";
import { findPeople, LOOKING, lookingOf, type PredictOptions } from "./prediction.ts";
import { say, warn } from "./say.ts";
import { BY_PLACE, BY_TAG } from "./tracking.ts";
import { type LoadedNetwork, loadGivenOrShipped, NETWORK, shippedWeights } from "./weights.ts";

/** Most frames of the animation: of a longer video every second, third, … is shown, so that a browser can open it. */
const MOST_SHOWN = 150;
/** Longer side of the frames in the pictures, in pixels of theirs. */
const SHOWN_SIDE = 320;
/** Frames of the filmstrip, and how many in a row. */
const STRIP = 10, COLUMNS = 5;

/** What may say who is who. */
const WAYS = ["tag", "place"] as const;

/** `track`. */
export const trackCommand: Command = {
  summary: "Follow people through the frames of a video.",
  operands: "FRAME… | FOLDER | -",
  options: {
    ...NETWORK,
    ...under("Network", {
      tags: {
        type: "file",
        help: "weight file of the tags that last, as demo:track writes it",
        otherwise: "the one that comes with the library",
      },
    }),
    ...LOOKING,
    ...under("Who is who", {
      by: {
        type: "text",
        choices: WAYS,
        default: "tag",
        help: "what says who is who (by tag, place decides between like tags)",
      },
      "identity-distance": {
        type: "number",
        above: true,
        help: "by tag: somebody is known again only by tags nearer than this",
        otherwise: "1",
      },
      "max-gap": {
        type: "whole",
        default: BY_TAG.maxGap!,
        help: "frames after which somebody who is not seen is given up",
      },
      "least-score": {
        type: "number",
        default: BY_TAG.leastScore!,
        help: "people found with a lower score are nobody",
      },
      "birth-score": {
        type: "number",
        help: "who fits nobody is somebody new only from this score on",
        otherwise: "any",
      },
    }),
    ...under("Output", {
      fps: { type: "number", above: true, default: 10, help: "frames a second of the animation" },
      "no-pictures": { type: "flag", help: "write tracks.txt and tracks.json alone" },
      out: {
        type: "folder",
        default: "out/track",
        help: "where the tracks, a filmstrip and an animation go",
      },
    }),
  },
  notes: [
    "FRAME… are followed in the order given, the pictures of a FOLDER in the order of their " +
    "names, numbers as numbers; - stands for the paths that standard input lists, one a line. " +
    "What is under How to look says how people are found, as in predict.",
    "tracks.txt has MOTChallenge's form, boxes around the keypoints; tracks.json PoseTrack's, " +
    "frames numbered from 1; evaluate-tracks measures both.",
  ],
  examples: [
    ["a folder of pictures", "frames --weights out/train/weights.safetensors"],
    ["with tags of your own", "frames --tags out/demo-track/weights.safetensors"],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const options = trackingOf(values);
  const paths = await framesNamed(values.operands);
  const loaded = await loadGivenOrShipped(values);
  const looking = lookingOf(values, loaded);
  const net = options.by === "tag" ? await appearanceOf(values, loaded) : undefined;
  const every = values.flag("no-pictures") ? Infinity : Math.ceil(paths.length / MOST_SHOWN);
  const video = new Frames(paths, every);
  await prepareFolder(out);
  const people = await peopleOf(video, loaded, { net, looking });
  const { skeleton } = loaded;
  const framesPerSecond = values.number("fps")! / every;
  const tracks = trackPeople(people, { ...options, sigmas: skeleton.sigmas });

  console.log(summaryOf(tracks));
  const names = [
    ...await writeTracks(out, tracks, { skeleton, paths }),
    ...await writePictures(out, video.picturesOf(tracks), { skeleton, framesPerSecond }),
  ];
  for (const name of names) say(`${out}/${name}`);
}

/** The files of tracks; their names. */
async function writeTracks(
  out: string,
  tracks: readonly TrackFrame<TrackedPerson>[],
  { skeleton, paths }: { readonly skeleton: Skeleton; readonly paths: readonly string[] },
): Promise<string[]> {
  await writeMotResults(`${out}/tracks.txt`, tracks.map(asBoxes));
  const places = POSETRACK.keypoints.map((name) => skeleton.keypoints.indexOf(name));
  if (places.every((k) => k === -1)) {
    warn(`no tracks.json: "${skeleton.name}" has none of PoseTrack's keypoints`);
    return ["tracks.txt"];
  }
  await writePoseTrackResults(
    `${out}/tracks.json`,
    paths.map((fileName, f) => ({ frame: f + 1, fileName })),
    tracks.map((track) => asPoseTrack(track, places)),
  );
  return ["tracks.txt", "tracks.json"];
}

/** The filmstrip and the animation; their names, none if no frame is to be seen. */
async function writePictures(
  out: string,
  pictures: readonly TrackPicture[],
  { skeleton, framesPerSecond }: { readonly skeleton: Skeleton; readonly framesPerSecond: number },
): Promise<string[]> {
  if (pictures.length === 0) return [];
  const strip = { skeleton, count: STRIP, columns: COLUMNS, width: 180 };
  await writeFileAtomic(`${out}/filmstrip.svg`, `${drawFilmstrip(pictures, strip)}\n`);
  const drawn = drawTracks(pictures, { skeleton, width: SHOWN_SIDE });
  const animation = drawAnimation(drawn, { framesPerSecond });
  await writeFileAtomic(`${out}/animation.svg`, `${animation}\n`);
  return ["filmstrip.svg", "animation.svg"];
}

/**
 * How people become identities.
 *
 * @throws {InputError} If an option of tags is given where places alone decide.
 */
function trackingOf(values: Values): TrackPeopleOptions {
  const by = values.oneOf("by", WAYS);
  const idle = ["tags", "identity-distance"].find((name) => values.isGiven(name));
  if (by === "place" && idle) throw new InputError(`--${idle} needs --by tag`);
  const [distance, birthScore] = [values.number("identity-distance"), values.number("birth-score")];
  return {
    ...(by === "tag" ? BY_TAG : BY_PLACE),
    maxGap: values.number("max-gap"),
    leastScore: values.number("least-score"),
    ...(distance === undefined ? {} : { maxTagDistance: distance }),
    ...(birthScore === undefined ? {} : { birthScore }),
  };
}

/**
 * The network of tags that last.
 *
 * @throws {InputError} If it cannot be read, or is for other keypoints than the pose network finds.
 */
async function appearanceOf(values: Values, { skeleton }: LoadedNetwork): Promise<AppearanceNet> {
  const path = values.text("tags") ?? await shippedWeights("track");
  if (path === undefined) {
    throw new InputError("no tags come with this version: name some with --tags");
  }
  const net = await loadAppearance(path);
  const [K, known] = [skeleton.keypoints.length, net.options.keypoints];
  if (K === known) return net;
  throw new InputError(
    `${path}: has tags of ${known} keypoints, the pose network finds ${K}` +
      "\n  help: --by place needs no tags",
  );
}

/** The frames of a video, read when it is their turn. */
class Frames {
  readonly paths: readonly string[];
  /** Small copies of the frames that are to be seen, by number from 0. */
  readonly shown = new Map<number, RgbImage>();
  readonly #every: number;
  #size: Pick<RgbImage, "width" | "height"> | undefined;

  /** Every so many frames one is to be seen, from the first on; none if that is infinite. */
  constructor(paths: readonly string[], every: number) {
    this.paths = paths;
    this.#every = every;
  }

  /** @throws {InputError} If one cannot be read, or has another size than the first. */
  async *samples(): AsyncGenerator<Sample, void, undefined> {
    for (const [f, fileName] of this.paths.entries()) {
      const image = await readImage(fileName);
      const { width, height } = this.#size ??= image;
      if (image.width !== width || image.height !== height) {
        throw new InputError(
          `${fileName}: the frame is ${image.width} x ${image.height}, ` +
            `the video's first is ${width} x ${height}`,
        );
      }
      if (this.#every < Infinity && f % this.#every === 0) this.shown.set(f, shrunk(image));
      yield { id: f + 1, fileName, image, people: [] };
    }
  }

  /** The tracks of the frames that are to be seen, in pixels of the small copies. */
  picturesOf(tracks: readonly TrackFrame<TrackedPerson>[]): TrackPicture[] {
    const { width, height } = this.#size!;
    return [...this.shown].map(([f, image]) => {
      const small = ({ x, y }: { readonly x: number; readonly y: number }) => ({
        x: (x + 0.5) * image.width / width - 0.5,
        y: (y + 0.5) * image.height / height - 0.5,
      });
      const { frame, things } = tracks[f];
      return { frame, image, things: things.map((person) => placedBy(person, small)) };
    });
  }
}

function shrunk(image: RgbImage): RgbImage {
  const { width, height } = image;
  const scale = Math.min(1, SHOWN_SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(scale * length));
  return resizeImage(image, side(width), side(height));
}

/** The people of each frame, with tags that last if there is a network for them. */
async function peopleOf(
  video: Frames,
  loaded: LoadedNetwork,
  { net, looking }: {
    readonly net: AppearanceNet | undefined;
    readonly looking: PredictOptions;
  },
): Promise<readonly (readonly DecodedPerson[])[]> {
  const { length: total } = video.paths;
  const progress = progressOnStderr({ label: "find people", total, unit: "frames" });
  using retagger = net && new Retagger(net, { side: loaded.imageSize });
  const people: (readonly DecodedPerson[])[] = [];
  for await (const { sample, people: found } of findPeople(loaded, video.samples(), looking)) {
    people.push(retagger ? await retagger.retag(sample.image, found) : found);
    progress.update(people.length);
  }
  progress.finish();
  return people;
}

/** People as boxes around their keypoints. */
function asBoxes({ frame, things }: TrackFrame<TrackedPerson>): TrackFrame<TrackedBox> {
  const boxes = things.map(({ identity, keypoints, score }) => ({
    identity,
    box: boxAround(keypoints.filter((at) => at !== null))!, // nobody is tracked without any
    score,
  }));
  return { frame, things: boxes };
}

/** People with PoseTrack's keypoints, each at a place of their own, -1 for none; who has none of them is left out. */
function asPoseTrack(
  { frame, things }: TrackFrame<TrackedPerson>,
  places: readonly number[],
): TrackFrame<TrackedPerson> {
  const people = things.map(({ keypoints, ...person }) => ({
    ...person,
    keypoints: places.map((k) => keypoints[k] ?? null),
  }));
  return { frame, things: people.filter(({ keypoints }) => keypoints.some((at) => at !== null)) };
}

/** `40 frames: 4 identities, seen 103 times, the longest in 38 frames`. */
function summaryOf(tracks: readonly TrackFrame<TrackedPerson>[]): string {
  const seen = new Map<number, number>();
  for (const { identity } of tracks.flatMap(({ things }) => things)) {
    seen.set(identity, (seen.get(identity) ?? 0) + 1);
  }
  const times = [...seen.values()];
  const frames = counted(tracks.length, "frame");
  if (times.length === 0) return `${frames}: nobody was found`;
  const all = times.reduce((sum, n) => sum + n, 0);
  return `${frames}: ${counted(seen.size, "identity", "identities")}, ` +
    `seen ${counted(all, "time")}, the longest in ${counted(Math.max(...times), "frame")}`;
}

function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
