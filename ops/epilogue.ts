/**
 * Formulas computed where another kernel stores its results, so that what it computed never goes to memory:
 *
 *     conv2d          … out[at] = y                 conv2d+relu     … out[at] = relu(y + bias)
 *     bias, relu      out[i] = relu(out[i] + …)                     (no second kernel)
 *
 * Any operation that says `stores` can take one: its kernel calls `store` and does not know what that does. Whatever
 * else a formula reads must be found from a result's place and channel: tensors that are element for element like the
 * result (a residual), hold one number per channel (a bias, a folded norm; loaded once per channel where the kernel
 * has several results of it at hand), or one number in all.
 *
 * On the software driver some take no residual (`withoutResidual`): where very many stores are written out, a load beside
 * each of a hundred of them doubles what compiling takes, half a second to a second more, for a pass that takes a
 * fraction of a millisecond; and where the results are few, that pass takes next to nothing.
 *
 * A sum in parts (ops/workgroup_tiles.ts) is no result yet: who reads it reads the sum of the parts, another kernel's
 * result, so nothing here can come too early.
 *
 * @module
 */
import type { DType } from "../core/dtype.ts";
import { resolveView } from "../core/graph.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { isSoftware, type Kernel, kernel, mostBuffers } from "../core/kernel.ts";
import type { KernelRequest, Op, Recipe, TensorType } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

/** What is computed of a result before it is stored. */
export interface EpilogueFormula {
  /** For titles. */
  readonly name: string;
  /** WGSL of a function `formula_of` from numbers to one, `T` (kernel.ts), for inputs in the recipe's order. */
  readonly functions: (dtype: DType) => string;
}

/** Where an epilogue finds its number in an input: where the result lies, where the channel's is, or at the only one. */
type Place = "element" | "channel" | "only";

/**
 * The recipe of a pointwise operation computed by the kernel of the input, or inputs, `which` points at: they are one
 * tensor, perhaps seen through views. Null if another input cannot be found there, or if there are too many.
 */
export function inEpilogue(
  { inputs }: Recipe,
  which: readonly boolean[],
  shape: Shape,
  formula: EpilogueFormula,
): Recipe | null {
  const producer = resolveView(inputs[which.indexOf(true)]);
  const { op, inputs: own, attrs } = producer.recipe!;
  const others = [...new Set(inputs.filter((_, i) => !which[i]))];
  const places = others.map((x) => placeOf(x.shape, shape, producer));
  const buffers = own.length + others.length + 2; // its sizes, its output
  if (producer.size === 0 || buffers > mostBuffers() || places.includes(null)) return null;
  const type: TensorType = { shape: producer.shape, dtype: producer.dtype };
  const sources = inputs.map((x, i) => which[i] ? null : others.indexOf(x));
  const fused: Op<unknown> = {
    name: `${op.name}+${formula.name}`,
    shape: () => shape,
    inPlace: op.inPlace ?? false,
    kernel: (request) =>
      epilogueKernel(request, {
        op,
        own: own.length,
        type,
        formula,
        sources,
        places: places as Place[],
      }),
    ...(op.flops ? { flops: (shapes) => op.flops!(shapes.slice(0, own.length), attrs) } : {}),
  };
  return { op: fused, inputs: [...own, ...others], attrs };
}

/** Where the number of `input`, repeated to `shape`, lies that goes with one of the producer's results. */
function placeOf(input: Shape, shape: Shape, producer: Tensor): Place | null {
  const size = sizeOf(input);
  const { channelAxis, withoutResidual } = producer.recipe!.op.stores!;
  // First, because the kernel may write over what is like its result, even where that is one number.
  if (size === sizeOf(shape)) {
    return withoutResidual?.(producer.shape) && isSoftware() ? null : "element";
  }
  if (size === 1) return "only";
  const channels = producer.shape.at(channelAxis)!;
  const perChannel = sizeOf(producer.shape.slice(producer.shape.length + channelAxis)) / channels;
  // The axes along which it has numbers are one after the other, and behind them lies one channel.
  const full = shape.map((_, axis) => input[axis - shape.length + input.length] ?? 1);
  const first = full.findIndex((length) => length > 1);
  const end = full.findLastIndex((length) => length > 1) + 1;
  const isWhole = sizeOf(shape.slice(first, end)) === size;
  return isWhole && size === channels && sizeOf(shape.slice(end)) === perChannel ? "channel" : null;
}

/** The producer's kernel with the formula in its `store`. */
function epilogueKernel(
  request: KernelRequest,
  { op, own, type, formula, sources, places }: {
    readonly op: Op<unknown>;
    /** How many of the inputs are the producer's. */
    readonly own: number;
    /** What the producer would have stored. */
    readonly type: TensorType;
    readonly formula: EpilogueFormula;
    /** For each parameter of the formula the other input it is, null for the producer's result. */
    readonly sources: readonly (number | null)[];
    readonly places: readonly Place[];
  },
): Kernel {
  const { attrs, overwrites } = request;
  const { parts } = op.kernel!({
    inputs: request.inputs.slice(0, own),
    output: type,
    attrs,
    overwrites: overwrites < own ? overwrites : -1,
  });
  const wide = parts.vectors?.includes("out") ?? false;
  const others = places.map((_, k) => `also_${k}`);
  const elements = [...places.keys()].filter((k) => places[k] === "element");
  const perChannel = [...places.keys()].filter((k) => places[k] !== "element");
  const number = (source: number | null, component: string) =>
    source === null
      ? `T(result${component})`
      : perChannel.includes(source)
      ? `own.v${source}`
      : `T(other_${source}${component})`;
  const value = (component: string) =>
    `formula_of(${sources.map((source) => number(source, component)).join(", ")})`;
  const members = perChannel.map((k) => `v${k}: T`);
  const loads = perChannel.map((k) => `T(${others[k]}[${places[k] === "channel" ? "c" : "0"}])`);
  return kernel({
    ...parts,
    name: `${parts.name}+${formula.name}`,
    request,
    inputs: [...parts.inputs, ...others],
    vectors: [...(parts.vectors ?? []), ...(wide ? elements.map((k) => others[k]) : [])],
    epilogue: [
      formula.functions(type.dtype),
      members.length > 0 ? `struct OfChannel { ${members.join(", ")} }` : "alias OfChannel = u32;",
      `fn of_channel(c: u32) -> OfChannel { return OfChannel(${loads.join(", ") || "c"}); }`,
      `fn store(at: u32, own: OfChannel, value: ${wide ? "vec4<T>" : "T"}) {`,
      `  let result = ${wide ? "vec4<Out>" : "Out"}(value);`,
      ...elements.map((k) =>
        `  let other_${k} = ${own + k === overwrites ? "out" : others[k]}[at];`
      ),
      wide
        ? `  out[at] = vec4<Out>(vec4<T>(${[".x", ".y", ".z", ".w"].map(value).join(", ")}));`
        : `  out[at] = Out(${value("")});`,
      "}",
    ].join("\n"),
  });
}
