import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { openGpu } from "../../core/device.ts";
import {
  type DType,
  kernelsOf,
  ones,
  read,
  type Shape,
  type Tensor,
  tensor,
  zeros,
} from "../../core/mod.ts";
import { matmul, type MatmulOptions, uniform } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";
import { withWays } from "../with_ways.ts";

const product =
  (shape: Shape, { transposeA, transposeB }: MatmulOptions) => (a: Numbers, b: Numbers) => {
    const terms = a.shape[a.shape.length - (transposeA ? 2 : 1)];
    const leading = (x: Numbers, place: readonly number[]) => {
      const own = x.shape.slice(0, -2);
      return place.slice(place.length - own.length).map((i, axis) => own[axis] === 1 ? 0 : i);
    };
    return [...places(shape)].map((place) => {
      const [m, n] = place.slice(-2);
      const inA = leading(a, place.slice(0, -2));
      const inB = leading(b, place.slice(0, -2));
      let sum = 0;
      for (let k = 0; k < terms; k++) {
        sum += at(a, [...inA, ...(transposeA ? [k, m] : [m, k])]) *
          at(b, [...inB, ...(transposeB ? [n, k] : [k, n])]);
      }
      return sum;
    });
  };

const CASES: readonly (readonly [a: Shape, b: Shape, y: Shape, options?: MatmulOptions])[] = [
  [[5, 7], [7, 3], [5, 3]], // nothing divides by four
  [[1, 6], [6, 1], [1, 1]],
  [[4, 8], [8, 4], [4, 4]], // everything does
  [[8, 5], [8, 6], [5, 6], { transposeA: true }],
  [[8, 12], [8, 4], [12, 4], { transposeA: true }],
  [[6, 10], [9, 10], [6, 9], { transposeB: true }],
  [[6, 8], [8, 8], [6, 8], { transposeB: true }],
  [[7, 5], [6, 7], [5, 6], { transposeA: true, transposeB: true }],
  [[2, 1, 3, 4], [3, 4, 5], [2, 3, 3, 5]], // batches broadcast
  [[2, 3, 4], [4, 5], [2, 3, 5]],
];

describe("matmul", () => {
  it("multiplies matrices and batches of them, as stored or transposed, with its gradients", async () => {
    await checkOp(...CASES.map(([a, b, shape, options = {}], i) => ({
      op: (x: Tensor, y: Tensor) => matmul(x, y, options),
      reference: product(shape, options),
      inputs: [a, b],
      shape,
      half: i === 0,
      halfTolerance: 0.03,
    })));
  });

  it("multiplies in large tiles, with more than a workgroup of them", async () => {
    // Small whole numbers: every sum is exact.
    const numbers = (shape: Shape, factor: number): Numbers => ({
      shape,
      data: Array.from({ length: shape[0] * shape[1] }, (_, i) => (i * factor % 13) - 6),
    });
    const host = (x: Numbers) => tensor({ shape: x.shape, data: Float32Array.from(x.data) });
    const [a, b] = [numbers([515, 9], 7), numbers([9, 260], 5)];
    const [at, bt] = [numbers([9, 516], 7), numbers([260, 9], 5)];
    const got = await read({
      plain: matmul(host(a), host(b)),
      transposed: matmul(host(at), host(bt), { transposeA: true, transposeB: true }),
    });
    assert.deepEqual([...got.plain.data], product([515, 260], {})(a, b));
    assert.deepEqual(
      [...got.transposed.data],
      product([516, 260], { transposeA: true, transposeB: true })(at, bt),
    );
  });

  it("gives the same bits whether it reads buffers or textures", async () => {
    const draw = (shape: Shape, seed: number) => uniform(shape, { seed, low: -1, high: 1 });
    const shapes: [Shape, Shape, MatmulOptions][] = [
      [[16, 4], [4, 32], {}],
      [[35, 24], [24, 52], {}], // tiles overlap
      [[24, 36], [24, 52], { transposeA: true }],
      [[35, 24], [57, 24], { transposeB: true }],
      [[24, 36], [57, 24], { transposeA: true, transposeB: true }],
      [[3, 16, 20], [20, 32], {}],
      [[2, 1, 16, 8], [3, 8, 36], {}],
    ];
    const products = () =>
      shapes.map(([a, b, options], i) => matmul(draw(a, i), draw(b, 100 + i), options));
    const results = (tile: string) =>
      withWays({ matmul: tile }, () => read(Object.fromEntries(products().entries())));
    const { software } = await openGpu();
    const buffers = await results("16x16");
    for (const tile of ["texels 16x16", "texels 16x32"]) {
      const kernels = await withWays(
        { matmul: tile },
        () => Promise.all(products().map(kernelsOf)),
      );
      const ways = kernels.map((them) => them.some(({ code }) => code.includes("texture_2d")));
      assert.deepEqual(ways, shapes.map(() => software), tile); // a graphics card is not offered them
      if (!software) continue;
      const textures = await results(tile);
      shapes.forEach(([a, b], i) =>
        assert.deepEqual([...textures[i].data], [...buffers[i].data], `${tile} [${a}] [${b}]`)
      );
    }
  });

  it("reads textures on the software adapter where a product is large enough, as it says", async () => {
    const tileOf = async (a: Shape, b: Shape, dtype: DType = "f32") => {
      const kernels = await kernelsOf(matmul(zeros(a, dtype), zeros(b, dtype)));
      return /texture_2d/.test(kernels.at(-1)!.code) ? "texels" : "buffers";
    };
    const { software } = await openGpu();
    const large = software ? "texels" : "buffers";
    assert.equal(await tileOf([512, 512], [512, 512]), large);
    assert.equal(await tileOf([36, 64, 64], [36, 64, 256]), large);
    assert.equal(await tileOf([16, 16], [16, 16]), "buffers"); // copying costs more than it saves
    assert.equal(await tileOf([512, 510], [510, 512]), "buffers"); // a texel would cross a row's end
    assert.equal(await tileOf([512, 512], [512, 512], "f16"), "buffers");
  });

  it("adds 300,000 terms: more than one invocation may loop over", async () => {
    const y = matmul(ones([1, 300_000]), ones([300_000, 2]));
    assert.deepEqual(await y.array(), [[300_000, 300_000]]);
    const transposed = matmul(ones([300_000, 2]), ones([1, 300_000]), {
      transposeA: true,
      transposeB: true,
    });
    assert.deepEqual(await transposed.array(), [[300_000], [300_000]]);
  });

  it("of no terms is zeros, of no rows is empty", async () => {
    assert.deepEqual(await matmul(zeros([2, 0]), zeros([0, 3])).array(), [[0, 0, 0], [0, 0, 0]]);
    assert.deepEqual(await matmul(zeros([0, 2]), zeros([2, 3])).sum([0]).array(), [0, 0, 0]);
  });

  it("refuses sizes and types that do not fit", () => {
    assert.throws(() => matmul(zeros([2, 3]), zeros([4, 5])), {
      name: "ShapeError",
      message: /^matmul: a has 3 numbers per sum but b has 4\n/,
    });
    assert.throws(() => matmul(zeros([3]), zeros([3, 5])), {
      name: "ShapeError",
      message: /^matmul: both must have at least 2 axes\n/,
    });
    assert.throws(() => matmul(zeros([2, 4, 3]), zeros([3, 3, 5])), { name: "ShapeError" });
    assert.throws(() => matmul(zeros([2, 3], "i32"), zeros([3, 5], "i32")), {
      name: "TypeError",
      message: /^matmul: works on two f32 or two f16, not i32 and i32\n/,
    });
  });
});
