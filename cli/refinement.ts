/**
 * A second look at everybody: a single-person network sees each person found in a crop of its own, plain and mirrored,
 * and says where the keypoints are. The rules are decoders/single_person.ts.
 *
 * |                 | TensorFlow demo of pose-ae | here                                                            |
 * | --------------- | -------------------------- | --------------------------------------------------------------- |
 * | sizes of a crop | 512, 400 and 300           | the network's own alone, or any `sizes` that it can take        |
 * | mirrored crops  | rows backwards             | so that heatmap pixels fall on each other, see models/looks.ts  |
 * | whose word      | the second look's          | both looks' unless `--refine-take second`                       |
 * | agreement       | within 10 pixels           | the same by `second`; by `both` within 0.06 of the crop's side  |
 *
 * @module
 */
import {
  combineLooks,
  compile,
  cropTransform,
  type DecodedPerson,
  type HostArray,
  hostArray,
  InputError,
  invertAffine,
  type MapTensors,
  mirrorImages,
  personCrop,
  read,
  readPerson,
  refinePerson,
  type RefinePersonOptions,
  reshape,
  type SquareCrop,
  type Tensor,
  warpToPlanes,
} from "../mod.ts";
import { sameKeypoints } from "./datasets.ts";
import { type Options, under, type Values } from "./options.ts";
import type { FoundPeople } from "./prediction.ts";
import { inputSizes, SINGLE_SCALE } from "./scales.ts";
import { AUTHORS_SECOND_LOOK, type LoadedNetwork, loadModel } from "./weights.ts";

/** How to look again. */
export interface LookAgainOptions {
  /**
   * Pixels of the picture for one of the photographs that the rules' lengths are meant for: below 1 for small synthetic
   * scenes. @default {1}
   */
  readonly pixel?: number;
  /**
   * Sides of the crops that the network sees, over its own input's, rounded up to what it can take; each side once. The
   * heatmaps are brought to the size of the first one's and averaged. The authors' are 1, 0.78 and 0.59.
   * @default {[1]}
   */
  readonly sizes?: readonly number[];
}

/** How to look again, and when it counts. */
export interface RefineOptions extends LookAgainOptions, RefinePersonOptions {}

/** A picture and what a second look says. */
export interface LookedAgain<T> {
  readonly one: T;
  /** Everybody in it as the second look has them; undefined where nobody could be looked at. */
  readonly again: readonly (DecodedPerson | undefined)[];
}

/** The authors' lengths in photographs: a smaller person is looked at as if so large; looks agree within. */
const LEAST_SIDE = 60, AGREEMENT = 10;

/**
 * By `both` looks agree within this share of the crop's side, so that it does not matter how large people or pictures
 * are: in a crop of 160 pixels the authors' 10. Chosen among 0.04 to 0.16 (docs/decisions.md).
 */
const AGREEING_SHARE = 0.06;

/** Crops that go through the network at once; pictures that may wait until there are so many. */
const CROPS = 4, PICTURES = 8;

/**
 * The network of `--refine`.
 *
 * @throws {InputError} If it has tags, and so looks at several people, or finds other keypoints than the first network.
 */
export async function loadRefiner(path: string, first: LoadedNetwork): Promise<LoadedNetwork> {
  const loaded = await loadModel(path);
  if (loaded.model.options.tagDimensions > 0) {
    throw new InputError(
      `--refine ${path}: is a network for several people` +
        "\n  help: train --single-person makes one that looks at one person at a time",
    );
  }
  if (!sameKeypoints(first.skeleton, loaded.skeleton)) {
    throw new InputError(
      `--refine ${path}: finds the keypoints of "${loaded.skeleton.name}", ` +
        `the first network those of "${first.skeleton.name}"`,
    );
  }
  return loaded;
}

/** What {@linkcode RefinePersonOptions} can take. */
const TAKES = ["second", "both"] as const;

