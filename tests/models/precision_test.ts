import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import {
  Adam,
  compile,
  grad,
  hostArray,
  LossScale,
  parameters,
  PoseNet,
  read,
  type Tensor,
  tensor,
} from "ae";

const options = {
  stacks: 2,
  channels: 16,
  increase: 8,
  depth: 2,
  stem: "stride2",
  batchNorm: "everywhere",
  seed: 3,
} as const;
const image = hostArray(
  [2, 3, 16, 16],
  Array.from({ length: 1536 }, (_, i) => (i * 37 % 101) / 101),
);

it("a network in f16 says nearly what it says in f32, in f32", async () => {
  const [maps, maps16] = await Promise.all((["f32", "f16"] as const).map(async (precision) => {
    const outputs = new PoseNet({ ...options, precision }).forward(tensor(image));
    assert.ok(outputs.every(({ raw }) => raw.dtype === "f32"));
    return (await read({ raw: outputs[1].raw })).raw.data;
  }));
  const largest = maps.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.notDeepEqual([...maps.slice(0, 8)], [...maps16.slice(0, 8)]);
  maps.forEach((value, i) => assert.ok(Math.abs(value - maps16[i]) <= 0.01 * largest));
  assert.throws(
    () => new PoseNet({ precision: "f64" as "f16" }),
    /precision can be "f32" or "f16", not f64/,
  );
});

it("it learns as in f32, with f32 parameters and less memory", async () => {
  const runs = await Promise.all((["f32", "f16"] as const).map(async (precision) => {
    const model = new PoseNet({ ...options, precision });
    const lossScale = new LossScale();
    const adam = new Adam(parameters(model), { learningRate: 1e-2 });
    using step = compile(({ x }: { x: Tensor }) => {
      const losses = model.forward(x, { training: true }).map(({ raw }) =>
        raw.sub(0.5).square().mean()
      );
      const loss = losses.reduce((a, b) => a.add(b));
      adam.update(
        precision === "f16"
          ? lossScale.gradients(loss, adam.parameters)
          : grad(loss, adam.parameters),
      );
      return { loss };
    });
    const seen: number[] = [];
    for (let i = 0; i < 8; i++) seen.push(await (await step({ x: image })).loss.item());
    assert.ok(adam.parameters.every(({ dtype }) => dtype === "f32"));
    assert.equal(await lossScale.skipped.item(), 0);
    return { seen, bytes: [...step.plans().values()][0].slotBytes };
  }));
  const [f32, f16] = runs;
  f32.seen.forEach((loss, i) => {
    assert.ok(Math.abs(loss - f16.seen[i]) <= 0.05 * loss, `${loss} and ${f16.seen[i]}`);
  });
  assert.ok(f16.seen[7] < 0.8 * f16.seen[0]);
  assert.ok(f16.bytes < 0.8 * f32.bytes, `${f16.bytes} of ${f32.bytes} bytes`);
});
