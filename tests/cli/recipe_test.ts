import assert from "node:assert/strict";
import { recipeOf, RECIPES } from "../../cli/recipe.ts";

Deno.test("recipeOf() knows its names", () => {
  assert.throws(
    () => recipeOf("large"),
    /unknown recipe "large"; there are small, authors, paper, higher-hrnet, instances/,
  );
  assert.throws(() => recipeOf("smal"), /^InputError: .*\n {2}help: did you mean "small"\?$/);
});

Deno.test("recipeOf() takes another rate, heavier tags, and pull at full weight for who has learnt", () => {
  const recipe = recipeOf("small", { rate: 1, tagWeight: 4, learnt: true });
  assert.equal(recipe.pushWeight, 0.2);
  assert.equal(recipe.pullWeight(0), 0.2);
  assert.equal(recipe.learningRate(0, 1000), 1);
  assert.equal(recipeOf("small").pullWeight(0), 0.05 * 0.05);
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} and ${b}`);
  assert.equal(recipe.learningRate(0.75, 1000), 1); // held for three quarters, then down in a line
  near(recipe.learningRate(0.875, 1000), (1 + 0.01) / 2);
  near(recipe.learningRate(1, 1000), 0.01);
  near(recipe.learningRate(0, 49), 0.5); // half of the hundred steps in which it rises
  const { learningRate } = recipeOf("authors"); // drops late, however long the run is
  assert.deepEqual([0, 199_999, 200_000].map((step) => learningRate(0.5, step)), [
    2e-4,
    2e-4,
    1e-5,
  ]);
  const { learningRate: early } = recipeOf("paper");
  assert.deepEqual([99_999, 100_000].map((step) => early(0.5, step)), [2e-4, 1e-5]);
  const { learningRate: parts, pushWeight } = recipeOf("higher-hrnet", { rate: 0.5 });
  assert.deepEqual([0, 0.66, 0.67, 0.86, 0.87, 1].map((done) => parts(done, 7)), [
    ...[0.5, 0.5, 0.05, 0.05, 0.005, 0.005],
  ]);
  assert.deepEqual([recipeOf("higher-hrnet").learningRate(0, 7), pushWeight], [1e-3, 1e-3]);
});

Deno.test("recipeOf() takes a second look's word where the network believes 0.15", () => {
  for (const name of RECIPES) {
    const { foregroundWeight: w, secondLook } = recipeOf(name);
    // Of the places where p is believed, the share p are marks, whose errors count 1 + w times.
    const loss = (h: number) => 0.15 * (1 + w) * (h - 1) ** 2 + 0.85 * h ** 2;
    const { threshold: best } = secondLook;
    assert.ok(loss(best) < Math.min(loss(best - 0.01), loss(best + 0.01)), name);
  }
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
