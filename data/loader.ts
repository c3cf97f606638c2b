/**
 * Batches without end from a data set: shuffled, augmented, the same again for the same seed, and able to go
 * on from any place.
 *
 * Nothing depends on what was drawn before: the order of pass e comes from (seed, e), and how a sample is
 * shown from (seed, e, its place in the pass). So a place is two numbers, and a run that was interrupted at
 * a place goes on exactly as it would have.
 *
 * A batch may reach over the end of a pass, so all batches have the same size and every sample is seen once
 * in each pass. Samples that cannot be read are left out of their batch, reported and counted.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  type Augmentation,
  type AugmentOptions,
  drawAugmentation,
  wholePicture,
} from "./augment.ts";
import {
  type BatchOptions,
  checkBatchSizes,
  droppedPeople,
  type MadeBatch,
  makeBatch,
} from "./batch.ts";
import { Random } from "./random.ts";
import type { Sample, SampleSource } from "./sample.ts";

/** A place in a stream of batches. */
export interface StreamPosition {
  /** How many times the whole data set has been gone through; 0 always for an endless one. */
  readonly epoch: number;
  /** How many samples of this pass have been used. */
  readonly position: number;
}

/** A sample that could not be read. */
export interface BrokenSample {
  /** Its number in the source. */
  readonly index: number;
  /** What is wrong with it; names the file. */
  readonly reason: string;
}

/** How to make batches. */
export interface LoaderOptions extends BatchOptions {
  /** N, samples in a batch. */
  readonly batchSize: number;
  /** Decides order and augmentation: a whole number, 0 or more. @default {0} */
  readonly seed?: number;
  /** Whether each pass has an order of its own; an endless source is taken as it comes. @default {true} */
  readonly shuffle?: boolean;
  /** Stop after so many batches, counted from `start`. @default {Infinity} */
  readonly steps?: number;
  /** How to vary the pictures; not at all when missing. */
  readonly augment?: AugmentOptions;
  /** Where to begin: the `position` of an earlier stream. @default {{ epoch: 0, position: 0 }} */
  readonly start?: StreamPosition;
  /** Told of each sample that cannot be read, once a sample. @default {console.warn} */
  readonly onBroken?: (broken: BrokenSample) => void;
}

/**
 * The batches of a source, as an async iterable that knows its place. Made by {@linkcode batches}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 * import { type BatchStream, batches } from "ae/data";
 *
 * const sample = (id: number) => ({ id, fileName: `${id}`, image: rgbImage(8, 8), people: [] });
 * const options = { batchSize: 2, inputSize: 8, stride: 4, steps: 2 };
 * const stream: BatchStream = batches({ length: 3, sample }, options);
 * for await (const batch of stream) assert.equal(batch.images.shape[0], 2);
 * assert.deepEqual(stream.position, { epoch: 1, position: 1 }); // 4 samples of 3
 * ```
 */
export class BatchStream implements AsyncIterable<MadeBatch> {
  readonly #source: SampleSource;
  readonly #options: LoaderOptions;
  readonly #random: Random;
  readonly #broken = new Map<number, BrokenSample>();
  #epoch: number;
  #position: number;
  #order: { readonly epoch: number; readonly indices: readonly number[] } | undefined;
  #droppedPeople = 0;

  /** Called by {@linkcode batches}. */
  constructor(source: SampleSource, options: LoaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#random = new Random(options.seed ?? 0);
    this.#epoch = options.start?.epoch ?? 0;
    this.#position = options.start?.position ?? 0;
  }

