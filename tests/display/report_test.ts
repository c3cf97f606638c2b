import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import {
  type DemoReport,
  type ReportEvaluation,
  reportHtml,
  type ReportScene,
} from "../../display/report.ts";
import { annotated, decoded, grey, STICK } from "./people.ts";
import { assertWellFormed } from "./snapshot.ts";

function evaluation(label: string, AP: number): ReportEvaluation {
  return {
    label,
    keypoints: {
      AP,
      AP50: 0.612,
      AP75: 0.313,
      AP_M: 0.2,
      AP_L: -1,
      AR: 0.5,
      AR50: 0.7,
      AR75: 0.4,
      AR_M: 0.3,
      AR_L: -1,
    },
    groupingAccuracy: 0.987,
    keypointAp: [0.5, 0.25, -1],
  };
}

function scene(
  name: string,
  oks: number,
  changes: Partial<ReportScene> = {},
): ReportScene {
  return {
    name,
    image: grey(8, 8),
    truth: [annotated([1, 1, 2], [3, 3, 1], [0, 0, 0]), annotated([6, 1, 2], [7, 3, 2], [5, 3, 2])],
    predicted: [decoded([6, 2], [7, 4], null), decoded([0, 7], null, null)],
    heatmaps: hostArray([3, 4, 4], Array.from({ length: 48 }, (_, i) => (i % 7) / 7)),
    tags: hostArray([1, 3, 4, 4], Array.from({ length: 48 }, (_, i) => (i % 5) - 2)),
    matches: [null, { predicted: 0, oks }],
    ...changes,
  };
}

function report(changes: Partial<DemoReport> = {}): DemoReport {
  return {
    title: "A report",
    adapter: "llvmpipe",
    seed: 7,
    steps: 4500,
    seconds: 431.2,
    imagesPerSecond: 83.456,
    batchSize: 8,
    model: "tiny",
    parameters: 312_345,
    evaluationScenes: {
      generator: "1",
      seed: 1000,
      count: 200,
      setting: "stage",
      judgedSize: 512,
    },
    skeleton: STICK,
    trained: evaluation("trained now", 0.36),
    shipped: evaluation("shipped weights", 0.6),
    ideal: evaluation("ideal maps", 0.8),
    curves: {
      step: [1, 2, 3],
      loss: [3, 2, 1],
      heatmap: [2, 1, 0.5],
      pull: [0, 0.1, 0.2],
      push: [0.5, 0.2, NaN],
    },
    galleries: [{
      title: "Trained now",
      scenes: [scene("good", 0.9), scene("bad", 0.1), scene("middling", 0.5)],
    }],
    ...changes,
  };
}

Deno.test("reportHtml() is one well-formed page with nothing beside it", () => {
  const html = reportHtml(report());
  assertWellFormed(html);
  assert.match(html, /^<!DOCTYPE html>\n<html lang="en">/);
  assert.doesNotMatch(html, /<script|<link|@import|url\(/);
  for (const [, address] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
    assert.match(address, /^data:image\/png;base64,/);
  }
  assert.match(html, /prefers-color-scheme: dark/);
  assert.match(html, /@media print/);
});

Deno.test("reportHtml() tells how the figures came about", () => {
  const html = reportHtml(report());
  for (
    const text of [
      "llvmpipe",
      "tiny, 312,345 parameters",
      "4,500 steps of 8 images in 7 min 11 s, 83.46 images/s",
      "200 unseen scenes, generator version 1, setting stage, seed 1000; areas as if they were 512 pixels wide",
    ]
  ) assert.ok(html.includes(`<dd>${text}</dd>`), text);
});

Deno.test("reportHtml() has the ten figures of all three, and dashes for what is undefined", () => {
  const html = reportHtml(report());
  const cells = (name: string) => {
    const row = html.match(new RegExp(`<th scope="row">${name}<small>.*?</tr>`, "s"))?.[0] ?? "";
    return [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell);
  };
  assert.deepEqual(cells("AP"), ["0.360", "0.600", "0.800"]);
  assert.deepEqual(cells("AP50"), ["0.612", "0.612", "0.612"]);
  assert.deepEqual(cells("AP large"), ["–", "–", "–"]);
  assert.deepEqual(cells("AP / bound"), ["45 %", "75 %", "100 %"]);
  assert.deepEqual(cells("grouping"), ["0.987", "0.987", "0.987"]);
  const names = [
    "AP",
    "AP50",
    "AP75",
    "AP medium",
    "AP large",
    "AR",
    "AR50",
    "AR75",
    "AR medium",
    "AR large",
  ];
  for (const name of names) assert.equal(cells(name).length, 3, name);
});

Deno.test("reportHtml() does without the shipped weights, curves and scenes", () => {
  const curves = { step: [], loss: [], heatmap: [], pull: [], push: [] };
  const html = reportHtml(report({ shipped: null, curves, galleries: [] }));
  assertWellFormed(html);
  assert.doesNotMatch(html, /shipped weights/);
  assert.match(html, /No loss or heatmap was recorded\./);
});

Deno.test("reportHtml() shows failures first: missed people and predictions of nobody alike", () => {
  const nobodies = (count: number) =>
    Array.from({ length: count }, () => decoded(null, null, null));
  const both = [{ predicted: 0, oks: 0.9 }, { predicted: 1, oks: 0.9 }];
  const empty = { truth: [], matches: [] };
  const scenes = [
    scene("good", 0, { matches: both }), // 1.8 of 2
    scene("missed one", 0.9), // 0.9 of 2
    scene("saw four more", 0, { matches: both, predicted: nobodies(6) }), // 1.8 of 6
    scene("ghost", 0, { ...empty, predicted: nobodies(1) }),
    scene("empty", 0, { ...empty, predicted: [] }),
  ];
  const html = reportHtml(report({ galleries: [{ title: "All", scenes }] }));
  assert.deepEqual([...html.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, name]) => name), [
    "ghost",
    "saw four more",
    "missed one",
    "good",
    "empty",
  ]);
  assert.match(html, /<h3>missed one<\/h3><span>mean OKS 0\.450<\/span>/);
});

