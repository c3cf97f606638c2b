/**
 * Random detections and tags for the decoder of instances: noise, plateaus and ties, nothing at all, huge numbers, NaN.
 *
 * @module
 */
import {
  type DecodedInstance,
  decodeInstances,
  type HostArray,
  hostArray,
  type InstanceFrame,
  type InstanceOptions,
  type Mask,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";

/** Detection as it may come out of a network that is young, broken or very sure. */
const DETECTIONS: Readonly<Record<string, (random: Random) => number>> = {
  noise: (random) => random.uniform(-0.5, 1.5),
  plateaus: (random) => random.integer(4) / 3,
  nothing: () => 0,
  saturated: () => 1,
  sparse: (random) => random.chance(0.05) ? random.uniform(0, 1) : 0,
  tiny: (random) => random.uniform(-1, 1) * 1e-38,
};

const TAGS: Readonly<Record<string, (random: Random) => number>> = {
  noise: (random) => random.uniform(-3, 3),
  wide: (random) => random.uniform(-1000, 1000),
  equal: () => 0.25,
  levels: (random) => random.integer(5),
  huge: (random) => random.uniform(-1, 1) * 1e38,
};

interface Input {
  readonly what: string;
  readonly heatmaps: HostArray;
  readonly tags: HostArray;
  readonly options: InstanceOptions & InstanceFrame;
}

function drawInput(random: Random): Input {
  const [C, D] = [1 + random.integer(3), 1 + random.integer(3)];
  const [h, w] = [1 + random.integer(16), 1 + random.integer(16)];
  const [kind, tagKind] = [random.pick(Object.keys(DETECTIONS)), random.pick(Object.keys(TAGS))];
  const heatmaps = hostArray([C, h, w]), tags = hostArray([D, C, h, w]);
  for (let i = 0; i < heatmaps.data.length; i++) heatmaps.data[i] = DETECTIONS[kind](random);
  for (let i = 0; i < tags.data.length; i++) tags.data[i] = TAGS[tagKind](random);
  const stride = random.pick([1, 2, 4]);
  const options: Input["options"] = {
    // Not always the size that the maps would fill.
    width: 1 + random.integer(stride * w + 2),
    height: 1 + random.integer(stride * h + 2),
    frame: { stride },
    threshold: random.pick([0, 0.3, 0.5]),
    leastShare: random.pick([0, 0.01, 0.5]),
    leastPixels: random.pick([0, 1, 20]),
    leastPart: random.pick([0, 0, 3]),
    scoreBy: random.pick(["detection", "agreement"]),
  };
  const what = `${kind} detection [${heatmaps.shape}], ${tagKind} tags [${tags.shape}], ` +
    JSON.stringify(options);
  return { what, heatmaps, tags, options };
}

/** What can be said of any instances. */
function problemOf(instances: readonly DecodedInstance[], input: Input): string | null {
  const { heatmaps: { shape: [C], data }, tags: { shape: [D] }, options } = input;
  const most = Math.max(0, ...data) * (1 + 1e-5); // bilinear weights are rounded
  const owner = new Map<number, Set<number>>(); // of each class the pixels that are somebody's
  for (const [i, { classIndex, mask, score, tag }] of instances.entries()) {
    if (!(classIndex >= 0 && classIndex < C)) return `instance ${i} has class ${classIndex}`;
    if (!(score >= 0 && score <= most)) return `instance ${i} has the score ${score}`;
    if (i > 0 && score > instances[i - 1].score) return `instance ${i} is better than the last`;
    if (tag.length !== D || !tag.every(Number.isFinite)) return `instance ${i} has the tag ${tag}`;
    const problem = maskProblem(mask, options);
    if (problem) return `instance ${i} ${problem}`;
    const taken = owner.getOrInsertComputed(classIndex, () => new Set());
    for (const pixel of pixelsOf(mask)) {
      if (taken.has(pixel)) return `pixel ${pixel} is two instances' of class ${classIndex}`;
      taken.add(pixel);
    }
  }
  return null;
}

function maskProblem({ width, height, data }: Mask, frame: InstanceFrame): string | null {
  if (width !== frame.width || height !== frame.height || data.length !== width * height) {
    return `has a mask of ${width} x ${height}`;
  }
  if (data.some((inside) => inside > 1)) return "has a mask that is not 0 and 1";
  return data.includes(1) ? null : "has no pixel";
}

function pixelsOf({ data }: Mask): number[] {
  return [...data.keys()].filter((pixel) => data[pixel]);
}

/** The classes of a `[…, C, h, w]` in opposite order. */
function classesReversed({ shape, data }: HostArray): HostArray {
  const [C, h, w] = shape.slice(-3);
  const plane = h * w;
  const reversed = data.map((_, i) => {
    const c = Math.floor(i / plane) % C;
    return data[i + (C - 1 - 2 * c) * plane];
  });
  return hostArray(shape, reversed);
}

/** Instances as text, in an order of their own. */
function bag(instances: readonly DecodedInstance[]): string {
  return instances.map(({ classIndex, mask, score, tag }) =>
    JSON.stringify([classIndex, score, tag, pixelsOf(mask)])
  ).sort().join("\n");
}

/** Any maps decode to instances that make sense, or are refused with an error that says where the bad number is. */
export const instanceFuzzer: Fuzzer = {
  name: "segments",
  promise: "instances of a class share no pixel, scores are those of detections, the order of " +
    "classes says nothing, NaN and infinity are refused",
  count: 50_000,
  run(seed, index) {
    const random = new Random(seed).fork("segments").fork(index);
    const input = drawInput(random);
    const { what, heatmaps, tags, options } = input;
    if (random.chance(0.1)) {
      const bad = random.pick([NaN, Infinity, -Infinity]);
      const target = random.pick(["heatmaps", "tags"] as const);
      input[target].data[random.integer(input[target].data.length)] = bad;
      return isRefused(input, target) ? null : `${what}: ${bad} in the ${target} was not refused`;
    }
    const instances = decodeInstances(heatmaps, tags, options);
    const problem = problemOf(instances, input);
    if (problem) return `${what}: ${problem}`;
    const C = heatmaps.shape[0];
    const other = decodeInstances(classesReversed(heatmaps), classesReversed(tags), options)
      .map((instance) => ({ ...instance, classIndex: C - 1 - instance.classIndex }));
    return bag(other) === bag(instances) ? null : `${what}: depends on the order of classes`;
  },
};

function isRefused({ heatmaps, tags, options }: Input, target: string): boolean {
  try {
    decodeInstances(heatmaps, tags, options);
    return false;
  } catch (error) {
    return error instanceof RangeError && error.message.includes(target);
  }
}
