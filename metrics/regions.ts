/**
 * Mean average precision of regions, mAP^r: how instance segmentation is measured on PASCAL VOC (and by the paper, at
 * overlaps of 0.5 and 0.7).
 *
 *     per class   all found masks of all pictures, by score
 *                 each claims the true one of its class and picture that it overlaps most:
 *                 right if the overlap (intersection over union) is enough and nobody has claimed it before
 *     AP^r        VOC's average precision of these claims, by one of two rules, which the result names
 *     mAP^r       the mean over the classes that there are
 *
 * COCO's rules ({@linkcode evaluateInstances}) differ: there a detection whose best is taken gets the next.
 *
 * | case                                | SDS, MNC                            | here                                 |
 * | ----------------------------------- | ----------------------------------- | ------------------------------------ |
 * | rule of the average                 | 11-point                            | both, named                          |
 * | pixels that nobody labelled (void)  | their masks have none               | taken out of both masks (our choice) |
 * | a found mask of such pixels only    |                                     | not counted (our choice)             |
 * | equal scores                        | as the sort leaves them             | keep the order of pictures and lists |
 * | a class of which there is nothing   | NaN                                 | -1, left out of the mean             |
 *
 * Source: Hariharan et al., "Simultaneous Detection and Segmentation" (ECCV 2014), section 3; MNC (Dai et al., 2016),
 * `voc_eval.py`, `voc_eval_sds`; Newell, Huang and Deng (2017), section 4.3 for the overlaps.
 *
 * @module
 */
import type { Mask } from "../image/mask.ts";
import { maskOverlaps } from "../image/overlap.ts";
import { encodeRunLengths, type RunCounts, runLengthArea } from "../image/run_length.ts";
import type { AnnotatedInstance, DecodedInstance } from "../instance/instance.ts";
import { meanOfDefined, OUTCOME, vocAveragePrecision, type VocRule } from "./average_precision.ts";

/** What is in one picture, and what was found. */
export interface RegionImage {
  /** The true things, without crowds. */
  readonly annotated: readonly AnnotatedInstance[];
  /** What was found, in any order. */
  readonly found: readonly Pick<DecodedInstance, "classIndex" | "mask" | "score">[];
  /** 1 where nobody said what there is; those pixels count for nobody. */
  readonly ignore?: Mask;
}

/** mAP^r at one overlap, by one rule. */
export interface RegionFigures {
  /** Least intersection over union of a right claim. */
  readonly overlap: number;
  /** How the curve was summed up. */
  readonly rule: VocRule;
  /** mAP^r, 0 to 1; -1 if there is nothing to find. */
  readonly mean: number;
  /** AP^r of each class; -1 where there is nothing of it. */
  readonly byClass: readonly number[];
}

/** What to evaluate. */
export interface RegionOptions {
  /** Least intersection over union of a right claim, above 0 to 1. @default {[0.5, 0.7]} */
  readonly overlaps?: readonly number[];
}

/**
 * mAP^r of found masks, at each overlap by both rules.
 *
 * @param images All pictures, also those with nothing in them.
 * @param classes How many classes there are.
 * @returns Two entries per overlap: 11-point, then all-points.
 * @throws {RangeError} As {@linkcode RegionMeasure}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateRegions } from "ae";
 *
 * const mask = (...data: number[]) => ({ width: 4, height: 1, data: new Uint8Array(data) });
 * const rest = { classIndex: 0, box: [0, 0, 3, 1], area: 3, crowd: false } as const;
 * const annotated = [{ ...rest, mask: mask(1, 1, 1, 0) }];
 * const found = [{ classIndex: 0, mask: mask(1, 1, 0, 0), score: 0.9, tag: [0] }]; // overlap 2 / 3
 * const figures = evaluateRegions([{ annotated, found }], 1);
 * assert.deepEqual(figures.map(({ overlap, rule, mean }) => [overlap, rule, mean]), [
 *   [0.5, "11-point", 1],
 *   [0.5, "all-points", 1],
 *   [0.7, "11-point", 0],
 *   [0.7, "all-points", 0],
 * ]);
 * ```
 */
export function evaluateRegions(
  images: Iterable<RegionImage>,
  classes: number,
  options: RegionOptions = {},
): RegionFigures[] {
  const measure = new RegionMeasure(classes);
  for (const image of images) measure.add(image);
  return measure.figures(options);
}

/**
 * {@linkcode evaluateRegions} picture by picture, for more of them than fit into memory: what is kept of a picture are
 * a few numbers per found mask.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { RegionMeasure } from "ae";
 *
 * const measure = new RegionMeasure(20);
 * measure.add({ annotated: [], found: [] });
 * assert.equal(measure.figures()[0].mean, -1); // there is nothing to find
 * ```
 */
export class RegionMeasure {
  readonly #classes: { readonly claims: Claim[]; wanted: number }[];
  #pictures = 0;

