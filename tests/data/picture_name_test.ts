import assert from "node:assert/strict";
import { pictureName } from "../../data/picture_name.ts";

Deno.test("pictureName() takes names in the folder and in folders of it, as data sets have them", () => {
  const names = [
    "000000000785.jpg", // COCO
    "val2017/000000000785.jpg", // COCO, both parts in one folder
    "images/bonn_mpii_test_5sec/02376_mpii/00000001.jpg", // PoseTrack
    "./7.jpg",
    "scenes\\7.jpg",
    "...and so on/..7..jpg",
    "a..b/c...jpg",
    "12:30 Zürich.jpg",
    "ab:7.jpg",
    "~/7.jpg",
    "%2e%2e/7.jpg",
    " ",
  ];
  for (const name of names) assert.equal(pictureName(name, "a.json: images[0].file_name"), name);
});

Deno.test("pictureName() refuses names that lead out of the folder, on every system", () => {
  const names = [
    "..",
    "../7.jpg",
    "a/../../7.jpg",
    "a/../7.jpg",
    "a/..",
    "..\\7.jpg",
    "a\\..\\..\\7.jpg",
    "a/..\\7.jpg",
    ".. /7.jpg",
    "a/.../7.jpg",
    "/etc/7.jpg",
    "\\\\server\\share\\7.jpg",
    "\\7.jpg",
    "C:\\7.jpg",
    "c:/7.jpg",
    "C:7.jpg",
  ];
  for (const name of names) {
    assert.throws(() => pictureName(name, "a.json: images[3].file_name"), {
      name: "InputError",
      message: `a.json: images[3].file_name is ${JSON.stringify(name)}, which leads out of the ` +
        "folder of pictures\n  help: names are relative to that folder, and may name folders in it",
    });
  }
});

Deno.test("pictureName() refuses control characters, and shows them harmless", () => {
  const names = { "7.jpg\0.png": "7.jpg�.png", "\x1b[2J.jpg": "�[2J.jpg", "7\r\u009b": "7��" };
  for (const [name, shown] of Object.entries(names)) {
    assert.throws(() => pictureName(name, "a.json: images[3].file_name"), {
      name: "InputError",
      message: `a.json: images[3].file_name is "${shown}", where � is a control character`,
    });
  }
});

Deno.test("pictureName() refuses what is no name", () => {
  for (const [value, shown] of [[undefined, "missing"], ["", '""'], [7, "7"], [["a"], '["a"]']]) {
    assert.throws(() => pictureName(value, "here"), {
      name: "InputError",
      message: `here is ${shown}, the name of a file expected`,
    });
  }
});
