import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { neighboursAt } from "../../ops/mod.ts";

const [N, K, H, W] = [2, 3, 4, 5];
const random = new Random(4);
const x = hostArray(
  [N, K, H, W],
  Float32Array.from({ length: N * K * H * W }, () => random.next()),
);
const everywhere = Int32Array.from({ length: N * K * H * W }, (_, i) => i % (H * W));

/** The definition, with the last row and column that a neighbour may be in. */
function reference(lastRow: number, lastColumn: number): number[] {
  return Array.from(everywhere).flatMap((place, i) => {
    const [row, column, map] = [Math.floor(place / W), place % W, Math.floor(i / (H * W))];
    const at = (r: number, c: number) => x.data[map * H * W + r * W + c];
    return [
      at(row, Math.max(column - 1, 0)),
      at(row, Math.min(column + 1, lastColumn)),
      at(Math.max(row - 1, 0), column),
      at(Math.min(row + 1, lastRow), column),
    ];
  });
}

describe("neighboursAt", () => {
  it("equals its definition on every pixel", async () => {
    const places = tensor({ shape: [N, K, H * W], data: everywhere });
    const y = neighboursAt(tensor(x), places);
    assert.deepEqual(y.shape, [N, K, H * W, 4]);
    assert.deepEqual([...(await y.read()).data], reference(H - 1, W - 1));
  });

  it("lets the map end earlier", async () => {
    const places = tensor({ shape: [N, K, H * W], data: everywhere });
    const y = neighboursAt(tensor(x), places, { row: 1, column: 2 });
    assert.deepEqual([...(await y.read()).data], reference(1, 2));
  });

  it("never leaves the map, wherever it is told to end", async () => {
    const places = tensor({ shape: [N, K, H * W], data: everywhere });
    const y = neighboursAt(tensor(x), places, { row: H + 3, column: W + 3 });
    assert.deepEqual([...(await y.read()).data], reference(H - 1, W - 1));
    assert.throws(() => neighboursAt(tensor(x), places, { row: -1 }), /row must be a whole number/);
  });

  it("gives 0 for places outside", async () => {
    const places = tensor({ shape: [N, K, 1], data: new Int32Array(N * K).fill(H * W) });
    assert.deepEqual([...(await neighboursAt(tensor(x), places).read()).data], Array(24).fill(0));
  });

  it("refuses other axes", () => {
    const index = tensor([[[1]]], { dtype: "i32" });
    assert.throws(() => neighboursAt(zeros([1, 2, 2]), index), /^ShapeError: neighboursAt: x must/);
    assert.throws(() => neighboursAt(zeros([1, 2, 2, 2]), index), /^ShapeError: neighboursAt: x/);
    assert.throws(
      () => neighboursAt(zeros([1, 1, 2, 2]), zeros([1, 1, 1])),
      /^TypeError: neighboursAt: places must be i32 or u32, not f32/,
    );
  });
});
