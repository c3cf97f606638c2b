/**
 * A skeleton as a small JSON file describes it, by names, so that a data set of one's own needs no program:
 *
 *     { "name": "hand",
 *       "keypoints": ["wrist", "left_tip", "right_tip"],
 *       "flip":  [["left_tip", "right_tip"]],                    pairs that a mirror exchanges; [] for none
 *       "limbs": [["wrist", "left_tip"], ["wrist", "right_tip"]],
 *       "sigmas": [0.05, 0.05, 0.05],                            annotation spread over the person's size
 *       "order": ["wrist", "left_tip", "right_tip"] }            as grouping visits them
 *
 * `limbs` (only drawn) and `order` may be left out: no limbs, and the order of `keypoints`. Everything else
 * is asked for, because no guess would be noticed: without `flip`, mirrored training pictures teach wrong sides.
 *
 * @module
 */
import { InputError, nearestName } from "../core/errors.ts";
import type { Skeleton } from "./skeleton.ts";

/** A skeleton as JSON, see the top of the file. */
export interface SkeletonRecord {
  /** Short name, as printed in reports. */
  readonly name: string;
  /** Names of the K keypoints, in annotation order. */
  readonly keypoints: readonly string[];
  /** Pairs that a mirror exchanges; who is in none lies in the middle of the body. */
  readonly flip: readonly (readonly [string, string])[];
  /** Pairs joined when drawing. */
  readonly limbs?: readonly (readonly [string, string])[];
  /** K annotation spreads relative to the person's size. */
  readonly sigmas: readonly number[];
  /** All keypoints in the order in which grouping visits them. */
  readonly order?: readonly string[];
}

const FIELDS = ["name", "keypoints", "flip", "limbs", "sigmas", "order"];

/**
 * The skeleton that a parsed JSON file describes.
 *
 * @param parsed What `JSON.parse` returned: a {@linkcode SkeletonRecord}.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} At the first thing that is wrong, with its place: a field that is missing or unknown, a
 *   name that is empty, twice there or none of the keypoints (names the nearest), a keypoint in two pairs, a
 *   limb from a keypoint to itself, a sigma that is not above 0, an order that leaves one out.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { skeletonFromRecord } from "ae";
 *
 * const hand = { name: "hand", keypoints: ["wrist", "left", "right"], sigmas: [0.05, 0.05, 0.05] };
 * assert.deepEqual(skeletonFromRecord({ ...hand, flip: [["left", "right"]] }, "hand.json").flip, [0, 2, 1]);
 * assert.throws(
 *   () => skeletonFromRecord({ ...hand, flip: [["left", "rihgt"]] }, "hand.json"),
 *   /hand\.json: flip\[0\]\[1\] is "rihgt", which is no keypoint\n {2}help: did you mean "right"/,
 * );
 * ```
 */
export function skeletonFromRecord(parsed: unknown, name: string): Skeleton {
  const fail = (problem: string, help?: string) =>
    new InputError(`${name}: ${problem}${help ? `\n  help: ${help}` : ""}`);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw fail("a skeleton is an object with name, keypoints, flip and sigmas");
  }
  const record = parsed as Record<string, unknown>;
  for (const field of Object.keys(record)) {
    if (FIELDS.includes(field)) continue;
    const near = nearestName(field, FIELDS);
    throw fail(`unknown field "${field}"`, near ? `did you mean "${near}"?` : undefined);
  }
  const list = (field: string, missing?: unknown[]): unknown[] => {
    const value = record[field] ?? missing;
    if (Array.isArray(value)) return value;
    throw fail(`${field} should be a list, it is ${shown(value)}`);
  };
  if (typeof record.name !== "string" || record.name === "") {
    throw fail(`name should be a text, it is ${shown(record.name)}`);
  }

  const keypoints = list("keypoints").map((keypoint, k, all) => {
    if (typeof keypoint !== "string" || keypoint === "") {
      throw fail(`keypoints[${k}] should be a name, it is ${shown(keypoint)}`);
    }
    if (all.indexOf(keypoint) < k) {
      throw fail(`keypoints[${k}] is "${keypoint}" for the second time`);
    }
    return keypoint;
  });
  if (keypoints.length === 0) throw fail("keypoints is empty");

  const indexOf = (value: unknown, place: string): number => {
    const index = keypoints.indexOf(value as string);
    if (index >= 0) return index;
    const near = typeof value === "string" ? nearestName(value, keypoints) : undefined;
    throw fail(
      `${place} is ${shown(value)}, which is no keypoint`,
      near ? `did you mean "${near}"?` : undefined,
    );
  };
  const pair = (value: unknown, place: string): [number, number] => {
    if (!Array.isArray(value) || value.length !== 2) {
      throw fail(`${place} should be two names, it is ${shown(value)}`);
    }
    const [a, b] = value.map((end, i) => indexOf(end, `${place}[${i}]`));
    if (a === b) throw fail(`${place} joins "${keypoints[a]}" to itself`);
    return [a, b];
  };

  const flip = keypoints.map((_, k) => k);
  list("flip").forEach((value, i) => {
    const [a, b] = pair(value, `flip[${i}]`);
    const again = [a, b].find((k) => flip[k] !== k);
    if (again !== undefined) throw fail(`flip[${i}]: "${keypoints[again]}" is in two pairs`);
    [flip[a], flip[b]] = [b, a];
  });
  const limbs = list("limbs", []).map((value, i) => pair(value, `limbs[${i}]`));

  const sigmas = list("sigmas").map((sigma, k) => {
    if (typeof sigma === "number" && sigma > 0 && sigma < Infinity) return sigma;
    throw fail(`sigmas[${k}] is ${shown(sigma)}, a number above 0 expected`);
  });
  if (sigmas.length !== keypoints.length) {
    throw fail(`sigmas has ${sigmas.length} numbers for ${keypoints.length} keypoints`);
  }

  const groupingOrder = list("order", keypoints).map((value, i) => indexOf(value, `order[${i}]`));
  const missing = keypoints.findIndex((_, k) => !groupingOrder.includes(k));
  if (missing >= 0) throw fail(`order leaves out "${keypoints[missing]}"`);
  if (groupingOrder.length > keypoints.length) throw fail("order has a keypoint twice");
  return { name: record.name, keypoints, flip, limbs, sigmas, groupingOrder };
}

/**
 * A skeleton as JSON: what {@linkcode skeletonFromRecord} reads back, e.g. from a weight file.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, skeletonFromRecord, skeletonRecord } from "ae";
 *
 * const text = JSON.stringify(skeletonRecord(COCO));
 * assert.deepEqual(skeletonFromRecord(JSON.parse(text), "coco.json"), COCO);
 * ```
 */
export function skeletonRecord(skeleton: Skeleton): SkeletonRecord {
  const { name, keypoints, flip, limbs, sigmas, groupingOrder } = skeleton;
  const named = (k: number) => keypoints[k];
  return {
    name,
    keypoints,
    flip: flip.flatMap((other, k) => k < other ? [[named(k), named(other)] as const] : []),
    limbs: limbs.map(([a, b]) => [named(a), named(b)] as const),
    sigmas,
    order: groupingOrder.map(named),
  };
}

function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
