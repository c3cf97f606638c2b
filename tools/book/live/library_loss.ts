/**
 * Pull and push by the library: its tag loss and autodiff, compiled once, on the browser's WebGPU.
 *
 * @module
 */
import { compile } from "../../../core/compile.ts";
import { adapterInfo } from "../../../core/device.ts";
import { grad } from "../../../core/grad.ts";
import { hostArray } from "../../../core/host_array.ts";
import { read } from "../../../core/run.ts";
import { ones, type Tensor, tensor } from "../../../core/tensor.ts";
import { tagLoss } from "../../../losses/tag_loss.ts";
import type { PullPush } from "./pull_push.ts";

/** A way to compute pull and push, and what to call it. */
export interface Loss {
  /** Who computes, in words. */
  readonly name: string;
  /** Both losses and gradients of tags `[P, K]`, row by row. */
  readonly evaluate: (tags: readonly number[]) => Promise<PullPush>;
}

/**
 * The library's loss for P people with K keypoints.
 *
 * @throws {GpuError} If there is no WebGPU adapter.
 */
export async function libraryLoss(people: number, keypoints: number): Promise<Loss> {
  const { name } = await adapterInfo();
  // The "picture" is one row of P pixels: keypoint k of person p is at pixel p of map k.
  const places = Int32Array.from(
    { length: people * keypoints },
    (_, i) => i % keypoints * people + Math.floor(i / keypoints),
  );
  const target = {
    index: tensor(places).reshape([1, people, keypoints]),
    visible: ones([1, people, keypoints]),
  };
  const step = compile(({ tags }: { tags: Tensor }) => {
    const maps = tags.permute([1, 0]).reshape([1, 1, keypoints, 1, people]); // [N, D, K, H, W]
    const { pull, push } = tagLoss(maps, target);
    const [pullGradient] = grad(pull.sum(), [tags]);
    const [pushGradient] = grad(push.sum(), [tags]);
    return { pull, push, pullGradient, pushGradient };
  }, { name: "live page" });
  return {
    name: `the library's tagLoss on WebGPU (${name || "an adapter without a name"})`,
    evaluate: async (tags) => {
      const results = await read(await step({ tags: hostArray([people, keypoints], [...tags]) }));
      return {
        pull: results.pull.data[0],
        push: results.push.data[0],
        pullGradient: results.pullGradient.data,
        pushGradient: results.pushGradient.data,
      };
    },
  };
}
