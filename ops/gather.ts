/**
 * Reading chosen places of a tensor, and adding to chosen places: each other's gradients.
 *
 *     gather       the tag loss: few places of a large map, x [N, D, M] at index [N, P, K]
 *     indexSelect  whole slices along an axis, in any order
 *     takeAlong    along an axis, a place of its own for every element of the result
 *
 * No kernel here adds with atomics: a sum's order would then change from run to run, and its bits with it.
 *
 * @module
 */
import type { DType } from "../core/dtype.ts";
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { grid, kernel, perElement, WORKGROUP } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import { normaliseAxes } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";

const gatherOp: Op<null> = {
  name: "gather",
  shape([x, index]) {
    if (x.length !== 3 || index.length !== 3 || x[0] !== index[0]) {
      throw shapeError("gather", "x and index must have 3 axes and the same N", {
        x: [x, "N D M"],
        index: [index, "N P K"],
      });
    }
    return [x[0], x[1], index[1], index[2]];
  },
  kernel(request) {
    const { inputs: [{ shape: [, D, M] }, { shape: [, P, K] }] } = request;
    return perElement("gather", request, {
      inputs: ["x", "index"],
      constants: { D, M, LAST: Math.max(M - 1, 0), PICKS: P * K },
      body: `  let plane = i / PICKS; // n · D + d
  let m = u32(index[plane / D * PICKS + i % PICKS]); // a negative place becomes a huge one
  out[i] = select(Out(), x[plane * M + min(m, LAST)], m < M);`,
    });
  },
  grad: ({ inputs: [x, index], gradOutput }) => [scatterAdd(gradOutput, index, x.shape[2]), null],
};

/** Elements of the result that one workgroup of the second half of scatterAdd fills. */
const TILE = 4096;

/**
 * First half of scatterAdd: in the place of every value, the sum of all values of its plane that go where it
 * goes. Few values are compared with each other, so that the large result is written only once.
 */
const sumsOp: Op<null> = {
  name: "scatterAdd.sums",
  shape: ([values]) => values,
  kernel(request) {
    const { inputs: [{ shape: [, D, P, K] }] } = request;
    const PICKS = P * K;
    const compare = (pick: string) =>
      `if (index[first + ${pick}] == own) { sum += f32(values[plane * PICKS + ${pick}]); }`;
    return perElement("scatterAdd.sums", request, {
      inputs: ["values", "index"],
      constants: { D, PICKS },
      iterations: Math.ceil(PICKS / 4) + 4,
      body: `  let plane = i / PICKS; // n · D + d
  let first = plane / D * PICKS;
  let own = index[first + i % PICKS];
  var sum = 0.0;
  var pick = 0u;
  for (; pick + 3u < PICKS; pick += 4u) {
    ${["pick", "pick + 1u", "pick + 2u", "pick + 3u"].map(compare).join("\n    ")}
  }
  for (; pick < PICKS; pick++) {
    ${compare("pick")}
  }
  out[i] = Out(sum);`,
    });
  },
  // Together with the second half's: the gradient of every value is read where the value went.
  grad: ({ gradOutput }) => [gradOutput, null],
};

/**
 * Second half of scatterAdd: zeros, and the sums at their places. Values that go to one place write the same
 * sum there, so it does not matter which comes last.
 */
const placeSumsOp: Op<{ readonly places: number }> = {
  name: "scatterAdd",
  shape: ([values], { places }) => [values[0], values[1], places],
  kernel(request) {
    const { inputs: [{ shape: [N, D, P, K] }], attrs: { places: M } } = request;
    const tiles = Math.ceil(M / TILE);
    const count = N * D * tiles;
    const { workgroups, row } = grid(count * WORKGROUP);
    return kernel({
      name: "scatterAdd",
      request,
      inputs: ["sums", "index"],
      constants: {
        D,
        M,
        PICKS: P * K,
        TILE,
        TILES: tiles,
        COUNT: count,
        ROW: row / WORKGROUP,
        LANES: WORKGROUP,
      },
      workgroupSize: [WORKGROUP, 1, 1],
      workgroups,
      iterations: Math.ceil((TILE + P * K) / WORKGROUP) + 2,
      body: `  let tile = workgroup.y * ROW + workgroup.x;
  if (tile >= COUNT) { return; }
  let plane = tile / TILES; // n · D + d
  let start = tile % TILES * TILE;
  let end = min(start + TILE, M);
  for (var m = start + lane; m < end; m += LANES) { out[plane * M + m] = Out(); }
  storageBarrier();
  for (var pick = lane; pick < PICKS; pick += LANES) {
    let m = u32(index[plane / D * PICKS + pick]);
    if (m >= start && m < end) { out[plane * M + m] = sums[plane * PICKS + pick]; }
  }`,
    });
  },
  grad: ({ inputs: [, index], gradOutput }) => [gather(gradOutput, index), null],
};

