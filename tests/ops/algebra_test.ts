import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { ones, tensor, zeros } from "../../core/mod.ts";
import "../../ops/mod.ts"; // what is imported installs them

it("tensors have the methods that are installed", () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const named = {
    add: x.add(1),
    sub: x.sub(1),
    mul: x.mul(2),
    div: x.div(2),
    neg: x.neg(),
    square: x.square(),
    sqrt: x.sqrt(),
    exp: x.exp(),
    log: x.log(),
    sum: x.sum([0]),
    max: x.max([0]),
    reshape: x.reshape([6]),
    permute: x.permute([1, 0]),
    slice: x.slice([0, 1], [2, 3]),
  };
  for (const [name, { recipe }] of Object.entries(named)) assert.equal(recipe?.op.name, name);
  assert.equal(x.mean([0]).recipe?.op.name, "sum"); // a sum that divides
  for (const made of [zeros([2]), ones([2])]) assert.equal(made.recipe?.op.name, "full");
});
