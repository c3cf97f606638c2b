/**
 * `import-weights`: weights that others published, as a weight file of this library. See models/published_weights.ts,
 * models/published_higher_hrnet.ts and models/published_efficient_hrnet.ts.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import {
  COCO,
  CROWDPOSE,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  floatWeights,
  HigherHrNet,
  type HostArray,
  InputError,
  isEfficientHrNet,
  isHigherHrNet,
  openArrays,
  originOfWeights,
  PoseNet,
  presets,
  type SafetensorsArray,
  type Shape,
  type StoredArray,
  translateEfficientHrNet,
  translateHigherHrNet,
  translateWeights,
  type WeightOrigin,
  type WeightRecipe,
  writeSafetensors,
} from "../mod.ts";
import { NETWORK_KINDS } from "./networks.ts";
import type { Command, Values } from "./options.ts";
import { checkWritable } from "./output.ts";
import { say } from "./say.ts";
import {
  AUTHORS_DECODING,
  AUTHORS_SECOND_LOOK,
  checkSize,
  type Decoding,
  LARGEST_IMAGE,
  type LoadedNetwork,
  settingsOf,
} from "./weights.ts";

/** Whose names a file has. */
type Origin = WeightOrigin | "higherhrnet" | "efficienthrnet";

/** How each origin's program decodes; pose-ae-demo takes lower peaks (`util.py`). */
const DECODING: Readonly<Record<Origin, Decoding>> = {
  authors: AUTHORS_DECODING,
  mmpose: AUTHORS_DECODING,
  tensorflow: { ...AUTHORS_DECODING, threshold: 0.03 },
  higherhrnet: AUTHORS_DECODING, // `lib/config/default.py`
  efficienthrnet: AUTHORS_DECODING, // as HigherHRNet's
};

const ORIGINS = Object.keys(DECODING) as Origin[];

/** `import-weights`. */
export const importWeightsCommand: Command = {
  summary: "Turn published weights into a weight file.",
  operands: "FILE",
  options: {
    from: {
      type: "text",
      choices: ORIGINS,
      help: "whose names the tensors have",
      otherwise: "found out",
    },
    "image-size": {
      type: "whole",
      least: 1,
      most: LARGEST_IMAGE,
      help: "height and width of images in pixels",
      otherwise: "512; of HigherHRNet-W48 640, of EfficientHRNet as in its paper",
    },
    out: { type: "file", help: "file to write, .safetensors; must be given" },
  },
  notes: [
    "Reads what torch.save (either format), numpy.savez and safetensors wrote; nothing in a file " +
    "is run.",
    "authors: pose-ae-train's checkpoint.pth.tar. mmpose: mmpose 0.x's hourglass_ae, whose batch " +
    "norms are folded into the convolutions, or its higherhrnet. tensorflow: the variables of pose-ae-demo by name, as .npz " +
    "or .safetensors; those of its refinement network make a network for predict --refine.",
    "higherhrnet: HigherHRNet, W32 and W48, of COCO's or CrowdPose's keypoints, its authors' or " +
    "mmpose 0.x's; W32 trained with 640 pixels wants --image-size 640. efficienthrnet: " +
    "EfficientHRNet, H0 to H-4. All commands take both, train too.",
  ],
  examples: [
    ["the authors' network", "checkpoint.pth.tar --out weights.safetensors"],
    ["HigherHRNet", "pose_higher_hrnet_w32_512.pth --out w32.safetensors"],
  ],
  run,
};

