import assert from "node:assert/strict";
import { afterEach, describe, it } from "std/testing/bdd";
import {
  add,
  assign,
  compile,
  conv2d,
  div,
  grad,
  hostArray,
  log,
  memory,
  relu,
  sqrt,
  type Tensor,
  tensor,
  variable,
  watchNumbers,
} from "../../mod.ts";
import { openGpu } from "../../core/device.ts";
import { makePlan } from "../../core/plan.ts";
import { jobsOf } from "../../core/run.ts";
import { watchPlan } from "../../core/watch.ts";

/** The line of this file that calls it, as an error names it. */
function here(offset: number): RegExp {
  const line = Number(/watch_test\.ts:(\d+):\d+\)?$/m.exec(new Error().stack!.split("\n")[2])![1]);
  return new RegExp(`watch_test\\.ts:${line + offset}:\\d+`);
}

/** The message with which a promise is refused. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error));
    return error.message;
  }
  assert.fail("was not refused");
}

describe("watchNumbers()", () => {
  afterEach(() => watchNumbers(false));

  it("names the first operation, its line and how many results", async () => {
    watchNumbers(true);
    const x = tensor([[4, 1, 9], [-1, 0, 4]]);
    const root = sqrt(x);
    const line = here(-1);
    const message = await refusal(log(root).add(1).read());
    assert.match(message, /^sqrt: 1 of 6 results is NaN; the first at \[1, 0\]\n/);
    assert.match(message.split("\n")[1], line);
  });

  it("tells infinite from NaN and counts both", async () => {
    watchNumbers(true);
    const message = await refusal(div(tensor([0, 1, -1, 2]), tensor([0, 0, 0, 1])).read());
    assert.match(message, /^div: 3 of 4 results are NaN or infinite; the first at \[0\]/);
  });

  it("says when the numbers came in that way", async () => {
    watchNumbers(true);
    const given = await refusal(add(tensor([1, NaN]), 1).read());
    assert.match(given, /^data: 1 of 2 numbers is NaN; the first at \[1\]/);
    assert.match(given, /it was so before this run/);
    const bad = variable(tensor(new Float32Array([Infinity])), "bad");
    watchNumbers(false);
    await bad.read();
    watchNumbers(true);
    assert.match(await refusal(add(bad, 1).read()), /^variable bad: 1 of 1 numbers is infinite/);
  });

  it("looks at every link of a chain, which would be one kernel otherwise", async () => {
    const chain = (x: Tensor) => relu(log(x.sub(2)).mul(0)); // relu keeps NaN
    watchNumbers(true);
    assert.match(await refusal(chain(tensor([1])).read()), /^log: 1 of 1 results is NaN/);
  });

  it("names the forward line of a gradient", async () => {
    watchNumbers(true);
    const x = tensor([4, 0]);
    const y = sqrt(x);
    const line = here(-1);
    const [slope] = grad(y.sum(), [x]);
    const message = await refusal(slope.read()); // 1 / (2 √0)
    assert.match(message, /: 1 of 2 results is infinite/);
    assert.match(message.split("\n")[1], /gradient of sqrt, made at /);
    assert.match(message.split("\n")[1], line);
  });

  it("watches steps, in place and assigned values included, and operations that stand for several", async () => {
    const weight = variable(tensor([[[[1]]]]), "weight");
    using step = compile(({ x, rate }: { x: Tensor; rate: Tensor }) => {
      const y = conv2d(x, weight);
      assign(weight, weight.sub(weight.mul(rate)));
      return { y };
    });
    const x = hostArray([1, 1, 2, 2], [1, 2, 3, 4]);
    await step({ x, rate: hostArray([], [0]) }); // compiled without a watch
    watchNumbers(true);
    const { y } = await step({ x, rate: hostArray([], [0]) });
    assert.deepEqual(await y.array(), [[[[1, 2], [3, 4]]]]);
    const message = await refusal(step({ x, rate: hostArray([], [Infinity]) }));
    assert.match(message, /^input rate: 1 of 1 numbers is infinite/);
    await assign(weight, tensor([[[[3e38]]]]));
    const large = hostArray([1, 1, 2, 2], [0.1, 0.2, 3, 0]);
    assert.match(
      await refusal(step({ x: large, rate: hostArray([], [0]) })),
      /1 of 4 results is infinite/,
    );
  });

  it("sees f16 beyond its range, the last of an odd number too", async () => {
    watchNumbers(true);
    const half = tensor(new Float16Array([1, 2, 60000]));
    assert.match(
      await refusal(half.add(half).read()),
      /^add: 1 of 3 results is infinite; the first at \[2\]/,
    );
    assert.deepEqual((await half.add(1).read()).data.length, 3);
  });

  it("goes by what was on when a plan was made, so that no look comes before its kernel", async () => {
    const gpu = await openGpu();
    const joining = () => {
      const factors = [1, 2].map((n) => tensor([n]));
      return makePlan(factors.map((factor) => tensor([1, 2]).mul(factor)));
    };
    const before = joining();
    watchNumbers(true);
    assert.equal(jobsOf(gpu, before).length, 1); // both in one dispatch
    assert.equal(await watchPlan(gpu, before, [], () => assert.fail()), undefined);
    const since = joining();
    watchNumbers(false);
    assert.equal(jobsOf(gpu, since).length, 2);
  });

  it("looks at no call of a step that has begun before", async () => {
    using step = compile(({ x }: { x: Tensor }) => {
      watchNumbers(true); // as somebody else may while it is traced
      return { y: log(x) };
    });
    const x = hostArray([1], [-1]);
    assert.deepEqual(await (await step({ x })).y.array(), [NaN]);
    assert.match(await refusal(step({ x })), /^log: 1 of 1 results is NaN/);
  });

  it("gives its buffer back if a value cannot be looked at", async () => {
    const gpu = await openGpu();
    const plan = makePlan([tensor([1, 2]).add(1)], [], { watched: true });
    const nowhere = () => {
      throw new RangeError("no buffer");
    };
    assert.equal(await refusal(watchPlan(gpu, plan, [], nowhere)), "no buffer");
    assert.equal(memory().find(({ owner }) => owner === "watch"), undefined);
  });

  it("leaves integers and whole runs alone, and gives its buffers back", async () => {
    watchNumbers(true);
    const whole = tensor(new Int32Array([0x7f800000, -1]));
    assert.equal((await add(whole, 0).readIntegers()).data[1], -1);
    assert.deepEqual(await tensor([1, 2]).add(1).array(), [2, 3]);
    assert.equal(memory().find(({ owner }) => owner === "watch"), undefined);
  });
});
