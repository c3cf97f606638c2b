import assert from "node:assert/strict";
import type { AnnotatedKeypoint } from "../../pose/person.ts";
import { COCO } from "../../pose/skeleton.ts";
import { Random } from "../../data/random.ts";
import { sampleBody, type Vector } from "../../data/synthetic/body.ts";
import { Canvas, plain, squareWave } from "../../data/synthetic/canvas.ts";
import { figureOf } from "../../data/synthetic/figure.ts";
import { sampleOutfit, sampleTeamMate } from "../../data/synthetic/wardrobe.ts";
import {
  personMask,
  type Scene,
  sceneDifficulty,
  SYNTHETIC_VERSION,
  syntheticScene,
} from "../../data/synthetic/mod.ts";

/** FNV-1a over bytes. */
function checksum(bytes: Uint8Array): string {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** A checksum of everything a scene tells; positions to a thousandth of a pixel. */
function sceneChecksum(scene: Scene): string {
  const truth = scene.people.map(({ keypoints, box, area }) => [
    ...keypoints.flatMap(({ x, y, visibility }) => [
      Math.round(x * 1000),
      Math.round(y * 1000),
      visibility,
    ]),
    ...box,
    area,
  ]);
  return [
    checksum(scene.image.data),
    checksum(new Uint8Array(scene.labels.data.buffer)),
    checksum(new TextEncoder().encode(JSON.stringify(truth))),
  ].join(" ");
}

const sixty = Array.from(
  { length: 60 },
  (_, index) => syntheticScene({ seed: 21, index, size: 64, people: [1, 4] }),
);

Deno.test("syntheticScene makes identical bytes for the same address, whatever was made before", () => {
  const first = syntheticScene({ seed: 4, index: 9, size: 64 });
  syntheticScene({ seed: 5, index: 1, size: 32 });
  const again = syntheticScene({ seed: 4, index: 9, size: 64 });
  assert.deepEqual(again, first);
});

Deno.test("syntheticScene makes other pictures for another seed or index", () => {
  const sums = [[1, 0], [1, 1], [2, 0], [2, 1], [1, 2 ** 33]].map(([seed, index]) =>
    sceneChecksum(syntheticScene({ seed, index, size: 32 }))
  );
  assert.equal(new Set(sums).size, sums.length);
});

Deno.test("syntheticScene keeps its scenes as long as SYNTHETIC_VERSION stays", () => {
  // Written down from this version. A failure here means: raise SYNTHETIC_VERSION, then note the new sums.
  assert.equal(SYNTHETIC_VERSION, "1");
  assert.deepEqual(
    [
      syntheticScene({ seed: 1, index: 0, size: 64 }),
      syntheticScene({ seed: 1, index: 1, size: 64 }),
      syntheticScene({ seed: 7, index: 199, size: [96, 48], people: [4, 4] }),
      syntheticScene({ seed: 2, index: 3, size: 128, people: [2, 2] }),
      syntheticScene({ seed: 2017, index: 5, size: 64, setting: "stage" }),
    ].map(sceneChecksum),
    [
      "4ea1b5f8 02877545 60c70282",
      "6af8dca3 80be1142 61f04f1c",
      "b7bb7bfa 28e79e43 d423118b",
      "8599eddc 0dd4be74 109101fa",
      "2f304d12 c4dfea64 d3ef1c2f",
    ],
  );
});

Deno.test("syntheticScene shows larger people on a stage, fewer backs and nobody seated, overlapping as much", () => {
  const shareOfBacks = (scenes: readonly Scene[]) => {
    // From behind, the left shoulder is on the picture's left.
    const both = scenes.flatMap(({ people }) => people).map(({ keypoints }) => keypoints)
      .filter((points) => points[5].visibility > 0 && points[6].visibility > 0);
    return both.filter((points) => points[5].x < points[6].x).length / both.length;
  };
  const hidden = (scenes: readonly Scene[]) =>
    scenes.reduce((sum, scene) => sum + sceneDifficulty(scene), 0) / scenes.length;
  const height = (scenes: readonly Scene[]) => {
    const boxes = scenes.flatMap(({ people }) => people.map(({ box }) => box[3]));
    return boxes.reduce((sum, rows) => sum + rows, 0) / boxes.length;
  };
  const stage = Array.from(
    { length: 60 },
    (_, index) => syntheticScene({ seed: 21, index, size: 64, setting: "stage" }),
  );
  assert.ok(height(stage) > 1.15 * height(sixty), `${height(stage)} against ${height(sixty)}`);
  assert.ok(shareOfBacks(stage) > 0.04 && shareOfBacks(stage) < 0.25, `${shareOfBacks(stage)}`);
  assert.ok(shareOfBacks(sixty) > 0.2, `${shareOfBacks(sixty)}`);
  assert.ok(hidden(stage) > hidden(sixty), `${hidden(stage)} against ${hidden(sixty)}`);
});

Deno.test("syntheticScene shows the same scene at every size", () => {
  for (let index = 0; index < 10; index++) {
    const small = syntheticScene({ seed: 3, index, size: 64 });
    const large = syntheticScene({ seed: 3, index, size: 160 });
    assert.equal(small.people.length, large.people.length);
    small.people.forEach(({ keypoints }, p) =>
      keypoints.forEach(({ x, y, visibility }, k) => {
        const other = large.people[p].keypoints[k];
        if (visibility === 0 || other.visibility === 0) return;
        assert.ok(Math.abs((x + 0.5) / 64 - (other.x + 0.5) / 160) < 1e-9);
        assert.ok(Math.abs((y + 0.5) / 64 - (other.y + 0.5) / 160) < 1e-9);
      })
    );
  }
});

Deno.test("syntheticScene has as many people as asked for, every number within the range", () => {
  const counts = new Set(sixty.map(({ people }) => people.length));
  assert.deepEqual([...counts].toSorted(), [1, 2, 3, 4]);
  for (const count of [0, 1, 3, 7]) {
    const scene = syntheticScene({ seed: 1, index: 2, size: 96, people: [count, count] });
    assert.equal(scene.people.length, count);
  }
});

Deno.test("syntheticScene's nobody is a picture with an empty label map", () => {
  const { people, labels, image } = syntheticScene({ seed: 1, index: 0, size: 32, people: [0, 0] });
  assert.deepEqual(people, []);
  assert.ok(labels.data.every((label) => label === 0));
  assert.ok(new Set(image.data).size > 10);
});

Deno.test("syntheticScene's labels, boxes and areas agree with plain loops over the label map", () => {
  for (const scene of sixty) {
    const [height, width] = scene.labels.shape;
    assert.equal(scene.labels.data.length, height * width);
    assert.ok(scene.labels.data.every((label) => label >= 0 && label <= scene.people.length));
    scene.people.forEach((person, p) => {
      const columns: number[] = [], rows: number[] = [];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          if (scene.labels.data[y * width + x] !== p + 1) continue;
          columns.push(x);
          rows.push(y);
        }
      }
      assert.ok(columns.length > 0);
      assert.equal(person.area, columns.length);
      assert.equal(person.crowd, false);
      const [x, y] = [Math.min(...columns), Math.min(...rows)];
      const size = [Math.max(...columns) - x + 1, Math.max(...rows) - y + 1];
      assert.deepEqual(person.box, [x, y, ...size]);
      const mask = personMask(scene, p);
      assert.ok(mask.every((value, i) => value === Number(scene.labels.data[i] === p + 1)));
    });
  }
});

