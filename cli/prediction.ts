/**
 * From samples to people: the network, in batches, and the decoder.
 *
 * |                      | pose-ae-train, test.py | here                                                          |
 * | -------------------- | ---------------------- | ------------------------------------------------------------- |
 * | the mirrored picture | always                 | `flip`; on the 64-pixel scenes it lowers AP by 0.01 to 0.03   |
 * | sizes of the picture | one or three           | one; combineScales() of the library takes any number          |
 *
 * @module
 */
import {
  applyAffine,
  combineFlipped,
  compile,
  cropTransform,
  type DecodedPerson,
  type DecodeOptions,
  decodePoses,
  type HeatmapFrame,
  type HostArray,
  hostArray,
  invertAffine,
  MPII,
  read,
  type Tensor,
} from "../mod.ts";
import { makeBatch, type Sample, wholePicture } from "../data/mod.ts";
import { sameKeypoints } from "./datasets.ts";
import type { Option } from "./options.ts";
import type { Decoding, LoadedModel } from "./weights.ts";

/** Maps of one image. */
export interface Maps {
  /** `[K, h, w]`. */
  readonly heatmaps: HostArray;
  /** `[D, K, h, w]`. */
  readonly tags: HostArray;
}

/** A sample, its maps and the people decoded from them, in image pixels. */
export interface Prediction extends Maps {
  readonly sample: Sample;
  readonly people: readonly DecodedPerson[];
}

/** How many images go through the network at once. */
const BATCH = 8;

/** The option `--flip`. */
export const FLIP: Option = {
  type: "flag",
  help: "look at the mirrored picture too, as the authors' test does: twice the time",
};

/** How to predict. */
export interface PredictOptions {
  /**
   * Whether the network also looks at the mirrored picture, as the authors' test.py always does: heatmaps are averaged,
   * tags of both looks put together to vectors of twice the dimensions. @default {false}
   */
  readonly flip?: boolean;
}

/**
 * The people that a network finds in samples, one after the other. No more than a batch of pictures is held at a
 * time.
 */
export async function* predict(
  { model, imageSize, decoding, skeleton }: Omit<LoadedModel, "preset">,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  { flip = false }: PredictOptions = {},
): AsyncGenerator<Prediction, void, undefined> {
  using step = compile(
    ({ images }: { images: Tensor }) => {
      const { heatmaps, tags } = model.forward(images).at(-1)!;
      return { heatmaps, tags };
    },
    { name: "prediction" },
  );
  const settings = { inputSize: imageSize, stride: model.stride, slots: 1, skeleton };
  const howToDecode = {
    ...decoding,
    groupingOrder: skeleton.groupingOrder,
    // MPII ranks keypoints by their own scores, where a flat 1 for what was filled in would come first.
    filledScore: sameKeypoints(skeleton, MPII) ? "heatmap" as const : "one" as const,
  };
  for await (const part of inParts(samples, BATCH)) {
    // The last batch is filled up with its first sample, so that one traced version serves all.
    const filled = Array.from({ length: BATCH }, (_, i) => part[i] ?? part[0]);
    const { images } = makeBatch(filled, settings);
    const plain = await read(await step({ images }));
    const mirrored = flip ? await read(await step({ images: mirrorImages(images) })) : undefined;
    for (const [n, sample] of part.entries()) {
      const maps = mirrored
        ? combineFlipped(imageOf(plain, n), imageOf(mirrored, n), skeleton.flip)
        : imageOf(plain, n);
      yield decode(sample, maps, imageSize, model.stride, howToDecode);
    }
  }
}

async function* inParts<T>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  let part: T[] = [];
  for await (const item of items) {
    part.push(item);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** The maps of image n of a batch. */
function imageOf({ heatmaps, tags }: Maps, n: number): Maps {
  const part = ({ shape, data }: HostArray) => {
    const size = data.length / shape[0];
    return hostArray(shape.slice(1), data.slice(n * size, (n + 1) * size));
  };
  return { heatmaps: part(heatmaps), tags: part(tags) };
}

/** Every row backwards. */
function mirrorImages({ shape, data }: HostArray): HostArray {
  const width = shape.at(-1)!;
  const mirrored = data.slice();
  for (let row = 0; row < data.length; row += width) mirrored.subarray(row, row + width).reverse();
  return hostArray(shape, mirrored);
}

/** How heatmap pixels of a sample lie in its picture. */
function frameOf(sample: Sample, imageSize: number, stride: number): Required<HeatmapFrame> {
  const [a, b, c, d, e, f] = invertAffine(
    cropTransform(wholePicture(sample.image).crop, imageSize),
  );
  return { stride, inverse: [[a, b, c], [d, e, f]] };
}

/**
 * Heatmaps that are 0 outside the picture. A picture that is not square leaves a margin, which the loss does not look
 * at: a network may say anything there.
 */
function withinPicture(
  { heatmaps, tags }: Maps,
  { width, height }: Sample["image"],
  { stride, inverse: [rowX, rowY] }: Required<HeatmapFrame>,
): Maps {
  const [K, h, w] = heatmaps.shape;
  const inside = Uint8Array.from({ length: h * w }, (_, i) => {
    const centre = { x: (i % w + 0.5) * stride, y: (Math.floor(i / w) + 0.5) * stride };
    const { x, y } = applyAffine([...rowX, ...rowY], centre);
    return x >= 0 && y >= 0 && x <= width && y <= height ? 1 : 0;
  });
  if (!inside.includes(0)) return { heatmaps, tags };
  return {
    heatmaps: hostArray([K, h, w], heatmaps.data.map((value, i) => inside[i % (h * w)] * value)),
    tags,
  };
}

/** Decode maps into people in image pixels; `decoding` is the authors' where it does not say. */
export function decode(
  sample: Sample,
  maps: Maps,
  imageSize: number,
  stride: number,
  decoding: Partial<Decoding> & Pick<DecodeOptions, "groupingOrder" | "filledScore"> = {},
): Prediction {
  const frame = frameOf(sample, imageSize, stride);
  const { heatmaps, tags } = withinPicture(maps, sample.image, frame);
  const people = decodePoses(heatmaps, tags, { frame, ...decoding });
  return { sample, people, heatmaps, tags };
}
