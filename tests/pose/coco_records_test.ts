import assert from "node:assert/strict";
import { checkCocoResults, checkCocoTruth, COCO } from "../../pose/mod.ts";

const keypoints = new Array(51).fill(1);
const annotation = { id: 1, image_id: 7, category_id: 1, keypoints, bbox: [0, 0, 2, 2], area: 4 };
const result = { image_id: 7, category_id: 1, keypoints, score: 0.5 };

/** The first line of what a check says. */
function firstLine(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    assert.equal((error as Error).name, "InputError");
    return (error as Error).message.split("\n")[0];
  }
  assert.fail("nothing was refused");
}

const truthWith = (...annotations: unknown[]) => ({ images: [{ id: 7 }], annotations });

Deno.test("checkCocoTruth() gives back the object it was given", () => {
  const truth = truthWith(annotation, { ...annotation, id: 2, iscrowd: 1, num_keypoints: 0 });
  assert.equal(checkCocoTruth(truth), truth);
});

Deno.test("checkCocoTruth() does not look inside annotations of other categories", () => {
  const truth = truthWith({ id: 1, image_id: 7, category_id: 18 });
  assert.equal(checkCocoTruth(truth), truth);
  assert.match(
    firstLine(() => checkCocoTruth(truth, { categoryId: 18 })),
    /annotations\[0\] has no keypoints$/,
  );
});

Deno.test("checkCocoTruth() names what is wrong with the file", () => {
  const says = (parsed: unknown) => firstLine(() => checkCocoTruth(parsed, { name: "f" }));
  assert.equal(says(null), "f: expected an object with images and annotations, found null");
  assert.equal(says([]), "f: expected an object with images and annotations, found a list");
  assert.equal(says(3), "f: expected an object with images and annotations, found the number 3");
  assert.equal(says({}), "f: images should be a list, it is missing");
  assert.equal(says({ images: {} }), "f: images should be a list, it is an object");
  assert.equal(says({ images: [] }), "f: annotations should be a list, it is missing");
  const images = (...images: unknown[]) => ({ images, annotations: [] });
  assert.equal(says(images(5)), "f: images[0] should be an object, it is the number 5");
  assert.equal(says(images({ id: "a" })), 'f: images[0].id is "a", not a whole number');
  assert.equal(
    says(images({ id: 1 }, { id: 1 })),
    "f: images[1].id is 1, which another image has already",
  );
});

Deno.test("checkCocoTruth() names what is wrong with an annotation", () => {
  const says = (...annotations: unknown[]) =>
    firstLine(() => checkCocoTruth(truthWith(...annotations), { name: "f" }));
  const but = (change: Record<string, unknown>) => says({ ...annotation, ...change });
  assert.equal(says(null), "f: annotations[0] should be an object, it is null");
  assert.equal(but({ id: undefined }), "f: annotations[0].id is missing, not a whole number");
  assert.equal(but({ id: 0 }), "f: annotations[0].id is 0, annotation ids start at 1");
  assert.equal(
    says(annotation, annotation),
    "f: annotations[1].id is 1, which another annotation has already",
  );
  assert.equal(
    but({ image_id: 8 }),
    "f: annotations[0].image_id is 8, which is not the id of any image",
  );
  assert.equal(
    but({ category_id: 1.5 }),
    "f: annotations[0].category_id is 1.5, not a whole number",
  );
  assert.equal(but({ keypoints: undefined }), "f: annotations[0] has no keypoints");
  assert.equal(
    but({ keypoints: "x" }),
    'f: annotations[0].keypoints should be a list, it is the string "x"',
  );
  assert.equal(
    but({ keypoints: new Array(48).fill(0) }),
    "f: annotations[0].keypoints has 48 numbers, 51 expected",
  );
  assert.equal(
    but({ keypoints: keypoints.with(4, null) }),
    "f: annotations[0].keypoints[4] is null, not a finite number",
  );
  for (const visibility of [-1, 0.5, 3]) {
    assert.equal(
      but({ keypoints: keypoints.with(5, visibility) }),
      `f: annotations[0].keypoints[5] is ${visibility}, a visibility of 0, 1 or 2 expected`,
    );
  }
  assert.equal(but({ bbox: undefined }), "f: annotations[0].bbox should be a list, it is missing");
  assert.equal(but({ bbox: [1, 2, 3] }), "f: annotations[0].bbox has 3 numbers, 4 expected");
  assert.equal(but({ area: "4" }), 'f: annotations[0].area is "4", not a finite number');
  assert.equal(but({ area: -1 }), "f: annotations[0].area is -1, an area is 0 or more");
  assert.equal(
    but({ bbox: [5, 5, -3, 2] }),
    "f: annotations[0].bbox is [5,5,-3,2], a width and a height are 0 or more",
  );
  assert.equal(
    but({ num_keypoints: -1 }),
    "f: annotations[0].num_keypoints is -1, a number of keypoints is 0 or more",
  );
  assert.equal(but({ iscrowd: 2 }), "f: annotations[0].iscrowd is 2, 0 or 1 expected");
});

