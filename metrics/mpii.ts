/**
 * MPII's multi-person evaluation: the average precision of each keypoint, right when it lies within half a
 * head of the truth (PCKh at 0.5).
 *
 *     head size h = 0.6 * diagonal of the head's box
 *     hit         distance of found and true keypoint <= 0.5 h
 *     PCK         hits / annotated keypoints, for each found and each true person, of the 14 that count
 *
 *     1. each found person keeps only the true person of the largest PCK (the first of equals),
 *     2. each true person takes, of the found ones that kept it, the one of the largest PCK above 0,
 *     3. every keypoint found is now right (the person is matched and it is a hit) or wrong: also those of people
 *        who matched nobody, and those that are not annotated on the person matched,
 *     4. per keypoint: sort by the keypoint's own score; area under the enveloped precision-recall curve.
 *
 * Of the 16 keypoints 14 count (not pelvis and thorax); the total is the mean over these 14, the columns of the
 * published tables are means of left and right, and of neck and head top.
 *
 * | case                           | deepcut, poseval                          | here                          |
 * | ------------------------------ | ----------------------------------------- | ----------------------------- |
 * | mean                           | deepcut averages a 15th, "upper body", in | over the 14 keypoints         |
 * | a keypoint annotated nowhere   | NaN                                       | -1, left out of the means     |
 * | an image without people        | deepcut: skipped; poseval: all are wrong  | all are wrong                 |
 * | images whose labels are secret | not there                                 | left out and counted          |
 * | people without a head box      | fails                                     | InputError                    |
 * | who is found near a group      | a margin that depends on the scale        | half a body on each side      |
 *
 * Source: deepcut's `assignGTmulti.m` and poseval's `evaluateAP.py`; Pishchulin et al., "DeepCut" (CVPR 2016).
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { checkCocoResults, type CocoResult } from "../pose/coco_records.ts";
import {
  MPII_BODY,
  type MpiiGroup,
  type MpiiImage,
  type MpiiPerson,
} from "../pose/mpii_records.ts";
import { MPII } from "../pose/skeletons.ts";
import { meanOfDefined, OUTCOME, vocAveragePrecision } from "./average_precision.ts";

/** A head's size over the diagonal of its box: MPII's evaluation toolkit. */
const HEAD_OF_DIAGONAL = 0.6;
/** How far off a hit may be, in head sizes: PCKh at 0.5. */
const HIT_DISTANCE = 0.5;

/** AP of the columns of MPII's tables and their mean, 0 to 1; -1 where nothing is annotated. */
export interface MpiiColumns {
  /** Upper neck and head top. */
  readonly head: number;
  /** Both shoulders. */
  readonly shoulder: number;
  /** Both elbows. */
  readonly elbow: number;
  /** Both wrists. */
  readonly wrist: number;
  /** Both hips. */
  readonly hip: number;
  /** Both knees. */
  readonly knee: number;
  /** Both ankles. */
  readonly ankle: number;
  /** The mean over the 14 keypoints. */
  readonly total: number;
}

/** The two keypoints of each column. */
const COLUMNS: Readonly<Record<Exclude<keyof MpiiColumns, "total">, readonly string[]>> = {
  head: ["upper_neck", "head_top"],
  shoulder: ["right_shoulder", "left_shoulder"],
  elbow: ["right_elbow", "left_elbow"],
  wrist: ["right_wrist", "left_wrist"],
  hip: ["right_hip", "left_hip"],
  knee: ["right_knee", "left_knee"],
  ankle: ["right_ankle", "left_ankle"],
};

/** The keypoints that count, by their number. */
const COUNTED: readonly number[] = Object.values(COLUMNS).flat()
  .map((keypoint) => MPII.keypoints.indexOf(keypoint)).sort((a, b) => a - b);

/** Figures of one keypoint. */
export interface MpiiKeypointFigures {
  /** The keypoint's name. */
  readonly keypoint: string;
  /** Average precision, 0 to 1; -1 if it is annotated nowhere. */
  readonly AP: number;
  /** How many true people have it. */
  readonly annotated: number;
  /** How many were found, right or wrong. */
  readonly found: number;
  /** How many of those are right. */
  readonly right: number;
}

/** All that the evaluation finds out. */
export interface MpiiEvaluation {
  /** The row of a published table. */
  readonly columns: MpiiColumns;
  /** The 14 keypoints that count, in MPII's order. */
  readonly keypoints: readonly MpiiKeypointFigures[];
  /** Images (or groups) evaluated. */
  readonly images: number;
  /** Images left out because their labels are not public. */
  readonly leftOut: number;
}

