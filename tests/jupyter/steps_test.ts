import assert from "node:assert/strict";
import { compile, hostArray, type Tensor } from "ae";
import { textOf } from "../../jupyter/show.ts";

Deno.test("a compiled step shows its plan, and says that there is none before a call", async () => {
  using step = compile(({ x }: { x: Tensor }) => ({ y: x.sum([0]).square() }));
  assert.match(await textOf(step), /^compiled step: call it/);
  await step({ x: hostArray([8, 8]) });
  assert.match(await textOf(step), /^compiled step\nx \[8, 8\] f32: 2 kernels in \d buffers?: /);
  const bundle = (step as unknown as Record<symbol, () => Record<string, string>>)
    [Symbol.for("Jupyter.display")]();
  assert.match(bundle["image/svg+xml"], /^<svg/);
});

Deno.test("a compiled step tells the plans of all its input shapes", async () => {
  using step = compile(({ x }: { x: Tensor }) => ({ y: x.square() }));
  await step({ x: hostArray([2]) });
  await step({ x: hostArray([3]) });
  assert.equal((await textOf(step)).split("\n").length, 3);
});
