import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import {
  assign,
  compile,
  formula,
  hostArray,
  profile,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "ae";

/** Titles of a step's dispatches. */
async function titlesOf(fn: (inputs: { x: Tensor }) => unknown): Promise<string[]> {
  using step = compile(fn as (inputs: { x: Tensor }) => { y: Tensor });
  return (await profile(step, { x: hostArray([4], [1, 2, 3, 4]) })).map(({ title }) => title);
}

const scaled = formula("scaled", ["x", "k"], "x * k");

it("small neighbours of one operation share a dispatch, and each gets its own numbers", async () => {
  const sizes = [1, 3, 4, 5, 64, 250];
  const states = sizes.map((n, i) => variable(zeros([n]), `state ${i}`));
  using step = compile(({ x }: { x: Tensor }) => {
    const factors = states.map((_, i) => x.sum().mul(i + 1));
    const gains = states.map((state, i) => state.add(factors[i]));
    states.forEach((state, i) => assign(state, gains[i]));
    return { total: gains[0] };
  });
  const x = hostArray([4], [1, 2, 3, 4]);
  await step({ x });
  await step({ x });
  for (const [i, state] of states.entries()) {
    assert.deepEqual([...(await state.read()).data], Array(sizes[i]).fill(20 * (i + 1)));
  }
  const titles = (await profile(step, { x })).map(({ title }) => title);
  assert.ok(titles.includes("add of 5 tensors"), titles.join("\n"));
});

it("what reads a neighbour's result, or does something else, has a dispatch of its own", async () => {
  const chain = await titlesOf(({ x }) => ({ y: scaled(scaled(x, tensor(2)), tensor(3)) }));
  assert.deepEqual(chain.filter((title) => title.includes("of")), []);
  const different = await titlesOf(({ x }) => ({ a: scaled(x, 2), b: scaled(x, 3) }));
  assert.deepEqual(different.filter((title) => title.includes("of")), []);
  const same = await titlesOf(({ x }) => ({ a: scaled(x, tensor(2)), b: scaled(x, tensor(3)) }));
  assert.deepEqual(same, ["scaled of 2 tensors"]);
});

it("a shared dispatch never binds more buffers than the adapter allows", async () => {
  const states = Array.from({ length: 70 }, (_, i) => variable(zeros([2]), `state ${i}`));
  using step = compile(({ x }: { x: Tensor }) => {
    const k = x.sum();
    states.map((state) => state.add(k)).forEach((value, i) => assign(states[i], value));
    return { k };
  });
  await step({ x: hostArray([2], [1, 2]) });
  for (const state of states) assert.deepEqual([...(await state.read()).data], [3, 3]);
});

it("a tensor bound as numbers and as vectors counts as two of the buffers", async () => {
  const many = formula("many", ["a", "b", "c", "d", "e", "g"], "a + b + c + d + e + g");
  const small = Array.from({ length: 4 }, (_, i) => tensor([[i], [i], [i], [i]]));
  const step = ({ x }: { x: Tensor }) => {
    const column = x.reshape([4, 1]);
    const wide = x.reshape([1, 4]);
    const outputs = Array.from(
      { length: 5 },
      (_, i) =>
        i % 2
          ? many(small[0], small[1], small[2], small[3], wide, wide.add(i))
          : many(small[0], small[1], small[2], small[3], column, column.add(i)),
    );
    return Object.fromEntries(outputs.entries());
  };
  using compiled = compile(step);
  const results = await compiled({ x: hostArray([4], [1, 2, 3, 4]) });
  const first = await results[0].read();
  assert.deepEqual([...first.data], [8, 10, 12, 14]);
});
