/**
 * A second look at everybody: a single-person network sees each person found in a crop of its own, plain and mirrored,
 * and says where the keypoints are. The rules are decoders/single_person.ts.
 *
 * @module
 */
import {
  combineFlipped,
  compile,
  cropTransform,
  type DecodedPerson,
  type HostArray,
  hostArray,
  InputError,
  invertAffine,
  mirrorImages,
  personCrop,
  read,
  readPerson,
  refinePerson,
  type RefinePersonOptions,
  type SquareCrop,
  type Tensor,
  warpToPlanes,
} from "../mod.ts";
import { sameKeypoints } from "./datasets.ts";
import type { FoundPeople } from "./prediction.ts";
import { AUTHORS_SECOND_LOOK, type LoadedModel, loadModel } from "./weights.ts";

/** How to look again. */
export interface RefineOptions extends RefinePersonOptions {
  /**
   * Pixels of the picture for one of the photographs that the rules' lengths are meant for: below 1 for small synthetic
   * scenes. @default {1}
   */
  readonly pixel?: number;
}

/** The authors' lengths in photographs: a smaller person is looked at as if so large; looks agree within. */
const LEAST_SIDE = 60, AGREEMENT = 10;

/** Crops that go through the network at once; pictures that may wait until there are so many. */
const CROPS = 4, PICTURES = 8;

/**
 * The network of `--refine`.
 *
 * @throws {InputError} If it has tags, and so looks at several people, or finds other keypoints than the first network.
 */
export async function loadRefiner(path: string, first: LoadedModel): Promise<LoadedModel> {
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

/** A picture whose people are being looked at. */
interface Waiting<T> {
  readonly one: T;
  /** Each as found until the second look at them was made. */
  readonly people: DecodedPerson[];
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

/**
 * The same people after a second look, in the same order. People of several pictures go through the network together, so
 * that it has as much to do where pictures show one person as where they show many.
 */
export async function* refined<T extends FoundPeople>(
  found: AsyncIterable<T>,
  { model, imageSize, skeleton, decoding }: Omit<LoadedModel, "preset">,
  { pixel = 1, ...rules }: RefineOptions = {},
): AsyncGenerator<T, void, undefined> {
  const usual = {
    threshold: decoding.threshold ?? AUTHORS_SECOND_LOOK.threshold,
    agreementPixels: AGREEMENT * pixel,
  };
  using step = compile(({ images }: { images: Tensor }) => {
    const heatmapsOf = (images: Tensor) => model.forward(images).at(-1)!.heatmaps;
    return {
      plain: heatmapsOf(images),
      mirrored: heatmapsOf(mirrorImages(images, "heatmap pixels")),
    };
  }, { name: "second look" });
  const lookAgain = async (looks: readonly Look<T>[]) => {
    if (looks.length === 0) return;
    const { plain, mirrored } = await read(await step({ images: cropsOf(looks, imageSize) }));
    looks.forEach(({ of, p, crop }, i) => {
      const heatmaps = bothLooks(partOf(plain, i), partOf(mirrored, i), skeleton.flip);
      const second = readPerson(heatmaps, frameOf(crop, imageSize, model.stride));
      const before = of.people[p];
      const better = refinePerson(before, second, { ...usual, ...rules });
      of.people[p] = withTags(better, before);
      of.open--;
    });
  };
  const waiting: Waiting<T>[] = [];
  const looks: Look<T>[] = [];
  for await (const one of found) {
    const added = looksAt(one, LEAST_SIDE * pixel);
    waiting.push(added.of);
    looks.push(...added.looks);
    while (looks.length >= CROPS) await lookAgain(looks.splice(0, CROPS));
    if (waiting.length === PICTURES) await lookAgain(looks.splice(0));
    yield* finished(waiting);
  }
  await lookAgain(looks);
  yield* finished(waiting);
}

/** A picture and who is to be looked at in it. */
function looksAt<T extends FoundPeople>(
  one: T,
  leastSide: number,
): { readonly of: Waiting<T>; readonly looks: readonly Look<T>[] } {
  const crops = one.people.flatMap((person, p) => {
    const crop = personCrop(person, { leastSide });
    return crop ? [{ p, crop }] : [];
  });
  const of = { one, people: [...one.people], open: crops.length };
  return { of, looks: crops.map((crop) => ({ of, ...crop })) };
}

/** Takes the pictures that nothing is to be done in any more from the beginning of the row. */
function* finished<T extends FoundPeople>(waiting: Waiting<T>[]): Generator<T, void, undefined> {
  while (waiting[0]?.open === 0) {
    const { one, people } = waiting.shift()!;
    yield { ...one, people };
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

/** The mean of the plain look's heatmaps and the mirrored one's, mirrored back. */
function bothLooks(plain: HostArray, mirrored: HostArray, flip: readonly number[]): HostArray {
  const maps = (heatmaps: HostArray) => ({ heatmaps, tags: hostArray([1, ...heatmaps.shape]) });
  return combineFlipped(maps(plain), maps(mirrored), flip).heatmaps;
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
