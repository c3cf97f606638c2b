import assert from "node:assert/strict";
import {
  cast,
  compile,
  conv2d,
  type Conv2dOptions,
  full,
  grad,
  hostArray,
  normal,
  profile,
  read,
  setChoice,
  type Tensor,
  tensor,
  zeros,
} from "ae";
import { Random } from "../../data/random.ts";

const random = new Random(3);
const draw = (shape: number[]) =>
  hostArray(shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()));

interface Case extends Required<Omit<Conv2dOptions, "bias">> {
  readonly x: number[];
  readonly w: number[];
  /** Largest error, of the largest number. @default {1e-6} */
  readonly error?: number;
}

/** The definition in plain loops, in float64: y and the gradients of Σ y·g. */
function reference(
  { x, w, stride, pad, dilation, groups }: Case,
  data: Record<"x" | "w" | "b" | "g", Float32Array>,
  [outH, outW]: [number, number],
) {
  const [N, C, H, W] = x;
  const [O, perGroup, kH, kW] = w;
  const y = new Float64Array(N * O * outH * outW);
  const gradX = new Float64Array(N * C * H * W);
  const gradW = new Float64Array(O * perGroup * kH * kW);
  const gradB = new Float64Array(O);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      const firstC = Math.floor(o / (O / groups)) * perGroup;
      for (let i = 0; i < outH; i++) {
        for (let j = 0; j < outW; j++) {
          const at = ((n * O + o) * outH + i) * outW + j;
          y[at] = data.b[o];
          gradB[o] += data.g[at];
          for (let c = 0; c < perGroup; c++) {
            for (let u = 0; u < kH; u++) {
              for (let v = 0; v < kW; v++) {
                const [row, column] = [
                  i * stride + u * dilation - pad,
                  j * stride + v * dilation - pad,
                ];
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                const atX = ((n * C + firstC + c) * H + row) * W + column;
                const atW = ((o * perGroup + c) * kH + u) * kW + v;
                y[at] += data.x[atX] * data.w[atW];
                gradX[atX] += data.g[at] * data.w[atW];
                gradW[atW] += data.g[at] * data.x[atX];
              }
            }
          }
        }
      }
    }
  }
  return { y, gradX, gradW, gradB };
}

const plain = { stride: 1, pad: 1, dilation: 1, groups: 1 };
const cases: Record<string, Case> = {
  "odd sizes, odd channels": { x: [2, 3, 9, 7], w: [5, 3, 3, 3], ...plain },
  "rows of four, sixteen channels": { x: [1, 4, 8, 12], w: [18, 4, 3, 3], ...plain },
  "one pixel, one tap": { x: [2, 6, 1, 1], w: [4, 6, 1, 1], ...plain, pad: 0 },
  "the stem: 7x7, stride 2": { x: [1, 3, 12, 12], w: [8, 3, 7, 7], ...plain, stride: 2, pad: 3 },
  "a stride that leaves a row over": {
    x: [1, 2, 6, 5],
    w: [3, 2, 2, 2],
    ...plain,
    stride: 3,
    pad: 0,
  },
  "oblong kernel, dilation": { x: [1, 2, 9, 9], w: [3, 2, 3, 2], ...plain, dilation: 2, pad: 2 },
  "eight columns, all kernel rows": { x: [2, 5, 8, 16], w: [12, 5, 3, 3], ...plain },
  "enough work for the longest shader": { x: [8, 24, 32, 32], w: [24, 24, 3, 3], ...plain },
  "four channels at a time": { x: [1, 8, 4, 8], w: [20, 8, 1, 1], ...plain, pad: 0 },
  "more columns than the image": { x: [1, 2, 8, 8], w: [4, 2, 1, 1], ...plain, pad: 2 },
  "a kernel of nine, rows of eight": { x: [1, 2, 9, 8], w: [4, 2, 3, 9], ...plain, pad: 4 },
  "stride 2, aligned rows": { x: [2, 3, 10, 16], w: [8, 3, 3, 3], ...plain, stride: 2 },
  "groups": { x: [1, 4, 5, 5], w: [6, 2, 3, 3], ...plain, groups: 2 },
};

