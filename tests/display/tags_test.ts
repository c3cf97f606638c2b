import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { cssColor, divergingColor, personColor } from "../../display/color.ts";
import {
  drawTags,
  drawTagScatter,
  paintTags,
  tagRange,
  tagsAtKeypoints,
} from "../../display/tags.ts";
import { annotated, grey } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const pixel = ({ data }: { data: Uint8Array }, x: number) => [...data.subarray(x * 3, x * 3 + 3)];
const near = (actual: readonly number[], expected: readonly number[]) =>
  actual.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) <= 1, `${actual} is not ${expected}`)
  );

// Two keypoints, three pixels: the first keypoint is at pixel 0, the second at pixel 1, none at pixel 2.
const heatmaps = hostArray([2, 1, 3], [1, 0.2, 0, 0.1, 0.8, 0]);
const tags = hostArray([1, 2, 1, 3], [-3, 100, 100, 100, 5, 100]);

Deno.test("tagRange() looks only where a keypoint is, in that keypoint's map", () => {
  assert.deepEqual(tagRange(tags, heatmaps), [-3, 5]);
});

Deno.test("tagRange() is at least 1 wide: without any keypoint, and for one value", () => {
  assert.deepEqual(tagRange(tags, hostArray([2, 1, 3])), [-0.5, 0.5]);
  assert.deepEqual(tagRange(hostArray([1, 1, 1, 1], [7]), hostArray([1, 1, 1], [1])), [6.5, 7.5]);
});

Deno.test("tagRange() takes the wanted dimension", () => {
  const two = hostArray([2, 1, 1, 2], [0, 1, 20, 30]);
  assert.deepEqual(tagRange(two, hostArray([1, 1, 2], [1, 1]), 1), [20, 30]);
});

Deno.test("paintTags() shows the strongest keypoint's tag as strongly as its heatmap", () => {
  const picture = paintTags(tags, heatmaps);
  near(pixel(picture, 0), divergingColor(0));
  near(pixel(picture, 1), divergingColor(1));
  assert.deepEqual(pixel(picture, 2), [0, 0, 0]);
  const over = paintTags(tags, heatmaps, { image: grey(3, 1, 200), range: [-3, 13] });
  near(pixel(over, 1), divergingColor(0.5));
  assert.deepEqual(pixel(over, 2), [110, 110, 110]);
});

Deno.test("paintTags() of maps without any keypoint is dark, not an error", () => {
  const picture = paintTags(tags, hostArray([2, 1, 3]));
  assert.ok(picture.data.every((value) => value === 0));
});

Deno.test("drawTags() looks as its snapshot", () => {
  assertSnapshot("tags.svg", drawTags(tags, heatmaps, { width: 200 }).toString());
});

Deno.test("tagRange(), paintTags() and drawTags() refuse maps that do not fit together", () => {
  for (const [name, show] of Object.entries({ tagRange, paintTags, drawTags })) {
    const fails = (kind: string, message: string | RegExp, t = tags, h = heatmaps) =>
      assert.throws(() => show(t, h), { name: kind, message });
    fails("ShapeError", new RegExp(`^${name}: tags must be D K H W`), hostArray([2, 1, 3]));
    fails(
      "ShapeError",
      new RegExp(`^${name}: heatmaps must be K H W`),
      tags,
      hostArray([1, 2, 1, 3]),
    );
    fails(
      "ShapeError",
      new RegExp(`^${name}: tags and heatmaps must agree on K, H and W`),
      tags,
      hostArray([2, 3, 1]),
    );
    fails(
      "RangeError",
      `${name}: tags holds NaN at D 0, K 0, H 0, W 1`,
      hostArray([1, 2, 1, 3], [0, NaN, 0, 0, 0, 0]),
    );
    fails(
      "RangeError",
      `${name}: heatmaps holds NaN at K 1, H 0, W 2`,
      tags,
      hostArray([2, 1, 3], [0, 0, 0, 0, 0, NaN]),
    );
  }
});

