/**
 * Show a sample in many ways: another part of it, turned, mirrored, in other colours. Chance and work are
 * apart: {@linkcode drawAugmentation} throws the dice and gives a plain record,
 * {@linkcode prepareSample} does what a record says, and is the same for training, evaluation and a test.
 *
 *     crop     a square around the picture's middle, side = longer side * (1 +- scale), moved by up to
 *              +-shift of that side, turned by up to +-rotationDegrees
 *     mirror   every second picture; left and right keypoints change places
 *     colours  hue, saturation, brightness, contrast: see {@linkcode changeColours}
 *
 * Newell, Huang and Deng 2017, section 4.1; pose-ae-train, `data/coco_pose/dp.py`. The authors' choices are
 * {@linkcode OFFICIAL_AUGMENTATION}; {@linkcode SOUND_AUGMENTATION} differs where their code does not
 * do what it seems to mean:
 *
 * |             | pose-ae-train                 | sound                                              |
 * | ----------- | ----------------------------- | -------------------------------------------------- |
 * | mirrored x  | size - x                      | size - 1 - x in input pixels, as the pixels move    |
 * | contrast    | around each pixel's own mean  | around the picture's mean                          |
 *
 * Two more differences hold for both: the picture is not rounded to bytes after it was bent, and a mask is
 * bent in floating point, so that it may differ in single pixels along its border.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import {
  type Affine,
  applyAffine,
  cropTransform,
  type SquareCrop,
  wholeImage,
} from "../image/affine.ts";
import type { Mask } from "../image/mask.ts";
import { warpMask, warpToPlanes } from "../image/warp.ts";
import type { AnnotatedKeypoint, AnnotatedPerson } from "../pose/person.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { changeColours, type ColourChange } from "./colours.ts";
import { labelledPeople, type Sample } from "./sample.ts";

/** How far chance may go. Every number is the half width of a uniform distribution. */
export interface AugmentOptions {
  /** Turn, in degrees. */
  readonly rotationDegrees: number;
  /** Change of the crop's side relative to the picture's longer side; below 1. */
  readonly scale: number;
  /** Shift, as a share of the crop's side. */
  readonly shift: number;
  /** Whether to mirror every second picture. */
  readonly mirror: boolean;
  /** What a mirrored keypoint keeps: the middle of its pixel (sound), or the picture's edges (official). */
  readonly mirrorAbout: "pixel centres" | "pixel edges";
  /** Turn of the colour circle, as a share of it. */
  readonly hue: number;
  /** Change of the saturation factor around 1. */
  readonly saturation: number;
  /** Change of every number of a picture in [0, 1]. */
  readonly brightness: number;
  /** Change of the contrast factor around 1. */
  readonly contrast: number;
  /** Whether contrast is around the picture's mean (sound) or each pixel's (official). */
  readonly contrastAround: "image" | "pixel";
}

/** The authors' augmentation, exactly. */
export const OFFICIAL_AUGMENTATION: AugmentOptions = {
  rotationDegrees: 30,
  scale: 0.25,
  shift: 0.2, // 40 pixels for a crop of 200
  mirror: true,
  mirrorAbout: "pixel edges",
  hue: 0.2,
  saturation: 0.5,
  brightness: 0.3,
  contrast: 0.5,
  contrastAround: "pixel",
};

/** The authors' ranges with mirroring that fits the pixels and contrast that is contrast. */
export const SOUND_AUGMENTATION: AugmentOptions = {
  ...OFFICIAL_AUGMENTATION,
  mirrorAbout: "pixel centres",
  contrastAround: "image",
};

/** Where random numbers come from: `Random`, or a list in a test. */
export interface RandomNumbers {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from 0 to `below - 1`. */
  integer(below: number): number;
}

/** One way to show a sample: what chance decided. */
export interface Augmentation {
  /** The part of the picture that is shown. */
  readonly crop: SquareCrop;
  /** Whether left and right change places, and which rule keypoints follow then. */
  readonly mirror: "no" | "pixel centres" | "pixel edges";
  /** What happens to the colours; nothing when missing. */
  readonly colours?: ColourChange;
  /** Decides which pixels of instances the tag loss looks at, see {@linkcode instanceTargets}. @default {0} */
  readonly seed?: number;
}

/**
 * The whole picture in a square, upright, as it is: what evaluation and synthetic scenes use.
 *
 * @param image The picture's size.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { wholePicture } from "ae/data";
 *
 * assert.equal(wholePicture({ width: 640, height: 480 }).crop.side, 640);
 * ```
 */
export function wholePicture(
  { width, height }: { readonly width: number; readonly height: number },
): Augmentation {
  return { crop: wholeImage(width, height), mirror: "no" };
}

