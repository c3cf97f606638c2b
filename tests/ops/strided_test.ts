import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { sizeOf } from "../../core/mod.ts";
import { axesOf, coordinatesOf, mergeAxes, offsetOf, type StridedAxis } from "../../ops/strided.ts";

/** Compute a WGSL expression of `i` in whole numbers, as WGSL would. */
function evaluate(expression: string, i: number): number {
  const steps = expression.replaceAll(/(\d+)u/g, "$1").replaceAll(/\bi\b/g, String(i));
  // Division binds as tightly as the remainder, from the left: put every quotient in Math.floor.
  const whole = (text: string): number => {
    const inner = text.replaceAll(/\(([^()]*)\)/g, (_, part) => String(whole(part)));
    if (inner !== text) return whole(inner);
    return text.split(" + ").reduce((sum, term) => {
      const [first, ...rest] = term.trim().split(" ");
      let value = Number(first);
      for (let k = 0; k < rest.length; k += 2) {
        const by = Number(rest[k + 1]);
        value = rest[k] === "*"
          ? value * by
          : rest[k] === "/"
          ? Math.floor(value / by)
          : value % by;
      }
      return sum + value;
    }, 0);
  };
  return whole(steps);
}

const walk = (axes: readonly StridedAxis[]) =>
  Array.from(
    { length: sizeOf(axes.map(({ length }) => length)) },
    (_, i) => evaluate(offsetOf("i", axes), i),
  );

describe("offsetOf", () => {
  it("says where the steps of a walk lie", () => {
    const transposed = [{ length: 3, stride: 1 }, { length: 2, stride: 3 }];
    assert.deepEqual(walk(transposed), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(walk([{ length: 2, stride: 0 }, { length: 2, stride: 5 }]), [0, 5, 0, 5]);
  });
});

describe("mergeAxes", () => {
  it("joins what lies as one axis and never changes the walk", () => {
    assert.deepEqual(mergeAxes(axesOf([2, 1, 3, 4])), [{ length: 24, stride: 1 }]);
    assert.deepEqual(mergeAxes([]), [{ length: 1, stride: 0 }]);
    const broken = [
      { length: 2, stride: 24 },
      { length: 3, stride: 4 },
      { length: 1, stride: 99 },
      { length: 2, stride: 2 },
    ];
    assert.deepEqual(mergeAxes(broken), [{ length: 2, stride: 24 }, { length: 6, stride: 2 }]);
    assert.deepEqual(walk(mergeAxes(broken)), walk(broken));
  });
});

describe("coordinatesOf", () => {
  it("names the place on every axis", () => {
    const expressions = coordinatesOf("i", [2, 3, 4]);
    assert.deepEqual(expressions.map((expression) => evaluate(expression, 17)), [1, 1, 1]);
    assert.deepEqual(expressions.map((expression) => evaluate(expression, 11)), [0, 2, 3]);
  });
});