Deno.test("syntheticScene's visible keypoints lie on their person's pixels, absent ones are 0, 0", () => {
  const seen = [0, 0, 0];
  for (const scene of sixty) {
    const [height, width] = scene.labels.shape;
    scene.people.forEach(({ keypoints }, p) => {
      assert.equal(keypoints.length, COCO.keypoints.length);
      for (const { x, y, visibility } of keypoints) {
        seen[visibility]++;
        if (visibility === 0) assert.deepEqual([x, y], [0, 0]);
        else assert.ok(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1);
        const owner = scene.labels.data[Math.round(y) * width + Math.round(x)];
        if (visibility === 2) assert.equal(owner, p + 1);
      }
    });
  }
  assert.ok(seen[0] > 50 && seen[1] > 300 && seen[2] > 1000, `too few of a kind: ${seen}`);
});

Deno.test("syntheticScene hides keypoints behind other people and behind things", () => {
  let behindPeople = 0, behindThings = 0;
  for (const scene of sixty) {
    const [, width] = scene.labels.shape;
    scene.people.forEach(({ keypoints }, p) => {
      // From the shoulders down: a far ear may lie beyond the head's rim, on a pixel behind the person.
      for (const { x, y, visibility } of keypoints.slice(5)) {
        const owner = scene.labels.data[Math.round(y) * width + Math.round(x)];
        if (visibility === 0 || owner === p + 1) continue;
        assert.equal(visibility, 1);
        if (owner === 0) behindThings++;
        else {
          behindPeople++;
          assert.ok(owner < p + 1, "only a nearer person, who comes earlier in the list, can hide");
        }
      }
    });
  }
  assert.ok(behindPeople > 50 && behindThings > 10, `${behindPeople} ${behindThings}`);
});

