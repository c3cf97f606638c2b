import assert from "node:assert/strict";
import { COCO, CROWDPOSE, MPII, POSETRACK, skeletonNamed } from "../../pose/mod.ts";

for (const skeleton of [COCO, MPII, CROWDPOSE, POSETRACK]) {
  const { name, keypoints, flip, limbs, sigmas, groupingOrder } = skeleton;

  Deno.test(`skeletonNamed() gives "${name}", whose parts fit together`, () => {
    assert.equal(skeletonNamed(name), skeleton);
    const numbers = keypoints.map((_, k) => k);
    assert.equal(new Set(keypoints).size, keypoints.length);
    assert.equal(sigmas.length, keypoints.length);
    assert.deepEqual(groupingOrder.toSorted((a, b) => a - b), numbers);
    assert.deepEqual(flip.map((k) => flip[k]), numbers);
    for (const [a, b] of limbs) assert.ok(a !== b && keypoints[a] && keypoints[b], `${a} ${b}`);
    keypoints.forEach((keypoint, k) => {
      const other = keypoint.replace(/^(left|right)/, (side) => side === "left" ? "right" : "left");
      assert.equal(keypoints[flip[k]], other);
      assert.equal(sigmas[flip[k]], sigmas[k]);
    });
  });
}

Deno.test("skeletonNamed() refuses names that it does not know", () => {
  assert.throws(() => skeletonNamed("mpi"), {
    name: "InputError",
    message:
      'unknown skeleton "mpi"; there are coco, mpii, crowdpose, posetrack\n  help: did you mean "mpii"?',
  });
  assert.throws(() => skeletonNamed("toString"), /^InputError: unknown skeleton "toString"/);
});
