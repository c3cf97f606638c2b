/**
 * The report of a comparison of several ways to do the same: one HTML file with nothing beside it.
 *
 *     tables           a row for each way, the first column also as bars
 *     scenes           pictures side by side, for what no figure says
 *
 * {@linkcode ComparisonReport} is plain data.
 *
 * @module
 */
import { drawBarChart } from "./chart.ts";
import { markup, page } from "./page.ts";
import { drawPanels, type Panel } from "./panels.ts";
import type { Markup } from "./svg.ts";

/** Figures of several ways. */
export interface ComparisonTable {
  /** What was compared on: "200 scenes of 64 pixels". */
  readonly title: string;
  /** What the columns are called, at least one. */
  readonly columns: readonly string[];
  /** The ways, at least one: their figures, column by column; -1 where there is none. The first is at most 1. */
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** A scene as several ways saw it. */
export interface ComparisonScene {
  /** What it is an example of. */
  readonly title: string;
  /** What the pictures show, side by side. */
  readonly panels: readonly Panel[];
}

/** What a comparison found out. */
export interface ComparisonReport {
  /** The page's heading. */
  readonly title: string;
  /** What was compared: names and what they stand for. */
  readonly setup: readonly (readonly [name: string, value: string])[];
  /** The figures, at least one table. */
  readonly tables: readonly ComparisonTable[];
  /** Scenes to look at. */
  readonly scenes: readonly ComparisonScene[];
}

function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

function tableSection({ title, columns, rows }: ComparisonTable): Markup {
  const bars = rows.map(({ values: [first] }) => first < 0 ? null : first);
  return markup`<section><h2>${title}</h2>
<div class="charts"><div class="wide"><table><thead><tr><th scope="col">way</th>${
    columns.map((column) => markup`<th scope="col">${column}</th>`)
  }</tr></thead>
<tbody>${
    rows.map(({ name, values }) =>
      markup`<tr><th scope="row">${name}</th>${
        values.map((value) => markup`<td>${figure(value)}</td>`)
      }</tr>\n`
    )
  }</tbody></table></div>
<div>${
    drawBarChart(rows.map(({ name }) => name), [{ name: columns[0], values: bars }], {
      title: columns[0],
      max: 1,
      width: 520,
    })
  }</div></div></section>`;
}

function sceneCard({ title, panels }: ComparisonScene): Markup {
  return markup`<div class="scene"><header><h3>${title}</h3></header>${
    drawPanels(panels, { panelWidth: 320 })
  }</div>`;
}

/**
 * The report as one HTML file.
 *
 * @throws {RangeError} If there is no table, a table has no rows or columns, a row has more or fewer figures than its
 * table has columns, or a scene has no pictures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { comparisonReportHtml } from "ae";
 *
 * const black = { width: 1, height: 1, data: new Uint8Array(3) };
 * const html = comparisonReportHtml({
 *   title: "Ways to look",
 *   setup: [["weights", "demo"]],
 *   tables: [{ title: "Crowds", columns: ["AP"], rows: [{ name: "once", values: [0.46] }] }],
 *   scenes: [{ title: "Scene 7", panels: [{ caption: "once", picture: black }] }],
 * });
 * assert.match(html, /^<!DOCTYPE html>[^]*Crowds[^]*0\.460[^]*Scene 7/);
 * ```
 */
export function comparisonReportHtml({ title, setup, tables, scenes }: ComparisonReport): string {
  if (tables.length === 0) throw new RangeError("comparisonReportHtml: there is no table");
  for (const { title, columns, rows } of tables) {
    if (columns.length === 0 || rows.length === 0) {
      throw new RangeError(`comparisonReportHtml: "${title}" has no figures`);
    }
    const wrong = rows.find(({ values }) => values.length !== columns.length);
    if (!wrong) continue;
    throw new RangeError(
      `comparisonReportHtml: "${wrong.name}" has ${wrong.values.length} figures for ` +
        `${columns.length} columns`,
    );
  }
  return page(
    title,
    markup`<dl class="setup">${
      setup.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
    }</dl>
${tables.map(tableSection)}
${scenes.length === 0 ? null : markup`<section><h2>Scenes</h2>${scenes.map(sceneCard)}</section>`}`,
  );
}
