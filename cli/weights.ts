/**
 * Weight files: a model's variables as safetensors, with the settings that make the model in the file's metadata.
 *
 * @module
 */
import { dirname } from "node:path";
import {
  cachePath,
  COCO,
  type DecoderName,
  type EfficientHrNetOptions,
  floatWeights,
  type HigherHrNetOptions,
  type HostArray,
  InputError,
  loadState,
  parameters,
  type PoseNetOptions,
  readSafetensors,
  type SafetensorsArray,
  type Skeleton,
  skeletonFromRecord,
  skeletonRecord,
  stateOf,
  type TagNetwork,
  writeFileAtomic,
  writeSafetensors,
} from "../mod.ts";
import { LIBRARY_VERSION } from "../io/choices_file.ts";
import {
  kindNamed,
  kindOf,
  makeNetwork,
  type NetworkKind,
  PRESET_NAMES,
  presetNamed,
} from "./networks.ts";
import { type Option, type Options, under, type Values } from "./options.ts";

/** How a network's maps become people or instances: a matter of how it was trained. */
export interface Decoding {
  /**
   * Least height of a peak; of instances, least detection of a pixel; of one person at a time, least score of a keypoint
   * of a second look that replaces the first one's.
   */
  readonly threshold: number;
  /**
   * Least height of a peak of heatmaps that were averaged over several scales, which are lower; `threshold` without. Of
   * networks that find people.
   */
  readonly scalesThreshold?: number;
  /** A keypoint joins a person only if their tags are nearer than this; of instances, no two modes are nearer. */
  readonly maxTagDistance: number;
}

/** A network of any kind, see networks.ts, and what it is made for. */
export interface LoadedNetwork {
  readonly model: TagNetwork;
  /** Height and width of its images, pixels. */
  readonly imageSize: number;
  /** Name of its preset, for reports. */
  readonly preset: string;
  /** What the weights say; a decoder's own where they do not. */
  readonly decoding: Partial<Decoding>;
  /** Whose rules turn its maps into people, where nobody names others. @default {"default"} */
  readonly decoder?: DecoderName;
  /** Whose keypoints it finds, unless it finds instances. */
  readonly skeleton: Skeleton;
  /** What its instances are called, if it finds instances pixel by pixel in place of keypoints. */
  readonly classes?: readonly string[];
}

/** Side of the largest input that a network may have, pixels: beyond, a network's buffers fit no device. */
export const LARGEST_IMAGE = 8192;

/** What heatmaps are taught to be at a keypoint's centre, and most decoders cut off: a higher threshold finds nobody. */
export const HIGHEST_HEATMAP = 1;

/** Heatmaps of second looks are not cut off, so their threshold may be above 1; above this they have diverged. */
export const HIGHEST_SECOND_LOOK = 5;

/** The bounds of `--threshold`, in every command; of `train --single-person` see {@linkcode HIGHEST_SECOND_LOOK}. */
export const THRESHOLD_BOUNDS = {
  most: HIGHEST_HEATMAP,
  below: true,
  because:
    "networks are taught heatmaps of 1 at most: nobody would be found; recipes have 0.1 to 0.66",
} as const;

/**
 * The file of weights that come with the library; undefined while there are none.
 *
 * @param name `demo` finds people, `segment` their pixels, `track` gives them tags that last over time.
 */
export async function shippedWeights(
  name: "demo" | "segment" | "track" = "demo",
): Promise<string | undefined> {
  const url = new URL(`../weights/${name}.safetensors`, import.meta.url);
  if (url.protocol !== "file:") return await localCopy(url);
  const path = decodeURIComponent(url.pathname);
  const found = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
  });
  return found?.isFile ? path : undefined;
}

/**
 * A file of a library that was not downloaded as a whole, run from a package registry say: fetched once, then kept in the
 * user's cache folder.
 *
 * @param get Fetches it.
 * @throws {InputError} If it cannot be fetched, or there is no cache folder.
 */
