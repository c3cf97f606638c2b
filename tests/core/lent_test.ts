import assert from "node:assert/strict";
import { assign, compile, hostArray, type Tensor, tensor, variable } from "ae";

/** A step that gives its variable a new value and returns it. */
function counter() {
  const count = variable(tensor([1, 2]), "count");
  const step = compile(({ by }: { by: Tensor }) => {
    const next = count.add(by);
    assign(count, next);
    return { next, twice: next.mul(2) };
  });
  return { count, step };
}

const by = (number: number, length = 1) => hostArray([length], Array(length).fill(number));
const GONE = /was the value of Variable count \[2\] f32, which has another now; read it before/;

Deno.test("a variable's new value that a step returned is gone when another step assigns the variable", async () => {
  const { count, step } = counter();
  using other = compile(({ to }: { to: Tensor }) => {
    assign(count, count.mul(to));
    return {};
  });
  const { next, twice } = await step({ by: by(1) });
  const early = next.array(); // asked before the second step: keeps its value
  await other({ to: by(10) });
  assert.deepEqual(await early, [2, 3]);
  await assert.rejects(next.array(), GONE);
  await assert.rejects(next.add(1).array(), GONE);
  assert.deepEqual(await twice.array(), [4, 6]); // lies elsewhere
  assert.deepEqual(await count.array(), [20, 30]);
  step[Symbol.dispose]();
});

Deno.test("it is gone when the variable is assigned outside a step, or by the same step for other shapes", async () => {
  const { count, step } = counter();
  const first = await step({ by: by(1) });
  await assign(count, tensor([5, 5]));
  await assert.rejects(first.next.array(), GONE);
  const second = await step({ by: by(1) });
  await step({ by: by(1, 2) });
  await assert.rejects(second.next.array(), GONE);
  assert.deepEqual(await second.twice.array(), [12, 12]);
  assert.deepEqual(await count.array(), [7, 7]);
  step[Symbol.dispose]();
});
