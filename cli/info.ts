/**
 * `info`: what a weight file holds, and what its network costs. Only the file's header is read, and steps are planned,
 * not run: the authors' network can be asked about on a machine that could not train it.
 *
 * @module
 */
import {
  type AdapterInfo,
  adapterInfo,
  InputError,
  openSafetensors,
  parameters,
  planOf,
  type Shape,
  sizeOf,
  type TagNetwork,
  type Tensor,
  variables,
  zeros,
} from "../mod.ts";
import { ancestors } from "../core/graph.ts";
import { kindOf } from "./networks.ts";
import type { Command, Values } from "./options.ts";
import { recipeOf } from "./recipe.ts";
import { say } from "./say.ts";
import { PHOTOGRAPH_SLOTS } from "./sources.ts";
import { trainingStep } from "./training.ts";
import { TrainingState } from "./training_state.ts";
import { checkSize, type Decoding, DECODING_NAMES, describedModel, PRESET } from "./weights.ts";

/** `info`. */
export const infoCommand: Command = {
  summary: "What a weight file holds, and what its network costs.",
  operands: "FILE",
  options: {
    preset: { ...PRESET, otherwise: "what the weight file says" },
    size: {
      type: "whole",
      least: 1,
      help: "height and width of images in pixels",
      otherwise: "the weight file's",
    },
    batch: { type: "whole", least: 1, default: 1, help: "images at a time" },
    json: { type: "flag", help: "print JSON" },
  },
  notes: [
    "Multiply-adds are those of the convolutions of a forward pass; a training step has about " +
    "three times as many. Memory is that of parameters, images and what is computed, as planned " +
    "for this machine's adapter; of training that of the command train.",
  ],
  examples: [
    ["the network that comes with the library", "weights/demo.safetensors"],
    ["what a batch of 32 would cost", "weights/demo.safetensors --batch 32"],
  ],
  run,
};

/** Bytes on the device while a step runs. */
export interface StepMemory {
  /** Parameters and batch statistics. */
  readonly parameterBytes: number;
  /** Adam's two moments; 0 for a forward pass. */
  readonly momentBytes: number;
  /** Images and targets. */
  readonly inputBytes: number;
  /** Maps, gradients and whatever else is computed, sharing buffers. */
  readonly resultBytes: number;
  /** All of these. */
  readonly totalBytes: number;
  /** Kernels that run. */
  readonly kernels: number;
}

/** What `info --json` prints. */
export interface WeightFileInfo {
  readonly file: string;
  /** Which network it is: PoseNet, HigherHRNet, EfficientHRNet. */
  readonly network: string;
  readonly preset: string;
  /** What the network is made with. */
  readonly options: TagNetwork["options"];
  /** What the file says of it. */
  readonly decoding: Partial<Decoding>;
  /** Whose rules turn its maps into people, where nobody names others. */
  readonly decoder: string;
  /** Name of the skeleton whose keypoints it finds, unless it finds instances. */
  readonly skeleton: string;
  /** What its instances are called, if it finds instances. */
  readonly classes?: readonly string[];
  /** What else the file says, such as how the network was trained: free texts. */
  readonly notes: Readonly<Record<string, string>>;
  readonly tensors: number;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** Types of the stored numbers. */
  readonly dtypes: readonly string[];
  readonly imageSize: number;
  readonly batch: number;
  /** Of the convolutions of a forward pass of the whole batch. */
  readonly multiplyAdds: number;
  readonly forward: StepMemory;
  /** Of the command `train`. */
  readonly training: StepMemory;
  readonly adapter: AdapterInfo;
}

async function run(values: Values): Promise<void> {
  const [path] = values.operands;
  const info = await infoOf(path, values);
  if (values.flag("json")) console.log(JSON.stringify(info, null, 2));
  else say(linesOf(info).join("\n"));
}

