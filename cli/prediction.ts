/**
 * From samples to people: the network, at one or several sizes and perhaps mirrored, in batches, and the decoder.
 *
 *     pictures ─ warp ─► inputs of every scale ─► network ─ combineLooks ─► maps ─ decodeOnDevice ─► people
 *                here  │ device                                              │                      here
 *                      └ the mirrored ones are made there                    └ read back only where asked for
 *
 * |                      | pose-ae-train, test.py | here                                                       |
 * | -------------------- | ---------------------- | ---------------------------------------------------------- |
 * | the mirrored picture | always                 | `flip`                                                     |
 * | sizes of the picture | one or three           | a rule or any list, see scales.ts                          |
 * | the margin of a picture that is not square | maps as they are | heatmaps 0, tags nobody's: no keypoint is there |
 *
 * @module
 */
import {
  add,
  applyAffine,
  COCO,
  combineLooks,
  combineScales,
  compile,
  type DecodedPerson,
  decodePoses,
  type DecoderName,
  DECODERS,
  type Flavour,
  type HeatmapFrame,
  type HostArray,
  hostArray,
  invertAffine,
  type MapTensors,
  mirrorImages,
  MPII,
  mul,
  peaksOf,
  read,
  reshape,
  type ScaleMaps,
  type Skeleton,
  type Step,
  sub,
  type Tensor,
  warpToPlanes,
} from "../mod.ts";
import type { Sample } from "../data/mod.ts";
import { sameKeypoints } from "./datasets.ts";
import { decodeOnDevice } from "./decode_on_device.ts";
import { type Options, under, type Values } from "./options.ts";
import {
  fitting,
  inputSizes,
  type ScaleRule,
  scaleRule,
  SCALES,
  SINGLE_SCALE,
  type Size,
} from "./scales.ts";
import {
  AUTHORS_DECODING,
  type Decoding,
  type LoadedNetwork,
  THRESHOLD_BOUNDS,
} from "./weights.ts";

/** Maps of one image. */
export interface Maps {
  /** `[K, h, w]`. */
  readonly heatmaps: HostArray;
  /** `[D, K, h, w]`. */
  readonly tags: HostArray;
}

/** A sample and the people found in it, in image pixels. */
export interface FoundPeople {
  readonly sample: Sample;
  readonly people: readonly DecodedPerson[];
}

/** The same with the maps that they were decoded from; outside the picture heatmaps are 0, tags {@linkcode NOBODYS_TAG}. */
export interface Prediction extends FoundPeople, Maps {
  /** How the maps lie in the picture. */
  readonly frame: Required<HeatmapFrame>;
}

/**
 * The tag of pixels outside the picture: so far from everybody's that no keypoint is looked for there, whatever is filled
 * in from where, and small enough for its square to be an f32.
 */
const NOBODYS_TAG = 1e9;

/** Most images that go through the network at once, and about how many of their pixels. */
const BATCH = 8, BATCH_PIXELS = 8 * 256 * 256;

/** How to predict. */
export interface PredictOptions {
  /**
   * Whether the network also looks at the mirrored picture, as the authors' test.py always does: heatmaps are averaged,
   * tags of both looks put together to vectors of twice the dimensions. @default {false}
   */
  readonly flip?: boolean;
  /** At which sizes it looks. @default {SINGLE_SCALE} */
  readonly scales?: ScaleRule;
  /** Height that peaks must exceed, whatever weights and flavour say. */
  readonly threshold?: number;
  /** Tag distance below which keypoints join a person, whatever weights and flavour say. */
  readonly maxTagDistance?: number;
  /**
   * How maps become people; what the weights say about that (threshold, tag distance) goes before.
   * @default {the network's, see `LoadedNetwork`}
   */
  readonly flavour?: Flavour;
}

const DECODER_NAMES = Object.keys(DECODERS) as DecoderName[];

/** The options `--decoder`, `--threshold`, `--tag-distance`, `--scales` and `--flip`. */
export const LOOKING: Options = under("How to look", {
  decoder: {
    type: "text",
    choices: DECODER_NAMES,
    help: "whose rules turn maps into people",
    otherwise: "higher-hrnet for HigherHRNet and EfficientHRNet, else default",
  },
  threshold: {
    type: "number",
    ...THRESHOLD_BOUNDS,
    help: "height that peaks must exceed",
    otherwise: "the weight file's for one scale or several, else the decoder's",
  },
  "tag-distance": {
    type: "number",
    above: true,
    help: "a keypoint joins a person only if their tags are nearer than this",
    otherwise: "the weight file's, else the decoder's",
  },
  scales: SCALES,
  flip: {
    type: "flag",
    help: "look at the mirrored picture too, as the authors' test does: twice the time",
  },
});

