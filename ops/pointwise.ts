/**
 * Operations on each element alone, from their formulas. An operation is written as WGSL text, once for the
 * value and once for each gradient, and as JavaScript for its test:
 *
 *     pointwise({
 *       name: "sigmoid",
 *       inputs: ["x"],
 *       forward: "1.0 / (1.0 + exp(-x))",
 *       backward: { x: "g * y * (1.0 - y)" },
 *       js: (x) => 1 / (1 + Math.exp(-x)),
 *     })
 *
 * In a formula the inputs are variables of their names, `y` is the result, `g` the gradient of the loss with
 * respect to it, and `T` the number type (f32 for f16 tensors too). A gradient kernel reads only what its formula
 * mentions, so prefer `y` to `x` where either works: the forward operation can then write over `x`. A gradient that is
 * exactly `g` costs nothing.
 *
 * Inputs are broadcast as in NumPy. A number in place of a tensor is baked into the shader.
 *
 * A kernel computes a list of formulas, each from inputs or from earlier results: one formula for an operation alone,
 * more where core/fuse.ts joins a chain. Where it can, the list is computed where another kernel stores its results:
 * epilogue.ts.
 *
 * @module
 */
import { type DType, holds, isInteger } from "../core/dtype.ts";
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { floatLiteral, type Kernel, perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op, type Recipe } from "../core/op.ts";
import { broadcastShape, stridesOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { inEpilogue } from "./epilogue.ts";

/** An operation as formulas. */
export interface PointwiseDefinition {
  /** Name for errors and shaders. */
  readonly name: string;
  /** Names of the inputs, as the formulas use them. */
  readonly inputs: readonly string[];
  /** WGSL expression of the value. */
  readonly forward: string;
  /** WGSL expression of each input's gradient; an input without one has gradient zero. */
  readonly backward?: Readonly<Record<string, string>>;
  /** The value in JavaScript: the test's oracle. */
  readonly js: (...inputs: number[]) => number;
  /** True if the formula also holds for i32 and u32. */
  readonly integers?: boolean;
  /** Where each input may lie, for the test; default -3 to 3. */
  readonly domain?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** A defined operation. */
export interface PointwiseOp extends PointwiseDefinition {
  /** Describe the result for tensors, or numbers where they are fixed. */
  readonly call: (...inputs: readonly (Tensor | number)[]) => Tensor;
}

/** Every pointwise operation defined so far; the test walks it. */
export const pointwiseOps: PointwiseOp[] = [];

/** Numbers baked in place of inputs; null where the input is a tensor. */
interface Attrs {
  readonly constants: readonly (number | null)[];
}

/** What a kernel computes for each element. */
interface Program {
  /** The formulas in order; the last one's value is the result. */
  readonly steps: readonly Step[];
}

/** One formula. */
interface Step {
  /** The operation it comes from. */
  readonly name: string;
  readonly formula: Formula;
  readonly constants: readonly (number | null)[];
  /** For each tensor of the formula where its number comes from. */
  readonly from: readonly ({ readonly input: number } | { readonly step: number })[];
}

/** A formula and the names that its inputs have in it. */
interface Formula {
  readonly names: readonly string[];
  readonly expression: string;
}

/** A shader may bind few buffers, and a long one takes long to compile. */
const MOST_INPUTS = 6;
const MOST_STEPS = 512;

/**
 * Define an operation and list it in {@linkcode pointwiseOps}.
 *
 * @throws {RangeError} If `backward` has a formula for something that is no input.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, pointwise, tensor } from "ae";
 *
 * const cube = pointwise({
 *   name: "cube",
 *   inputs: ["x"],
 *   forward: "x * x * x",
 *   backward: { x: "3.0 * x * x * g" },
 *   js: (x) => x ** 3,
 * });
 * const x = tensor([1, 2]);
 * const y = cube.call(x);
 * assert.deepEqual(await y.array(), [1, 8]);
 * assert.deepEqual(await grad(y.sum(), [x])[0].array(), [3, 12]);
 * ```
 */
export function pointwise(definition: PointwiseDefinition): PointwiseOp {
  const { name, inputs, forward, backward = {} } = definition;
  const stranger = Object.keys(backward).find((word) => !inputs.includes(word));
  if (stranger !== undefined) {
    throw new RangeError(
      `pointwise: ${name} has a gradient for ${stranger}, but its inputs are ${inputs.join(", ")}`,
    );
  }
  const gradients = inputs.map((input) => gradientOf(name, inputs, input, backward[input]));
  const op = formulaOp(
    name,
    inputs,
    forward,
    definition.integers ?? false,
    ({ inputs: tensors, output, gradOutput, attrs }) => {
      const named = withConstants(tensors, attrs);
      return gradients
        .map((gradient) => gradient(named, output, gradOutput))
        .filter((_, i) => attrs.constants[i] === null);
    },
  );
  const defined: PointwiseOp = {
    ...definition,
    call: (...values) => applyMixed(op, inputs, values),
  };
  pointwiseOps.push(defined);
  return defined;
}

/**
 * An operation from a formula without gradient, for optimisers and gradients.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { formula, tensor } from "ae";
 *
 * const halfway = formula("halfway", ["a", "b"], "0.5 * (a + b)");
 * assert.deepEqual(await halfway(tensor([1, 2]), 4).array(), [2.5, 3]);
 * ```
 */
export function formula(
  name: string,
  inputs: readonly string[],
  expression: string,
): (...inputs: readonly (Tensor | number)[]) => Tensor {
  const op = formulaOp(name, inputs, expression, false);
  return (...values) => applyMixed(op, inputs, values);
}

type Gradient = (inputs: readonly (Tensor | number)[], y: Tensor, g: Tensor) => Tensor | null;

function gradientOf(
  name: string,
  inputs: readonly string[],
  input: string,
  expression: string | undefined,
): Gradient {
  if (expression === undefined) return () => null;
  if (expression === "g") return (_inputs, _y, g) => g;
  const mentioned = [...inputs, "y", "g"].filter((word) =>
    new RegExp(`\\b${word}\\b`).test(expression)
  );
  const gradient = formula(`${name}.grad.${input}`, mentioned, expression);
  return (values, y, g) =>
    gradient(
      ...mentioned.map((word) =>
        word === "y" ? y : word === "g" ? g : values[inputs.indexOf(word)]
      ),
    );
}

function formulaOp(
  name: string,
  names: readonly string[],
  expression: string,
  integers: boolean,
  grad?: Op<Attrs>["grad"],
): Op<Attrs> {
  const tensorNames = ({ constants }: Attrs) => names.filter((_, i) => constants[i] === null);
  const op: Op<Attrs> = {
    name,
    inPlace: true,
    shape(shapes, attrs) {
      const words = tensorNames(attrs);
      return broadcastShape(name, Object.fromEntries(shapes.map((s, i) => [words[i], s])));
    },
    dtype(dtypes, attrs) {
      const other = dtypes.findIndex((dtype) => dtype !== dtypes[0]);
      if (other > 0) {
        const words = tensorNames(attrs);
        throw new TypeError(
          `${name}: ${words[0]} holds ${dtypes[0]} but ${words[other]} holds ${dtypes[other]}` +
            "\n  help: cast() one of them",
        );
      }
      if (!integers && isInteger(dtypes[0])) {
        throw new TypeError(`${name}: works on f32 and f16, not ${dtypes[0]}\n  help: cast() it`);
      }
      return dtypes[0];
    },
    kernel: (request) =>
      programKernel(
        programOf({ op: op as Op<unknown>, inputs: [], attrs: request.attrs }),
        request,
      ),
    absorb,
    epilogue,
    ...(grad ? { grad } : {}),
  };
  formulas.set(op as Op<unknown>, { names, expression });
  return op;
}

/** The formula of each operation that has one. */
const formulas = new WeakMap<Op<unknown>, Formula>();

/** Several formulas in one kernel. */
const fusedOp: Op<Program> = {
  name: "fused",
  inPlace: true,
  shape: (shapes) => broadcastShape("fused", Object.fromEntries(shapes.entries())),
  kernel: (request) => programKernel(request.attrs, request),
  absorb,
  epilogue,
};

/** What an operation of this file computes. */
function programOf({ op, attrs }: Recipe): Program {
  if (op === fusedOp as Op<unknown>) return attrs as Program;
  const { constants } = attrs as Attrs;
  const from = constants.filter((constant) => constant === null).map((_, input) => ({ input }));
  return { steps: [{ name: op.name, formula: formulas.get(op)!, constants, from }] };
}

/** The programs of some inputs, then the operation's own: see `absorb` of Op. */
function absorb(recipe: Recipe, which: readonly boolean[]): Recipe | null {
  const inputs: Tensor[] = [];
  const inputOf = (x: Tensor) => {
    const known = inputs.indexOf(x);
    return { input: known >= 0 ? known : inputs.push(x) - 1 };
  };
  const steps: Step[] = [];
  /** Append a program whose inputs are taken from `from`; gives where its result is. */
  const append = (program: Program, from: readonly Step["from"][number][]) => {
    const first = steps.length;
    const isSame = first === 0 && from.every((it, i) => "input" in it && it.input === i);
    if (isSame) steps.push(...program.steps); // a long chain grows by its end: nothing of it is renumbered
    for (const step of isSame ? [] : program.steps) {
      steps.push({
        ...step,
        from: step.from.map((it) => "input" in it ? from[it.input] : { step: first + it.step }),
      });
    }
    return { step: steps.length - 1 };
  };
  const absorbed = new Map<Tensor, { readonly step: number }>();
  const sources = recipe.inputs.map((x, i) => {
    if (!which[i]) return inputOf(x);
    const result = absorbed.get(x) ??
      append(programOf(x.recipe!), x.recipe!.inputs.map(inputOf));
    absorbed.set(x, result);
    return result;
  });
  append(programOf(recipe), sources);
  if (inputs.length > MOST_INPUTS || steps.length > MOST_STEPS) return null;
  return { op: fusedOp as Op<unknown>, inputs, attrs: { steps } satisfies Program };
}

/** The operation's program in the kernel of another: see `epilogue` of Op. */
function epilogue(recipe: Recipe, which: readonly boolean[]): Recipe | null {
  const program = programOf(recipe);
  const shape = broadcastShape(
    recipe.op.name,
    Object.fromEntries(recipe.inputs.map((x, i) => [i, x.shape])),
  );
  return inEpilogue(recipe, which, shape, {
    name: fusedName(program),
    functions: (dtype) => programFunctions(program, computedIn(dtype), dtype === "f16"),
  });
}

/** @throws {TypeError} If a value is neither tensor nor number, or there are more or fewer than the formula names. */
function applyMixed(
  op: Op<Attrs>,
  names: readonly string[],
  values: readonly (Tensor | number)[],
): Tensor {
  if (values.length !== names.length) {
    throw new TypeError(
      `${op.name}: takes ${names.length} inputs (${names.join(", ")}), not ${values.length}`,
    );
  }
  const odd = values.findIndex((value) => typeof value !== "number" && !(value instanceof Tensor));
  if (odd >= 0) {
    throw new TypeError(
      `${op.name}: ${names[odd]} must be a tensor or a number, not ${typeof values[odd]}`,
    );
  }
  const tensors = values.filter((value): value is Tensor => typeof value !== "number");
  if (tensors.length === 0) {
    throw shapeError(
      op.name,
      "at least one input must be a tensor",
      {},
      "wrap a number in tensor()",
    );
  }
  const constants = values.map((value) => typeof value === "number" ? value : null);
  const result = apply(op, tensors, { constants });
  checkConstants(op.name, constants, computedIn(tensors[0].dtype));
  return result;
}

/** Numbers stand in the shader's text, which knows no infinity and no NaN. */
function checkConstants(
  op: string,
  constants: readonly (number | null)[],
  dtype: DType,
): void {
  for (const constant of constants) {
    if (constant === null) continue;
    if (!Number.isFinite(constant)) {
      throw new RangeError(
        `${op}: the number ${constant} cannot be baked into a shader\n  help: tensor(${constant})`,
      );
    }
    if (!holds(dtype, constant)) throw new RangeError(`${op}: ${constant} is no ${dtype}`);
  }
}

/** The inputs in the formula's order: tensors where they are tensors, numbers where they are baked. */
function withConstants(tensors: readonly Tensor[], { constants }: Attrs): (Tensor | number)[] {
  let next = 0;
  return constants.map((constant) => constant ?? tensors[next++]);
}

/**
 * The program as `fn formula_of`, called for four elements at a time where the layout allows. Buffers are padded, so a
 * flat kernel may compute up to three elements too many.
 */
function programKernel(program: Program, request: KernelRequest<unknown>): Kernel {
  const { output, inputs, overwrites } = request;
  const type = computedIn(output.dtype);
  const [{ name, formula }] = program.steps;
  const isSingle = program.steps.length === 1;
  const words = isSingle
    ? formula.names.filter((_, i) => program.steps[0].constants[i] === null)
    : inputs.map((_, i) => `v${i}`);
  const { sizes, strides } = collapse(output.shape, inputs.map(({ shape }) => shape));
  const inner = sizes.length - 1;
  const flat = sizes.length === 1;
  const wide = flat || sizes[inner] % 4 === 0;
  const width = wide ? 4 : 1;
  const isVector = strides.map((stride) => wide && stride[inner] === 1);
  const bound = words.map((word) => `in_${word}`);
  const loads = words.map((word, j) => {
    const source = j === overwrites ? "out" : bound[j];
    const index = indexExpression(sizes, strides[j], width, isVector[j]);
    return `  let ${word} = ${source}[${index}];`;
  });
  const call = (component: string) =>
    `Out(formula_of(${
      words.map((word, j) => `${type}(${isVector[j] ? `${word}.${component}` : word})`).join(", ")
    }))`;
  const store = wide
    ? `  out[i] = vec4<Out>(${["x", "y", "z", "w"].map(call).join(", ")});`
    : `  out[i] = ${call("")};`;
  return perElement(isSingle ? name : fusedName(program), request, {
    inputs: bound,
    vectors: [...bound.filter((_, j) => isVector[j]), ...(wide ? ["out"] : [])],
    declarations: `alias T = ${type};\n${
      isSingle
        ? formulaFunction("formula_of", program.steps[0], type)
        : programFunctions(program, type, output.dtype === "f16")
    }`,
    ...(flat ? { elementwise: bound.filter((_, j) => isVector[j]) } : {}),
    count: Math.ceil(sizeOf(output.shape) / width),
    body: [...loads, store].join("\n"),
  });
}

/** The type of a formula's numbers: sums of f16 are made in f32. */
function computedIn(dtype: DType): DType {
  return dtype === "f16" ? "f32" : dtype;
}

/** `relu`, `mul+add+relu`, or `mul+…+relu, 12 steps`. */
function fusedName({ steps }: Program): string {
  const names = steps.map(({ name }) => name);
  return names.length <= 4
    ? names.join("+")
    : `${names[0]}+…+${names[names.length - 1]}, ${names.length} steps`;
}

/** WGSL: a formula as a function of its tensors. */
function formulaFunction(
  called: string,
  { formula: { names, expression }, constants }: Step,
  type: string,
): string {
  const parameters = names.filter((_, i) => constants[i] === null).map((it) => `${it}: ${type}`);
  const baked = names.map((word, i) => [word, constants[i]] as const)
    .filter((pair): pair is [string, number] => pair[1] !== null)
    .map(([word, value]) => `  const ${word}: ${type} = ${literal(value, type)};\n`);
  return `fn ${called}(${parameters.join(", ")}) -> ${type} {\n${
    baked.join("")
  }  return ${expression};\n}`;
}

/** WGSL: a function for each different formula, and `formula_of` that calls one after the other. */
function programFunctions({ steps }: Program, type: string, isF16: boolean): string {
  const functions = new Map<string, string>(); // text of the body, name
  const lines = steps.map((step, i) => {
    const key = formulaFunction("", step, type);
    const called = functions.get(key) ?? `f${functions.size}`;
    functions.set(key, called);
    const values = step.from.map((it) => "input" in it ? `v${it.input}` : `t${it.step}`);
    const value = `${called}(${values.join(", ")})`;
    return `  let t${i} = ${isF16 ? `f32(f16(${value}))` : value};`;
  });
  const used = new Set(
    steps.flatMap(({ from }) => from.flatMap((it) => "input" in it ? [it.input] : [])),
  );
  const parameters = [...used].sort((a, b) => a - b).map((input) => `v${input}: ${type}`);
  return [
    ...[...functions].map(([key, called]) => key.replace("fn ", `fn ${called}`)),
    `fn formula_of(${parameters.join(", ")}) -> ${type} {`,
    ...lines,
    `  return t${steps.length - 1};`,
    "}",
  ].join("\n");
}

/** A number as WGSL writes it. */
function literal(value: number, type: string): string {
  return type === "i32" || type === "u32" ? `${type}(${value})` : floatLiteral(value); // or T in another kernel's store
}

/**
 * Merge axes that lie next to each other in every input alike, so that kernels of one size share their text:
 * `[8, 64, 64, 64]` without broadcasting is `[2097152]`. Strides are 0 along repeated axes.
 */
function collapse(
  shape: Shape,
  inputs: readonly Shape[],
): { sizes: number[]; strides: number[][] } {
  const full = inputs.map((input) => {
    const own = stridesOf(input);
    const missing = shape.length - input.length;
    return shape.map((_, axis) =>
      axis < missing || input[axis - missing] === 1 ? 0 : own[axis - missing]
    );
  });
  const sizes: number[] = [];
  const strides: number[][] = inputs.map(() => []);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const joins = sizes.length > 0 &&
      full.every((stride, j) => stride[axis] === strides[j][0] * sizes[0]);
    if (joins) {
      sizes[0] *= shape[axis];
    } else {
      sizes.unshift(shape[axis]);
      strides.forEach((stride, j) => stride.unshift(full[j][axis]));
    }
  }
  if (sizes.length === 0) return { sizes: [1], strides: inputs.map(() => [1]) };
  return { sizes, strides };
}

/** Where element (or group of four) `i` of the output lies in an input. */
function indexExpression(
  sizes: readonly number[],
  strides: readonly number[],
  width: number,
  isVector: boolean,
): string {
  const inner = sizes.length - 1;
  const terms: string[] = [];
  let below = 1; // elements of the output, in units of i, that one step along the axis skips
  for (let axis = inner; axis >= 0; axis--) {
    const length = axis === inner && sizes.length > 1 ? sizes[axis] / width : sizes[axis];
    const stride = isVector ? (axis === inner ? 1 : strides[axis] / 4) : strides[axis];
    if (stride !== 0) {
      const quotient = below === 1 ? "i" : `(i / ${below}u)`;
      const coordinate = axis === 0 ? quotient : `(${quotient} % ${length}u)`;
      terms.push(stride === 1 ? coordinate : `${coordinate} * ${stride}u`);
    }
    below *= length;
  }
  return terms.reverse().join(" + ") || "0u";
}
