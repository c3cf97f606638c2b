import assert from "node:assert/strict";
import { type ComparisonReport, comparisonReportHtml } from "../../display/comparison_report.ts";

const black = { width: 2, height: 1, data: new Uint8Array(6) };
const report: ComparisonReport = {
  title: "Looking <twice>",
  setup: [["weights", "a&b"]],
  tables: [
    {
      title: "small scenes",
      columns: ["AP", "AR"],
      rows: [{ name: "once", values: [0.1234, 0.5] }, { name: "twice", values: [-1, 0.625] }],
    },
  ],
  scenes: [],
};

Deno.test("comparisonReportHtml() shows a row for each way, and a dash where there is no figure", () => {
  const html = comparisonReportHtml(report);
  assert.match(html, /^<!DOCTYPE html>[^]*<h1>Looking &lt;twice&gt;<\/h1>[^]*a&amp;b/);
  assert.match(html, /once<\/th><td>0\.123<\/td><td>0\.500<\/td>/);
  assert.match(html, /twice<\/th><td>–<\/td><td>0\.625<\/td>/);
  assert.match(html, /once, AP: 0\.123/); // the bars, in words
  assert.doesNotMatch(html, /Scenes|NaN|undefined/);
  assert.doesNotMatch(html, /(?:src|href)="http|<script/); // nothing beside it
});

Deno.test("comparisonReportHtml() shows the pictures of scenes side by side", () => {
  const panels = [{ caption: "once", picture: black }, { caption: "twice", picture: black }];
  const html = comparisonReportHtml({ ...report, scenes: [{ title: "Scene 3 & 4", panels }] });
  assert.match(html, /Scenes[^]*Scene 3 &amp; 4[^]*once[^]*data:image\/png[^]*twice/);
});

Deno.test("comparisonReportHtml() refuses tables without figures, and rows of another length", () => {
  const refused = (change: Partial<ComparisonReport>, message: RegExp) =>
    assert.throws(() => comparisonReportHtml({ ...report, ...change }), {
      name: "RangeError",
      message,
    });
  const [table] = report.tables;
  refused({ tables: [] }, /^comparisonReportHtml: there is no table$/);
  refused({ tables: [{ ...table, rows: [] }] }, /^comparisonReportHtml: "small scenes" has no/);
  refused(
    { tables: [{ ...table, columns: ["AP"] }] },
    /^comparisonReportHtml: "once" has 2 figures for 1 columns$/,
  );
});
