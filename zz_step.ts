import { Adam, compile, grad, parameters, poseLoss, PoseNet, preset, type Tensor } from "ae";
import { batches, sceneSource } from "ae/data";
const { options: settings, imageSize } = preset(Deno.args[0] ?? "demo");
const model = new PoseNet(settings);
const adam = new Adam(parameters(model));
type I = Record<"images" | "heatmaps" | "mask" | "index" | "visible", Tensor>;
using step = compile((b: I) => {
  const l = poseLoss(model.forward(b.images, { training: true }), b, { foregroundWeight: 10 });
  adam.update(grad(l.loss, adam.parameters));
  return l;
});
for await (
  const b of batches(sceneSource({ seed: 1, size: imageSize, people: [1, 4] }), {
    batchSize: Number(Deno.args[1] ?? 8),
    inputSize: imageSize,
    stride: 2,
    slots: 4,
    steps: 1,
  })
) {
  const t = performance.now();
  await (await step({ ...b })).loss.item();
  console.log("first", performance.now() - t, [...step.plans().values()][0].kernels);
  const ts = [];
  for (let i = 0; i < 12; i++) {
    const t = performance.now();
    await (await step({ ...b })).loss.item();
    ts.push(performance.now() - t);
  }
  ts.sort((a, b) => a - b);
  console.log("min", ts[0], "median", ts[6]);
}
