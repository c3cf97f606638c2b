/**
 * Weight files: a model's variables as safetensors, with the settings that make the model in the file's metadata.
 *
 * @module
 */
import { dirname } from "node:path";
import {
  cachePath,
  COCO,
  disposeModel,
  floatWeights,
  type HostArray,
  hostArray,
  InputError,
  loadState,
  parameters,
  PoseNet,
  type PoseNetOptions,
  preset,
  readSafetensors,
  type SafetensorsArray,
  type Shape,
  type Skeleton,
  skeletonFromRecord,
  skeletonRecord,
  stateOf,
  variables,
  writeFileAtomic,
  writeSafetensors,
} from "../mod.ts";
import { LIBRARY_VERSION } from "../io/choices_file.ts";
import type { Values } from "./options.ts";

/** How a network's maps become people or instances: a matter of how it was trained. */
export interface Decoding {
  /** Least height of a peak; of instances, least detection of a pixel. */
  readonly threshold: number;
  /** A keypoint joins a person only if their tags are nearer than this; of instances, no two modes are nearer. */
  readonly maxTagDistance: number;
}

/** A model and what it is made for. */
export interface LoadedModel {
  readonly model: PoseNet;
  /** Height and width of its images, pixels. */
  readonly imageSize: number;
  /** Name of its preset, for reports. */
  readonly preset: string;
  /** What the weights say; a decoder's own where they do not. */
  readonly decoding: Partial<Decoding>;
  /** Whose keypoints it finds, unless it finds instances. */
  readonly skeleton: Skeleton;
  /** What its instances are called, if it finds instances pixel by pixel in place of keypoints. */
  readonly classes?: readonly string[];
}

/** What the metadata's `format` says. */
export const FORMAT = "ae-posenet-1";

/** Side of the largest input that a network may have, pixels: beyond, a network's buffers fit no device. */
export const LARGEST_IMAGE = 8192;

/** The highest threshold that a weight file may have: heatmaps above have diverged, see combineScales(). */
export const HIGHEST_THRESHOLD = 5;

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

/** The authors' decoding, for weights that do not say. */
export const AUTHORS_DECODING: Decoding = { threshold: 0.1, maxTagDistance: 1 };

/** A new model of a preset, with a heatmap for each keypoint of the skeleton. */
export function makeModel(
  name: string,
  options: Partial<PoseNetOptions> = {},
  decoding: Partial<Decoding> = {},
  skeleton: Skeleton = COCO,
): LoadedModel {
  const { options: settings, imageSize } = preset(name);
  const keypoints = skeleton.keypoints.length;
  const model = new PoseNet({ ...settings, keypoints, ...options });
  return { model, imageSize, preset: name, decoding, skeleton };
}

/** A new model of a preset, with a detection map for each class. */
export function makeInstanceModel(
  name: string,
  classes: readonly string[],
  options: Partial<PoseNetOptions> = {},
  decoding: Partial<Decoding> = {},
): LoadedModel {
  const loaded = makeModel(name, { keypoints: classes.length, ...options }, decoding);
  return { ...loaded, classes };
}

/**
 * A network for instances that starts with what one for people knows. The filters of every class's map are the mean of
 * those of the keypoints' maps, so that an instance starts with the tag that its keypoints had; between stacks, what
 * reads the maps starts anew. The model given is used up, unless it finds these classes already.
 */
export async function forInstances(
  loaded: LoadedModel,
  classes: readonly string[],
  options: Pick<PoseNetOptions, "seed"> = {},
): Promise<LoadedModel> {
  const { model } = loaded;
  if (loaded.classes?.join() === classes.join()) return loaded;
  const sizes = { keypoints: classes.length, extraChannels: 0 };
  const fresh = new PoseNet({ ...model.options, ...options, ...sizes });
  const [known, own] = [await stateOf(model), await stateOf(fresh)];
  disposeModel(model);
  const start = Object.entries(own).map(([path, array]) => [
    path,
    path.startsWith("outs.")
      ? headOf(known[path], model.options, array.shape)
      : known[path].shape.join() === array.shape.join()
      ? known[path]
      : array,
  ]);
  await loadState(fresh, Object.fromEntries(start));
  const preset = loaded.preset.replace(/^demo/, "segment"); // the same network but for the maps
  return { ...loaded, model: fresh, preset, classes, decoding: {} };
}

/** A head's parameter for C classes: the mean of the K rows of detection, then D times the mean of K rows of tags. */
function headOf(
  { shape, data }: HostArray,
  { keypoints: K, tagDimensions: D }: Required<PoseNetOptions>,
  wanted: Shape,
): HostArray {
  const result = hostArray(wanted);
  const row = data.length / shape[0];
  const C = wanted[0] / (1 + D);
  for (let o = 0; o < wanted[0]; o++) {
    const first = K * Math.floor(o / C);
    for (let i = 0; i < row; i++) {
      for (let k = 0; k < K; k++) result.data[o * row + i] += data[(first + k) * row + i] / K;
    }
  }
  return result;
}

/**
 * A network for one person at a time that starts with what one for several people knows: its heatmaps without its tags.
 * The model given is used up.
 */
export async function withoutTags(loaded: LoadedModel): Promise<LoadedModel> {
  const { model } = loaded;
  if (model.options.tagDimensions === 0) return loaded;
  const single = new PoseNet({ ...model.options, tagDimensions: 0, extraChannels: 0 });
  const state = await stateOf(model);
  disposeModel(model);
  // Heatmaps are the first of the maps, wherever those are made or read.
  const cut = [...variables(single)].map(([path, { shape }]) => [path, first(state[path], shape)]);
  await loadState(single, Object.fromEntries(cut));
  return { ...loaded, model: single };
}

