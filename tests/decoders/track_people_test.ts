import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  COCO,
  type DecodedPerson,
  keypointSimilarity,
  poseOverlap,
  trackable,
  trackPeople,
} from "ae";

const K = COCO.keypoints.length;

/** Somebody at x, all keypoints with the same tag but the first, which is off by `spread`. */
function person(x: number, tag: number, spread = 0, score = 1): DecodedPerson {
  const keypoints = COCO.keypoints.map((_, k) => ({
    x: x + k % 4,
    y: 2 * k,
    score,
    tag: [tag + (k === 0 ? K * spread : 0), -tag],
  }));
  return { keypoints, score };
}

const nobody: DecodedPerson = { keypoints: new Array(K).fill(null), score: 0 };

describe("trackPeople", () => {
  it("numbers frames from 1 and gives people their identities, leaving out those without keypoints", () => {
    const [a, b] = [person(0, 0), person(30, 3)];
    const frames = trackPeople([[a, nobody, b], [], [{ ...b, score: 0.5 }]]);
    assert.deepEqual(frames.map(({ frame }) => frame), [1, 2, 3]);
    assert.deepEqual(frames.map(({ things }) => things.map(({ identity }) => identity)), [
      [0, 1],
      [],
      [1],
    ]);
    assert.equal(frames[0].things[1].keypoints, b.keypoints);
    assert.equal(frames[2].things[0].score, 0.5);
    assert.deepEqual(trackPeople([]), []);
  });

  it("leaves out who is too faint to be somebody new", () => {
    const frames = trackPeople([[person(0, 0, 0, 0.2), person(30, 3)]], { birthScore: 0.3 });
    assert.deepEqual(frames[0].things.map(({ identity }) => identity), [0]);
  });

  it("takes any overlap for its places", () => {
    const crossed = [[person(0, 0), person(30, 3)], [person(30, 0), person(0, 3)]];
    const identities = (overlap?: () => number) =>
      trackPeople(crossed, { by: "place", minOverlap: 0, overlap })
        .map(({ things }) => things.map(({ identity }) => identity));
    assert.deepEqual(identities().at(-1), [1, 0]);
    assert.deepEqual(identities(() => 0).at(-1), [2, 3]);
  });

  it("refuses a tag that is no number, and people of another skeleton", () => {
    assert.throws(() => trackPeople([[person(0, 0)], [person(0, NaN)]]), {
      name: "RangeError",
      message: /^Tracker\.next: thing 0 of frame 1 has tag \[NaN,NaN\]/,
    });
    const other = { keypoints: person(0, 0).keypoints.slice(1), score: 1 };
    assert.throws(() => trackPeople([[other], [other]]), {
      name: "ShapeError",
      message: /^poseOverlap: people and sigmas have different numbers of keypoints/,
    });
  });
});

describe("trackable", () => {
  it("means a person's tags and boxes its keypoints, missing ones aside", () => {
    const { keypoints, score } = person(7, 1, 0.5);
    const found = trackable({ keypoints: keypoints.map((at, k) => k === 1 ? null : at), score })!;
    const expected = 1 + K * 0.5 / (K - 1);
    assert.ok(Math.abs(found.tag[0] - expected) < 1e-12);
    assert.ok(Math.abs(found.tag[1] + 1) < 1e-12);
    assert.deepEqual(found.box, [7, 0, 3, 2 * (K - 1)]);
    assert.equal(trackable(nobody), undefined);
  });
});

describe("poseOverlap", () => {
  it("is OKS over common keypoints with the first one's rectangle for its area", () => {
    const [a, b] = [person(0, 0), person(1.5, 0)];
    const area = 3 * 2 * (K - 1);
    const each = COCO.sigmas.map((sigma) => keypointSimilarity(1.5 ** 2, sigma, area));
    const mean = (values: readonly number[]) => values.reduce((x, y) => x + y) / values.length;
    assert.ok(Math.abs(poseOverlap(a, b) - mean(each)) < 1e-12);
    const cut = { ...b, keypoints: b.keypoints.map((at, k) => k < 9 ? null : at) };
    assert.ok(Math.abs(poseOverlap(a, cut) - mean(each.slice(9))) < 1e-12);
    assert.equal(poseOverlap(a, nobody), 0);
    assert.equal(poseOverlap(nobody, a), 0);
    assert.equal(poseOverlap(a, a), 1);
  });
});