/** 3x3 kernels with Winograd's method: rounding grows with the channels. */
const winograd = { ...plain, error: 1e-5 };
const winogradCases: Record<string, Case> = {
  "strips of four tiles": { x: [2, 16, 8, 32], w: [20, 16, 3, 3], ...winograd },
  "images of two by two tiles": { x: [4, 16, 8, 8], w: [20, 16, 3, 3], ...winograd },
  "whole tiles, six in a row": { x: [4, 16, 8, 24], w: [16, 16, 3, 3], ...winograd },
  "whole tiles, two in a row": { x: [4, 16, 16, 8], w: [16, 16, 3, 3], ...winograd },
  "two tiles in a row": { x: [1, 16, 16, 8], w: [16, 16, 3, 3], ...winograd },
  "one tile an image, odd channels in": { x: [4, 21, 4, 4], w: [16, 21, 3, 3], ...winograd },
  "sides that are no multiples of four": { x: [3, 17, 7, 9], w: [16, 17, 3, 3], ...winograd },
  "rows that end within a tile": { x: [1, 16, 13, 30], w: [16, 16, 3, 3], ...winograd },
  "strips with a last row cut": { x: [1, 16, 10, 16], w: [16, 16, 3, 3], ...winograd },
  "images smaller than a tile, tiles to fill up": {
    x: [3, 32, 2, 2],
    w: [8, 32, 3, 3],
    ...winograd,
  },
  "strips whose number is no multiple of sixteen": {
    x: [3, 20, 4, 16], // 15,360 bytes: a buffer for it has 1,024 more
    w: [20, 20, 3, 3],
    ...winograd,
  },
  "many channels": { x: [1, 256, 8, 16], w: [64, 256, 3, 3], ...winograd, error: 2e-5 },
};

const depthwiseCases: Record<string, Case> = {
  "five channels of odd sizes": { x: [2, 5, 7, 6], w: [5, 1, 3, 3], ...plain, groups: 5 },
  "stride 2, kernel of five": {
    x: [1, 4, 11, 8],
    w: [4, 1, 5, 5],
    ...plain,
    stride: 2,
    pad: 2,
    groups: 4,
  },
  "a stride that leaves a row over": {
    x: [2, 3, 8, 9],
    w: [3, 1, 2, 3],
    ...plain,
    stride: 3,
    pad: 0,
    groups: 3,
  },
  "dilation, one column": {
    x: [1, 2, 9, 1],
    w: [2, 1, 3, 3],
    ...plain,
    dilation: 2,
    pad: 2,
    groups: 2,
  },
  "more channels than a workgroup": { x: [1, 300, 4, 4], w: [300, 1, 3, 3], ...plain, groups: 300 },
};
for (const [name, testCase] of Object.entries(depthwiseCases)) {
  testMethod("direct", `a kernel for each channel, ${name}`, testCase);
}
for (const [name, testCase] of Object.entries(cases)) {
  testMethod("direct", name, testCase);
  testMethod("shared", name, testCase);
}
testMethod("shared", "sums in parts, several tiles", {
  ...plain,
  x: [4, 70, 6, 6],
  w: [40, 70, 3, 3],
});
for (const [name, testCase] of Object.entries(winogradCases)) {
  testMethod("winograd", name, testCase);
}
testMethod("product", "one pixel, one tap", cases["one pixel, one tap"]);
testMethod("product", "four channels at a time", cases["four channels at a time"]);
testMethod("product", "odd numbers of everything", {
  ...plain,
  x: [3, 7, 5, 3],
  w: [5, 7, 1, 1],
  pad: 0,
});

/** Leave large numbers in free buffers, so that reading past a tensor's end shows. */
async function poisonPool(): Promise<void> {
  const sizes = Array.from({ length: 8 }, (_, i) => 2 ** (i + 7)).flatMap((n) => [n, 0.75 * n]);
  const buffers = sizes.flatMap((size) => Array.from({ length: 6 }, () => full([size], 1e9)));
  await read(Object.fromEntries(buffers.entries()));
  for (const buffer of buffers) buffer.dispose();
}

function testMethod(method: string, name: string, testCase: Case) {
  Deno.test(`conv2d() and its gradients equal their definition in loops: ${method}, ${name}`, async () => {
    const { stride, pad, dilation, groups, error = 1e-6 } = testCase;
    await poisonPool();
    const [x, w, b] = [draw(testCase.x), draw(testCase.w), draw([testCase.w[0]])];
    const inputs = [tensor(x), tensor(w), tensor(b)] as const;
    const y = conv2d(inputs[0], inputs[1], { bias: inputs[2], stride, pad, dilation, groups });
    const g = draw([...y.shape]);
    const [gradX, gradW, gradB] = grad(y.mul(tensor(g)).sum(), inputs);
    setChoice("conv2d", method);
    const actual = await read({ y, gradX, gradW, gradB }).finally(() => setChoice("conv2d", null));
    const data = { x: x.data, w: w.data, b: b.data, g: g.data };
    const expected = reference(testCase, data, [y.shape[2], y.shape[3]]);
    for (const key of ["y", "gradX", "gradW", "gradB"] as const) {
      assert.equal(actual[key].data.length, expected[key].length);
      const largest = expected[key].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      actual[key].data.forEach((value, i) => {
        assert.ok(
          Math.abs(value - expected[key][i]) <= error * largest,
          `${key}[${i}] is ${value}, expected ${expected[key][i]}, the largest is ${largest}`,
        );
      });
    }
  });
}

