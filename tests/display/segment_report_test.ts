import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import {
  type SegmentReport,
  segmentReportHtml,
  widestDimension,
} from "../../display/segment_report.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { assertWellFormed } from "./snapshot.ts";

const mask = { width: 4, height: 2, data: new Uint8Array([1, 1, 0, 0, 1, 1, 0, 0]) };
const figures = [{ name: "AP50", meaning: "overlap <0.50>", value: 0.75 }, {
  name: "AP_L",
  meaning: "large",
  value: -1,
}];
const report: SegmentReport = {
  title: "People <apart>",
  setup: [["seed", "1"]],
  headline: figures,
  evaluations: [{ label: "trained now", figures }, { label: "ideal maps", figures }],
  curves: { step: [1, 2], loss: [2, 1], heatmap: [1, 0.5], pull: [0, 0.1], push: [0.5, 0.4] },
  galleries: [{
    title: "The worst first",
    scenes: [{
      name: "scene 1/2",
      image: rgbImage(4, 2),
      truth: [{ classIndex: 0, mask, box: [0, 0, 2, 2], area: 4, crowd: false }],
      found: [{ classIndex: 0, mask, score: 0.9, tag: [0, 2] }],
      heatmaps: hostArray([1, 1, 2], [0.9, 0.1]),
      tags: hostArray([2, 1, 1, 2], [0, 0, 2, -2]),
      dimension: 1,
      bins: [{ tag: 2, smoothed: 1 }],
    }],
  }],
};

Deno.test("segmentReportHtml() is one well-formed file that shows figures, scenes and histograms", () => {
  const html = segmentReportHtml(report);
  assertWellFormed(html.trim());
  assert.doesNotMatch(html, /(?:src|href)="(?!data:|#)/); // self-contained
  for (
    const text of [
      "People &lt;apart&gt;",
      "0.750",
      "ideal maps",
      "scene 1/2",
      "tags, dimension 2 of 2",
      "tags of the detected pixels, 1 mode",
    ]
  ) assert.ok(html.includes(text), text);
  assert.equal(html.match(/<td>–<\/td>/g)?.length, 2); // what was not there to find
});

Deno.test("segmentReportHtml() refuses columns that do not fit together", () => {
  const odd = { label: "odd", figures: figures.slice(1) };
  assert.throws(() => segmentReportHtml({ ...report, evaluations: [...report.evaluations, odd] }), {
    name: "RangeError",
    message: 'segmentReportHtml: "odd" has other figures than the first',
  });
});

Deno.test("widestDimension() is the first for one instance, and the wider of two for two", () => {
  assert.equal(widestDimension([{ tag: [0, 5, 0] }]), 0);
  assert.equal(widestDimension([{ tag: [0, 5, 0] }, { tag: [1, 5, -2] }]), 2);
});
