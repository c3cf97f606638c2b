import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { constant, stepwise, warmupCosine } from "../../optim/mod.ts";

describe("constant", () => {
  it("never changes", () => {
    assert.deepEqual([0, 10, 1e6].map(constant(0.5)), [0.5, 0.5, 0.5]);
  });

  it("refuses a negative rate", () => {
    assert.throws(() => constant(-1), {
      name: "RangeError",
      message: "constant: rate must be 0 or more, not -1",
    });
  });
});

describe("stepwise", () => {
  it("drops at its steps", () => {
    const schedule = stepwise(2e-4, [[200_000, 1e-5], [300_000, 0]]);
    assert.deepEqual(
      [0, 199_999, 200_000, 299_999, 300_000].map(schedule),
      [2e-4, 2e-4, 1e-5, 1e-5, 0],
    );
    assert.equal(stepwise(1, [])(99), 1);
  });

  it("refuses drops out of order and rates that are none", () => {
    assert.throws(() => stepwise(1, [[10, 1], [10, 2]]), {
      name: "RangeError",
      message: "stepwise: a drop's step must be a whole number, 11 or more, not 10",
    });
    assert.throws(() => stepwise(1, [[10, NaN]]), {
      name: "RangeError",
      message: "stepwise: a drop's rate must be 0 or more, not NaN",
    });
    assert.throws(() => stepwise(-1, []), {
      name: "RangeError",
      message: "stepwise: rate must be 0 or more, not -1",
    });
  });
});

describe("warmupCosine", () => {
  it("rises evenly to the rate and falls to the floor along half a cosine", () => {
    const schedule = warmupCosine({ rate: 2, floor: 1, warmup: 2, steps: 6 });
    const cosine = (part: number) => 1 + (1 + Math.cos(Math.PI * part)) / 2;
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 60].map(schedule),
      [1, 2, 2, cosine(1 / 4), cosine(2 / 4), cosine(3 / 4), 1, 1],
    );
  });

  it("starts at the full rate without warm-up", () => {
    assert.equal(warmupCosine({ rate: 3, steps: 5 })(0), 3);
  });

  it("refuses what makes no schedule", () => {
    const bad = [
      [{ rate: -1, steps: 5 }, "warmupCosine: rate must be 0 or more, not -1"],
      [{ rate: 1, steps: 5, floor: -1 }, "warmupCosine: floor must be 0 or more, not -1"],
      [{ rate: 1, steps: 5, floor: 2 }, "warmupCosine: floor 2 is above the rate 1"],
      [
        { rate: 1, steps: 5, warmup: 0.5 },
        "warmupCosine: warmup must be a whole number, 0 or more, not 0.5",
      ],
      [
        { rate: 1, steps: 5, warmup: 5 },
        "warmupCosine: steps must be a whole number, 6 or more, not 5",
      ],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => warmupCosine(options), { name: "RangeError", message });
    }
  });
});
