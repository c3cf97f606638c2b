/**
 * What every fuzzer is: a series of inputs, each a pure function of seed and number, and something that must hold for
 * all of them.
 *
 * @module
 */

/** One kind of random input. */
export interface Fuzzer {
  /** Name on the command line. */
  readonly name: string;
  /** What must hold, as the end of "N inputs:". */
  readonly promise: string;
  /** How many inputs a full run tries. */
  readonly count: number;
  /**
   * Try input number `index` of series `seed`.
   *
   * @returns What does not hold, with the input where it can be shown; null where all holds.
   */
  run(seed: number, index: number): Promise<string | null> | string | null;
}

/** What a fuzzer found. */
export interface Report {
  readonly tried: number;
  readonly problems: readonly { readonly index: number; readonly problem: string }[];
  readonly seconds: number;
}

/** So many problems are enough to look at. */
const ENOUGH = 5;

/**
 * Try the inputs of a series one after the other.
 *
 * @param range.seed The series.
 * @param range.from The first input.
 * @param range.count How many.
 * @param range.until Stop when `performance.now()` has come so far.
 */
export async function tryAll(
  fuzzer: Fuzzer,
  { seed, from = 0, count, until = Infinity }: {
    readonly seed: number;
    readonly from?: number;
    readonly count: number;
    readonly until?: number;
  },
  onProgress: (tried: number) => void = () => {},
): Promise<Report> {
  const start = performance.now();
  const problems: { index: number; problem: string }[] = [];
  let tried = 0;
  while (tried < count && problems.length < ENOUGH && (tried === 0 || performance.now() < until)) {
    const index = from + tried++;
    const problem = await fuzzer.run(seed, index);
    if (problem !== null) problems.push({ index, problem });
    onProgress(tried);
  }
  return { tried, problems, seconds: (performance.now() - start) / 1000 };
}
