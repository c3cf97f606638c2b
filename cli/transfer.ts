/**
 * Networks that start with what another has learnt: for masks in place of keypoints, or for one person in place of
 * several.
 *
 * @module
 */
import {
  disposeModel,
  type HostArray,
  hostArray,
  loadState,
  PoseNet,
  type PoseNetOptions,
  type Shape,
  stateOf,
  variables,
} from "../mod.ts";
import type { LoadedModel } from "./weights.ts";

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
 * A network for one person at a time that starts with what one for several people knows: its heatmaps without its tags,
 * to be read in another way. The model given is used up.
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
  return { ...loaded, model: single, decoding: {} };
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
