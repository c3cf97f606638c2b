/**
 * One person at a time: crops around single people of another source, for a network that refines what the
 * multi-person network found. Others may be in the crop, but they are not its people: such a network learns whose
 * picture it is.
 *
 *     scene with three people   ──►   sample 0: a square around one of them, 1: around somebody in the next scene, …
 *
 * Of a finite source every pass shows each picture once, in an order of its own.
 *
 * The crop is the one that refinement looks at ({@linkcode cropAround}), moved, scaled and turned a little by chance,
 * since the keypoints that were found differ from the true ones and some are missing.
 *
 * Newell, Huang and Deng 2017, section 4.1: "we train a separate single-person network". How theirs was trained is not
 * published; chance here is about what the multi-person network leaves open.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { applyAffine, cropAround, cropTransform, type SquareCrop } from "../image/affine.ts";
import { warpImage } from "../image/warp.ts";
import type { AnnotatedKeypoint, AnnotatedPerson } from "../pose/person.ts";
import { Random } from "./random.ts";
import { type DescribedSource, labelledPeople, type Sample } from "./sample.ts";

/** Which crops. */
export interface SinglePersonOptions {
  /** Decides who is shown, and how: a whole number, 0 or more. */
  readonly seed: number;
  /** Side of a crop in pixels. */
  readonly size: number;
  /** A person's box that is smaller counts as so wide and high, pixels of the whole picture. @default {60} */
  readonly leastSide?: number;
  /** Largest change of a crop's side: a factor of up to 1 + scale, or down to 1 over it. @default {0.35} */
  readonly scale?: number;
  /** Largest move, as a share of the side. @default {0.1} */
  readonly shift?: number;
  /** Largest turn. @default {15} */
  readonly rotationDegrees?: number;
}

/**
 * Crops around single people, without end: crop i shows somebody of sample i, or, of a source of n samples, of one of
 * those that pass i / n has not shown yet.
 *
 * @param source Where the people are.
 * @throws {RangeError} If the size or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sceneSource, singlePersonSource } from "ae/data";
 *
 * const crops = singlePersonSource(sceneSource({ seed: 1, size: 64 }), { seed: 1, size: 32 });
 * const { image, people } = await crops.sample(0);
 * assert.deepEqual([image.width, image.height, people.length], [32, 32, 1]);
 * ```
 */
export function singlePersonSource(
  source: DescribedSource,
  options: SinglePersonOptions,
): DescribedSource {
  const { seed, size, leastSide = 60, scale = 0.35, shift = 0.1, rotationDegrees = 15 } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(
      `singlePersonSource: size must be a whole number, 1 or more, not ${size}`,
    );
  }
  for (const [name, value] of Object.entries({ scale, shift, rotationDegrees })) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(`singlePersonSource: ${name} must be 0 or more, not ${value}`);
    }
  }
  const random = new Random(seed);

  let order: { readonly pass: number; readonly indices: readonly number[] } | undefined;
  const originOf = (index: number) => {
    const { length } = source;
    if (length === Infinity) return index;
    const pass = Math.floor(index / length);
    if (order?.pass !== pass) {
      const indices = Array.from({ length }, (_, i) => i);
      order = { pass, indices: random.fork("order").fork(pass).shuffled(indices) };
    }
    return order.indices[index % length];
  };

  const sample = async (index: number): Promise<Sample> => {
    const whole = await source.sample(originOf(index));
    const labelled = labelledPeople(whole.people);
    if (labelled.length === 0) {
      throw new InputError(`${whole.fileName}: shows nobody with an annotated keypoint`);
    }
    const dice = random.fork("single person").fork(index);
    const person = dice.pick(labelled);
    const found = cropAround(person.keypoints.filter(isAnnotated), { leastSide });
    const around = (middle: number, reach: number) => dice.uniform(middle - reach, middle + reach);
    const crop: SquareCrop = {
      centre: {
        x: around(found.centre.x, shift * found.side),
        y: around(found.centre.y, shift * found.side),
      },
      side: found.side * (1 + scale) ** dice.uniform(-1, 1),
      rotationDegrees: around(0, rotationDegrees),
    };
    const toCrop = cropTransform(crop, size);
    return {
      id: index,
      fileName: whole.fileName,
      image: warpImage(whole.image, toCrop, { width: size, height: size }),
      people: [{ ...inCrop(person, crop, size) }],
    };
  };
  return {
    length: Infinity,
    sample,
    originOf,
    description: {
      kind: "single people",
      settings: { source: source.description, options },
    },
  };
}

const isAnnotated = ({ visibility }: AnnotatedKeypoint) => visibility > 0;

/** A person in the pixels of a crop. */
function inCrop(person: AnnotatedPerson, crop: SquareCrop, size: number): AnnotatedPerson {
  const toCrop = cropTransform(crop, size);
  const factor = size / crop.side;
  const [left, top, width, height] = person.box;
  const corner = applyAffine(toCrop, { x: left, y: top });
  return {
    ...person,
    keypoints: person.keypoints.map((keypoint) => ({
      ...keypoint,
      ...(isAnnotated(keypoint) ? applyAffine(toCrop, keypoint) : {}),
    })),
    box: [corner.x, corner.y, width * factor, height * factor],
    area: person.area * factor ** 2,
  };
}
