import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  batchNorm2d,
  cast,
  compile,
  conv2d,
  convTranspose2d,
  type DType,
  grad,
  type HostArray,
  hostArray,
  matmul,
  maxPool2d,
  profile,
  read,
  relu,
  sizeOf,
  type Tensor,
  tensor,
  upsample2d,
  variable,
} from "ae";
import type { Shape } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { fuse } from "../../core/fuse.ts";
import { ancestors } from "../../core/graph.ts";
import { lower } from "../../core/lower.ts";
import { makePlan, summarise } from "../../core/plan.ts";
import { withWays } from "../with_ways.ts";

const random = new Random(5);
/** Numbers whose sums and products are rounded, so that another order of them would be seen. */
const draw = (shape: readonly number[]): HostArray<Float32Array<ArrayBuffer>> =>
  hostArray(shape, Float32Array.from({ length: sizeOf(shape) }, () => random.normal()));

/** Cases that take no residual on the software adapter. */
const UNROLLED = /direct|product|registers|winograd, (odd|square)|convTranspose/;

/** Winograd's method and the product of 1x1 kernels are for f32; the others have their like among the rest. */
const ONLY_F32 = /winograd|product|direct, odd|convTranspose|texels/;

/** What an operation computes, `[N, C, …]`, and how. */
interface Case {
  readonly name: string;
  readonly result: (dtype: DType) => Tensor;
  /** Ways that are forced: `conv2d` to `winograd`. */
  readonly ways?: Readonly<Record<string, string>>;
  /** The definition of `result` in plain loops, where the operation's own test is not enough. */
  readonly loops?: () => number[];
  /** Largest difference from them. @default {0} */
  readonly error?: number;
}

/** A convolution with stride 1 in plain loops. */
function convolution(
  x: HostArray<Float32Array<ArrayBuffer>>,
  w: HostArray<Float32Array<ArrayBuffer>>,
  pad: number,
) {
  const [N, C, H, W] = x.shape;
  const [O, , k] = w.shape;
  const [outH, outW] = [H, W].map((length) => length + 2 * pad - k + 1);
  return Array.from({ length: N * O * outH * outW }, (_, at) => {
    const [j, i] = [at % outW, Math.floor(at / outW) % outH];
    const [o, n] = [Math.floor(at / outW / outH) % O, Math.floor(at / outW / outH / O)];
    let sum = 0;
    for (let tap = 0; tap < C * k * k; tap++) {
      const [v, u, c] = [tap % k, Math.floor(tap / k) % k, Math.floor(tap / k / k)];
      const [row, column] = [i + u - pad, j + v - pad];
      if (row < 0 || row >= H || column < 0 || column >= W) continue;
      sum += x.data[((n * C + c) * H + row) * W + column] *
        w.data[(o * C + c) * k * k + tap % (k * k)];
    }
    return sum;
  });
}

/** A convolution computed in one way, from x and weight of these shapes. */
function convCase(
  name: string,
  ways: Readonly<Record<string, string>>,
  shapes: { readonly x: readonly number[]; readonly w: readonly number[]; readonly pad?: number },
  error = 1e-5,
): Case {
  const { pad = 0 } = shapes;
  const [x, w] = [draw(shapes.x), draw(shapes.w)];
  return {
    name,
    ways,
    error,
    result: (dtype) => conv2d(cast(tensor(x), dtype), cast(tensor(w), dtype), { pad }),
    loops: () => convolution(x, w, pad),
  };
}

function matmulCase(name: string, tile: string, [N, M, columns, K]: readonly number[]): Case {
  const [a, b] = [draw([N, M, K]), draw([N, K, columns])];
  return {
    name,
    ways: { matmul: tile },
    error: 1e-5,
    result: (dtype) => matmul(cast(tensor(a), dtype), cast(tensor(b), dtype)),
    loops: () =>
      Array.from({ length: N * M * columns }, (_, at) => {
        const [j, i, n] = [
          at % columns,
          Math.floor(at / columns) % M,
          Math.floor(at / columns / M),
        ];
        let sum = 0;
        for (let k = 0; k < K; k++) {
          sum += a.data[(n * M + i) * K + k] * b.data[(n * K + k) * columns + j];
        }
        return sum;
      }),
  };
}

