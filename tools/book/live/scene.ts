/**
 * What one drags on the live page: the tags of three people's keypoints, and whom the decoder takes them for.
 *
 * @module
 */
import { groupByTag } from "../../../decoders/group_by_tag.ts";

/** The keypoints of the page, in the order in which the decoder visits them. */
export const KEYPOINTS: readonly string[] = ["nose", "left wrist", "right wrist", "left ankle"];
/** P, people. */
export const PEOPLE = 3;
/** Tags lie between -MOST and MOST. */
export const MOST = 3;

/** A keypoint is found if its score is above this, as in `findPeaks`. */
export const PEAK_THRESHOLD = 0.1;

/** A keypoint with its tag. Dots are numbered person by person: dot p K + k is keypoint k of person p. */
export interface Dot {
  /** The person that it truly belongs to, from 0. */
  readonly person: number;
  /** Its keypoint, a place in {@linkcode KEYPOINTS}. */
  readonly keypoint: number;
  /** Its tag: D = 1. */
  readonly tag: number;
  /** Its score, 0 to 1. */
  readonly score: number;
}

/** Three people whom training has not quite told apart yet: a wrist of the second is nearer to the third. */
export function startScene(): Dot[] {
  const tags = [[-1.6, -1.9, -1.3, -1.5], [-0.1, 0.3, 0.9, 0.1], [1.5, 1.9, 1.2, 1.6]];
  const scores = [0.9, 0.8, 0.7];
  return tags.flatMap((row, person) =>
    row.map((tag, keypoint) => ({ person, keypoint, tag, score: scores[person] }))
  );
}

/** The dots with another tag for one of them, brought into the range and rounded to 0.01. */
export function withTag(dots: readonly Dot[], index: number, tag: number): Dot[] {
  const inside = Math.round(Math.min(MOST, Math.max(-MOST, tag)) * 100) / 100;
  return dots.map((dot, i) => i === index ? { ...dot, tag: inside } : dot);
}

/**
 * For each dot the number of the decoded person that it belongs to, in the order in which they were founded, by
 * {@linkcode groupByTag} with its defaults; -1 for a dot whose score is too low to be found.
 */
export function decodedPersons(dots: readonly Dot[]): number[] {
  const peaks = KEYPOINTS.map((_, k) =>
    dots.flatMap(({ keypoint, person, tag, score }, i) =>
      keypoint === k && score > PEAK_THRESHOLD ? { x: person, y: k, score, tag: [tag], dot: i } : []
    ).sort((a, b) => b.score - a.score) // as findPeaks gives them
  );
  const persons = new Array<number>(dots.length).fill(-1);
  groupByTag(peaks).forEach(({ keypoints }, n) =>
    keypoints.forEach((found, k) => {
      const peak = peaks[k].find((peak) => peak === found); // the decoder returns the given peaks themselves
      if (peak) persons[peak.dot] = n;
    })
  );
  return persons;
}

/** The decoded persons in words, e.g. `A: nose 1, left wrist 1; B: …`. */
export function peopleInWords(dots: readonly Dot[], persons: readonly number[]): string {
  const count = Math.max(...persons) + 1;
  return Array.from({ length: count }, (_, n) => {
    const members = dots.filter((_, i) => persons[i] === n).toSorted((a, b) =>
      a.keypoint - b.keypoint
    );
    return `${letterOf(n)}: ${
      members.map(({ keypoint, person }) => `${KEYPOINTS[keypoint]} ${person + 1}`).join(", ")
    }`;
  }).join("; ");
}

/** The letter of a decoded person. */
export function letterOf(person: number): string {
  return String.fromCharCode(65 + person); // A; there are at most twelve
}
