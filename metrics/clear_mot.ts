/**
 * CLEAR MOT: how many things were missed, invented, or found under a changing identity.
 *
 * In every frame each annotated thing gets at most one found thing, its *partner*, of a similarity that reaches the
 * threshold. Who was partners in the frame before stays so as long as the similarity allows it, even if somebody else
 * is nearer by now; the rest is paired so that the sum of similarities is greatest.
 *
 *     frame          1   2   3   4   5   6
 *     truth 1        7   7   ·   7   9   9      a number is the partner, · a miss
 *                            |       +- identity switch: partner 9, the last one was 7
 *                            +--------- fragmentation: lost and found again
 *
 *     MOTA = 1 - (misses + false positives + identity switches) / annotated       MOTP = mean similarity of partners
 *
 * A thing is mostly tracked if it has a partner in more than 80 % of its frames, mostly lost below 20 %.
 *
 * | case                                | the others                                      | here                |
 * | ----------------------------------- | ----------------------------------------------- | ------------------- |
 * | who stays partners                  | py-motmetrics: the last partner, however long ago | TrackEval's: that of the frame before; the other by `partner: "last"` |
 * | a frame with no truth or none found | TrackEval: skipped, as if it had not been       | a frame: who was tracked is lost |
 * | tracked in exactly 80 %             | py-motmetrics: mostly tracked                   | TrackEval's: partly |
 * | absent from the video for a while   | py-motmetrics: no fragmentation                 | TrackEval's: one    |
 * | MOTP                                | py-motmetrics: mean distance, 1 - similarity    | TrackEval's         |
 * | nothing annotated                   | py-motmetrics: NaN                              | TrackEval's: MOTA is minus the false positives; other quotients 0 |
 *
 * Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics" (2008);
 * TrackEval, `metrics/clear.py`; py-motmetrics, `mot.py`.
 *
 * @module
 */
import { assignMinimumCost } from "../decoders/assign.ts";
import type { MatchedFrame } from "../track/track.ts";
import { share, sumOfCounts } from "./counts.ts";
import { checkTracking, MATCH_THRESHOLD, reaches, type TrackingFrame } from "./tracking_frame.ts";

/** More than this share of its frames: mostly tracked. TrackEval. */
const MOSTLY_TRACKED = 0.8;
/** Less than this share of its frames: mostly lost. TrackEval. */
const MOSTLY_LOST = 0.2;

/** How partners are found. */
export interface ClearMotOptions {
  /** Least similarity of partners, above 0 and at most 1. @default {0.5} */
  readonly threshold?: number;
  /**
   * Who stays partners: those of the frame before, as TrackEval has it, or the last ones, however long ago, as
   * py-motmetrics has it. @default {"previous frame"}
   */
  readonly partner?: "previous frame" | "last";
}

/** What CLEAR MOT counts. */
export interface ClearMotCounts {
  /** Frames looked at. */
  readonly frames: number;
  /** Annotated things that have a partner, over all frames. */
  readonly matches: number;
  /** Annotated things without one. */
  readonly misses: number;
  /** Found things without one. */
  readonly falsePositives: number;
  /** How often a partner was another than the last one. */
  readonly identitySwitches: number;
  /** How often a thing was lost and found again. */
  readonly fragmentations: number;
  /** Identities annotated that have a partner in more than 80 % of their frames. */
  readonly mostlyTracked: number;
  /** Those between the two others. */
  readonly partlyTracked: number;
  /** Identities annotated that have a partner in less than 20 % of their frames. */
  readonly mostlyLost: number;
  /** Sum of the partners' similarities. */
  readonly similaritySum: number;
}

/** The figures of CLEAR MOT. */
export interface ClearMot extends ClearMotCounts {
  /** Accuracy: 1 - (misses + false positives + identity switches) / annotated; can be far below 0. */
  readonly MOTA: number;
  /** Precision of places: mean similarity of partners, 0 to 1. */
  readonly MOTP: number;
  /** Share of the annotated that has a partner, 0 to 1. */
  readonly recall: number;
  /** Share of the found that has a partner, 0 to 1. */
  readonly precision: number;
}

const NOTHING: ClearMotCounts = {
  frames: 0,
  matches: 0,
  misses: 0,
  falsePositives: 0,
  identitySwitches: 0,
  fragmentations: 0,
  mostlyTracked: 0,
  partlyTracked: 0,
  mostlyLost: 0,
  similaritySum: 0,
};

/**
 * Who is whose partner in every frame, as described at the top of the file.
 *
 * @param frames One video, in order.
 * @param options Threshold, and who stays partners.
 * @throws {ShapeError} If a table of similarities does not have a place for every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, a similarity is not from 0 to 1, the
 *   threshold is not above 0 and at most 1, or `partner` is neither of the two.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { matchTracks } from "ae";
 *
 * const matched = matchTracks([
 *   { truth: [1], found: [7], similarity: [[0.9]] },
 *   { truth: [1], found: [7, 8], similarity: [[0.6, 0.9]] }, // 8 is nearer, 7 was there before
 *   { truth: [1], found: [8], similarity: [[0.9]] },
 * ]);
 * assert.deepEqual(matched.map(({ partners }) => partners[0]), [7, 7, 8]);
 * assert.deepEqual(matched.map(({ switched }) => switched[0]), [false, false, true]);
 * ```
 */