/**
 * What these options say.
 *
 * @param loaded The network, whose decoder it is where the options name none.
 * @throws {InputError} If the scales are no rule or list.
 */
export function lookingOf(
  values: Values,
  { decoder = "default" }: Pick<LoadedNetwork, "decoder"> = {},
): PredictOptions & Required<Pick<PredictOptions, "flip" | "scales" | "flavour">> {
  return {
    flip: values.flag("flip"),
    scales: scaleRule(values.text("scales")),
    threshold: values.number("threshold"),
    maxTagDistance: values.number("tag-distance"),
    flavour: DECODERS[values.oneOf("decoder", DECODER_NAMES) ?? decoder],
  };
}

type Predicted = Omit<LoadedNetwork, "preset">;

/**
 * All options of decoding: what was asked for goes before what the weights say, and that before the flavour. The weights'
 * threshold is the one for the scales looked at.
 */
export function decoderOf(
  { decoding: { scalesThreshold, ...decoding }, skeleton, decoder = "default" }: Pick<
    LoadedNetwork,
    "decoding" | "skeleton" | "decoder"
  >,
  { flavour = DECODERS[decoder], scales = SINGLE_SCALE, threshold, maxTagDistance }: PredictOptions,
): Flavour & Pick<Decoding, "threshold" | "maxTagDistance"> {
  const isAveraged = scales.scales.length > 1 && scalesThreshold !== undefined;
  return {
    ...AUTHORS_DECODING,
    ...flavour,
    ...decoding,
    ...(isAveraged ? { threshold: scalesThreshold } : {}),
    ...ofSkeleton(skeleton),
    ...(threshold === undefined ? {} : { threshold }),
    ...(maxTagDistance === undefined ? {} : { maxTagDistance }),
  };
}

/**
 * The people that a network finds in samples, one after the other. No more than a batch of pictures is held at a time,
 * and the maps stay on the device.
 *
 * @throws {RangeError} If the network gives no numbers: its training has diverged.
 */
export async function* findPeople(
  loaded: Predicted,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  options: PredictOptions = {},
): AsyncGenerator<FoundPeople, void, undefined> {
  yield* look(loaded, samples, options, false);
}

