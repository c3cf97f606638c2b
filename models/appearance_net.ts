/**
 * Tags that say how somebody looks: a small network beside a pose network. That one finds people and says whose a
 * keypoint is, with tags that it chooses anew in every picture; this one gives every keypoint a tag that is the same
 * whenever the same person is seen, so that people can be followed through a video.
 *
 *     image [N, 3, H, W] ── 7x7, stride 2 ── 3x3 ── 3x3 ── 1x1 ──► tags [N, D, K, H / 2, W / 2]
 *                              C channels, normalised and cut at 0
 *
 * A person's tag is the mean over keypoints, each of which has D maps of its own: a shoulder's may speak of the shirt, a
 * knee's of the trousers. It is learnt with {@linkcode temporalTagLoss} of `each: "frame"`, from the true keypoints of
 * videos; where people are it need not know.
 *
 * Jin et al. 2019 (arXiv:1903.09214) likewise have embeddings that know people again between frames, beside those that
 * group keypoints within one. A network of its own for them is our choice: the features of a pose network that has learnt
 * to find people have forgotten colours (docs/decisions.md has the figures), and training it again would take hours where
 * this takes minutes.
 *
 * @module
 */
import { checkOptionNames, shapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ForwardOptions } from "../nn/mod.ts";
import { ConvBlock } from "./conv_block.ts";

/** Factor on the head's first weights: push has no slope where all tags are equal, so they begin apart. */
const FIRST_SPREAD = 6;

/** Settings of an {@linkcode AppearanceNet}. */
export interface AppearanceNetOptions {
  /** C, channels of the hidden layers. @default {32} */
  readonly channels?: number;
  /** K, keypoints of a person. @default {17} */
  readonly keypoints?: number;
  /** D, numbers in a tag. @default {8} */
  readonly tagDimensions?: number;
  /** Where the first values come from. @default {0} */
  readonly seed?: number;
}

/**
 * The network of the module's header.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { AppearanceNet, ones } from "ae";
 *
 * const net = new AppearanceNet({ channels: 8, keypoints: 3, tagDimensions: 2 });
 * const tags = await net.forward(ones([1, 3, 16, 16])).read();
 * assert.deepEqual(tags.shape, [1, 2, 3, 8, 8]);
 * ```
 */
export class AppearanceNet {
  /** The hidden layers. */
  readonly layers: readonly ConvBlock[];
  /** The head. */
  readonly out: ConvBlock;
  /** Its settings, all of them. */
  readonly options: Required<AppearanceNetOptions>;
  /** Image pixels of a pixel of the maps. */
  readonly stride = 2;

  /**
   * Make the network with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If a size is not a whole number of 1 or more, or the seed not one of 0 or more.
   */
  constructor(options: AppearanceNetOptions = {}) {
    const { channels = 32, keypoints = 17, tagDimensions = 8, seed = 0 } = options;
    for (const [name, size] of Object.entries({ channels, keypoints, tagDimensions })) {
      if (!Number.isInteger(size) || size < 1) {
        throw new RangeError(
          `AppearanceNet: ${name} must be a whole number, 1 or more, not ${size}`,
        );
      }
    }
    this.options = { channels, keypoints, tagDimensions, seed };
    checkOptionNames("AppearanceNet", options, this.options);
    const hidden = (number: number, inChannels: number, shape: { size: number; stride?: number }) =>
      new ConvBlock({
        ...shape,
        inChannels,
        outChannels: channels,
        batchNorm: "everywhere",
        seed,
        name: `layers.${number}`,
      });
    this.layers = [
      hidden(0, 3, { size: 7, stride: this.stride }),
      hidden(1, channels, { size: 3 }),
      hidden(2, channels, { size: 3 }),
    ];
    this.out = new ConvBlock({
      inChannels: channels,
      outChannels: tagDimensions * keypoints,
      size: 1,
      relu: false,
      initScale: () => FIRST_SPREAD,
      seed,
      name: "out",
    });
  }

  /**
   * Describe the tags of images.
   *
   * @param images `[N, 3, H, W]`: red, green, blue in [0, 1]; H and W even.
   * @returns `[N, D, K, H / 2, W / 2]`.
   * @throws {ShapeError} If images have another shape.
   */
  forward(images: Tensor, options: ForwardOptions = {}): Tensor {
    const [N, C, H, W] = images.shape;
    if (images.shape.length !== 4 || C !== 3 || H % this.stride !== 0 || W % this.stride !== 0) {
      throw shapeError("AppearanceNet", "images must be [N, 3, H, W] with even H and W", {
        images: [images.shape, "N C H W"],
      });
    }
    const features = this.layers.reduce((x, layer) => layer.forward(x, options), images);
    const { keypoints: K, tagDimensions: D } = this.options;
    return this.out.forward(features, options)
      .reshape([N, D, K, H / this.stride, W / this.stride]);
  }
}
