import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { evaluateMpii } from "../../metrics/mod.ts";
import { type CocoResult, MPII, type MpiiImage, type MpiiPerson } from "../../pose/mod.ts";

const K = 16;
const COUNTED = MPII.keypoints.flatMap((name, k) => ["pelvis", "thorax"].includes(name) ? [] : [k]);

/** A person at a place, all keypoints annotated, with a head of 0.6 * 50 = 30 pixels: hits are within 15. */
function personAt(x: number, y: number): MpiiPerson {
  return {
    keypoints: Array.from({ length: K }, (_, k) => ({ x: x + 5 * k, y: y + 7 * k, visibility: 2 })),
    box: [x, y, 75, 105],
    area: 75 * 105,
    crowd: false,
    headBox: [x, y, x + 30, y + 40],
    position: { x: x + 40, y: y + 50 },
    scale: 0.5,
  };
}

function imageOf(id: number, ...people: MpiiPerson[]): MpiiImage {
  return { id, fileName: `${id}.jpg`, train: true, people };
}

/** What is found of a person: `change` gives x, y and score of a keypoint. */
function foundOf(
  { keypoints }: MpiiPerson,
  image_id: number,
  change: (k: number, x: number, y: number) => [number, number, number] = (_, x, y) => [x, y, 0.9],
): CocoResult {
  return {
    image_id,
    category_id: 1,
    keypoints: keypoints.flatMap(({ x, y }, k) => change(k, x, y)),
    score: 1,
  };
}

/** The protocol once more, step by step, in the plainest loops. */
function definition(images: readonly MpiiImage[], results: readonly CocoResult[]): number[] {
  const claims: { score: number; right: boolean }[][] = Array.from({ length: K }, () => []);
  const total = new Array<number>(K).fill(0);
  for (const image of images) {
    const people = image.people.filter(({ keypoints }) =>
      COUNTED.some((k) => keypoints[k].visibility > 0)
    );
    const found = results.filter(({ image_id }) => image_id === image.id);
    const hit = (d: number, g: number, k: number) => {
      const truth = people[g].keypoints[k];
      const [x, y, score] = found[d].keypoints.slice(3 * k, 3 * k + 3);
      const [x1, y1, x2, y2] = people[g].headBox!;
      const head = 0.6 * Math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2);
      const distance = Math.sqrt((x - truth.x) ** 2 + (y - truth.y) ** 2);
      return truth.visibility > 0 && score > 0 && distance / head <= 0.5;
    };
    const table: number[][] = [];
    for (let d = 0; d < found.length; d++) {
      table.push([]);
      for (let g = 0; g < people.length; g++) {
        let hits = 0;
        let annotated = 0;
        for (const k of COUNTED) {
          if (people[g].keypoints[k].visibility > 0) annotated++;
          if (hit(d, g, k)) hits++;
        }
        table[d].push(hits / annotated);
      }
      let best = 0;
      for (let g = 1; g < people.length; g++) if (table[d][g] > table[d][best]) best = g;
      for (let g = 0; g < people.length; g++) if (g !== best) table[d][g] = 0;
    }
    const matchOf = new Array<number>(found.length).fill(-1);
    for (let g = 0; g < people.length; g++) {
      let best = -1;
      for (let d = 0; d < found.length; d++) {
        if (table[d][g] > 0 && (best < 0 || table[d][g] > table[best][g])) best = d;
      }
      if (best >= 0) matchOf[best] = g;
    }
    for (const k of COUNTED) {
      for (const { keypoints } of people) if (keypoints[k].visibility > 0) total[k]++;
      for (let d = 0; d < found.length; d++) {
        const score = found[d].keypoints[3 * k + 2];
        if (score <= 0) continue;
        claims[k].push({ score, right: matchOf[d] >= 0 && hit(d, matchOf[d], k) });
      }
    }
  }
  return COUNTED.map((k) => {
    if (total[k] === 0) return -1;
    const sorted = claims[k].toSorted((a, b) => b.score - a.score);
    let right = 0;
    const points = sorted.map((claim, i) => {
      if (claim.right) right++;
      return { recall: right / total[k], precision: right / (i + 1) };
    });
    let area = 0;
    let before = 0;
    points.forEach(({ recall }, i) => {
      const envelope = Math.max(...points.slice(i).map(({ precision }) => precision));
      area += (recall - before) * envelope;
      before = recall;
    });
    return area;
  });
}

/** Images of people near each other, some keypoints not annotated, and found people with errors of all kinds. */
function randomScenes(seed: number): { images: MpiiImage[]; results: CocoResult[] } {
  const random = new Random(seed);
  const results: CocoResult[] = [];
  const images = [1, 2, 3, 4, 5].map((id) => {
    const people = Array.from({ length: id - 1 }, (_, p) => {
      const person = personAt(100 + 25 * p + random.uniform(0, 9), 100 + random.uniform(0, 30));
      const keypoints = person.keypoints.map((at) =>
        random.uniform(0, 1) < 0.2 ? { x: 0, y: 0, visibility: 0 as const } : at
      );
      return { ...person, keypoints };
    });
    const shown = [...people, personAt(140, 130), personAt(300, 300)];
    for (const person of shown) {
      if (random.uniform(0, 1) < 0.2) continue;
      const spread = random.uniform(2, 25);
      results.push(foundOf(person, id, (_, x, y) => [
        x + random.uniform(-spread, spread),
        y + random.uniform(-spread, spread),
        random.uniform(0, 1) < 0.1 ? 0 : random.uniform(0.1, 1),
      ]));
    }
    return imageOf(id, ...people);
  });
  return { images, results };
}

