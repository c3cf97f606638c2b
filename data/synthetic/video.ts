/**
 * Made-up videos of people who walk before a camera: 2 to 5 of them, who cross, hide each other, leave the
 * picture and come back, each in the same clothes from the first frame to the last, before a background that
 * stands still; and the whole truth about every frame. What the paper only names as a use of its tags, tracking,
 * can be learnt and measured on them.
 *
 *     (version, seed, index, frames)  ->  the same video, everywhere
 *
 * A frame is painted when it is asked for and depends on no other, so looking at two moments of a video costs two
 * frames. As in scenes (`scene.ts`), whose figures and surroundings these are, nothing depends on the number of
 * pixels.
 *
 * People stand at a depth of their own all the time, larger ones nearer to the camera. No two wear the same
 * clothes: who is who after both were hidden then shows in the picture.
 *
 * @module
 */
import type { HostArray } from "../../core/host_array.ts";
import type { RgbImage } from "../../image/rgb_image.ts";
import type { AnnotatedPerson } from "../../pose/person.ts";
import { Random } from "../random.ts";
import { checkedAddress } from "./address.ts";
import { bodyOf } from "./body.ts";
import { Canvas } from "./canvas.ts";
import { figureOf } from "./figure.ts";
import { feetOf, type Ground, heightRange } from "./ground.ts";
import { paintPicture, type Placed } from "./picture.ts";
import { settings } from "./setting.ts";
import { sampleWalk, type Walk, walkAt } from "./walk.ts";
import { type Outfit, sampleOutfit } from "./wardrobe.ts";

/** The video maker's version: it changes whenever any video's picture or truth changes. */
export const SYNTHETIC_VIDEO_VERSION = "1";

const MOST_FRAMES = 100_000;

/** Which video, and how large. */
export interface VideoOptions {
  /** The series, 0 to 2^53 - 1. */
  readonly seed: number;
  /** The video's place in the series, 0 to 2^53 - 1. */
  readonly index: number;
  /** How many frames, 1 to 100,000. People walk as if ten made a second. */
  readonly frames: number;
  /** Side length in pixels, or width and height: 16 to 4096 each. */
  readonly size: number | readonly [width: number, height: number];
  /** Fewest and most people, 0 to 30; all numbers between are equally likely. Default `[2, 5]`. */
  readonly people?: readonly [fewest: number, most: number];
}

/** A frame of a video and the truth about it. */
export interface VideoFrame {
  /** The picture. */
  readonly image: RgbImage;
  /** Those of whom at least one pixel shows, nearest first, as in a {@linkcode Scene}. */
  readonly people: readonly AnnotatedPerson[];
  /** Who each of `people` is: the same number in every frame, from 0. */
  readonly identities: readonly number[];
  /**
   * How much of each of `people` shows: the share of the keypoints that lie in the picture on a pixel of the
   * person's own, 0 to 1. Who turns a side to the camera does not count as hidden.
   */
  readonly shown: readonly number[];
  /** `[H, W]`: 0 nobody's pixel, p + 1 a pixel of `people[p]`. */
  readonly labels: HostArray<Int32Array<ArrayBuffer>>;
}

/** A video whose frames are painted when they are asked for. */
export interface Video {
  /** {@linkcode SYNTHETIC_VIDEO_VERSION} of the maker. */
  readonly version: string;
  /** The video's address. */
  readonly seed: number;
  /** The video's address. */
  readonly index: number;
  /** How many frames it has. */
  readonly length: number;
  /** How many people walk about; identities are below. */
  readonly people: number;
  /**
   * Frame `t`, from 0.
   *
   * @throws {RangeError} If there is no such frame.
   */
  frame(t: number): VideoFrame;
}

/** Somebody of a video. */
interface Walker {
  readonly outfit: Outfit;
  /** Standing height in scene units. */
  readonly size: number;
  readonly walk: Walk;
}

