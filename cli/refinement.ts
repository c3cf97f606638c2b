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
import type { Sample } from "../data/mod.ts";
import { sameKeypoints } from "./datasets.ts";
import type { FoundPeople } from "./prediction.ts";
import { type LoadedModel, loadModel } from "./weights.ts";

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

/** Crops that go through the network at once. */
const CROPS = 4;

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

/** The same people after a second look, picture by picture. */
export async function* refined<T extends FoundPeople>(
  found: AsyncIterable<T>,
  { model, imageSize, skeleton }: Omit<LoadedModel, "preset" | "decoding">,
  { pixel = 1, ...rules }: RefineOptions = {},
): AsyncGenerator<T, void, undefined> {
  using step = compile(({ images }: { images: Tensor }) => {
    const heatmapsOf = (images: Tensor) => model.forward(images).at(-1)!.heatmaps;
    return {
      plain: heatmapsOf(images),
      mirrored: heatmapsOf(mirrorImages(images, "heatmap pixels")),
    };
  }, { name: "second look" });
  const agreementPixels = AGREEMENT * pixel;
  for await (const one of found) {
    const crops = one.people.flatMap((person, p) => {
      const crop = personCrop(person, { leastSide: LEAST_SIDE * pixel });
      return crop ? [{ p, crop }] : [];
    });
    const people = [...one.people];
    for (let from = 0; from < crops.length; from += CROPS) {
      const part = crops.slice(from, from + CROPS);
      const { plain, mirrored } = await read(
        await step({ images: cropsOf(one.sample, part.map(({ crop }) => crop), imageSize) }),
      );
      part.forEach(({ p, crop }, i) => {
        const heatmaps = bothLooks(partOf(plain, i), partOf(mirrored, i), skeleton.flip);
        const second = readPerson(heatmaps, frameOf(crop, imageSize, model.stride));
        people[p] = withTags(
          refinePerson(people[p], second, { agreementPixels, ...rules }),
          one.people[p],
        );
      });
    }
    yield { ...one, people };
  }
}

/** `[CROPS, 3, size, size]`; there are fewer crops at the end, the rest stays black. */
function cropsOf({ image }: Sample, crops: readonly SquareCrop[], size: number): HostArray {
  const images = hostArray([CROPS, 3, size, size]);
  crops.forEach((crop, i) => {
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
