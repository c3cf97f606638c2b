import assert from "node:assert/strict";
import {
  SYNTHETIC_VIDEO_VERSION,
  syntheticVideo,
  type Video,
  type VideoFrame,
} from "../../data/synthetic/mod.ts";

/** FNV-1a over bytes. */
function checksum(bytes: Uint8Array): string {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** A checksum of everything a frame tells; positions to a thousandth of a pixel. */
function frameChecksum({ image, labels, people, identities, shown }: VideoFrame): string {
  const truth = people.map(({ keypoints, box, area }, p) => [
    ...keypoints.flatMap(({ x, y, visibility }) => [
      Math.round(x * 1000),
      Math.round(y * 1000),
      visibility,
    ]),
    ...box,
    area,
    identities[p],
    Math.round(shown[p] * 17),
  ]);
  return [
    checksum(image.data),
    checksum(new Uint8Array(labels.data.buffer)),
    checksum(new TextEncoder().encode(JSON.stringify(truth))),
  ].join(" ");
}

const FRAMES = 40;
const videos = Array.from(
  { length: 12 },
  (_, index) => syntheticVideo({ seed: 3, index, frames: FRAMES, size: 64 }),
);
const framesOf = (video: Video) => Array.from({ length: video.length }, (_, t) => video.frame(t));
const frames = videos.map(framesOf);

Deno.test("syntheticVideo gives identical bytes for the same address and frame, in any order of asking", () => {
  const options = { seed: 4, index: 9, frames: 30, size: 48 };
  const forwards = framesOf(syntheticVideo(options)).map(frameChecksum);
  const again = syntheticVideo(options);
  const backwards = Array.from({ length: 30 }, (_, i) => frameChecksum(again.frame(29 - i)));
  assert.deepEqual(backwards.reverse(), forwards);
  assert.equal(new Set(forwards).size, 30);
});

Deno.test("syntheticVideo shows other people for another seed or index, and more of the same in a longer video", () => {
  const first = (seed: number, index: number, frames = 2) =>
    frameChecksum(syntheticVideo({ seed, index, frames, size: 32 }).frame(1));
  assert.equal(new Set([first(1, 0), first(1, 1), first(2, 0), first(2, 1)]).size, 4);
  assert.equal(first(1, 0, 500), first(1, 0));
});

Deno.test("syntheticVideo keeps its videos as long as SYNTHETIC_VIDEO_VERSION stays", () => {
  // Written down from this version. A failure here means: raise SYNTHETIC_VIDEO_VERSION, then note the new sums.
  assert.equal(SYNTHETIC_VIDEO_VERSION, "1");
  const frame = (seed: number, index: number, t: number, size: number) =>
    frameChecksum(syntheticVideo({ seed, index, frames: 40, size }).frame(t));
  assert.deepEqual([frame(1, 0, 0, 64), frame(1, 1, 39, 64), frame(2019, 7, 20, 96)], [
    "c6f1cb27 a36e9714 825fff44",
    "3281dedf e71bb9b7 fe8775c5",
    "50224918 ec444457 0deb854a",
  ]);
});

Deno.test("syntheticVideo keeps everybody's number, and nobody is in a frame twice", () => {
  videos.forEach((video, f) => {
    const met = new Set(frames[f].flatMap(({ identities }) => identities));
    assert.ok([...met].every((identity) => identity >= 0 && identity < video.people));
    for (const { identities, people, shown, labels } of frames[f]) {
      assert.equal(new Set(identities).size, people.length);
      assert.equal(shown.length, people.length);
      assert.deepEqual(identities, identities.toSorted((a, b) => a - b)); // nearest first, always
      const present = new Set(labels.data);
      present.delete(0);
      assert.deepEqual([...present].toSorted((a, b) => a - b), people.map((_, p) => p + 1));
    }
  });
});

Deno.test("syntheticVideo dresses a person alike in all frames: the mean colour hardly changes", () => {
  // Of people alone; other sides of them, what is before them and the grain move a mean a little.
  let looks = 0;
  for (let index = 0; index < 6; index++) {
    const video = syntheticVideo({ seed: 5, index, frames: FRAMES, size: 64, people: [1, 1] });
    const means = framesOf(video).filter(({ shown }) => shown[0] > 0.75).map(meanColour);
    looks += means.length;
    for (const channel of [0, 1, 2]) {
      const values = means.map((mean) => mean[channel]);
      const range = Math.max(...values) - Math.min(...values);
      assert.ok(means.length === 0 || range < 30, `video ${index}: ${range}`);
    }
  }
  assert.ok(looks > 40, `${looks}`);
});

/** Mean colour of the pixels of the nearest person. */
function meanColour({ image, labels }: VideoFrame): number[] {
  const own = [...labels.data.keys()].filter((i) => labels.data[i] === 1);
  return [0, 1, 2].map((channel) =>
    own.reduce((sum, i) => sum + image.data[3 * i + channel], 0) / own.length
  );
}

Deno.test("syntheticVideo leaves the background where it is", () => {
  const [a, b] = [frames[0][0], frames[0][20]];
  let apart = 0, pixels = 0;
  a.labels.data.forEach((label, i) => {
    if (label !== 0 || b.labels.data[i] !== 0 || i < 64 * 8 || i >= 64 * 20) return; // above shadows
    apart += Math.abs(a.image.data[3 * i] - b.image.data[3 * i]);
    pixels++;
  });
  assert.ok(pixels > 100 && apart / pixels < 6, `${apart / pixels} over ${pixels}`);
  assert.notDeepEqual(a.image.data.slice(0, 300), b.image.data.slice(0, 300)); // grain
});

Deno.test("syntheticVideo moves people smoothly: trunks by less than a tenth of the picture, hands by a fifth", () => {
  let moved = 0, compared = 0;
  for (const video of frames) {
    for (let t = 1; t < FRAMES; t++) {
      video[t].identities.forEach((identity, p) => {
        const before = video[t - 1].people[video[t - 1].identities.indexOf(identity)];
        video[t].people[p].keypoints.forEach((now, k) => {
          const then = before?.keypoints[k];
          if (!then || then.visibility === 0 || now.visibility === 0) return;
          const step = Math.hypot(now.x - then.x, now.y - then.y) / 64;
          const isTrunk = [5, 6, 11, 12].includes(k);
          assert.ok(step < (isTrunk ? 0.1 : 0.2), `keypoint ${k} moves by ${step}`);
          moved += step;
          compared++;
        });
      });
    }
  }
  assert.ok(compared > 10_000 && moved / compared > 0.005, `${moved / compared} of ${compared}`);
});

/** For each person of a video the x of the middle of the hips (NaN outside of the picture) and whether a pixel shows. */
function courseOf(video: readonly VideoFrame[], identity: number) {
  return video.map(({ identities, people, shown }) => {
    const p = identities.indexOf(identity);
    if (p < 0) return { x: NaN, shown: 0 };
    const [left, right] = [people[p].keypoints[11], people[p].keypoints[12]];
    const isInside = left.visibility > 0 && right.visibility > 0;
    return { x: isInside ? (left.x + right.x) / 2 : NaN, shown: shown[p] };
  });
}

Deno.test("syntheticVideo has people who cross, who are hidden entirely between two looks, who leave and come in", () => {
  let crossings = 0, hidden = 0, left = 0, entered = 0;
  videos.forEach((video, f) => {
    const courses = Array.from(
      { length: video.people },
      (_, identity) => courseOf(frames[f], identity),
    );
    courses.forEach((one, i) => {
      for (const other of courses.slice(i + 1)) {
        for (let t = 1; t < FRAMES; t++) {
          const before = one[t - 1].x - other[t - 1].x, after = one[t].x - other[t].x;
          if (before * after < 0) crossings++; // NaN is not
        }
      }
      const shown = one.map((at) => at.shown);
      const isSeen = shown.map((share) => share > 0.3);
      const [first, last] = [isSeen.indexOf(true), isSeen.lastIndexOf(true)];
      for (let t = first; t < last; t++) if (shown[t] === 0) hidden++;
      if (first > 0) entered++;
      if (last >= 0 && last < FRAMES - 1) left++;
    });
  });
  const counts = JSON.stringify({ crossings, hidden, left, entered });
  assert.ok(crossings >= 15 && hidden >= 20 && left >= 5 && entered >= 5, counts);
});

Deno.test("syntheticVideo's labels and keypoints agree: what is visible lies on the person's own pixel", () => {
  let visible = 0, behind = 0;
  for (const { people, labels, shown } of frames.flat()) {
    people.forEach(({ keypoints, area, box: [left, top, width, height] }, p) => {
      const owners = keypoints.map(({ x, y, visibility }) =>
        visibility === 0 ? 0 : labels.data[Math.round(y) * 64 + Math.round(x)]
      );
      keypoints.forEach(({ visibility }, k) => {
        if (visibility !== 2) return;
        visible++;
        assert.equal(owners[k], p + 1);
      });
      behind += owners.filter((owner) => owner > 0 && owner < p + 1).length;
      assert.equal(shown[p], owners.filter((owner) => owner === p + 1).length / 17);
      let pixels = 0;
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) if (labels.data[y * 64 + x] === p + 1) pixels++;
      }
      assert.equal(pixels, area);
    });
  }
  assert.ok(visible > 5000 && behind > 500, `${visible} ${behind}`);
});

Deno.test("syntheticVideo refuses frames that are none and bad addresses", () => {
  const good = { seed: 1, index: 0, frames: 5, size: 32 };
  const cases: [object, string][] = [
    [{ frames: 0 }, "syntheticVideo: frames must be a whole number, 1 to 100000, not 0"],
    [{ frames: 2.5 }, "syntheticVideo: frames must be a whole number, 1 to 100000, not 2.5"],
    [{ seed: -1 }, "syntheticVideo: seed must be a whole number, 0 to 2^53 - 1, not -1"],
    [{ size: 8 }, "syntheticVideo: sides must be whole numbers, 16 to 4096 pixels, not 8 x 8"],
    [
      { people: [3, 2] },
      "syntheticVideo: people must be [fewest, most], 0 to 30 and in order, not [3, 2]",
    ],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => syntheticVideo({ ...good, ...change }), { name: "RangeError", message });
  }
  for (const t of [-1, 5, 0.5]) {
    assert.throws(() => syntheticVideo(good).frame(t), {
      name: "RangeError",
      message: `syntheticVideo: the video has 5 frames, so no frame ${t}`,
    });
  }
  assert.deepEqual(syntheticVideo({ ...good, people: [0, 0] }).frame(0).people, []);
});
