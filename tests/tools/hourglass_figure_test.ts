import assert from "node:assert/strict";
import { drawHourglass } from "../../tools/hourglass_figure.ts";
import { assertWellFormed } from "../display/snapshot.ts";

Deno.test("drawHourglass() says the sizes of every level, and draws it twice but for the bottom", () => {
  const svg = drawHourglass({ channels: 64, increase: 28, depth: 4, side: 32 }).toString();
  const labels = [...svg.matchAll(/>([^<]* × [^<]*)</g)].map(([, label]) => label);
  assert.deepEqual(labels, [
    "up1, detail: 64 × 32 × 32",
    "up1, detail: 92 × 16 × 16",
    "up1, detail: 120 × 8 × 8",
    "up1, detail: 148 × 4 × 4",
    "context: 176 × 2 × 2",
  ]);
  assert.equal(svg.match(/<rect/g)?.length, 2 * 4 + 1);
  assertWellFormed(svg.trim());
});
