/**
 * Shaders: a header of bindings and constants, a workgroup size, a body. The first line says what a reader is
 * looking at:
 *
 *     // relu [8, 64, 32, 32] -> [8, 64, 32, 32]
 *     const COUNT = 524288u;
 *     @group(0) @binding(0) var<storage, read> x: array<f32>;
 *     @group(0) @binding(1) var<storage, read_write> out: array<f32>;
 *     …
 *
 * Whole numbers that a kernel needs are of two kinds. A constant stands in the text, where the compiler folds and
 * unrolls with it, and every value is a shader of its own. A size is read from a small buffer when the kernel runs,
 * so that one shader serves all shapes: compiling one takes up to a second, and a network has dozens of shapes. Sizes
 * come from a storage buffer, never from a uniform: the software adapter compiles a shader anew for every value of a
 * uniform that bounds a loop.
 *
 * @module
 */
import type { DType } from "./dtype.ts";
import { openedGpu } from "./device.ts";
import { sizeOf } from "./host_array.ts";
import type { KernelRequest } from "./op.ts";
import { bytesOf, fitsTexture, TEXEL_FUNCTION } from "./texels.ts";

/** What can be bound: buffers that are read or also written, and textures. */
export type BindingKind = "read" | "read_write" | "texture";

/** What can be compiled. */
export interface Shader {
  /** What it computes. */
  readonly title: string;
  /** WGSL with an entry point `main`. */
  readonly code: string;
  /** What it binds, in order: what it reads, its sizes if it has any, what it writes. */
  readonly bindings: readonly BindingKind[];
}

/** A shader and how many workgroups run it; its title is the operation and its shapes. */
export interface Kernel extends Shader {
  /** Workgroups along x, y, z; each at most 65,535. */
  readonly workgroups: readonly [number, number, number];
  /** What the shader reads as its sizes; empty if it reads none. */
  readonly sizes: readonly number[];
  /** What it reads as textures: the binding's number and how many bytes. */
  readonly textures: readonly { readonly binding: number; readonly bytes: number }[];
  /** What it was put together from. */
  readonly parts: KernelParts;
}

/** The parts from which {@linkcode kernel} puts a shader together. */
export interface KernelParts {
  /** Operation name for the title. */
  readonly name: string;
  /** Types of inputs and output, and which input the output overwrites. */
  readonly request: KernelRequest;
  /** WGSL names of the inputs, in order; an overwritten one is read from `out` instead. */
  readonly inputs: readonly string[];
  /** Inputs (and "out") that are bound as `array<vec4<…>>` instead of single numbers. */
  readonly vectors?: readonly string[];
  /** Inputs that are read as textures, `texel(x, i)` for the four numbers from 4 i: f32, whole texels (texels.ts). */
  readonly texels?: readonly string[];
  /** Whole numbers known when the shader is made, upper case: `{ COUNT: 7 }` gives `const COUNT = 7u;`. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Whole numbers read when the kernel runs: `{ ROWS: 7 }` gives `let ROWS = sizes[0];` at the start of `main`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Functions and workgroup variables outside `main`. */
  readonly declarations?: string;
  /**
   * Present where an invocation writes one place of the output, its own: the inputs of which it reads that very place.
   * The others are single numbers. Kernels of the same places can run in one dispatch (batch.ts).
   */
  readonly elementwise?: readonly string[];
  /** Invocations of a workgroup along x, y, z. */
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups along x, y, z. */
  readonly workgroups: readonly [number, number, number];
  /**
   * The body of `main`, which knows `workgroup` (vec3u), `local` (vec3u), `global` (vec3u), `lane` (u32, the
   * invocation's number in its workgroup), every input by name, and `out`; `Out` is the output's number type.
   */
  readonly body: string;
  /** The most loop iterations that one invocation runs, all loops added up; 0 without loops. */
  readonly iterations: number;
  /**
   * True if the body writes every result through `store(at, own, value)` and never to `out` itself, so that an
   * epilogue can be put in its way (`stores` of Op): `at` is the index in `out`; `own` is `of_channel(c)`, what the
   * epilogue knows of the channel, loaded once for as many results as possible; `value` is a `T`, or a vec4 of them
   * where `out` is bound as vectors. `T` is the output's number type, but f32 for f16.
   */
  readonly stores?: boolean;
  /** WGSL of `OfChannel`, `of_channel` and `store`. @default {the value as it is} */
  readonly epilogue?: string;
}

