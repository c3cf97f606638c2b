/**
 * Golden cases of the losses. Tag maps come flat, `[B, N, T]` with T numbers at each of N places; the library's
 * `[N, D, K, H, W]` is the same with the numbers in front and the places as one row.
 *
 * @module
 */
import { grad, read, type Tensor, tensor } from "../../core/mod.ts";
import { heatmapLoss, poseLoss, tagLoss } from "../../losses/mod.ts";
import { permute, reshape, slice } from "../../ops/mod.ts";
import type { Comparison, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";

/** Runners of the losses' families, by name. */
export const families: Record<string, FamilyRunner> = {
  loss_heatmap: lossHeatmap,
  loss_ae: lossTags,
  loss_total: lossTotal,
};

/** A golden array as a tensor of f32. */
export function floats({ shape, data }: GoldenArray): Tensor {
  return tensor({ shape, data: Float32Array.from(data) });
}

/** Keypoints `[B, P, K, 2]` of pairs (place, flag) as the tag loss takes them. */
export function tagTarget({ shape, data }: GoldenArray): { index: Tensor; visible: Tensor } {
  const pairs = shape.slice(0, 3);
  const column = (which: 0 | 1) =>
    Int32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + which]);
  return {
    index: tensor({ shape: pairs, data: column(0) }),
    visible: tensor({ shape: pairs, data: Float32Array.from(column(1)) }),
  };
}

/** Compare tensors with the expected ones of the same names, all read in one wait. */
export async function compareTensors(
  testCase: GoldenCase,
  compare: Comparison,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const arrays = await read(tensors);
  for (const [name, { data }] of Object.entries(arrays)) {
    const expected = testCase.expected(name);
    compare.close(name, data, expected.data, expected);
  }
}

async function lossHeatmap(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const [pred, heatmaps, mask, gy] = ["pred", "gt", "mask", "gy"].map((name) =>
    floats(testCase.input(name))
  );
  const y = heatmapLoss(pred, { heatmaps, mask });
  const [gradient] = grad(y.mul(gy).sum(), [pred]);
  await compareTensors(testCase, compare, { y, g_pred: gradient });
}

async function lossTags(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const tags = floats(testCase.input("tags"));
  const keypoints = testCase.input("keypoints");
  const [B, N, T] = tags.shape;
  const K = keypoints.shape[2];
  const maps = reshape(permute(tags, [0, 2, 1]), [B, T, K, 1, N / K]);
  const { pull, push } = tagLoss(maps, tagTarget(keypoints));
  const gy = floats(testCase.input("gy"));
  const toPush = reshape(slice(gy, [0, 0], [B, 1]), [B]);
  const toPull = reshape(slice(gy, [0, 1], [B, 2]), [B]);
  const [gradient] = grad(push.mul(toPush).add(pull.mul(toPull)).sum(), [tags]);
  if (testCase.expectedNames.includes("g_tags")) {
    await compareTensors(testCase, compare, { push, pull, g_tags: gradient });
    return;
  }
  await compareTensors(testCase, compare, { push, pull });
  const { data } = await gradient.read(); // large cases list the places where it is not 0
  const places = testCase.expected("g_index").data;
  const values = testCase.expected("g_value");
  compare.close("g_value", Array.from(places, (place) => data[place]), values.data, values);
  for (const place of places) data[place] = 0;
  compare.equal("gradient elsewhere", data.findIndex((value) => value !== 0), -1);
}

async function lossTotal(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const preds = floats(testCase.input("preds"));
  const target = {
    heatmaps: floats(testCase.input("heatmaps")),
    mask: floats(testCase.input("masks")),
    ...tagTarget(testCase.input("keypoints")),
  };
  const K = target.heatmaps.shape[1];
  const [B, S] = preds.shape;
  const stacks = Array.from({ length: S }, (_, s) => stackOf(preds, s, K));
  const weightOf = Object.fromEntries(testCase.params.weights as [string, number][]);
  const { loss } = poseLoss(stacks, target, {
    heatmapWeight: weightOf.detection_loss,
    pullWeight: weightOf.pull_loss,
    pushWeight: weightOf.push_loss,
  });
  const [gradient] = grad(loss, [preds]);
  await compareTensors(testCase, compare, { total: loss, g_preds: gradient });

  const perStack = stacks.map(({ heatmaps, tags }) => ({
    detection: heatmapLoss(heatmaps, target),
    ...tagLoss(tags, target),
  }));
  for (const name of ["push", "pull", "detection"] as const) {
    const columns = await read(Object.fromEntries(perStack.map((it, s) => [s, it[name]])));
    const rows = Array.from({ length: B * S }, (_, i) => columns[i % S].data[Math.floor(i / S)]);
    const expected = testCase.expected(name);
    compare.close(name, rows, expected.data, expected);
  }
}

/** Heatmaps and 1-D tags of one stack of `[B, S, C, H, W]`. */
function stackOf(preds: Tensor, s: number, K: number): { heatmaps: Tensor; tags: Tensor } {
  const [B, , , H, W] = preds.shape;
  const part = (from: number) => slice(preds, [0, s, from, 0, 0], [B, s + 1, from + K, H, W]);
  return {
    heatmaps: reshape(part(0), [B, K, H, W]),
    tags: reshape(part(K), [B, 1, K, H, W]),
  };
}
