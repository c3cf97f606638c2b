/**
 * Networks that start with what another has learnt: for masks in place of keypoints, for one person in place of several,
 * or computing in another way.
 *
 * @module
 */
import {
  disposeModel,
  type HostArray,
  hostArray,
  loadState,
  type Shape,
  sizeOf,
  stateOf,
  type TagNetwork,
  variables,
} from "../mod.ts";
import { kindOf, remade } from "./networks.ts";
import type { LoadedNetwork } from "./weights.ts";

/**
 * A network for instances that starts with what one for people knows. The filters of every class's map are the mean of
 * those of the keypoints' maps, so that an instance starts with the tag that its keypoints had; what reads the maps,
 * between stacks or on the way to finer heatmaps, starts anew. The model given is used up, unless it finds these classes
 * already.
 */
export async function forInstances(
  loaded: LoadedNetwork,
  classes: readonly string[],
  options: { readonly seed?: number } = {},
): Promise<LoadedNetwork> {
  const { model } = loaded;
  if (loaded.classes?.join() === classes.join()) return loaded;
  const C = classes.length;
  const fresh = remade(model, { ...options, keypoints: C, ...noExtraChannels(model) });
  const [known, own] = [await stateOf(model), await stateOf(fresh)];
  disposeModel(model);
  const { heads } = kindOf(model);
  const { keypoints: K, tagDimensions: D } = model.options;
  const start = Object.entries(own).map(([path, array]) => [
    path,
    path.startsWith(heads)
      ? headOf(known[path], { K, C, wanted: array.shape })
      : withKnownFeatures(array, known[path], C * (1 + D)),
  ]);
  await loadState(fresh, Object.fromEntries(start));
  const preset = loaded.preset.replace(/^demo/, "segment"); // the same network but for the maps
  return { ...loaded, model: fresh, preset, classes, decoding: {} };
}

/** For a network with channels that nobody reads: none. */
function noExtraChannels({ options }: TagNetwork): object {
  return "extraChannels" in options ? { extraChannels: 0 } : {};
}

/** What reads other maps than it did: what it knows of the features before them, and its own first values for the maps. */
function withKnownFeatures(own: HostArray, known: HostArray, maps: number): HostArray {
  const axis = own.shape.findIndex((length, axis) => length !== known.shape[axis]);
  if (axis < 0) return known;
  const features = own.shape[axis] - maps;
  const [rows, after] = [own.shape.slice(0, axis), own.shape.slice(axis + 1)].map(sizeOf);
  const result = hostArray(own.shape, own.data.slice());
  for (let row = 0; row < rows; row++) {
    const from = row * known.shape[axis] * after;
    const kept = known.data.subarray(from, from + features * after);
    result.data.set(kept, row * own.shape[axis] * after);
  }
  return result;
}

/** A head's parameter for C classes: of each K rows the mean, for each class; of detection first, then D times of tags. */
function headOf(
  { shape, data }: HostArray,
  { K, C, wanted }: { readonly K: number; readonly C: number; readonly wanted: Shape },
): HostArray {
  const result = hostArray(wanted);
  const row = data.length / shape[0];
  for (let o = 0; o < wanted[0]; o++) {
    const first = K * Math.floor(o / C);
    for (let i = 0; i < row; i++) {
      for (let k = 0; k < K; k++) result.data[o * row + i] += data[(first + k) * row + i] / K;
    }
  }
  return result;
}

/**
 * A network for one person at a time that starts with what one for several people knows: its heatmaps without its tags,
 * to be read in another way. The model given is used up.
 */
export async function withoutTags(loaded: LoadedNetwork): Promise<LoadedNetwork> {
  const { model } = loaded;
  if (model.options.tagDimensions === 0) return loaded;
  const single = remade(model, { tagDimensions: 0, ...noExtraChannels(model) });
  const state = await stateOf(model);
  disposeModel(model);
  // Heatmaps are the first of the maps, wherever those are made or read.
  const cut = [...variables(single)].map(([path, { shape }]) => [path, first(state[path], shape)]);
  await loadState(single, Object.fromEntries(cut));
  return { ...loaded, model: single, decoding: {} };
}

/**
 * The same network computing in another way: in another number type, or parts of it twice. The model given is used up if
 * that changes anything.
 */
export async function computing(
  loaded: LoadedNetwork,
  how: { readonly precision?: "f32" | "f16"; readonly recompute?: boolean },
): Promise<LoadedNetwork> {
  const { model } = loaded;
  const settings = model.options as object as Readonly<Record<string, unknown>>;
  if (Object.entries(how).every(([name, value]) => settings[name] === value)) return loaded;
  const other = remade(model, how);
  await loadState(other, await stateOf(model));
  disposeModel(model);
  return { ...loaded, model: other };
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
