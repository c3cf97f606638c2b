import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import {
  apply,
  assign,
  compile,
  formula,
  hostArray,
  type Kernel,
  type Op,
  perElement,
  profile,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from "ae";
import { assigned } from "../../core/variable.ts";
import { groupSmall, inSequence, type Job, jobOf, type Sequence } from "../../core/batch.ts";
import { makePlan, type Place, type PlannedKernel } from "../../core/plan.ts";
import { Random } from "../../data/random.ts";

/** Titles of a step's dispatches. */
async function titlesOf(fn: (inputs: { x: Tensor }) => unknown): Promise<string[]> {
  using step = compile(fn as (inputs: { x: Tensor }) => { y: Tensor });
  return (await profile(step, { x: hostArray([4], [1, 2, 3, 4]) })).map(({ title }) => title);
}

const scaled = formula("scaled", ["x", "k"], "x * k");

it("small kernels of one operation share a dispatch, and each gets its own numbers", async () => {
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
  assert.ok(titles.includes("add of 6 tensors"), titles.join("\n"));
});

it("what reads the other's result, or does something else, has a dispatch of its own", async () => {
  const chain = await titlesOf(({ x }) => ({ y: scaled(scaled(x, tensor(2)), tensor(3)) }));
  assert.deepEqual(chain.filter((title) => title.includes("of")), []);
  const [p, q] = [tensor([1, 2]), tensor([3, 4, 5])];
  const different = await titlesOf(() => ({ a: scaled(p, 2), b: scaled(q, 3) }));
  assert.deepEqual(different.filter((title) => title.includes("of")), []);
  const same = await titlesOf(() => ({ a: scaled(p, tensor(2)), b: scaled(q, tensor(3)) }));
  assert.deepEqual(same, ["scaled of 2 tensors"]);
});

it("what goes through the same places runs in sequence, and sequences side by side", async () => {
  const average = formula("average", ["old", "x"], "0.5 * (old + x)");
  const moved = formula("moved", ["p", "m", "rate"], "p - rate * m");
  const sizes = [2000, 3, 5];
  const states = sizes.map((n) => [variable(zeros([n]), "m"), variable(zeros([n]), "p")]);
  using step = compile(({ x }: { x: Tensor }) => {
    const rate = x.sum();
    const gradients = states.map(([, p]) => p.add(x.mean()));
    states.forEach(([m, p], i) => {
      const mean = assigned(m, average(m, gradients[i]));
      assign(p, moved(p, mean, rate));
    });
    return { rate };
  });
  const x = hostArray([2], [1, 3]); // rate 4, gradient p + 2
  await step({ x });
  await step({ x });
  for (const [i, [m, p]] of states.entries()) { // m: 1, then (1 - 4 + 2) / 2; p: -4, then -4 - 4 * -0.5
    assert.deepEqual([...(await m.read()).data], Array(sizes[i]).fill(-0.5));
    assert.deepEqual([...(await p.read()).data], Array(sizes[i]).fill(-2));
  }
  const rows = await profile(step, { x });
  const titles = rows.map(({ title }) => title);
  const [alone, together] = ["add+average, moved", "add+average, moved of 2 tensors"];
  assert.ok(titles.includes(alone) && titles.includes(together), titles.join("\n"));
  // Read: m, p and two numbers; written: m and p. For the second kernel m and p are at hand.
  const { gigabytesPerSecond, timeMs } = rows.find(({ title }) => title === alone)!;
  assert.equal(Math.round(gigabytesPerSecond * timeMs * 1e6), 4 * (4 * 2000 + 2));
});

it("what looks at another place of what is written does not run in sequence with it", async () => {
  const column = tensor([[1], [2], [3], [4]]);
  const halved = await titlesOf(({ x }) => {
    const y = scaled(x, tensor(0.5));
    return { y, table: y.reshape([1, 4]).add(column) };
  });
  assert.equal(halved.length, 2, halved.join("\n"));
  const first = await titlesOf(({ x }) => {
    const y = scaled(x, tensor(0.5));
    return { y, sum: scaled(y.slice([0], [1]), tensor(2)).add(y) };
  });
  assert.ok(first.every((title) => !/scaled, /.test(title)), first.join("\n"));
});

it("what reads a buffer as numbers does not run in sequence with what reads it by four", async () => {
  const one: Op<null> = {
    name: "one",
    shape: ([x]) => x,
    kernel: (request) =>
      perElement("one", request, {
        inputs: ["x"],
        elementwise: ["x"],
        body: "  out[i] = x[i] + 1.0;",
      }),
  };
  const x = tensor([2]);
  using step = compile(() => {
    const y = scaled(x, tensor([3]));
    return { y, z: apply(one, [y], null) };
  });
  const { y, z } = await step({});
  assert.deepEqual([await y.item(), await z.item()], [6, 7]);
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

/** `(3 a + 5 b + k) mod 101` of whole numbers: exact in f32, not symmetric, and never fused. */
const mixOp = (name: string, { declarations = "", elementwise }: {
  declarations?: string;
  elementwise?: string[];
} = {}): Op<number> => ({
  name,
  inPlace: true,
  shape: ([a]) => a,
  kernel(request) {
    const [a, b] = ["a", "b"].map((word, i) => i === request.overwrites ? "out" : word);
    return perElement(name, request, {
      inputs: ["a", "b"],
      sizes: { K: request.attrs },
      declarations,
      ...(elementwise ? { elementwise } : {}),
      body: `  out[i] = (3.0 * ${a}[i] + 5.0 * ${b}[i] + f32(K)) % 101.0;`,
    });
  },
});
/** What a workgroup shares keeps a kernel alone, on every adapter. */
const ALONE = "alone";
const mixOps = [
  mixOp("mix"),
  mixOp("blend", { elementwise: ["a", "b"] }),
  mixOp("stir", { elementwise: ["a"] }), // as if it looked at other places of b
  mixOp(ALONE, { declarations: "var<workgroup> shared_sum: f32;", elementwise: ["a", "b"] }),
];

/** A tensor of eight numbers, and the numbers by the definition. */
interface Value<T = Tensor> {
  readonly x: T;
  readonly numbers: readonly number[];
}

function drawStates(random: Random): Value<Variable>[] {
  return Array.from({ length: 5 }, (_, i) => {
    const numbers = Array.from({ length: 8 }, () => random.integer(101));
    return { x: variable(tensor(numbers), `state ${i}`), numbers };
  });
}

/** Thirty operations on variables and on each other, some through views; what is asked for, and who becomes what. */
function drawStep(random: Random, states: readonly Value<Variable>[]) {
  const values: Value[] = [...states];
  for (let i = 0; i < 30; i++) {
    const [a, b, k] = [random.pick(values), random.pick(values), random.integer(101)];
    const y = apply(random.pick(mixOps), [a.x.reshape([8]), b.x.reshape([8])], k);
    const numbers = a.numbers.map((it, j) => (3 * it + 5 * b.numbers[j] + k) % 101);
    values.push({ x: random.chance(0.3) ? y.reshape([2, 4]) : y, numbers });
  }
  const computed = values.slice(states.length);
  return {
    outputs: computed.filter(() => random.chance(0.1)),
    assignments: states.filter(() => random.chance(0.7))
      .map(({ x }) => ({ variable: x, value: random.pick(computed) })),
  };
}

it("random steps have the numbers of their definition, variables and views included", async () => {
  const random = new Random(21);
  let [kernels, dispatches] = [0, 0];
  for (let graph = 0; graph < 8; graph++) {
    const states = drawStates(random);
    const { outputs, assignments } = drawStep(random, states);
    using step = compile(() => {
      for (const { variable, value } of assignments) {
        assign(variable, value.x.reshape([8]));
      }
      return outputs.map(({ x }) => x);
    });
    const results = await step({});
    for (const [i, result] of results.entries()) {
      assert.deepEqual([...(await result.read()).data], outputs[i].numbers, `graph ${graph}`);
    }
    for (const { x, numbers } of states) {
      const value = assignments.find(({ variable }) => variable === x)?.value.numbers ?? numbers;
      assert.deepEqual([...(await x.read()).data], value, `graph ${graph}: ${x.name}`);
    }
    kernels += [...step.plans().values()][0].kernels;
    for (const { count } of await profile(step, {})) dispatches += count;
  }
  assert.ok(dispatches < 0.8 * kernels, `${kernels} kernels in ${dispatches} dispatches`);
});

const bufferOf = (place: Place) => "slot" in place ? place.slot : place.leaf;

/** What every buffer holds in the end, each kernel writing a number that depends on all that it reads. */
function contents(
  groups: readonly (readonly Sequence[])[],
  planned: ReadonlyMap<Job, PlannedKernel>,
): Map<number | Tensor, number> {
  const held = new Map<number | Tensor, number>();
  for (const group of groups) {
    const places = group.map((sequence) => ({
      read: new Set(sequence.flatMap(({ reads }) => reads.map(bufferOf))),
      written: new Set(sequence.flatMap(({ writes }) => writes.map(bufferOf))),
    }));
    places.forEach(({ written }, k) => {
      const others = places.filter((_, i) => i !== k);
      for (const buffer of written) {
        assert.ok(
          others.every((other) => !other.read.has(buffer) && !other.written.has(buffer)),
          "what one sequence of a dispatch writes, another reads or writes",
        );
      }
    });
    for (const job of group.flat()) {
      const { tensor, inputs, output } = planned.get(job)!;
      const read = inputs.map((place) => held.get(bufferOf(place)) ?? 1);
      held.set(bufferOf(output), read.reduce((sum, it) => (31 * sum + it) % 1_000_003, tensor.id));
    }
  }
  return held;
}

it("groupSmall() leaves in every buffer what the plan's order does, on 300 random graphs", () => {
  const random = new Random(22);
  let [kernels, dispatches, inSequences] = [0, 0, 0];
  for (let graph = 0; graph < 300; graph++) {
    const { outputs, assignments } = drawStep(random, drawStates(random));
    const plan = makePlan(
      outputs.map(({ x }) => x),
      assignments.map(({ variable, value }) => ({ variable, value: value.x })),
    );
    const planned = new Map(plan.kernels.map((it) => [jobOf(it, kernelOf(it)), it]));
    const jobs = [...planned.keys()];
    const mostBuffers = random.pick([8, 32]);
    const sequences = inSequence(jobs, mostBuffers);
    assert.deepEqual(sequences.flat(), jobs);
    const groups = groupSmall(sequences, mostBuffers);
    assert.deepEqual(contents(groups, planned), contents(jobs.map((job) => [[job]]), planned));
    for (const sequence of sequences.filter(({ length }) => length > 1)) {
      inSequences += sequence.length;
      const named = ({ kernel: { parts } }: Job) => parts.name;
      assert.ok(sequence.every((job) => ["blend", "stir"].includes(named(job))));
      const written = new Set(sequence.map(({ writes: [place] }) => bufferOf(place)));
      for (const job of sequence.filter((job) => named(job) === "stir")) {
        const { inputs: [, b], overwrites } = planned.get(job)!;
        if (overwrites !== 1) assert.ok(!written.has(bufferOf(b)), "looks at other places of it");
      }
    }
    const alone = (list: readonly Job[]) =>
      list.filter(({ kernel: { parts } }) => parts.name === ALONE);
    assert.deepEqual(alone(groups.flat(2)), alone(jobs)); // in their order
    kernels += jobs.length;
    dispatches += groups.length;
  }
  assert.ok(dispatches < 0.8 * kernels, `${kernels} kernels in ${dispatches} dispatches`);
  assert.ok(inSequences > 0.1 * kernels, `${inSequences} of ${kernels} kernels in sequence`);
});

function kernelOf({ tensor, overwrites }: PlannedKernel): Kernel {
  const { op, inputs, attrs } = tensor.recipe!;
  return op.kernel!({ inputs, output: tensor, attrs, overwrites });
}

it("a variable is not written before what reads it as the output of an earlier step", async () => {
  const other = formula("other", ["x", "k"], "x * k");
  const [state, two] = [variable(tensor([1]), "state"), variable(tensor([2]), "two")];
  using before = compile(() => {
    const value = state.add(1);
    assign(state, value);
    return { value };
  });
  const { value } = await before({}); // lies where the variable does
  using step = compile(() => {
    const first = scaled(two, two); // what the new value would join
    const seen = other(value, two);
    assign(state, scaled(state, two));
    return { first, seen };
  });
  assert.equal(await (await step({})).seen.item(), 4);
  assert.equal(await state.item(), 4);
});
