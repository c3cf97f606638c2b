import assert from "node:assert/strict";
import { drawTracks } from "../../display/mod.ts";
import { type TrackingReport, trackingReportHtml } from "../../display/tracking_report.ts";

const figures = {
  IDF1: 0.9126,
  MOTA: -0.25,
  HOTA: 0.5,
  identitySwitches: 12,
  misses: 34,
  falsePositives: 1,
};
const [drawing] = drawTracks([
  { frame: 1, image: null, things: [{ identity: 7, box: [0, 0, 4, 8] }] },
], { size: { width: 16, height: 16 } });
const report: TrackingReport = {
  title: "Who <is> who",
  setup: [["adapter", "a & b"]],
  evaluations: [
    { label: "by tags", figures },
    { label: "by places", figures: { ...figures, identitySwitches: 56 } },
  ],
  curves: { step: [1, 2], pull: [0.2, 0.1], push: [0.5, 0.4] },
  videos: [{ name: "video 3", caption: "they cross", drawings: [{ caption: "frame", drawing }] }],
};

Deno.test("trackingReportHtml() shows figures side by side, the first in large, and the videos", () => {
  const html = trackingReportHtml(report);
  assert.match(html, /^<!DOCTYPE html>/);
  assert.match(html, /<h1>Who &lt;is&gt; who<\/h1>/);
  assert.match(html, /<dt>adapter<\/dt><dd>a &amp; b<\/dd>/);
  assert.match(html, /<b>0\.913<\/b><span>IDF1, by tags<\/span>/);
  assert.match(html, /<b>12<\/b><span>identity switches, by tags<\/span>/);
  assert.match(
    html,
    /MOTA<small>errors of all kinds<\/small><\/th><td>-0\.250<\/td><td>-0\.250<\/td>/,
  );
  assert.match(html, /identity switches<small>number<\/small><\/th><td>12<\/td><td>56<\/td>/);
  assert.match(
    html,
    /<h3>video 3<\/h3><span>they cross<\/span>[^]*<figcaption>frame<\/figcaption><svg/,
  );
  assert.match(html, /pull and push, logarithmic/);
  assert.doesNotMatch(html, /(?:src|href)="http|<script|undefined|NaN/); // nothing beside it
});

Deno.test("trackingReportHtml() does without training and videos, not without figures", () => {
  const curves = { step: [], pull: [], push: [] };
  const html = trackingReportHtml({ ...report, curves, videos: [] });
  assert.match(html, /No pull or push was recorded/);
  assert.throws(() => trackingReportHtml({ ...report, evaluations: [] }), {
    name: "RangeError",
    message: "trackingReportHtml: nothing was evaluated",
  });
});
