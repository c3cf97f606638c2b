import assert from "node:assert/strict";
import {
  AppearanceNet,
  BatchNorm2d,
  Conv2d,
  ConvBlock,
  ConvTranspose2d,
  EfficientHrNet,
  HigherHrNet,
  Hourglass,
  PoseNet,
  Residual,
  ResidualHourglass,
} from "ae";

/** Each constructor, options that are right (all that there are, where they are few), and one that is not. */
const CASES:
  readonly (readonly [make: (options: never) => unknown, right: object, wrong: string])[] = [
    [
      (options) => new Conv2d(options),
      {
        ...{ inChannels: 2, outChannels: 2, size: 1, stride: 1, pad: 0, groups: 1, bias: false },
        ...{ init: "pytorch", initScale: () => 1, seed: 1, name: "conv" },
      },
      "strides",
    ],
    [
      (options) => new ConvTranspose2d(options),
      {
        ...{ inChannels: 2, outChannels: 2, size: 2, stride: 2, pad: 0, bias: false },
        ...{ init: "pytorch", seed: 1, name: "deconv" },
      },
      "padding",
    ],
    [
      (options) => new BatchNorm2d(options),
      { channels: 2, momentum: 0.2, eps: 1e-3, relu: true, name: "bn" },
      "momentun",
    ],
    [
      (options) => new ConvBlock(options),
      {
        ...{
          inChannels: 2,
          outChannels: 2,
          size: 1,
          stride: 1,
          relu: false,
          batchNorm: "everywhere",
        },
        ...{ bias: true, initScale: () => 1, seed: 1, name: "block" },
      },
      "batchnorm",
    ],
    [
      (options) => new Hourglass(options),
      {
        ...{ depth: 1, channels: 2, increase: 1, innerIncrease: 0, batchNorm: "authors" },
        ...{ seed: 1, name: "hourglass" },
      },
      "innerincrease",
    ],
    [
      (options) => new Residual(options),
      { inChannels: 2, outChannels: 2, seed: 1, name: "block" },
      "stride",
    ],
    [
      (options) => new ResidualHourglass(options),
      { depth: 1, channels: 2, seed: 1, name: "hourglass" },
      "increase",
    ],
    [
      (options) => new PoseNet(options),
      { stacks: 1, channels: 2, increase: 0, depth: 1, stem: "stride2", keypoints: 2 },
      "tagDimension",
    ],
    [
      (options) => new AppearanceNet(options),
      { channels: 2, keypoints: 2, tagDimensions: 1, seed: 1 },
      "stacks",
    ],
    [
      (options) => new HigherHrNet(options),
      { width: 1, keypoints: 2, tagDimensions: 1, modules: [1, 1, 1], seed: 1 },
      "widths",
    ],
    [
      (options) => new EfficientHrNet(options),
      {
        ...{ backboneWidth: 0.1, backboneDepth: 0.1, channels: [1, 1, 1, 1], modules: [1, 1, 1] },
        ...{ keypoints: 2, tagDimensions: 1, imageNorm: "none", seed: 1 },
      },
      "backboneHeight",
    ],
  ];

for (const [make, right, wrong] of CASES) {
  const [, name] = /new (\w+)/.exec(`${make}`)!;
  Deno.test(`${name}() takes all of its options, and refuses one that it does not know`, () => {
    make(right as never);
    assert.throws(() => make({ ...right, [wrong]: undefined } as never), {
      name: "InputError",
      message: new RegExp(`^unknown option of ${name} "${wrong}"; there are \\w+, \\w+`),
    });
  });
}
