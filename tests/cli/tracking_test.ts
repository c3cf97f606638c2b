import assert from "node:assert/strict";
import type { DecodedPerson } from "ae";
import { LEAST_SHOWN, type VideoFrame } from "../../data/mod.ts";
import { BY_PLACE, BY_TAG, evaluationVideos, figuresOf, trackVideo } from "../../cli/tracking.ts";

const [video] = evaluationVideos(64, { seed: 12, count: 1 });

/** The true people of a frame as a network would find them, each with a tag of its own. */
function foundIn({ people, identities, shown }: VideoFrame, least = LEAST_SHOWN): DecodedPerson[] {
  return people.flatMap(({ keypoints }, p) => {
    if (shown[p] < least) return [];
    const tag = [10 * identities[p], 0];
    return [{
      keypoints: keypoints.map(({ x, y, visibility }) =>
        visibility > 0 ? { x, y, score: 1, tag } : null
      ),
      score: 1,
    }];
  });
}

Deno.test("evaluationVideos() are the same each time, other ones for another seed", () => {
  const [again, other] = [12, 13].map((seed) => evaluationVideos(64, { seed, count: 1 })[0]);
  assert.equal(video.name, "video 12/0");
  assert.deepEqual(again.frames[3].image, video.frames[3].image);
  assert.notDeepEqual(other.frames[3].image, video.frames[3].image);
});

Deno.test("trackVideo() has no errors where everybody is found with a tag of their own", () => {
  const people = video.frames.map((frame) => foundIn(frame));
  const tracked = trackVideo({ video, people }, BY_TAG);
  const { IDF1, MOTA, identitySwitches, misses, falsePositives } = figuresOf([tracked]);
  assert.deepEqual([IDF1, MOTA, identitySwitches, misses, falsePositives], [1, 1, 0, 0, 0]);
  assert.equal(tracked.tracks.length, video.frames.length);
});

Deno.test("trackVideo() takes no notice of people of whom hardly anything shows, found or not", () => {
  const people = video.frames.map((frame) => foundIn(frame, 0));
  assert.ok(people.flat().length > video.frames.flatMap((frame) => foundIn(frame)).length);
  const { misses, falsePositives } = figuresOf([trackVideo({ video, people }, BY_TAG)]);
  assert.deepEqual([misses, falsePositives], [0, 0]);
});

Deno.test("trackVideo() counts who is missed and who is nobody", () => {
  const away = (person: DecodedPerson): DecodedPerson => ({
    ...person,
    keypoints: person.keypoints.map((at) => at && { ...at, x: at.x + 500 }),
  });
  const people = video.frames.map((frame, t) =>
    t === 5 ? foundIn(frame).map(away) : foundIn(frame)
  );
  const number = people[5].length;
  assert.ok(number > 0);
  const { misses, falsePositives } = figuresOf([trackVideo({ video, people }, BY_TAG)]);
  assert.deepEqual([misses, falsePositives], [number, number]);
});

Deno.test("BY_PLACE differs from BY_TAG in what says who is who alone", () => {
  const common = ["leastScore", "maxGap"] as const;
  for (const name of common) assert.equal(BY_PLACE[name], BY_TAG[name]);
  assert.deepEqual([BY_PLACE.by, BY_TAG.by], ["place", "tag"]);
});
