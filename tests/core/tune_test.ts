import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { compile, hostArray, matmul, profile, setChoice, type Tensor } from "ae";
import { choose, questionsOf, withAnswer, withSubject } from "../../core/tune.ts";

const ask = () => withSubject(() => "here", () => choose("what", ["a", "b", "c"], 2));

it("choose() takes the first candidate, or what was measured for the subject", () => {
  assert.equal(ask(), "a");
  assert.equal(withAnswer("what | here", "b", ask), "b");
  assert.equal(withAnswer("what | elsewhere", "b", ask), "a");
  assert.equal(withAnswer("what | here", "gone", ask), "a"); // a candidate of another version
  assert.equal(choose("what", ["a", "b"]), "a"); // without a subject nothing is asked
  assert.deepEqual([...questionsOf(() => void ask())], [["what | here", ["a", "b"]]]);
});

it("setChoice() refuses what there is not", () => {
  assert.throws(() => setChoice("matmull", "4x4"), /"matmull" has no ways; .*matmul/);
  assert.throws(() => setChoice("conv2d", "winogard"), /"winogard"; there are product, winograd/);
});

it("setChoice() holds for every way that can be used", async () => {
  const x = hostArray([128, 128], Array.from({ length: 128 * 128 }, (_, i) => i % 7));
  const sums = new Set<number>();
  for (const tile of ["4x4", "4x16", "16x4", "32x16"]) {
    setChoice("matmul", tile);
    using step = compile(({ x }: { x: Tensor }) => ({ y: matmul(x, x).sum() }));
    const { y } = await step({ x });
    sums.add(await y.item());
    assert.equal((await profile(step, { x })).length, 2);
  }
  setChoice("matmul", null);
  assert.equal(sums.size, 1);
});
