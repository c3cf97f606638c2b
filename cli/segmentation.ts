/**
 * Instances of a network: look at pictures, decode, measure. Beside what a network says stand two other kinds of maps:
 * the true detections with its tags, which shows what grouping alone loses, and ideal maps, the bound of resolution and
 * decoder.
 *
 * @module
 */
import {
  type AnnotatedPicture,
  type CocoInstanceResult,
  type CocoInstanceTruth,
  combineFlipped,
  compile,
  cropTransform,
  type DecodedInstance,
  decodeInstances,
  evaluateInstances,
  evaluateRegions,
  type HostArray,
  hostArray,
  type InstanceOptions,
  type InstanceStatistics,
  invertAffine,
  type Mask,
  mergeInstances,
  mirrorImages,
  read,
  type RegionFigures,
  type Tensor,
  toCocoInstanceResults,
  toCocoInstanceTruth,
  warpToPlanes,
} from "../mod.ts";
import { instanceTargets, type Sample, showMask, wholePicture } from "../data/mod.ts";
import { IDEAL_TAGS } from "./evaluation.ts";
import { batchSize, type Maps } from "./prediction.ts";
import type { LoadedNetwork } from "./weights.ts";

/** Detection maps `[C, h, w]` and tags `[D, C, h, w]` of one picture, and what was found in them. */
export interface Segmentation extends Maps {
  readonly sample: Sample;
  /** The best score first, in pixels of the picture. */
  readonly instances: readonly DecodedInstance[];
}

/** How to look. */
export interface SegmentOptions extends InstanceOptions {
  /** Sides of the network's input, in its usual one; what is found at each is merged, see mergeInstances(). @default {[1]} */
  readonly scales?: readonly number[];
  /**
   * Whether the network also looks at the mirrored picture, as the authors' test.py always does: detection is averaged,
   * tags of both looks are put together to vectors of twice the dimensions. @default {false}
   */
  readonly flip?: boolean;
}

/** A network for instances. */
type Segmenter = Pick<LoadedNetwork, "model" | "imageSize" | "decoding">;

/** How the network's maps are decoded: as its weights say, where they do; see docs/decisions.md for the score. */
export function instanceOptionsOf({ decoding }: Pick<LoadedNetwork, "decoding">): InstanceOptions {
  const { threshold, maxTagDistance: separation } = decoding;
  return {
    scoreBy: "agreement",
    ...(threshold === undefined ? {} : { threshold }),
    ...(separation === undefined ? {} : { separation }),
  };
}

/**
 * The instances that a network finds, picture by picture; each is whole, in the middle of a square input. The maps given
 * are those of the first scale.
 *
 * @throws {RangeError} If the network gives no numbers: its training has diverged.
 */
export async function* segment(
  loaded: Segmenter,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  { scales = [1], flip = false, ...options }: SegmentOptions = {},
): AsyncGenerator<Segmentation, void, undefined> {
  const { model, imageSize } = loaded;
  const sides = scales.map((scale) =>
    model.sizeMultiple * Math.max(1, Math.round(scale * imageSize / model.sizeMultiple))
  );
  const batch = batchSize(sides.map((side) => ({ width: side, height: side })));
  const mapsIn = (images: Tensor) => {
    const { heatmaps, tags } = model.mapsOf(images);
    return { heatmaps, tags };
  };
  using step = compile(({ images }: { images: Tensor }) => ({
    plain: mapsIn(images),
    ...(flip ? { mirrored: mapsIn(mirrorImages(images, "image pixels")) } : {}),
  }), { name: "segmentation" });
  for await (const part of inParts(samples, batch)) {
    // Filled up with the first picture: one traced version serves all, and no picture's figures depend on how many follow.
    const filled = Array.from({ length: batch }, (_, n) => part[n] ?? part[0]);
    const looks: { readonly plain: Maps; readonly mirrored?: Maps }[] = [];
    for (const side of sides) {
      const { plain, mirrored } = await step({ images: imagesOf(filled, side) });
      const readOf = (maps: typeof plain) => read({ ...maps });
      const [own, other] = await Promise.all([readOf(plain), mirrored && readOf(mirrored)]);
      looks.push({ plain: own, mirrored: other });
    }
    for (const [n, sample] of part.entries()) {
      const [first, ...others] = looks.map((look) =>
        decodeMaps(sample, combined(look, n), {
          stride: model.stride,
          ...instanceOptionsOf(loaded),
          ...options,
        })
      );
      if (others.length === 0) yield first;
      else {
        const lists = [first, ...others].map(({ instances }) => instances);
        yield { ...first, instances: mergeInstances(lists) };
      }
    }
  }
}

/** Decode maps of a picture that lies whole in the middle of a square input. */
export function decodeMaps(
  sample: Sample,
  { heatmaps, tags }: Maps,
  { stride, ...options }: InstanceOptions & { readonly stride: number },
): Segmentation {
  const { width, height } = sample.image;
  const toInput = cropTransform(wholePicture(sample.image).crop, stride * heatmaps.shape[1]);
  const [a, b, c, d, e, f] = invertAffine(toInput);
  const frame = { stride, inverse: [[a, b, c], [d, e, f]] } as const;
  const instances = decodeInstances(heatmaps, tags, { ...options, width, height, frame });
  return { sample, heatmaps, tags, instances };
}