export function matchTracks(
  frames: readonly TrackingFrame[],
  options: ClearMotOptions = {},
): MatchedFrame[] {
  const { threshold = MATCH_THRESHOLD, partner = "previous frame" } = options;
  checkTracking("matchTracks", frames, threshold);
  if (partner !== "previous frame" && partner !== "last") {
    throw new RangeError(`matchTracks: partner must be previous frame or last, not ${partner}`);
  }
  const lastPartner = new Map<number, number>();
  let before = new Map<number, number>(); // the previous frame's partners
  return frames.map((frame, f) => {
    const { truth } = frame;
    const partners = partnersIn(frame, partner === "last" ? lastPartner : before, threshold);
    before = new Map();
    const switched = truth.map((identity, t) => {
      const found = partners[t];
      if (found === null) return false;
      const last = lastPartner.get(identity);
      before.set(identity, found);
      lastPartner.set(identity, found);
      return last !== undefined && last !== found;
    });
    return { frame: frame.frame ?? f + 1, truth, partners, switched };
  });
}

/** For each annotated thing of a frame the identity of its partner, null if it has none. */
function partnersIn(
  { truth, found, similarity }: TrackingFrame,
  kept: ReadonlyMap<number, number>,
  threshold: number,
): (number | null)[] {
  const partners = new Array<number | null>(truth.length).fill(null);
  const free = new Map(found.map((identity, f) => [identity, f]));
  truth.forEach((identity, t) => {
    const wanted = kept.get(identity);
    const f = wanted === undefined ? undefined : free.get(wanted);
    if (f === undefined || !reaches(similarity[t][f], threshold)) return;
    partners[t] = found[f];
    free.delete(found[f]);
  });
  const rows = truth.keys().filter((t) => partners[t] === null).toArray();
  const columns = [...free.values()];
  const gain = (t: number, f: number) =>
    reaches(similarity[t][f], threshold) ? similarity[t][f] : 0;
  const assigned = assignMinimumCost(rows.map((t) => columns.map((f) => -gain(t, f))));
  rows.forEach((t, row) => {
    const f = columns[assigned[row]]; // undefined for -1
    if (f !== undefined && gain(t, f) > 0) partners[t] = found[f];
  });
  return partners;
}

/**
 * CLEAR MOT of one video.
 *
 * @param frames The video's frames, in order.
 * @param options Threshold, and who stays partners.
 * @throws {ShapeError} As {@linkcode matchTracks}.
 * @throws {RangeError} As {@linkcode matchTracks}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { clearMot } from "ae";
 *
 * const { MOTA, identitySwitches, falsePositives } = clearMot([
 *   { truth: [1, 2], found: [7, 8], similarity: [[0.9, 0], [0, 0.9]] },
 *   { truth: [1, 2], found: [8, 7, 9], similarity: [[0.9, 0, 0], [0, 0.9, 0]] },
 * ]);
 * assert.deepEqual([identitySwitches, falsePositives, MOTA], [2, 1, 1 - 3 / 4]);
 * ```
 */
export function clearMot(
  frames: readonly TrackingFrame[],
  options: ClearMotOptions = {},
): ClearMot {
  const matched = matchTracks(frames, options);
  const counts = { ...NOTHING, frames: frames.length };
  frames.forEach(({ found, similarity }, f) => {
    const { partners, switched } = matched[f];
    const pairs = partners.flatMap((partner, t) =>
      partner === null ? [] : [similarity[t][found.indexOf(partner)]]
    );
    counts.matches += pairs.length;
    counts.misses += partners.length - pairs.length;
    counts.falsePositives += found.length - pairs.length;
    counts.identitySwitches += switched.filter(Boolean).length;
    counts.similaritySum += pairs.reduce((sum, value) => sum + value, 0);
  });
  for (const { present, tracked, runs } of coverage(matched)) {
    if (tracked / present > MOSTLY_TRACKED) counts.mostlyTracked++;
    else if (tracked / present >= MOSTLY_LOST) counts.partlyTracked++;
    else counts.mostlyLost++;
    counts.fragmentations += Math.max(0, runs - 1);
  }
  return withQuotients(counts);
}

/** Of every annotated identity in how many frames it is, in how many it has a partner, and in how many runs of these. */
function coverage(matched: readonly MatchedFrame[]) {
  const things = new Map<number, { present: number; tracked: number; runs: number }>();
  let before = new Set<number>(); // who had a partner in the previous frame
  for (const { truth, partners } of matched) {
    const now = new Set<number>();
    truth.forEach((identity, t) => {
      const thing = things.getOrInsert(identity, { present: 0, tracked: 0, runs: 0 });
      thing.present++;
      if (partners[t] === null) return;
      thing.tracked++;
      if (!before.has(identity)) thing.runs++;
      now.add(identity);
    });
    before = now;
  }
  return things.values();
}

/**
 * CLEAR MOT of several videos together: the quotients of the sums of their counts.
 *
 * @param parts The videos' figures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { clearMot, combineClearMot } from "ae";
 *
 * const found = clearMot([{ truth: [1], found: [1], similarity: [[1]] }]);
 * const missed = clearMot([{ truth: [1], found: [], similarity: [[]] }]);
 * assert.equal(combineClearMot([found, missed, missed]).recall, 1 / 3);
 * ```
 */
export function combineClearMot(parts: readonly ClearMotCounts[]): ClearMot {
  return withQuotients(sumOfCounts(NOTHING, parts));
}

function withQuotients(counts: ClearMotCounts): ClearMot {
  const { matches, misses, falsePositives, identitySwitches, similaritySum } = counts;
  const annotated = matches + misses;
  return {
    // TrackEval's form, which is 1 - (misses + ...) / annotated and defined for nothing annotated.
    MOTA: (matches - falsePositives - identitySwitches) / Math.max(1, annotated),
    MOTP: share(similaritySum, matches),
    recall: share(matches, annotated),
    precision: share(matches, matches + falsePositives),
    ...counts,
  };
}
