import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { type Tensor, zeros } from "../../core/mod.ts";
import { avgPool2d } from "../../ops/mod.ts";
import { checkOp } from "../check_op.ts";
import { overWindows, pooled, WINDOW_CASES } from "./windows.ts";

describe("avgPool2d", () => {
  it("averages each window, the border as zeros, with its gradient", async () => {
    await checkOp(
      ...WINDOW_CASES.slice(2).map((window, i) => ({
        op: (x: Tensor) => avgPool2d(x, window),
        reference: overWindows(
          window,
          (values) => values.reduce((sum, value) => sum + value, 0) / window.size ** 2,
        ),
        inputs: [window.shape],
        shape: pooled(window),
        half: i === 1,
      })),
    );
  });

  it("refuses shapes and windows that do not fit", () => {
    assert.throws(() => avgPool2d(zeros([4, 4])), {
      name: "ShapeError",
      message: /^avgPool2d: x must have 4 axes, not 2\n/,
    });
    assert.throws(() => avgPool2d(zeros([1, 1, 4, 4]), { size: 0 }), {
      name: "RangeError",
      message: /^avgPool2d: size and stride must be whole numbers from 1/,
    });
  });
});