Deno.test("tagRange(), paintTags() and drawTags() refuse options out of range", () => {
  const dimension = /: there is no tag dimension 1; tags has 1, from 0 to 0$/;
  assert.throws(() => tagRange(tags, heatmaps, 1), { name: "RangeError", message: dimension });
  assert.throws(() => paintTags(tags, heatmaps, { dimension: 1 }), {
    name: "RangeError",
    message: dimension,
  });
  assert.throws(() => drawTags(tags, heatmaps, { dimension: 1 }), {
    name: "RangeError",
    message: dimension,
  });
  assert.throws(() => paintTags(tags, heatmaps, { range: [1, 1] }), {
    name: "RangeError",
    message: "paintTags: range must go from a lower to a higher tag, not from 1 to 1",
  });
  assert.throws(() => paintTags(tags, heatmaps, { image: { ...grey(1, 1), width: 2 } }), {
    name: "RangeError",
  });
  assert.throws(() => drawTags(tags, heatmaps, { width: 10 }), {
    name: "RangeError",
    message: "drawTags: width must be 80 or more, not 10",
  });
});

Deno.test("tagsAtKeypoints() reads every dimension at the truncated pixel", () => {
  // D 2, K 1, maps of 2 x 2 for an image of 8 x 8.
  const maps = hostArray([2, 1, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40]);
  const at = (x: number, y: number) =>
    tagsAtKeypoints(maps, [annotated([x, y, 2])], { width: 8, height: 8 })[0];
  assert.deepEqual(at(0, 0), [{ keypoint: 0, tag: [1, 10] }]);
  assert.deepEqual(at(3.99, 4), [{ keypoint: 0, tag: [3, 30] }]);
  assert.deepEqual(at(7.9, 7.9), [{ keypoint: 0, tag: [4, 40] }]);
  assert.deepEqual(at(-3.9, 0), [{ keypoint: 0, tag: [1, 10] }]); // truncated toward 0, as the targets are
});

Deno.test("tagsAtKeypoints() leaves out what is not annotated, outside, or a crowd", () => {
  const maps = hostArray([1, 3, 1, 1], [1, 2, 3]);
  const person = annotated([0, 0, 1], [0, 0, 0], [4, 0, 2]);
  const crowd = { ...annotated([0, 0, 2]), crowd: true };
  const readings = tagsAtKeypoints(maps, [person, crowd], { width: 4, height: 4 });
  assert.deepEqual(readings, [[{ keypoint: 0, tag: [1] }], []]);
  assert.deepEqual(tagsAtKeypoints(maps, [], { width: 4, height: 4 }), []);
});

Deno.test("tagsAtKeypoints() refuses what does not fit", () => {
  const frame = { width: 4, height: 4 };
  const maps = hostArray([1, 2, 1, 1]);
  assert.throws(() => tagsAtKeypoints(maps, [annotated([0, 0, 2])], frame), {
    name: "RangeError",
    message: "tagsAtKeypoints: person 0 has 1 keypoints but there are maps for 2",
  });
  assert.throws(() => tagsAtKeypoints(maps, [], { width: 0, height: 4 }), {
    name: "RangeError",
    message: "tagsAtKeypoints: the frame must not be empty: 0 x 4",
  });
  assert.throws(() => tagsAtKeypoints(hostArray([2, 1, 1]), [], frame), { name: "ShapeError" });
  assert.throws(() => tagsAtKeypoints(hostArray([1, 1, 1, 1], [NaN]), [], frame), {
    name: "RangeError",
    message: "tagsAtKeypoints: tags holds NaN at D 0, K 0, H 0, W 0",
  });
});

Deno.test("drawTagScatter() of one dimension looks as its snapshot", () => {
  const svg = drawTagScatter(
    [[{ keypoint: 0, tag: [-1] }, { keypoint: 2, tag: [-0.8] }], [], [{ keypoint: 1, tag: [1.5] }]],
    { names: ["head", "left_hand", "right_hand"], range: [-1, 2], width: 300 },
  );
  assertSnapshot("tag_scatter.svg", svg.toString());
});