Deno.test("syntheticScene works for small, odd and lying sizes", () => {
  for (const size of [16, 33, [17, 40], [90, 31], [64, 16]] as const) {
    const [width, height] = typeof size === "number" ? [size, size] : size;
    const { image, labels, people } = syntheticScene({ seed: 2, index: 5, size });
    assert.deepEqual([image.width, image.height], [width, height]);
    assert.equal(image.data.length, width * height * 3);
    assert.deepEqual(labels.shape, [height, width]);
    for (const { box: [x, y, w, h] } of people) {
      assert.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= width && y + h <= height);
    }
  }
});

Deno.test("syntheticScene leaves out people of whom nothing shows and numbers the others on", () => {
  for (let index = 0; index < 6; index++) {
    const { people, labels } = syntheticScene({ seed: 1, index, size: 16, people: [30, 30] });
    assert.ok(people.length > 5 && people.length <= 30);
    const present = new Set(labels.data);
    present.delete(0);
    assert.deepEqual([...present].toSorted((a, b) => a - b), people.map((_, p) => p + 1));
  }
});

Deno.test("syntheticScene refuses bad addresses, sizes and ranges", () => {
  const good = { seed: 1, index: 0, size: 64 };
  const cases: [object, string][] = [
    [{ seed: -1 }, "syntheticScene: seed must be a whole number, 0 to 2^53 - 1, not -1"],
    [{ index: 0.5 }, "syntheticScene: index must be a whole number, 0 to 2^53 - 1, not 0.5"],
    [{ index: NaN }, "syntheticScene: index must be a whole number, 0 to 2^53 - 1, not NaN"],
    [
      { size: 15 },
      "syntheticScene: sides must be whole numbers, 16 to 4096 pixels, not 15 x 15",
    ],
    [
      { size: [64, 5000] },
      "syntheticScene: sides must be whole numbers, 16 to 4096 pixels, not 64 x 5000",
    ],
    [
      { setting: "beach" as "stage" },
      "syntheticScene: setting must be street or stage, not beach",
    ],
    [
      { people: [3, 2] },
      "syntheticScene: people must be [fewest, most], 0 to 30 and in order, not [3, 2]",
    ],
    [
      { people: [1, 31] },
      "syntheticScene: people must be [fewest, most], 0 to 30 and in order, not [1, 31]",
    ],
    [
      { people: [-1, 2] },
      "syntheticScene: people must be [fewest, most], 0 to 30 and in order, not [-1, 2]",
    ],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => syntheticScene({ ...good, ...change }), { name: "RangeError", message });
  }
});

Deno.test("personMask refuses a person that the scene has not", () => {
  const scene = syntheticScene({ seed: 1, index: 0, size: 32, people: [2, 2] });
  for (const person of [-1, 2, 0.5]) {
    assert.throws(() => personMask(scene, person), {
      name: "RangeError",
      message: `personMask: the scene has 2 people, so there is no person ${person}`,
    });
  }
});

Deno.test("sceneDifficulty is the share of keypoints on pixels of others, 0 for nobody", () => {
  const nobody = syntheticScene({ seed: 1, index: 0, size: 32, people: [0, 0] });
  assert.equal(sceneDifficulty(nobody), 0);
  const keypoint = (x: number, y: number): AnnotatedKeypoint => ({ x, y, visibility: 1 });
  const scene: Scene = {
    ...nobody,
    people: [{
      keypoints: [keypoint(0, 0), keypoint(1, 1.4), keypoint(2, 2), { x: 0, y: 0, visibility: 0 }],
      box: [0, 0, 1, 1],
      area: 1,
      crowd: false,
    }],
    labels: { shape: [3, 3], data: Int32Array.of(1, 0, 0, 0, 2, 0, 0, 0, 1) },
  };
  assert.equal(sceneDifficulty(scene), 1 / 3);
});