/**
 * Make a video.
 *
 * @throws {RangeError} If seed, index or number of frames is no whole number of the range that the options say, a
 * side is not 16 to 4096 pixels, or the range of people is not within 0 to 30 and in order.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { syntheticVideo } from "ae/data";
 *
 * const video = syntheticVideo({ seed: 1, index: 0, frames: 30, size: 64, people: [3, 3] });
 * const { image, people, identities } = video.frame(12);
 * assert.equal(image.width, 64);
 * assert.equal(people.length, identities.length);
 * assert.ok(identities.every((identity) => identity < 3));
 * ```
 */
export function syntheticVideo(options: VideoOptions): Video {
  const { seed, index, frames } = options;
  const { width, height, fewest, most } = checkedAddress("syntheticVideo", {
    people: [2, 5],
    ...options,
  });
  if (!Number.isInteger(frames) || frames < 1 || frames > MOST_FRAMES) {
    throw new RangeError(
      `syntheticVideo: frames must be a whole number, 1 to ${MOST_FRAMES}, not ${frames}`,
    );
  }
  const random = new Random(seed).fork("video").fork(index);
  const count = fewest + random.fork("count").integer(most - fewest + 1);
  const unit = Math.min(width, height);
  const { walkers, ground, floor } = castOf(random, count, width / unit, height / unit);
  return {
    version: SYNTHETIC_VIDEO_VERSION,
    seed,
    index,
    length: frames,
    people: count,
    frame(t) {
      if (!Number.isInteger(t) || t < 0 || t >= frames) {
        throw new RangeError(`syntheticVideo: the video has ${frames} frames, so no frame ${t}`);
      }
      const placed = walkers.map((walker) => placeAt(walker, ground, t));
      const { image, shown, labels } = paintPicture(new Canvas(width, height), placed, {
        random,
        floor,
        setting: "stage",
        grain: random.fork("grain").fork(t),
      });
      return {
        image,
        people: shown.map(({ person }) => person),
        identities: shown.map(({ place }) => place),
        shown: shown.map(({ person }, p) => shareShown(person, labels, p + 1)),
        labels,
      };
    },
  };
}

/** Who walks about, nearest first, and on which ground. */
function castOf(random: Random, count: number, wide: number, high: number) {
  const layout = random.fork("layout");
  const [smallest, largest] = heightRange(count).map((height) => settings.stage.scale * height);
  const sizes = Array.from({ length: count }, () => layout.uniform(smallest, largest))
    .sort((a, b) => b - a);
  const tallest = sizes[0] ?? largest;
  const ground: Ground = {
    level: true,
    camera: layout.uniform(0.6, 1.15),
    nearest: Math.max(tallest + layout.uniform(0, 0.06), high * layout.uniform(0.86, 1)),
    largest: tallest,
  };
  // The wall stands behind the farthest person.
  const floor = feetOf(ground, (sizes[count - 1] ?? tallest) * layout.uniform(0.4, 0.9));
  const walkers = sizes.map((size, p): Walker => {
    const own = random.fork(`person ${p}`);
    return {
      outfit: sampleOutfit(own.fork("clothes")),
      size,
      walk: sampleWalk(own.fork("walk"), wide),
    };
  });
  return { walkers, ground, floor };
}

function placeAt({ outfit, size, walk }: Walker, ground: Ground, t: number): Placed {
  const { x, stance } = walkAt(walk, t);
  const figure = figureOf(bodyOf(stance), outfit, size);
  const bottom = figure.bounds[3];
  return { figure, outfit, seated: false, size, at: [x, feetOf(ground, size) - bottom] };
}

function shareShown(
  { keypoints }: AnnotatedPerson,
  { shape: [, width], data }: VideoFrame["labels"],
  label: number,
): number {
  const own = keypoints.filter(({ x, y, visibility }) =>
    visibility > 0 && data[Math.round(y) * width + Math.round(x)] === label
  );
  return own.length / keypoints.length;
}
