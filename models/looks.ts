/**
 * Several looks of a network at the same images, combined on the device, and the few numbers of them that decoding
 * needs. The plain version, on arrays, is `decoders/combine.ts`, which also says why heatmaps are averaged and tags are
 * not; here nothing is read back but peaks:
 *
 *     heatmaps of all looks ── resize ── mean ── suppress ── top k ──► places, values, neighbours     N K M
 *     tags of those near scale 1 ── resize ── concat ───── gather ──► tags at the places            N D K M
 *
 * ## Where to mirror
 *
 * A heatmap pixel i stands for the positions [s i, s i + s) of an image, s being the stride. A picture with its rows
 * backwards has what was at x at W - 1 - x, so pixel i of the mirrored look, mirrored back, stands for
 * (s i - 1, s i + s - 1]: one image pixel to the left of the plain look's. The mean of both is half an image
 * pixel off and blunter, which is nothing at 512 pixels and costs a network for 64 pixels 0.01 to 0.03 of AP. Mirrored
 * so that x goes to W - x (one column farther right; the first column, for which there is no picture, repeats its
 * neighbour) the pixels of both heatmaps stand for the same positions.
 *
 * |                      | pose-ae-train                    | here                                           |
 * | -------------------- | -------------------------------- | ---------------------------------------------- |
 * | mirrored picture     | rows backwards                   | `"heatmap pixels"`; theirs is `"image pixels"` |
 * | a network trained on | mirrored positions R - x, of     | positions of pixel centres (`mirror` of        |
 * |                      | pictures with their rows         | augmentation); theirs expects its pictures     |
 * |                      | backwards: half a pixel off      | backwards also when tested                     |
 * | diverged scales      | left out                         | `largest` tells; combineScales() leaves them out |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import {
  abs,
  add,
  cast,
  concat,
  gather,
  indexSelect,
  lessEqual,
  max,
  minimum,
  mul,
  nearestByTag,
  neighboursAt,
  reshape,
  resize2d,
  suppressNonMaxima,
  topK,
} from "../ops/mod.ts";

/** Maps of a batch of images. */
export interface MapTensors {
  /** `[N, K, H, W]`. */
  readonly heatmaps: Tensor;
  /** `[N, D, K, H, W]`. */
  readonly tags: Tensor;
}

/** What a network says about images at one size. */
export interface ScaleTensors {
  /** Size relative to the network's usual input. */
  readonly scale: number;
  /** Of the images themselves. */
  readonly plain: MapTensors;
  /** Of the mirrored images, still mirrored. */
  readonly mirrored?: MapTensors;
}

/** How looks are combined. */
export interface LookOptions {
  /** `flip[k]` is the keypoint that k becomes in a mirrored image; needed where there is one. */
  readonly flip?: readonly number[];
  /** Rows and columns of the result. Default: those of the first scale's maps. */
  readonly size?: readonly [height: number, width: number];
  /** Tags are taken from scales with |scale - 1| below this; `Infinity` takes all. @default {0.5} */
  readonly tagsWithin?: number;
  /** Averaged heatmaps are cut off here. @default {1} */
  readonly cutOffAt?: number;
}

/** Combined maps, and whether a scale has diverged. */
export interface CombinedTensors extends MapTensors {
  /** `[N, S]`: the largest heatmap value, mean of both looks, at each scale. */
  readonly largest: Tensor;
  /** `[N, S]`: 1 where all heatmaps and tags of a scale are finite numbers, else 0. */
  readonly finite: Tensor;
}

/**
 * Images mirrored left to right.
 *
 * @param images `[N, C, H, W]`.
 * @param at Whose pixels fall on each other: `"image pixels"`: x goes to W - 1 - x; `"heatmap pixels"`: x goes to W - x, and
 * the first column repeats the second. See the file's header.
 * @returns `[N, C, H, W]`.
 * @throws {ShapeError} If `images` does not have four axes.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mirrorImages, tensor } from "ae";
 *
 * const row = tensor([[[[1, 2, 3, 4]]]]);
 * assert.deepEqual(await mirrorImages(row, "image pixels").array(), [[[[4, 3, 2, 1]]]]);
 * assert.deepEqual(await mirrorImages(row, "heatmap pixels").array(), [[[[4, 4, 3, 2]]]]);
 * ```
 */
export function mirrorImages(images: Tensor, at: "image pixels" | "heatmap pixels"): Tensor {
  if (images.shape.length !== 4) {
    throw shapeError("mirrorImages", `images must have 4 axes, not ${images.shape.length}`, {
      images: [images.shape, "N C H W"],
    });
  }
  const W = images.shape[3];
  const shift = at === "heatmap pixels" ? 0 : 1;
  return select(images, Array.from({ length: W }, (_, x) => Math.min(W - shift - x, W - 1)), 3);
}