/**
 * llvmpipe, the software adapter, silently ends every loop of an invocation after 65,535 iterations in all
 * (Mesa, `LP_MAX_TGSI_LOOP_ITERATIONS`), so no kernel may come near.
 */
export const MAX_ITERATIONS = 60_000;
/** WebGPU's limit of workgroups along one axis. */
const MAX_WORKGROUPS = 65_535;

/**
 * Put a shader together: what an operation's `kernel` returns.
 *
 * @param parts Bindings, constants, workgroups and the body of `main`.
 * @returns The shader, its first line saying what it computes.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { apply, kernel, type Op, tensor } from "ae";
 *
 * // One workgroup of 64 invocations writes the numbers backwards; it must hold them all.
 * const reverse: Op<null> = {
 *   name: "reverse",
 *   shape: ([x]) => x,
 *   kernel: (request) =>
 *     kernel({
 *       name: "reverse",
 *       request,
 *       inputs: ["x"],
 *       constants: { COUNT: request.output.shape[0] },
 *       workgroupSize: [64, 1, 1],
 *       workgroups: [1, 1, 1],
 *       body: "  if (lane < COUNT) { out[lane] = x[COUNT - 1u - lane]; }",
 *       iterations: 0,
 *     }),
 * };
 * assert.deepEqual(await apply(reverse, [tensor([1, 2, 3])], null).array(), [3, 2, 1]);
 * ```
 *
 * @throws {RangeError} If an invocation could reach the loop limit, the grid is too large, there is an epilogue but no
 * `store`, or a texture that an input does not fit: defects of the operation that asked.
 */
export function kernel(parts: KernelParts): Kernel {
  const { name, request, inputs, workgroups, iterations } = parts;
  if (iterations > MAX_ITERATIONS) {
    throw new RangeError(
      `internal: ${name} would loop ${iterations} times in one invocation; ` +
        `split it below ${MAX_ITERATIONS}, the software adapter stops silently at 65,535`,
    );
  }
  if (parts.epilogue && !parts.stores) {
    throw new RangeError(`internal: ${name} was given an epilogue but does not store()`);
  }
  if (workgroups.some((count) => count > MAX_WORKGROUPS)) {
    throw new RangeError(
      `internal: ${name} asks for [${workgroups}] workgroups; fold them with grid()`,
    );
  }
  for (const input of parts.texels ?? []) {
    const type = request.inputs[inputs.indexOf(input)];
    if (!type || !fitsTexture(type)) {
      throw new RangeError(
        `internal: ${name} would read ${input} as a texture, which does not fit one; ask fitsTexture()`,
      );
    }
  }
  const shapes = request.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
  const title = `${name} ${shapes} -> [${request.output.shape.join(", ")}]`;
  // Nothing to compute: and no text either, for WGSL refuses `i % 0u` in code that never runs.
  const empty = sizeOf(request.output.shape) === 0;
  const types = [...request.inputs, request.output].map(({ dtype }) => dtype);
  const names = inputs.filter((_, i) => i !== request.overwrites);
  const isTexture = (input: string) => parts.texels?.includes(input) ?? false;
  const reads = names.map((input): Binding =>
    isTexture(input)
      ? { name: input, type: "texture_2d<f32>", kind: "texture" }
      : { name: input, type: arrayType(parts, input), kind: "read" }
  );
  const sizes = Object.entries(parts.sizes ?? {});
  const declarations = [
    ...(parts.texels?.length ? [TEXEL_FUNCTION] : []),
    ...(parts.declarations ? [parts.declarations] : []),
    ...(parts.stores ? [storeFunctions(parts)] : []),
  ];
  const shader = makeShader({
    title: sizes.length > 0 ? name : title, // the text is the same for all sizes
    f16: types.includes("f16"),
    out: request.output.dtype,
    bindings: [
      ...reads,
      ...sizesBinding(sizes.length),
      { name: "out", type: arrayType(parts, "out"), kind: "read_write" },
    ],
    declarations: [
      ...constantLines(parts.constants ?? {}),
      ...(empty ? [] : declarations),
    ],
    workgroupSize: parts.workgroupSize,
    main: empty ? [] : [...sizes.map(([key], i) => `  let ${key} = sizes[${i}];`), parts.body],
  });
  const textures = names.flatMap((input, binding) =>
    isTexture(input) ? [{ binding, bytes: bytesOf(request.inputs[inputs.indexOf(input)]) }] : []
  );
  return { ...shader, title, workgroups, sizes: sizes.map(([, value]) => value), textures, parts };
}

