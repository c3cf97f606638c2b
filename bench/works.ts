/**
 * The works of the benchmark: their seeded numbers, what each costs, and what its results must be.
 *
 * @module
 */
import { type HostArray, hostArray, sizeOf } from "../mod.ts";
import { Random } from "../data/mod.ts";
import {
  convEntries,
  convGradientEntries,
  type Entry,
  largestError,
  matmulEntries,
} from "./checks.ts";
import type { Contestant, ConvData, Program } from "./contestant.ts";
import { networkData, networkFlops } from "./network.ts";
import { referenceLosses, referenceOutput } from "./network_reference.ts";

/** What a work costs, in the units of the ceilings. */
export interface Cost {
  /** Floating-point operations; a convolution's as its definition says, whichever way it is computed. */
  readonly flops?: number;
  /** Bytes that must be read and written at least. */
  readonly bytes?: number;
}

/** A work with its numbers. */
export interface Work {
  /** Make it ready; null if this contestant has no way to do it. */
  readonly prepare: (contestant: Contestant) => Program | null;
  /** The numbers to compare, from the first run on. */
  readonly numbers: (program: Program) => Promise<Float32Array[]>;
  /** The largest relative error of the numbers beside the definition in float64. */
  readonly error: (numbers: readonly Float32Array[]) => number;
}

/** A row of the table. */
export interface WorkPlan {
  readonly name: string;
  readonly cost: Cost;
  /** What bounds us where no measured cost explains half of the time. */
  readonly rest: "loads" | "memory" | "calls" | "dispatches";
  /** Steps inside a run that are worth a figure of their own. */
  readonly steps?: number;
  /** Draw the numbers. */
  readonly open: () => Work;
}

const SIDE = 64; // of the images of a convolution
const TRAINING_STEPS = 5;
const ADDS = 2_000;
const MANY = 2 ** 24;
const FACTOR = 1.7;
const OFFSET = -0.3;

/** All works in the order of the table, without the cold start. */
export const WORKS: readonly WorkPlan[] = [
  matmulWork(512),
  matmulWork(1024),
  ...[{ N: 4, channels: 64 }, { N: 1, channels: 256 }].flatMap((size) => [
    convWork(size),
    convGradientsWork(size),
  ]),
  {
    name: "mini hourglass, forward",
    cost: { flops: networkFlops() },
    rest: "loads",
    open() {
      const data = networkData();
      return {
        prepare: (contestant) => contestant.forward(data),
        numbers: firstResults,
        error: ([y]) => largestError(y, referenceOutput(data)),
      };
    },
  },
  {
    name: "mini hourglass, train step",
    cost: { flops: 3 * networkFlops() },
    rest: "loads",
    open() {
      const data = networkData();
      return {
        prepare: (contestant) => contestant.train(data),
        numbers: firstLosses,
        error: ([losses]) =>
          Math.max(
            ...referenceLosses(data, TRAINING_STEPS).map((loss, i) =>
              Math.abs(losses[i] / loss - 1)
            ),
          ),
      };
    },
  },
  {
    name: "relu(x a + b), 16 M numbers",
    cost: { bytes: 2 * 4 * MANY },
    rest: "memory",
    open() {
      const x = uniform([MANY], { seed: 5, low: -0.5, high: 1 });
      return {
        prepare: (contestant) => contestant.scaledRelu(x, FACTOR, OFFSET),
        numbers: firstResults,
        error: ([y]) =>
          largestError(y, x.data.map((number) => Math.max(number * FACTOR + OFFSET, 0))),
      };
    },
  },
  {
    name: "sum of 16 M numbers",
    cost: { bytes: 4 * MANY },
    rest: "memory",
    open() {
      const x = uniform([MANY], { seed: 5, low: -0.5, high: 1 });
      return {
        prepare: (contestant) => contestant.sum(x),
        numbers: firstResults,
        error: (sums) => largestError(sums[0], [x.data.reduce((sum, number) => sum + number, 0)]),
      };
    },
  },
  addsWork("a call each", "calls", (contestant) => contestant.addsByCall(ADDS)),
  addsWork("compiled together", "dispatches", (contestant) => contestant.addsTogether(ADDS)),
];

