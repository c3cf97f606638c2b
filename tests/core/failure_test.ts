import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { assign, compile, GpuError, hostArray, read, type Tensor, tensor, variable } from "ae";
import { openGpu } from "../../core/device.ts";

/** The next call of a method of the device makes WebGPU report a validation error, and does `instead`. */
async function failNext<K extends "submit" | "createBuffer">(method: K): Promise<void> {
  const { device } = await openGpu();
  const invalid = { size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE };
  const createBuffer = device.createBuffer.bind(device);
  if (method === "submit") {
    const { queue } = device;
    const own = Object.getOwnPropertyDescriptor(queue, "submit");
    Object.defineProperty(queue, "submit", {
      configurable: true,
      value: () => {
        delete (queue as Partial<GPUQueue>).submit;
        if (own) Object.defineProperty(queue, "submit", own);
        createBuffer(invalid); // reported on the side, while nothing is submitted
      },
    });
  } else {
    Object.defineProperty(device, "createBuffer", {
      configurable: true,
      value: (descriptor: GPUBufferDescriptor) => {
        delete (device as Partial<GPUDevice>).createBuffer;
        return createBuffer({ ...invalid, size: descriptor.size }); // an invalid buffer
      },
    });
  }
}

const failed = (error: Error) => error instanceof GpuError;

describe("after a failure of the device", () => {
  it("a read throws, and the next one computes anew", async () => {
    const x = tensor([1, 2]);
    const y = x.mul(3).add(1);
    await failNext("submit");
    await assert.rejects(y.read(), failed);
    assert.deepEqual(await y.array(), [4, 7]);
    assert.deepEqual(await x.array(), [1, 2]);
  });

  it("so does a read of several tensors", async () => {
    const x = tensor([1, 2, 3]);
    await failNext("submit");
    await assert.rejects(read({ y: x.square(), z: x.sum() }), failed);
    const { y, z } = await read({ y: x.square(), z: x.sum() });
    assert.deepEqual([[...y.data], z.data[0]], [[1, 4, 9], 6]);
  });

  it("a buffer that could not be made is not used again", async () => {
    const size = 12_345; // nobody else's size class holds a free buffer of it
    await failNext("createBuffer");
    const make = () => tensor(hostArray([size], new Float32Array(size).fill(2)));
    await assert.rejects(make().add(1).max().item(), failed);
    assert.equal(await make().add(1).max().item(), 3);
  });

  it("a variable that was never written keeps its first value", async () => {
    const w = variable(tensor([1, 2]).mul(2), "w");
    await failNext("submit");
    await assert.rejects(w.read(), failed);
    assert.deepEqual(await w.array(), [2, 4]);
  });

  it("a variable that was being written says that its value is lost", async () => {
    const w = variable(tensor([1, 2]), "w");
    await w.read();
    await failNext("submit");
    await assert.rejects(
      async () => {
        await assign(w, tensor([3, 4]).mul(2));
        await w.read();
      },
      failed,
    );
    await assert.rejects(w.read(), /variable w lost its value when the device failed/);
  });

  it("a step's variables are lost too", async () => {
    const w = variable(tensor(1), "w");
    const count = variable(tensor(0), "count");
    using step = compile(({ x }: { x: Tensor }) => {
      const sum = x.sum().add(w);
      assign(count, sum);
      return sum;
    });
    const x = hostArray([2], [1, 2]);
    assert.equal(await (await step({ x })).item(), 4);
    await failNext("submit");
    await assert.rejects(async () => await (await step({ x })).item(), failed);
    await assert.rejects(count.read(), /variable count lost its value/);
    assert.equal(await w.item(), 1, "what the step only reads is as it was");
    await assert.rejects(step({ x }), /variable count lost its value/);
  });

  it("a step that changes no variable is traced again and works", async () => {
    const w = variable(tensor([2, 4]), "w");
    using step = compile(({ x }: { x: Tensor }) => ({ product: w.mul(x), sum: w.add(x) }));
    const x = hostArray([], [3]);
    await (await step({ x })).sum.read();
    await failNext("submit");
    await assert.rejects(async () => await (await step({ x })).product.read(), failed);
    const { product, sum } = await step({ x });
    assert.deepEqual([await product.array(), await sum.array()], [[6, 12], [5, 7]]);
  });

  it("every read that was under way throws, not only the first", async () => {
    const w = variable(tensor([2, 4]), "w");
    using step = compile(({ x }: { x: Tensor }) => ({ a: w.mul(x), b: w.add(x) }));
    const { a, b } = await step({ x: hostArray([], [3]) });
    await Promise.all([a.read(), b.read()]);
    const again = await (async () => {
      await failNext("submit");
      return await step({ x: hostArray([], [5]) });
    })();
    const results = await Promise.allSettled([again.a.read(), again.b.read()]);
    assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
    const x = tensor([1, 2]).mul(3);
    const y = tensor([5]).add(1);
    await failNext("submit");
    const loose = await Promise.allSettled([x.read(), y.read(), x.read()]);
    for (const [i, expected] of [[3, 6], [6], [3, 6]].entries()) {
      const result = loose[i];
      if (result.status === "fulfilled") assert.deepEqual([...result.value.data], expected);
    }
    assert.equal(loose[0].status, "rejected");
  });

  it("a variable is lost, not back at its first value, when nothing was read in between", async () => {
    const w = variable(tensor(0), "w");
    using step = compile(() => {
      assign(w, w.add(1));
      return {};
    });
    for (let i = 0; i < 20; i++) await step({});
    await failNext("submit");
    await step({});
    await assert.rejects(w.item(), failed);
    await assert.rejects(w.item(), /variable w lost its value/);
  });

  it("an assignment that fails loses the variable however much waits for a confirmation", async () => {
    const w = variable(tensor([1, 2]), "w");
    await w.read();
    const many = Array.from({ length: 1100 }, (_, i) => variable(tensor([i]), `v${i}`));
    const total = many.reduce<Tensor>((sum, v) => sum.add(v), tensor([0]));
    await failNext("submit");
    await assert.rejects(async () => {
      await assign(w, tensor([3, 4]).add(total.mul(0)));
      await w.read();
    }, failed);
    await assert.rejects(w.read(), /variable w lost its value/);
  });
});

Deno.test("a variable is read whole while another run computes its first value", async () => {
  const w = variable(tensor([40, 41]).add(2), "w");
  const [a, b] = await Promise.all([w.mul(1).read(), w.read()]);
  assert.deepEqual([...a.data], [42, 43]);
  assert.deepEqual([...b.data], [42, 43]);
});

Deno.test("steps queue only so much work before they wait", async () => {
  const { device: { queue } } = await openGpu();
  let waits = 0;
  const onSubmittedWorkDone = queue.onSubmittedWorkDone.bind(queue);
  Object.defineProperty(queue, "onSubmittedWorkDone", {
    configurable: true,
    value: () => (waits++, onSubmittedWorkDone()),
  });
  try {
    using step = compile(({ x }: { x: Tensor }) => x.sum());
    for (let i = 0; i < 64; i++) await step({ x: hostArray([1], [i]) });
    assert.equal(waits, 2);
    const large = hostArray([2 ** 22]); // 16 MiB: a wait after every four calls
    for (let i = 0; i < 8; i++) await step({ x: large });
    assert.equal(waits, 4);
  } finally {
    delete (queue as Partial<GPUQueue>).onSubmittedWorkDone;
  }
});