/** What to evaluate. */
export interface MpiiOptions {
  /**
   * The groups of people that count. Of the people found in such an image those count whose keypoints' mean
   * lies in the box around the positions of the group, grown by half a body on each side. Default: everybody
   * in an image is a group, and everybody found in it counts.
   */
  readonly groups?: readonly MpiiGroup[];
  /** What error messages call truth and results: the files' paths. */
  readonly names?: { readonly truth?: string; readonly results?: string };
}

/** One keypoint found. */
interface Claim {
  readonly score: number;
  readonly right: boolean;
}

/** People to find, and people found, among themselves. */
interface Scene {
  readonly people: readonly MpiiPerson[];
  readonly found: readonly CocoResult[];
}

/**
 * Evaluate found people against MPII's by the rules at the top of the file.
 *
 * @param truth The images, e.g. from `readMpii`.
 * @param results Found people: COCO's records with 16 triples x, y, score in `keypoints`, the score 0 for a
 *   keypoint that was not found; `image_id` is {@linkcode MpiiImage.id}. A person's own `score` is not read.
 * @throws {InputError} If a record is malformed, names an image that is not there, or a person with annotated
 *   keypoints has no head box; with groups also if one names an image or person that is not there, or
 *   somebody in it has no position and scale.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateMpii, mpiiImages } from "ae";
 *
 * const points = Array.from({ length: 16 }, (_, id) => ({ id, x: 10 * id, y: 5, is_visible: 1 }));
 * const person = { x1: 0, y1: 0, x2: 30, y2: 40, annopoints: { point: points } }; // head of 30 pixels
 * const truth = mpiiImages({ annolist: [{ image: { name: "a.jpg" }, annorect: [person] }] }, "a.json");
 *
 * const keypoints = points.flatMap(({ id, x, y }) => [x, id === 0 ? y + 20 : y, 0.9]);
 * const found = { image_id: 1, category_id: 1, keypoints, score: 1 };
 * const { columns } = evaluateMpii(truth, [found]);
 * assert.equal(columns.knee, 1);
 * assert.equal(columns.ankle, 0.5); // the right one is off by more than half a head
 * assert.ok(Math.abs(columns.total - 13 / 14) < 1e-12);
 * ```
 */
export function evaluateMpii(
  truth: readonly MpiiImage[],
  results: readonly CocoResult[],
  options: MpiiOptions = {},
): MpiiEvaluation {
  const { scenes, leftOut } = prepare(truth, results, options);
  const claims = MPII.keypoints.map((): Claim[] => []);
  const annotated = MPII.keypoints.map(() => 0);
  for (const scene of scenes) judge(scene, claims, annotated);

  const keypoints = COUNTED.map((k) => {
    const keypoint = MPII.keypoints[k];
    const right = claims[k].filter((claim) => claim.right).length;
    const AP = areaUnderCurve(claims[k], annotated[k]);
    return { keypoint, AP, annotated: annotated[k], found: claims[k].length, right };
  });
  const meanOver = (names: readonly string[]) =>
    meanOfDefined(keypoints.filter(({ keypoint }) => names.includes(keypoint)).map(({ AP }) => AP));
  const columns = Object.fromEntries([
    ...Object.entries(COLUMNS).map(([column, names]) => [column, meanOver(names)]),
    ["total", meanOver(keypoints.map(({ keypoint }) => keypoint))],
  ]) as MpiiColumns;
  return { columns, keypoints, images: scenes.length, leftOut };
}

/** Put truth and results together, group by group. */
function prepare(
  truth: readonly MpiiImage[],
  results: readonly CocoResult[],
  { groups, names }: MpiiOptions,
): { scenes: Scene[]; leftOut: number } {
  const { truth: truthName = "ground truth", results: resultsName = "results" } = names ?? {};
  checkCocoResults(results, { skeleton: MPII, name: resultsName });
  const images = new Map(truth.map((image) => [image.id, image]));
  const found = Map.groupBy(results, ({ image_id }) => image_id);
  const stray = results.findIndex(({ image_id }) => !images.has(image_id));
  if (stray >= 0) {
    throw new InputError(
      `${resultsName}: results[${stray}].image_id is ${
        results[stray].image_id
      }, which is none of the ` +
        `${truth.length} images of ${truthName}`,
    );
  }
  const open = truth.filter(({ train }) => train);
  if (open.length === 0) {
    throw new InputError(`${truthName}: there are no images whose labels are public`);
  }
  for (const { fileName, people } of open) {
    const bare = people.findIndex((person) => !person.headBox && isAnnotated(person));
    if (bare >= 0) {
      throw new InputError(
        `${truthName}: ${fileName}: person ${bare + 1} has keypoints but no head box to measure by`,
      );
    }
  }
  const scenes = groups
    ? groups.map((group, i) => groupScene(group, images, found, `groups[${i}]`))
    : open.map(({ id, people }) => ({ people, found: found.get(id) ?? [] }));
  return { scenes, leftOut: truth.length - open.length };
}

