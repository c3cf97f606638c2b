import assert from "node:assert/strict";
import { libraryLoss } from "../../../../tools/book/live/library_loss.ts";
import { meanTags, pullPush } from "../../../../tools/book/live/pull_push.ts";
import { startScene } from "../../../../tools/book/live/scene.ts";

const SCENES = [
  startScene().map(({ tag }) => tag),
  new Array(12).fill(0.3), // all equal: push is at its top
  Array.from({ length: 12 }, (_, i) => Math.sin(7 * i)),
];

/** Largest difference of two lists. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

Deno.test("pullPush() says what the library's tag loss and its gradient say", async () => {
  const library = await libraryLoss(3, 4);
  for (const tags of SCENES) {
    const [twin, truth] = [pullPush(tags, 3), await library.evaluate(tags)];
    assert.ok(Math.abs(twin.pull - truth.pull) < 1e-6);
    assert.ok(Math.abs(twin.push - truth.push) < 1e-6);
    assert.ok(difference(twin.pullGradient, truth.pullGradient) < 1e-6);
    assert.ok(difference(twin.pushGradient, truth.pushGradient) < 1e-6);
  }
  assert.match(library.name, /^the library's tagLoss on WebGPU \(.+\)$/);
});

Deno.test("pullPush() has the gradients of finite differences", () => {
  const h = 1e-5;
  for (const tags of SCENES) {
    const { pullGradient, pushGradient } = pullPush(tags, 3);
    tags.forEach((tag, i) => {
      const [above, below] = [h, -h].map((by) => pullPush(tags.with(i, tag + by), 3));
      assert.ok(Math.abs((above.pull - below.pull) / (2 * h) - pullGradient[i]) < 1e-8);
      assert.ok(Math.abs((above.push - below.push) / (2 * h) - pushGradient[i]) < 1e-8);
    });
  }
});

Deno.test("pullPush() is ½ of push where all tags are equal", () => {
  const { pull, push } = pullPush([1, 1, 1, 1, 1, 1], 3);
  assert.equal(pull, 0);
  assert.ok(Math.abs(push - 0.5) < 1e-12);
});

Deno.test("meanTags() is a mean for each person", () => {
  assert.deepEqual(meanTags([1, 3, 5, 7], 2), [2, 6]);
});
