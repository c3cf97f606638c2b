import assert from "node:assert/strict";
import { BatchNorm2d, type Shape } from "ae";
import { recipesByName } from "../../models/published_names.ts";

const model = { bn: new BatchNorm2d({ channels: 2 }) };
const told = { sourceOf: (path: string) => `module.${path}`, name: "W2", help: "others can" };

Deno.test("recipesByName() asks for every variable by its name, behind the prefix", () => {
  const shapes = new Map<string, Shape>([["optimizer.bn.step", [1]], ["module.head.weight", [1]]]);
  const recipes = recipesByName(model, { ...told, shapes });
  assert.deepEqual([...recipes].map(([name, { shape, sources }]) => [name, shape, sources]), [
    ["bn.weight", [2], ["module.bn.weight"]],
    ["bn.bias", [2], ["module.bn.bias"]],
    ["bn.running_mean", [2], ["module.bn.running_mean"]],
    ["bn.running_var", [2], ["module.bn.running_var"]],
  ]);
});

Deno.test("recipesByName() refuses a layer within a part of the model that the model lacks", () => {
  const shapes = new Map<string, Shape>([["module.bn.num_batches_tracked", []]]);
  assert.equal(recipesByName(model, { ...told, shapes }).size, 4);
  shapes.set("module.bn.2.weight", [2]);
  assert.throws(() => recipesByName(model, { ...told, shapes }), {
    name: "InputError",
    message: "is as wide as W2, but has a tensor module.bn.2.weight, which W2 does not have\n" +
      "  help: others can",
  });
});
