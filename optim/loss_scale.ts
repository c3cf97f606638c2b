/**
 * Loss scaling, for networks that compute in f16: gradients that are too small for 16 bits survive, and those that are
 * too large cost one step and not the run.
 *
 *     g   = ∂(scale · loss)/∂p / scale        scaled in f16, divided again in f32
 *     ok  = all of g and the loss are finite
 *     ok ?  the step is made;                 after 2,000 such steps in a row   scale ← 2 · scale
 *        :  nothing of it is: parameters,     scale ← scale / 2
 *           moments, statistics, averages stay
 *
 * In f16 what is below 6e-8 becomes 0, and an error at one of a hundred thousand pixels has a gradient of that size; what
 * is above 65,504 becomes infinite. No constant suits a whole training, so the scale looks for the largest that fits. It
 * is a power of two, so that it changes no digit of a number that fits with it and without it. Optimisers get the
 * gradients of the loss itself: their `eps`, weight decay and clipping mean what they mean in f32.
 *
 * Scale and counts are variables: nothing is read back to decide, and a checkpoint holds them.
 *
 * Micikevicius et al. 2018, arXiv:1710.03740, section 3.2. Where it differs from PyTorch's `GradScaler`:
 *
 * |                  | GradScaler                             | here                                             |
 * | ---------------- | -------------------------------------- | ------------------------------------------------ |
 * | skipped          | the optimiser's step                   | everything that the step assigns, statistics too |
 * | looked at        | gradients                              | gradients and the loss                           |
 * | largest scale    | none                                   | 2²⁴, as in NVIDIA's Apex                         |
 * | smallest scale   | none                                   | ½, which is too small: see LEAST_LOSS_SCALE      |
 * | counted          |                                        | skipped steps                                    |
 *
 * An adapter that rounds what is too large for f16 to 65,504 (WGSL leaves it open) never skips for it: the gradient is
 * cut off there. `watchNumbers()` ends a step that would be skipped, and names the operation that overflowed.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { grad } from "../core/grad.ts";
import { type Tensor, tensor, zeros } from "../core/tensor.ts";
import { currentTrace } from "../core/trace.ts";
import { assign, commitIf, type Variable } from "../core/variable.ts";
import { cast } from "../ops/mod.ts";
import { formula } from "../ops/pointwise.ts";
import { kept } from "./optimizer.ts";

/** A scale below this says that gradients overflow without any: the loss is not finite, or the network's numbers. */
export const LEAST_LOSS_SCALE = 1;
const MOST_LOSS_SCALE = 2 ** 24; // max_loss_scale of Apex

/** Settings of {@linkcode LossScale}. */
export interface LossScaleOptions {
  /** The scale at first, a power of two from 1 to 2²⁴. @default {65536} */
  readonly initial?: number;
  /** After so many steps in a row without overflow the scale is doubled. @default {2000} */
  readonly doubleAfter?: number;
}

const unscaled = formula("lossScale.unscale", ["g", "scale"], "g / scale");
// By the bits: a shader may take it that no number is NaN. The exponent of NaN and infinity is all ones.
const finite = formula(
  "allFinite",
  ["x"],
  "select(0.0, 1.0, (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u)",
);
const nextGood = formula(
  "lossScale.good",
  ["good", "ok", "many"],
  "select(0.0, good + 1.0, ok != 0.0 && good + 1.0 < many)",
);
const nextValue = formula(
  "lossScale.value",
  ["value", "good", "ok", "many", "least", "most"],
  "select(max(0.5 * value, 0.5 * least), " +
    "select(value, min(2.0 * value, most), good + 1.0 >= many), ok != 0.0)",
);

/**
 * Whether all numbers of all tensors are finite: 1, or 0 if one is NaN or infinite.
 *
 * They are looked at through their sums, so numbers whose sum is beyond 3e38 count as infinite.
 *
 * @param values One or more tensors, f32 or f16, of any shapes.
 * @returns `[]`, f32.
 * @throws {RangeError} If there are no tensors.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { allFinite, hostArray, tensor } from "ae";
 *
 * assert.equal(await allFinite([tensor([1, -2]), tensor(3)]).item(), 1);
 * assert.equal(await allFinite([tensor([1, -2]), tensor(hostArray([], [NaN]))]).item(), 0);
 * ```
 */
export function allFinite(values: readonly Tensor[]): Tensor {
  if (values.length === 0) throw new RangeError("allFinite: there are no tensors to look at");
  return values.map((x) => finite(inF32(x).sum())).reduce((a, b) => a.mul(b));
}

function inF32(x: Tensor): Tensor {
  return x.dtype === "f32" ? x : cast(x, "f32");
}