/** The options `--refine` and `--refine-take`. */
export const REFINING: Options = under("How to look", {
  refine: {
    type: "file",
    help: "weights of a network for one person (train --single-person) that looks at everybody " +
      "again",
  },
  "refine-take": {
    type: "text",
    choices: TAKES,
    help: "whose word counts of a keypoint (both: halfway where the looks agree, else the surer " +
      "one; second: the second look's where it is sure, as the authors have it)",
    otherwise: "both",
    needs: "refine",
  },
});

/** What `--refine-take` says. */
export function refineTakeOf(values: Values): (typeof TAKES)[number] {
  return values.oneOf("refine-take", TAKES) ?? "both";
}

/** A picture whose people are being looked at. */
interface Waiting<T> extends LookedAgain<T> {
  /** Second looks as far as they were made. */
  readonly again: (DecodedPerson | undefined)[];
  /** Second looks that are still to be made. */
  open: number;
}

/** A person to be looked at. */
interface Look<T> {
  readonly of: Waiting<T>;
  /** Place among the picture's people. */
  readonly p: number;
  readonly crop: SquareCrop;
}

/** The same people after a second look, in the same order. */
export async function* refined<T extends FoundPeople>(
  found: AsyncIterable<T>,
  refiner: Omit<LoadedNetwork, "preset">,
  options: RefineOptions = {},
): AsyncGenerator<T, void, undefined> {
  for await (const looked of lookedAgain(found, refiner, options)) {
    yield afterSecondLook(looked, refiner, options);
  }
}

/** The threshold that a network for second looks says. */
export function secondThresholdOf({ decoding }: Pick<LoadedNetwork, "decoding">): number {
  return decoding.threshold ?? AUTHORS_SECOND_LOOK.threshold;
}

/** People that were looked at twice, with what counts of the second look. */
export function afterSecondLook<T extends FoundPeople>(
  { one, again }: LookedAgain<T>,
  { decoding }: Pick<LoadedNetwork, "decoding">,
  { pixel = 1, ...options }: RefineOptions = {},
): T {
  const threshold = options.threshold ?? secondThresholdOf({ decoding });
  const people = one.people.map((first, p) => {
    const second = again[p];
    if (!second) return first;
    const agreementPixels = options.agreementPixels ?? agreementOf(first, pixel, options.take);
    return withTags(refinePerson(first, second, { ...options, threshold, agreementPixels }), first);
  });
  return { ...one, people };
}

/**
 * Second looks at everybody found. People of several pictures go through the network together, so that it has as much
 * to do where pictures show one person as where they show many.
 *
 * @throws {RangeError} If there are no sizes, or one is not from above 0 to 4.
 */
export async function* lookedAgain<T extends FoundPeople>(
  found: AsyncIterable<T>,
  refiner: Omit<LoadedNetwork, "preset" | "decoding">,
  { pixel = 1, sizes = [1] }: LookAgainOptions = {},
): AsyncGenerator<LookedAgain<T>, void, undefined> {
  const { model, imageSize, skeleton: { flip } } = refiner;
  const sides = sidesOf(refiner, sizes);
  using step = compile((crops: Record<string, Tensor>) => {
    const mapsOf = (images: Tensor): MapTensors => {
      const { heatmaps } = model.mapsOf(images);
      const [N, ...shape] = heatmaps.shape;
      return { heatmaps, tags: reshape(heatmaps, [N, 1, ...shape]) }; // tags that nobody looks at
    };
    const looks = sides.map((side) => ({
      scale: side / imageSize,
      plain: mapsOf(crops[side]),
      mirrored: mapsOf(mirrorImages(crops[side], "heatmap pixels")),
    }));
    const { heatmaps } = combineLooks(looks, { flip, tagsWithin: Infinity, cutOffAt: Infinity });
    return { heatmaps };
  }, { name: "second look" });
  const lookAgain = async (looks: readonly Look<T>[]) => {
    if (looks.length === 0) return;
    const crops = sides.map((side) => [side, cropsOf(looks, side)] as const);
    const { heatmaps } = await read(await step(Object.fromEntries(crops)));
    looks.forEach(({ of, p, crop }, i) => {
      of.again[p] = readPerson(partOf(heatmaps, i), frameOf(crop, sides[0], model.stride));
      of.open--;
    });
  };
  const waiting: Waiting<T>[] = [];
  const looks: Look<T>[] = [];
  for await (const one of found) {
    const added = looksAt(one, pixel);
    waiting.push(added.of);
    looks.push(...added.looks);
    while (looks.length >= CROPS) await lookAgain(looks.splice(0, CROPS));
    if (waiting.length === PICTURES) await lookAgain(looks.splice(0));
    yield* finished(waiting);
  }
  await lookAgain(looks);
  yield* finished(waiting);
}

