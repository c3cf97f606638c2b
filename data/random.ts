/**
 * Random numbers that repeat: the same seed gives the same numbers on every machine, and a stream can be
 * saved and taken up again, so that a data set, an augmentation or a whole training run can be redone.
 *
 * The generator is sfc32 ("small fast counting", Chris Doty-Humphrey's PractRand): 96 bits of state
 * that are mixed and a 32-bit counter that only counts, so no seed has a period below 2^32. Streams that
 * must not disturb each other are made by {@linkcode Random.fork}: drawing more colours then moves no one.
 *
 * @module
 */

/** Everything a {@linkcode Random} needs to go on: plain whole numbers, fit for JSON. */
export interface RandomState {
  /** The three mixed words and the counter. */
  readonly words: readonly [number, number, number, number];
  /** The three words that the stream was started from: what {@linkcode Random.fork} builds on. */
  readonly origin: readonly [number, number, number];
}

type Origin = readonly [number, number, number];

/**
 * A stream of random numbers made from a seed.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Random } from "ae/data";
 *
 * const a = new Random(7);
 * const b = new Random(7);
 * assert.equal(a.next(), b.next());
 * assert.ok(a.uniform(2, 3) >= 2);
 * ```
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;
  #origin: Origin = [0, 0, 0];

  /**
   * Start a stream.
   *
   * @param seed A whole number, 0 to 2^53 - 1.
   * @throws {RangeError} If the seed is not such a number.
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`Random: the seed must be a whole number, 0 to 2^53 - 1, not ${seed}`);
    }
    this.#start([seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x51ed270b]); // any constant will do
  }

  #start(origin: Origin): void {
    this.#origin = origin;
    [this.#a, this.#b, this.#c] = origin;
    this.#counter = 1;
    for (let i = 0; i < 15; i++) this.#word(); // PractRand's number of rounds for a seed of 96 bits
  }

  /** The next 32 random bits, as a signed number. */
  #word(): number {
    const word = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word;
  }

  /** A number in [0, 1): a multiple of 2^-32, all equally likely. */
  next(): number {
    return (this.#word() >>> 0) / 2 ** 32;
  }

  /**
   * A number in [low, high), or `low` if the two are equal.
   *
   * @throws {RangeError} If a bound is not finite or `low` is above `high`.
   */
  uniform(low: number, high: number): number {
    if (!(low <= high) || !Number.isFinite(high - low)) {
      throw new RangeError(
        `Random.uniform: bounds must be finite and in order, not ${low}, ${high}`,
      );
    }
    return low + (high - low) * this.next();
  }

  /**
   * A whole number from 0 to `below - 1`, all equally likely (to within `below` / 2^32).
   *
   * @throws {RangeError} If `below` is not a whole number, 1 to 2^32.
   */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
      throw new RangeError(
        `Random.integer: the bound must be a whole number, 1 to 2^32, not ${below}`,
      );
    }
    return Math.floor(this.next() * below);
  }

  /** A draw from the normal distribution of mean 0 and variance 1: sqrt(-2 ln u) cos(2 pi v). */
  normal(): number {
    const u = 1 - this.next(); // in (0, 1]: ln 0 is no number
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.next());
  }

  /** True in `probability` of the cases: never for 0, always for 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /**
   * One entry of a list, all equally likely.
   *
   * @throws {RangeError} If the list is empty.
   */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("Random.pick: the list is empty");
    return list[this.integer(list.length)];
  }

  /** The entries of a list in random order, all orders equally likely; the list itself stays. */
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let last = result.length - 1; last > 0; last--) { // Fisher and Yates
      const other = this.integer(last + 1);
      [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
  }

  /**
   * A stream of its own. It depends on this stream's seed and on the label, not on how many numbers were
   * drawn before, and it draws none: streams stay what they are when code around them changes.
   *
   * @param label What the stream is for, e.g. `"colours"` or a scene's index.
   *
   * @example Usage
   * ```ts
   * import assert from "node:assert/strict";
   * import { Random } from "ae/data";
   *
   * const random = new Random(1);
   * const before = random.fork("poses").next();
   * random.next();
   * assert.equal(random.fork("poses").next(), before);
   * assert.notEqual(random.fork("colours").next(), before);
   * ```
   */
  fork(label: string | number): Random {
    const [a, b, c] = this.#origin;
    const text = `${typeof label}:${label}`;
    const mixer = new Random(0);
    mixer.#start([a ^ hash(text, 0x811c9dc5), b ^ hash(text, 0x9e3779b9), (c + text.length) | 0]);
    const child = new Random(0);
    child.#start([mixer.#word(), mixer.#word(), mixer.#word()]);
    return child;
  }

  /** Where the stream stands, to be taken up by {@linkcode Random.restore}. */
  save(): RandomState {
    return { words: [this.#a, this.#b, this.#c, this.#counter], origin: this.#origin };
  }

  /**
   * Go on from a saved state.
   *
   * @throws {RangeError} If the state is not one that {@linkcode Random.save} made.
   *
   * @example Usage
   * ```ts
   * import assert from "node:assert/strict";
   * import { Random } from "ae/data";
   *
   * const random = new Random(1);
   * const state = random.save();
   * const first = random.next();
   * random.restore(state);
   * assert.equal(random.next(), first);
   * ```
   */
  restore(state: RandomState): void {
    const good = (list: readonly number[], length: number) =>
      Array.isArray(list) && list.length === length && list.every((word) => word === (word | 0));
    if (!good(state?.words, 4) || !good(state?.origin, 3)) {
      throw new RangeError("Random.restore: the state must hold 4 words and an origin of 3");
    }
    [this.#a, this.#b, this.#c, this.#counter] = state.words;
    this.#origin = [...state.origin];
  }
}

/** FNV-1a over a text's UTF-16 units, from a chosen start: 32 bits. */
function hash(text: string, start: number): number {
  let value = start;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value | 0;
}