// A pose as annotated: somebody walking, seen from the front, the right wrist not annotated.
// deno-fmt-ignore
const WALKING: readonly AnnotatedKeypoint[] = ([
  [100, 20, 2], [105, 15, 2], [95, 15, 2], [111, 17, 1], [89, 17, 2],
  [125, 50, 2], [75, 50, 2], [135, 90, 2], [66, 88, 2], [138, 125, 2], [0, 0, 0],
  [116, 130, 2], [85, 130, 2], [118, 190, 2], [80, 188, 2], [119, 250, 2], [86, 240, 2],
] as const).map(([x, y, visibility]) => ({ x, y, visibility }));

Deno.test("syntheticScene keeps the shape of a given pose, up to place, size and mirroring", () => {
  const mirrored = COCO.flip.map((k) => ({ ...WALKING[k], x: -WALKING[k].x }));
  let straight = 0, flipped = 0;
  for (let index = 0; index < 12; index++) {
    const { people: [{ keypoints }] } = syntheticScene({
      seed: 1,
      index,
      size: 200,
      people: [1, 1],
      poses: [WALKING],
    });
    const isShape = (pose: readonly AnnotatedKeypoint[]) => {
      const common = pose.map((_, k) => k)
        .filter((k) => pose[k].visibility > 0 && keypoints[k].visibility > 0);
      const [a, ...rest] = common;
      const b = rest.at(-1)!;
      const scale = (keypoints[b].y - keypoints[a].y) / (pose[b].y - pose[a].y);
      return common.length >= 8 &&
        common.every((k) =>
          Math.abs(keypoints[k].x - keypoints[a].x - scale * (pose[k].x - pose[a].x)) < 1e-6 &&
          Math.abs(keypoints[k].y - keypoints[a].y - scale * (pose[k].y - pose[a].y)) < 1e-6
        );
    };
    if (isShape(WALKING)) {
      straight++;
      assert.equal(keypoints[10].visibility, 0);
      assert.notEqual(keypoints[3].visibility, 2); // annotated as hidden
    } else {
      assert.ok(isShape(mirrored));
      flipped++;
      assert.equal(keypoints[9].visibility, 0);
    }
  }
  assert.ok(straight > 0 && flipped > 0);
});

Deno.test("syntheticScene passes over poses that it cannot draw and refuses a list of only such", () => {
  const without = (k: number) =>
    WALKING.map((keypoint, i) => i === k ? { x: 0, y: 0, visibility: 0 as const } : keypoint);
  const broken = WALKING.map((keypoint, i) => i === 0 ? { ...keypoint, x: NaN } : keypoint);
  const flat = WALKING.map((keypoint, i) =>
    i === 11 || i === 12 ? { ...keypoint, y: 52 } : keypoint
  );
  const unusable = [without(5), without(15), broken, flat];
  const options = { seed: 1, index: 0, size: 64 };
  const scene = syntheticScene({ ...options, poses: [...unusable, WALKING] });
  assert.deepEqual(scene, syntheticScene({ ...options, poses: [...unusable, WALKING] }));
  assert.throws(() => syntheticScene({ ...options, poses: unusable }), {
    name: "RangeError",
    message: /^syntheticScene: none of the 4 poses is usable\n {2}help: a pose needs shoulders/,
  });
  assert.throws(() => syntheticScene({ ...options, poses: [] }), {
    name: "RangeError",
    message: /^syntheticScene: none of the 0 poses is usable/,
  });
  assert.throws(() => syntheticScene({ ...options, poses: [WALKING.slice(1)] }), {
    name: "RangeError",
    message: "syntheticScene: a pose has 16 keypoints, not 17",
  });
});

Deno.test("syntheticScene finds the one usable pose among many", () => {
  const none = WALKING.map(() => ({ x: 0, y: 0, visibility: 0 as const }));
  const poses = [...Array.from({ length: 5000 }, () => none), WALKING];
  const { people } = syntheticScene({ seed: 1, index: 0, size: 64, people: [1, 1], poses });
  assert.equal(people.length, 1);
});

const distance = (a: Vector, b: Vector) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const bodies = Array.from({ length: 300 }, (_, i) => sampleBody(new Random(3).fork(i), "street"));