/**
 * A factor on the loss that finds its own size. In a training step its {@linkcode LossScale.gradients} stands where
 * {@linkcode grad} would.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Adam, cast, compile, hostArray, LossScale, type Tensor, tensor, variable } from "ae";
 *
 * const w = variable(tensor([1, 0.5]), "w");
 * const adam = new Adam([w], { learningRate: 0.1 });
 * const lossScale = new LossScale();
 * using step = compile(({ x }: { x: Tensor }) => {
 *   const y = cast(w, "f16").mul(cast(x, "f16")); // a network in f16
 *   const loss = cast(y, "f32").square().mean();
 *   adam.update(lossScale.gradients(loss, adam.parameters));
 *   return { loss };
 * });
 * await step({ x: hostArray([2], [1e5, 1]) }); // 1e5 is infinite in f16
 * assert.deepEqual(await w.array(), [1, 0.5]);
 * assert.equal(await lossScale.value.item(), 32768);
 * await step({ x: hostArray([2], [1, 1]) });
 * assert.ok(Math.abs((await w.read()).data[0] - 0.9) < 1e-5);
 * assert.equal(await lossScale.skipped.item(), 1);
 * ```
 */
export class LossScale {
  /** The scale, `[]`; below {@linkcode LEAST_LOSS_SCALE} training cannot go on: look at it now and then. */
  readonly value: Variable;
  /** Steps without overflow since the scale last changed, `[]`. */
  readonly good: Variable;
  /** Steps that were skipped, of all, `[]`. */
  readonly skipped: Variable;
  readonly #doubleAfter: number;

  /**
   * Make the scale's state.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If the first scale is no power of two from 1 to 2²⁴, or `doubleAfter` no whole number above 0.
   */
  constructor(options: LossScaleOptions = {}) {
    const { initial = 2 ** 16, doubleAfter = 2000 } = options; // both as in GradScaler
    checkOptionNames("LossScale", options, { initial, doubleAfter });
    const isPower = Number.isInteger(Math.log2(initial));
    if (!isPower || initial < LEAST_LOSS_SCALE || initial > MOST_LOSS_SCALE) {
      throw new RangeError(
        `LossScale: initial must be a power of two from 1 to 2 ** 24, not ${initial}`,
      );
    }
    if (!Number.isInteger(doubleAfter) || doubleAfter < 1) {
      throw new RangeError(
        `LossScale: doubleAfter must be a whole number, 1 or more, not ${doubleAfter}`,
      );
    }
    this.value = kept(tensor(initial), "value");
    this.good = kept(zeros([]), "good");
    this.skipped = kept(zeros([]), "skipped");
    this.#doubleAfter = doubleAfter;
  }

  /**
   * Gradients of a loss, and the decision whether the step is made: {@linkcode LossScale.scaled}, then
   * {@linkcode LossScale.settle} with them and the loss.
   *
   * @param loss One number, shape `[]`, f32.
   * @param wrt Tensors that the loss depends on.
   * @returns What `grad(loss, wrt)` is, of the same shapes, in f32.
   * @throws {TypeError} If called outside a compiled step, or a second time in one.
   * @throws {ShapeError} If the loss is not one number.
   * @throws {RangeError} If the loss does not depend on one of `wrt`.
   */
  gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
    const found = this.scaled(loss, wrt);
    this.settle([loss, ...found]);
    return found;
  }

  /**
   * Gradients alone, computed of the scaled loss and divided by the scale: where a step adds up those of several batches
   * before it settles.
   *
   * @param loss One number, shape `[]`, f32.
   * @param wrt Tensors that the loss depends on.
   * @returns What `grad(loss, wrt)` is, of the same shapes, in f32.
   * @throws {ShapeError} If the loss is not one number.
   * @throws {RangeError} If the loss does not depend on one of `wrt`.
   */
  scaled(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
    return grad(loss.mul(this.value), wrt).map((g) => unscaled(inF32(g), this.value));
  }

  /**
   * Let the step be made only if all these numbers are finite, and change scale and counts accordingly. A step that is
   * skipped keeps nothing of what it assigns, before this call or after it, but for what is assigned with `always`.
   *
   * @param values What must be finite: the gradients, and whatever else.
   * @throws {TypeError} If called outside a compiled step, or a second time in one.
   * @throws {RangeError} If there are no values.
   */
  settle(values: readonly Tensor[]): void {
    if (!currentTrace()) {
      throw new TypeError(
        "LossScale: must be called inside a compiled step\n  help: wrap the training step in compile()",
      );
    }
    const ok = allFinite(values);
    commitIf(ok);
    const many = this.#doubleAfter;
    const set = (variable: Variable, value: Tensor) => assign(variable, value, { always: true });
    set(this.value, nextValue(this.value, this.good, ok, many, LEAST_LOSS_SCALE, MOST_LOSS_SCALE));
    set(this.good, nextGood(this.good, ok, many));
    set(this.skipped, this.skipped.add(ok.mul(-1).add(1)));
  }
}
