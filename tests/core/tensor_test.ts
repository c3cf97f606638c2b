import assert from "node:assert/strict";
import {
  apply,
  assign,
  cast,
  compile,
  grad,
  hostArray,
  memory,
  ones,
  type Op,
  pad,
  planOf,
  read,
  relu,
  setMemoryBudget,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "ae";
import { kernel, perElement } from "../../core/kernel.ts";

Deno.test("tensor() takes numbers, nested lists and arrays", async () => {
  const { list, array } = await read({
    list: tensor([[1, 2], [3, 4]]),
    array: tensor(hostArray([3], [5, 6, 7])),
  });
  assert.deepEqual([list.shape, [...list.data]], [[2, 2], [1, 2, 3, 4]]);
  assert.deepEqual([...array.data], [5, 6, 7]);
  assert.equal(await tensor(4).item(), 4);
  const { data } = await tensor(new Int32Array([-1, 2])).readIntegers();
  assert.deepEqual([...data], [-1, 2]);
});

Deno.test("tensor() refuses a type that is not the array's, and numbers and shapes that are none", () => {
  for (const data of [new Float32Array(2), { shape: [2], data: new Float32Array(2) }]) {
    assert.throws(() => tensor(data, { dtype: "i32" }), {
      name: "TypeError",
      message: /^tensor: the array holds f32, not i32\n {2}help: leave dtype out, and cast/,
    });
    assert.equal(tensor(data, { dtype: "f32" }).dtype, "f32");
  }
  for (const [value, dtype] of [[1.5, "i32"], [3e9, "i32"], [NaN, "i32"], [-1, "u32"]] as const) {
    assert.throws(() => tensor([[0], [value]], { dtype }), {
      name: "RangeError",
      message: `tensor: ${value} is no ${dtype}`,
    });
  }
  for (const shape of [[-2, -3], [1.5, 4]]) {
    assert.throws(() => tensor({ shape, data: new Float32Array(6) }), {
      name: "RangeError",
      message: `tensor: sizes must be whole numbers, 0 or more, not [${shape.join(", ")}]`,
    });
  }
  const words: readonly [unknown, string][] = [[["a"], "string"], [[[true]], "boolean"], [
    null,
    "null",
  ]];
  for (const [data, word] of words) {
    assert.throws(() => tensor(data as number[]), {
      name: "TypeError",
      message: `tensor: lists hold numbers, not ${word}`,
    });
  }
  assert.throws(() => hostArray(3 as unknown as number[]), {
    name: "TypeError",
    message: "hostArray: a shape is a list of sizes, as [2, 3], not 3",
  });
});

Deno.test("tensor() refuses lists of different lengths and arrays of the wrong length", () => {
  assert.throws(() => tensor([[1, 2], [3]]), /tensor: lists on level 1 must all have the length/);
  assert.throws(
    () => tensor({ shape: [3], data: new Float32Array(2) }),
    /tensor: shape \[3\] holds 3 numbers but there are 2/,
  );
});

Deno.test("Tensor says what it is before and after it is computed", async () => {
  const x = tensor([1, 2]).add(1);
  assert.equal(String(x), "Tensor [2] f32 (not computed yet: await x.read())");
  await x.read();
  assert.equal(String(x), "Tensor [2] f32 (computed)");
});

Deno.test("Tensor.read() refuses integers, Tensor.item() more than one number", async () => {
  await assert.rejects(tensor(new Int32Array(1)).read(), /read: this tensor holds i32/);
  await assert.rejects(zeros([2]).item(), /item: shape \[2\] is not one number/);
});

Deno.test("Tensor.dispose() gives the buffer back and ends its use", async () => {
  const loose = () => memory().find(({ owner }) => owner === "tensors")?.buffers ?? 0;
  const x = tensor(new Float32Array(1000));
  await x.add(1).sum().item();
  const before = loose();
  x.dispose();
  assert.equal(loose(), before - 1); // nothing is collected between two lines
  await assert.rejects(x.read(), /the tensor \[1000\] was disposed/);
});

Deno.test("an empty tensor is read without a GPU buffer", async () => {
  assert.deepEqual((await zeros([0, 3]).read()).shape, [0, 3]);
});

Deno.test("grad() sums over broadcast axes and where paths meet", async () => {
  const a = tensor([[1, 2, 3], [4, 5, 6]]);
  const b = tensor([10, 20, 30]);
  const loss = a.mul(b).add(b).sum(); // d/db = column sums of a + 2
  const [gradA, gradB] = grad(loss, [a, b]);
  const { x, y } = await read({ x: gradA, y: gradB });
  assert.deepEqual([...x.data], [10, 20, 30, 10, 20, 30]);
  assert.deepEqual([...y.data], [7, 9, 11]);
});

Deno.test("grad() works after a read: realising a tensor does not cut its recipe", async () => {
  const x = tensor([3]);
  const y = x.square();
  await y.read();
  assert.deepEqual(await grad(y.sum(), [x])[0].array(), [6]);
});

Deno.test("grad() of an f16 loss has the types of what it is asked for", async () => {
  const x = tensor([1, 2, 3]);
  const half = cast(x, "f16");
  const [gradX] = grad(half.square().sum(), [x]);
  assert.equal(gradX.dtype, "f32");
  assert.deepEqual(await gradX.array(), [2, 4, 6]);
  const [gradHalf] = grad(half.mul(2).sum(), [half]);
  assert.equal(gradHalf.dtype, "f16");
  assert.deepEqual(await cast(gradHalf, "f32").array(), [2, 2, 2]);
  const [zero] = grad(x.sum(), [half], { unreached: "zero" });
  assert.equal(zero.dtype, "f16");
});

Deno.test("grad() names what is wrong", () => {
  const x = variable(tensor([1, 2]), "weight");
  assert.throws(() => grad(tensor([1, 2]), [x]), /grad: the loss must be one number/);
  assert.throws(
    () => grad(tensor(1).add(1), [x]),
    /grad: the loss does not depend on variable weight/,
  );
  const op: Op<null> = { name: "secret", shape: ([s]) => s, kernel: () => kernel0 };
  const kernel0 = perElement(
    "secret",
    { inputs: [x], output: x, attrs: null, overwrites: -1 },
    { inputs: ["x"], body: "out[i] = x[i];" },
  );
  assert.throws(() => grad(apply(op, [x], null).sum(), [x]), /grad: secret has no gradient/);
});

Deno.test("compile() gives the values of an uncompiled run, for every set of shapes", async () => {
  const w = variable(tensor([[1, -2], [3, 4]]), "w");
  const formula = (x: Tensor) => relu(x.mul(w)).sum([0]);
  using step = compile(({ x }: { x: Tensor }) => ({ y: formula(x) }));
  for (const numbers of [[1, 2, 3, 4], [5, -6, 7, 8]]) {
    const x = hostArray([2, 2], numbers);
    const { y } = await step({ x });
    assert.deepEqual(await y.array(), await formula(tensor(x)).array());
  }
  const row = hostArray([1, 2], [1, 1]);
  const { y } = await step({ x: row });
  assert.deepEqual(await y.array(), await formula(tensor(row)).array());
  assert.equal(step.plans().size, 2);
});

Deno.test("compile() trains: variables change when the step ends, in place", async () => {
  const w = variable(tensor([5, -3]), "w");
  using step = compile(() => {
    const loss = w.square().sum();
    assign(w, w.sub(grad(loss, [w])[0].mul(0.25)));
    return { loss };
  });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push(await (await step({})).loss.item());
  assert.deepEqual(losses, [34, 8.5, 2.125]);
  assert.equal([...step.plans().values()][0].copies, 0);
});

Deno.test("planOf() plans what a compiled step does, and does nothing", async () => {
  const w = variable(tensor([[1, -2], [3, 4]]), "w");
  const fn = ({ x }: { x: Tensor }) => {
    const y = relu(x.mul(w)).sum([0]);
    assign(w, w.sub(y));
    return { y };
  };
  const planned = await planOf(fn, { x: { shape: [2, 2], dtype: "f32" } });
  assert.deepEqual(await w.array(), [[1, -2], [3, 4]]);
  using step = compile(fn);
  await step({ x: hostArray([2, 2], [1, 1, 1, 1]) });
  assert.deepEqual([...step.plans().values()], [planned]);
  const huge = await planOf(fn, { x: { shape: [2 ** 40, 2, 2], dtype: "f32" } });
  assert.ok(huge.slotBytes > 2 ** 40);
});

Deno.test("compile() expires an output when the step is called again", async () => {
  using step = compile(({ x }: { x: Tensor }) => ({ y: x.add(1) }));
  const first = await step({ x: hostArray([1], [1]) });
  const early = first.y.item(); // asked before the second call: keeps its value
  await step({ x: hostArray([1], [2]) });
  assert.equal(await early, 2);
  await assert.rejects(first.y.item(), /was overwritten by a later call of its step/);
});

Deno.test("compile() refuses to read while tracing, async functions, tensors as inputs", async () => {
  using reading = compile(() => {
    tensor([1]).read().catch((error) => problems.push(error.message));
    return {};
  });
  const problems: string[] = [];
  await reading({});
  await Promise.resolve();
  assert.match(problems[0], /read: values do not exist yet while a step is being traced/);
  using asynchronous = compile(() => Promise.resolve({}));
  await assert.rejects(asynchronous({}), /compile: the function must not be async/);
  using hidden = compile(() => new Map([["y", tensor([1])]]));
  await assert.rejects(hidden({}), {
    name: "TypeError",
    message: "compile: a step returns tensors, lists and records of them, not a Map",
  });
  using step = compile(({ x }: { x: Tensor }) => x.add(1));
  await assert.rejects(
    step({ x: tensor([1]) } as never),
    /step: input x must be an array \{ shape, data \}; capture tensors, pass arrays/,
  );
});

Deno.test("compile() holds no memory after dispose and grows none over calls", async () => {
  // By owner: what earlier tests dropped may be collected at any moment.
  const rowOf = (owner: string) => memory().find((row) => row.owner === owner);
  {
    using step = compile(({ x }: { x: Tensor }) => ({ y: x.exp().sum() }), { name: "growing" });
    const x = hostArray([5000]);
    await (await step({ x })).y.item();
    const after = rowOf("growing");
    assert.ok(after && after.bytes >= 5000 * 4);
    for (let i = 0; i < 20; i++) await (await step({ x })).y.item();
    assert.deepEqual(rowOf("growing"), after);
    assert.equal(rowOf("staging"), undefined);
  }
  assert.equal(rowOf("growing"), undefined);
});

Deno.test("assign() refuses another shape or type", async () => {
  const w = variable(zeros([2]), "w");
  assert.throws(() => assign(w, zeros([3])), /assign: a value for w must have its shape/);
  assert.throws(() => assign(w, zeros([2], "i32")), /assign: w holds f32 but the value is i32/);
  await assign(w, tensor([1, 2]));
  assert.deepEqual(await w.array(), [1, 2]);
});

Deno.test("setMemoryBudget() bounds what is held, and the error lists the owners", async () => {
  const x = ones([1 << 20]);
  await x.sum().item();
  setMemoryBudget(1 << 20);
  try {
    await assert.rejects(ones([3 << 20]).read(), /out of memory: .* would pass the budget/);
  } finally {
    setMemoryBudget(4 * 2 ** 30);
  }
  assert.equal(await ones([3 << 20]).sum().item(), 3 << 20);
  assert.throws(() => setMemoryBudget(0), /setMemoryBudget: bytes must be positive/);
});

Deno.test("what finds no room gives back the buffers that it had taken already", async () => {
  const x = variable(ones([40_000, 1]), "x");
  await x.read();
  const held = () => memory().filter(({ owner }) => owner !== "free" && owner !== "staging");
  const before = held();
  const bytes = before.reduce((sum, row) => sum + row.bytes, 0);
  const wide = () => x.add(1);
  const huge = () => x.add(ones([1, 8]));
  setMemoryBudget(bytes + 250_000); // room for x + 1, not for eight times as much
  try {
    await assert.rejects(read({ wide: wide(), huge: huge() }), /out of memory/);
    assert.deepEqual(held(), before);
    using step = compile(() => ({ wide: wide(), huge: huge() }));
    await assert.rejects(step({}), /out of memory/);
    assert.deepEqual(held().map(({ owner }) => owner), before.map(({ owner }) => owner));
  } finally {
    setMemoryBudget(4 * 2 ** 30);
  }
  assert.equal(await huge().sum().item(), 40_000 * 8 * 2);
});

Deno.test("a step refuses data that does not fill the shape", async () => {
  using step = compile(({ x }: { x: Tensor }) => x.sum());
  await assert.rejects(
    step({ x: { shape: [2, 3], data: new Float32Array(5) } }),
    /RangeError: step: input x is \[2, 3\], which is 6 numbers, but its data has 5/,
  );
});

Deno.test("a tensor larger than one binding is refused with the factor that would fit", async () => {
  await assert.rejects(
    zeros([2 ** 30]).add(1).read(),
    /is larger than this adapter's limit of .*\n.*\n.*smaller by a factor of/,
  );
});

Deno.test("a refused shader is a thrown error with the shader's text", async () => {
  const op: Op<null> = {
    name: "broken",
    shape: ([x]) => x,
    kernel: (request) =>
      perElement("broken", request, { inputs: ["x"], body: "  out[i] = nonsense(x[i]);" }),
  };
  await assert.rejects(
    apply(op, [tensor([1])], null).read(),
    (error: Error) => /broken \[1\].*refused/.test(error.message) && /nonsense/.test(error.message),
  );
  assert.equal(await tensor([1]).sum().item(), 1); // and the device is still usable
});

Deno.test("kernel() refuses loops that the software adapter would end silently", () => {
  const request = {
    inputs: [],
    output: { shape: [1], dtype: "f32" as const },
    attrs: null,
    overwrites: -1,
  };
  const parts = {
    name: "long",
    request,
    inputs: [],
    workgroupSize: [1, 1, 1] as const,
    workgroups: [1, 1, 1] as const,
    body: "",
  };
  assert.throws(() => kernel({ ...parts, iterations: 65_535 }), /internal: long would loop 65535/);
  assert.throws(
    () => kernel({ ...parts, workgroups: [70_000, 1, 1], iterations: 0 }),
    /internal: long asks for \[70000,1,1\] workgroups/,
  );
});

Deno.test("a step that returns a view of a variable returns the value from before it", async () => {
  const v = variable(tensor([[1, 2]]), "v");
  using step = compile(() => {
    assign(v, v.mul(10));
    return { flat: v.reshape([2]), twice: [v.reshape([2, 1]).reshape([2])] };
  });
  const { flat, twice } = await step({});
  assert.deepEqual(await flat.array(), [1, 2]);
  assert.deepEqual(await twice[0].array(), [1, 2]);
  assert.deepEqual(await v.array(), [[10, 20]]);
});

Deno.test("a step returns a variable's value from before it also of operations that have nothing to do", async () => {
  const v = variable(tensor([[1, 2]]), "v");
  using step = compile(() => {
    assign(v, v.mul(10));
    return [
      ...[v.reshape([1, 2]), v.permute([0, 1]), v.slice([0, 0], [1, 2]), v.sum([0], true)],
      ...[cast(v, "f32"), pad(v, [0, 0], [0, 0])],
    ];
  });
  for (const y of await step({})) assert.deepEqual(await y.array(), [[1, 2]]);
  assert.deepEqual(await v.array(), [[10, 20]]);
});
