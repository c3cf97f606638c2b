/**
 * Long runs, and what they hold while they go on: training of a small network, and predictions of tiny pictures, each
 * read, grouped and thrown away.
 *
 * @module
 */
import { compile, decodeBatch, hostArray, memory, PoseNet, type Tensor } from "../mod.ts";
import { batchesAhead, Random } from "../data/mod.ts";
import { syntheticSource } from "../cli/sources.ts";
import { recipeOf } from "../cli/recipe.ts";
import { train } from "../cli/training.ts";
import { makeModel } from "../cli/weights.ts";
import type { Progress } from "../mod.ts";

/** What the process holds at one moment. */
export interface Reading {
  /** Units of work done so far. */
  readonly done: number;
  /** Of main memory, without the heap of JavaScript. */
  readonly residentBytes: number;
  /** Of objects in the heap of JavaScript, those that nobody needs any more included. */
  readonly heapBytes: number;
  /** Bytes on the device, buffers that wait for the next user included. */
  readonly gpuBytes: number;
  /** Open files; NaN where the system does not tell. */
  readonly handles: number;
}

/** What the process holds now. */
export async function readingAt(done: number): Promise<Reading> {
  const gpuBytes = memory().reduce((sum, { bytes }) => sum + bytes, 0);
  const { rss, heapTotal, heapUsed } = Deno.memoryUsage();
  return {
    done,
    residentBytes: rss - heapTotal,
    heapBytes: heapUsed,
    gpuBytes,
    handles: await openFiles(),
  };
}

/** Counted by another program: Deno lets nobody read /proc who has not leave for everything. */
async function openFiles(): Promise<number> {
  if (Deno.build.os !== "linux") return NaN;
  const { success, stdout, stderr } = await new Deno.Command("ls", {
    args: [`/proc/${Deno.pid}/fd`],
  }).output();
  if (!success) throw new Error(`open files: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** Train the demo's network for so many minutes or steps; a reading every so many steps. */
export async function soakTraining(
  limits: { readonly minutes?: number; readonly steps?: number },
  { every, progress }: { readonly every: number; readonly progress: Progress },
): Promise<Reading[]> {
  const loaded = makeModel("demo", { seed: 1 }, {});
  const { model, imageSize } = loaded;
  const stream = batchesAhead(syntheticSource(1, imageSize, undefined), {
    batchSize: 4,
    inputSize: imageSize,
    stride: model.stride,
    seed: 1,
    slots: 4,
  });
  const readings: Reading[] = [];
  await train(model, stream, recipeOf("small"), {
    ...limits,
    progress,
    interludes: [{
      isDue: ({ steps }) => steps % every === 0,
      run: async ({ steps }) => void readings.push(await readingAt(steps)),
    }],
  });
  return readings;
}

/** Pixels of the tiny pictures' sides, and pictures in a call. */
const SIDE = 16;
const CALL = 64;

/** Predict so many tiny pictures; a reading every so many. */
export async function soakPrediction(
  count: number,
  { every, progress }: { readonly every: number; readonly progress: Progress },
): Promise<Reading[]> {
  const model = new PoseNet({
    ...{ stacks: 1, channels: 8, increase: 4, depth: 2, stem: "stride2", keypoints: 3 },
  });
  using step = compile(({ images }: { images: Tensor }) => {
    const { heatmaps, tags } = model.forward(images).at(-1)!;
    return { heatmaps, tags };
  });
  const random = new Random(1);
  const images = hostArray([CALL, 3, SIDE, SIDE]);
  const readings: Reading[] = [];
  for (let done = 0; done < count;) {
    for (let i = 0; i < images.data.length; i++) images.data[i] = random.next();
    const { heatmaps, tags } = await step({ images });
    const [maps, tagMaps] = await Promise.all([heatmaps.read(), tags.read()]);
    decodeBatch(maps, tagMaps);
    const before = done;
    done += CALL;
    if (Math.floor(done / every) > Math.floor(before / every)) {
      readings.push(await readingAt(done));
    }
    progress.update(Math.min(done, count));
  }
  progress.finish();
  return readings;
}

/** Growth from the middle to the end of a run: of memory as a share of what was held. */
export interface Growth {
  readonly resident: number;
  readonly heap: number;
  /** Bytes and files: what is held by the library must not grow at all. */
  readonly gpuBytes: number;
  readonly handles: number;
}

/**
 * How much is held more at the end than when everything had settled: the last quarter against the second. Main memory by
 * its mean, the heap of JavaScript by its least, which is what it holds after it was swept.
 */
export function growthOf(readings: readonly Reading[]): Growth {
  const quarter = Math.floor(readings.length / 4);
  if (quarter === 0) {
    throw new RangeError(`growthOf: 4 readings are needed, there are ${readings.length}`);
  }
  const mean = (part: readonly Reading[], of: (reading: Reading) => number) =>
    part.reduce((sum, it) => sum + of(it), 0) / part.length;
  const [early, late] = [readings.slice(quarter, 2 * quarter), readings.slice(-quarter)];
  const least = (part: readonly Reading[]) => Math.min(...part.map((it) => it.heapBytes));
  const most = (of: (reading: Reading) => number) =>
    Math.max(...late.map(of)) - Math.max(...early.map(of));
  return {
    resident: mean(late, (it) => it.residentBytes) / mean(early, (it) => it.residentBytes) - 1,
    heap: least(late) / least(early) - 1,
    gpuBytes: most((it) => it.gpuBytes),
    handles: most((it) => it.handles),
  };
}