function matmulWork(size: number): WorkPlan {
  return {
    name: `matmul ${size}`,
    cost: { flops: 2 * size ** 3 },
    rest: "loads",
    open() {
      const [a, b] = [normal([size, size], 1), normal([size, size], 2)];
      return {
        prepare: (contestant) => contestant.matmul(a, b),
        numbers: firstResults,
        error: (results) => worst(results, matmulEntries(a, b)),
      };
    },
  };
}

interface ConvSize {
  readonly N: number;
  readonly channels: number;
}

function convName({ N, channels }: ConvSize): string {
  return `conv2d 3x3, ${N} x ${channels} to ${channels} at ${SIDE}x${SIDE}`;
}

function convData({ N, channels }: ConvSize): ConvData {
  const images = [N, channels, SIDE, SIDE];
  return {
    x: normal(images, 1),
    w: normal([channels, channels, 3, 3], 2),
    g: normal(images, 3),
  };
}

function convFlops({ N, channels }: ConvSize): number {
  return 2 * N * channels ** 2 * 3 ** 2 * SIDE ** 2;
}

function convWork(size: ConvSize): WorkPlan {
  return {
    name: `${convName(size)}, forward`,
    cost: { flops: convFlops(size) },
    rest: "loads",
    open() {
      const data = convData(size);
      return {
        prepare: (contestant) => contestant.conv(data),
        numbers: firstResults,
        error: (results) => worst(results, convEntries(data)),
      };
    },
  };
}

function convGradientsWork(size: ConvSize): WorkPlan {
  return {
    name: `${convName(size)}, forward + both gradients`,
    cost: { flops: 3 * convFlops(size) },
    rest: "loads",
    open() {
      const data = convData(size);
      return {
        prepare: (contestant) => contestant.convGradients(data),
        numbers: firstResults,
        error: (results) => worst(results, convGradientEntries(data, results)),
      };
    },
  };
}

function addsWork(
  how: string,
  rest: WorkPlan["rest"],
  prepare: (contestant: Contestant) => Program | null,
): WorkPlan {
  return {
    name: `${ADDS.toLocaleString("en")} dependent adds, ${how}`,
    cost: {},
    rest,
    steps: ADDS,
    open: () => ({
      prepare,
      numbers: firstResults,
      error: ([x]) => largestError(x, new Array(16).fill(ADDS)),
    }),
  };
}

async function firstResults(program: Program): Promise<Float32Array[]> {
  await program.run();
  return program.results();
}

async function firstLosses(program: Program): Promise<Float32Array[]> {
  const losses = new Float32Array(TRAINING_STEPS);
  for (let i = 0; i < TRAINING_STEPS; i++) {
    await program.run();
    [losses[i]] = await program.finish();
  }
  return [losses];
}

/** The largest error of single entries, as a part of the largest number of their result. */
function worst(results: readonly Float32Array[], entries: readonly Entry[]): number {
  const scales = results.map((x) =>
    x.reduce((most, number) => Math.max(most, Math.abs(number)), 0)
  );
  return Math.max(
    ...entries.map(({ result, index, value }) =>
      Math.abs(results[result][index] - value) / scales[result]
    ),
  );
}

function normal(shape: readonly number[], seed: number): HostArray {
  const random = new Random(seed);
  return hostArray(shape, new Float32Array(sizeOf(shape)).map(() => random.normal()));
}

function uniform(
  shape: readonly number[],
  { seed, low, high }: { readonly seed: number; readonly low: number; readonly high: number },
): HostArray {
  const random = new Random(seed);
  return hostArray(shape, new Float32Array(sizeOf(shape)).map(() => random.uniform(low, high)));
}