/** As {@linkcode findPeople}, with the maps read back. */
export async function* predict(
  loaded: Predicted,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction, void, undefined> {
  yield* look(loaded, samples, options, true) as AsyncGenerator<Prediction, void, undefined>;
}

async function* look(
  loaded: Predicted,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  options: PredictOptions,
  withMaps: boolean,
): AsyncGenerator<FoundPeople | Prediction, void, undefined> {
  const { model, imageSize, skeleton } = loaded;
  const { flip = false, scales = SINGLE_SCALE } = options;
  const decoder = decoderOf(loaded, options);
  const sizesOf = ({ image }: Sample) =>
    inputSizes(scales, image, { usual: imageSize, multiple: model.sizeMultiple });
  const how = { model, flip, scales, decoder, skeleton };
  using step = compile((inputs: Record<string, Tensor>) => combined(inputs, how), {
    name: "prediction",
  });
  using apart = compile(({ image }: { image: Tensor }) => looksAt(image, how), {
    name: "prediction of one scale",
  });
  for await (const part of inParts(samples, sizesOf)) {
    const sizes = sizesOf(part[0]);
    const grid = gridOf(scales, sizes, model.stride);
    // The last batch is filled up with its first sample, so that one traced version serves all.
    const filled = Array.from({ length: batchSize(sizes) }, (_, i) => part[i] ?? part[0]);
    const looks = await step({
      ...Object.fromEntries(sizes.map((size, s) => [`images${s}`, imagesOf(filled, scales, size)])),
      mask: masksOf(filled, scales, grid),
    });
    const { largest, finite } = await read({ largest: looks.largest, finite: looks.finite });
    const isSound = finite.data.every((one) => one === 1) &&
      (sizes.length === 1 || largest.data.every((value) => value <= DIVERGED_ABOVE));
    if (!isSound) {
      for (const sample of part) yield await withoutDiverged(sample, sizes, how, apart);
      continue;
    }
    const frames = part.map(({ image }) => frameOf(scales, image, grid));
    const people = await decodeOnDevice(looks, looks.peaks, { frames, decoder });
    const maps = withMaps ? await read({ heatmaps: looks.heatmaps, tags: looks.tags }) : undefined;
    for (const [n, sample] of part.entries()) {
      const found = { sample, people: people[n] };
      yield maps ? { ...found, ...imageOf(maps, n), frame: frames[n] } : found;
    }
  }
}

/** A scale with a mean heatmap value above this has diverged, as in combineScales(). */
const DIVERGED_ABOVE = 5;

/** What the looks of a prediction have in common. */
interface How {
  readonly model: Predicted["model"];
  readonly flip: boolean;
  readonly scales: ScaleRule;
  readonly decoder: Flavour;
  readonly skeleton: Skeleton;
}

/** What one input size gives: the plain look and, if asked, the mirrored one. */
function looksAt(
  images: Tensor,
  { model, flip, decoder: { mirror = "heatmap pixels" } }: How,
): { readonly plain: MapTensors; readonly mirrored?: MapTensors } {
  return {
    plain: model.mapsOf(images),
    ...(flip ? { mirrored: model.mapsOf(mirrorImages(images, mirror)) } : {}),
  };
}

/** The whole step: every look, their combination within the picture, its peaks. */
function combined({ mask, ...images }: Record<string, Tensor>, how: How) {
  const { scales: { scales, tagsWithin }, decoder } = how;
  const looks = scales.map((scale, s) => ({ scale, ...looksAt(images[`images${s}`], how) }));
  const size = mask.shape.slice(2) as [number, number];
  const maps = combineLooks(looks, {
    flip: how.skeleton.flip,
    size,
    tagsWithin,
    cutOffAt: decoder.cutOffAt,
  });
  const [N, , H, W] = mask.shape;
  const ofTags = reshape(mask, [N, 1, 1, H, W]);
  const within = {
    heatmaps: mul(maps.heatmaps, mask),
    tags: add(mul(maps.tags, ofTags), mul(sub(1, ofTags), NOBODYS_TAG)),
  };
  return { ...maps, ...within, peaks: peaksOf(within, decoder) };
}

/** One sample whose maps are no numbers at some scale: combined on arrays, which leaves such scales out. */
async function withoutDiverged(
  sample: Sample,
  sizes: readonly Size[],
  how: How,
  step: Step<{ image: Tensor }, ReturnType<typeof looksAt>>,
): Promise<Prediction> {
  const { scales: rule, decoder, model } = how;
  const entries: ScaleMaps[] = [];
  for (const [s, size] of sizes.entries()) {
    const { plain, mirrored } = await step({ image: imagesOf([sample], rule, size) });
    entries.push({
      scale: rule.scales[s],
      plain: imageOf(await read({ ...plain }), 0),
      ...(mirrored ? { mirrored: imageOf(await read({ ...mirrored }), 0) } : {}),
    });
  }
  const { tagsWithin } = rule;
  const { cutOffAt } = decoder;
  const maps = combineScales(entries, { flip: how.skeleton.flip, tagsWithin, cutOffAt });
  if (!maps) {
    throw new RangeError(
      `predict: the network's maps of ${sample.fileName} are no numbers, or far above 1\n` +
        "  help: a network whose training has diverged gives such maps",
    );
  }
  const first = sizes[maps.used[0]];
  const frame = frameOf(rule, sample.image, { input: first, stride: model.stride });
  return decodeWithin(sample, maps, frame, decoder);
}

/** Samples in batches of one shape of inputs. */
async function* inParts(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  sizesOf: (sample: Sample) => readonly Size[],
): AsyncGenerator<Sample[], void, undefined> {
  let part: Sample[] = [], shape = "";
  for await (const sample of samples) {
    const sizes = sizesOf(sample), own = JSON.stringify(sizes);
    if (part.length > 0 && own !== shape) {
      yield part;
      part = [];
    }
    shape = own;
    part.push(sample);
    if (part.length < batchSize(sizes)) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** How many images go through a network at once that looks at them at these sizes. */
export function batchSize(sizes: readonly Size[]): number {
  const pixels = Math.max(...sizes.map(({ width, height }) => width * height));
  return Math.min(BATCH, Math.max(1, Math.floor(BATCH_PIXELS / pixels)));
}

/** The input whose pixels combined heatmaps are laid over, and input pixels per heatmap pixel. */
interface Grid {
  readonly input: Size;
  readonly stride: number;
}

function gridOf({ mapsAt, scales }: ScaleRule, sizes: readonly Size[], stride: number): Grid {
  return mapsAt === "first"
    ? { input: sizes[0], stride }
    : { input: sizes[scales.indexOf(1)], stride: 1 };
}

/** `[N, 3, H, W]`: pictures, each whole and in the middle. */
function imagesOf(samples: readonly Sample[], rule: ScaleRule, size: Size): HostArray {
  const { width, height } = size;
  const images = hostArray([samples.length, 3, height, width]);
  samples.forEach(({ image }, n) => {
    const into = images.data.subarray(n * 3 * height * width, (n + 1) * 3 * height * width);
    warpToPlanes(image, fitting(rule, image, size), size, into);
  });
  return images;
}

/** How heatmap pixels of a picture lie in it. */
function frameOf(rule: ScaleRule, picture: Size, { input, stride }: Grid): Required<HeatmapFrame> {
  const [a, b, c, d, e, f] = invertAffine(fitting(rule, picture, input));
  return { stride, inverse: [[a, b, c], [d, e, f]] };
}

/** `[N, 1, H, W]`: 1 for the heatmap pixels within a picture, 0 in its margin. */
function masksOf(samples: readonly Sample[], rule: ScaleRule, grid: Grid): HostArray {
  const [height, width] = [grid.input.height / grid.stride, grid.input.width / grid.stride];
  const masks = hostArray([samples.length, 1, height, width]);
  samples.forEach(({ image }, n) =>
    masks.data.set(
      insidePicture(image, frameOf(rule, image, grid), { width, height }),
      n * height * width,
    )
  );
  return masks;
}

/** 1 for the pixels of a heatmap whose middle lies in the picture. */
function insidePicture(
  picture: Size,
  { stride, inverse: [rowX, rowY] }: Required<HeatmapFrame>,
  { width, height }: Size,
): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const centre = { x: (i % width + 0.5) * stride, y: (Math.floor(i / width) + 0.5) * stride };
    const { x, y } = applyAffine([...rowX, ...rowY], centre);
    return x >= 0 && y >= 0 && x <= picture.width && y <= picture.height ? 1 : 0;
  });
}