Deno.test("sampleBody keeps bones at their lengths and faces in their places in every posture", () => {
  for (const { keypoints, head } of bodies) {
    const bone = (a: number, b: number) => distance(keypoints[a]!, keypoints[b]!);
    for (const [a, b, length] of [[5, 7, 0.17], [7, 9, 0.15], [11, 13, 0.245], [13, 15, 0.246]]) {
      assert.ok(Math.abs(bone(a, b) / length - 1) <= 0.05 + 1e-9);
      assert.ok(Math.abs(bone(a + 1, b + 1) - bone(a, b)) < 1e-9); // left as right
    }
    assert.ok(Math.abs(bone(1, 2) - 0.72 * head.radius) < 1e-9);
    for (
      const [u, v] of [[head.left, head.up], [head.up, head.forward], [head.left, head.forward]]
    ) {
      assert.ok(Math.abs(u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) < 1e-9);
    }
  }
});

Deno.test("sampleBody turns half of the people to the camera and a quarter away, left and right as they are", () => {
  let front = 0, back = 0;
  for (const { keypoints, chest } of bodies) {
    const apart = keypoints[5]![0] - keypoints[6]![0]; // left shoulder minus right
    if (chest.forward[2] > 0.7) {
      front++;
      assert.ok(apart > 0);
    } else if (chest.forward[2] < -0.7) {
      back++;
      assert.ok(apart < 0);
    }
  }
  assert.ok(front > 110 && front < 190, `${front} of 300 face the camera`);
  assert.ok(back > 45 && back < 105, `${back} of 300 turn away`);
});

