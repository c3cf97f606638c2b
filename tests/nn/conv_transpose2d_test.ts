import assert from "node:assert/strict";
import { cast, ConvTranspose2d, convTranspose2d, normal, read } from "ae";

Deno.test("ConvTranspose2d is the operation with its own weight and bias", async () => {
  const sizes = { inChannels: 3, outChannels: 2, size: 4, stride: 2, pad: 1 };
  const layer = new ConvTranspose2d({ ...sizes, seed: 5 });
  const x = normal([2, 3, 4, 5], { seed: 1 });
  const { weight, bias } = layer;
  const got = await read({
    layer: layer.forward(x),
    operation: convTranspose2d(x, weight, { bias: bias!, stride: 2, pad: 1 }),
    half: cast(layer.forward(cast(x, "f16")), "f32"),
    weight,
  });
  assert.deepEqual(got.layer.shape, [2, 2, 8, 10]);
  assert.ok(got.layer.data.every((value, i) => value === got.operation.data[i]));
  assert.ok(got.half.data.every((value, i) => Math.abs(value - got.layer.data[i]) < 2e-2));
  // PyTorch draws from U(-1/√fan, 1/√fan) with a fan of O · size².
  const bound = 1 / Math.sqrt(2 * 16);
  const largest = Math.max(...got.weight.data.map(Math.abs));
  assert.ok(largest <= bound && largest > 0.9 * bound, `${largest}`);
  assert.equal(new ConvTranspose2d({ ...sizes, bias: false }).bias, null);
  assert.throws(() => new ConvTranspose2d({ ...sizes, size: 0 }), /ConvTranspose2d: size must be/);
});