/** The maps of image n of a batch. */
function imageOf({ heatmaps, tags }: Maps, n: number): Maps {
  const part = ({ shape, data }: HostArray) => {
    const size = data.length / shape[0];
    return hostArray(shape.slice(1), data.slice(n * size, (n + 1) * size));
  };
  return { heatmaps: part(heatmaps), tags: part(tags) };
}

/**
 * Maps in which nobody is outside the picture. A picture that is not square leaves a margin, which the loss does not look
 * at: a network may say anything there.
 */
function withinPicture(
  { heatmaps, tags }: Maps,
  picture: Size,
  frame: Required<HeatmapFrame>,
): Maps {
  const [, height, width] = heatmaps.shape;
  const inside = insidePicture(picture, frame, { width, height });
  if (!inside.includes(0)) return { heatmaps, tags };
  const filled = ({ shape, data }: HostArray, outside: number) =>
    hostArray(shape, data.map((value, i) => inside[i % inside.length] ? value : outside));
  return { heatmaps: filled(heatmaps, 0), tags: filled(tags, NOBODYS_TAG) };
}

function decodeWithin(
  sample: Sample,
  maps: Maps,
  frame: Required<HeatmapFrame>,
  decoder: Flavour,
): Prediction {
  const { heatmaps, tags } = withinPicture(maps, sample.image, frame);
  const people = decodePoses(heatmaps, tags, { ...decoder, frame });
  return { sample, people, heatmaps, tags, frame };
}

/** The people of the same maps by other rules. */
export function decodeAgain<T extends Prediction>(prediction: T, decoder: Flavour): T {
  const { heatmaps, tags, frame } = prediction;
  return { ...prediction, people: decodePoses(heatmaps, tags, { ...decoder, frame }) };
}

/** Decode maps of a square input into people in image pixels. */
export function decode(
  sample: Sample,
  maps: Maps,
  imageSize: number,
  stride: number,
  decoder: Flavour = {},
): Prediction {
  const input = { width: imageSize, height: imageSize };
  const frame = frameOf(SINGLE_SCALE, sample.image, { input, stride });
  return decodeWithin(sample, maps, frame, decoder);
}

/** Flavours say how COCO's keypoints are decoded; other skeletons have their own order. */
function ofSkeleton(skeleton: Skeleton): Pick<Flavour, "groupingOrder" | "filledScore"> {
  const isCoco = sameKeypoints(skeleton, COCO) &&
    skeleton.groupingOrder.join() === COCO.groupingOrder.join();
  if (isCoco) return {};
  return {
    groupingOrder: skeleton.groupingOrder,
    // MPII ranks keypoints by their own scores, where a flat 1 for what was filled in would come first.
    ...(sameKeypoints(skeleton, MPII) ? { filledScore: "heatmap" } : {}),
  };
}