/** The gradient of x through `f`. */
function gradientOf(x: HostArray, f: (x: Tensor) => Tensor, dtype: DType): Tensor {
  const input = cast(tensor(x), dtype);
  const y = f(input);
  const g = cast(tensor(draw(y.shape)), dtype);
  return grad(y.mul(g).sum(), [input])[0];
}

const gradientCase = (
  name: string,
  shape: readonly number[],
  f: (x: Tensor) => Tensor,
  ways: Readonly<Record<string, string>> = {},
): Case => {
  const x = draw(shape);
  return { name, ways, result: (dtype) => gradientOf(x, f, dtype) };
};

const kernels = (shape: readonly number[]) => {
  const w = draw(shape);
  return (dtype: DType) => cast(tensor(w), dtype);
};
const [w3, w16] = [kernels([5, 3, 3, 3]), kernels([16, 16, 3, 3])];
const wOfChannels = kernels([3, 1, 3, 3]);
const perChannel = (x: Tensor) => cast(tensor(draw([x.shape[1]])), x.dtype);
const normalised = (x: Tensor) => batchNorm2d(x, perChannel(x), perChannel(x)).y;

const CASES: readonly Case[] = [
  convCase("direct, vectors", { conv2d: "direct" }, { x: [2, 3, 8, 8], w: [5, 3, 3, 3], pad: 1 }),
  convCase("direct, odd", { conv2d: "direct" }, { x: [2, 3, 7, 5], w: [6, 3, 3, 3], pad: 1 }),
  convCase("product", { matmul: "4x4" }, { x: [2, 6, 5, 7], w: [7, 6, 1, 1] }),
  convCase("product, vectors", { matmul: "8x8" }, { x: [1, 4, 6, 6], w: [20, 4, 1, 1] }),
  convCase(
    "shared by a workgroup",
    { conv2d: "shared", "conv2d.shared": "shared 32x32" },
    { x: [2, 3, 5, 7], w: [5, 3, 3, 3], pad: 1 },
  ),
  convCase(
    "shared by a workgroup, vectors",
    { conv2d: "shared", "conv2d.shared": "shared 32x64" },
    { x: [1, 5, 8, 8], w: [40, 5, 3, 3], pad: 1 },
  ),
  convCase(
    "winograd, strips",
    { conv2d: "winograd" },
    { x: [1, 16, 64, 256], w: [16, 16, 3, 3], pad: 1 }, // as many results as a residual takes
    1e-3,
  ),
  convCase(
    "winograd, odd",
    { conv2d: "winograd" },
    { x: [3, 17, 7, 9], w: [16, 17, 3, 3], pad: 1 },
    1e-3,
  ),
  convCase(
    "winograd, square",
    { conv2d: "winograd" },
    { x: [4, 16, 8, 8], w: [20, 16, 3, 3], pad: 1 },
    1e-3,
  ),
  matmulCase("registers, tiles that overlap", "8x8", [2, 13, 11, 9]),
  matmulCase("registers, vectors", "8x8", [1, 16, 24, 8]),
  matmulCase("registers, texels in tiles that overlap", "texels 16x16", [2, 19, 20, 8]),
  matmulCase("shared by a workgroup, odd", "shared 32x32", [2, 33, 5, 7]),
  matmulCase("shared by a workgroup, vectors", "shared 32x64", [1, 40, 72, 16]),
  gradientCase(
    "conv2d.grad.input, direct",
    [2, 3, 7, 5],
    (x) => conv2d(x, w3(x.dtype), { pad: 1 }),
    {
      conv2d: "direct",
    },
  ),
  gradientCase(
    "conv2d.grad.input, shared",
    [2, 3, 7, 5],
    (x) => conv2d(x, w3(x.dtype), { pad: 1 }),
    {
      conv2d: "shared",
    },
  ),
  gradientCase(
    "conv2d.grad.input, winograd, odd",
    [2, 16, 7, 9],
    (x) => conv2d(x, w16(x.dtype), { pad: 1 }),
    {
      conv2d: "winograd",
    },
  ),
  gradientCase(
    "conv2d.grad.input, winograd strips",
    [1, 16, 128, 128],
    (x) => conv2d(x, w16(x.dtype), { pad: 1 }),
    { conv2d: "winograd" },
  ),
  {
    name: "conv2d.depthwise",
    result: (dtype) =>
      conv2d(cast(tensor(draw([2, 3, 7, 5])), dtype), kernels([3, 1, 3, 3])(dtype), {
        ...{ groups: 3, stride: 2, pad: 1 },
      }),
  },
  gradientCase(
    "conv2d.depthwise.grad.input",
    [2, 3, 5, 4],
    (x) => conv2d(x, wOfChannels(x.dtype), { groups: 3, pad: 1 }),
  ),
  {
    name: "convTranspose2d",
    result: (dtype) =>
      convTranspose2d(cast(tensor(draw([2, 5, 4, 3])), dtype), w3(dtype), { stride: 2 }),
  },
  ...[[1, 3, 2, 4], [2, 3, 3, 5]].flatMap((shape): Case[] => [
    {
      name: `upsample2d [${shape}]`,
      result: (dtype) => upsample2d(cast(tensor(draw(shape)), dtype)),
    },
    gradientCase(`upsample2d.grad [${shape}]`, shape, (x) => upsample2d(x)),
    gradientCase(
      `maxPool2d.grad [${shape.map((length) => length + 2)}]`,
      [2, 3, 4, 4 * shape[0]],
      (x) => maxPool2d(x),
    ),
    gradientCase(
      `maxPool2d.grad [${shape}], windows of 3`,
      shape,
      (x) => maxPool2d(x, { size: 3, stride: 2, pad: 1 }),
    ),
  ]),
  ...[[2, 3, 4, 4], [2, 3, 5, 3]].flatMap((shape): Case[] => [
    {
      name: `batchNorm2d [${shape}]`,
      result: (dtype) => normalised(cast(tensor(draw(shape)), dtype)),
    },
    gradientCase(`batchNorm2d.grad [${shape}]`, shape, normalised),
  ]),
];

