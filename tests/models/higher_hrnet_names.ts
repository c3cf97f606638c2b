/**
 * What HigherHRNet's state_dict holds, written down from the authors' code in plain loops:
 * HRNet/HigherHRNet-Human-Pose-Estimation, `lib/models/pose_higher_hrnet.py` and `experiments`.
 *
 * @module
 */
import type { Shape } from "ae";
import { StateDict } from "./authors_names.ts";

/** Sizes of a network: those of the authors' experiments but for the width, unless others are given. */
interface Sizes {
  readonly width: number;
  /** NUM_JOINTS. @default {17} */
  readonly keypoints?: number;
  /** NUM_MODULES of the three stages. @default {[1, 4, 3]} */
  readonly modules?: readonly number[];
}

/** The tensors of a network's state_dict, with those that count batches. */
export function authorsTensors(
  { width, keypoints = 17, modules = [1, 4, 3] }: Sizes,
): Map<string, Shape> {
  const dict = new StateDict();
  const blocks = 4;
  for (const [n, from] of [[1, 3], [2, 64]]) {
    dict.conv(`conv${n}`, [64, from, 3, 3]);
    dict.norm(`bn${n}`, 64);
  }
  for (let n = 0; n < 4; n++) {
    const from = n === 0 ? 64 : 256;
    for (const [at, shape] of [[64, from, 1, 1], [64, 64, 3, 3], [256, 64, 1, 1]].entries()) {
      dict.conv(`layer1.${n}.conv${at + 1}`, shape);
      dict.norm(`layer1.${n}.bn${at + 1}`, shape[0]);
    }
  }
  dict.conv("layer1.0.downsample.0", [256, 64, 1, 1]);
  dict.norm("layer1.0.downsample.1", 256);
  const into = (path: string, to: number, from: number) => {
    dict.conv(`${path}.0`, [to, from, 3, 3]);
    dict.norm(`${path}.1`, to);
  };
  into("transition1.0", width, 256);
  into("transition1.1.0", 2 * width, 256);
  into("transition2.2.0", 4 * width, 2 * width);
  into("transition3.3.0", 8 * width, 4 * width);
  for (const [s, count] of modules.entries()) {
    const branches = [1, 2, 4, 8].slice(0, s + 2).map((factor) => factor * width);
    dict.stage(`stage${s + 2}`, branches, { modules: count, blocks });
  }
  dict.heads(width, { keypoints, blocks });
  return dict.tensors;
}
