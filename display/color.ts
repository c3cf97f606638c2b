/**
 * Colours that carry meaning, chosen to be told apart with any kind of colour vision.
 *
 * | for | palette | why this one |
 * | --- | --- | --- |
 * | people | Okabe and Ito's seven colours without black | names of things: distinct hues, distinct also for the colour-blind |
 * | heatmaps | "inferno" | an amount from 0 to 1: lightness rises all the way, so it reads in grey, too |
 * | tags | blue, pale, orange | a position between two ends: both ends are dark, the middle is pale |
 *
 * Sources: M. Okabe and K. Ito, "Color Universal Design" (2008); "inferno" by N. Smith and S. van der Walt
 * (matplotlib 2.0, CC0), here ten of its 256 entries with straight lines between; the third is our own.
 *
 * @module
 */

/** Red, green, blue, each 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * Okabe and Ito's colours. The first four stay apart even when one side of a body is drawn lighter and the other darker;
 * yellow (a light orange) and sky blue (a light blue) come last for that reason.
 */
const PEOPLE: readonly Rgb[] = [
  [230, 159, 0], //   orange
  [0, 114, 178], //   blue
  [204, 121, 167], // reddish purple
  [0, 158, 115], //   bluish green
  [213, 94, 0], //    vermilion
  [86, 180, 233], //  sky blue
  [240, 228, 66], //  yellow
];

/** Every 28.3rd entry of inferno. */
const INFERNO: readonly Rgb[] = [
  [0, 0, 4],
  [27, 12, 65],
  [74, 12, 107],
  [120, 28, 109],
  [165, 44, 96],
  [207, 68, 70],
  [237, 105, 37],
  [251, 155, 6],
  [247, 209, 61],
  [252, 255, 164],
];

/** Dark blue over pale grey to dark orange: the pair of hues that every common kind of colour-blindness keeps apart. */
const DIVERGING: readonly Rgb[] = [
  [18, 62, 158],
  [60, 129, 210],
  [150, 197, 236],
  [240, 238, 230],
  [246, 182, 106],
  [222, 111, 22],
  [150, 48, 4],
];

/**
 * The colour between two: `(1 - t) a + t b`, channel by channel.
 *
 * @param a The colour at 0.
 * @param b The colour at 1.
 * @param t How far from `a` to `b`, 0 to 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mixColors } from "ae";
 *
 * assert.deepEqual(mixColors([0, 0, 0], [200, 100, 0], 0.5), [100, 50, 0]);
 * ```
 */
export function mixColors(a: Rgb, b: Rgb, t: number): Rgb {
  const mix = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * t;
  return [mix(0), mix(1), mix(2)];
}

/** The palette's colour at `t` (0 to 1, values outside are brought to the nearer end). */
function along(op: string, palette: readonly Rgb[], t: number): Rgb {
  if (Number.isNaN(t)) throw new RangeError(`${op}: there is no colour for NaN`);
  const place = Math.min(Math.max(t, 0), 1) * (palette.length - 1);
  const i = Math.min(Math.floor(place), palette.length - 2);
  return mixColors(palette[i], palette[i + 1], place - i);
}

/**
 * The colour of the person with this number: seven colours, then the same seven lighter, then darker, then again.
 *
 * @param index The person's number, from 0.
 * @throws {RangeError} If the index is not a whole number, 0 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { personColor } from "ae";
 *
 * assert.deepEqual(personColor(1), [0, 114, 178]);
 * ```
 */
export function personColor(index: number): Rgb {
  if (!Number.isInteger(index) || index < 0) {
    throw new RangeError(
      `personColor: a person's number must be a whole number, 0 or more, not ${index}`,
    );
  }
  const color = PEOPLE[index % PEOPLE.length];
  const round = Math.floor(index / PEOPLE.length) % 3;
  if (round === 0) return color;
  return mixColors(color, round === 1 ? [255, 255, 255] : [0, 0, 0], 0.5);
}

/**
 * The colour of an amount between 0 (black) and 1 (pale yellow): lightness rises all the way.
 *
 * @param t The amount; below 0 counts as 0, above 1 as 1.
 * @throws {RangeError} If `t` is NaN.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { heatColor } from "ae";
 *
 * assert.deepEqual(heatColor(0), [0, 0, 4]);
 * assert.deepEqual(heatColor(7), heatColor(1));
 * ```
 */
export function heatColor(t: number): Rgb {
  return along("heatColor", INFERNO, t);
}

/**
 * The colour of a place between two ends: 0 dark blue, 0.5 pale grey, 1 dark orange.
 *
 * @param t The place; below 0 counts as 0, above 1 as 1.
 * @throws {RangeError} If `t` is NaN.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { divergingColor } from "ae";
 *
 * assert.deepEqual(divergingColor(0.5), [240, 238, 230]);
 * ```
 */
export function divergingColor(t: number): Rgb {
  return along("divergingColor", DIVERGING, t);
}

/**
 * A colour as CSS writes it, `#rrggbb`; channels are rounded.
 *
 * @param color The colour, each channel 0 to 255.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cssColor } from "ae";
 *
 * assert.equal(cssColor([255, 0, 16]), "#ff0010");
 * ```
 */
export function cssColor(color: Rgb): string {
  return `#${color.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}
