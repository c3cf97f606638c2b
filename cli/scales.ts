/**
 * At which sizes a network looks at a picture: the rules of test-time augmentation.
 *
 * | rule             | scales                                   | input at scale s                                   |
 * | ---------------- | ---------------------------------------- | -------------------------------------------------- |
 * | `official`       | 2, 1, 0.5                                | a square of s · R, R the network's usual size      |
 * | `demo9`          | 2, 1.8, 1.5, 1.3, 1.2, 1, 0.7, 0.5, 0.25 | a square of s · max(R, longer side of the picture) |
 * | `higher-hrnet`   | 2, 1, 0.5                                | shorter side s · R, the longer in proportion       |
 * | `higher-hrnet-1` | 1                                        | the same: what its authors' experiments test with  |
 * | a list           | as given, largest first                  | as `official`                                      |
 *
 * Sizes are rounded up to what the network can take. Maps are brought to those of the largest scale; by `higher-hrnet`
 * and `higher-hrnet-1` to the pixels of the input at scale 1. Tags come from scales within 0.5 of 1; by these two from
 * scale 1 alone.
 *
 * pose-ae-train, `test.py`; pose-ae-demo, `main.py`; HigherHRNet-Human-Pose-Estimation, `lib/utils/transforms.py`
 * (`get_multi_scale_size`). Differences:
 *
 * |                   | there                                | here                                  |
 * | ----------------- | ------------------------------------ | ------------------------------------- |
 * | `official`        | multiples of 64                      | multiples of what the network takes:  |
 * | `demo9`           | multiples of 4                       | 64 for the authors', 16 for the demo's |
 * | `higher-hrnet`    | multiples of 64 at the smallest scale | the same with the network's multiple |
 *
 * @module
 */
import { type Affine, InputError } from "../mod.ts";
import type { Option } from "./options.ts";

/** A rule for the sizes of a picture. */
export interface ScaleRule {
  /** Its name, or the list. */
  readonly name: string;
  /** Sizes relative to the usual one, largest first. */
  readonly scales: readonly number[];
  /** Which side is measured: the longer one of the picture fills the input, or the shorter one. */
  readonly fit: "longer" | "shorter";
  /** Whether pictures larger than the usual input are looked at in their own size. */
  readonly native: boolean;
  /** Where maps are brought: to those of the first scale, or to the pixels of the input at scale 1. */
  readonly mapsAt: "first" | "input";
  /** Tags come from scales nearer to 1 than this. */
  readonly tagsWithin: number;
}

/** Width and height in pixels. */
export interface Size {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

const HIGHER_HRNET = {
  fit: "shorter",
  native: false,
  mapsAt: "input",
  tagsWithin: 1e-9,
} as const;

const SQUARES = { fit: "longer", native: false, mapsAt: "first", tagsWithin: 0.5 } as const;

/** The rules by name. */
export const SCALE_RULES: Readonly<Record<string, ScaleRule>> = {
  official: { name: "official", scales: [2, 1, 0.5], ...SQUARES },
  demo9: {
    ...SQUARES,
    name: "demo9",
    scales: [2, 1.8, 1.5, 1.3, 1.2, 1, 0.7, 0.5, 0.25],
    native: true,
  },
  "higher-hrnet": { name: "higher-hrnet", scales: [2, 1, 0.5], ...HIGHER_HRNET },
  "higher-hrnet-1": { name: "higher-hrnet-1", scales: [1], ...HIGHER_HRNET },
};

/** The usual size alone. */
export const SINGLE_SCALE: ScaleRule = { name: "1", scales: [1], ...SQUARES };

/** The option `--scales`. */
export const SCALES: Option = {
  type: "text",
  help:
    "sizes to look at: official (2, 1, 0.5), demo9, higher-hrnet (2, 1, 0.5 of the shorter side), " +
    "higher-hrnet-1 (1 of it), or a list as 0.5,1,2",
  otherwise: "1",
};

/**
 * The rule that `--scales` names.
 *
 * @throws {InputError} If it is neither a rule nor a list of different numbers above 0, at most 4, with one within 0.5
 * of 1.
 */
export function scaleRule(text: string | undefined): ScaleRule {
  if (text === undefined) return SINGLE_SCALE;
  if (Object.hasOwn(SCALE_RULES, text)) return SCALE_RULES[text];
  const scales = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const isList = scales.every((scale) => scale > 0 && scale <= 4) &&
    new Set(scales).size === scales.length;
  if (!isList) {
    throw new InputError(
      `--scales must be ${Object.keys(SCALE_RULES).join(", ")} or different numbers above 0, ` +
        `at most 4, as 0.5,1,2; not ${text}`,
    );
  }
  if (!scales.some((scale) => Math.abs(scale - 1) < SQUARES.tagsWithin)) {
    throw new InputError(
      `--scales ${text}: none is within 0.5 of 1, so none gives tags\n  help: add 1`,
    );
  }
  return { name: text, scales: scales.toSorted((a, b) => b - a), ...SQUARES };
}

/**
 * The network's input at each scale of a rule.
 *
 * @param usual R, the network's usual size.
 * @param multiple Sizes are multiples of this.
 */
export function inputSizes(
  { scales, fit, native }: ScaleRule,
  picture: Size,
  { usual, multiple }: { readonly usual: number; readonly multiple: number },
): Size[] {
  const up = (length: number) => Math.max(1, Math.ceil(length / multiple - 1e-9)) * multiple;
  if (fit === "longer") {
    const base = native ? Math.max(usual, picture.width, picture.height) : usual;
    return scales.map((scale) => ({ width: up(scale * base), height: up(scale * base) }));
  }
  // Rounded at the smallest scale, so that all inputs have one shape.
  const least = Math.min(...scales, 1);
  const short = up(least * usual);
  const [shorter, longer] = [
    Math.min(picture.width, picture.height),
    Math.max(picture.width, picture.height),
  ];
  const long = up(short * longer / shorter);
  return scales.map((scale) => {
    const [a, b] = [short, long].map((length) => up(length * scale / least));
    return picture.width < picture.height ? { width: a, height: b } : { width: b, height: a };
  });
}

/** The map from a picture's pixels to an input's that shows it whole and undistorted, in the middle. */
export function fitting({ fit }: ScaleRule, picture: Size, input: Size): Affine {
  const ratios = [input.width / picture.width, input.height / picture.height];
  const scale = fit === "longer" ? Math.min(...ratios) : shorterSide(picture, ratios);
  return [
    scale,
    0,
    input.width / 2 - scale * picture.width / 2,
    0,
    scale,
    input.height / 2 - scale * picture.height / 2,
  ];
}

/** The shorter side fills the input; the longer one, rounded up, has a margin. */
function shorterSide({ width, height }: Size, [across, down]: readonly number[]): number {
  return width < height ? across : down;
}
