/**
 * Do two adapters agree? The shipped network's maps of some scenes, and losses and weights of some steps of training,
 * computed over Vulkan and over OpenGL, each in a process of its own.
 *
 *     deno task check:adapters [BACKEND BACKEND]
 *
 * The network's maps must agree to 1e-4 of their largest number. Training multiplies differences: after three steps the
 * losses must agree to 1e-3.
 *
 * @module
 */
import { adapterInfo, InputError } from "../mod.ts";
import { batchesAhead } from "../data/mod.ts";
import { progressOnStderr } from "../cli/output.ts";
import { predict } from "../cli/prediction.ts";
import { recipeOf } from "../cli/recipe.ts";
import { evaluationScenes, syntheticSource } from "../cli/sources.ts";
import { train } from "../cli/training.ts";
import { loadModel, makeModel, shippedWeights } from "../cli/weights.ts";

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

/** The same, of another backend. */
async function figuresOf(backend: string): Promise<Figures> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json"],
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

if (Deno.args[0] === "--figures") {
  console.log(JSON.stringify(await figures()));
} else {
  const [first = "vulkan", second = "gl"] = Deno.args;
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
