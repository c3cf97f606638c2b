/**
 * Batches made by workers while the device computes, so that a training step need not wait for its data.
 *
 * They are the batches of {@linkcode batches} to the last bit, however many workers there are: what a place of the
 * stream holds depends on nothing that came before. Each worker is asked for the batch at the place where it will
 * begin if every sample before it can be read; where one could not, the batches after it are asked for again.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { MadeBatch } from "./batch.ts";
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from "./batch_worker.ts";
import {
  batches,
  type BrokenSample,
  type LoaderOptions,
  type StreamPosition,
  warn,
} from "./loader.ts";
import type { DescribedSource } from "./sample.ts";

/** How to make batches ahead. */
export interface AheadOptions extends LoaderOptions {
  /** How many workers. @default {1} */
  readonly workers?: number;
}

/** Batches that a worker has begun before they are needed: one that it makes, and one that waits. */
const BEGUN = 2;

interface Begun {
  readonly start: StreamPosition;
  readonly answer: Promise<WorkerAnswer>;
}

/** One worker and the answers it owes. */
class BatchMaker {
  readonly #worker: Worker;
  readonly #owed: {
    readonly resolve: (answer: WorkerAnswer) => void;
    readonly reject: (reason: Error) => void;
  }[] = [];
  #stopped: Error | undefined;

  constructor(setup: WorkerSetup) {
    this.#worker = new Worker(new URL("./batch_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) =>
      this.#owed.shift()!.resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#stopped = new Error(`batchesAhead: a worker stopped: ${event.message}`);
      for (const { reject } of this.#owed.splice(0)) reject(this.#stopped);
    };
    try {
      this.#worker.postMessage(setup);
    } catch (error) {
      this.stop(); // something in the setup that cannot be sent, a function say
      throw error;
    }
  }

  make(request: WorkerRequest): Promise<WorkerAnswer> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      this.#owed.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  stop(): void {
    this.#worker.terminate();
  }
}

/**
 * The batches of a source, made by workers. Made by {@linkcode batchesAhead}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { type BatchesAhead, batchesAhead, sceneSource } from "ae/data";
 *
 * const scenes = sceneSource({ seed: 1, size: 32 });
 * const options = { batchSize: 2, inputSize: 32, stride: 2, steps: 1 };
 * const stream: BatchesAhead = batchesAhead(scenes, options);
 * for await (const { images } of stream) assert.equal(images.shape[0], 2);
 * assert.deepEqual(stream.position, { epoch: 0, position: 2 });
 * ```
 */
export class BatchesAhead implements AsyncIterable<MadeBatch> {
  readonly #source: DescribedSource;
  readonly #options: AheadOptions;
  readonly #broken = new Map<number, BrokenSample>();
  #position: StreamPosition;
  #droppedPeople = 0;

  /** Called by {@linkcode batchesAhead}. */
  constructor(source: DescribedSource, options: AheadOptions) {
    this.#source = source;
    this.#options = options;
    this.#position = options.start ?? { epoch: 0, position: 0 };
  }

  /** The place after the last batch that was handed out: save it to go on from there. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** The samples that could not be read so far, each once. */
  get broken(): readonly BrokenSample[] {
    return [...this.#broken.values()];
  }

  /** How many people so far had no slot, summed over all images handed out. */
  get droppedPeople(): number {
    return this.#droppedPeople;
  }

  /**
   * The batches from the present place on. Workers are started here, and stopped when the loop over them ends.
   *
   * @throws {InputError} If no sample of a whole pass (of 1,000 in a row when endless) can be read.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<MadeBatch, void, undefined> {
    const { workers = 1, steps = Infinity, onBroken, start: _start, ...rest } = this.#options;
    const { kind, settings } = this.#source.description;
    const setup = { description: { kind, settings, sharedBy: workers }, options: rest };
    const makers: BatchMaker[] = [];
    const queue: Begun[] = [];
    let asked = 0;
    try {
      while (makers.length < workers) makers.push(new BatchMaker(setup));
      for (let step = 0; step < steps; step++) {
        if (queue.length > 0 && !samePlace(queue[0].start, this.#position)) queue.length = 0;
        while (queue.length < Math.min(BEGUN * workers, steps - step)) {
          const last = queue.at(-1);
          const start = last ? this.#after(last.start) : this.#position;
          const answer = makers[asked++ % workers].make({ start });
          answer.catch(() => {}); // thrown where it is awaited, if it ever is
          queue.push({ start, answer });
        }
        const made = await queue.shift()!.answer;
        if ("error" in made) {
          throw made.isInput ? new InputError(made.error) : new Error(made.error);
        }
        this.#position = made.position;
        this.#droppedPeople += made.droppedPeople;
        for (const broken of made.broken) this.#report(broken, onBroken);
        yield made.batch;
      }
    } finally {
      for (const maker of makers) maker.stop();
    }
  }

  #report(broken: BrokenSample, onBroken = warn): void {
    if (this.#broken.has(broken.index)) return;
    this.#broken.set(broken.index, broken);
    onBroken(broken);
  }

  /** Where the batch after the one at a place begins, if every sample can be read. */
  #after({ epoch, position }: StreamPosition): StreamPosition {
    const { length } = this.#source;
    const next = position + this.#options.batchSize;
    if (length === Infinity) return { epoch, position: next };
    return { epoch: epoch + Math.floor(next / length), position: next % length };
  }
}

function samePlace(a: StreamPosition, b: StreamPosition): boolean {
  return a.epoch === b.epoch && a.position === b.position;
}

/**
 * The batches that {@linkcode batches} gives, made ahead by workers.
 *
 * @param source Made-up scenes or photographs.
 * @param options Those of `batches`, and how many workers.
 * @throws {InputError} If the source is empty.
 * @throws {RangeError} As `batches`, or if `workers` is not a whole number of 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { batches, batchesAhead, sceneSource } from "ae/data";
 *
 * const scenes = sceneSource({ seed: 1, size: 32 });
 * const options = { batchSize: 2, inputSize: 32, stride: 2, steps: 3 };
 * const ahead = await Array.fromAsync(batchesAhead(scenes, { ...options, workers: 2 }));
 * assert.deepEqual(ahead, await Array.fromAsync(batches(scenes, options)));
 * ```
 */
export function batchesAhead(source: DescribedSource, options: AheadOptions): BatchesAhead {
  const { workers = 1 } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`batchesAhead: workers must be a whole number, 1 or more, not ${workers}`);
  }
  batches(source, options); // wrong options are noticed here, not in a worker
  return new BatchesAhead(source, options);
}