/**
 * Read chosen places: `y[n,d,p,k] = x[n,d, index[n,p,k]]`. A place outside `x` gives 0 and gets no gradient.
 *
 * The gradient adds up where a place is read more than once.
 *
 * @param x `[N, D, M]`: M places of D numbers for each of N images.
 * @param index `[N, P, K]`, i32 or u32: places from 0 to M - 1.
 * @returns `[N, D, P, K]`.
 * @throws {ShapeError} If the axes are not these.
 * @throws {TypeError} If `index` holds no integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { gather, tensor } from "ae";
 *
 * const x = tensor([[[10, 20, 30]]]);
 * const index = tensor([[[2, 0], [2, 1]]], { dtype: "i32" });
 * assert.deepEqual(await gather(x, index).array(), [[[[30, 10], [30, 20]]]]);
 * ```
 */
export function gather(x: Tensor, index: Tensor): Tensor {
  checkIndex("gather", index);
  return apply(gatherOp, [x, index], null);
}

/**
 * Add to chosen places, the transpose of {@linkcode gather}: `y[n,d,m] = Σ values[n,d,p,k]` over all p, k with
 * `index[n,p,k] = m`, and 0 where there are none. A place outside is dropped.
 *
 * Made for few values in large maps: the work grows with the square of P·K.
 *
 * @param values `[N, D, P, K]`.
 * @param index `[N, P, K]`, i32 or u32: places from 0 to `places - 1`.
 * @param places M, how many places the result has.
 * @returns `[N, D, M]`.
 * @throws {ShapeError} If the axes are not these.
 * @throws {RangeError} If `places` is not a whole number from 0.
 * @throws {TypeError} If `index` holds no integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { scatterAdd, tensor } from "ae";
 *
 * const index = tensor([[[2, 0, 2]]], { dtype: "i32" });
 * assert.deepEqual(await scatterAdd(tensor([[[[1, 5, 3]]]]), index, 3).array(), [[[5, 0, 4]]]);
 * ```
 */
export function scatterAdd(values: Tensor, index: Tensor, places: number): Tensor {
  checkIndex("scatterAdd", index);
  const [n, , p, k] = values.shape;
  const { shape } = index;
  const fits = values.shape.length === 4 && shape.length === 3 && shape[0] === n &&
    shape[1] === p && shape[2] === k;
  if (!fits) {
    throw shapeError("scatterAdd", "values and index must agree in N, P and K", {
      values: [values.shape, "N D P K"],
      index: [shape, "N P K"],
    });
  }
  if (!Number.isInteger(places) || places < 0) {
    throw new RangeError(`scatterAdd: places must be a whole number from 0, not ${places}`);
  }
  const sums = apply(sumsOp, [values, index], null);
  return apply(placeSumsOp, [sums, index], { places });
}

interface TakeAttrs {
  readonly axis: number;
  /** True if every element of the result has a place of its own, false if whole slices are taken. */
  readonly own: boolean;
}

const takeOp: Op<TakeAttrs> = {
  name: "take",
  shape: ([x, index], { axis, own }) => own ? index : x.with(axis, index[0]),
  kernel(request) {
    const { inputs: [x], output, attrs: { axis, own } } = request;
    return perElement("take", request, {
      inputs: ["x", "index"],
      constants: axisSizes(x.shape, output.shape, axis),
      body: `  let m = u32(index[${own ? "i" : "i / INNER % PICKS"}]);
  out[i] = select(Out(), x[(i / (PICKS * INNER) * M + min(m, LAST)) * INNER + i % INNER], m < M);`,
    });
  },
  grad: ({ inputs: [x, index], gradOutput, attrs }) => [
    apply(takeGradientOp, [gradOutput, index], { ...attrs, shape: x.shape }),
    null,
  ],
};