/** The first numbers along each axis. */
function first({ shape, data }: HostArray, wanted: Shape): HostArray {
  const result = hostArray(wanted);
  for (let i = 0; i < result.data.length; i++) {
    let [rest, at, stride] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += rest % wanted[axis] * stride;
      rest = Math.floor(rest / wanted[axis]);
      stride *= shape[axis];
    }
    result.data[i] = data[at];
  }
  return result;
}

/** How many numbers training changes. */
export function learnedNumbers({ model }: { readonly model: object }): number {
  return [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
}

/** How to write a weight file. */
export interface SaveOptions {
  /** Whether to round the weights to 16-bit floats. @default {false} */
  readonly half?: boolean;
  /** The variables' values, where they were read already; the model is not asked for them then. */
  readonly values?: Readonly<Record<string, HostArray>>;
}

/** Write a model's variables and settings, completely or not at all. */
export async function saveModel(
  path: string,
  loaded: LoadedModel,
  notes: Readonly<Record<string, string>> = {},
  { half = false, values }: SaveOptions = {},
): Promise<void> {
  const state = values ?? await stateOf(loaded.model);
  const metadata = { ...settingsOf(loaded), ...notes };
  await writeSafetensors(path, half ? halved(state) : state, metadata);
}

/** What a weight file says beside the weights. */
export function settingsOf(
  { model, imageSize, preset, skeleton, classes, decoding }: LoadedModel,
): Record<string, string> {
  const { threshold, maxTagDistance } = decoding;
  return {
    format: FORMAT,
    preset,
    imageSize: String(imageSize),
    ...(threshold === undefined ? {} : { threshold: String(threshold) }),
    ...(maxTagDistance === undefined ? {} : { maxTagDistance: String(maxTagDistance) }),
    options: JSON.stringify(model.options),
    ...(classes
      ? { classes: JSON.stringify(classes) }
      : { skeleton: JSON.stringify(skeletonRecord(skeleton)) }),
  };
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

/**
 * The network of `--weights` (and `--preset`), or the one of this name that comes with the library; it may find people
 * or instances.
 *
 * @throws {InputError} If there is none, it cannot be read, or it has no tags.
 */
export async function loadNetwork(
  values: Values,
  shipped: "demo" | "segment" = "demo",
): Promise<LoadedModel> {
  const [given, as] = [values.text("weights"), values.text("preset")];
  if (given === undefined && as !== undefined) throw new InputError("--preset needs --weights");
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
export async function loadGivenOrShipped(values: Values): Promise<LoadedModel> {
  const loaded = await loadNetwork(values);
  if (!loaded.classes) return loaded;
  throw new InputError(
    `${values.text("weights")}: finds instances (${loaded.classes.join(", ")}) pixel by pixel, ` +
      "not keypoints\n  help: predict and evaluate --kind masks take such weights",
  );
}

/**
 * The model that a weight file holds.
 *
 * @param path The file.
 * @param as Load into a new model of this preset instead of the one that the file describes. Image size and decoding
 * stay the file's, if it has them: they go with the weights.
 * @throws {InputError} If the file is no weight file, or its weights do not fit the model.
 */
export async function loadModel(path: string, as?: string): Promise<LoadedModel> {
  const file = await readSafetensors(path);
  const weights = floatWeights(file, path);
  const loaded = describedModel(path, file.metadata, as);
  await loadState(loaded.model, weights, { source: path });
  return loaded;
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
): LoadedModel {
  const { format, threshold, maxTagDistance, imageSize } = metadata;
  if (format !== undefined && format !== FORMAT) {
    throw new InputError(`${path}: its format is "${format}", weight files have "${FORMAT}"`);
  }
  const skeleton = skeletonIn(path, metadata.skeleton);
  const classes = classesIn(path, metadata.classes);
  const made = as === undefined
    ? described(path, metadata)
    : classes
    ? makeInstanceModel(as, classes)
    : makeModel(as, {}, {}, skeleton);
  const loaded = {
    ...made,
    skeleton,
    ...(classes ? { classes } : {}),
    decoding: {
      ...(threshold === undefined
        ? {}
        : { threshold: numberOf(path, "threshold", threshold, HIGHEST_THRESHOLD) }),
      ...(maxTagDistance === undefined
        ? {}
        : { maxTagDistance: numberOf(path, "maxTagDistance", maxTagDistance) }),
    },
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

/** The skeleton of a file's metadata; COCO's for files that do not say, as none did at first. */
function skeletonIn(path: string, text: string | undefined): Skeleton {
  if (text === undefined) return COCO;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: its skeleton is damaged: ${(error as Error).message}`);
  }
  return skeletonFromRecord(parsed, `${path}: its skeleton`);
}

/** The classes of a file's metadata, if it is of instances. */
function classesIn(path: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: its classes are damaged: ${(error as Error).message}`);
  }
  if (Array.isArray(parsed) && parsed.every((name) => typeof name === "string")) return parsed;
  throw new InputError(`${path}: its classes are damaged: they are no list of names`);
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
): Pick<LoadedModel, "model" | "imageSize" | "preset"> {
  const { options, imageSize, preset: name } = metadata;
  if (!options || !imageSize || !name) {
    throw new InputError(
      `${path}: does not say which network it belongs to\n  help: name it with --preset`,
    );
  }
  try {
    return {
      model: new PoseNet(JSON.parse(options) as PoseNetOptions),
      imageSize: Number(imageSize),
      preset: name,
    };
  } catch (error) {
    throw new InputError(`${path}: its network settings are damaged: ${(error as Error).message}`);
  }
}
