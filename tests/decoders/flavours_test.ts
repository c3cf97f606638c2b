import assert from "node:assert/strict";
import { decodePoses, type DecoderName, DECODERS } from "../../decoders/mod.ts";
import { drawScene, randomNumbers } from "./scene.ts";

const names = Object.keys(DECODERS) as DecoderName[];

/** The table of the file's header: option by option, what each flavour has. */
const table = (await Deno.readTextFile(new URL("../../decoders/flavours.ts", import.meta.url)))
  .split("\n").filter((line) => /^ \* \| [a-z]/i.test(line))
  .map((line) => line.slice(5, -2).split("|").map((cell) => cell.trim()));

Deno.test("DECODERS are what the table in their header says", () => {
  const [head, ...rows] = table;
  assert.deepEqual(head.slice(1), names);
  const words: Record<string, unknown> = {
    yes: true,
    no: false,
    none: Infinity,
    "head first": [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16],
  };
  const seen = new Set<string>();
  for (const [label, , ...cells] of rows) {
    const option = label.split(" ")[0];
    seen.add(option);
    cells.forEach((cell, i) => {
      const flavour = DECODERS[names[i + 1]] as Readonly<Record<string, unknown>>;
      const text = cell.replace(" ?", "");
      const isWord = text in words && !(option !== "cutOffAt" && text === "none");
      const expected = text === "–"
        ? undefined
        : isWord
        ? words[text]
        : /^[\d.]+$/.test(text)
        ? Number(text)
        : text;
      assert.deepEqual(flavour[option], expected, `${option} of ${names[i + 1]}`);
    });
  }
  for (const name of names) {
    for (const option of Object.keys(DECODERS[name])) assert.ok(seen.has(option), option);
  }
});

Deno.test("every flavour gives the people of ideal maps back", () => {
  const random = randomNumbers(11);
  const people = [0, 1, 2].map((p) => ({
    points: Array.from({ length: 17 }, (_, k) => ({
      x: 6 + 20 * p + Math.floor(random() * 8),
      y: 3 + 3 * k,
    })),
    tag: [5 * p],
    brightness: 0.9 - 0.1 * p,
  }));
  const { heatmaps, tags } = drawScene(people, { keypoints: 17, height: 64, width: 64 });
  for (const name of names) {
    const found = decodePoses(heatmaps, tags, DECODERS[name]);
    assert.equal(found.length, 3, name);
    found.forEach(({ keypoints }, p) =>
      keypoints.forEach((at, k) => {
        const { x, y } = people[p].points[k];
        assert.ok(at && Math.abs(at.x - x - 0.5) <= 0.25 && Math.abs(at.y - y - 0.5) <= 0.25, name);
      })
    );
  }
});

Deno.test("flavours differ where their options say so", () => {
  // One person: 17 keypoints in a row, the nose above 0.03 and below 0.1, the last keypoint not there.
  const points = Array.from({ length: 17 }, (_, k) => k === 16 ? null : ({ x: 8, y: 3 + 3 * k }));
  const { heatmaps, tags } = drawScene([{ points, tag: [1] }], {
    keypoints: 17,
    height: 64,
    width: 16,
  });
  for (let i = 0; i < 64 * 16; i++) heatmaps.data[i] *= 0.05 / 0.9;
  const decoded = (name: DecoderName) => decodePoses(heatmaps, tags, DECODERS[name])[0].keypoints;
  // Found as a peak there, filled in here, with the heatmap's value both times.
  assert.equal(decoded("pose-ae-demo")[0]?.score, heatmaps.data[3 * 16 + 8]);
  assert.equal(decoded("higher-hrnet")[0]?.score, heatmaps.data[3 * 16 + 8]);
  assert.equal(decoded("pose-ae-train")[0]?.score, 1); // filled in
  assert.equal(decoded("paper")[0], null); // not looked for
  assert.equal(decoded("pose-ae-train")[16], null); // nothing above 0
  assert.equal(decoded("mmpose")[16]?.score, 0); // nobody lacks a keypoint
  assert.equal(decoded("mmpose")[5]?.x, 8.5);
  assert.equal(decoded("pose-ae-train")[5]?.x, 8.25); // a tie
  const score = (name: DecoderName) => decodePoses(heatmaps, tags, DECODERS[name])[0].score;
  assert.ok(score("mmpose") > score("higher-hrnet")); // filled-in keypoints count
});
