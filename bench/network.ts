/**
 * The small hourglass network of the benchmark, described once for everybody who computes it:
 *
 *     4 x 3 x 128 x 128 -> conv 7x7 stride 2 -> ReLU -> pool -> hourglass of depth 3 -> conv 1x1 -> 34 channels
 *
 *     hourglass(x) = up1(x) + upsample(low3(low2(low1(pool(x)))))     32, 48, 64 and 80 channels downwards
 *
 * All convolutions have a bias, all but the last a ReLU. Trained with Adam on the mean squared error against a fixed
 * target.
 *
 * @module
 */
import { type HostArray, hostArray, sizeOf } from "../mod.ts";
import { Random } from "../data/mod.ts";

/** A convolution of the network. */
export interface ConvLayer {
  /** Place in {@linkcode NetworkData.parameters}. */
  readonly index: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
  readonly relu: boolean;
}

/** The operations of whoever computes the network. */
export interface NetworkOps<T> {
  /** With bias, and with ReLU if the layer says so. */
  conv(x: T, layer: ConvLayer): T;
  /** The largest of each 2x2. */
  pool(x: T): T;
  /** Each pixel four times. */
  upsample(x: T): T;
  add(a: T, b: T): T;
  /** x for a use that is not its last: some libraries want to be told. */
  keep(x: T): T;
}

/** Seeded numbers of the network. */
export interface NetworkData {
  /** `[N, 3, H, W]` */
  readonly images: HostArray;
  /** `[N, 34, H / 4, W / 4]` */
  readonly target: HostArray;
  /** First weight `[O, C, k, k]` and bias `[O]` of each layer. */
  readonly parameters: readonly { readonly weight: HostArray; readonly bias: HostArray }[];
}

/** Settings of Adam. */
export const ADAM = { learningRate: 1e-3, betas: [0.9, 0.999], eps: 1e-8 } as const;

const BATCH = 4;
const IMAGE = 128;
const CHANNELS = [32, 48, 64, 80]; // at full resolution, at a half and so on
const MAPS = 34;

/** The network's output for an input. */
export function network<T>(x: T, ops: NetworkOps<T>): T {
  let index = 0;
  const conv = (
    x: T,
    [inChannels, outChannels]: readonly [number, number],
    { size = 3, stride = 1, relu = true } = {},
  ) => {
    const layer = { inChannels, outChannels, size, stride, pad: (size - 1) / 2, relu };
    return ops.conv(x, { ...layer, index: index++ });
  };
  const hourglass = (x: T, level: number): T => {
    const [channels, wide] = [CHANNELS[level], CHANNELS[level + 1]];
    const detail = conv(ops.keep(x), [channels, channels]); // up1
    const narrow = conv(ops.pool(x), [channels, wide]); //     low1
    const inner = level + 2 < CHANNELS.length //               low2
      ? hourglass(narrow, level + 1)
      : conv(narrow, [wide, wide]);
    const context = conv(inner, [wide, channels]); //          low3
    return ops.add(detail, ops.upsample(context));
  };
  const stem = ops.pool(conv(x, [3, CHANNELS[0]], { size: 7, stride: 2 }));
  return conv(hourglass(stem, 0), [CHANNELS[0], MAPS], { size: 1, relu: false });
}

/** The convolutions in order, each with the side of its output. */
function layers(): (ConvLayer & { readonly side: number })[] {
  const found: (ConvLayer & { readonly side: number })[] = [];
  network<number>(IMAGE, { // instead of a tensor the side of its image
    conv(side, layer) {
      found.push({ ...layer, side: side / layer.stride });
      return side / layer.stride;
    },
    pool: (side) => side / 2,
    upsample: (side) => side * 2,
    add: (side) => side,
    keep: (side) => side,
  });
  return found;
}

/** Floating-point operations of one pass forward: two for each multiply-add of the convolutions. */
export function networkFlops(): number {
  return layers().reduce(
    (sum, { inChannels, outChannels, size, side }) =>
      sum + 2 * BATCH * inChannels * outChannels * (size * side) ** 2,
    0,
  );
}

/**
 * Images, target and first parameters, the same on every machine: first values as in PyTorch, images and target in
 * [0, 1).
 *
 * With first values that make the outputs large (He's in every layer: 9 at the median, and a loss of 80) the losses of
 * the first steps say little about who is right: a step of Adam is of the learning rate however small the gradient, so
 * weights whose gradient is 0 exactly, or 1e-7 after the rounding of Winograd's method, then go different ways.
 */
export function networkData(): NetworkData {
  const random = new Random(11);
  const uniform = (shape: readonly number[], low: number, high: number) =>
    hostArray(shape, new Float32Array(sizeOf(shape)).map(() => random.uniform(low, high)));
  return {
    images: uniform([BATCH, 3, IMAGE, IMAGE], 0, 1),
    target: uniform([BATCH, MAPS, IMAGE / 4, IMAGE / 4], 0, 1),
    parameters: layers().map(({ inChannels, outChannels, size }) => {
      const bound = 1 / Math.sqrt(inChannels * size ** 2);
      return {
        weight: uniform([outChannels, inChannels, size, size], -bound, bound),
        bias: uniform([outChannels], -bound, bound),
      };
    }),
  };
}
