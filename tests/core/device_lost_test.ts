import assert from "node:assert/strict";
import { GpuError, tensor } from "ae";
import { openGpu } from "../../core/device.ts";

Deno.test("a lost device is a thrown error, and the next tensor opens a new one", async () => {
  const x = tensor([1, 2]);
  await x.sum().item();
  const { device } = await openGpu();
  device.destroy();
  await device.lost;
  await assert.rejects(
    x.sum().read(),
    (error: Error) => error instanceof GpuError || /lost|destroyed|invalid/i.test(error.message),
  );
  assert.equal(await tensor([3, 4]).sum().item(), 7);
});
