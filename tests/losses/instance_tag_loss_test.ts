import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, hostArray, read, tensor, zeros } from "../../core/mod.ts";
import { tagLoss, type TagLossForm } from "../../losses/mod.ts";
import { finiteDifferences, type Numbers } from "../check_gradient.ts";
import { assertClose } from "../close.ts";

/** Two images, C = 2 classes, D = 2, maps of 3 × 3 pixels, P = 6 slots of S = 4 pixels. */
const [N, C, D, H, W, P, S] = [2, 2, 2, 3, 3, 6, 4];
const tags = Float32Array.from({ length: N * D * C * H * W }, (_, i) => (i * 29 % 47) / 23 - 1);
/** For each image its instances' class and pixels; the last one of image 0 has one pixel, drawn again and again. */
const images = [
  [
    { classIndex: 0, pixels: [0, 1, 2, 3] },
    { classIndex: 0, pixels: [4, 5] },
    { classIndex: 1, pixels: [0, 8, 7, 3] },
    { classIndex: 1, pixels: [5, 5, 5, 5] },
    { classIndex: 0, pixels: [8, 8, 8, 8] },
  ],
  [],
];

/** Slot p + 1 of an image holds instance p: an empty slot is nobody. */
function targetOf(perImage: typeof images) {
  const index = new Int32Array(N * P * S), visible = new Float32Array(N * P * S);
  perImage.forEach((instances, n) =>
    instances.forEach(({ classIndex, pixels }, p) =>
      pixels.forEach((pixel, s) => {
        const at = (n * P + p + 1) * S + s;
        [index[at], visible[at]] = [classIndex * H * W + pixel, 1];
      })
    )
  );
  return {
    index: tensor({ shape: [N, P, S], data: index }),
    visible: tensor({ shape: [N, P, S], data: visible }),
  };
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, d) => sum + (x - b[d]) ** 2, 0);

/** The definition in plain loops and float64: pull and push of each image. */
function reference(tags: ArrayLike<number>, form: TagLossForm, sigma: number) {
  return images.map((instances, n) => {
    const read = instances.map(({ classIndex, pixels }) =>
      pixels.map((i) =>
        Array.from({ length: D }, (_, d) => tags[((n * D + d) * C + classIndex) * H * W + i])
      )
    );
    const means = read.map((own) => own[0].map((_, d) => meanOf(own.map((t) => t[d]))));
    const pulls = read.map((own, p) =>
      form === "pixels"
        ? meanOf(own.map((t) => squared(t, means[p]) / D))
        : meanOf(own.flatMap((t) => own.map((u) => squared(t, u) / D)))
    );
    const near: number[] = [];
    for (let p = 0; p < read.length; p++) {
      for (let q = 0; q < read.length; q++) {
        if (p === q || instances[p].classIndex !== instances[q].classIndex) continue;
        near.push(
          form === "pixels" ? Math.exp(-squared(means[p], means[q])) : meanOf(
            read[p].flatMap((t) => read[q].map((u) => Math.exp(-squared(t, u) / (2 * sigma ** 2)))),
          ),
        );
      }
    }
    return {
      pull: pulls.length === 0 ? 0 : meanOf(pulls),
      push: near.length === 0 ? 0 : meanOf(near) / 2,
    };
  });
}

/** ∂(pull + 3 push)/∂tags, summed over images, by central differences of the definition. */
function differences(form: TagLossForm, sigma: number): number[] {
  const losses = (values: Numbers) =>
    reference(values.data, form, sigma).flatMap(({ pull, push }) => [pull, push]);
  const weights = images.flatMap(() => [1, 3]);
  return finiteDifferences(losses, [{ shape: [tags.length], data: [...tags] }], 0, weights);
}

/** Pull and push of instances of one pixel each, with these tags, one class. */
async function ofTags(values: readonly number[], form: TagLossForm) {
  const P = Math.max(values.length, 1);
  const index = { shape: [1, P, 1], data: Int32Array.from({ length: P }, (_, i) => i) };
  const visible = hostArray(
    [1, P, 1],
    Array.from({ length: P }, (_, i) => i < values.length ? 1 : 0),
  );
  const maps = tensor(hostArray([1, 1, 1, 1, P], values.length === 0 ? [7] : [...values]));
  const { pull, push } = tagLoss(maps, { index: tensor(index), visible: tensor(visible) }, {
    form,
  });
  const got = await read({ pull, push });
  return [got.pull.data[0], got.push.data[0]];
}

describe("tagLoss of instances", () => {
  for (const form of ["pixels", "pixel pairs"] as const) {
    it(`equals the definition of "${form}" in plain loops, and its differences`, async () => {
      for (const sigma of form === "pixels" ? [1] : [1, 0.5]) {
        const x = tensor(hostArray([N, D, C, H, W], tags));
        const { pull, push } = tagLoss(x, targetOf(images), { form, sigma });
        const [gradient] = grad(pull.add(push.mul(3)).sum(), [x]);
        const got = await read({ pull, push, gradient });
        const expected = reference(tags, form, sigma);
        assertClose(got.pull.data, expected.map(({ pull }) => pull), { label: "pull" });
        assertClose(got.push.data, expected.map(({ push }) => push), { label: "push" });
        assertClose(got.gradient.data, differences(form, sigma), { label: "gradient" });
      }
    });

    it(`is 0 under "${form}" where nothing is, and pushes nobody alone`, async () => {
      assert.deepEqual(await ofTags([], form), [0, 0]);
      assert.deepEqual(await ofTags([3], form), [0, 0]);
    });

    it(`is a half under "${form}" for 60 instances of one tag, and nearly 0 far apart`, async () => {
      assertClose(await ofTags(new Array(60).fill(2), form), [0, 0.5]);
      assertClose(await ofTags(Array.from({ length: 60 }, (_, i) => 20 * i), form), [0, 0]);
    });
  }

  it("has twice the pull in pairs that it has from the mean", async () => {
    const x = tensor(hostArray([N, D, C, H, W], tags));
    const pulls = (["pixels", "pixel pairs"] as const).map((form) =>
      tagLoss(x, targetOf(images), { form }).pull
    );
    const got = await read({ mean: pulls[0], pairs: pulls[1] });
    assertClose(got.pairs.data, [...got.mean.data].map((pull) => 2 * pull));
  });

  it("takes any number of pixels, but of the same images, and says so", () => {
    const maps = zeros([2, 1, 3, 8, 8]);
    const shapes = { index: zeros([1, 5, 20], "i32"), visible: zeros([1, 5, 20]) };
    assert.throws(() => tagLoss(maps, shapes, { form: "pixels" }), {
      name: "ShapeError",
      message: /^tagLoss: index must be \[N, P, S\] with the N of tags\n/,
    });
    const unequal = { index: zeros([2, 5, 20], "i32"), visible: zeros([2, 5, 10]) };
    assert.throws(() => tagLoss(maps, unequal, { form: "pixel pairs" }), {
      name: "ShapeError",
      message: /^tagLoss: index and visible must both be \[N, P, S\]\n/,
    });
  });
});
