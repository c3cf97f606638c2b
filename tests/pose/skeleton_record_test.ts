import assert from "node:assert/strict";
import { CROWDPOSE, MPII, skeletonFromRecord, skeletonRecord } from "../../pose/mod.ts";

const hand = {
  name: "hand",
  keypoints: ["wrist", "left_tip", "right_tip"],
  flip: [["left_tip", "right_tip"]],
  limbs: [["wrist", "left_tip"]],
  sigmas: [0.1, 0.05, 0.05],
  order: ["right_tip", "wrist", "left_tip"],
};

Deno.test("skeletonFromRecord() reads a skeleton by names", () => {
  assert.deepEqual(skeletonFromRecord(hand, "hand.json"), {
    name: "hand",
    keypoints: ["wrist", "left_tip", "right_tip"],
    flip: [0, 2, 1],
    limbs: [[0, 1]],
    sigmas: [0.1, 0.05, 0.05],
    groupingOrder: [2, 0, 1],
  });
});

Deno.test("skeletonFromRecord() draws no limbs and keeps the order where nothing is said", () => {
  const { limbs: _limbs, order: _order, ...rest } = hand;
  const { limbs, groupingOrder } = skeletonFromRecord(rest, "hand.json");
  assert.deepEqual([limbs, groupingOrder], [[], [0, 1, 2]]);
});

Deno.test("skeletonFromRecord() gives back what skeletonRecord() wrote", () => {
  for (const skeleton of [MPII, CROWDPOSE]) {
    const text = JSON.stringify(skeletonRecord(skeleton));
    assert.deepEqual(skeletonFromRecord(JSON.parse(text), "x"), skeleton);
  }
});

Deno.test("skeletonFromRecord() says what is wrong and where", () => {
  const cases: [unknown, string][] = [
    [[], "a skeleton is an object with name, keypoints, flip and sigmas"],
    [null, "a skeleton is an object with name, keypoints, flip and sigmas"],
    [{ ...hand, limb: [] }, 'unknown field "limb"\n  help: did you mean "limbs"?'],
    [{ ...hand, name: "" }, 'name should be a text, it is ""'],
    [{ ...hand, name: undefined }, "name should be a text, it is missing"],
    [{ ...hand, keypoints: "wrist" }, 'keypoints should be a list, it is "wrist"'],
    [{ ...hand, keypoints: [] }, "keypoints is empty"],
    [{ ...hand, keypoints: ["a", 1] }, "keypoints[1] should be a name, it is 1"],
    [{ ...hand, keypoints: ["a", "b", "a"] }, 'keypoints[2] is "a" for the second time'],
    [{ ...hand, flip: undefined }, "flip should be a list, it is missing"],
    [{ ...hand, flip: [["wrist"]] }, 'flip[0] should be two names, it is ["wrist"]'],
    [{ ...hand, flip: [["wrist", "wrist"]] }, 'flip[0] joins "wrist" to itself'],
    [
      { ...hand, flip: [["left_tip", "rigt_tip"]] },
      'flip[0][1] is "rigt_tip", which is no keypoint\n  help: did you mean "right_tip"?',
    ],
    [{ ...hand, flip: [[0, 1]] }, "flip[0][0] is 0, which is no keypoint"],
    [
      { ...hand, flip: [["left_tip", "right_tip"], ["wrist", "left_tip"]] },
      'flip[1]: "left_tip" is in two pairs',
    ],
    [{ ...hand, limbs: [["wrist", "toe"]] }, 'limbs[0][1] is "toe", which is no keypoint'],
    [{ ...hand, sigmas: undefined }, "sigmas should be a list, it is missing"],
    [{ ...hand, sigmas: [0.1, 0.1] }, "sigmas has 2 numbers for 3 keypoints"],
    [{ ...hand, sigmas: [0.1, 0, 0.1] }, "sigmas[1] is 0, a number above 0 expected"],
    [{ ...hand, sigmas: [0.1, "0.1", 1] }, 'sigmas[1] is "0.1", a number above 0 expected'],
    [{ ...hand, order: ["wrist", "left_tip"] }, 'order leaves out "right_tip"'],
    [{ ...hand, order: [...hand.order, "wrist"] }, "order has a keypoint twice"],
  ];
  for (const [parsed, problem] of cases) {
    assert.throws(() => skeletonFromRecord(parsed, "hand.json"), {
      name: "InputError",
      message: `hand.json: ${problem}`,
    });
  }
});
