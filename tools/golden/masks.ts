/**
 * Golden cases of masks: COCO's run lengths, polygons, merges and overlaps as pycocotools makes them. All must be equal
 * bit for bit but the overlaps, whose last digit may differ.
 *
 * @module
 */
import type { Mask } from "../../image/mask.ts";
import { type Box, boxOverlaps, maskOverlaps } from "../../image/overlap.ts";
import { polygonRunLengths } from "../../image/polygon.ts";
import {
  decodeRunLengths,
  encodeRunLengths,
  formatRunLengths,
  mergeRunLengths,
  parseRunLengths,
  runLengthArea,
  runLengthBox,
} from "../../image/run_length.ts";
import type { Comparison, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";

/** Runners of the masks' families, by name. */
export const families: Record<string, FamilyRunner> = {
  rle: runLengths,
  rle_polygon: polygons,
  rle_ops: merges,
};

const EXACT = { atol: 0, rtol: 0 };

/** The family's tolerance, in words in the index: "1e-12". */
const OVERLAP = { atol: 1e-12, rtol: 0 };

/** The masks of `[N, H, W]` or `[H, W]`. */
function masksOf({ shape, data }: GoldenArray): Mask[] {
  const [height, width] = shape.slice(-2);
  const pixels = height * width;
  return Array.from({ length: data.length / pixels }, (_, n) => {
    return { width, height, data: Uint8Array.from(data.slice(n * pixels, (n + 1) * pixels)) };
  });
}

function runLengths({ values, input }: GoldenCase, compare: Comparison): void {
  const [mask] = masksOf(input("mask"));
  const counts = values.counts as number[];
  const text = values.string as string;
  const runs = encodeRunLengths(mask);
  compare.equal("counts of the mask", runs.counts, counts);
  compare.equal("text of the counts", formatRunLengths(counts), text);
  compare.equal("counts of the text", parseRunLengths(text), counts);
  const { size } = runs;
  compare.close("mask of the list", decodeRunLengths({ size, counts }).data, mask.data, EXACT);
  compare.close(
    "mask of the text",
    decodeRunLengths({ size, counts: text }).data,
    mask.data,
    EXACT,
  );
  compare.equal("area", runLengthArea(runs), values.area);
  compare.equal("box", runLengthBox(runs), values.bbox);
}

function polygons({ params, values, expected }: GoldenCase, compare: Comparison): void {
  const outlines = params.polygons as number[][];
  const runs = polygonRunLengths(outlines, Number(params.w), Number(params.h));
  compare.equal("text", formatRunLengths(runs.counts), values.string);
  compare.close("mask", decodeRunLengths(runs).data, expected("mask").data, EXACT);
  compare.equal("area", runLengthArea(runs), values.area);
  compare.equal("box", runLengthBox(runs), values.bbox);
}

function merges({ values, input }: GoldenCase, compare: Comparison): void {
  const [dt, gt] = ["dt", "gt"].map((name) => masksOf(input(name)).map(encodeRunLengths));
  const crowds = (values.iscrowd as number[]).map((flag) => flag === 1);
  const table = (name: string) => (values[name] as number[][]).flat();
  compare.close("overlap of masks", maskOverlaps(dt, gt, crowds), table("iou"), OVERLAP);
  for (const how of ["union", "intersection"] as const) {
    compare.equal(how, formatRunLengths(mergeRunLengths(dt, how).counts), values[how]);
  }
  const boxes = (name: string) => values[name] as readonly Box[];
  const overlaps = boxOverlaps(boxes("boxes_dt"), boxes("boxes_gt"), crowds);
  compare.close("overlap of boxes", overlaps, table("box_iou"), OVERLAP);
}
