/**
 * Clips of made-up videos as a source of samples: T frames of one video follow each other, some time apart, so that
 * a network learns to know people again.
 *
 * @module
 */
import type { Mask } from "../image/mask.ts";
import { Random } from "./random.ts";
import type { DescribedSource, Sample } from "./sample.ts";
import { syntheticVideo, type VideoFrame, type VideoOptions } from "./synthetic/video.ts";

/** Which clips: those of one series of videos, from the first on. */
export interface ClipSourceOptions extends Omit<VideoOptions, "index" | "frames"> {
  /** T, frames of a clip; 1 or more. @default {2} */
  readonly framesPerClip?: number;
  /** Least and most frames of the video from a frame of the clip to the next, all equally likely. Default `[1, 20]`. */
  readonly gap?: readonly [least: number, most: number];
}

/**
 * Somebody of whom less of the keypoints shows is not learnt from: a hand at the picture's border, a head behind
 * somebody's back. Nothing is asked of the heatmaps there either.
 */
export const LEAST_SHOWN = 0.3;

/**
 * The clips of one series of videos, without end: samples c T to c T + T - 1 are clip c, which is from video c.
 *
 * For batches of clips give `batches` the same `framesPerClip` and a `batchSize` that it divides.
 *
 * @param options Series, size and people of the videos.
 * @throws {RangeError} If `framesPerClip` is not a whole number of 1 or more, the gap is no range of such numbers,
 * or an option of the videos is wrong.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { batches, clipSource } from "ae/data";
 *
 * const clips = clipSource({ seed: 1, size: 64, framesPerClip: 2 });
 * const options = { batchSize: 4, framesPerClip: 2, inputSize: 64, stride: 2, slots: 5, steps: 1 };
 * for await (const batch of batches(clips, options)) {
 *   assert.deepEqual(batch.images.shape, [4, 3, 64, 64]);
 *   assert.deepEqual(batch.index.shape, [2, 5, 2 * 17]); // five people over two frames
 * }
 * ```
 */
export function clipSource(options: ClipSourceOptions): DescribedSource {
  const { framesPerClip: T = 2, gap: [least, most] = [1, 20], ...videos } = options;
  if (!Number.isInteger(T) || T < 1) {
    throw new RangeError(`clipSource: framesPerClip must be a whole number, 1 or more, not ${T}`);
  }
  if (!Number.isInteger(least) || !Number.isInteger(most) || least < 1 || most < least) {
    throw new RangeError(
      `clipSource: gap must be [least, most], whole numbers of 1 or more and in order, not [${least}, ${most}]`,
    );
  }
  const chance = new Random(videos.seed).fork("clips");
  const sample = (i: number): Sample => {
    const index = Math.floor(i / T);
    const random = chance.fork(index);
    const moments = [0];
    while (moments.length < T) {
      moments.push(moments.at(-1)! + least + random.integer(most - least + 1));
    }
    const video = syntheticVideo({ ...videos, index, frames: moments.at(-1)! + 1 });
    const moment = moments[i % T];
    return frameSample(video.frame(moment), {
      id: i,
      video: `video ${videos.seed}/${index}`,
      moment,
      leastShown: LEAST_SHOWN,
    });
  };
  sample(0); // wrong options are noticed here, not in the middle of a run
  return { length: Infinity, sample, description: { kind: "clips", settings: options } };
}

/** What is not in a frame itself. */
export interface FrameSampleOptions {
  /** The sample's. */
  readonly id: number;
  /** The video's name. */
  readonly video: string;
  /** Which frame of the video it is. */
  readonly moment: number;
  /** People of whom less shows become part of what is ignored, see {@linkcode VideoFrame}. @default {0} */
  readonly leastShown?: number;
}

/**
 * A frame of a video as a sample: those of whom enough shows, and the pixels of all others ignored.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { frameSample, syntheticVideo } from "ae/data";
 *
 * const frame = syntheticVideo({ seed: 1, index: 0, frames: 5, size: 64 }).frame(4);
 * const sample = frameSample(frame, { id: 4, video: "video 1/0", moment: 4 });
 * assert.deepEqual(sample.people, frame.people);
 * assert.deepEqual(sample.video?.identities, frame.identities);
 * ```
 */
export function frameSample(frame: VideoFrame, options: FrameSampleOptions): Sample {
  const { id, video, moment, leastShown = 0 } = options;
  const { image, people, identities, shown, labels } = frame;
  const isPlain = (p: number) => shown[p] >= leastShown;
  const ignore: Mask = {
    width: image.width,
    height: image.height,
    data: Uint8Array.from(labels.data, (label) => label > 0 && !isPlain(label - 1) ? 1 : 0),
  };
  return {
    id,
    fileName: `${video}, frame ${moment}`,
    image,
    people: people.filter((_, p) => isPlain(p)),
    ignore,
    video: { name: video, identities: identities.filter((_, p) => isPlain(p)) },
  };
}
