import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  apply,
  compile,
  type DType,
  hostArray,
  kernel,
  memory,
  type Op,
  profile,
  read,
  setMemoryBudget,
  type Shape,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { openGpu } from "../../core/device.ts";
import { fitsTexture, linesOf, TEXELS_ACROSS } from "../../core/texels.ts";

/** The same numbers, texel by texel through a texture. */
const throughTexture: Op<null> = {
  name: "throughTexture",
  shape: ([x]) => x,
  kernel: (request) =>
    kernel({
      name: "throughTexture",
      request,
      inputs: ["x"],
      texels: ["x"],
      vectors: ["out"],
      sizes: { TEXELS: request.output.shape[0] / 4 },
      workgroupSize: [64, 1, 1],
      workgroups: [Math.ceil(request.output.shape[0] / 256), 1, 1],
      body: "  if (global.x < TEXELS) { out[global.x] = texel(x, global.x); }",
      iterations: 0,
    }),
};
const copyOf = (x: Tensor) => apply(throughTexture, [x], null);

/** Two inputs at once: what is read as a texture stands beside what is read as a buffer. */
const sumOfBoth: Op<null> = {
  name: "sumOfBoth",
  shape: ([x]) => x,
  kernel: (request) =>
    kernel({
      name: "sumOfBoth",
      request,
      inputs: ["x", "y", "z"],
      texels: ["x", "z"],
      vectors: ["y", "out"],
      workgroupSize: [1, 1, 1],
      workgroups: [request.output.shape[0] / 4, 1, 1],
      body: "  let i = global.x;\n  out[i] = texel(x, i) + 10.0 * y[i] + 100.0 * texel(z, i);",
      iterations: 0,
    }),
};

const counting = (length: number, from = 0) =>
  hostArray([length], Float32Array.from({ length }, (_, i) => from + i));

/** Bytes that an owner holds. */
const heldBy = (owner: string) => memory().find((row) => row.owner === owner)?.bytes ?? 0;

describe("texels", () => {
  it("brings every bit through a texture", async () => {
    const words = Uint32Array.of(
      0,
      0x80000000,
      0x7f800000,
      0xff800000,
      0x7fc00001,
      1,
      0x7f7fffff,
      9,
    );
    const x = tensor(hostArray([words.length], new Float32Array(words.buffer)));
    const { data } = await copyOf(x).read();
    assert.deepEqual([...new Uint32Array(data.buffer)], [...words]);
  });

  it("copies part of a line, whole lines, and whole lines with a part of one", async () => {
    const line = 4 * TEXELS_ACROSS;
    for (const length of [4, line - 4, line, line + 4, 2 * line, 3 * line + 400]) {
      const x = counting(length);
      const { data } = await copyOf(tensor(x)).read();
      assert.ok(data.every((value, i) => value === x.data[i]), `${length} numbers`);
    }
  });

  it("lets dispatches have a texture in turn", async () => {
    const lengths = [400, 404, 408, 400];
    const inputs = lengths.map((length, i) => counting(length, 1000 * i));
    const results = await read(
      Object.fromEntries(inputs.map((x, i) => [i, copyOf(copyOf(tensor(x)))])),
    );
    inputs.forEach((x, i) => assert.deepEqual([...results[i].data], [...x.data]));
  });

  it("stands beside buffers, one input twice as well", async () => {
    const [x, y] = [tensor([1, 2, 3, 4]), tensor([5, 6, 7, 8])];
    assert.deepEqual(await apply(sumOfBoth, [x, y, x], null).array(), [151, 262, 373, 484]);
  });

  it("copies anew in every call of a step, and gives its textures back", async () => {
    {
      using step = compile(({ x }: { x: Tensor }) => ({ y: copyOf(x.add(1)) }), { name: "texels" });
      for (const from of [0, 50]) {
        const { y } = await step({ x: counting(64, from) });
        assert.deepEqual([...(await y.read()).data], [...counting(64, from + 1).data]);
      }
      assert.ok(heldBy("texels") >= 4 * 4 * TEXELS_ACROSS);
      const rows = await profile(step, { x: counting(64) });
      assert.ok(rows.some(({ title, timeMs }) => title.startsWith("throughTexture") && timeMs > 0));
    }
    assert.equal(heldBy("texels"), 0);
  });

  it("gives everything back where the budget has no room for a texture", async () => {
    // Large beside what other tests left, which the collector may give back meanwhile.
    using x = tensor(counting(2 ** 18)).add(1);
    await x.read();
    const before = heldBy("tensors");
    const all = memory().reduce((sum, { owner, bytes }) => sum + (owner === "free" ? 0 : bytes), 0);
    setMemoryBudget(all + x.bytes + 1000); // for the result alone
    try {
      await assert.rejects(copyOf(x).read(), /^GpuError: out of memory/);
      assert.ok(heldBy("tensors") <= before);
    } finally {
      setMemoryBudget(4 * 2 ** 30);
    }
    assert.equal((await copyOf(x).read()).data[9], 10);
  });

  it("is refused to what does not fit", () => {
    const request = (shape: Shape, dtype: DType) => ({
      inputs: [{ shape, dtype }],
      output: { shape, dtype },
      attrs: null,
      overwrites: -1,
    });
    const wanted = /^RangeError: internal: throughTexture would read x as a texture/;
    assert.throws(() => throughTexture.kernel!(request([7], "f32")), wanted);
    assert.throws(() => throughTexture.kernel!(request([8], "f16")), wanted);
    assert.equal(throughTexture.kernel!(request([8], "f32")).textures.length, 1);
  });

  it("fits what is f32, whole texels, and not too high", async () => {
    const { device } = await openGpu();
    const most = device.limits.maxTextureDimension2D;
    assert.ok(fitsTexture({ shape: [8], dtype: "f32" }));
    assert.ok(fitsTexture({ shape: [most, 4 * TEXELS_ACROSS], dtype: "f32" }));
    assert.ok(!fitsTexture({ shape: [most + 1, 4 * TEXELS_ACROSS], dtype: "f32" }));
    assert.ok(!fitsTexture({ shape: [7], dtype: "f32" }));
    assert.ok(!fitsTexture({ shape: [8], dtype: "f16" }));
    assert.ok(!fitsTexture({ shape: [8], dtype: "i32" }));
    assert.deepEqual([1, 16_384, 16_385, 40_000].map(linesOf), [1, 1, 2, 4]);
  });
});