/** The epilogue of all cases: a factor and a shift per channel, a ReLU, a factor and a number for all, perhaps a residual first. */
interface Others {
  readonly scale: Tensor;
  readonly shift: Tensor;
  readonly third: Tensor;
  readonly residual: Tensor | undefined;
}

function othersFor([N, C, ...plane]: readonly number[], dtype: DType, residual: boolean): Others {
  const like = (array: HostArray) => cast(tensor(array), dtype);
  const channels = [C, ...plane.map(() => 1)];
  return {
    scale: like(draw(channels)),
    shift: like(draw(channels)),
    third: like(hostArray([1], [0.3])),
    residual: residual ? like(draw([N, C, ...plane])) : undefined,
  };
}

function epilogueOf(x: Tensor, { scale, shift, third, residual }: Others): Tensor {
  return relu((residual ? x.add(residual) : x).mul(scale).add(shift)).mul(third).sub(0.1);
}

/** The same in plain loops, rounded to the number type after every step. */
async function inLoops(x: ArrayLike<number>, [, C, ...plane]: Shape, others: Others) {
  const { scale, shift, third, residual } = others;
  const numbers = async (x: Tensor) => (await cast(x, "f32").read()).data;
  const [factors, shifts] = [await numbers(scale), await numbers(shift)];
  const added = residual ? await numbers(residual) : undefined;
  const round = (value: number) =>
    third.dtype === "f16" ? Math.f16round(Math.fround(value)) : Math.fround(value);
  const factor = (await numbers(third))[0];
  return Array.from(x, (value, i) => {
    const c = Math.floor(i / sizeOf(plane)) % C;
    const sum = round(value + (added?.[i] ?? 0));
    const shifted = round(round(sum * factors[c]) + shifts[c]);
    return round(round(Math.max(shifted, 0) * factor) - Math.fround(0.1));
  });
}