/**
 * Throw the dice: nine numbers in a fixed order (rotation, scale, shift to the right, shift down, mirror, hue,
 * saturation, brightness, contrast), all nine whatever the options, so that switching one off leaves
 * the others as they were.
 *
 * @param image The picture's size.
 * @param options How far chance may go.
 * @param random Where the numbers come from.
 * @throws {RangeError} If an option is negative or not finite, or `scale` is 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawAugmentation, OFFICIAL_AUGMENTATION, Random } from "ae/data";
 *
 * const size = { width: 640, height: 480 };
 * const { crop } = drawAugmentation(size, OFFICIAL_AUGMENTATION, new Random(1));
 * assert.ok(crop.side >= 480 && crop.side <= 800);
 * ```
 */
export function drawAugmentation(
  image: { readonly width: number; readonly height: number },
  options: AugmentOptions,
  random: RandomNumbers,
): Augmentation {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "number" && !(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(`drawAugmentation: ${name} must be 0 or more, not ${value}`);
    }
  }
  if (options.scale >= 1) {
    throw new RangeError(`drawAugmentation: scale must be below 1, not ${options.scale}`);
  }
  const around = (middle: number, halfWidth: number) =>
    middle + (2 * random.next() - 1) * halfWidth;

  const whole = wholeImage(image.width, image.height);
  const rotationDegrees = around(0, options.rotationDegrees);
  const side = whole.side * around(1, options.scale);
  const reach = Math.trunc(options.shift * side);
  const shift = () => random.integer(Math.max(1, 2 * reach)) - reach; // numpy's randint(-reach, reach)
  const centre = { x: whole.centre.x + shift(), y: whole.centre.y + shift() };
  const mirrored = random.integer(2) === 0 && options.mirror;
  return {
    crop: { centre, side, rotationDegrees },
    mirror: mirrored ? options.mirrorAbout : "no",
    colours: {
      hueDegrees: around(0, options.hue) * 360,
      saturation: around(1, options.saturation),
      brightness: around(0, options.brightness),
      contrast: around(1, options.contrast),
      contrastAround: options.contrastAround,
    },
  };
}

/** Sizes of what the network takes and gives, and whose keypoints they are. */
export interface PrepareOptions {
  /** Side of the network's input in pixels. */
  readonly inputSize: number;
  /** Side of the heatmaps in pixels. */
  readonly heatmapSize: number;
  /** Needed to swap left and right. @default {COCO} */
  readonly skeleton?: Skeleton;
}

/** A sample as the network and its losses take it. */
export interface PreparedSample {
  /** `[3, R, R]`: red, green, blue in [0, 1]; black outside the picture. */
  readonly image: HostArray;
  /** `[1, h, w]`: 1 where the heatmap loss counts; 0 outside the picture and where `ignore` was 1. */
  readonly mask: HostArray;
  /** The labelled people, in heatmap pixels; some may lie outside. Box and area as in the sample. */
  readonly people: readonly AnnotatedPerson[];
}

/**
 * Show a sample as an {@linkcode Augmentation} says: crop and bend the picture and the mask, move the
 * keypoints, mirror, change colours.
 *
 * Input pixel and heatmap pixel of a point differ by the factor `heatmapSize / inputSize`, with no shift, as
 * in the authors' code.
 *
 * @param sample The sample.
 * @param augmentation From {@linkcode drawAugmentation} or {@linkcode wholePicture}.
 * @param options Sizes.
 * @param into Where to write image and mask: one sample's part of a batch.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 * @throws {ShapeError} If the ignore mask is not of the picture's size, a mirrored person has another number
 * of keypoints than the skeleton, or `into` has the wrong lengths.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 * import { prepareSample, wholePicture } from "ae/data";
 *
 * const sample = { id: 1, fileName: "wide.png", image: rgbImage(8, 4), people: [] };
 * const { image, mask } = prepareSample(sample, wholePicture(sample.image), {
 *   inputSize: 8,
 *   heatmapSize: 4,
 * });
 * assert.deepEqual(image.shape, [3, 8, 8]);
 * assert.deepEqual([...mask.data], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]); // bars do not count
 * ```
 */
export function prepareSample(
  sample: Sample,
  augmentation: Augmentation,
  options: PrepareOptions,
  into?: { readonly image: Float32Array<ArrayBuffer>; readonly mask: Float32Array<ArrayBuffer> },
): PreparedSample {
  const { inputSize } = options;
  const { crop, mirror, colours } = augmentation;
  const toInput = cropTransform(crop, inputSize);
  const image = warpToPlanes(
    sample.image,
    toInput,
    { width: inputSize, height: inputSize },
    into?.image,
  );
  if (mirror !== "no") mirrorRows(image);
  if (colours) changeColours(image, colours);
  return { image, ...prepareTargets(sample, augmentation, options, into?.mask) };
}