Deno.test("conv2d() takes Winograd's method where it pays, and what two of its parts need is done once", async () => {
  using step = compile(({ x }: { x: Tensor }) => {
    const w = normal([32, 32, 3, 3], { seed: 1 });
    return grad(conv2d(x, w, { pad: 1 }).square().sum(), [x, w]);
  });
  const x = hostArray([1, 32, 16, 16]);
  const rows = (await profile(step, { x })).filter(({ title }) => /conv2d|matmul/.test(title));
  const kernels = rows.map(({ title, count }) => `${count} ${title.split(" ")[0]}`).sort();
  assert.deepEqual(kernels, [
    "1 conv2d.kernels",
    "1 conv2d.kernels.grad",
    "1 conv2d.outputs", // where the square is differentiated, which nobody else reads
    "1 conv2d.outputs.grad",
    "1 conv2d.tiles",
    "1 conv2d.tiles.grad",
    "1 matmul",
    "2 matmul", // of the same shape: forward, and for the gradient of x
  ]);
});

Deno.test("conv2d() says which channels, bias, groups or sizes do not fit", () => {
  const x = zeros([1, 3, 8, 8]);
  assert.throws(
    () => conv2d(x, zeros([4, 64, 3, 3])),
    /^ShapeError: conv2d: the input has 3 channels but the weight expects 64\n.*N C H W\n.*\n {2}help: make the layer with inChannels: 3/,
  );
  assert.throws(() => conv2d(zeros([8, 8]), zeros([4, 3, 3, 3])), /must both have four axes/);
  assert.throws(
    () => conv2d(x, zeros([4, 3, 3, 3]), { bias: zeros([3]) }),
    /one number per output/,
  );
  assert.throws(() => conv2d(x, zeros([4, 1, 3, 3]), { groups: 3 }), /cannot be cut into 3 groups/);
  assert.throws(() => conv2d(x, zeros([4, 3, 9, 9])), /the kernel is larger than the padded image/);
  assert.throws(
    () => conv2d(x, zeros([4, 3, 3, 3]), { stride: 0 }),
    /stride must be a whole number/,
  );
  assert.throws(() => conv2d(x, zeros([4, 3, 3, 3]), { pad: -1 }), /pad must be a whole number, 0/);
  for (const name of ["stride", "pad", "dilation"]) {
    assert.throws(
      () => conv2d(x, zeros([4, 3, 3, 3]), { [name]: [2, 1] }), // as other libraries take them
      new RegExp(
        `^RangeError: conv2d: ${name} must be a whole number, [01] or more, not \\[2, 1\\]\n` +
          " {2}help: give one number, for rows and columns alike$",
      ),
    );
  }
});

for (const method of ["direct", "shared"]) {
  Deno.test(`conv2d() works in f16, with the sums of its gradients in f32: ${method}`, () => {
    setChoice("conv2d", method);
    return compareHalf([5, 3, 3, 3]).finally(() => setChoice("conv2d", null));
  });
}

Deno.test("conv2d() works in f16, with the sums of its gradients in f32: a kernel for each channel", () =>
  compareHalf([3, 1, 3, 3], 3));

async function compareHalf(kernels: number[], groups = 1) {
  const [x, w, g] = [draw([4, 3, 16, 16]), draw(kernels), draw([4, kernels[0], 16, 16])];
  const values = async (dtype: "f16" | "f32") => {
    const [X, W] = [x, w].map((array) => cast(cast(tensor(array), "f16"), dtype));
    const y = conv2d(X, W, { pad: 1, groups });
    const loss = cast(y, "f32").mul(tensor(g)).sum();
    const [gradX, gradW] = grad(loss, [X, W]);
    assert.deepEqual([y.dtype, gradX.dtype, gradW.dtype], [dtype, dtype, dtype]);
    return await read({ y: cast(y, "f32"), gradX: cast(gradX, "f32"), gradW: cast(gradW, "f32") });
  };
  const [half, full] = [await values("f16"), await values("f32")];
  for (const name of ["y", "gradX", "gradW"] as const) {
    const largest = Math.max(...full[name].data.map(Math.abs));
    half[name].data.forEach((value, i) =>
      assert.ok(Math.abs(value - full[name].data[i]) < 2e-3 * largest, `${name} ${i}`)
    );
  }
}

Deno.test("conv2d() refuses integers and mixed types", () => {
  const [x, w] = [zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3])];
  assert.throws(
    () => conv2d(cast(x, "i32"), cast(w, "i32")),
    /TypeError: conv2d: works on f32 or on f16 throughout, not on an input of i32 with a weight of i32/,
  );
  assert.throws(() => conv2d(x, cast(w, "f16")), /an input of f32 with a weight of f16/);
  assert.throws(
    () => conv2d(x, w, { bias: zeros([1], "f16") }),
    /a weight of f32 and a bias of f16\n {2}help: cast\(\) them/,
  );
});
