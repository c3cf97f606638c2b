/**
 * Work for a real graphics card: a large matrix product, a large convolution there and back, and the official
 * network's inference and training step. `bench/gpu.py` does the same in PyTorch.
 *
 *     deno task bench:gpu [NAME…]
 *
 * Each line is the median of several rounds; a round is as many calls as take a while, read once at its end.
 *
 * @module
 */
import {
  Adam,
  adapterInfo,
  compile,
  conv2d,
  grad,
  matmul,
  memory,
  normal,
  parameters,
  poseLoss,
  PoseNet,
  preset,
  setMemoryBudget,
  type Tensor,
  variable,
  zeros,
} from "../mod.ts";

interface Work {
  readonly name: string;
  /** Floating-point operations of a call. */
  readonly flops: number;
  /** Makes ready; the function returned does the work once and gives something to wait for. */
  readonly ready: () => Promise<() => Promise<Tensor>>;
}

const ROUNDS = 5;
const ROUND_MS = 400;

function matmulWork(size: number): Work {
  return {
    name: `matmul ${size}`,
    flops: 2 * size ** 3,
    ready: () => {
      const a = variable(normal([size, size], { seed: 1 }), "a");
      const b = variable(normal([size, size], { seed: 2 }), "b");
      const step = compile(() => matmul(a, b));
      return Promise.resolve(() => step({}) as Promise<Tensor>);
    },
  };
}

function convWork(backward: boolean): Work {
  const [N, C, S] = [8, 256, 128];
  return {
    name: `conv2d 3x3 ${C} to ${C}, batch ${N}, ${S}x${S}, ${backward ? "backward" : "forward"}`,
    flops: 2 * N * C * C * 9 * S * S * (backward ? 2 : 1),
    ready: () => {
      const x = variable(normal([N, C, S, S], { seed: 1 }), "x");
      const w = variable(normal([C, C, 3, 3], { seed: 2 }), "w");
      const g = variable(normal([N, C, S, S], { seed: 3 }), "g");
      const step = compile(() => {
        const y = conv2d(x, w, { pad: 1 });
        if (!backward) return { y };
        const [dx, dw] = grad(y.mul(g).sum(), [x, w]);
        return { dx, dw };
      });
      return Promise.resolve(async () => Object.values(await step({}))[0] as Tensor);
    },
  };
}

function networkWork(training: boolean, batch: number, name = "authors"): Work {
  const { options, imageSize } = preset(name);
  const gmac: Record<string, number> = { authors: 222, "medium-256": 4.48 };
  return {
    name: `${name} ${imageSize}x${imageSize}, batch ${batch}, ${
      training ? "training step" : "inference"
    }`,
    flops: 2e9 * gmac[name] * batch * (training ? 3 : 1),
    ready: () => {
      const model = new PoseNet(options);
      const maps = imageSize / model.stride;
      const images = variable(normal([batch, 3, imageSize, imageSize], { seed: 1 }), "images");
      const heatmaps = variable(zeros([batch, 17, maps, maps]), "heatmaps");
      const mask = variable(zeros([batch, 1, maps, maps]).add(1), "mask");
      const index = zeros([batch, 30, 17], "i32");
      const visible = variable(zeros([batch, 30, 17]).add(1), "visible");
      if (!training) {
        const step = compile(() => model.forward(images).at(-1)!.raw);
        return Promise.resolve(() => step({}) as Promise<Tensor>);
      }
      const adam = new Adam(parameters(model));
      const step = compile(() => {
        const losses = poseLoss(model.forward(images, { training: true }), {
          heatmaps,
          mask,
          index,
          visible,
        });
        adam.update(grad(losses.loss, adam.parameters));
        return losses.loss;
      });
      return Promise.resolve(() => step({}) as Promise<Tensor>);
    },
  };
}

const works: readonly Work[] = [
  matmulWork(1024),
  matmulWork(4096),
  convWork(false),
  convWork(true),
  networkWork(false, 8, "medium-256"),
  networkWork(true, 8, "medium-256"),
  networkWork(false, 1),
  networkWork(false, 8),
  networkWork(true, 1),
  networkWork(true, 8),
];

setMemoryBudget(64 * 2 ** 30);
console.log(`adapter  ${(await adapterInfo()).name}`);
for (const { name, flops, ready } of works) {
  if (Deno.args.length > 0 && !Deno.args.some((part) => name.includes(part))) continue;
  try {
    const start = performance.now();
    const once = await ready();
    const first = await once();
    await wait(first);
    const firstMs = performance.now() - start;
    const before = performance.now();
    await wait(await once());
    const calls = Math.max(1, Math.min(50, Math.round(ROUND_MS / (performance.now() - before))));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      let last = first;
      for (let i = 0; i < calls; i++) last = await once();
      await wait(last);
      times.push((performance.now() - from) / calls);
    }
    times.sort((a, b) => a - b);
    const ms = times[ROUNDS >> 1];
    const held = memory().reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
    console.log(
      `${name.padEnd(62)} ${ms.toFixed(3).padStart(10)} ms  ${
        (flops / ms / 1e9).toFixed(2)
      } TFLOP/s  ` +
        `${held.toFixed(0)} MiB held, first call ${
          (firstMs / 1000).toFixed(1)
        } s, ${calls} calls a round`,
    );
  } catch (error) {
    console.log(`${name.padEnd(62)} failed: ${(error as Error).message}`);
  }
}

/** Until the device has computed x: reads one number of it. */
async function wait(x: Tensor): Promise<void> {
  await x.reshape([x.size]).slice([0], [1]).read();
}