/** Sides of the inputs in pixels, each once. */
function sidesOf(
  { model, imageSize }: Pick<LoadedNetwork, "model" | "imageSize">,
  sizes: readonly number[],
): number[] {
  if (sizes.length === 0 || !sizes.every((size) => size > 0 && size <= 4)) {
    throw new RangeError(
      `lookedAgain: sizes must be numbers above 0, at most 4, not [${sizes.join(", ")}]`,
    );
  }
  const usual = { width: imageSize, height: imageSize };
  const rule = { ...SINGLE_SCALE, scales: sizes };
  const inputs = inputSizes(rule, usual, { usual: imageSize, multiple: model.sizeMultiple });
  return [...new Set(inputs.map(({ width }) => width))];
}

/** A picture and who is to be looked at in it. */
function looksAt<T extends FoundPeople>(
  one: T,
  pixel: number,
): { readonly of: Waiting<T>; readonly looks: readonly Look<T>[] } {
  const crops = one.people.flatMap((person, p) => {
    const crop = cropOf(person, pixel);
    return crop ? [{ p, crop }] : [];
  });
  const of = { one, again: one.people.map(() => undefined), open: crops.length };
  return { of, looks: crops.map((crop) => ({ of, ...crop })) };
}

/** Where somebody is looked at again. */
function cropOf(person: DecodedPerson, pixel: number): SquareCrop | undefined {
  return personCrop(person, { leastSide: LEAST_SIDE * pixel });
}

/** Two looks at a keypoint of somebody agree if they are nearer than this, pixels of the picture. */
function agreementOf(
  person: DecodedPerson,
  pixel: number,
  take: RefinePersonOptions["take"],
): number {
  return take === "both" ? AGREEING_SHARE * cropOf(person, pixel)!.side : AGREEMENT * pixel;
}

/** Takes the pictures that nothing is to be done in any more from the beginning of the row. */
function* finished<T>(waiting: Waiting<T>[]): Generator<LookedAgain<T>, void, undefined> {
  while (waiting[0]?.open === 0) {
    const { one, again } = waiting.shift()!;
    yield { one, again };
  }
}

/** `[CROPS, 3, size, size]`; there are fewer crops at the end, the rest stays black. */
function cropsOf(looks: readonly Look<FoundPeople>[], size: number): HostArray {
  const images = hostArray([CROPS, 3, size, size]);
  looks.forEach(({ of, crop }, i) => {
    const { image } = of.one.sample;
    const into = images.data.subarray(i * 3 * size * size, (i + 1) * 3 * size * size);
    warpToPlanes(image, cropTransform(crop, size), { width: size, height: size }, into);
  });
  return images;
}

function partOf({ shape: [count, ...shape], data }: HostArray, i: number): HostArray {
  const size = data.length / count;
  return hostArray(shape, data.slice(i * size, (i + 1) * size));
}

function frameOf(crop: SquareCrop, size: number, stride: number) {
  const [a, b, c, d, e, f] = invertAffine(cropTransform(crop, size));
  return { stride, inverse: [[a, b, c], [d, e, f]] as const };
}

/** Keypoints of the second look have no tags: those that the person had are kept. */
function withTags(person: DecodedPerson, before: DecodedPerson): DecodedPerson {
  return {
    ...person,
    keypoints: person.keypoints.map((keypoint, k) =>
      keypoint && { ...keypoint, tag: before.keypoints[k]?.tag ?? [] }
    ),
  };
}
