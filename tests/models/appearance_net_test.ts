import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { AppearanceNet } from "../../models/mod.ts";
import { Adam } from "../../optim/mod.ts";
import { compile, grad, hostArray, ones, read, type Tensor, tensor } from "../../core/mod.ts";
import { temporalTagLoss } from "../../losses/mod.ts";
import { loadState, parameters, stateOf } from "../../nn/mod.ts";
import { Random } from "../../data/random.ts";

const small = { channels: 6, keypoints: 3, tagDimensions: 2 };

describe("AppearanceNet", () => {
  it("gives every keypoint D maps of half the image's size, the same for the same seed", async () => {
    const images = tensor(hostArray(
      [2, 3, 12, 20],
      new Random(1).shuffled(
        Array.from({ length: 2 * 3 * 12 * 20 }, (_, i) => i / 1440),
      ),
    ));
    const maps = async (seed: number) =>
      await new AppearanceNet({ ...small, seed }).forward(images).read();
    const first = await maps(1);
    assert.deepEqual(first.shape, [2, 2, 3, 6, 10]);
    assert.deepEqual(first.data, (await maps(1)).data);
    assert.notDeepEqual(first.data, (await maps(2)).data);
  });

  it("sees the neighbourhood of a pixel alone: 15 image pixels across and a little more", async () => {
    const net = new AppearanceNet(small);
    const image = (lit: boolean) => {
      const data = new Float32Array(3 * 64 * 64);
      if (lit) data[32 * 64 + 32] = 1; // a red pixel
      return tensor(hostArray([1, 3, 64, 64], data));
    };
    const [dark, bright] = [
      await net.forward(image(false)).read(),
      await net.forward(image(true)).read(),
    ];
    let [near, far] = [0, 0];
    dark.data.forEach((value, i) => {
      const [x, y] = [i % 32, Math.floor(i / 32) % 32];
      const away = Math.max(Math.abs(x - 16), Math.abs(y - 16));
      const change = Math.abs(value - bright.data[i]);
      if (away <= 1) near = Math.max(near, change);
      if (away > 4) far = Math.max(far, change);
    });
    assert.ok(near > 1e-3 && far === 0, `${near} ${far}`);
  });

  it("learns to tell colours apart wherever they are, which the loss falls by", async () => {
    // Clips of two frames of 8 x 8 pixels: a red half and a green half, which change sides; one keypoint each.
    const random = new Random(2);
    const frame = (redIsLeft: boolean) =>
      Array.from({ length: 3 * 64 }, (_, i) => {
        const isLeft = i % 8 < 4, channel = Math.floor(i / 64);
        const wanted = channel === (isLeft === redIsLeft ? 0 : 1) ? 1 : 0;
        return wanted + 0.1 * random.normal();
      });
    const net = new AppearanceNet({ channels: 6, keypoints: 1, tagDimensions: 2, seed: 3 });
    const adam = new Adam(parameters(net), { learningRate: 1e-2 });
    const visible = ones([1, 2, 2]);
    const index = tensor({ shape: [1, 2, 2], data: Int32Array.of(4, 16 + 6, 6, 16 + 4) });
    using step = compile(({ images }: { images: Tensor }) => {
      const tags = net.forward(images, { training: true });
      const { pull, push } = temporalTagLoss(tags, { index, visible }, { each: "frame" });
      const loss = pull.sum().add(push.sum());
      adam.update(grad(loss, adam.parameters));
      return { loss };
    });
    const losses: number[] = [];
    for (let i = 0; i < 40; i++) {
      const images = hostArray([2, 3, 8, 8], [...frame(true), ...frame(false)]);
      losses.push((await read({ ...await step({ images }) })).loss.data[0]);
    }
    assert.ok(
      losses.at(-1)! < 0.1 * losses[0] && losses.at(-1)! < 0.05,
      `${losses[0]} ${losses.at(-1)}`,
    );
  });

  it("keeps everything that it learns in its state", async () => {
    const [a, b] = [
      new AppearanceNet({ ...small, seed: 1 }),
      new AppearanceNet({ ...small, seed: 2 }),
    ];
    await loadState(b, await stateOf(a));
    const images = ones([1, 3, 8, 8]);
    assert.deepEqual(await b.forward(images).read(), await a.forward(images).read());
  });

  it("refuses sizes and images that do not fit", () => {
    assert.throws(() => new AppearanceNet({ channels: 0 }), {
      name: "RangeError",
      message: "AppearanceNet: channels must be a whole number, 1 or more, not 0",
    });
    const net = new AppearanceNet(small);
    for (const shape of [[1, 1, 8, 8], [1, 3, 7, 8], [3, 8, 8]]) {
      assert.throws(() => net.forward(ones(shape)), {
        name: "ShapeError",
        message: /^AppearanceNet: images must be \[N, 3, H, W\] with even H and W\n/,
      });
    }
  });
});