/** Samples in lists of so many, the last one shorter. */
async function* inParts(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  count: number,
): AsyncGenerator<readonly Sample[], void, undefined> {
  let part: Sample[] = [];
  for await (const sample of samples) {
    part.push(sample);
    if (part.length < count) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** `[N, 3, side, side]`: pictures, each whole and in the middle. */
function imagesOf(samples: readonly Sample[], side: number): HostArray {
  const images = hostArray([samples.length, 3, side, side]);
  const size = 3 * side * side;
  for (const [n, { image }] of samples.entries()) {
    const toInput = cropTransform(wholePicture(image).crop, side);
    const into = images.data.subarray(n * size, (n + 1) * size);
    warpToPlanes(image, toInput, { width: side, height: side }, into);
  }
  return images;
}

/** The maps of image n, of one look or of both. */
function combined(
  { plain, mirrored }: { readonly plain: Maps; readonly mirrored?: Maps },
  n: number,
): Maps {
  const own = mapsOf(plain, n);
  if (!mirrored) return own;
  const classes = [...Array(own.heatmaps.shape[0]).keys()]; // none has a left and a right
  const { heatmaps, tags } = combineFlipped(own, mapsOf(mirrored, n), classes);
  // Two tags are then as far apart as in the mean look, and separations keep their meaning.
  return { heatmaps, tags: hostArray(tags.shape, tags.data.map((x) => x * Math.SQRT1_2)) };
}

/** The maps of image n. */
function mapsOf({ heatmaps, tags }: Maps, n: number): Maps {
  const part = ({ shape: [N, ...rest], data }: HostArray) =>
    hostArray(rest, data.slice(n * data.length / N, (n + 1) * data.length / N));
  return { heatmaps: part(heatmaps), tags: part(tags) };
}

/** The training target's maps: what the network should detect, and for every pixel the number of whom it shows most. */
export function trueMaps(
  sample: Sample,
  { classes, side, stride }: {
    readonly classes: readonly string[];
    readonly side: number;
    readonly stride: number;
  },
): Maps {
  const shown = wholePicture(sample.image);
  const seen = (sample.instances ?? []).filter(({ crowd }) => !crowd).map((instance) => ({
    ...instance,
    mask: showMask(instance.mask, shown, side),
  }));
  const options = { classes, inputSize: side, stride, slots: Math.max(1, seen.length) };
  const { heatmaps } = instanceTargets(seen, options);
  const tags = hostArray([1, ...heatmaps.shape]);
  const most = new Float32Array(tags.data.length);
  seen.forEach((instance, p) => {
    instanceTargets([instance], options).heatmaps.data.forEach((share, i) => {
      if (share > most[i]) [most[i], tags.data[i]] = [share, IDEAL_TAGS * p];
    });
  });
  return { heatmaps, tags };
}

/** How good what was found is. */
export interface MeasuredInstances {
  /** COCO's twelve figures. */
  readonly masks: InstanceStatistics;
  /** VOC's mAP^r at overlaps of 0.5 and 0.7, each by the 11-point and the all-points rule. */
  readonly regions: readonly RegionFigures[];
}

/** Compare what was found with the truth. */
export function measureInstances(
  found: readonly Segmentation[],
  classes: readonly string[],
): MeasuredInstances {
  const truth = toCocoInstanceTruth(found.map(({ sample }) => pictureOf(sample)), classes);
  const results = found.flatMap(({ sample, instances }) =>
    toCocoInstanceResults(instances, sample.id)
  );
  return {
    masks: evaluateInstances(truth, results).statistics,
    regions: evaluateRegions(
      found.map(({ sample, instances }) => ({
        annotated: (sample.instances ?? []).filter(({ crowd }) => !crowd),
        found: instances,
        ignore: uncounted(sample),
      })),
      classes.length,
    ),
  };
}

/** The pixels that count for nobody in VOC's figures, which know no crowds: the void and what crowds cover. */
function uncounted({ instances = [], ignore }: Sample): Mask | undefined {
  const masks = instances.filter(({ crowd }) => crowd).map(({ mask }) => mask);
  if (ignore) masks.push(ignore);
  if (masks.length === 0) return undefined;
  const data = masks[0].data.map((_, i) => masks.some((mask) => mask.data[i]) ? 1 : 0);
  return { ...masks[0], data };
}

/** COCO's twelve figures of what was found; nothing is kept of a picture but run lengths, so they can be many. */
export async function measureMasks(
  found: Iterable<Segmentation> | AsyncIterable<Segmentation>,
  classes: readonly string[],
): Promise<InstanceStatistics> {
  const truths: CocoInstanceTruth[] = [], results: CocoInstanceResult[] = [];
  for await (const { sample, instances } of found) {
    truths.push(toCocoInstanceTruth([pictureOf(sample)], classes));
    results.push(...toCocoInstanceResults(instances, sample.id));
  }
  const things = truths.flatMap(({ annotations }) => annotations);
  const truth: CocoInstanceTruth = {
    ...toCocoInstanceTruth([], classes),
    images: truths.flatMap(({ images }) => images),
    annotations: things.map((thing, i) => ({ ...thing, id: i + 1 })),
  };
  return evaluateInstances(truth, results).statistics;
}

/** What is annotated in a sample, without its pixels. */
export function pictureOf(
  { id, image: { width, height }, instances = [] }: Sample,
): AnnotatedPicture {
  return { id, width, height, instances };
}