Deno.test("reportHtml() shows of each scene input, truth, prediction, heatmaps, tag map and tags", () => {
  const html = reportHtml(
    report({ galleries: [{ title: "One", scenes: [scene("the one", 0.8125)] }] }),
  );
  assert.deepEqual(
    [...html.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, caption]) => caption),
    [
      "input",
      "truth: 2",
      "predicted: 2",
      "heatmaps, strongest keypoint",
      "tag map",
      "tags at the true keypoints",
    ],
  );
  assert.match(html, /person 1: missed/);
  assert.match(html, /person 2: OKS 0\.81/);
  assert.match(html, /1 predicted without a match \(grey\)/);
});

Deno.test("reportHtml() gives a matched person the true person's colour, others grey", () => {
  const html = reportHtml(
    report({ galleries: [{ title: "One", scenes: [scene("the one", 0.5)] }] }),
  );
  const prediction = html.slice(html.indexOf("predicted: 2"), html.indexOf("heatmaps, strongest"));
  assert.match(prediction, /cx="6" cy="2" r="[^"]*" fill="#0072b2"/);
  assert.match(prediction, /cx="0" cy="7" r="[^"]*" fill="#bebebe"/);
});

Deno.test("reportHtml() shows a map for every tag dimension", () => {
  const tags = hostArray([2, 3, 4, 4], Array.from({ length: 96 }, (_, i) => i % 5));
  const html = reportHtml(
    report({ galleries: [{ title: "One", scenes: [scene("s", 0.5, { tags })] }] }),
  );
  assert.match(html, /tag map, dimension 1[^]*tag map, dimension 2/);
});

Deno.test("reportHtml() shows scenes with nobody, and with a crowd", () => {
  const empty = scene("empty", -1, { truth: [], matches: [], predicted: [] });
  const crowd = scene("crowd", 0, {
    truth: [{ ...annotated([0, 0, 0], [0, 0, 0], [0, 0, 0]), crowd: true }],
    matches: [null],
  });
  const html = reportHtml(report({ galleries: [{ title: "Both", scenes: [empty, crowd] }] }));
  assertWellFormed(html);
  assert.match(html, /person 1: crowd/);
  assert.match(html, /<h3>empty<\/h3><span>mean OKS –<\/span>/);
});

Deno.test("reportHtml() escapes whatever comes from outside", () => {
  const hostile = `</style></title><script>alert("1")</script>&'`;
  const html = reportHtml(report({
    title: hostile,
    adapter: hostile,
    model: hostile,
    skeleton: { ...STICK, keypoints: [hostile, `left_${hostile}`, `right_${hostile}`] },
    trained: { ...evaluation("x", 0.5), label: hostile },
    galleries: [{ title: hostile, scenes: [scene(hostile, 0.5)] }],
  }));
  assertWellFormed(html);
  assert.doesNotMatch(html, /<script/);
});

Deno.test("reportHtml() names the scene in which something does not fit", () => {
  const fails = (changes: Partial<ReportScene>, name: string, message: string | RegExp) =>
    assert.throws(
      () => reportHtml(report({ galleries: [{ title: "", scenes: [scene("x", 0.5, changes)] }] })),
      { name, message },
    );
  fails({ matches: [null] }, "RangeError", 'reportHtml: scene "x" has 2 people but 1 matches');
  fails(
    { matches: [{ predicted: 2, oks: 1 }, null] },
    "RangeError",
    'reportHtml: scene "x" matches predicted person 2 of 2',
  );
  fails({ heatmaps: hostArray([3, 2, 4]) }, "ShapeError", /must agree on K, H and W/);
  fails(
    { heatmaps: hostArray([3, 4, 4], new Float32Array(48).fill(NaN)) },
    "RangeError",
    /heatmaps holds NaN/,
  );
  fails({ image: { ...grey(8, 8), width: 9 } }, "RangeError", /a picture of 9 x 8 pixels/);
});

Deno.test("reportHtml() wants one AP per keypoint", () => {
  assert.throws(
    () => reportHtml(report({ ideal: { ...evaluation("ideal maps", 1), keypointAp: [1] } })),
    {
      name: "RangeError",
      message: 'drawBarChart: "ideal maps" has 1 values for 3 labels',
    },
  );
});
