import assert from "node:assert/strict";
import { assign, compile, GpuError, hostArray, type Tensor, tensor, variable } from "ae";
import { openGpu } from "../../core/device.ts";

async function loseDevice(): Promise<void> {
  const { device } = await openGpu();
  device.destroy();
  await device.lost;
}

const lost = (error: Error) => error instanceof GpuError && /device was lost/.test(error.message);

Deno.test("a lost device is a thrown error, and the next tensor opens a new one", async () => {
  const x = tensor([1, 2]);
  await x.sum().item();
  await loseDevice();
  await assert.rejects(x.sum().read(), lost);
  await assert.rejects(x.read(), lost);
  assert.equal(await tensor([3, 4]).sum().item(), 7);
  await assert.rejects(x.read(), lost);
});

Deno.test("variables and steps of a lost device say so, again and again", async () => {
  const w = variable(tensor(2), "w");
  using step = compile(({ x }: { x: Tensor }) => {
    assign(w, w.add(x));
    return w.mul(x);
  });
  const x = hostArray([], [3]);
  assert.equal(await (await step({ x })).item(), 6);
  await loseDevice();
  for (let again = 0; again < 2; again++) {
    await assert.rejects(async () => await (await step({ x })).item(), lost);
    await assert.rejects(w.read(), lost);
    assert.equal(await tensor([3, 4]).sum().item(), 7);
  }
});
