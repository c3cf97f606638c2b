import assert from "node:assert/strict";
import { type EvaluationReport, evaluationReportHtml } from "../../display/evaluation_report.ts";

const report: EvaluationReport = {
  title: "Who <is> there",
  setup: [["truth", "a&b.json"]],
  figures: [
    { name: "AP", meaning: "OKS 0.50 to 0.95", value: 0.1234 },
    { name: "AP_L", meaning: "above 96² px", value: -1 },
  ],
  keypoints: ["nose", "left_eye"],
  byKeypoint: [{ name: "AP of each keypoint", values: [0.5, -1] }],
};

const errors = {
  fates: [{ name: "good", values: [3, 0] }, { name: "miss", values: [1, 0] }],
  asFound: 0.1234,
  mended: [{ name: "miss", meaning: "nothing nowhere", value: 0.25 }],
};

Deno.test("evaluationReportHtml() shows figures, and a dash where there is none", () => {
  const html = evaluationReportHtml(report);
  assert.match(html, /^<!DOCTYPE html>/);
  assert.match(html, /<h1>Who &lt;is&gt; there<\/h1>/);
  assert.match(html, /a&amp;b\.json/);
  assert.match(html, /AP<small>OKS 0\.50 to 0\.95<\/small><\/th><td>0\.123<\/td>/);
  assert.match(html, /AP_L<small>above 96² px<\/small><\/th><td>–<\/td>/);
  assert.match(html, /left eye, AP of each keypoint: none/);
  assert.doesNotMatch(html, /Errors|Precision over recall|NaN|undefined/);
  assert.doesNotMatch(html, /(?:src|href)="http|<script/); // nothing beside it
});

Deno.test("evaluationReportHtml() shows curves and errors where there are some", () => {
  const curves = [{ name: "OKS 0.50", recall: [0, 0.5, 1], precision: [1, 0.8, 0] }];
  const html = evaluationReportHtml({ ...report, curves, errors });
  assert.match(html, /Precision over recall/);
  assert.match(html, /nose<\/th><td>4<\/td><td>75\.0 %<\/td><td>25\.0 %<\/td>/);
  assert.match(html, /left eye<\/th><td>0<\/td><td>–<\/td><td>–<\/td>/);
  assert.match(html, /all<\/th><td>4<\/td><td>75\.0 %<\/td><td>25\.0 %<\/td>/);
  assert.match(html, /no miss, AP: 0\.250/);
  assert.match(html, /miss<small>nothing nowhere<\/small><\/th><td>0\.250<\/td>/);
});

Deno.test("evaluationReportHtml() refuses lists that do not belong together", () => {
  assert.throws(() => evaluationReportHtml({ ...report, figures: [] }), {
    name: "RangeError",
    message: "evaluationReportHtml: there are no figures",
  });
  assert.throws(
    () => evaluationReportHtml({ ...report, byKeypoint: [{ name: "AP", values: [1] }] }),
    /^RangeError: evaluationReportHtml: "AP" has 1 values for 2 keypoints/,
  );
  const fates = [{ name: "good", values: [1, 2, 3] }];
  assert.throws(
    () => evaluationReportHtml({ ...report, errors: { ...errors, fates } }),
    /^RangeError: evaluationReportHtml: "good" has 3 values for 2 keypoints/,
  );
});
