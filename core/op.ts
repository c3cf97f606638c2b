/**
 * What the library knows about one operation, in one record. An operation is one kernel and one dispatch, or a name
 * for several of those (`lower`).
 *
 * Three of its fields are for computing several operations in one kernel. fuse.ts uses them when a plan is made:
 *
 * | field      | asked by        | when                                                    | what comes of it             |
 * | ---------- | --------------- | ------------------------------------------------------- | ---------------------------- |
 * | `absorb`   | `fuseChains`    | inputs that only x needs have `absorb`, too             | x computes them in itself    |
 * | `stores`   | `fuseEpilogues` | then, of the newest input, if only x needs it           | whether it lets x in         |
 * | `epilogue` | `fuseEpilogues` | of x itself, if that input has `stores`                 | the input's kernel does both |
 *
 * @module
 */
import type { DType } from "./dtype.ts";
import type { Shape } from "./host_array.ts";
import type { Kernel } from "./kernel.ts";
import { Tensor } from "./tensor.ts";

/** A tensor as a kernel sees it: sizes and number type, no numbers. */
export interface TensorType {
  /** Sizes of the axes, outermost first. */
  readonly shape: Shape;
  /** Type of the numbers. */
  readonly dtype: DType;
}

/** What an operation is told when it must produce its shader. */
export interface KernelRequest<Attrs = unknown> {
  /** Types of the inputs, in order. */
  readonly inputs: readonly TensorType[];
  /** Type of the output. */
  readonly output: TensorType;
  /** The operation's settings, baked into the shader. */
  readonly attrs: Attrs;
  /** Which input shares the output's buffer (operations with `inPlace`), or -1. */
  readonly overwrites: number;
}

/** What an operation is told when it must describe its gradients. */
export interface GradRequest<Attrs = unknown> {
  /** The operation's inputs. */
  readonly inputs: readonly Tensor[];
  /** The operation's result. */
  readonly output: Tensor;
  /** Gradient of the loss with respect to the result; same shape. */
  readonly gradOutput: Tensor;
  /** The operation's settings. */
  readonly attrs: Attrs;
}

/** What an operation is told when it must say which steps it stands for. */
export interface LowerRequest<Attrs = unknown> {
  /** The operation's inputs. */
  readonly inputs: readonly Tensor[];
  /** Type of the result. */
  readonly output: TensorType;
  /** The operation's settings. */
  readonly attrs: Attrs;
}

/** Everything about one operation. */
export interface Op<Attrs> {
  /** Name, as printed in errors, shaders and profiles. */
  readonly name: string;
  /** The output's shape, or a ShapeError that explains what does not fit. */
  readonly shape: (inputs: readonly Shape[], attrs: Attrs) => Shape;
  /** The output's number type; the first input's when omitted. */
  readonly dtype?: (inputs: readonly DType[], attrs: Attrs) => DType;
  /**
   * The steps that compute it, chosen for the open device; such an operation needs no kernel. Steps of one operation with
   * settings that look the same as JSON are taken to be the same: see lower.ts.
   */
  readonly lower?: (request: LowerRequest<Attrs>) => Tensor;
  /** The compute shader; views have none. */
  readonly kernel?: (request: KernelRequest<Attrs>) => Kernel;
  /** Gradients of the inputs, null for an input that has none; omit where there is no gradient at all. */
  readonly grad?: (request: GradRequest<Attrs>) => readonly (Tensor | null)[];
  /**
   * The sum of two of its results in fewer passes, where gradients of several paths meet: of the halves of something, say,
   * which lie side by side. Null where there is no such way.
   */
  readonly plus?: (a: Recipe<Attrs>, b: Recipe<Attrs>) => Tensor | null;
  /**
   * The same result from one kernel that also computes some of the inputs: those where `which` is true, which nobody
   * else needs. Null where that is not possible; see fuse.ts.
   */
  readonly absorb?: (recipe: Recipe, which: readonly boolean[]) => Recipe | null;
  /**
   * Set if the kernel writes its results through `store` (core/kernel.ts), so that a pointwise operation that alone
   * needs them can be computed there. `store` is told the place along the channel axis, which is counted from the end.
   * `withoutResidual` says of which shape results are that take no residual on the software driver: ops/epilogue.ts.
   */
  readonly stores?: {
    readonly channelAxis: number;
    readonly withoutResidual?: (output: Shape) => boolean;
  };
  /**
   * The same result from the kernel of the input `which` points at, an operation with `stores` that nobody else needs.
   * Null where that is not possible; see fuse.ts.
   */
  readonly epilogue?: (recipe: Recipe, which: readonly boolean[]) => Recipe | null;
  /** True if the kernel can write its result over an input of the same shape and type. */
  readonly inPlace?: boolean;
  /** True if the result is the first input's buffer under another shape. */
  readonly view?: boolean;
  /** Floating-point operations of one run, for profiles. */
  readonly flops?: (inputs: readonly Shape[], attrs: Attrs) => number;
}

/** A tensor that is described and not yet computed: an operation on inputs with settings. */
export interface Recipe<Attrs = unknown> {
  /** What is done. */
  readonly op: Op<Attrs>;
  /** To what. */
  readonly inputs: readonly Tensor[];
  /** With which settings. */
  readonly attrs: Attrs;
}

/**
 * Describe the result of an operation: checks the shapes now, computes nothing.
 *
 * @throws {ShapeError} As the operation's shape rule says.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { apply, type Op, tensor } from "ae";
 *
 * // A view needs no kernel: the same numbers under another shape.
 * const flatten: Op<null> = {
 *   name: "flatten",
 *   shape: ([x]) => [x.reduce((size, length) => size * length, 1)],
 *   view: true,
 * };
 * const y = apply(flatten, [tensor([[1, 2], [3, 4]])], null);
 * assert.deepEqual(await y.array(), [1, 2, 3, 4]);
 * ```
 */
export function apply<Attrs>(op: Op<Attrs>, inputs: readonly Tensor[], attrs: Attrs): Tensor {
  const shape = op.shape(inputs.map((input) => input.shape), attrs);
  const dtypes = inputs.map((input) => input.dtype);
  const dtype = op.dtype ? op.dtype(dtypes, attrs) : dtypes[0];
  return new Tensor(shape, dtype, { recipe: { op: op as Op<unknown>, inputs, attrs } });
}
