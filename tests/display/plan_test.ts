import assert from "node:assert/strict";
import { planOf, type Tensor } from "ae";
import { drawPlan } from "../../display/plan.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const PLAN = {
  kernels: 3,
  bytesOfSlots: [4096, 512],
  unplannedBytes: 3 * 2 ** 20,
  uses: [
    { slot: 0, op: "conv2d", shape: [1, 8, 4, 4], from: 0, to: 1 },
    { slot: 1, op: "sum", shape: [8], from: 1, to: 2 },
    { slot: 0, op: "relu", shape: [8], from: 2, to: 3 },
  ],
};

Deno.test("drawPlan() looks as its snapshot", () => {
  const svg = drawPlan(PLAN, { width: 400 });
  assert.equal(svg.title, "3 kernels in 2 buffers: 4.5 KiB instead of 3 MiB");
  assertWellFormed(svg.toString());
  assertSnapshot("plan.svg", svg.toString());
});

Deno.test("drawPlan() says on each result what it is", () => {
  assert.match(drawPlan(PLAN).toString(), /<title>conv2d \[1, 8, 4, 4\], kernels 0 to 1<\/title>/);
});

Deno.test("drawPlan() refuses a plan of nothing", async () => {
  const plan = await planOf(({ x }: { x: Tensor }) => x, { x: { shape: [2], dtype: "f32" } });
  assert.throws(() => drawPlan(plan), /^RangeError: drawPlan: the plan has no kernel/);
});
