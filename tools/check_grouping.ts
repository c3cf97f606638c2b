/**
 * Decode recorded heatmaps and tags and compare with what the authors' own program made of them.
 *
 *     deno task check:grouping FOLDER
 *
 * The folder holds `expected.json` (settings, then for each image its people as rows `[x, y, score, tag]`, all
 * zeros for a missing keypoint, before and after the quarter-pixel adjustment) and, for each image,
 * `<id>.det.f32.gz` and `<id>.tag.f32.gz`: float32, little-endian, `[K][H][W]`. Prints a line per image and
 * ends with code 1 if any differs. People must be the same ones in the same order, positions equal, scores
 * and tags equal to the five decimals that the file gives.
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { InputError } from "../core/errors.ts";
import type { DecodedPerson } from "../pose/person.ts";
import { adjustPerson, AUTHORS_GROUPING, findPeaks, groupByTag } from "../decoders/mod.ts";

/** What became of one image. */
export interface GroupingResult {
  readonly imageId: number;
  /** How many people the authors' program found. */
  readonly people: number;
  readonly keypoints: number;
  /** What differs, empty if nothing does. */
  readonly problems: readonly string[];
}

interface Expected {
  readonly shape: [number, number, number];
  readonly detection_val: number;
  readonly tag_threshold: number;
  readonly max_num_people: number;
  readonly ignore_too_much: boolean;
  readonly cases: readonly {
    readonly image_id: number;
    readonly raw: readonly number[][][];
    readonly adjusted: readonly number[][][];
  }[];
}

/**
 * Decode every image of the folder and compare.
 *
 * @throws {InputError} If a file is missing or is not what it should be.
 */
export async function checkGrouping(folder: string): Promise<GroupingResult[]> {
  const expected = await readExpected(`${folder}/expected.json`);
  const [K, H, W] = expected.shape;
  const results: GroupingResult[] = [];
  for (const { image_id, raw, adjusted } of expected.cases) {
    const name = `${folder}/${String(image_id).padStart(12, "0")}`;
    const heatmaps = await readMaps(`${name}.det.f32.gz`, [K, H, W]);
    const tags = await readMaps(`${name}.tag.f32.gz`, [1, K, H, W]);
    const peaks = findPeaks(heatmaps, tags, { threshold: expected.detection_val });
    const people = groupByTag(peaks, {
      ...AUTHORS_GROUPING,
      crowds: expected.ignore_too_much ? "stop" : "first",
      maxPeople: expected.max_num_people,
      maxTagDistance: expected.tag_threshold,
    });
    results.push({
      imageId: image_id,
      people: raw.length,
      keypoints: raw.flat().filter(([, , score]) => score > 0).length,
      problems: [
        ...differences("raw", people, raw),
        ...differences("adjusted", people.map((one) => adjustPerson(one, heatmaps)), adjusted),
      ],
    });
  }
  return results;
}

function differences(
  what: string,
  people: readonly DecodedPerson[],
  expected: readonly number[][][],
): string[] {
  if (people.length !== expected.length) {
    return [`${what}: ${people.length} people, expected ${expected.length}`];
  }
  return people.flatMap(({ keypoints }, p) =>
    expected[p].flatMap((row, k) => {
      const at = keypoints[k];
      const actual = at ? [at.x, at.y, at.score, ...at.tag] : row.map(() => 0);
      const same = actual.length === row.length &&
        actual.every((value, i) => i < 2 ? value === row[i] : Math.abs(value - row[i]) < 1e-5);
      return same ? [] : [`${what}: person ${p}, keypoint ${k} is [${actual}], expected [${row}]`];
    })
  );
}

async function readExpected(path: string): Promise<Expected> {
  let expected: Expected;
  try {
    expected = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new InputError(`checkGrouping: ${path} cannot be read: ${(error as Error).message}`);
  }
  if (!Array.isArray(expected.shape) || expected.shape.length !== 3) {
    throw new InputError(`checkGrouping: ${path} has no shape [K, H, W]`);
  }
  if (!Array.isArray(expected.cases) || expected.cases.length === 0) {
    throw new InputError(`checkGrouping: ${path} has no cases`);
  }
  return expected;
}

async function readMaps(path: string, shape: readonly number[]): Promise<HostArray> {
  let bytes: ArrayBuffer;
  try {
    const file = await Deno.open(path);
    bytes = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip")))
      .arrayBuffer();
  } catch (error) {
    throw new InputError(`checkGrouping: ${path} cannot be read: ${(error as Error).message}`);
  }
  const size = shape.reduce((a, b) => a * b);
  if (bytes.byteLength !== 4 * size) {
    throw new InputError(
      `checkGrouping: ${path} holds ${bytes.byteLength} bytes but [${shape.join(", ")}] needs ${
        4 * size
      }`,
    );
  }
  return hostArray(shape, new Float32Array(bytes)); // little-endian, as every machine that runs Deno
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (Deno.args.length !== 1) {
    console.error("usage: deno task check:grouping FOLDER");
    Deno.exit(2);
  }
  try {
    const results = await checkGrouping(folder);
    for (const { imageId, people, keypoints, problems } of results) {
      console.log(
        `image ${imageId}: ${people} people, ${keypoints} keypoints, ` +
          (problems.length === 0 ? "identical" : `${problems.length} differences`),
      );
      for (const problem of problems.slice(0, 5)) console.log(`  ${problem}`);
    }
    Deno.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    Deno.exitCode = 2;
  }
}