/**
 * What {@linkcode prepareSample} makes besides the image: mask and people, for maps of any size.
 *
 * @param sample The sample.
 * @param augmentation From {@linkcode drawAugmentation} or {@linkcode wholePicture}.
 * @param options Sizes.
 * @param into Where to write the mask, `heatmapSize * heatmapSize` numbers.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 * @throws {ShapeError} As {@linkcode prepareSample}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 * import { prepareSample, prepareTargets, wholePicture } from "ae/data";
 *
 * const sample = { id: 1, fileName: "wide.png", image: rgbImage(8, 4), people: [] };
 * const [shown, sizes] = [wholePicture(sample.image), { inputSize: 8, heatmapSize: 4 }];
 * const { image: _, ...rest } = prepareSample(sample, shown, sizes);
 * assert.deepEqual(prepareTargets(sample, shown, sizes), rest);
 * ```
 */
export function prepareTargets(
  sample: Sample,
  augmentation: Augmentation,
  { inputSize, heatmapSize, skeleton = COCO }: PrepareOptions,
  into?: Float32Array<ArrayBuffer>,
): Omit<PreparedSample, "image"> {
  const { crop, mirror } = augmentation;
  const toHeatmap = cropTransform(crop, heatmapSize);
  const mask = showMask(counted(sample), augmentation, heatmapSize, into);
  // Where the left edge's x = 0 goes. In input pixels that is size - 1 for centres and size for edges.
  const mirroredZero = heatmapSize * (mirror === "pixel centres" ? 1 - 1 / inputSize : 1);
  const people = labelledPeople(sample.people).map((person) => {
    const moved = person.keypoints.map((keypoint) => move(keypoint, toHeatmap));
    if (mirror === "no") return { ...person, keypoints: moved };
    return { ...person, keypoints: mirrorKeypoints(moved, mirroredZero, skeleton) };
  });
  return { mask, people };
}

/**
 * A mask of the picture as an {@linkcode Augmentation} shows it: cropped, bent and mirrored with the picture.
 *
 * @param mask Of the picture's size.
 * @param augmentation From {@linkcode drawAugmentation} or {@linkcode wholePicture}.
 * @param side Side of the result in pixels: the input's, or the maps'.
 * @param into Where to write, `side * side` numbers.
 * @returns `[1, side, side]` of 0 and 1; 0 outside the picture.
 * @throws {RangeError} If the side is not a whole number of 1 or more.
 * @throws {ShapeError} If the mask's bytes do not fill it or `into` has another length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { showMask, wholePicture } from "ae/data";
 *
 * const mask = { width: 2, height: 2, data: new Uint8Array([1, 0, 0, 0]) };
 * const mirrored = { ...wholePicture(mask), mirror: "pixel centres" as const };
 * assert.deepEqual([...showMask(mask, wholePicture(mask), 2).data], [1, 0, 0, 0]);
 * assert.deepEqual([...showMask(mask, mirrored, 2).data], [0, 1, 0, 0]);
 * ```
 */
export function showMask(
  mask: Mask,
  { crop, mirror }: Augmentation,
  side: number,
  into?: Float32Array<ArrayBuffer>,
): HostArray {
  const shown = warpMask(mask, cropTransform(crop, side), { width: side, height: side }, into);
  if (mirror !== "no") mirrorRows(shown);
  return shown;
}

function move(keypoint: AnnotatedKeypoint, matrix: Affine): AnnotatedKeypoint {
  if (keypoint.visibility === 0) return keypoint; // its x and y mean nothing
  return { ...applyAffine(matrix, keypoint), visibility: keypoint.visibility };
}

/** Left and right change places: keypoint k of the mirrored person is keypoint flip[k] of the person. */
function mirrorKeypoints(
  keypoints: readonly AnnotatedKeypoint[],
  mirroredZero: number,
  { flip, name }: Skeleton,
): AnnotatedKeypoint[] {
  if (keypoints.length !== flip.length) {
    throw shapeError("prepareSample", `a person does not fit the skeleton "${name}"`, {
      person: [[keypoints.length], "K"],
      skeleton: [[flip.length], "K"],
    });
  }
  return flip.map((k) => {
    const { x, y, visibility } = keypoints[k];
    return visibility === 0 ? keypoints[k] : { x: mirroredZero - x, y, visibility };
  });
}

/** The reverse of the ignore mask; without one, every pixel of the picture counts. */
function counted({ image: { width, height }, ignore, fileName }: Sample): Mask {
  if (!ignore) return { width, height, data: new Uint8Array(width * height).fill(1) };
  if (ignore.width !== width || ignore.height !== height) {
    throw shapeError("prepareSample", `the ignore mask of ${fileName} has another size`, {
      image: [[height, width], "H W"],
      ignore: [[ignore.height, ignore.width], "H W"],
    });
  }
  return { width, height, data: ignore.data.map((inside) => inside ? 0 : 1) };
}

/** Reverse every row of `[C, H, W]` in place. */
function mirrorRows({ shape, data }: HostArray): void {
  const width = shape[2];
  for (let start = 0; start < data.length; start += width) {
    data.subarray(start, start + width).reverse();
  }
}