export async function localCopy(
  url: URL,
  get: (url: URL) => Promise<Response> = (url) => fetch(url),
): Promise<string> {
  const path = cachePath(`${LIBRARY_VERSION}-${url.pathname.split("/").at(-1)}`);
  if (path === undefined) {
    throw new InputError(
      "there is no cache folder for the weights that come with the library" +
        "\n  help: set HOME, or name weights with --weights",
    );
  }
  if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  const response = await get(url).catch((error) => {
    throw new InputError(`${url}: cannot be fetched: ${(error as Error).message}`);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new InputError(`${url}: cannot be fetched: ${response.status} ${response.statusText}`);
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}

/** The names of {@linkcode Decoding} in a file's metadata. */
export const DECODING_NAMES = ["threshold", "scalesThreshold", "maxTagDistance"] as const;

/** The authors' decoding, for weights that do not say. */
export const AUTHORS_DECODING: Decoding = { threshold: 0.1, maxTagDistance: 1 };

/** The same for weights that look at one person at a time: pose-ae-demo's. */
export const AUTHORS_SECOND_LOOK: Pick<Decoding, "threshold"> = { threshold: 0.15 };

/** Settings of a network of any kind; those that it does not know are refused. */
export type NetworkOptions = PoseNetOptions | HigherHrNetOptions | EfficientHrNetOptions;

/** A new model of a preset, with a heatmap for each keypoint of the skeleton. */
export function makeModel(
  name: string,
  options: NetworkOptions = {},
  decoding: Partial<Decoding> = {},
  skeleton: Skeleton = COCO,
): LoadedNetwork {
  const { kind: { Network, decoder }, options: settings, imageSize } = presetNamed(name);
  const keypoints = skeleton.keypoints.length;
  const model = new Network({ ...settings, keypoints, ...options } as never);
  return { model, imageSize, preset: name, decoder, decoding, skeleton };
}

/** A new model of a preset, with a detection map for each class. */
export function makeInstanceModel(
  name: string,
  classes: readonly string[],
  options: NetworkOptions = {},
  decoding: Partial<Decoding> = {},
): LoadedNetwork {
  const loaded = makeModel(name, { keypoints: classes.length, ...options }, decoding);
  return { ...loaded, classes };
}

/** How many numbers training changes. */
export function learnedNumbers({ model }: { readonly model: object }): number {
  return [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
}

/** The same in words: `559,188 parameters`. */
export function sizeOfNetwork(network: { readonly model: object }): string {
  return `${learnedNumbers(network).toLocaleString("en")} parameters`;
}

/** How to write a weight file. */
export interface SaveOptions {
  /** Whether to round the weights to 16-bit floats. @default {false} */
  readonly half?: boolean;
  /** The variables' values, where they were read already; the model is not asked for them then. */
  readonly values?: Readonly<Record<string, HostArray>>;
}

/** The first variable that holds NaN or an infinity: its name, and which. */
export function notFinite(
  state: Readonly<Record<string, HostArray>>,
): { readonly name: string; readonly value: number } | undefined {
  for (const [name, { data }] of Object.entries(state)) {
    const value = data.find((value) => !Number.isFinite(value));
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

/**
 * See that weights are numbers before they are written: the loss, which training looks at, is of the weights before the
 * last step.
 *
 * @throws {RangeError} If one is not: no command would read such a file.
 */
export function checkNumbers(path: string, state: Readonly<Record<string, HostArray>>): void {
  const bad = notFinite(state);
  if (!bad) return;
  throw new RangeError(
    `${path}: is not written: ${bad.name} holds ${bad.value}\n  help: train with a smaller --rate`,
  );
}

/**
 * Write a model's variables and settings, completely or not at all.
 *
 * @throws {RangeError} If a weight is no number.
 */
export async function saveModel(
  path: string,
  loaded: LoadedNetwork,
  notes: Readonly<Record<string, string>> = {},
  { half = false, values }: SaveOptions = {},
): Promise<void> {
  const state = values ?? await stateOf(loaded.model);
  checkNumbers(path, state);
  const metadata = { ...settingsOf(loaded), ...notes };
  await writeSafetensors(path, half ? halved(state) : state, metadata);
}

/**
 * Change what a weight file says of how to decode; everything else stays as it is.
 *
 * @throws {InputError} If it cannot be read.
 */
export async function changeDecoding(path: string, decoding: Partial<Decoding>): Promise<void> {
  const { arrays, metadata } = await readSafetensors(path);
  await writeSafetensors(path, arrays, { ...metadata, ...decodingRecord(decoding) });
}

/** What a weight file says beside the weights. */
export function settingsOf(
  { model, imageSize, preset, skeleton, classes, decoding }: LoadedNetwork,
): Record<string, string> {
  return {
    format: kindOf(model).format,
    preset,
    imageSize: String(imageSize),
    ...decodingRecord(decoding),
    options: JSON.stringify(model.options),
    ...(classes
      ? { classes: JSON.stringify(classes) }
      : { skeleton: JSON.stringify(skeletonRecord(skeleton)) }),
  };
}

/** What is known of how to decode, as a file's metadata says it. */
export function decodingRecord(decoding: Partial<Decoding>): Record<string, string> {
  return Object.fromEntries(
    DECODING_NAMES.flatMap((name) => {
      const value = decoding[name];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

/**
 * Weights rounded to 16-bit floats, which have 11 binary digits; a tensor with a number too large for them stays as
 * it is.
 */
export function halved(
  state: Readonly<Record<string, HostArray>>,
): Record<string, SafetensorsArray> {
  return Object.fromEntries(
    Object.entries(state).map(([name, array]) => {
      const data = new Float16Array(array.data);
      return [name, data.every(Number.isFinite) ? { shape: array.shape, data } : array];
    }),
  );
}

/** The option `--preset`. */
export const PRESET: Option = {
  type: "text",
  choices: PRESET_NAMES,
  help: "network",
};

/** The options `--weights` and `--preset` of {@linkcode loadNetwork}. */
export const NETWORK: Options = under("Network", {
  weights: { type: "file", help: "weight file", otherwise: "the one that comes with the library" },
  preset: { ...PRESET, otherwise: "what the weight file says", needs: "weights" },
});

/**
 * The network of `--weights` (and `--preset`), or the one of this name that comes with the library; it may find people
 * or instances.
 *
 * @throws {InputError} If there is none, it cannot be read, or it has no tags.
 */
export async function loadNetwork(
  values: Values,
  shipped: "demo" | "segment" = "demo",
): Promise<LoadedNetwork> {
  const [given, as] = [values.text("weights"), values.text("preset")];
  const path = given ?? await shippedWeights(shipped);
  if (path === undefined) {
    throw new InputError(
      "no weights come with this version yet\n  help: train some and name them with --weights",
    );
  }
  const loaded = await loadModel(path, as);
  if (loaded.model.options.tagDimensions > 0) return loaded;
  throw new InputError(
    `${path}: has no tags, it looks at one person at a time` +
      "\n  help: name it with --refine, beside a network that finds people",
  );
}

/**
 * As {@linkcode loadNetwork}, a network that finds people.
 *
 * @throws {InputError} Also if it finds instances.
 */
export async function loadGivenOrShipped(values: Values): Promise<LoadedNetwork> {
  const loaded = await loadNetwork(values);
  if (!loaded.classes) return loaded;
  throw new InputError(
    `${values.text("weights")}: finds instances (${loaded.classes.join(", ")}) pixel by pixel, ` +
      "not keypoints\n  help: predict and evaluate --kind masks take such weights",
  );
}

/**
 * The network that a weight file holds, of whatever kind.
 *
 * @param path The file.
 * @param as Load into a new network of this preset instead of the one that the file describes. Image size and decoding
 * stay the file's, if it has them: they go with the weights.
 * @throws {InputError} If the file is no weight file, or its weights do not fit the network.
 */
export async function loadModel(path: string, as?: string): Promise<LoadedNetwork> {
  const file = await readSafetensors(path);
  const weights = floatWeights(file, path);
  const loaded = describedModel(path, file.metadata, as);
  await loadState(loaded.model, weights, { source: path });
  return loaded;
}

/**
 * See that a network can look at images of this size.
 *
 * @param option The option that names it.
 * @throws {InputError} If it cannot.
 */
export function checkSize(
  option: string,
  size: number,
  { sizeMultiple }: { readonly sizeMultiple: number },
): void {
  if (size % sizeMultiple === 0) return;
  throw new InputError(
    `${option} ${size} does not suit the network: it needs a multiple of ${sizeMultiple}`,
  );
}

/**
 * The network that a weight file's metadata describes, with first values.
 *
 * @throws {InputError} If the metadata is missing or damaged, or of another format.
 */
export function describedModel(
  path: string,
  metadata: Readonly<Record<string, string>>,
  as?: string,
): LoadedNetwork {
  const { format, imageSize } = metadata;
  const asked = as === undefined ? undefined : presetNamed(as).kind;
  const kind = format === undefined && asked ? asked : kindNamed(path, format);
  if (asked && asked !== kind) {
    throw new InputError(
      `${path}: its network is ${kind.title}, that of --preset ${as} ${asked.title}` +
        "\n  help: leave --preset out: the file says what its network is made with",
    );
  }
  const skeleton = skeletonIn(path, metadata.skeleton);
  const classes = classesIn(path, metadata.classes);
  const made = as === undefined
    ? described(path, metadata, kind)
    : classes
    ? makeInstanceModel(as, classes)
    : makeModel(as, {}, {}, skeleton);
  const isSecondLook = made.model.options.tagDimensions === 0;
  const loaded = {
    ...made,
    decoder: kind.decoder,
    skeleton,
    ...(classes ? { classes } : {}),
    decoding: decodingIn(path, metadata, isSecondLook ? HIGHEST_SECOND_LOOK : HIGHEST_HEATMAP),
    imageSize: imageSize === undefined
      ? made.imageSize
      : numberOf(path, "imageSize", imageSize, LARGEST_IMAGE),
  };
  const { sizeMultiple, options } = loaded.model;
  if (classes && options.keypoints !== classes.length) {
    throw new InputError(
      `${path}: its network has maps of ${options.keypoints} classes, its list names ${classes.length}`,
    );
  }
  if (!classes && options.keypoints !== skeleton.keypoints.length) {
    throw new InputError(
      `${path}: its network finds ${options.keypoints} keypoints, its skeleton "${skeleton.name}" has ` +
        `${skeleton.keypoints.length}`,
    );
  }
  if (!(loaded.imageSize > 0 && loaded.imageSize % sizeMultiple === 0)) {
    throw new InputError(
      `${path}: its imageSize is damaged: ${loaded.imageSize} is no multiple of ${sizeMultiple}`,
    );
  }
  return loaded;
}

/** How to decode, as far as a file's metadata says it; thresholds of at most `highest`. */
function decodingIn(
  path: string,
  metadata: Readonly<Record<string, string>>,
  highest: number,
): Partial<Decoding> {
  return Object.fromEntries(
    DECODING_NAMES.flatMap((name) => {
      const text = metadata[name];
      const most = name === "maxTagDistance" ? Infinity : highest;
      return text === undefined ? [] : [[name, numberOf(path, name, text, most)]];
    }),
  );
}

/** The skeleton of a file's metadata; COCO's for files that do not say, as none did at first. */
function skeletonIn(path: string, text: string | undefined): Skeleton {
  if (text === undefined) return COCO;
  return skeletonFromRecord(parsed(text, `${path}: its skeleton is`), `${path}: its skeleton`);
}

/** The classes of a file's metadata, if it is of instances. */
function classesIn(path: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = parsed(text, `${path}: its classes are`);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw new InputError(`${path}: its classes are damaged: they are no list of names`);
}

/** What a text of a file's metadata says. */
function parsed(text: string, subject: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${subject} damaged: ${(error as Error).message}`);
  }
}

/** A number of a file's metadata, from 0 to `most`. */
function numberOf(path: string, name: string, text: string, most = Infinity): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InputError(`${path}: its ${name} is damaged: "${text}" is no number`);
  }
  if (value >= 0 && value <= most) return value;
  const range = most === Infinity ? "below 0" : `not from 0 to ${most}`;
  throw new InputError(`${path}: its ${name} is damaged: ${value} is ${range}`);
}

function described(
  path: string,
  metadata: Readonly<Record<string, string>>,
  kind: NetworkKind,
): Pick<LoadedNetwork, "model" | "imageSize" | "preset"> {
  const { options, imageSize, preset: name } = metadata;
  if (!options || !imageSize || !name) {
    throw new InputError(
      `${path}: does not say which network it belongs to\n  help: name it with --preset`,
    );
  }
  try {
    return {
      model: makeNetwork(kind, options),
      imageSize: Number(imageSize),
      preset: name,
    };
  } catch (error) {
    throw new InputError(`${path}: its network settings are damaged: ${(error as Error).message}`);
  }
}
