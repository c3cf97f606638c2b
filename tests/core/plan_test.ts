import assert from "node:assert/strict";
import { apply, type Op, Tensor, tensor } from "ae";
import { makePlan, type Place, type Plan, summarise } from "../../core/plan.ts";
import { Random } from "../../data/random.ts";

// Operations without shaders: planning is arithmetic on descriptions and needs no GPU.
const pointwise: Op<null> = { name: "pointwise", inPlace: true, shape: ([a]) => a };
const gather: Op<null> = { name: "gather", shape: ([a]) => a };
const view: Op<null> = { name: "view", view: true, shape: ([a]) => [a.length ? a[0] : 1, 1] };

const leaf = () => tensor(new Float32Array(64));
const same = (a: Place, b: Place) =>
  "slot" in a ? "slot" in b && a.slot === b.slot : "leaf" in b && a.leaf === b.leaf;

/** A variable as the planner sees one: a leaf that is told apart by `initial`. */
const fakeVariable = () => Object.assign(new Tensor([64], "f32", {}), { initial: leaf() });

/** Run a plan on tags instead of numbers: every buffer holds the name of the tensor it should hold. */
function simulate(plan: Plan): void {
  const held = new Map<unknown, Tensor>();
  const key = (place: Place) => "slot" in place ? place.slot : place.leaf;
  for (const { tensor: x, inputs, output, overwrites } of plan.kernels) {
    const wanted = x.recipe!.inputs.map((input) => {
      let source = input;
      while (source.recipe?.op.view) source = source.recipe.inputs[0];
      return source;
    });
    inputs.forEach((place, i) => {
      const found = held.get(key(place)) ?? ("leaf" in place ? place.leaf : undefined);
      assert.equal(found, wanted[i], `${x.recipe!.op.name} reads a slot that was used again`);
      if (i !== overwrites) {
        assert.ok(!same(place, output), "one dispatch reads and writes a buffer");
      }
    });
    held.set(key(output), x);
  }
}

Deno.test("makePlan() reuses slots without ever losing a value, on 300 random graphs", () => {
  const random = new Random(7);
  for (let graph = 0; graph < 300; graph++) {
    const nodes: Tensor[] = [leaf(), leaf()];
    for (let i = 0; i < 40; i++) {
      const pick = () => nodes[random.integer(nodes.length)];
      const kind = random.integer(3);
      nodes.push(
        kind === 2
          ? apply(view, [pick()], null)
          : apply(kind ? pointwise : gather, random.integer(2) ? [pick(), pick()] : [pick()], null),
      );
    }
    const computed = nodes.filter((x) => x.recipe && !x.recipe.op.view);
    const outputs = [nodes[nodes.length - 1], computed[random.integer(computed.length)]];
    const plan = makePlan(outputs);
    simulate(plan);
    const { slotBytes, unplannedBytes } = summarise(plan);
    assert.ok(slotBytes <= unplannedBytes);
  }
});

Deno.test("makePlan() runs a chain of pointwise operations in one slot", () => {
  let x: Tensor = apply(gather, [leaf()], null);
  for (let i = 0; i < 10; i++) x = apply(pointwise, [x], null);
  const plan = makePlan([x]);
  assert.deepEqual([plan.slots.length, summarise(plan).inPlace], [1, 10]);
});

Deno.test("makePlan() never writes over a tensor that is read twice by one kernel", () => {
  const x = apply(gather, [leaf()], null);
  const plan = makePlan([apply(pointwise, [x, x], null)]);
  assert.equal(summarise(plan).inPlace, 0);
});

Deno.test("makePlan() writes over what a kernel reads through a view of its result's shape, and no other", () => {
  const x = apply(gather, [leaf()], null);
  const column = apply(view, [x], null);
  assert.equal(summarise(makePlan([apply(pointwise, [column], null)])).inPlace, 1);
  const twice = apply(pointwise, [column, apply(view, [x], null)], null);
  assert.equal(summarise(makePlan([twice])).inPlace, 0);
  const asItWas = apply(pointwise, [apply(gather, [leaf()], null), column], null);
  assert.deepEqual(makePlan([asItWas]).kernels.map(({ overwrites }) => overwrites), [-1, -1, 0]);
});

Deno.test("makePlan() computes a new value straight into its variable when nothing reads the old one later", () => {
  const variable = fakeVariable();
  const value = apply(pointwise, [variable, leaf()], null);
  const plan = makePlan([], [{ variable, value }]);
  assert.deepEqual([plan.copies.length, plan.slots.length], [0, 0]);
  assert.deepEqual(plan.kernels[0].output, { leaf: variable });
  assert.equal(plan.kernels[0].overwrites, 0);
});

Deno.test("makePlan() copies a new value when the old one is still read after it", () => {
  const variable = fakeVariable();
  const value = apply(pointwise, [variable], null);
  const later = apply(gather, [variable], null);
  const plan = makePlan([later], [{ variable, value }]);
  assert.equal(plan.copies.length, 1);
  assert.ok("slot" in plan.kernels[0].output);
});

Deno.test("makePlan() refuses two values for one variable", () => {
  const variable = fakeVariable();
  const value = () => apply(pointwise, [leaf()], null);
  assert.throws(
    () => makePlan([], [{ variable, value: value() }, { variable, value: value() }]),
    /assign: .* gets two values in one step/,
  );
});

Deno.test("summarise() says who is in which slot when", () => {
  const steps = [leaf()];
  for (let i = 0; i < 3; i++) steps.push(apply(gather, [steps[i]], null));
  const { kernels, bytesOfSlots, uses } = summarise(makePlan([steps[2], steps[3]]));
  // The first result is read by kernel 1; the other two are there at the end.
  assert.deepEqual(uses.map(({ from, to }) => [from, to]), [[0, 1], [1, kernels], [2, kernels]]);
  assert.deepEqual(uses.map(({ slot }) => slot), [0, 1, 0]); // the third takes the first's place
  for (const { slot, op, shape } of uses) {
    assert.deepEqual([bytesOfSlots[slot] >= 256, op, shape], [true, "gather", [64]]);
  }
});