/** The network that a file's tensors make. */
interface Network {
  /** How its variables are made of the file's tensors. */
  readonly recipes: ReadonlyMap<string, WeightRecipe>;
  /** With first values. */
  readonly loaded: LoadedNetwork;
  /** The network in a few words. */
  readonly summary: string;
}

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
  const [path] = values.operands;
  using file = await openArrays(path);
  checkForeign(path, file.metadata?.format);
  await checkWritable(out);
  const origin = values.oneOf("from", ORIGINS) ??
    originIn([...file.arrays.keys()], path);
  const shapes = new Map([...file.arrays].map(([name, { shape }]) => [name, shape]));
  const size = values.number("image-size");
  const { recipes, loaded, summary } = inFile(path, () => networkIn(origin, shapes, size));
  checkSize("--image-size", loaded.imageSize, loaded.model);
  const report = compareNames(recipes, shapes);
  say(linesOf(report, shapes).join("\n"));
  if (report.missing.length > 0) {
    throw new InputError(
      `${path}: tensors are missing, ${report.missing.length} of them; nothing is written`,
    );
  }
  const weights = await makeWeights(path, recipes, file.arrays);
  const importedFrom = `${origin}: ${path.split(/[\\/]/).at(-1)}`;
  await writeSafetensors(out, weights, { ...settingsOf(loaded), importedFrom });
  const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  say(
    `${out}: ${summary}, ` +
      `${Object.keys(weights).length} tensors, ${numbers.toLocaleString("en")} numbers`,
  );
}

/** A file that an import has written needs no other. */
function checkForeign(path: string, format: string | undefined): void {
  if (!NETWORK_KINDS.some((kind) => kind.format === format)) return;
  throw new InputError(
    `${path}: is a weight file of this library already\n  help: predict --weights ${path}`,
  );
}

/** The network that a file's tensors make. */
function networkIn(
  origin: Origin,
  shapes: ReadonlyMap<string, Shape>,
  size: number | undefined,
): Network {
  if (origin === "higherhrnet" || (origin === "mmpose" && isHigherHrNet(shapes.keys()))) {
    return higherHrNet(shapes, size);
  }
  if (origin === "efficienthrnet") return efficientHrNet(shapes, size);
  return poseNet(origin, shapes, size);
}

function poseNet(
  origin: WeightOrigin,
  shapes: ReadonlyMap<string, Shape>,
  imageSize = 512,
): Network {
  const { options, recipes } = translateWeights(origin, shapes);
  const model = new PoseNet(options);
  const preset = presetOf(model) ?? `imported from ${origin}`;
  const decoding = model.options.tagDimensions === 0 ? AUTHORS_SECOND_LOOK : DECODING[origin];
  const { stacks, channels } = model.options;
  return {
    recipes,
    loaded: { model, imageSize, preset, skeleton: COCO, decoding },
    summary: `${stacks} ${stacks === 1 ? "stack" : "stacks"} of ${channels} channels`,
  };
}

function higherHrNet(shapes: ReadonlyMap<string, Shape>, size: number | undefined): Network {
  const { name, options, imageSize, recipes } = translateHigherHrNet(shapes);
  return branches(`HigherHRNet-${name}`, recipes, {
    model: new HigherHrNet(options),
    imageSize: size ?? imageSize,
    skeleton: options.keypoints === CROWDPOSE.keypoints.length ? CROWDPOSE : COCO,
    decoding: DECODING.higherhrnet,
  });
}

function efficientHrNet(shapes: ReadonlyMap<string, Shape>, size: number | undefined): Network {
  const { name, options, recipes } = translateEfficientHrNet(shapes);
  return branches(`EfficientHRNet ${name}`, recipes, {
    model: new EfficientHrNet(options),
    imageSize: size ?? EFFICIENT_HRNETS[name].imageSize,
    skeleton: COCO,
    decoding: DECODING.efficienthrnet,
  });
}

/** A network of branches, which has no preset but a name. */
function branches(
  name: string,
  recipes: ReadonlyMap<string, WeightRecipe>,
  loaded: Omit<LoadedNetwork, "preset">,
): Network {
  return { recipes, loaded: { ...loaded, preset: name }, summary: name };
}

/** Whose names a file's tensors have. */
function originIn(names: readonly string[], path: string): Origin {
  const origin = isEfficientHrNet(names)
    ? "efficienthrnet"
    : isHigherHrNet(names)
    ? "higherhrnet"
    : originOfWeights(names);
  if (origin) return origin;
  throw new InputError(
    `${path}: its tensors have nobody's names known here; the first is ${names[0]}\n` +
      "  help: --help says whose weights can be imported",
  );
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
