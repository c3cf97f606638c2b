/**
 * A plan drawn: which result lies in which buffer, and for how long.
 *
 *     slot 0   ┃conv2d      ┃relu  ┃add         ┃     time runs to the right, one kernel a step;
 *     slot 1        ┃mul    ┃                         a box begins with the kernel that writes a result
 *     slot 2                 ┃pool       ┃            and ends with the last one that reads it
 *
 * @module
 */
import { textWidth } from "./chart.ts";
import { cssColor, personColor } from "./color.ts";
import { Svg, svgElement } from "./svg.ts";

/** A plan as it is drawn: the summaries of `planOf()` and of a step's `plans()` are such. */
export interface DrawnPlan {
  /** How many kernels run. */
  readonly kernels: number;
  /** Bytes of every slot. */
  readonly bytesOfSlots: readonly number[];
  /** Bytes without sharing. */
  readonly unplannedBytes: number;
  /** Who is in which slot when. */
  readonly uses: readonly {
    readonly slot: number;
    readonly op: string;
    readonly shape: readonly number[];
    readonly from: number;
    readonly to: number;
  }[];
}

const ROW = 22;
const HEAD = 26;

/**
 * Draw who is in which buffer when.
 *
 * @param plan A plan's summary.
 * @param options.width Width in CSS pixels. @default {640}
 * @throws {RangeError} If the plan has no kernel.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawPlan, planOf, softmax, type Tensor } from "ae";
 *
 * const plan = await planOf(({ x }: { x: Tensor }) => softmax(x.sum([0]), 0).max(), {
 *   x: { shape: [64, 64], dtype: "f32" },
 * });
 * assert.match(drawPlan(plan).title, /kernels in \d+ buffers/);
 * ```
 */
export function drawPlan(plan: DrawnPlan, options: { readonly width?: number } = {}): Svg {
  const { kernels, bytesOfSlots, unplannedBytes, uses } = plan;
  if (kernels === 0) throw new RangeError("drawPlan: the plan has no kernel; nothing is computed");
  const { width = 640 } = options;
  const planned = bytesOfSlots.reduce((sum, bytes) => sum + bytes, 0);
  const title = `${kernels} kernels in ${bytesOfSlots.length} buffers: ${amount(planned)}${
    unplannedBytes > planned ? ` instead of ${amount(unplannedBytes)}` : ""
  }`;
  const names = bytesOfSlots.map((bytes, slot) => `slot ${slot}, ${amount(bytes)}`);
  const left = Math.max(0, ...names.map((name) => textWidth(name, 11))) + 8;
  const step = (width - left) / (kernels + 1);
  const label = (x: number, y: number, size: number, words: string, weight = 400) =>
    svgElement("text", {
      x,
      y,
      "font-size": size,
      "font-weight": weight,
      fill: "currentColor",
    }, words);
  const boxes = uses.map(({ slot, op, shape, from, to }) => {
    const [x, y] = [left + from * step, HEAD + slot * ROW];
    const room = Math.max((to - from) * step, step * 0.6) - 1;
    const color = cssColor(personColor([...op].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 6));
    const what = `${op} [${shape.join(", ")}], kernels ${from} to ${Math.min(to, kernels - 1)}`;
    return svgElement(
      "g",
      {},
      svgElement("title", {}, what),
      svgElement("rect", {
        x,
        y: y + 2,
        width: room,
        height: ROW - 4,
        rx: 3,
        fill: color,
        "fill-opacity": 0.3,
        stroke: color,
      }),
      textWidth(op, 11) + 6 < room ? label(x + 4, y + 15, 11, op) : null,
    );
  });
  return new Svg([
    label(0, 15, 13, title, 600),
    ...names.map((name, slot) => label(0, HEAD + slot * ROW + 15, 11, name)),
    ...boxes,
  ], { width, height: HEAD + Math.max(1, bytesOfSlots.length) * ROW + 4, title });
}

/** Bytes with a unit: 512 B, 1.5 KiB, 12 MiB; each unit is 1,024 of the one before. */
function amount(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}
