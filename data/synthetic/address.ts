/**
 * Which scene or video, and how large: the options that both have, checked.
 *
 * @module
 */

/** Most people in a picture: as many as the tag loss has slots for. */
const MOST_PEOPLE = 30;
const SMALLEST_SIDE = 16;
const LARGEST_SIDE = 4096;

/** What scenes and videos are asked for by. */
interface Address {
  readonly seed: number;
  readonly index: number;
  readonly size: number | readonly [width: number, height: number];
  readonly people: readonly [fewest: number, most: number];
}

/**
 * Sizes and counts of an address.
 *
 * @param op Who was asked.
 * @throws {RangeError} If one is out of range; says which, and what the range is.
 */
export function checkedAddress(op: string, { seed, index, size, people }: Address) {
  for (const [name, value] of [["seed", seed], ["index", index]] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${op}: ${name} must be a whole number, 0 to 2^53 - 1, not ${value}`);
    }
  }
  const [width, height] = typeof size === "number" ? [size, size] : size;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < SMALLEST_SIDE || side > LARGEST_SIDE) {
      throw new RangeError(
        `${op}: sides must be whole numbers, ${SMALLEST_SIDE} to ${LARGEST_SIDE} pixels, ` +
          `not ${width} x ${height}`,
      );
    }
  }
  const [fewest, most] = people;
  const isCount = (n: number) => Number.isInteger(n) && n >= 0 && n <= MOST_PEOPLE;
  if (!isCount(fewest) || !isCount(most) || fewest > most) {
    throw new RangeError(
      `${op}: people must be [fewest, most], 0 to ${MOST_PEOPLE} and in order, ` +
        `not [${fewest}, ${most}]`,
    );
  }
  return { width, height, fewest, most };
}
