import assert from "node:assert/strict";
import { publishedFigures } from "../../tools/check_coco_results.ts";

const line = (value: string) =>
  ` Average Precision (AP) @[ IoU=0.50 | area= all | maxDets= 20 ] = ${value}`;
const section = (type: string, values: string[]) =>
  `----\ntype=${type}\nRunning... DONE (t=0.06s).\n${values.map(line).join("\n")}\n`;
const ten = ["0.372", "0.636", "-1.000", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.000"];

Deno.test("publishedFigures() takes the numbers of the section asked for", () => {
  const text = section("segm", ["0.1"]) + section("keypoints", ten) + section("bbox", ["0.2"]);
  assert.deepEqual(publishedFigures(text, "keypoints", "f.txt"), ten);
  const twelve = [...ten, "0.3", "0.2"];
  const all = section("segm", twelve) + section("keypoints", ten);
  assert.deepEqual(publishedFigures(all, "segm", "f.txt"), twelve);
});

Deno.test("publishedFigures() refuses a text without them", () => {
  assert.throws(() => publishedFigures(section("bbox", ten), "keypoints", "f.txt"), {
    name: "InputError",
    message: 'f.txt: no section "type=keypoints"',
  });
  assert.throws(() => publishedFigures(section("keypoints", ten.slice(1)), "keypoints", "f.txt"), {
    name: "InputError",
    message: "f.txt: 9 keypoints figures where 10 are expected",
  });
});