  /** The place after the last batch that was handed out: save it to go on from there. */
  get position(): StreamPosition {
    return { epoch: this.#epoch, position: this.#position };
  }

  /** The samples that could not be read so far, each once. */
  get broken(): readonly BrokenSample[] {
    return [...this.#broken.values()];
  }

  /** How many people or instances so far had no slot, summed over all images handed out. */
  get droppedPeople(): number {
    return this.#droppedPeople;
  }

  /**
   * The batches from the present place on.
   *
   * @throws {InputError} If no sample of a whole pass (of 1,000 in a row when endless) can be read.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<MadeBatch, void, undefined> {
    const { batchSize, steps = Infinity } = this.#options;
    for (let step = 0; step < steps; step++) {
      const samples: Sample[] = [];
      const augmentations: Augmentation[] = [];
      while (samples.length < batchSize) {
        const { sample, augmentation } = await this.#next();
        samples.push(sample);
        augmentations.push(augmentation);
      }
      this.#droppedPeople += droppedPeople(samples, this.#options);
      yield makeBatch(samples, this.#options, augmentations);
    }
  }

  /** The next sample that can be read, and how to show it. */
  async #next(): Promise<{ sample: Sample; augmentation: Augmentation }> {
    const { augment, instances, onBroken = warn } = this.#options;
    const patience = Math.min(this.#source.length, 1000);
    let reason = "";
    for (let failures = 0; failures < patience; failures++) {
      const [epoch, position] = [this.#epoch, this.#position];
      const index = this.#indexAt(epoch, position);
      this.#position++;
      if (this.#position >= this.#source.length) {
        this.#epoch++;
        this.#position = 0;
      }
      try {
        const sample = await this.#source.sample(index);
        const dice = (label: string) => this.#random.fork(label).fork(epoch).fork(position);
        const shown = augment
          ? drawAugmentation(sample.image, augment, dice("augmentation"))
          : wholePicture(sample.image);
        const seed = instances ? dice("pixels").integer(2 ** 32) : undefined;
        return { sample, augmentation: { ...shown, seed } };
      } catch (error) {
        if (!(error instanceof InputError)) throw error; // a mistake in the program, not in a file
        reason = error.message;
        const origin = this.#source.originOf?.(index) ?? index;
        if (!this.#broken.has(origin)) {
          const broken = { index: origin, reason };
          this.#broken.set(origin, broken);
          onBroken(broken);
        }
      }
    }
    throw new InputError(
      `batches: none of ${patience} samples in a row can be read; the last: ${reason}`,
    );
  }

  /** Which sample stands at a place of a pass. */
  #indexAt(epoch: number, position: number): number {
    const { length } = this.#source;
    if (length === Infinity || this.#options.shuffle === false) return position;
    if (this.#order?.epoch !== epoch) {
      const indices = Array.from({ length }, (_, i) => i);
      this.#order = { epoch, indices: this.#random.fork("order").fork(epoch).shuffled(indices) };
    }
    return this.#order.indices[position];
  }
}

/** What is done about a sample that cannot be read unless something else is asked for. */
export function warn({ reason }: BrokenSample): void {
  console.warn(`left out: ${reason}`);
}

/**
 * Batches from a source.
 *
 * @param source Photographs, synthetic scenes, or anything else that gives samples by number.
 * @param options Sizes, seed, augmentation, where to begin and end.
 * @throws {InputError} If the source is empty.
 * @throws {RangeError} If a size, `steps` or the seed is not a whole number in its range, `stride` does not
 * divide `inputSize`, or `start` lies outside the source.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 * import { batches, SOUND_AUGMENTATION } from "ae/data";
 *
 * const photos = {
 *   length: 5,
 *   sample: (id: number) => ({ id, fileName: `${id}.png`, image: rgbImage(30, 20), people: [] }),
 * };
 * const options = { batchSize: 4, inputSize: 32, stride: 4, augment: SOUND_AUGMENTATION };
 * for await (const { images, heatmaps } of batches(photos, { ...options, seed: 1, steps: 3 })) {
 *   assert.deepEqual(images.shape, [4, 3, 32, 32]);
 *   assert.deepEqual(heatmaps.shape, [4, 17, 8, 8]);
 * }
 * ```
 */
export function batches(source: SampleSource, options: LoaderOptions): BatchStream {
  checkBatchSizes("batches", options);
  const { batchSize, steps = Infinity, start = { epoch: 0, position: 0 } } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batches: batchSize must be a whole number, 1 or more, not ${batchSize}`);
  }
  if (steps !== Infinity && !(Number.isInteger(steps) && steps >= 0)) {
    throw new RangeError(`batches: steps must be a whole number, 0 or more, not ${steps}`);
  }
  if (source.length === 0) throw new InputError("batches: the data set is empty");
  const { epoch, position } = start;
  if (
    !Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(position) || position < 0 ||
    position >= source.length
  ) {
    throw new RangeError(
      `batches: start must be an epoch of 0 or more and a position below ${source.length}, ` +
        `not ${epoch} and ${position}`,
    );
  }
  return new BatchStream(source, options);
}