async function infoOf(path: string, values: Values): Promise<WeightFileInfo> {
  using file = await openSafetensors(path);
  const loaded = describedModel(path, file.metadata, values.text("preset"));
  const { model, preset, decoding, imageSize, skeleton, classes } = loaded;
  checkShapes(path, model, file.arrays);
  const size = values.number("size") ?? imageSize;
  checkSize("--size", size, model);
  const batch = values.number("batch")!;
  const images = [batch, 3, size, size];
  const { title, decoder } = kindOf(model);
  return {
    file: path,
    network: title,
    preset,
    options: model.options,
    decoding,
    decoder,
    skeleton: skeleton.name,
    ...(classes ? { classes } : {}),
    notes: notesOf(file.metadata),
    tensors: file.arrays.size,
    parameters: numbersOf(parameters(model)),
    dtypes: [...new Set([...file.arrays.values()].map(({ dtype }) => dtype))],
    imageSize: size,
    batch,
    multiplyAdds: multiplyAdds(model, images),
    forward: await forwardMemory(model, images),
    training: await trainingMemory(model, images),
    adapter: await adapterInfo(),
  };
}

/** Metadata that the report's other lines are made of. */
const SETTINGS: ReadonlySet<string> = new Set([
  "preset",
  "imageSize",
  ...DECODING_NAMES,
  "options",
  "skeleton",
  "classes",
]);

/** All other metadata. */
function notesOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !SETTINGS.has(name)));
}

/** The names and shapes that the network needs, no more and no fewer. */
function checkShapes(
  path: string,
  model: TagNetwork,
  arrays: ReadonlyMap<string, { readonly shape: Shape }>,
): void {
  const wanted = variables(model);
  for (const name of new Set([...wanted.keys(), ...arrays.keys()])) {
    const [needs, has] = [wanted.get(name), arrays.get(name)].map((it) => it && `[${it.shape}]`);
    if (needs !== has) {
      throw new InputError(
        `${path}: tensor ${name} has shape ${has ?? "none"}, the network needs ${needs ?? "none"}`,
      );
    }
  }
}

/** The operations that convolve; a transposed convolution is the gradient of one in its input. */
const CONVOLUTIONS = /^conv2d(\.depthwise|\.grad\.input)?$/;

/**
 * Σ over convolutions of N · H · W · numbers of the kernel, as the network is described. Pixels are those that come out,
 * of a transposed convolution those that go in: each meets the whole kernel.
 */
export function multiplyAdds(model: TagNetwork, images: Shape): number {
  const { heatmaps, tags } = model.mapsOf(zeros(images));
  let sum = 0;
  for (const { recipe, shape } of ancestors([heatmaps, tags]).computed) {
    if (!recipe || !CONVOLUTIONS.test(recipe.op.name)) continue;
    const [x, kernel] = recipe.inputs;
    const [N, , H, W] = recipe.op.name.endsWith(".grad.input") ? x.shape : shape;
    sum += N * H * W * kernel.size;
  }
  return sum;
}

function forwardMemory(model: TagNetwork, images: Shape): Promise<StepMemory> {
  const describe = (inputs: { images: Tensor }) => ({ ...model.mapsOf(inputs.images) });
  return memoryOf(model, [], describe, { images: { shape: images, dtype: "f32" } });
}

function trainingMemory(model: TagNetwork, images: Shape): Promise<StepMemory> {
  const state = new TrainingState(model, { averaged: false, accumulated: false });
  const describe = trainingStep(state, { recipe: recipeOf("authors"), accumulate: 1 });
  const [N, , H, W] = images;
  const K = model.options.keypoints;
  const f32 = (shape: Shape) => ({ shape, dtype: "f32" }) as const;
  const mapsOf = (stride: number) => ({
    heatmaps: f32([N, K, H / stride, W / stride]),
    mask: f32([N, 1, H / stride, W / stride]),
  });
  const { stride, fineStride } = model.targetStrides;
  const fine = fineStride === undefined ? undefined : mapsOf(fineStride);
  const moments = [state.adam.firstMoment, state.adam.secondMoment].flatMap((it) =>
    Object.values(it)
  );
  return memoryOf(model, moments, describe, {
    images: f32(images),
    ...mapsOf(stride),
    ...(fine ? { fineHeatmaps: fine.heatmaps, fineMask: fine.mask } : {}),
    index: { shape: [N, PHOTOGRAPH_SLOTS, K], dtype: "i32" },
    visible: f32([N, PHOTOGRAPH_SLOTS, K]),
    learningRate: f32([]),
    pullWeight: f32([]),
    keep: f32([]),
  });
}

