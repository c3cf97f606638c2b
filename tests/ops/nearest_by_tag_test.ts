import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { nearestByTag } from "../../ops/mod.ts";

describe("nearestByTag", () => {
  it("equals its definition, the first of equally good places, halves to even", async () => {
    const random = new Random(6);
    for (const [N, K, D, M, P] of [[1, 1, 1, 1, 1], [2, 3, 1, 20, 4], [1, 2, 3, 700, 5]]) {
      // Few levels: many places tie, and one-dimensional distances fall on halves.
      const draw = (length: number, levels: number, scale: number) =>
        Float32Array.from({ length }, () => random.integer(levels) * scale);
      const x = draw(N * K * M, 6, 0.125), tags = draw(N * D * K * M, 9, 0.5);
      const wanted = draw(N * D * P, 9, 0.5);
      for (const weight of [1, 100]) {
        const expected: number[] = [];
        for (let n = 0; n < N; n++) {
          for (let k = 0; k < K; k++) {
            for (let p = 0; p < P; p++) {
              let best = -1, most = -Infinity;
              for (let m = 0; m < M; m++) {
                let sum = 0;
                for (let d = 0; d < D; d++) {
                  sum += (tags[((n * D + d) * K + k) * M + m] - wanted[(n * D + d) * P + p]) ** 2;
                }
                const distance = Math.sqrt(sum), low = Math.floor(distance);
                const up = distance - low > 0.5 || (distance - low === 0.5 && low % 2 === 1);
                const score = x[(n * K + k) * M + m] - weight * (low + (up ? 1 : 0));
                if (score > most) [best, most] = [m, score];
              }
              expected.push(best);
            }
          }
        }
        const y = nearestByTag(
          tensor(hostArray([N, K, M], x)),
          tensor(hostArray([N, D, K, M], tags)),
          tensor(hostArray([N, D, P], wanted)),
          { weight },
        );
        assert.deepEqual(y.shape, [N, K, P]);
        assert.deepEqual(
          [...(await y.readIntegers()).data],
          expected,
          `${[N, K, D, M, P, weight]}`,
        );
      }
    }
  });

  it("refuses axes that do not fit and weights that are none", () => {
    const [x, tags, wanted] = [zeros([1, 2, 3]), zeros([1, 4, 2, 3]), zeros([1, 4, 5])];
    for (const other of [zeros([1, 4, 2, 4]), zeros([1, 4, 3, 3]), zeros([4, 2, 3])]) {
      assert.throws(() => nearestByTag(x, other, wanted), /^ShapeError: nearestByTag: x, tags and/);
    }
    assert.throws(() => nearestByTag(x, tags, zeros([1, 3, 5])), /^ShapeError: nearestByTag/);
    assert.throws(
      () => nearestByTag(x, tags, wanted, { weight: 0.5 }),
      /^RangeError: nearestByTag: weight must be a whole number from 1, not 0.5/,
    );
    const none = [zeros([1, 2, 0]), zeros([1, 4, 2, 0])] as const;
    assert.throws(() => nearestByTag(...none, wanted), /^RangeError: nearestByTag: maps must have/);
    assert.throws(() => nearestByTag(zeros([1, 2, 3], "f16"), tags, wanted), /^TypeError: nearest/);
  });

  it("finds a place even where every tag is as far away as numbers go", async () => {
    const y = nearestByTag(zeros([1, 1, 3]), zeros([1, 1, 1, 3]).add(1e20), zeros([1, 1, 1]));
    assert.deepEqual(await y.array(), [[[0]]]);
  });
});
