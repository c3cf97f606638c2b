import assert from "node:assert/strict";
import { compile, grad, hostArray, type Tensor } from "../../core/mod.ts";
import { poseLoss } from "../../losses/mod.ts";
import { PoseNet } from "../../models/mod.ts";
import { parameters } from "../../nn/mod.ts";
import { Adam, warmupCosine } from "../../optim/mod.ts";

/**
 * Two pictures of 16 × 16 pixels, each with two "people" of two keypoints. Keypoint k is a bright dot in
 * colour channel k; channel 2 is the person's shirt around both dots, so that tags can be told apart.
 */
function pictures() {
  const [N, P, K, side, map] = [2, 2, 2, 16, 8];
  const images = hostArray([N, 3, side, side]);
  const heatmaps = hostArray([N, K, map, map]);
  const index = { shape: [N, P, K], data: new Int32Array(N * P * K) };
  const visible = hostArray([N, P, K], new Float32Array(N * P * K).fill(1));
  const places = [[[[1, 1], [3, 2]], [[6, 5], [5, 7]]], [[[6, 1], [5, 3]], [[1, 6], [2, 4]]]];
  places.forEach((people, n) =>
    people.forEach((person, p) =>
      person.forEach(([x, y], k) => {
        index.data[(n * P + p) * K + k] = (k * map + y) * map + x;
        heatmaps.data[((n * K + k) * map + y) * map + x] = 1;
        for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
          const pixel = (2 * y + dy) * side + 2 * x + dx;
          images.data[(n * 3 + k) * side * side + pixel] = 1;
          images.data[(n * 3 + 2) * side * side + pixel] = p;
        }
      })
    )
  );
  return { images, heatmaps, index, visible };
}

Deno.test("PoseNet learns two pictures by heart: heatmaps, pull and push all fall", async () => {
  const steps = 150;
  const model = new PoseNet({
    stacks: 1,
    channels: 8,
    increase: 0,
    depth: 1,
    keypoints: 2,
    stem: "stride2",
    tagInitScale: 4,
    seed: 1,
  });
  const adam = new Adam(parameters(model));
  const schedule = warmupCosine({ rate: 1e-2, warmup: 10, steps });
  type Batch = Record<"images" | "heatmaps" | "index" | "visible" | "rate", Tensor>;
  using step = compile(({ images, rate, ...target }: Batch) => {
    const { loss, heatmap, pull, push } = poseLoss(model.forward(images), target, {
      foregroundWeight: 10,
      pullWeight: 2e-2,
      pushWeight: 2e-2,
    });
    adam.update(grad(loss, adam.parameters), { learningRate: rate });
    return { loss, heatmap, pull, push };
  });
  const batch = pictures();
  const figures = async (i: number) => {
    const { loss, heatmap, pull, push } = await step({
      ...batch,
      rate: hostArray([], [schedule(i)]),
    });
    if (i > 0 && i < steps - 1) return []; // asking for a number waits for the device
    return await Promise.all([loss, heatmap, pull, push].map((x) => x.item()));
  };
  let first: number[] = [];
  let last: number[] = [];
  for (let i = 0; i < steps; i++) {
    last = await figures(i);
    if (i === 0) first = last;
  }
  const [loss, heatmap, pull, push] = last;
  assert.ok(loss < first[0] / 10, `loss ${first[0]} -> ${loss}`);
  assert.ok(heatmap < 0.02, `heatmap loss ${first[1]} -> ${heatmap}`);
  assert.ok(pull < 0.05, `pull ${first[2]} -> ${pull}`);
  assert.ok(push < 0.1, `push ${first[3]} -> ${push}`);
});
