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

  it("a step's variables are lost too, and another step of the same function works", async () => {
    const w = variable(tensor(1), "w");
    const count = variable(tensor(0), "count");
    const use = (w: Tensor) =>
      compile(({ x }: { x: Tensor }) => {
        const sum = x.sum().add(w);
        assign(count, sum);
        return sum;
      });
    using step = use(w);
    const x = hostArray([2], [1, 2]);
    assert.equal(await (await step({ x })).item(), 4);
    await failNext("submit");
    await assert.rejects(async () => await (await step({ x })).item(), failed);
    await assert.rejects(count.read(), /variable count lost its value/);
    assert.equal(await w.item(), 1, "what the step only reads is as it was");
    await assert.rejects(step({ x }), /variable count lost its value/);
  });
});
