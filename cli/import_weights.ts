/**
 * `import-weights`: weights that others published, as a weight file of this library. See models/published_weights.ts.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import {
  COCO,
  floatWeights,
  type HostArray,
  InputError,
  openArrays,
  originOfWeights,
  PoseNet,
  presets,
  type SafetensorsArray,
  type Shape,
  type StoredArray,
  translateWeights,
  type WeightOrigin,
  type WeightRecipe,
  writeSafetensors,
} from "../mod.ts";
import { unknownName } from "../core/errors.ts";
import type { Command, Values } from "./options.ts";
import { checkWritable } from "./output.ts";
import { AUTHORS_DECODING, type Decoding, FORMAT, settingsOf } from "./weights.ts";

/** How each origin's program decodes; pose-ae-demo takes lower peaks (`util.py`). */
const DECODING: Readonly<Record<WeightOrigin, Decoding>> = {
  authors: AUTHORS_DECODING,
  mmpose: AUTHORS_DECODING,
  tensorflow: { ...AUTHORS_DECODING, threshold: 0.03 },
};

/** `import-weights`. */
export const importWeightsCommand: Command = {
  summary: "Turn published weights (PyTorch, NumPy, safetensors) into a weight file.",
  operands: "FILE",
  options: {
    from: {
      type: "text",
      help: "whose names it has: authors, mmpose or tensorflow (default: found out)",
    },
    "image-size": { type: "whole", default: 512, least: 1, help: "height and width of images" },
    out: { type: "text", help: "file to write, .safetensors" },
  },
  notes:
    "Reads what torch.save (either format), numpy.savez and safetensors wrote; nothing in a file is run.\n" +
    "authors     pose-ae-train's checkpoint.pth.tar\n" +
    "mmpose      mmpose 0.x's hourglass_ae; batch norms are folded into the convolutions\n" +
    "tensorflow  the variables of pose-ae-demo by name, as .npz or .safetensors; those of its refinement network\n" +
    "            make a network for predict --refine",
  run,
};

/** What happened to the tensors of a file. */
interface Report {
  /** Variables and the tensors they are made of. */
  readonly used: readonly (readonly [name: string, recipe: WeightRecipe])[];
  /** Tensors that no variable is made of. */
  readonly unused: readonly string[];
  /** Tensors that a variable needs and the file does not have. */
  readonly missing: readonly (readonly [source: string, name: string])[];
}

async function run(values: Values): Promise<void> {
  const out = values.required("out");
  const [path, ...more] = values.operands;
  if (path === undefined || more.length > 0) {
    throw new InputError("name one file\n  help: import-weights FILE --out weights.safetensors");
  }
  using file = await openArrays(path);
  if (file.metadata?.format === FORMAT) {
    throw new InputError(
      `${path}: is a weight file of this library already\n  help: predict --weights ${path}`,
    );
  }
  await checkWritable(out);
  const origin = chooseOrigin(values.text("from"), [...file.arrays.keys()], path);
  const shapes = new Map([...file.arrays].map(([name, { shape }]) => [name, shape]));
  const { options, recipes } = inFile(path, () => translateWeights(origin, shapes));
  const model = new PoseNet(options);
  const imageSize = values.number("image-size")!;
  if (imageSize % model.sizeMultiple !== 0) {
    throw new InputError(`--image-size must be a multiple of ${model.sizeMultiple}`);
  }
  const report = compareNames(recipes, shapes);
  console.log(linesOf(report, shapes).join("\n"));
  if (report.missing.length > 0) {
    throw new InputError(
      `${path}: tensors are missing, ${report.missing.length} of them; nothing is written`,
    );
  }
  const weights = await makeWeights(path, recipes, file.arrays);
  const preset = presetOf(model) ?? `imported from ${origin}`;
  const { threshold, maxTagDistance } = DECODING[origin];
  const decoding = model.options.tagDimensions === 0
    ? { threshold }
    : { threshold, maxTagDistance };
  const loaded = { model, imageSize, preset, skeleton: COCO, decoding };
  const notes = { importedFrom: `${origin}: ${path.split(/[\\/]/).at(-1)}` };
  await writeSafetensors(out, weights, { ...settingsOf(loaded), ...notes });
  const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  const { stacks, channels } = model.options;
  console.log(
    `${out}: ${stacks} ${stacks === 1 ? "stack" : "stacks"} of ${channels} channels, ` +
      `${Object.keys(weights).length} tensors, ${numbers.toLocaleString("en")} numbers`,
  );
}

