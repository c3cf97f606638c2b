/**
 * Check the evaluation against figures that COCO's authors published: the example detections that come
 * with the COCO API (cocodataset/cocoapi, `results/`), their ground truth for the same 100 images of val2014,
 * and the text file with what the official program printed for them.
 *
 * Run: `deno task check:results FOLDER`
 *
 * The folder holds `person_keypoints_val2014_100.json` and `instances_val2014_100.json` (annotations of the 100
 * images), `*_val2014_fake{keypoints,segm,bbox}100_results.json` and `val2014_fake_eval_res.txt`. Prints both columns
 * and exits with 1 if one of the 34 figures, rounded to the three published places, differs.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  readBytes,
  readCocoInstanceResults,
  readCocoInstanceTruth,
  readCocoResults,
  readCocoTruth,
} from "../io/mod.ts";
import { evaluateInstances, evaluateKeypoints } from "../metrics/mod.ts";

/** What the sections of the published text are called, and how many figures each has. */
const FIGURES = { segm: 12, bbox: 12, keypoints: 10 } as const;

/** A section of the published text. */
export type Section = keyof typeof FIGURES;

/**
 * The figures of one section in the text that the official program printed: the numbers after "=" below
 * `type=...`, as texts.
 *
 * @throws {InputError} If the section is missing or does not hold all of its figures.
 */
export function publishedFigures(text: string, section: Section, name: string): string[] {
  const [, after] = text.split(`type=${section}`);
  if (after === undefined) throw new InputError(`${name}: no section "type=${section}"`);
  const [own] = after.split("type=");
  const figures = [...own.matchAll(/^.*@\[.*\] = (-?\d+\.\d+)\s*$/gm)].map(([, figure]) => figure);
  if (figures.length !== FIGURES[section]) {
    throw new InputError(
      `${name}: ${figures.length} ${section} figures where ${FIGURES[section]} are expected`,
    );
  }
  return figures;
}

/** Evaluate the folder's detections; print both columns; true if all figures agree. */
export async function checkCocoResults(folder: string): Promise<boolean> {
  const path = `${folder}/val2014_fake_eval_res.txt`;
  const text = new TextDecoder().decode(await readBytes(path));
  let [right, all] = [0, 0];
  for (const section of Object.keys(FIGURES) as Section[]) {
    const published = publishedFigures(text, section, path);
    const figures = Object.entries(await measured(folder, section));
    console.log(`${section.padEnd(9)}  published  ours`);
    figures.forEach(([figure, value], i) => {
      const ours = value.toFixed(published[i].split(".")[1].length);
      const agrees = ours === published[i];
      console.log(
        `${figure.padEnd(9)}  ${published[i].padStart(9)}  ${ours}${agrees ? "" : "   differs"}`,
      );
      all++;
      if (agrees) right++;
    });
  }
  console.log(`${right} of ${all} figures agree`);
  return right === all;
}

/** Our figures, in COCO's order. */
async function measured(folder: string, section: Section): Promise<object> {
  const file = section === "keypoints" ? "person_keypoints" : "instances";
  const names = {
    truth: `${folder}/${file}_val2014_100.json`,
    results: `${folder}/${file}_val2014_fake${section}100_results.json`,
  };
  if (section === "keypoints") {
    const truth = await readCocoTruth(names.truth);
    return evaluateKeypoints(truth, await readCocoResults(names.results), { names }).statistics;
  }
  const shape = section === "segm" ? "masks" : "boxes";
  const truth = await readCocoInstanceTruth(names.truth, { shape });
  const results = await readCocoInstanceResults(names.results, { shape });
  return evaluateInstances(truth, results, { shape, names }).statistics;
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
