import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { ones, tensor } from "../../core/mod.ts";
import { ConvBlock } from "../../models/mod.ts";
import { parameters } from "../../nn/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

describe("ConvBlock", () => {
  it("equals the authors' block, norm after the ReLU, in training and after it", async () => {
    await assertRecorded("modules", families.modules, "conv_");
  });

  it("can normalise before the ReLU, and then has no bias unless asked", () => {
    const options = { inChannels: 1, outChannels: 2, batchNorm: "everywhere" } as const;
    assert.deepEqual(
      [...parameters(new ConvBlock(options)).keys()],
      ["conv.weight", "bn.weight", "bn.bias"],
    );
    assert.ok(parameters(new ConvBlock({ ...options, bias: true })).has("conv.bias"));
  });

  it("ends in the ReLU when it normalises everywhere", async () => {
    const options = { inChannels: 1, outChannels: 8, seed: 3, batchNorm: "everywhere" } as const;
    const y = await new ConvBlock(options).forward(tensor([[[[1, -2], [-3, 4]]]])).read();
    assert.ok(y.data.every((value) => value >= 0) && y.data.some((value) => value > 0));
  });

  it("refuses sizes that no convolution has", () => {
    assert.throws(() => new ConvBlock({ inChannels: 0, outChannels: 1 }), {
      name: "RangeError",
      message: "Conv2d: inChannels must be a whole number, 1 or more, not 0",
    });
  });

  it("says when the channels do not fit", () => {
    const block = new ConvBlock({ inChannels: 2, outChannels: 1 });
    assert.throws(() => block.forward(ones([1, 1, 4, 4])), { name: "ShapeError" });
  });
});