/** The people of a group, and who was found near them. */
function groupScene(
  { imageId, people: members }: MpiiGroup,
  images: ReadonlyMap<number, MpiiImage>,
  found: ReadonlyMap<number, readonly CocoResult[]>,
  place: string,
): Scene {
  const image = images.get(imageId);
  if (!image?.train) throw new InputError(`${place}: there is no image ${imageId} with labels`);
  const people = members.map((member) => {
    const person = image.people[member];
    if (!person) throw new InputError(`${place}: ${image.fileName} has no person ${member}`);
    if (!person.position || person.scale === null) {
      throw new InputError(
        `${place}: person ${member} of ${image.fileName} has no objpos or scale`,
      );
    }
    return person;
  });
  const reach = people.map(({ position, scale }) => ({
    ...position!,
    margin: scale! * MPII_BODY / 2,
  }));
  const left = Math.min(...reach.map(({ x, margin }) => x - margin));
  const right = Math.max(...reach.map(({ x, margin }) => x + margin));
  const top = Math.min(...reach.map(({ y, margin }) => y - margin));
  const bottom = Math.max(...reach.map(({ y, margin }) => y + margin));
  const near = (found.get(imageId) ?? []).filter(({ keypoints }) => {
    const present = MPII.keypoints.flatMap((_, k) => keypoints[3 * k + 2] > 0 ? [k] : []);
    if (present.length === 0) return false;
    const x = present.reduce((sum, k) => sum + keypoints[3 * k], 0) / present.length;
    const y = present.reduce((sum, k) => sum + keypoints[3 * k + 1], 0) / present.length;
    return x >= left && x <= right && y >= top && y <= bottom;
  });
  return { people, found: near };
}

function isAnnotated({ keypoints }: MpiiPerson): boolean {
  return COUNTED.some((k) => keypoints[k].visibility > 0);
}

/** Steps 1 to 3 for one scene: add to each keypoint's claims and annotated people. */
function judge({ people, found }: Scene, claims: Claim[][], annotated: number[]): void {
  const known = people.filter(isAnnotated);
  for (const { keypoints } of known) {
    keypoints.forEach(({ visibility }, k) => annotated[k] += visibility > 0 ? 1 : 0);
  }
  const pck = found.map((result) =>
    known.map((person) => {
      const all = COUNTED.filter((k) => person.keypoints[k].visibility > 0).length;
      return COUNTED.filter((k) => isHit(result, person, k)).length / all;
    })
  );
  // Each found person keeps its best true person only; each true person then takes its best of those.
  const wanted = pck.map((row) => row.indexOf(Math.max(...row)));
  const owner = known.map((_, g) => {
    const best = Math.max(0, ...pck.map((row, d) => wanted[d] === g ? row[g] : 0));
    return best > 0 ? pck.findIndex((row, d) => wanted[d] === g && row[g] === best) : -1;
  });
  found.forEach((result, d) => {
    const person = known[owner.indexOf(d)] as MpiiPerson | undefined;
    claims.forEach((ofKeypoint, k) => {
      const score = result.keypoints[3 * k + 2];
      if (!(score > 0)) return;
      ofKeypoint.push({ score, right: person !== undefined && isHit(result, person, k) });
    });
  });
}

/** Whether keypoint k was found within half a head of where it is annotated. */
function isHit({ keypoints }: CocoResult, { keypoints: truth, headBox }: MpiiPerson, k: number) {
  if (!(truth[k].visibility > 0) || !(keypoints[3 * k + 2] > 0)) return false;
  const [x1, y1, x2, y2] = headBox!; // prepare() has seen to it
  const head = HEAD_OF_DIAGONAL * Math.hypot(x2 - x1, y2 - y1);
  const distance = Math.hypot(keypoints[3 * k] - truth[k].x, keypoints[3 * k + 1] - truth[k].y);
  return distance / head <= HIT_DISTANCE;
}

/** PASCAL VOC's area under the curve; -1 if there is nothing to find. */
function areaUnderCurve(claims: readonly Claim[], annotated: number): number {
  const sorted = claims.toSorted((a, b) => b.score - a.score);
  const outcomes = sorted.map(({ right }) => right ? OUTCOME.RIGHT : OUTCOME.WRONG);
  return vocAveragePrecision(outcomes, annotated, "all-points");
}
