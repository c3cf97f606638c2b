/**
 * Do two adapters agree? The shipped network's maps of some scenes, and losses and weights of some steps of training,
 * computed over Vulkan and over OpenGL, each in a process of its own.
 *
 *     deno task check:adapters [BACKEND BACKEND]        vulkan, gl, metal or dx12
 *
 * The network's maps must agree to 1e-4 of their largest number. Training multiplies differences: after three steps the
 * losses must agree to 1e-3.
 *
 * @module
 */
import { adapterInfo, GpuError, InputError, unknownName } from "../mod.ts";
import { batchesAhead } from "../data/mod.ts";
import type { Command, Values } from "../cli/options.ts";
import { progressOnStderr } from "../cli/output.ts";
import { predict } from "../cli/prediction.ts";
import { recipeOf } from "../cli/recipe.ts";
import { evaluationScenes, syntheticSource } from "../cli/sources.ts";
import { train } from "../cli/training.ts";
import { loadModel, makeModel, shippedWeights } from "../cli/weights.ts";
import { runTool } from "./tool.ts";

/** What Deno's WebGPU can run on; it takes no notice of any other name. */
const BACKENDS = ["vulkan", "gl", "metal", "dx12"];

const SCENES = 4;
const STEPS = 3;

interface Figures {
  readonly adapter: string;
  readonly maps: readonly number[];
  readonly losses: readonly number[];
}

/** What this process's adapter computes. */
async function figures(): Promise<Figures> {
  const path = await shippedWeights();
  if (path === undefined) throw new InputError("check:adapters: no weights come with the library");
  const loaded = await loadModel(path);
  const scenes = (await evaluationScenes(loaded.imageSize)).slice(0, SCENES);
  const maps: number[] = [];
  for await (const { heatmaps, tags } of predict(loaded, scenes)) {
    maps.push(...heatmaps.data, ...tags.data);
  }
  const { model, imageSize } = makeModel("demo", { seed: 1 });
  const stream = batchesAhead(syntheticSource(1, imageSize), {
    batchSize: 4,
    inputSize: imageSize,
    stride: model.stride,
    slots: 4,
  });
  const losses: number[] = [];
  await train(model, stream, recipeOf("small"), {
    steps: STEPS,
    progress: progressOnStderr({ label: "train", total: STEPS }),
    interludes: [{ isDue: () => true, run: () => Promise.resolve() }], // so that every loss is read
    onLosses: ({ loss, heatmap, pull, push }) => {
      losses.push(loss, heatmap, pull, push);
      return Promise.resolve();
    },
  });
  return { adapter: (await adapterInfo()).name, maps, losses };
}

/**
 * The same, of another backend.
 *
 * @throws {InputError} If this machine has no adapter for it.
 */
async function figuresOf(backend: string): Promise<Figures> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "-q", "--no-check", "--no-lock", "--import-map=import_map.json"],
      ...[new URL(import.meta.url).pathname, "--figures"],
    ],
    env: { DENO_WEBGPU_BACKEND: backend, AE_TUNE: "off" },
    stderr: "piped",
  }).output();
  if (code !== 0) throw new InputError(`${backend}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Largest difference over the largest number. */
function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  const [most, apart] = a.reduce(
    ([m, d], x, i) => [Math.max(m, Math.abs(x)), Math.max(d, Math.abs(x - b[i]))],
    [0, 0],
  );
  return apart / most;
}

/**
 * The two backends that were typed; Vulkan and OpenGL if none was.
 *
 * @throws {InputError} If there is no such backend, or one alone was typed.
 */
export function backendsOf(operands: readonly string[]): readonly [first: string, second: string] {
  const [first = "vulkan", second = "gl"] = operands;
  for (const name of [first, second]) {
    if (!BACKENDS.includes(name)) throw unknownName("backend", name, BACKENDS);
  }
  if (operands.length === 0 || operands.length === 2) return [first, second];
  throw new InputError(
    `two backends are compared, not ${operands.length}\n  help: check:adapters vulkan gl`,
  );
}

const command: Command = {
  summary: "Compare what two backends compute.",
  operands: "[BACKEND BACKEND]",
  options: {
    figures: { type: "flag", help: "print what the backend of this process computes, as JSON" },
  },
  run: (values) => values.flag("figures") ? printFigures() : compare(values),
};

async function printFigures(): Promise<void> {
  try {
    console.log(JSON.stringify(await figures()));
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    throw new InputError(error.message, { cause: error }); // the machine's, not the program's fault: no stack
  }
}

async function compare(values: Values): Promise<void> {
  const [first, second] = backendsOf(values.operands);
  const [a, b] = [await figuresOf(first), await figuresOf(second)];
  const [maps, losses] = [difference(a.maps, b.maps), difference(a.losses, b.losses)];
  const passed = maps <= 1e-4 && losses <= 1e-3;
  console.log(
    `${first} (${a.adapter}) and ${second} (${b.adapter}): ${a.maps.length} numbers of maps differ by ` +
      `${maps.toExponential(1)} of the largest, ${a.losses.length} losses by ${
        losses.toExponential(1)
      }: ${passed ? "passed" : "failed"}`,
  );
  Deno.exitCode = passed ? 0 : 1;
}

if (import.meta.main) await runTool("check:adapters", command);