function select(x: Tensor, places: readonly number[], axis: number): Tensor {
  return indexSelect(x, tensor([...places], { dtype: "i32" }), axis);
}

/**
 * Combine looks at images: heatmaps resized, averaged and cut off, tags of the scales near 1 resized and put together.
 *
 * @param scales The first gives the size of the result.
 * @throws {RangeError} If there are no scales, none is near enough to 1, or mirrored maps come without `flip`.
 * @throws {ShapeError} If maps do not fit together.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineLooks, tensor } from "ae";
 *
 * const plain = { heatmaps: tensor([[[[0, 0.5]]]]), tags: tensor([[[[[0, 7]]]]]) };
 * const mirrored = { heatmaps: tensor([[[[0.25, 0]]]]), tags: tensor([[[[[3, 0]]]]]) };
 * const { heatmaps, tags } = combineLooks([{ scale: 1, plain, mirrored }], { flip: [0] });
 * assert.deepEqual(await heatmaps.array(), [[[[0, 0.375]]]]);
 * assert.deepEqual(await tags.array(), [[[[[0, 7]]], [[[0, 3]]]]]);
 * ```
 */
export function combineLooks(
  scales: readonly ScaleTensors[],
  options: LookOptions = {},
): CombinedTensors {
  const { flip, tagsWithin = 0.5, cutOffAt = 1 } = options;
  const givesTags = ({ scale }: ScaleTensors) => Math.abs(scale - 1) < tagsWithin;
  if (!scales.some(givesTags)) {
    throw new RangeError(
      `combineLooks: none of the scales [${scales.map(({ scale }) => scale).join(", ")}] is ` +
        `within ${tagsWithin} of 1, so none gives tags`,
    );
  }
  const [height, width] = options.size ?? scales[0].plain.heatmaps.shape.slice(2);
  let sum: Tensor | undefined, looks = 0;
  const tags: Tensor[] = [], largest: Tensor[] = [], finite: Tensor[] = [];
  for (const entry of scales) {
    const own = looksOf(entry, flip);
    const total = own.map(({ heatmaps }) => heatmaps).reduce(add);
    const [N] = total.shape;
    largest.push(reshape(max(mul(total, 1 / own.length), [1, 2, 3]), [N, 1]));
    finite.push(
      reshape(own.flatMap((look) => [look.heatmaps, look.tags]).map(isFinite).reduce(mul), [
        N,
        1,
      ]),
    );
    const resized = resize2d(total, height, width);
    sum = sum ? add(sum, resized) : resized;
    looks += own.length;
    if (givesTags(entry)) tags.push(...own.map((look) => resizeTags(look.tags, height, width)));
  }
  const mean = mul(sum!, 1 / looks);
  return {
    heatmaps: cutOffAt === Infinity ? mean : minimum(mean, cutOffAt),
    tags: tags.length === 1 ? tags[0] : concat(tags, 1),
    largest: concat(largest, 1),
    finite: concat(finite, 1),
  };
}

/** The plain maps and, mirrored back, the mirrored ones. */
function looksOf({ plain, mirrored }: ScaleTensors, flip?: readonly number[]): MapTensors[] {
  const [N, K, h, w] = plain.heatmaps.shape;
  const { shape } = plain.tags;
  if (shape.length !== 5 || [N, undefined, K, h, w].some((n, i) => i !== 1 && n !== shape[i])) {
    throw shapeError("combineLooks", "heatmaps and tags must agree on N, K, H and W", {
      heatmaps: [plain.heatmaps.shape, "N K H W"],
      tags: [shape, "N D K H W"],
    });
  }
  if (!mirrored) return [plain];
  if (!flip) {
    throw new RangeError(
      "combineLooks: mirrored maps need the option flip\n  help: flip: COCO.flip",
    );
  }
  const columns = Array.from({ length: w }, (_, x) => w - 1 - x);
  return [plain, {
    heatmaps: select(select(mirrored.heatmaps, columns, 3), flip, 1),
    tags: select(select(mirrored.tags, columns, 4), flip, 2),
  }];
}

/** `[N]`: 1 where all numbers of image n are finite, else 0. The largest finite f32 is 3.4e38. */
function isFinite(x: Tensor): Tensor {
  const [N] = x.shape;
  const axes = x.shape.map((_, axis) => axis).slice(1);
  const isNumber = lessEqual(abs(x), 3.4e38);
  return reshape(max(isNumber.neg(), axes).neg(), [N]); // the minimum
}

function resizeTags(tags: Tensor, height: number, width: number): Tensor {
  const [N, D, K, h, w] = tags.shape;
  const resized = resize2d(reshape(tags, [N, D * K, h, w]), height, width);
  return reshape(resized, [N, D, K, height, width]);
}

