import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { ones, read, tensor } from "../../core/mod.ts";
import { Conv2d, loadState, parameters } from "../../nn/mod.ts";
import { hostArray } from "../../core/host_array.ts";

describe("Conv2d", () => {
  it("sums its kernel over the image and adds the bias, with padding that keeps the size", async () => {
    const conv = new Conv2d({ inChannels: 1, outChannels: 1 });
    await loadState(conv, {
      weight: hostArray([1, 1, 3, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1]),
      bias: hostArray([1], [10]),
    });
    assert.deepEqual(await conv.forward(ones([1, 1, 2, 3])).array(), [[[
      [14, 16, 14],
      [14, 16, 14],
    ]]]);
  });

  it("has no bias when told so, and takes stride and padding", () => {
    const conv = new Conv2d({
      inChannels: 2,
      outChannels: 3,
      size: 2,
      stride: 2,
      pad: 0,
      bias: false,
    });
    assert.deepEqual([...parameters(conv).keys()], ["weight"]);
    assert.deepEqual(conv.forward(ones([1, 2, 4, 6])).shape, [1, 3, 2, 3]);
  });

  it("has a kernel for each channel where groups say so", async () => {
    const conv = new Conv2d({ inChannels: 2, outChannels: 2, size: 1, groups: 2, bias: false });
    await loadState(conv, { weight: hostArray([2, 1, 1, 1], [2, 3]) });
    assert.deepEqual(await conv.forward(tensor([[[[1]], [[10]]]])).array(), [[[[2]], [[30]]]]);
    assert.throws(
      () => new Conv2d({ inChannels: 4, outChannels: 6, groups: 4 }),
      /^RangeError: Conv2d: 4 groups do not divide 4 and 6 channels$/,
    );
  });

  it("draws weights and biases in PyTorch's range, or by He's rule with biases of 0", async () => {
    const pytorch = new Conv2d({ inChannels: 4, outChannels: 8, seed: 1 });
    const he = new Conv2d({ inChannels: 4, outChannels: 8, seed: 1, init: "he" });
    const { weight, bias, heBias } = await read({
      weight: pytorch.weight,
      bias: pytorch.bias!,
      heBias: he.bias!,
    });
    for (const { data } of [weight, bias]) {
      const largest = Math.max(...data.map(Math.abs));
      assert.ok(largest <= 1 / 6 && largest > 0.08); // 1 / √36
    }
    assert.deepEqual([...heBias.data], new Array(8).fill(0));
  });

  it("scales the first weights of chosen output channels, not their biases", async () => {
    const options = { inChannels: 2, outChannels: 2, size: 1, seed: 5 };
    const plain = new Conv2d(options);
    const scaled = new Conv2d({ ...options, initScale: (o) => o === 1 ? 4 : 1 });
    const before = await read({ weight: plain.weight, bias: plain.bias! });
    const after = await read({ weight: scaled.weight, bias: scaled.bias! });
    const [a, b, c, d] = before.weight.data;
    assert.deepEqual([...after.weight.data], [a, b, 4 * c, 4 * d]);
    assert.deepEqual(after.bias.data, before.bias.data);
  });

  it("names its variables by its path", () => {
    const conv = new Conv2d({ inChannels: 1, outChannels: 1, name: "pre.0.conv" });
    assert.equal(conv.weight.name, "pre.0.conv.weight");
    assert.equal(conv.bias?.name, "pre.0.conv.bias");
  });

  it("refuses sizes that no convolution has", () => {
    const bad = [
      [{ inChannels: 0 }, "Conv2d: inChannels must be a whole number, 1 or more, not 0"],
      [{ outChannels: 1.5 }, "Conv2d: outChannels must be a whole number, 1 or more, not 1.5"],
      [{ size: -3 }, "Conv2d: size must be a whole number, 1 or more, not -3"],
      [{ stride: 0 }, "Conv2d: stride must be a whole number, 1 or more, not 0"],
      [{ size: 4 }, "Conv2d: size 4 is even, so pad must be given"],
      [
        { size: [3, 1] as never },
        "Conv2d: size must be a whole number, 1 or more, not [3, 1]\n" +
        "  help: give one number, for rows and columns alike",
      ],
      [{ pad: -1 }, "Conv2d: pad must be a whole number, 0 or more, not -1"],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new Conv2d({ inChannels: 1, outChannels: 1, ...options }), {
        name: "RangeError",
        message,
      });
    }
  });

  it("says when the channels do not fit", () => {
    const conv = new Conv2d({ inChannels: 3, outChannels: 1 });
    assert.throws(() => conv.forward(tensor([[[[1]]]])), { name: "ShapeError" });
  });
});