/** Names of the kernels that compute `roots`, in order. */
function kernelNames(...roots: readonly Tensor[]): string[] {
  return ancestors(fuse(lower(roots))).computed.map(({ recipe }) => recipe!.op.name);
}

describe("an epilogue", () => {
  it("takes numbers that are baked into the formula", async () => {
    const [a, b] = [tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, -1]])];
    const y = relu(matmul(a, b).mul(0.5).add(1.25));
    assert.equal(kernelNames(y).length, 1);
    assert.deepEqual(await y.array(), [[1.75, 0.25], [2.75, 0]]);
  });

  for (const { name, result, ways = {}, loops, error = 0 } of CASES) {
    for (const dtype of ["f32", "f16"] as const) {
      if (dtype === "f16" && ONLY_F32.test(name)) continue;
      it(`has the bits of kernels of its own, and is right: ${name}, ${dtype}`, () =>
        withWays(ways, async () => {
          const { shape } = result(dtype);
          const unrolled = UNROLLED.test(name);
          const others = othersFor(shape, dtype, !unrolled);
          const x = result(dtype);
          const y = epilogueOf(x, others);
          assert.match(
            kernelNames(y).at(-1)!,
            unrolled ? /.\+mul\+…\+sub, 5 steps$/ : /.\+add\+…\+sub, 6 steps$/,
          );
          const fused = await read({ y: cast(y, "f32") });
          // Who asks for x, too, has it stored before the rest is computed.
          const alone = await read({ x: cast(x, "f32"), y: cast(epilogueOf(x, others), "f32") });
          assert.ok(alone.y.data.some((value) => value !== 0));
          const results = loops && dtype === "f32" ? loops() : alone.x.data;
          const expected = await inLoops(results, shape, others);
          const most = dtype === "f32" ? error : 0; // f16 goes on from what the kernel alone gives
          fused.y.data.forEach((value, i) => {
            assert.equal(value, alone.y.data[i], `${i}`);
            assert.ok(Math.abs(value - expected[i]) <= most, `${i}: ${value}, not ${expected[i]}`);
          });
        }));
    }
  }

  it("is no second kernel: dispatches of a compiled step, forward and backward", async () => {
    const images = hostArray([1, 16, 128, 128], draw([1, 16, 128, 128]).data);
    const w = variable(tensor(draw([16, 16, 3, 3])), "w");
    const b = variable(tensor(draw([16])), "b");
    using step = compile(({ x }: { x: Tensor }) => {
      const block = (x: Tensor) => relu(conv2d(x, w, { bias: b, pad: 1 }));
      const y = block(block(x)).add(x);
      return { y, g: grad(y.sum(), [w])[0] };
    });
    const names = (await profile(step, { x: images })).flatMap(({ title, count }) => {
      const inOrder = title.includes("[") ? [title.split(" ")[0]] : title.split(", "); // of a sequence
      return Array.from({ length: count }, () => inOrder).flat();
    });
    const pointwise = names.filter((name) => /relu|add/.test(name)).sort();
    assert.deepEqual(pointwise, [
      "add", // of the residual: the ReLU's result is read by its gradient, too
      "add", // of two gradients of w
      "conv2d.outputs+relu",
      "conv2d.outputs+relu",
      "conv2d.tiles.grad+relu.grad.x",
      "relu.grad.x", // of the last ReLU, from a gradient of ones
    ]);
  });

  it("is computed after a result that two need, or that is asked for", () => {
    const [x, w] = [tensor(draw([1, 16, 16, 16])), tensor(draw([16, 16, 3, 3]))];
    const y = conv2d(x, w, { pad: 1 });
    assert.equal(kernelNames(relu(y)).at(-1), "conv2d.outputs+relu");
    assert.deepEqual(kernelNames(relu(y), y).slice(-2), ["conv2d.outputs", "relu"]);
    const doubled = relu(y).mul(y); // one chain, that reads y twice
    assert.equal(kernelNames(doubled).at(-1), "conv2d.outputs+relu+mul");
    assert.deepEqual(
      kernelNames(relu(y).sum([0]), y.exp().sum([0])).filter((it) => it === "relu"),
      ["relu"],
    );
  });

  it("takes the newest of two, so that what the older one read is not kept", () => {
    const [x, w] = [tensor(draw([1, 16, 16, 16])), tensor(draw([16, 16, 3, 3]))];
    const [old, young] = [conv2d(x, w, { pad: 1 }), upsample2d(tensor(draw([1, 16, 8, 8])))];
    assert.deepEqual(kernelNames(old.add(young)).slice(-2), [
      "conv2d.outputs",
      "upsample2d.nearest+add",
    ]);
  });

  it("finds numbers of channels through views, and takes no other broadcast", () => {
    const x = upsample2d(tensor(draw([2, 3, 4, 4])));
    const with_ = (shape: number[], as = [2, 3, 8, 8]) =>
      kernelNames(x.reshape(as).mul(tensor(draw(shape)))).length;
    assert.deepEqual(
      [with_([3, 1, 1]), with_([3, 1], [2, 3, 64]), with_([1, 3, 1, 1]), with_([1])],
      [1, 1, 1, 1],
    );
    assert.deepEqual([with_([8]), with_([2, 1, 1, 1]), with_([3, 8, 1]), with_([6, 1], [6, 64])], [
      2,
      2,
      2,
      2,
    ]);
  });

  it("binds no more buffers than a shader can", async () => {
    const x = upsample2d(tensor(draw([1, 2, 2, 2])));
    const parts = Array.from({ length: 5 }, () => tensor(draw([1, 2, 4, 4])));
    const y = parts.reduce((a, b) => a.add(b), x);
    assert.equal(kernelNames(y).length, 1); // x, 5 others, sizes and the result
    const sum = (await y.read()).data;
    const first = (await x.read()).data;
    const others = await Promise.all(parts.map(async (part) => (await part.read()).data));
    sum.forEach((value, i) =>
      assert.equal(value, others.reduce((a, b) => Math.fround(a + b[i]), first[i]))
    );
  });

  it("writes over an input that dies where its producer can, also its own", async () => {
    using step = compile(({ x }: { x: Tensor }) => {
      const one = tensor([1, 1]);
      const other = maxPool2d(x, { size: 1 });
      const { y } = batchNorm2d(x.mul(2), one, one);
      return { y: y.add(other) };
    });
    const x = hostArray([1, 2, 1, 2], [1, 3, 2, 6]);
    const { y } = await step({ x });
    const { data } = await y.read();
    [1, 5, 2, 8].forEach((value, i) => assert.ok(Math.abs(data[i] - value) < 1e-4, `${data}`));
    assert.equal([...step.plans().values()][0].inPlace, 1);
  });

  it("writes over an input that dies where both are one number", async () => {
    const other = maxPool2d(tensor([[[[3, 7], [1, 1]]]]), { size: 2 });
    const { y } = batchNorm2d(tensor([[[[3]]]]), tensor([2]), tensor([1])); // 1: x is its own mean
    const product = y.mul(other);
    assert.equal(kernelNames(product).at(-1), "batchNorm2d+mul");
    assert.equal(summarise(makePlan([product])).inPlace, 1);
    assert.deepEqual(await product.array(), [[[[7]]]]);
  });
});