/** WGSL: the one place where a kernel with `stores` writes its results. */
function storeFunctions({ request: { output }, vectors, epilogue }: KernelParts): string {
  const [value, out] = vectors?.includes("out") ? ["vec4<T>", "vec4<Out>"] : ["T", "Out"];
  const asItIs = `alias OfChannel = u32;
fn of_channel(c: u32) -> OfChannel { return c; }
fn store(at: u32, own: OfChannel, value: ${value}) { out[at] = ${out}(value); }`;
  return `alias T = ${output.dtype === "f16" ? "f32" : output.dtype};\n${epilogue ?? asItIs}`;
}

/** 0, 1, 2, …: for shaders whose loops are written out in TypeScript. */
export function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** WGSL: `const KEY = value;` for each. */
export function constantLines(constants: Readonly<Record<string, number>>): string[] {
  return Object.entries(constants).map(([key, value]) =>
    `const ${key} = ${value}${Number.isInteger(value) && value >= 0 ? "u" : ""};`
  );
}

/** WGSL of a finite number that is one in f32, too. */
export function floatLiteral(value: number): string {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** One thing that a shader binds. */
export interface Binding {
  /** Its name in the shader. */
  readonly name: string;
  /** Its WGSL type. */
  readonly type: string;
  readonly kind: BindingKind;
}

/** WGSL type of one of a kernel's buffers, by its name. */
export function arrayType({ inputs, request, vectors }: KernelParts, buffer: string): string {
  const { dtype } = buffer === "out" ? request.output : request.inputs[inputs.indexOf(buffer)];
  return vectors?.includes(buffer) ? `array<vec4<${dtype}>>` : `array<${dtype}>`;
}

/** The binding of so many sizes; stands after what is read, and is none for 0. */
export function sizesBinding(count: number): Binding[] {
  return count > 0 ? [{ name: "sizes", type: `array<u32, ${count}>`, kind: "read" }] : [];
}

/** WGSL: what number `i` of the bindings is. */
function bindingLine({ name, type, kind }: Binding, i: number): string {
  const space = kind === "texture" ? "" : `<storage, ${kind}>`;
  return `@group(0) @binding(${i}) var${space} ${name}: ${type};`;
}

/** A whole shader: its first line says what it computes, `main` knows what {@linkcode KernelParts.body} says. */
export function makeShader(parts: {
  readonly title: string;
  readonly f16: boolean;
  readonly out: DType;
  readonly bindings: readonly Binding[];
  readonly declarations: readonly string[];
  readonly workgroupSize: readonly [number, number, number];
  readonly main: readonly string[];
}): Shader {
  const lines = [
    `// ${parts.title}`,
    ...(parts.f16 ? ["enable f16;"] : []),
    `alias Out = ${parts.out};`,
    ...parts.bindings.map(bindingLine),
    ...parts.declarations,
    `@compute @workgroup_size(${parts.workgroupSize.join(", ")})`,
    "fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u,",
    "        @builtin(global_invocation_id) global: vec3u, @builtin(local_invocation_index) lane: u32) {",
    ...parts.main,
    "}",
    "",
  ];
  return {
    title: parts.title,
    code: lines.join("\n"),
    bindings: parts.bindings.map(({ kind }) => kind),
  };
}

/** Invocations of a workgroup where nothing asks for another number. */
export const WORKGROUP = 256;

/**
 * A grid of at least `count` invocations in workgroups of `size`, folded into rows where x alone would pass
 * 65,535 workgroups. `row` is how many invocations one row of the grid has.
 */
export function grid(
  count: number,
  size: number = WORKGROUP,
): { workgroups: readonly [number, number, number]; row: number } {
  const needed = Math.max(1, Math.ceil(count / size));
  const rows = Math.ceil(needed / MAX_WORKGROUPS);
  const x = Math.ceil(needed / rows);
  return { workgroups: [x, rows, 1], row: x * size };
}

/**
 * The commonest layout: one invocation per element of the output (or per `count`), numbered `i`.
 *
 * @param name The operation's name.
 * @param request What the operation was asked for.
 * @param parts As of {@linkcode kernel}; `body` is WGSL that sets `out[i]`, or stores it.
 * @throws {RangeError} As {@linkcode kernel}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { apply, type Op, perElement, tensor } from "ae";
 *
 * const half: Op<null> = {
 *   name: "half",
 *   shape: ([x]) => x,
 *   kernel: (request) =>
 *     perElement("half", request, { inputs: ["x"], body: "  out[i] = x[i] / 2.0;" }),
 * };
 * assert.deepEqual(await apply(half, [tensor([2, 3])], null).array(), [1, 1.5]);
 * ```
 */
export function perElement(
  name: string,
  request: KernelRequest,
  parts: {
    readonly inputs: readonly string[];
    readonly body: string;
    readonly constants?: Readonly<Record<string, number>>;
    readonly sizes?: Readonly<Record<string, number>>;
    readonly vectors?: readonly string[];
    readonly declarations?: string;
    readonly count?: number;
    readonly iterations?: number;
    readonly stores?: boolean;
    readonly elementwise?: readonly string[];
  },
): Kernel {
  const count = parts.count ?? sizeOf(request.output.shape);
  const { workgroups, row } = grid(count);
  return kernel({
    name,
    request,
    inputs: parts.inputs,
    ...(parts.vectors ? { vectors: parts.vectors } : {}),
    constants: parts.constants ?? {},
    sizes: { COUNT: count, ROW: row, ...parts.sizes },
    ...(parts.declarations ? { declarations: parts.declarations } : {}),
    workgroupSize: [WORKGROUP, 1, 1],
    workgroups,
    iterations: parts.iterations ?? 0,
    ...(parts.stores ? { stores: true } : {}),
    ...(parts.elementwise ? { elementwise: parts.elementwise } : {}),
    body: `  let i = global.y * ROW + global.x;\n  if (i >= COUNT) { return; }\n${parts.body}`,
  });
}

/** True where the open adapter can compute with f16; false before the device is open. */
export function hasF16(): boolean {
  return openedGpu()?.f16 ?? false;
}

/** True where the open adapter computes on the processor (and before the device is open). */
export function isSoftware(): boolean {
  return openedGpu()?.software ?? true;
}

/** Invocations that a workgroup of the open device can have. */
export function mostLanes(): number {
  return openedGpu()?.device.limits.maxComputeInvocationsPerWorkgroup ?? WORKGROUP;
}

/** Buffers that a shader of the open device can bind; what WebGPU guarantees before it is open. */
export function mostBuffers(): number {
  return openedGpu()?.device.limits.maxStorageBuffersPerShaderStage ?? 8;
}

/** Bytes of memory that a workgroup of the open device can share; what WebGPU guarantees before it is open. */
export function mostSharedBytes(): number {
  return openedGpu()?.device.limits.maxComputeWorkgroupStorageSize ?? 16_384;
}
