/**
 * Counts of several videos added up. Measures of tracking are quotients of counts, and the figures of a whole data set
 * are the quotients of the sums, not means of the videos' figures: a long video weighs more than a short one.
 *
 * @module
 */

/** Field by field the sum of the parts; for no parts all fields of `zero`. */
export function sumOfCounts<Counts extends { readonly [Field in keyof Counts]: number }>(
  zero: Counts,
  parts: readonly Counts[],
): Counts {
  const sum = { ...zero };
  for (const field of Object.keys(zero) as (keyof Counts)[]) {
    for (const part of parts) sum[field] = (sum[field] + part[field]) as Counts[keyof Counts];
  }
  return sum;
}

/** `part / whole`, and 0 for a whole of 0: what nobody could do, nobody did. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
