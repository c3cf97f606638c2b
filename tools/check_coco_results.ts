/**
 * Check the evaluation against figures that COCO's authors published: the example detections that come
 * with the COCO API (cocodataset/cocoapi, `results/`), their ground truth for the same 100 images of val2014,
 * and the text file with what the official program printed for them.
 *
 * Run: `deno task check:results FOLDER`
 *
 * The folder holds `person_keypoints_val2014_100.json` (annotations of the 100 images),
 * `person_keypoints_val2014_fakekeypoints100_results.json` and `val2014_fake_eval_res.txt`. Prints both
 * columns and exits with 1 if one of the ten figures, rounded to the three published places, differs.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { readBytes, readCocoResults, readCocoTruth } from "../io/mod.ts";
import { evaluateKeypoints } from "../metrics/mod.ts";

/**
 * The ten keypoint figures in the text that the official program printed: the numbers after "=" in the
 * section that starts with `type=keypoints`, as texts.
 *
 * @throws {InputError} If the section is missing or does not hold ten figures.
 */
export function publishedFigures(text: string, name: string): string[] {
  const [, section] = text.split("type=keypoints");
  if (section === undefined) throw new InputError(`${name}: no section "type=keypoints"`);
  const [own] = section.split("type=");
  const figures = [...own.matchAll(/^.*@\[.*\] = (-?\d+\.\d+)\s*$/gm)].map(([, figure]) => figure);
  if (figures.length !== 10) {
    throw new InputError(`${name}: ${figures.length} keypoint figures where 10 are expected`);
  }
  return figures;
}

/** Evaluate the folder's detections; print both columns; true if all ten agree. */
export async function checkCocoResults(folder: string): Promise<boolean> {
  const textPath = `${folder}/val2014_fake_eval_res.txt`;
  const published = publishedFigures(new TextDecoder().decode(await readBytes(textPath)), textPath);
  const names = {
    truth: `${folder}/person_keypoints_val2014_100.json`,
    results: `${folder}/person_keypoints_val2014_fakekeypoints100_results.json`,
  };
  const truth = await readCocoTruth(names.truth);
  const results = await readCocoResults(names.results);
  const { statistics } = evaluateKeypoints(truth, results, { names });

  console.log(`${truth.images.length} images, ${results.length} detections`);
  console.log("figure  published  ours");
  const agrees = Object.entries(statistics).map(([figure, value], i) => {
    const ours = value.toFixed(published[i].split(".")[1].length);
    const mark = ours === published[i] ? "" : "   differs";
    console.log(`${figure.padEnd(6)}  ${published[i].padStart(9)}  ${ours}${mark}`);
    return ours === published[i];
  });
  console.log(`${agrees.filter((agree) => agree).length} of ${agrees.length} figures agree`);
  return agrees.every((agree) => agree);
}

if (import.meta.main) {
  const [folder, ...more] = Deno.args;
  if (folder === undefined || more.length > 0) {
    console.error("usage: deno task check:results FOLDER");
    Deno.exit(2);
  }
  try {
    if (!await checkCocoResults(folder)) Deno.exit(1);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`${error.name}: ${error.message}`);
    Deno.exit(1);
  }
}
