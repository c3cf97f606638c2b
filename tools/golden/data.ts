/**
 * Golden families of pictures and data: geometry, bending, targets, colours, the whole augmentation.
 *
 * @module
 */
import { hostArray } from "../../core/host_array.ts";
import { changeColours } from "../../data/colours.ts";
import {
  drawAugmentation,
  OFFICIAL_AUGMENTATION,
  prepareSample,
  type RandomNumbers,
} from "../../data/augment.ts";
import { heatmapTargets, tagTargets, type TargetPerson } from "../../data/targets.ts";
import { type Affine, applyAffine, cropTransform, invertAffine } from "../../image/affine.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { warpImage } from "../../image/warp.ts";
import type { Visibility } from "../../pose/person.ts";
import { COCO } from "../../pose/skeleton.ts";
import type { Comparison, ExpectedArray, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";

type Rows = readonly (readonly number[])[];

/** The family's tolerance for 64-bit geometry, in words in the index: "1e-9". */
const GEOMETRY = { atol: 1e-9, rtol: 1e-9 };

/** Two rows of three, as the authors' matrices stand. */
function rows(matrix: Affine): number[] {
  return [...matrix];
}

function transform({ params, values }: GoldenCase, compare: Comparison): void {
  const [x, y] = params.center as number[];
  const [height, width] = params.res as number[];
  const matrix = cropTransform(
    {
      centre: { x, y },
      side: 200 * (params.scale as number),
      rotationDegrees: params.rot as number,
    },
    width,
    height,
  );
  compare.close("matrix", rows(matrix), (values.matrix as Rows).slice(0, 2).flat(), GEOMETRY);
  const mapped = (values.points as Rows).flatMap(([x, y]) => {
    const point = applyAffine(matrix, { x, y });
    return [point.x, point.y];
  });
  compare.close("mapped", mapped, (values.mapped as Rows).flat(), GEOMETRY);
  compare.close("inverse", rows(invertAffine(matrix)), (values.inverse as Rows).flat(), GEOMETRY);
}

function affine(matrix: unknown): Affine {
  return (matrix as Rows).flat() as unknown as Affine;
}

function picture({ shape: [height, width], data }: GoldenArray) {
  return rgbImage(width, height, Uint8Array.from(data));
}

function warp(testCase: GoldenCase, compare: Comparison): void {
  const [height, width] = testCase.params.out as number[];
  const image = picture(testCase.input("image"));
  const { data } = warpImage(image, affine(testCase.params.matrix), { width, height });
  const expected = testCase.expected("y");
  compare.close("y", data, expected.data, expected);
  // The family asks for a mean difference of one grey level at most, too.
  compare.close("mean difference", [meanDifference(data, expected)], [0], { atol: 1, rtol: 0 });
}

function meanDifference(actual: ArrayLike<number>, expected: ExpectedArray): number {
  let sum = 0;
  expected.data.forEach((value, i) => sum += Math.abs(actual[i] - value));
  return sum / expected.data.length;
}

/** People from `[P, 17, 3]`. */
function people({ shape: [P, K], data }: GoldenArray): TargetPerson[] {
  return Array.from({ length: P }, (_, p) => ({
    keypoints: Array.from({ length: K }, (_, k) => {
      const at = (p * K + k) * 3;
      return { x: data[at], y: data[at + 1], visibility: data[at + 2] as Visibility };
    }),
  }));
}

/** Our targets in the authors' form: annotated places at the front of each row, as (place, 1). */
function packed(people: readonly TargetPerson[], size: number): number[] {
  const K = COCO.keypoints.length;
  const { index, visible } = tagTargets(people, { keypoints: K, height: size, width: size });
  const refs = new Array(index.data.length * 2).fill(0);
  for (let p = 0; p < index.shape[0]; p++) {
    let to = p * K * 2;
    for (let k = 0; k < K; k++) {
      if (visible.data[p * K + k] === 0) continue;
      refs[to++] = index.data[p * K + k];
      refs[to++] = 1;
    }
  }
  return refs;
}

/** A sparse list of (place, value) as whole maps. */
function dense(index: GoldenArray, value: GoldenArray, length: number): Float32Array {
  const maps = new Float32Array(length);
  index.data.forEach((place, i) => maps[place] = value.data[i]);
  return maps;
}

function compareTargets(
  testCase: GoldenCase,
  compare: Comparison,
  people: readonly TargetPerson[],
  size: number,
  names: { readonly index: string; readonly value: string; readonly refs: string },
): void {
  const K = COCO.keypoints.length;
  const maps = heatmapTargets(people, {
    keypoints: K,
    height: size,
    width: size,
    sigmaPixels: size / 64,
  });
  const value = testCase.expected(names.value);
  const expected = dense(testCase.expected(names.index), value, maps.data.length);
  compare.close("heatmaps", maps.data, expected, value);
  const refs = testCase.expected(names.refs);
  compare.close(names.refs, packed(people, size), refs.data, refs);
}

function heatmapTargetsFamily(testCase: GoldenCase, compare: Comparison): void {
  const names = { index: "index", value: "value", refs: "refs" };
  const size = testCase.params.R as number;
  compareTargets(testCase, compare, people(testCase.input("keypoints")), size, names);
}

/** `[h, w, 3]` to `[3, h, w]`. */
function toPlanes({ shape: [height, width], data }: GoldenArray): Float32Array<ArrayBuffer> {
  const planes = new Float32Array(data.length);
  data.forEach((value, i) => planes[(i % 3) * height * width + Math.floor(i / 3)] = value);
  return planes;
}

function color(testCase: GoldenCase, compare: Comparison): void {
  const [hue, saturation, brightness, contrast] = testCase.params.draws as number[];
  const image = testCase.input("image");
  const expected = testCase.expected("y");
  const planes = hostArray([3, image.shape[0], image.shape[1]], toPlanes(image));
  changeColours(planes, {
    hueDegrees: (2 * hue - 1) * 0.2 * 360,
    saturation: saturation + 0.5,
    brightness: (2 * brightness - 1) * 0.3,
    contrast: contrast + 0.5,
    contrastAround: "pixel",
  });
  compare.close("y", planes.data, toPlanes(expected), expected);
}

/** The authors' random numbers in call order, checked to be asked for as they asked. */
function replay(draws: readonly (readonly [string, ...number[]])[]): RandomNumbers {
  let at = 0;
  const draw = (kind: string) => {
    const next = draws[at++];
    if (next?.[0] !== kind) throw new RangeError(`draw ${at} is ${next?.[0]}, not ${kind}`);
    return next.slice(1) as number[];
  };
  return {
    next: () => draw("random")[0],
    integer: (below) => {
      const [low, high, value] = draw("randint");
      const count = Math.trunc(high) - Math.trunc(low);
      if (below !== count) throw new RangeError(`draw ${at} is one of ${count}, not of ${below}`);
      return value - Math.trunc(low);
    },
  };
}

function augment(testCase: GoldenCase, compare: Comparison): void {
  const { input_res, output_res, draws, mirrored } = testCase.params;
  const [inputSize, heatmapSize] = [input_res as number, output_res as number];
  const image = picture(testCase.input("image"));
  const crowdFree = testCase.input("crowd_free");
  const annotated = people(testCase.input("keypoints"));
  const sample = {
    id: 1,
    fileName: testCase.id,
    image,
    people: annotated.map(({ keypoints }) => ({
      keypoints,
      box: [0, 0, 1, 1] as const,
      area: 1,
      crowd: false,
    })),
    ignore: {
      width: image.width,
      height: image.height,
      data: Uint8Array.from(crowdFree.data, (counts) => counts ? 0 : 1),
    },
  };
  const random = replay(draws as [string, ...number[]][]);
  const augmentation = drawAugmentation(image, OFFICIAL_AUGMENTATION, random);
  compare.equal("mirrored", augmentation.mirror !== "no", mirrored);
  const { matrix_input, matrix_output } = testCase.values;
  for (
    const [name, size, expected] of [
      ["matrix_input", inputSize, matrix_input],
      ["matrix_output", heatmapSize, matrix_output],
    ] as const
  ) {
    const matrix = cropTransform(augmentation.crop, size);
    compare.close(name, rows(matrix), (expected as Rows).slice(0, 2).flat(), GEOMETRY);
  }

  const prepared = prepareSample(sample, augmentation, { inputSize, heatmapSize });
  const imageOut = testCase.expected("image_out");
  const planes = { ...imageOut, data: toPlanes(imageOut) };
  compare.close("image_out", prepared.image.data, planes.data, imageOut);
  const mean = meanDifference(prepared.image.data, planes);
  compare.close("image_out, mean difference", [mean], [0], { atol: 0.01, rtol: 0 });

  const mask = testCase.expected("mask");
  const different = meanDifference(prepared.mask.data, mask); // 0 and 1: the share that differs
  compare.close("mask, share that differs", [different], [0], { atol: 0.01, rtol: 0 });

  compareTargets(testCase, compare, prepared.people, heatmapSize, {
    index: "heatmap_index",
    value: "heatmap_value",
    refs: "keypoints_ref",
  });
}

/** The runners of this file. */
export const families: Record<string, FamilyRunner> = {
  transform,
  warp,
  heatmap_targets: heatmapTargetsFamily,
  color,
  augment,
};
