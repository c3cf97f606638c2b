/**
 * Networks by name. Parameters and multiply-adds (for one image of the preset's size) are computed from the
 * layers; a forward pass costs two floating-point operations per multiply-add, a training step about six.
 *
 * | name         | stacks | channels, increase | image | parameters | multiply-adds |
 * | ------------ | ------ | ------------------ | ----- | ---------- | ------------- |
 * | demo         | 1      | 32, 16             | 64    | 0.56 M     | 0.07 G        |
 * | demo-wide    | 1      | 64, 28             | 64    | 1.94 M     | 0.25 G        |
 * | segment      | 1      | 32, 16             | 64    | 0.56 M     | 0.07 G        |
 * | segment-wide | 1      | 64, 28             | 64    | 1.94 M     | 0.25 G        |
 * | tiny-64      | 1      | 16, 16             | 64    | 0.57 M     | 0.13 G        |
 * | small-128    | 1      | 32, 32             | 128   | 1.53 M     | 0.60 G        |
 * | medium-128   | 2      | 64, 32             | 128   | 4.63 M     | 0.98 G        |
 * | medium-256   | 2      | 64, 64             | 256   | 10.4 M     | 4.48 G        |
 * | large-256    | 2      | 128, 64            | 256   | 17.7 M     | 9.07 G        |
 * | residual-512 | 4      | 256                | 512   | 12.9 M     | 59.3 G        |
 * | authors      | 4      | 256, 128           | 512   | 138.9 M    | 222 G         |
 *
 * `train --preset` also takes the networks by name of higher_hrnet.ts and efficient_hrnet.ts: `higher-hrnet-w32`,
 * `higher-hrnet-w48`, `higher-hrnet-demo`, and `efficient-hrnet-h0` to `efficient-hrnet-h-4`.
 *
 * `demo` learns from nothing in minutes: maps of half the image's size, batch normalisation
 * everywhere, and tags of four numbers that start spread out: they come apart sooner than one (docs/decisions.md).
 * `demo-wide` has more channels: the weights that come with the library are its. `segment` and `segment-wide` are the same
 * networks for instances of one class. `authors` fits the published weights:
 * 68 output channels.
 *
 * @module
 */
import { unknownName } from "../core/errors.ts";
import type { PoseNetOptions } from "./pose_net.ts";

/** A network's settings and the images it is made for. */
export interface Preset {
  /** For `new PoseNet(options)`. */
  readonly options: PoseNetOptions;
  /** Height and width of its images, pixels. */
  readonly imageSize: number;
}

const DEMO: PoseNetOptions = {
  stacks: 1,
  channels: 32,
  increase: 16,
  stem: "stride2",
  batchNorm: "everywhere",
  tagDimensions: 4,
  tagInitScale: 4,
};
const DEMO_WIDE: PoseNetOptions = { ...DEMO, channels: 64, increase: 28 };

/** The presets by name: see the table above. */
export const presets: Readonly<Record<string, Preset>> = {
  "demo": { options: DEMO, imageSize: 64 },
  "demo-wide": { options: DEMO_WIDE, imageSize: 64 },
  "segment": { options: { ...DEMO, keypoints: 1 }, imageSize: 64 },
  "segment-wide": { options: { ...DEMO_WIDE, keypoints: 1 }, imageSize: 64 },
  "tiny-64": { options: { stacks: 1, channels: 16, increase: 16 }, imageSize: 64 },
  "small-128": { options: { stacks: 1, channels: 32, increase: 32 }, imageSize: 128 },
  "medium-128": { options: { stacks: 2, channels: 64, increase: 32 }, imageSize: 128 },
  "medium-256": { options: { stacks: 2, channels: 64, increase: 64 }, imageSize: 256 },
  "large-256": { options: { stacks: 2, channels: 128, increase: 64 }, imageSize: 256 },
  "residual-512": { options: { blocks: "residual" }, imageSize: 512 },
  "authors": { options: { extraChannels: 34 }, imageSize: 512 },
};

/**
 * A preset by name.
 *
 * @throws {InputError} If there is none of this name; names the nearest.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { preset } from "ae";
 *
 * assert.equal(preset("demo").imageSize, 64);
 * assert.throws(() => preset("dmo"), /unknown preset "dmo".*\n.*did you mean "demo"/);
 * ```
 */
export function preset(name: string): Preset {
  if (Object.hasOwn(presets, name)) return presets[name];
  throw unknownName("preset", name, Object.keys(presets));
}