async function memoryOf<T extends object>(
  model: TagNetwork,
  moments: readonly Tensor[],
  describe: (inputs: T) => unknown,
  inputs: Parameters<typeof planOf<T>>[1],
): Promise<StepMemory> {
  const { slotBytes, kernels } = await planOf(describe, inputs);
  const shapes = Object.values(inputs as Record<string, { readonly shape: Shape }>);
  const parts = {
    parameterBytes: 4 * numbersOf(variables(model)),
    momentBytes: 4 * moments.reduce((sum, { size }) => sum + size, 0),
    inputBytes: 4 * shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    resultBytes: slotBytes,
  };
  const totalBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  return { ...parts, totalBytes, kernels };
}

function numbersOf(tensors: ReadonlyMap<string, Tensor>): number {
  return [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
}

function linesOf(info: WeightFileInfo): string[] {
  const { options, adapter, imageSize, batch } = info;
  const changed = Object.entries(options).map(([name, value]) => `${name} ${value}`).join(", ");
  const memory = (name: string, it: StepMemory) =>
    `${name}  ${mebibytes(it.totalBytes)}: parameters ${mebibytes(it.parameterBytes)}, ` +
    (it.momentBytes > 0 ? `Adam's moments ${mebibytes(it.momentBytes)}, ` : "") +
    `images and targets ${mebibytes(it.inputBytes)}, results ${mebibytes(it.resultBytes)}; ` +
    `${it.kernels} kernels`;
  return [
    `file           ${info.file}`,
    `network        ${info.preset}: ${changed}`,
    `parameters     ${info.parameters.toLocaleString("en")} in ${info.tensors} tensors of ${
      info.dtypes.join(", ")
    }`,
    info.classes
      ? `instances      ${info.classes.map(oneLine).join(", ")}`
      : `keypoints      ${options.keypoints} of ${oneLine(info.skeleton)}`,
    `decoding       ${
      decodingLine(info, { hasTags: options.tagDimensions > 0, ofInstances: !!info.classes })
    }`,
    `images         ${batch} of ${imageSize} x ${imageSize} pixels`,
    `multiply-adds  ${(info.multiplyAdds / 1e9).toPrecision(4)} G, forward`,
    memory("forward pass ", info.forward),
    memory("training step", info.training),
    `adapter        ${adapter.name}; f16 ${adapter.f16 ? "yes" : "no"}, timestamps ${
      adapter.timestamps ? "yes" : "no"
    }, largest tensor ${mebibytes(adapter.largestTensorBytes)}`,
    ...Object.entries(info.notes).map(([name, text]) =>
      `${oneLine(name).padEnd(13)}  ${oneLine(text)}`
    ),
  ];
}

/** A text from a file, which must not write to the terminal as it likes. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ").trim();
}

function decodingLine(
  { decoding: { threshold, scalesThreshold, maxTagDistance }, decoder }: Pick<
    WeightFileInfo,
    "decoding" | "decoder"
  >,
  { hasTags, ofInstances }: { readonly hasTags: boolean; readonly ofInstances: boolean },
): string {
  const [what, near] = ofInstances
    ? ["pixels", "modes no nearer"]
    : [hasTags ? "peaks" : "second looks", "tags nearer"];
  return [
    ...(threshold === undefined ? [] : [`${what} above ${threshold}`]),
    ...(scalesThreshold === undefined ? [] : [`at several scales above ${scalesThreshold}`]),
    ...(maxTagDistance === undefined || !hasTags ? [] : [`${near} than ${maxTagDistance}`]),
    ...(decoder === "default" ? [] : [`else by --decoder ${decoder}`]),
  ].join(", ") || "as the decoder says";
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
