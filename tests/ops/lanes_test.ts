import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { apply, type Op, read, tensor } from "../../core/mod.ts";
import { kernel } from "../../core/kernel.ts";
import { combineLanes } from "../../ops/lanes.ts";

/** What every lane of one workgroup gets back. */
const everyLane: Op<number> = {
  name: "everyLane",
  shape: ([x]) => x,
  kernel: (request) =>
    kernel({
      name: "everyLane",
      request,
      inputs: ["x"],
      declarations: combineLanes({
        name: "sum",
        type: "f32",
        lanes: request.attrs,
        combine: (a, b) => `${a} + ${b}`,
        toAll: true,
      }),
      workgroupSize: [request.attrs, 1, 1],
      workgroups: [1, 1, 1],
      iterations: 0,
      body: "  out[lane] = sumOfLanes(lane, x[lane]);",
    }),
};

describe("combineLanes", () => {
  it("gives every lane the whole sum, for any number of lanes", async () => {
    const counts = [1, 2, 7, 8, 9, 64, 100, 256];
    const numbers = (lanes: number) => Float32Array.from({ length: lanes }, (_, i) => i * i + 1);
    const got = await read(Object.fromEntries(
      counts.map((lanes) => [`${lanes} lanes`, apply(everyLane, [tensor(numbers(lanes))], lanes)]),
    ));
    for (const lanes of counts) {
      const total = numbers(lanes).reduce((sum, value) => sum + value, 0);
      assert.deepEqual([...got[`${lanes} lanes`].data], new Array(lanes).fill(total));
    }
  });
});
