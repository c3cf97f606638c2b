import assert from "node:assert/strict";
import { convTranspose2d, type Shape, type Tensor, zeros } from "ae";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp } from "../check_op.ts";

interface Setting {
  readonly stride: number;
  readonly pad: number;
  readonly outputPad: number;
}

/** The definition: every number puts its kernel down. */
const reference =
  (shape: Shape, { stride, pad }: Setting) => (x: Numbers, w: Numbers, bias: Numbers) => {
    const [N, O, outH, outW] = shape;
    const [, C, H, W] = x.shape;
    const [, , kH, kW] = w.shape;
    const y = Array.from(
      { length: N * O * outH * outW },
      (_, i) => bias.data[Math.floor(i / outH / outW) % O],
    );
    for (let n = 0; n < N; n++) {
      for (let c = 0; c < C; c++) {
        for (let i = 0; i < H; i++) {
          for (let j = 0; j < W; j++) {
            for (let o = 0; o < O; o++) {
              for (let u = 0; u < kH; u++) {
                for (let v = 0; v < kW; v++) {
                  const [row, column] = [i * stride + u - pad, j * stride + v - pad];
                  if (row < 0 || row >= outH || column < 0 || column >= outW) continue;
                  y[((n * O + o) * outH + row) * outW + column] += at(x, [n, c, i, j]) *
                    at(w, [c, o, u, v]);
                }
              }
            }
          }
        }
      }
    }
    return y;
  };

const CASES: readonly (readonly [x: Shape, w: Shape, y: Shape, setting: Setting])[] = [
  [[1, 3, 4, 5], [3, 2, 3, 3], [1, 2, 6, 7], { stride: 1, pad: 0, outputPad: 0 }],
  [[2, 2, 3, 4], [2, 3, 4, 4], [2, 3, 6, 8], { stride: 2, pad: 1, outputPad: 0 }], // HigherHRNet's
  [[1, 2, 3, 3], [2, 2, 3, 3], [1, 2, 6, 6], { stride: 2, pad: 1, outputPad: 1 }],
  [[1, 4, 2, 2], [4, 1, 1, 1], [1, 1, 4, 4], { stride: 3, pad: 0, outputPad: 0 }], // gaps stay empty
];

Deno.test("convTranspose2d() puts kernels down, with its gradients", async () => {
  await checkOp(...CASES.map(([x, w, shape, setting]) => ({
    op: (x: Tensor, w: Tensor, bias: Tensor) => convTranspose2d(x, w, { ...setting, bias }),
    reference: reference(shape, setting),
    inputs: [x, w, [w[1]]],
    shape,
  })));
});

Deno.test("convTranspose2d() says what does not fit", () => {
  const x = zeros([1, 3, 4, 4]);
  assert.throws(
    () => convTranspose2d(x, zeros([2, 3, 3, 3])),
    /ShapeError: convTranspose2d: the input has 3 channels but the weight expects 2/,
  );
  assert.throws(() => convTranspose2d(x, zeros([3, 2])), /must both have four axes/);
  assert.throws(() => convTranspose2d(x, zeros([3, 2, 3, 3]), { pad: 9 }), /nothing is left/);
  assert.throws(
    () => convTranspose2d(x, zeros([3, 2, 3, 3]), { bias: zeros([3]) }),
    /one number per output channel/,
  );
  assert.throws(
    () => convTranspose2d(x, zeros([3, 2, 3, 3]), { stride: 2, outputPad: 2 }),
    /outputPad must be below stride, but it is 2 of 2/,
  );
  assert.throws(() => convTranspose2d(x, zeros([3, 2, 3, 3]), { stride: 0 }), /stride must be/);
  assert.throws(() => convTranspose2d(x, zeros([3, 2, 3, 3], "f16")), /TypeError: convTranspose2d/);
});
