/**
 * Where a training step of the demo spends its time: a table of kernels, slowest first.
 *
 *     deno task bench:step [PRESET [BATCH]]
 *
 * @module
 */
import {
  Adam,
  adapterInfo,
  compile,
  grad,
  parameters,
  poseLoss,
  PoseNet,
  preset,
  profile,
  profileTable,
  type Tensor,
} from "../mod.ts";
import { batches, sceneSource } from "../data/mod.ts";
import { measureCeilings } from "./ceilings.ts";

const [name = "demo", batchSize = "8"] = Deno.args;
const SAMPLES = 9;

const { options: settings, imageSize } = preset(name);
const model = new PoseNet(settings);
const adam = new Adam(parameters(model));
type Inputs = Record<"images" | "heatmaps" | "mask" | "index" | "visible", Tensor>;
using step = compile((batch: Inputs) => {
  const losses = poseLoss(model.forward(batch.images, { training: true }), batch);
  adam.update(grad(losses.loss, adam.parameters));
  return losses;
});
const scenes = sceneSource({ seed: 1, size: imageSize, people: [1, 4] });
const options = {
  batchSize: Number(batchSize),
  inputSize: imageSize,
  stride: model.stride,
  slots: 4,
  steps: 1,
};
for await (const batch of batches(scenes, options)) {
  const inputs = { ...batch };
  const start = performance.now();
  await (await step(inputs)).loss.item();
  console.log(`adapter     ${(await adapterInfo()).name}`);
  console.log(`first step  ${(performance.now() - start).toFixed(0)} ms (shaders compiled)`);
  const times: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const before = performance.now();
    await (await step(inputs)).loss.item();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const median = times[SAMPLES >> 1];
  console.log(
    `step        ${median.toFixed(1)} ms median, ${times[0].toFixed(1)} least, with readback`,
  );
  console.log([...step.plans().values()][0]);
  const ceilings = await measureCeilings();
  console.log(profileTable(await profile(step, inputs), { rows: 30, ceilings }));
}
