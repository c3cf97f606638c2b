import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import type { Shape } from "../../core/mod.ts";
import {
  chooseBlock,
  type ConvAttrs,
  convKernel,
  weightGradKernel,
  weightGradParts,
} from "../../ops/conv2d_kernels.ts";

/** A convolution that keeps the size, but for its stride. */
function attrsOf([, , H, W]: Shape, O: number, size: number, stride = 1): ConvAttrs {
  const pad = (size - 1) / 2;
  return {
    O,
    kH: size,
    kW: size,
    stride,
    padY: pad,
    padX: pad,
    dilation: 1,
    outH: Math.ceil(H / stride),
    outW: Math.ceil(W / stride),
  };
}

const f32 = (shape: Shape) => ({ shape, dtype: "f32" as const });

/** Layers from the smallest to the authors' largest: x, output channels, kernel, stride. */
const LAYERS: readonly (readonly [Shape, number, number, number])[] = [
  [[1, 1, 1, 1], 1, 1, 1],
  [[2, 3, 5, 7], 5, 3, 1],
  [[8, 3, 64, 64], 32, 7, 2],
  [[8, 32, 32, 32], 34, 1, 1],
  [[8, 32, 32, 32], 32, 3, 1],
  [[8, 640, 8, 8], 768, 3, 1],
  [[8, 3, 512, 512], 64, 7, 2],
  [[8, 256, 128, 128], 256, 3, 1],
  [[64, 8, 512, 512], 8, 3, 1],
];

describe("chooseBlock", () => {
  it("covers the output with whole vectors of channels, and writes out little for little work", () => {
    for (const [x, O, size, stride] of LAYERS) {
      const attrs = attrsOf(x, O, size, stride);
      const { TH, TW, TO, channels, rows } = chooseBlock(f32(x), attrs);
      assert.ok(TO % 4 === 0 && TO <= Math.ceil(O / 4) * 4, `${x}`);
      assert.ok(TH <= attrs.outH && TW <= attrs.outW && x[1] % channels === 0, `${x}`);
      const written = TH * TW * TO * size * (rows ? size : 1) * channels;
      assert.ok(written <= 3456, `${x}: ${written}`);
      const work = 2 * x[0] * x[1] * O * size ** 2 * attrs.outH * attrs.outW;
      if (work < 4e6) assert.ok(written <= 384, `${x}: ${written}`);
    }
  });

  it("takes all rows of a 3x3 kernel at once where that pays", () => {
    const x = [8, 32, 32, 32];
    const { rows, TW } = chooseBlock(f32(x), attrsOf(x, 32, 3));
    assert.deepEqual({ rows, TW }, { rows: true, TW: 8 });
  });
});

describe("convKernel and weightGradKernel", () => {
  it("read as textures what is loaded often, four numbers at a time", () => {
    const texelsOf = (x: Shape, O: number, dtype: "f32" | "f16" = "f32") => {
      const attrs = attrsOf(x, O, 3);
      const type = (shape: Shape) => ({ shape, dtype });
      const y = type([x[0], O, attrs.outH, attrs.outW]);
      const w = type([x[1], 3, 3, Math.ceil(O / 4) * 4]);
      const request = { attrs, overwrites: -1 };
      const forward = convKernel({ ...request, inputs: [type(x), w], output: y });
      const output = f32([weightGradParts(x, attrs), ...w.shape]);
      const gradient = weightGradKernel({ ...request, inputs: [type(x), y], output });
      return [forward, gradient].map(({ parts }) => (parts.texels ?? []).join());
    };
    assert.deepEqual(texelsOf([4, 32, 32, 32], 32), ["x,w", "x,g"]);
    assert.deepEqual(texelsOf([4, 32, 32, 32], 16), ["w", "x,g"]); // x is loaded by one block alone
    assert.deepEqual(texelsOf([1, 32, 4, 4], 32), ["x", "x,g"]); // and so is w
    assert.deepEqual(texelsOf([4, 32, 7, 7], 32), ["w", ""]); // rows begin anywhere
    assert.deepEqual(texelsOf([4, 32, 32, 32], 32, "f16"), ["", ""]);
  });

  it("stay below the software adapter's loop limit for every layer", () => {
    for (const [x, O, size, stride] of LAYERS) {
      const attrs = attrsOf(x, O, size, stride);
      const y = [x[0], O, attrs.outH, attrs.outW];
      const packed = [x[1], size, size, Math.ceil(O / 4) * 4];
      const parts = weightGradParts(x, attrs);
      // kernel() throws where an invocation could loop too often.
      convKernel({ inputs: [f32(x), f32(packed)], output: f32(y), attrs, overwrites: -1 });
      weightGradKernel({
        inputs: [f32(x), f32(y)],
        output: f32([parts, ...packed]),
        attrs,
        overwrites: -1,
      });
    }
  });
});

describe("weightGradParts", () => {
  it("cuts the sum finely for small weights and hardly for large ones, whose parts are dear", () => {
    const bytes = ([x, O, size, stride]: (typeof LAYERS)[number]) =>
      weightGradParts(x, attrsOf(x, O, size, stride)) * x[1] * size ** 2 * Math.ceil(O / 4) * 16;
    for (const layer of LAYERS) {
      assert.ok(bytes(layer) <= 32 * 2 ** 20, `${layer[0]}: ${bytes(layer)}`);
    }
    const x = [8, 32, 32, 32];
    assert.equal(weightGradParts(x, attrsOf(x, 32, 3)), 32);
  });
});