Deno.test("checkCocoTruth() asks for the keypoints of the skeleton it is given", () => {
  const skeleton = { ...COCO, name: "pair", keypoints: ["a", "b"] };
  const truth = truthWith({ ...annotation, keypoints: [1, 2, 2, 3, 4, 2] });
  assert.equal(checkCocoTruth(truth, { skeleton }), truth);
  assert.throws(
    () => checkCocoTruth(truthWith(annotation), { skeleton }),
    /keypoints has 51 numbers, 6 expected\n {2}help: skeleton "pair" has 2 keypoints of three/,
  );
});

Deno.test("checkCocoResults() gives back the list it was given", () => {
  for (
    const results of [[], [result], [{ ...result, bbox: [0, 0, 1, 1] }], [{ ...result, bbox: [] }]]
  ) {
    assert.equal(checkCocoResults(results), results);
  }
});

Deno.test("checkCocoResults() names what is wrong with a record", () => {
  const says = (...results: unknown[]) => firstLine(() => checkCocoResults(results, { name: "f" }));
  const but = (change: Record<string, unknown>) => says({ ...result, ...change });
  assert.equal(
    firstLine(() => checkCocoResults({}, { name: "f" })),
    "f: expected a list of results, found an object",
  );
  assert.equal(says(result, 1), "f: results[1] should be an object, it is the number 1");
  assert.equal(but({ image_id: "7" }), 'f: results[0].image_id is "7", not a whole number');
  assert.equal(
    but({ category_id: undefined }),
    "f: results[0].category_id is missing, not a whole number",
  );
  assert.equal(but({ score: Infinity }), "f: results[0].score is Infinity, not a finite number");
  assert.equal(but({ keypoints: undefined }), "f: results[0] has no keypoints");
  assert.equal(
    but({ keypoints: [...keypoints, 0, 0, 0] }),
    "f: results[0].keypoints has 54 numbers, 51 expected",
  );
  assert.equal(
    but({ keypoints: keypoints.with(50, NaN) }),
    "f: results[0].keypoints[50] is NaN, not a finite number",
  );
  const boxed = { ...result, bbox: [0, 0, 1, 1] };
  assert.equal(says(boxed, result), "f: results[1] has no bbox but results[0] has one");
  assert.equal(but({ bbox: [0, 0, 1] }), "f: results[0].bbox has 3 numbers, 4 expected");
});

Deno.test("checkCocoResults() shortens long values in messages", () => {
  const score = "x".repeat(100);
  assert.equal(
    firstLine(() => checkCocoResults([{ ...result, score }], { name: "f" })),
    `f: results[0].score is "${"x".repeat(36)}..., not a finite number`,
  );
});
