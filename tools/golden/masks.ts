/**
 * Golden cases of masks: COCO's run lengths as pycocotools writes them, as a list and as text.
 *
 * @module
 */
import { decodeRunLengths, parseRunLengths } from "../../image/run_length.ts";
import type { Comparison, FamilyRunner, GoldenCase } from "./golden.ts";

/** Runners of the masks' families, by name. */
export const families: Record<string, FamilyRunner> = { rle: runLengths };

function runLengths({ params, values, input }: GoldenCase, compare: Comparison): void {
  const size = [Number(params.h), Number(params.w)] as const;
  const counts = values.counts as number[];
  const text = values.string as string;
  compare.equal("counts of the text", parseRunLengths(text), counts);
  const exact = { atol: 0, rtol: 0 };
  const { data } = input("mask");
  compare.close("mask of the list", decodeRunLengths({ size, counts }).data, data, exact);
  compare.close("mask of the text", decodeRunLengths({ size, counts: text }).data, data, exact);
}
