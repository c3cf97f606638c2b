/**
 * Golden cases of decoding: assignment, grouping, refining, combining of scales, COCO records, and the
 * fixed tables. What is compared is the flavour `pose-ae-train` (and `divideBy: "all"`); where a case does not depend on
 * its quirks, the defaults are compared as well. Resizing and the combining of scales are compared on the device, too.
 *
 * @module
 */
import { type HostArray, hostArray, read, tensor } from "../../core/mod.ts";
import { COCO } from "../../pose/skeleton.ts";
import type { CocoResult } from "../../pose/coco_records.ts";
import type { DecodedKeypoint, DecodedPerson } from "../../pose/person.ts";
import {
  adjustPerson,
  assignAsAuthors,
  assignMinimumCost,
  combineScales,
  DECODERS,
  fillMissing,
  findPeaks,
  groupByTag,
  type GroupOptions,
  personScore,
  type PoseMaps,
  resizeMaps,
  type ScaleMaps,
  toCocoResults,
  toImagePixels,
} from "../../decoders/mod.ts";
import { combineLooks } from "../../models/mod.ts";
import { resize2d } from "../../ops/mod.ts";
import type { Comparison, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";

/** Runners of the decoder's families, by name. */
export const families: Record<string, FamilyRunner> = {
  assignment,
  constants,
  decoder,
  decoder_ties: decoderTies,
  gen_dt: genDt,
  pipeline,
  resize,
};

const K = COCO.keypoints.length;
const AUTHORS = DECODERS["pose-ae-train"];

function assignment({ params, values }: GoldenCase, compare: Comparison): void {
  const cost = values.cost as number[][];
  const pairs = values.pairs as [number, number][];
  const realColumns = params.real_columns as number;
  // A column from real_columns on means "nobody"; which of them is of no account.
  const real = (column: number) => column < realColumns ? column : -1;
  const total = (columns: number[]) => columns.reduce((sum, c, r) => sum + cost[r][c], 0);
  const tolerance = { atol: 1e-9, rtol: 1e-12 };

  const authors = assignAsAuthors(cost);
  compare.equal("assignAsAuthors pairs", authors.map((c, r) => [r, c]), pairs);
  const columns = assignMinimumCost(cost);
  compare.close("total", [total(columns)], [values.total as number], tolerance);
  if (!params.unique) return;
  compare.equal("pairs", columns.map(real), pairs.map(([, c]) => real(c)));
  // Grouping leaves the spare columns out and lets rows stay free.
  const bare = cost.map((row) => row.slice(0, realColumns));
  compare.equal(
    "pairs without spare columns",
    assignMinimumCost(bare),
    pairs.map(([, c]) => real(c)),
  );
}

function constants({ values }: GoldenCase, compare: Comparison): void {
  const short = (name: string) => {
    const [side, part] = name.split("_");
    return part ? `${part.slice(0, 3)}_${side[0]}` : name;
  };
  compare.equal("part_labels", COCO.keypoints.map(short), values.part_labels);
  compare.equal("flip_order", COCO.flip, values.flip_order);
  compare.equal("group_order", COCO.groupingOrder, values.group_order);
  compare.close("oks_sigmas", COCO.sigmas, values.oks_sigmas as number[], { atol: 1e-15, rtol: 0 });
}

function decoder(testCase: GoldenCase, compare: Comparison): void {
  const maps = decoderMaps(testCase);
  const people = group(maps, AUTHORS);
  comparePeople("raw", people, testCase, compare);
  compareScores(people, testCase, compare);

  // Two founders with one and the same tag: the only case where the default must differ.
  const margins = testCase.params.margins as Record<string, number>;
  if (margins.key !== 0) {
    comparePeople("raw", group(maps, { crowds: "stop" }), testCase, compare);
  }

  const adjusted = people.map((person) => adjustPerson(person, maps.heatmaps, AUTHORS));
  comparePeople("adjusted", adjusted, testCase, compare);
  for (
    const [name, bounds] of [["refined", "authors"], ["refined_fixed_bounds", "map"]] as const
  ) {
    if (!testCase.expectedNames.includes(name)) continue;
    const filled = adjusted.map((person) =>
      fillMissing(person, maps.heatmaps, maps.tags, { ...AUTHORS, bounds })
    );
    comparePeople(name, withoutFilledTags(filled, adjusted), testCase, compare);
  }
}

function decoderTies(testCase: GoldenCase, compare: Comparison): void {
  const maps = decoderMaps(testCase);
  const people = group(maps, AUTHORS);
  comparePeople("raw", people, testCase, compare);
  compareScores(people, testCase, compare);
  const adjusted = people.map((person) => adjustPerson(person, maps.heatmaps, AUTHORS));
  comparePeople("adjusted", adjusted, testCase, compare);
  // Whoever they go to, the same keypoints are found.
  const bag = (people: DecodedPerson[]) =>
    people.flatMap(({ keypoints }) => keypoints.flatMap((at, k) => at ? [[k, at.x, at.y]] : []))
      .map(String).sort();
  compare.equal("keypoints found", bag(group(maps, { crowds: "stop" })), bag(people));
}

function genDt(testCase: GoldenCase, compare: Comparison): void {
  const people = peopleOf(testCase.input("people"));
  const records = Object.values(testCase.values) as CocoResult[];
  compareRecords(toCocoResults(people, records[0]?.image_id ?? 0), records, 1e-4, compare);
}

async function pipeline(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const { params } = testCase;
  const sides = (params.input_res as number[]).map((side) => side / 4);
  const scales = (params.scales as number[]).map((scale, i) => ({
    scale,
    plain: networkMaps(testCase, `s${i}_n`, sides[i]),
    mirrored: networkMaps(testCase, `s${i}_f`, sides[i]),
  }));
  const maps = combineScales(scales, { flip: params.flip_order as number[], divideBy: "all" });
  if (!maps) return compare.equal("people", 0, testCase.expected("scores").data.length);

  compare.equal("merged_shape", maps.heatmaps.shape, params.merged_shape);
  compareMerged("merged", maps, testCase, compare);
  if (maps.used.length === scales.length) { // on the device no scale is left out
    compareMerged("merged on the device", await mergedOnDevice(scales), testCase, compare);
  }

  const people = group(maps, AUTHORS);
  compareScores(people, testCase, compare);
  const grouped = people.map((person) => adjustPerson(person, maps.heatmaps, AUTHORS));
  comparePeople("grouped", grouped, testCase, compare);
  const inverse = params.inverse_mat as [[number, number, number], [number, number, number]];
  for (const [name, bounds] of [["final", "authors"], ["final_fixed_bounds", "map"]] as const) {
    const final = grouped
      .map((person) => fillMissing(person, maps.heatmaps, maps.tags, { ...AUTHORS, bounds }))
      .map((person) => toImagePixels(person, { stride: 4, inverse }));
    const origin = [inverse[0][2], inverse[1][2]] as const;
    comparePeople(name, withoutFilledTags(final, grouped), testCase, compare, origin);
    if (bounds === "map") continue;
    const records = Object.values(testCase.values) as CocoResult[];
    compareRecords(toCocoResults(final, 0), records, 5e-3, compare);
  }
}

/** The authors' merged heatmaps and tags at the places that are recorded. */
function compareMerged(
  name: string,
  maps: PoseMaps,
  testCase: GoldenCase,
  compare: Comparison,
): void {
  const index = Array.from(testCase.expected("merged_index").data);
  const heatmaps = testCase.expected("merged_det"), tags = testCase.expected("merged_tag");
  const size = maps.heatmaps.data.length;
  const detections = index.map((i) => maps.heatmaps.data[i]);
  const pairs = index.flatMap((i) => [maps.tags.data[i], maps.tags.data[size + i]]);
  compare.close(`${name}_det`, detections, heatmaps.data, heatmaps);
  compare.close(`${name}_tag`, pairs, tags.data, tags);
}

async function mergedOnDevice(scales: readonly Required<ScaleMaps>[]): Promise<PoseMaps> {
  const batchOfOne = ({ shape, data }: HostArray) => tensor(hostArray([1, ...shape], data));
  const toDevice = ({ heatmaps, tags }: PoseMaps) => ({
    heatmaps: batchOfOne(heatmaps),
    tags: batchOfOne(tags),
  });
  const looks = combineLooks(
    scales.map(({ scale, plain, mirrored }) => ({
      scale,
      plain: toDevice(plain),
      mirrored: toDevice(mirrored),
    })),
    { flip: COCO.flip },
  );
  return await read({ heatmaps: looks.heatmaps, tags: looks.tags });
}

async function resize(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const x = testCase.input("x"), y = testCase.expected("y");
  const [height, width] = testCase.params.out as [number, number];
  const resized = resizeMaps(hostArray(x.shape, Float32Array.from(x.data)), height, width);
  compare.equal("shape", resized.shape, y.shape);
  compare.close("y", resized.data, y.data, y);
  const planes = [1, x.shape.slice(0, -2).reduce((a, b) => a * b, 1), ...x.shape.slice(-2)];
  const onDevice = resize2d(tensor(hostArray(planes, Float32Array.from(x.data))), height, width);
  compare.close("y on the device", (await onDevice.read()).data, y.data, y);
}

/** Heatmaps `[K, H, W]` and tags `[T, K, H, W]`; the files hold `[K, H, W]` and `[K, H, W, T]`, often sparsely. */
function decoderMaps(testCase: GoldenCase): PoseMaps {
  const { H, W, T } = testCase.params as { H: number; W: number; T: number };
  const size = K * H * W;
  const values = testCase.input("det").data, tagValues = testCase.input("tag").data;
  const index = testCase.inputNames.includes("index")
    ? testCase.input("index").data
    : Int32Array.from({ length: size }, (_, i) => i);
  const heatmaps = hostArray([K, H, W]), tags = hostArray([T, K, H, W]);
  index.forEach((at, i) => {
    heatmaps.data[at] = values[i];
    for (let t = 0; t < T; t++) tags.data[t * size + at] = tagValues[i * T + t];
  });
  return { heatmaps, tags };
}

/** The network's output `[34, side, side]`: K heatmaps, then K tag maps. */
function networkMaps(testCase: GoldenCase, name: string, side: number): PoseMaps {
  const output = new Float32Array(2 * K * side * side);
  const values = testCase.input(`${name}_value`).data;
  testCase.input(`${name}_index`).data.forEach((at, i) => output[at] = values[i]);
  const half = output.length / 2;
  return {
    heatmaps: hostArray([K, side, side], output.slice(0, half)),
    tags: hostArray([1, K, side, side], output.slice(half)),
  };
}

function group({ heatmaps, tags }: PoseMaps, options: GroupOptions): DecodedPerson[] {
  return groupByTag(findPeaks(heatmaps, tags, AUTHORS), options);
}

/**
 * Compare with `[P, K, 3 + T]`: x, y, score and tags, all zeros for a missing keypoint. (In image pixels the
 * authors' missing keypoint is where the affine map takes their 0, 0.)
 */
function comparePeople(
  name: string,
  people: readonly DecodedPerson[],
  testCase: GoldenCase,
  compare: Comparison,
  missingAt: readonly [number, number] = [0, 0],
): void {
  const expected = testCase.expected(name);
  const row = expected.shape[2];
  const missing = [...missingAt, ...new Array<number>(row - 2).fill(0)];
  const actual = people.flatMap(({ keypoints }) =>
    keypoints.flatMap((at) => at ? [at.x, at.y, at.score, ...at.tag] : missing)
  );
  const found = (rows: ArrayLike<number>) =>
    Array.from(rows).flatMap((score, i) => i % row === 2 ? [score > 0 ? 1 : 0] : []).join("");
  compare.equal(`${name}: people`, people.length, expected.shape[0]);
  compare.equal(`${name}: keypoints present`, found(actual), found(expected.data));
  compare.close(name, actual, expected.data, expected);
}

function compareScores(
  people: readonly DecodedPerson[],
  testCase: GoldenCase,
  compare: Comparison,
): void {
  const expected = testCase.expected("scores");
  compare.close("scores", people.map(({ score }) => score), expected.data, expected);
}

/** The authors leave the tags of filled-in keypoints at 0. */
function withoutFilledTags(
  people: readonly DecodedPerson[],
  before: readonly DecodedPerson[],
): DecodedPerson[] {
  return people.map(({ keypoints, score }, p) => ({
    score,
    keypoints: keypoints.map((at, k) =>
      at && !before[p].keypoints[k] ? { ...at, tag: at.tag.map(() => 0) } : at
    ),
  }));
}

/** People from `[P, K, 3]`: x, y, score; a score of 0 or less is a missing keypoint. */
function peopleOf({ shape: [P, keypoints], data }: GoldenArray): DecodedPerson[] {
  return Array.from({ length: P }, (_, p) => {
    const person = Array.from({ length: keypoints }, (_, k): DecodedKeypoint | null => {
      const [x, y, score] = data.slice((p * keypoints + k) * 3, (p * keypoints + k + 1) * 3);
      return score > 0 ? { x, y, score, tag: [] } : null;
    });
    return { keypoints: person, score: personScore(person) };
  });
}

function compareRecords(
  actual: readonly CocoResult[],
  expected: readonly CocoResult[],
  atol: number,
  compare: Comparison,
): void {
  const ids = (records: readonly CocoResult[]) =>
    records.map(({ image_id, category_id }) => [image_id, category_id]);
  const numbers = (records: readonly CocoResult[]) => records.flatMap(({ keypoints }) => keypoints);
  const scores = (records: readonly CocoResult[]) => records.map(({ score }) => score);
  compare.equal("records", ids(actual), ids(expected));
  compare.close("records: keypoints", numbers(actual), numbers(expected), { atol, rtol: 0 });
  compare.close("records: scores", scores(actual), scores(expected), { atol: 2e-6, rtol: 0 });
}