Deno.test("drawTagScatter() of two dimensions looks as its snapshot", () => {
  const svg = drawTagScatter(
    [[{ keypoint: 0, tag: [-1, 0] }, { keypoint: 2, tag: [-0.8, 0.3] }], [{
      keypoint: 1,
      tag: [1.5, 2],
    }], []],
    { width: 300 },
  );
  assertSnapshot("tag_scatter_plane.svg", svg.toString());
});

Deno.test("drawTagScatter() puts the dots in proportion and the bar at their mean", () => {
  const text = drawTagScatter([[0, 1, 5].map((value, keypoint) => ({ keypoint, tag: [value] }))])
    .toString();
  const [a, b, c] = [...text.matchAll(/<circle cx="([^"]*)"/g)].map(([, x]) => Number(x));
  const mean = Number(text.match(/<line x1="([^"]*)"[^>]*><title>mean 2\.00/)?.[1]);
  assert.ok(Math.abs((c - a) - 5 * (b - a)) < 0.1 && Math.abs(mean - (a + b + c) / 3) < 0.1);
});

Deno.test("drawTagScatter() shows nobody, one value, and equal values", () => {
  assertWellFormed(drawTagScatter([]).toString().trim());
  assertWellFormed(drawTagScatter([[]]).toString().trim());
  assert.match(drawTagScatter([[{ keypoint: 0, tag: [3] }]]).toString(), /title>mean 3\.00/);
  const twice = [{ keypoint: 0, tag: [3, 3] }, { keypoint: 1, tag: [3, 3] }];
  assert.match(drawTagScatter([twice]).toString(), /title>mean 3\.00, 3\.00/);
});

Deno.test("drawTagScatter() gives each person the wanted colour and escapes names", () => {
  const text = drawTagScatter([[{ keypoint: 0, tag: [0] }]], {
    colors: [3],
    names: ["<b>"],
    title: "<i>",
  }).toString();
  assertWellFormed(text.trim());
  assert.ok(text.includes(`fill="${cssColor(personColor(3))}" fill-opacity`));
});

Deno.test("drawTagScatter() refuses what cannot be drawn", () => {
  const fails = (message: string, ...args: Parameters<typeof drawTagScatter>) =>
    assert.throws(() => drawTagScatter(...args), {
      name: "RangeError",
      message: `drawTagScatter: ${message}`,
    });
  fails("keypoint 4 of person 1 has tag [NaN]; 1 finite value was expected", [[{
    keypoint: 0,
    tag: [1],
  }], [{ keypoint: 4, tag: [NaN] }]]);
  fails("keypoint 1 of person 0 has tag [1]; 2 finite values were expected", [[{
    keypoint: 0,
    tag: [1, 2],
  }, { keypoint: 1, tag: [1] }]]);
  fails("keypoint 0 of person 0 has tag []; 0 finite values were expected", [[{
    keypoint: 0,
    tag: [],
  }]]);
  fails("0 people but 1 colours", [], { colors: [0] });
  fails("range must go from a lower to a higher tag, not from 2 to 1", [], { range: [2, 1] });
  fails("width must be 160 or more, not 100", [], { width: 100 });
});

Deno.test("drawTagScatter() of two dimensions keeps its axes where a range holds the tags", () => {
  const axesOf = (tag: number) => {
    const svg = drawTagScatter([[{ keypoint: 0, tag: [tag, 0] }]], { range: [-4, 4] }).toString();
    return [...svg.matchAll(/<text [^>]*>([\u2212\d.]+)<\/text>/g)].map(([, label]) => label);
  };
  assert.deepEqual(axesOf(3), axesOf(-1));
  assert.ok(axesOf(3).includes("4"));
});
