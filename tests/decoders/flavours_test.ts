import assert from "node:assert/strict";
import {
  combineScales,
  decodePoses,
  type DecoderName,
  DECODERS,
  toCocoResults,
} from "../../decoders/mod.ts";
import { COCO } from "../../pose/skeleton.ts";
import { drawScene, randomArray, randomNumbers } from "./scene.ts";

const names = Object.keys(DECODERS) as DecoderName[];

/** The table of the file's header: option by option, what each flavour has. */
const table = (await Deno.readTextFile(new URL("../../decoders/flavours.ts", import.meta.url)))
  .split("\n").filter((line) => /^ \* \| [a-z]/i.test(line))
  .map((line) => line.slice(5, -2).split("|").map((cell) => cell.trim()));

/** What a cell of the table says. */
function valueOf(option: string, cell: string): unknown {
  const words: Record<string, unknown> = {
    yes: true,
    no: false,
    "head first": [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16],
    "–": undefined,
  };
  const text = cell.replace(" ?", "");
  if (option === "cutOffAt" && text === "none") return Infinity;
  if (Object.hasOwn(words, text)) return words[text];
  return /^[\d.]+$/.test(text) ? Number(text) : text;
}

/** One column of the table as options. */
function columnOf(name: string): Record<string, unknown> {
  const [head, ...rows] = table;
  const column = head.indexOf(name);
  return Object.fromEntries(rows.map((cells) => {
    const option = cells[0].split(" ")[0];
    return [option, valueOf(option, cells[column])];
  }));
}

Deno.test("DECODERS are what the table in their header says", () => {
  assert.deepEqual(table[0].slice(1), names);
  for (const name of names.slice(1)) {
    const column = columnOf(name);
    const flavour = DECODERS[name] as Readonly<Record<string, unknown>>;
    for (const option of Object.keys({ ...column, ...flavour })) {
      assert.deepEqual(flavour[option], column[option], `${option} of ${name}`);
    }
  }
});

Deno.test("what there is without options is the table's column default", () => {
  // As the documentation of each option has it; `Default: COCO's order` is none of these.
  const files = [
    "peaks",
    "group_by_tag",
    "refine",
    "decode_poses",
    "coco_results",
    "combine",
    "flavours",
  ];
  const text = files.map((name) =>
    Deno.readTextFileSync(new URL(`../../decoders/${name}.ts`, import.meta.url))
  ).join("\n");
  const { groupingOrder, ...column } = columnOf("default");
  assert.deepEqual(groupingOrder, COCO.groupingOrder);
  for (const [option, value] of Object.entries(column)) {
    const documented = new RegExp(
      String.raw`@default \{([^}]*)\}\s*(?:\*/|\n\s*\*/)\s*readonly ${option}\?:`,
    ).exec(text);
    assert.equal(documented?.[1], JSON.stringify(value), option);
  }
  // And as it decodes: random maps, with plateaus and equal tags, of more people than may be.
  const random = randomNumbers(4);
  for (const levels of [8, 40]) {
    const few = (u: number) => Math.floor(u * levels) / levels;
    const heatmaps = randomArray([17, 12, 10], random, few);
    const tags = randomArray([1, 17, 12, 10], random, (u) => 60 * few(u));
    assert.equal(
      JSON.stringify(decodePoses(heatmaps, tags, column)),
      JSON.stringify(decodePoses(heatmaps, tags)),
    );
    const missing = [{ keypoints: [{ x: 1, y: 2, score: 1, tag: [0] }, null], score: 1 }];
    assert.deepEqual(toCocoResults(missing, 1, column), toCocoResults(missing, 1));
    const looks = [{ scale: 1, plain: { heatmaps: heatmaps, tags } }];
    heatmaps.data[0] = 3;
    assert.deepEqual(
      combineScales(looks, column)?.heatmaps.data[0],
      combineScales(looks)?.heatmaps.data[0],
    );
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