Deno.test("sampleBody bends knees the way knees bend: the thigh leans to where the toes point", () => {
  let bent = 0;
  for (const { keypoints, toes } of bodies) {
    for (const side of [0, 1]) {
      const [hip, knee, ankle] = [11, 13, 15].map((k) => keypoints[k + side]!);
      const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
      const cosine = (a: Vector, b: Vector) =>
        (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (Math.hypot(...a) * Math.hypot(...b));
      const thigh = minus(knee, hip), shank = minus(ankle, knee);
      if (cosine(thigh, shank) > 0.7) continue; // bent by less than 45 degrees
      bent++;
      const foot = minus(toes[side]!, ankle); // with the heel's height, hence the tolerance
      assert.ok(cosine(thigh, foot) > 0.2, `${cosine(thigh, foot)}`);
    }
  }
  assert.ok(bent > 50);
});

Deno.test("figureOf hides the face of people who look away and shows it of those who face the camera", () => {
  let away = 0, facing = 0;
  bodies.forEach((body, i) => {
    const outfit = { ...sampleOutfit(new Random(4).fork(i)), longHair: false };
    const { selfOccluded } = figureOf(body, outfit, 1);
    if (body.head.forward[2] < -0.6) {
      away++;
      assert.ok(selfOccluded[0] && selfOccluded[1] && selfOccluded[2]);
    }
    if (body.head.forward[2] > 0.95 && !selfOccluded[0]) {
      facing++;
      assert.ok(!body.turnedAway[1] && !body.turnedAway[2]);
    }
  });
  assert.ok(away > 30 && facing > 30, `${away} ${facing}`);
});

Deno.test("figureOf hides the far shoulder and hip of somebody seen from the side", () => {
  let seen = 0;
  bodies.forEach((body, i) => {
    if (Math.abs(body.chest.forward[0]) < 0.97) return;
    const outfit = { ...sampleOutfit(new Random(4).fork(i)), backpack: null };
    const { selfOccluded } = figureOf(body, outfit, 1);
    const far = body.keypoints[5]![2] < body.keypoints[6]![2] ? 5 : 6;
    seen++;
    assert.ok(selfOccluded[far], `body ${i}`);
  });
  assert.ok(seen > 20);
});

Deno.test("figureOf's keypoints lie inside its bounds and scale with the size", () => {
  const outfit = sampleOutfit(new Random(5));
  for (const body of bodies.slice(0, 50)) {
    const one = figureOf(body, outfit, 1), half = figureOf(body, outfit, 0.5);
    const [left, top, right, bottom] = one.bounds;
    one.keypoints.forEach((point, k) => {
      const [x, y] = point!;
      assert.ok(x > left - 0.02 && x < right + 0.02 && y > top && y < bottom);
      assert.ok(Math.abs(half.keypoints[k]![0] - x / 2) < 1e-12);
    });
    assert.deepEqual(half.selfOccluded, one.selfOccluded);
  }
});

Deno.test("sampleTeamMate wears the same shirt and trousers on another body", () => {
  const random = new Random(6);
  const first = sampleOutfit(random), mate = sampleTeamMate(random, first);
  assert.deepEqual([mate.shirt, mate.trousers], [first.shirt, first.trousers]);
  assert.notEqual(mate.stoutness, first.stoutness);
});

const white = plain([255, 255, 255]);

Deno.test("Canvas.capsule covers the area of a bar with round ends", () => {
  const canvas = new Canvas(100, 100);
  canvas.capsule([0.31, 0.42, 0.1], [0.63, 0.7, 0.1], white, 3);
  const expected = Math.PI * 10 ** 2 + 20 * Math.hypot(32, 28);
  const mine = canvas.labels.filter((label) => label === 3).length;
  assert.ok(Math.abs(mine / expected - 1) < 0.02, `${mine} of ${expected}`);
});

Deno.test("Canvas.capsule keeps its axis inside its own mask however thin it is", () => {
  const random = new Random(7);
  for (let i = 0; i < 50; i++) {
    const canvas = new Canvas(24, 24);
    const [x0, y0, x1, y1] = Array.from({ length: 4 }, () => random.uniform(0.1, 0.9));
    canvas.capsule([x0, y0, 0.001], [x1, y1, 0.001], white, 1);
    for (const t of [0, 0.3, 0.7, 1]) {
      const column = Math.round((x0 + t * (x1 - x0)) * 24 - 0.5);
      const row = Math.round((y0 + t * (y1 - y0)) * 24 - 0.5);
      assert.equal(canvas.labels[row * 24 + column], 1);
    }
  }
});

Deno.test("Canvas.quad and Canvas.head cover the areas of a rounded box and of an ellipse", () => {
  const canvas = new Canvas(120, 100);
  canvas.quad([[0.2, 0.2], [0.5, 0.2], [0.5, 0.6], [0.2, 0.6]], 0.05, white, 1);
  const box = 30 * 40 + 2 * 5 * (30 + 40) + Math.PI * 25;
  assert.ok(Math.abs(canvas.labels.filter((label) => label === 1).length / box - 1) < 0.03);
  const axes = { up: [0, -1, 0], forward: [0, 0, 1] } as const;
  canvas.head([0.9, 0.5], 0.12, 1.25, axes, [255, 200, 200], [0, 0, 0], [1, 1, 0.2], 2);
  const ellipse = Math.PI * 12 * 15;
  assert.ok(Math.abs(canvas.labels.filter((label) => label === 2).length / ellipse - 1) < 0.03);
});

Deno.test("Canvas.dot and Canvas.spot paint without taking pixels from anybody", () => {
  const canvas = new Canvas(32, 32);
  canvas.dot([0.5, 0.5], 0.1, [255, 0, 0], -1);
  canvas.spot([0.5, 0.5], 0.3, 0.1, [0, 255, 0], 0.5);
  assert.ok(canvas.labels.every((label) => label === 0));
  const middle = (16 * 32 + 16) * 3;
  assert.deepEqual([...canvas.rgb.slice(middle, middle + 3)].map(Math.round), [128, 128, 0]);
});

Deno.test("Canvas.dot gives the pixel it lies in to its owner", () => {
  const canvas = new Canvas(32, 32);
  canvas.dot([0.26, 0.71], 0.001, [255, 0, 0], 5);
  assert.deepEqual([canvas.labels.indexOf(5), canvas.labels.lastIndexOf(5)], [
    22 * 32 + 8,
    22 * 32 + 8,
  ]);
  canvas.dot([-0.2, 0.5], 0.001, [255, 0, 0], 6); // outside: nothing to give
  assert.ok(!canvas.labels.includes(6));
});

Deno.test("squareWave is 1 for half of each period with edges a pixel wide", () => {
  // deno-fmt-ignore
  assert.deepEqual([0, 2, 2.5, 4, 6, 7.5, 8, 12].map((x) => squareWave(x, 8)), [
    0, 0.5, 1, 1, 0.5, 0, 0, 1,
  ]);
  assert.equal(squareWave(-4, 8), 1);
});