Deno.test("evaluateMpii() equals the protocol in plain loops", () => {
  let between = 0;
  for (let seed = 0; seed < 20; seed++) {
    const { images, results } = randomScenes(seed);
    const { keypoints } = evaluateMpii(images, results);
    const expected = definition(images, results);
    assert.equal(keypoints.length, 14);
    keypoints.forEach(({ AP, keypoint }, i) => {
      assert.ok(
        Math.abs(AP - expected[i]) < 1e-12,
        `seed ${seed}, ${keypoint}: ${AP}, ${expected[i]}`,
      );
      if (AP > 0.05 && AP < 0.95) between++;
    });
  }
  assert.ok(between > 200, `only ${between} of 280 figures are neither near 0 nor near 1`);
});

Deno.test("evaluateMpii() averages left and right, neck and head top, and 14 keypoints in all", () => {
  const person = personAt(50, 50);
  const off = [0, 9, 10, 11]; // right ankle, head top, right wrist, right elbow
  const { columns, keypoints } = evaluateMpii([imageOf(1, person)], [
    foundOf(person, 1, (k, x, y) => [x, off.includes(k) ? y + 100 : y, 0.5]),
  ]);
  const rounded = Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [name, Math.round(1e9 * value) / 1e9]),
  );
  assert.deepEqual(rounded, {
    head: 0.5,
    shoulder: 1,
    elbow: 0.5,
    wrist: 0.5,
    hip: 1,
    knee: 1,
    ankle: 0.5,
    total: Math.round(1e9 * 10 / 14) / 1e9,
  });
  assert.deepEqual(
    keypoints.map(({ keypoint }) => keypoint),
    COUNTED.map((k) => MPII.keypoints[k]),
  );
});

Deno.test("evaluateMpii() gives each true person one found person and each found person one true person", () => {
  const [a, b] = [personAt(50, 50), personAt(400, 50)];
  const worse = foundOf(a, 1, (k, x, y) => [k === 0 ? x + 100 : x, y, 0.99]);
  const { keypoints } = evaluateMpii([imageOf(1, a, b)], [worse, foundOf(a, 1)]);
  for (const { keypoint, AP, found, right } of keypoints) {
    assert.deepEqual([found, right], [2, 1], keypoint);
    // The better one is right, but the one with higher scores comes first; half are never found.
    assert.ok(Math.abs(AP - 0.25) < 1e-12, `${keypoint}: ${AP}`);
  }
});

Deno.test("evaluateMpii() counts what was found where nobody is, and leaves out secret labels", () => {
  const person = personAt(50, 50);
  const results = [1, 2, 3].map((id) => foundOf(person, id));
  const images = [imageOf(1, person), imageOf(2), { ...imageOf(3, person), train: false }];
  const { columns, images: count, leftOut } = evaluateMpii(images, results);
  assert.deepEqual([count, leftOut], [2, 1]);
  assert.ok(columns.total === 1, `${columns.total}`); // equal scores keep their order
  const worst = results.map((result, i) =>
    i === 1 ? foundOf(person, 2, (_, x, y) => [x, y, 0.95]) : result
  );
  assert.ok(Math.abs(evaluateMpii(images, worst).columns.total - 0.5) < 1e-12);
});

Deno.test("evaluateMpii() does not ask for keypoints that nobody has", () => {
  const person = personAt(50, 50);
  const keypoints = person.keypoints.map((at, k) =>
    k === 9 ? { ...at, visibility: 0 as const } : at
  );
  const { columns, keypoints: figures } = evaluateMpii(
    [imageOf(1, { ...person, keypoints })],
    [foundOf(person, 1)],
  );
  assert.equal(figures.find(({ keypoint }) => keypoint === "head_top")?.AP, -1);
  assert.deepEqual([columns.head, columns.total], [1, 1]);
});

Deno.test("evaluateMpii() takes a group's people, and who was found near them", () => {
  const [a, b] = [personAt(50, 50), personAt(600, 600)];
  const images = [imageOf(1, a, b)];
  const results = [foundOf(a, 1), foundOf(b, 1, (_, x, y) => [x, y, 0.95])];
  const groups = [{ imageId: 1, people: [0] }];
  const { columns, keypoints } = evaluateMpii(images, results, { groups });
  assert.equal(columns.total, 1);
  assert.deepEqual([keypoints[0].found, keypoints[0].annotated], [1, 1]);
});

Deno.test("evaluateMpii() refuses what cannot be measured", () => {
  const person = personAt(50, 50);
  const good = imageOf(1, person);
  const cases: [() => unknown, RegExp][] = [
    [
      () => evaluateMpii([good], [foundOf(person, 2)]),
      /^InputError: results: results\[0\]\.image_id is 2, which is none of the 1 images of ground truth/,
    ],
    [
      () => evaluateMpii([imageOf(1, { ...person, headBox: null })], []),
      /^InputError: ground truth: 1\.jpg: person 1 has keypoints but no head box to measure by/,
    ],
    [() => evaluateMpii([], []), /ground truth: there are no images whose labels are public/],
    [
      () => evaluateMpii([good], [{ ...foundOf(person, 1), keypoints: [1, 2, 3] }]),
      /results\[0\]\.keypoints has 3 numbers, 48 expected/,
    ],
    [
      () => evaluateMpii([good], [], { groups: [{ imageId: 4, people: [0] }] }),
      /groups\[0\]: there is no image 4 with labels/,
    ],
    [
      () => evaluateMpii([good], [], { groups: [{ imageId: 1, people: [2] }] }),
      /groups\[0\]: 1\.jpg has no person 2/,
    ],
    [
      () =>
        evaluateMpii([imageOf(1, { ...person, scale: null })], [], {
          groups: [{ imageId: 1, people: [0] }],
        }),
      /groups\[0\]: person 0 of 1\.jpg has no objpos or scale/,
    ],
  ];
  for (const [run, message] of cases) assert.throws(run, message);
});
