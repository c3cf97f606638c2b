import assert from "node:assert/strict";
import { recipeOf } from "../../cli/recipe.ts";

Deno.test("recipeOf() knows its names", () => {
  assert.throws(
    () => recipeOf("large"),
    /unknown recipe "large"; there are small, authors, paper, instances/,
  );
  assert.throws(() => recipeOf("smal"), /^InputError: .*\n {2}help: did you mean "small"\?$/);
});

Deno.test("recipeOf() takes another rate, heavier tags, and pull at full weight for who has learnt", () => {
  const recipe = recipeOf("small", { rate: 1, tagWeight: 4, learnt: true });
  assert.equal(recipe.pushWeight, 0.2);
  assert.equal(recipe.pullWeight(0), 0.2);
  assert.equal(recipe.learningRate(0, 1000), 1);
  assert.equal(recipeOf("small").pullWeight(0), 0.05 * 0.05);
  const { learningRate } = recipeOf("authors"); // drops late, however long the run is
  assert.deepEqual([0, 199_999, 200_000].map((step) => learningRate(0.5, step)), [
    2e-4,
    2e-4,
    1e-5,
  ]);
  const { learningRate: early } = recipeOf("paper");
  assert.deepEqual([99_999, 100_000].map((step) => early(0.5, step)), [2e-4, 1e-5]);
});

Deno.test("recipeOf() has for instances the same schedule, other losses, and heavier tags", () => {
  const [small, instances] = [recipeOf("small"), recipeOf("instances")];
  for (const done of [0, 0.3, 1]) {
    assert.equal(instances.learningRate(done, 500), small.learningRate(done, 500));
    assert.equal(instances.pullWeight(done), 4 * small.pullWeight(done));
  }
  assert.deepEqual([small.tagForm, small.foregroundWeight], ["authors", 10]);
  assert.deepEqual([instances.tagForm, instances.foregroundWeight], ["pixels", 0]);
  assert.equal(instances.pushWeight, 4 * small.pushWeight);
});