/** What decoding needs of some places of the maps. */
export interface PlaceTensors {
  /** `[N, K, P]`, f32: `row · W + column`. */
  readonly places: Tensor;
  /** `[N, 1, K, P]`: heatmap values there. */
  readonly values: Tensor;
  /** `[N, K, P, 4]`: heatmap values to the left, right, above and below. */
  readonly around: Tensor;
  /** `[N, D, K, P]`: tags there. */
  readonly tags: Tensor;
}

/**
 * The best local maxima of every heatmap: places, values and tags, best first. Places with a value of 0 or less are no
 * maxima but what is left.
 *
 * @param options.kernel Side of the window of a maximum, odd. @default {3}
 * @param options.plateaus Which pixels of a plateau are maxima. @default {"all"}
 * @param options.maxPeaks M, how many of each keypoint; fewer on maps of fewer pixels. @default {30}
 * @returns Of P = M places.
 * @throws {ShapeError} If the maps do not fit together.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { peaksOf, tensor } from "ae";
 *
 * const heatmaps = tensor([[[[0.6, 0.1, 0, 0.2, 0.9]]]]), tags = tensor([[[[[3, 0, 0, 0, -2]]]]]);
 * const peaks = peaksOf({ heatmaps, tags }, { maxPeaks: 2 });
 * assert.deepEqual(await peaks.places.array(), [[[4, 0]]]);
 * assert.deepEqual(await peaks.tags.array(), [[[[-2, 3]]]]);
 * ```
 */
export function peaksOf(
  maps: MapTensors,
  options: {
    readonly kernel?: number;
    readonly plateaus?: "all" | "first";
    readonly maxPeaks?: number;
  } = {},
): PlaceTensors {
  const { kernel = 3, plateaus, maxPeaks = 30 } = options;
  const [N, K, H, W] = maps.heatmaps.shape;
  const peaks = suppressNonMaxima(maps.heatmaps, { size: kernel, plateaus });
  return readPlaces(maps, peaks, topK(reshape(peaks, [N, K, H * W]), Math.min(maxPeaks, H * W)));
}

/**
 * Where missing keypoints go: for each wanted tag the best place of every map, see {@linkcode nearestByTag}.
 *
 * @param wanted `[N, D, P]`: the tags of P people in each image.
 * @param options.tagWeight Factor on the rounded tag distance. @default {1}
 * @param options.fillFrom `"peaks"`: pixels that are no local maxima count 0. @default {"all"}
 * @param options.kernel Side of the window of a maximum. @default {3}
 * @param options.ends Where maps end for neighbours, if not at their border.
 * @throws {ShapeError} If the maps and tags do not fit together.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { placesForTags, tensor } from "ae";
 *
 * const heatmaps = tensor([[[[0.07, 0, 0.05, 0]]]]), tags = tensor([[[[[3, 0, 5.2, 0]]]]]);
 * const { places } = placesForTags({ heatmaps, tags }, tensor([[[5]]]));
 * assert.deepEqual(await places.array(), [[[2]]]);
 * ```
 */
export function placesForTags(
  maps: MapTensors,
  wanted: Tensor,
  options: {
    readonly tagWeight?: number;
    readonly fillFrom?: "all" | "peaks";
    readonly kernel?: number;
    readonly ends?: { readonly row: number; readonly column: number };
  } = {},
): PlaceTensors {
  const { tagWeight, fillFrom = "all", kernel = 3, ends } = options;
  const { heatmaps, tags } = maps;
  const [N, D, K, H, W] = tags.shape;
  const searched = fillFrom === "all" ? heatmaps : suppressNonMaxima(heatmaps, { size: kernel });
  const places = nearestByTag(
    reshape(searched, [N, K, H * W]),
    reshape(tags, [N, D, K, H * W]),
    wanted,
    { weight: tagWeight },
  );
  return readPlaces(maps, searched, places, ends);
}

/** What stands at places, and beside them; values are those of `searched`. */
function readPlaces(
  { heatmaps, tags }: MapTensors,
  searched: Tensor,
  places: Tensor,
  ends?: { readonly row: number; readonly column: number },
): PlaceTensors {
  const [N, D, K, H, W] = tags.shape;
  const firsts = tensor(Array.from({ length: K }, (_, k) => [k * H * W]), { dtype: "i32" }); // K 1
  const index = add(places, firsts); // in the K maps laid end to end
  return {
    places: cast(places, "f32"),
    values: gather(reshape(searched, [N, 1, K * H * W]), index),
    around: neighboursAt(heatmaps, places, ends),
    tags: gather(reshape(tags, [N, D, K * H * W]), index),
  };
}