  /**
   * Begin without pictures.
   *
   * @param classes How many classes there are.
   */
  constructor(classes: number) {
    this.#classes = Array.from({ length: classes }, () => ({ claims: [], wanted: 0 }));
  }

  /**
   * Count a picture.
   *
   * @throws {RangeError} If a class is not one of the list, a score is not finite, a true thing is a crowd, or masks have
   * different sizes; nothing of the picture is counted then.
   */
  add(image: RegionImage): void {
    check(image, this.#classes.length, this.#pictures);
    const { annotated, found, ignore } = image;
    this.#classes.forEach((ofClass, classIndex) => {
      const truths = runsOf(annotated, classIndex, ignore);
      const detections = runsOf(found, classIndex, ignore);
      const table = maskOverlaps(
        detections.map(({ runs }) => runs),
        truths.map(({ runs }) => runs),
      );
      detections.forEach(({ instance: { score } }, d) => {
        const row = table.subarray(d * truths.length, (d + 1) * truths.length);
        const best = row.indexOf(Math.max(...row)); // -1 where there is no truth
        const thing = best < 0 ? -1 : ofClass.wanted + best;
        ofClass.claims.push({ score, thing, overlap: row[best] ?? 0 });
      });
      ofClass.wanted += truths.length;
    });
    this.#pictures++;
  }

  /**
   * The figures of all pictures so far.
   *
   * @returns Two entries per overlap: 11-point, then all-points.
   * @throws {RangeError} If an overlap is not above 0 to 1.
   */
  figures({ overlaps = [0.5, 0.7] }: RegionOptions = {}): RegionFigures[] {
    const wrong = overlaps.find((overlap) => !(overlap > 0 && overlap <= 1));
    if (wrong !== undefined) {
      throw new RangeError(`evaluateRegions: overlaps must be above 0 to 1, not ${wrong}`);
    }
    const sorted = this.#classes.map(({ claims, wanted }) => {
      return { claims: claims.toSorted((a, b) => b.score - a.score), wanted };
    });
    return overlaps.flatMap((overlap) =>
      (["11-point", "all-points"] as const).map((rule) => {
        const byClass = sorted.map(({ claims, wanted }) =>
          vocAveragePrecision(outcomesOf(claims, overlap), wanted, rule)
        );
        return { overlap, rule, mean: meanOfDefined(byClass), byClass };
      })
    );
  }
}

function check({ annotated, found, ignore }: RegionImage, classes: number, i: number): void {
  if (annotated.some(({ crowd }) => crowd)) {
    throw new RangeError(
      `evaluateRegions: picture ${i} has a crowd, which this measure does not know\n` +
        "  help: leave crowds out and mark their pixels in ignore",
    );
  }
  for (const { classIndex, mask: { width, height } } of [...annotated, ...found]) {
    if (!(Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classes)) {
      throw new RangeError(
        `evaluateRegions: picture ${i} has class ${classIndex}, 0 to ${classes - 1} expected`,
      );
    }
    const first = ignore ?? annotated[0]?.mask ?? found[0].mask;
    if (width !== first.width || height !== first.height) {
      throw new RangeError(
        `evaluateRegions: picture ${i} has masks of ${width} x ${height} and of ` +
          `${first.width} x ${first.height}`,
      );
    }
  }
  const bad = found.find(({ score }) => !Number.isFinite(score));
  if (bad) throw new RangeError(`evaluateRegions: picture ${i} has a score of ${bad.score}`);
}

/** A found mask with the true one that it claims. */
interface Claim {
  readonly score: number;
  /** Number of the true thing among all of the class; -1 if its picture has none. */
  readonly thing: number;
  readonly overlap: number;
}

/** The instances of a class that have a pixel that counts, with these pixels. */
function runsOf<T extends { readonly classIndex: number; readonly mask: Mask }>(
  instances: readonly T[],
  classIndex: number,
  ignore: Mask | undefined,
): { readonly instance: T; readonly runs: RunCounts }[] {
  return instances.filter((instance) => instance.classIndex === classIndex)
    .map((instance) => ({ instance, runs: encodeRunLengths(without(instance.mask, ignore)) }))
    .filter(({ runs }) => runLengthArea(runs) > 0);
}

function without(mask: Mask, ignore: Mask | undefined): Mask {
  if (!ignore) return mask;
  return { ...mask, data: mask.data.map((inside, i) => ignore.data[i] ? 0 : inside) };
}

/** Right or wrong, claim by claim. */
function outcomesOf(claims: readonly Claim[], least: number): number[] {
  const taken = new Set<number>();
  return claims.map(({ thing, overlap }) => {
    if (overlap < least || taken.has(thing)) return OUTCOME.WRONG;
    taken.add(thing);
    return OUTCOME.RIGHT;
  });
}