function chooseOrigin(
  given: string | undefined,
  names: readonly string[],
  path: string,
): WeightOrigin {
  const origins = Object.keys(DECODING) as WeightOrigin[];
  const chosen = given === undefined
    ? originOfWeights(names)
    : origins.find((origin) => origin === given);
  if (chosen) return chosen;
  if (given === undefined) {
    throw new InputError(
      `${path}: its tensors have nobody's names known here; the first is ${names[0]}\n` +
        "  help: --help says whose weights can be imported",
    );
  }
  throw unknownName("--from", given, origins);
}

function compareNames(
  recipes: ReadonlyMap<string, WeightRecipe>,
  shapes: ReadonlyMap<string, Shape>,
): Report {
  const used = [...recipes];
  const needed = new Set(used.flatMap(([, { sources }]) => sources));
  const missing = used.flatMap(([name, { sources }]) =>
    sources.filter((source) => !shapes.has(source)).map((source) => [source, name] as const)
  );
  return { used, unused: [...shapes.keys()].filter((name) => !needed.has(name)), missing };
}

/** One line for each tensor of the file or of the network. */
function linesOf({ used, unused, missing }: Report, shapes: ReadonlyMap<string, Shape>): string[] {
  const sizes = (shape: Shape | undefined) => `[${shape?.join(", ")}]`;
  const absent = new Set(missing.map(([, name]) => name));
  const made = used.filter(([name]) => !absent.has(name));
  const renamed = made.filter(([name, { sources }]) => sources.length > 1 || sources[0] !== name);
  return [
    ...made.map(([name, { sources, shape }]) =>
      `used     ${sources.join(" + ")} -> ${name} ${sizes(shape)}`
    ),
    ...unused.map((name) => `unused   ${name} ${sizes(shapes.get(name))}`),
    ...missing.map(([source, name]) => `missing  ${source}, for ${name}`),
    `${made.length} of ${used.length} tensors made, ${renamed.length} of them under another name; ` +
    `${unused.length} unused, ${missing.length} missing`,
  ];
}

async function makeWeights(
  path: string,
  recipes: ReadonlyMap<string, WeightRecipe>,
  arrays: ReadonlyMap<string, StoredArray>,
): Promise<Record<string, HostArray>> {
  const weights: Record<string, HostArray> = {};
  for (const [name, { shape, sources, make }] of recipes) {
    const values: HostArray[] = [];
    for (const source of sources) {
      values.push(finite(path, source, await arrays.get(source)!.read()));
    }
    const made = finite(path, name, make(values));
    if (String(made.shape) !== String(shape)) {
      throw new InputError(
        `${path}: ${sources.join(" + ")} gives ${name} the shape [${made.shape.join(", ")}], ` +
          `but the network needs [${shape.join(", ")}]`,
      );
    }
    weights[name] = made;
  }
  return weights;
}

/** As float32 numbers. */
function finite(path: string, name: string, array: SafetensorsArray): HostArray {
  return floatWeights({ arrays: { [name]: array }, metadata: {} }, path)[name];
}

/** The preset that has these settings. */
function presetOf({ options }: PoseNet): string | undefined {
  return Object.keys(presets).find((name) =>
    isDeepStrictEqual(new PoseNet(presets[name].options).options, options)
  );
}

/** What goes wrong is wrong with the file. */
function inFile<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
    throw error;
  }
}