/** Every element of `x` looks through all picks along the axis. */
const takeGradientOp: Op<TakeAttrs & { readonly shape: Shape }> = {
  name: "take.grad",
  shape: (_inputs, { shape }) => shape,
  kernel(request) {
    const { inputs: [g], output, attrs: { axis, own } } = request;
    return perElement("take.grad", request, {
      inputs: ["g", "index"],
      constants: axisSizes(output.shape, g.shape, axis),
      iterations: g.shape[axis],
      body: `  let m = i / INNER % M;
  let first = i / (M * INNER) * (PICKS * INNER) + i % INNER;
  var sum = 0.0;
  for (var pick = 0u; pick < PICKS; pick++) {
    let place = first + pick * INNER;
    if (u32(index[${own ? "place" : "pick"}]) == m) { sum += f32(g[place]); }
  }
  out[i] = Out(sum);`,
    });
  },
};

/** `x` seen as `[outer, M, INNER]` around the axis, and the picks as `[outer, PICKS, INNER]`. */
function axisSizes(x: Shape, picked: Shape, axis: number): Record<string, number> {
  return {
    M: x[axis],
    LAST: Math.max(x[axis] - 1, 0),
    PICKS: picked[axis],
    INNER: sizeOf(x.slice(axis + 1)),
  };
}

/**
 * Whole slices along an axis, in any order: `y[…, j, …] = x[…, index[j], …]`. A slice outside `x` is zeros.
 *
 * The gradient adds up where a slice is taken more than once; for that, at most 60,000 may be taken.
 *
 * @param x Any shape with at least one axis.
 * @param index `[J]`, i32 or u32: places along the axis, from 0.
 * @param axis The axis, negative from the end.
 * @returns `x`'s shape with size J along `axis`.
 * @throws {ShapeError} If `index` does not have one axis.
 * @throws {RangeError} If the axis does not exist.
 * @throws {TypeError} If `index` holds no integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { indexSelect, tensor } from "ae";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * const index = tensor([1, 0, 1], { dtype: "i32" });
 * assert.deepEqual(await indexSelect(x, index, 0).array(), [[3, 4], [1, 2], [3, 4]]);
 * ```
 */
export function indexSelect(x: Tensor, index: Tensor, axis: number): Tensor {
  checkIndex("indexSelect", index);
  const [normal] = normaliseAxes("indexSelect", [axis], x.shape);
  if (index.shape.length !== 1) {
    throw shapeError("indexSelect", `index must have 1 axis, not ${index.shape.length}`, {
      index: [index.shape, "J"],
    });
  }
  return apply(takeOp, [x, index], { axis: normal, own: false });
}

/**
 * Along an axis, a place of its own for every element of the result: for axis 1 of three,
 * `y[i, j, k] = x[i, index[i, j, k], k]`, as PyTorch's `gather`. A place outside `x` gives 0.
 *
 * The gradient adds up where a place is read more than once; for that, `index` may have at most 60,000 places
 * along the axis.
 *
 * @param x Any shape with at least one axis.
 * @param index i32 or u32, `x`'s shape except along `axis`: places along the axis, from 0.
 * @param axis The axis, negative from the end.
 * @returns `index`'s shape.
 * @throws {ShapeError} If the shapes differ on another axis.
 * @throws {RangeError} If the axis does not exist.
 * @throws {TypeError} If `index` holds no integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { takeAlong, tensor } from "ae";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * const index = tensor([[2], [0]], { dtype: "i32" });
 * assert.deepEqual(await takeAlong(x, index, 1).array(), [[3], [4]]);
 * ```
 */
export function takeAlong(x: Tensor, index: Tensor, axis: number): Tensor {
  checkIndex("takeAlong", index);
  const [normal] = normaliseAxes("takeAlong", [axis], x.shape);
  const { shape } = index;
  const fits = shape.length === x.shape.length &&
    shape.every((length, a) => a === normal || length === x.shape[a]);
  if (!fits) {
    throw shapeError("takeAlong", `x and index may differ only along axis ${normal}`, {
      x: [x.shape, ""],
      index: [shape, ""],
    });
  }
  return apply(takeOp, [x, index], { axis: normal, own: true });
}

function checkIndex(op: string, { dtype }: Tensor): void {
  const integers: readonly DType[] = ["i32", "u32"];
  if (!integers.includes(dtype)) {
    throw new TypeError(`${op}: index must hold i32 or u32, not ${dtype}\n  help: cast() it`);
  }
}
