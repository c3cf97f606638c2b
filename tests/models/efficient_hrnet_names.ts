/**
 * What EfficientHRNet's state_dict holds, written down from the authors' code in plain loops:
 * TeCSAR-UNCC/EfficientHRNet, `lib/models/pose_higher_hrnet.py` and `Configs`.
 *
 * @module
 */
import type { EfficientHrNetName, Shape } from "ae";
import { StateDict } from "./authors_names.ts";

/** SCALE_FACTOR, WIDTH_MULT, DEPTH_MULT, and NUM_MODULES of the three stages. */
export const AUTHORS_CONFIGS: Readonly<
  Record<
    EfficientHrNetName,
    {
      readonly factor: number;
      readonly width: number;
      readonly depth: number;
      readonly modules: readonly number[];
    }
  >
> = {
  "H0": { factor: 0, width: 1, depth: 1, modules: [1, 4, 3] },
  "H-1": { factor: -1, width: 0.909, depth: 0.833, modules: [1, 3, 3] },
  "H-2": { factor: -2, width: 0.826, depth: 0.694, modules: [1, 2, 3] },
  "H-3": { factor: -3, width: 0.751, depth: 0.578, modules: [1, 1, 3] },
  "H-4": { factor: -4, width: 0.684, depth: 0.483, modules: [1, 1, 2] },
};

/** Expansion, channels, repetitions and kernel size of the backbone's seven kinds of blocks. */
const KINDS = [
  [1, 16, 1, 3],
  [6, 24, 2, 3],
  [6, 40, 2, 5],
  [6, 80, 3, 3],
  [6, 112, 3, 5],
  [6, 192, 4, 5],
  [6, 320, 1, 3],
];

/** The kinds after which a branch begins. */
const TAPS = [1, 2, 4, 6];

/** The tensors of a network's state_dict, with those that count batches. */
export function authorsTensors(name: EfficientHrNetName): Map<string, Shape> {
  const { factor, width, depth, modules } = AUTHORS_CONFIGS[name];
  const dict = new StateDict();
  const blocks = 2;

  // features
  const wide = (channels: number) => {
    const eighths = Math.max(1, Math.floor((channels * width + 4) / 8));
    return 8 * eighths < 0.9 * channels * width ? 8 * eighths + 8 : 8 * eighths;
  };
  let from = wide(32);
  dict.conv("features.0.1", [from, 3, 3, 3]);
  dict.norm("features.0.2", from);
  let n = 1;
  const tapped: number[] = [];
  KINDS.forEach(([expansion, channels, repeats, size], kind) => {
    const to = wide(channels);
    for (let r = 0; r < Math.ceil(repeats * depth); r++, n++) {
      const inside = from * expansion;
      let at = 0;
      const next = () => `features.${n}.conv.${at++}`;
      if (expansion > 1) {
        const expand = next();
        dict.conv(`${expand}.1`, [inside, from, 1, 1]);
        dict.norm(`${expand}.2`, inside);
      }
      const depthwise = next();
      dict.conv(`${depthwise}.1`, [inside, 1, size, size]);
      dict.norm(`${depthwise}.2`, inside);
      const squeeze = next();
      const squeezed = Math.max(1, Math.floor(from / 4));
      dict.conv(`${squeeze}.se.1`, [squeezed, inside, 1, 1], squeezed);
      dict.conv(`${squeeze}.se.3`, [inside, squeezed, 1, 1], inside);
      dict.conv(next(), [to, inside, 1, 1]);
      dict.norm(next(), to);
      from = to;
    }
    if (TAPS.includes(kind)) tapped.push(to);
  });

  // trans1_branch1 … stage4
  const branches = [32, 64, 128, 256].map((channels) => Math.ceil(channels * 1.2455 ** factor));
  for (const t of [1, 2, 3]) {
    for (let b = 0; b <= t; b++) {
      const path = `trans${t}_branch${b + 1}`;
      dict.conv(
        `${path}.0`,
        [branches[b], t === 1 || b === t ? tapped[b] : branches[b], 3, 3],
        branches[b],
      );
      dict.norm(`${path}.1`, branches[b]);
    }
    dict.stage(`stage${t + 1}`, branches.slice(0, t + 1), { modules: modules[t - 1], blocks });
  }

  dict.heads(branches[0], { keypoints: 17, blocks });
  return dict.tensors;
}
