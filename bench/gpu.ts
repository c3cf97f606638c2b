/**
 * Work for a real graphics card: large matrix products, a large convolution and its two gradients, inference and the
 * training step of a middle-sized and of the official network. `bench/gpu.py` does the same in PyTorch (there the loss
 * of a training step is a mean square, which costs next to nothing in both).
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
  assign,
  cast,
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
  type Variable,
  variable,
  variables,
  zeros,
} from "../mod.ts";
import { measureCeilings } from "./ceilings.ts";

interface Work {
  readonly name: string;
  /** Floating-point operations of a call. */
  readonly flops: number;
  /** Makes ready. */
  readonly ready: () => Ready;
}

/** Work that is ready to be done. */
interface Ready {
  /** Does it once and gives something to wait for. */
  readonly once: () => Promise<Tensor>;
  /** Gives back what it holds. */
  readonly dispose: () => void;
}

/** A step without inputs, and the variables that it reads. */
function readyStep(describe: () => Tensor, held: readonly Variable[]): Ready {
  const step = compile(describe);
  return {
    once: () => step({}),
    dispose() {
      step[Symbol.dispose]();
      for (const variable of held) variable.dispose();
    },
  };
}

const ROUNDS = 5;
const ROUND_MS = 400;

type Precision = "f32" | "f16";

function matmulWork(size: number, precision: Precision): Work {
  return {
    name: `${precision} matmul ${size}`,
    flops: 2 * size ** 3,
    ready: () => {
      const a = variable(cast(normal([size, size], { seed: 1 }), precision), "a");
      const b = variable(cast(normal([size, size], { seed: 2 }), precision), "b");
      return readyStep(() => matmul(a, b), [a, b]);
    },
  };
}

function convWork(backward: boolean, precision: Precision): Work {
  const [N, C, S] = [8, 256, 128];
  return {
    name: `${precision} conv2d 3x3 ${C} to ${C}, batch ${N}, ${S}x${S}, ${
      backward ? "backward" : "forward"
    }`,
    flops: 2 * N * C * C * 9 * S * S * (backward ? 2 : 1),
    ready: () => {
      const x = variable(cast(normal([N, C, S, S], { seed: 1 }), precision), "x");
      const w = variable(cast(normal([C, C, 3, 3], { seed: 2 }), precision), "w");
      const g = variable(cast(normal([N, C, S, S], { seed: 3 }), precision), "g");
      return readyStep(() => {
        const y = conv2d(x, w, { pad: 1 });
        if (!backward) return y;
        const [dx, dw] = grad(cast(y.mul(g), "f32").sum(), [x, w]);
        assign(x, dx); // so that both are computed
        return dw;
      }, [x, w, g]);
    },
  };
}

function networkWork(
  training: boolean,
  batch: number,
  precision: Precision,
  name = "authors",
): Work {
  const { options, imageSize } = preset(name);
  const gmac: Record<string, number> = { authors: 222, "medium-256": 4.48 };
  return {
    name: `${precision} ${name} ${imageSize}x${imageSize}, batch ${batch}, ${
      training ? "training step" : "inference"
    }`,
    flops: 2e9 * gmac[name] * batch * (training ? 3 : 1),
    ready: () => {
      const model = new PoseNet({ ...options, precision });
      const maps = imageSize / model.stride;
      const images = variable(normal([batch, 3, imageSize, imageSize], { seed: 1 }), "images");
      const heatmaps = variable(zeros([batch, 17, maps, maps]), "heatmaps");
      const mask = variable(zeros([batch, 1, maps, maps]).add(1), "mask");
      const index = variable(zeros([batch, 30, 17], "i32"), "index");
      const visible = variable(zeros([batch, 30, 17]).add(1), "visible");
      const data = [images, heatmaps, mask, index, visible];
      const held = [...data, ...variables(model).values()];
      if (!training) return readyStep(() => model.forward(images).at(-1)!.raw, held);
      const adam = new Adam(parameters(model));
      const state = [adam.firstMoment, adam.secondMoment].flatMap((moments) =>
        Object.values(moments)
      );
      return readyStep(() => {
        const outputs = model.forward(images, { training: true });
        const losses = poseLoss(outputs, { heatmaps, mask, index, visible });
        adam.update(grad(losses.loss, adam.parameters));
        return losses.loss;
      }, [...held, ...state]);
    },
  };
}

const works: readonly Work[] = (["f32", "f16"] as const).flatMap((precision) => [
  matmulWork(1024, precision),
  matmulWork(4096, precision),
  convWork(false, precision),
  convWork(true, precision),
  networkWork(false, 8, precision, "medium-256"),
  networkWork(true, 8, precision, "medium-256"),
  networkWork(false, 1, precision),
  networkWork(true, 1, precision),
  networkWork(false, 8, precision),
  networkWork(true, 8, precision),
]);

setMemoryBudget(64 * 2 ** 30);
const { name: adapter, f16 } = await adapterInfo();
const { multiplyAddGflops, copyGBs } = await measureCeilings();
console.log(`adapter  ${adapter}`);
console.log(
  `ceilings ${(multiplyAddGflops / 1000).toFixed(2)} TFLOP/s f32, copy ${
    (copyGBs / 1000).toFixed(2)
  } TB/s`,
);
for (const { name, flops, ready } of works) {
  if (name.startsWith("f16") && !f16) continue;
  if (Deno.args.length > 0 && !Deno.args.some((part) => name.includes(part))) continue;
  const { once, dispose } = ready();
  try {
    const start = performance.now();
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
    const held = memory().filter(({ owner }) => owner !== "free")
      .reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
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
  } finally {
    dispose();
  }
}

/** Until the device has computed x: reads one number of it. */
async function wait(x: Tensor): Promise<void> {
  await x.reshape([x.size]).slice([0], [1]).read();
}
