/**
 * Check the measures of tracking against published figures: two videos of MOTChallenge 2015 with the results of one
 * tracker, for which py-motmetrics and the benchmark's own program print the same.
 *
 * Run: `deno task check:tracks FOLDER`
 *
 * The folder holds `TUD-Campus` or `TUD-Stadtmitte` or both, each with `gt.txt` (the truth) and `test.txt` (the
 * tracker's results), as in py-motmetrics, `motmetrics/data`. Prints both columns and exits with 1 if a figure, rounded
 * to the published places, differs. With both videos their figures together are checked as well.
 *
 * Sources: py-motmetrics, `README.md` (in full: `tests/test_metrics.py`), and for HOTA the numbers of its tests that
 * TrackEval gives, too.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { readMotResults, readMotTruth } from "../io/mod.ts";
import {
  combineTrackingFigures,
  motTrackingFrames,
  type TrackingFigures,
  trackingFigures,
} from "../metrics/mod.ts";

/** The figures in the order of the published tables; MOTP is published as a distance. */
const COLUMNS: Readonly<Record<string, (figures: TrackingFigures) => number>> = {
  IDF1: ({ IDF1 }) => IDF1,
  IDP: ({ IDP }) => IDP,
  IDR: ({ IDR }) => IDR,
  recall: ({ recall }) => recall,
  precision: ({ precision }) => precision,
  identities: ({ mostlyTracked, partlyTracked, mostlyLost }) =>
    mostlyTracked + partlyTracked + mostlyLost,
  "mostly tracked": ({ mostlyTracked }) => mostlyTracked,
  "partly tracked": ({ partlyTracked }) => partlyTracked,
  "mostly lost": ({ mostlyLost }) => mostlyLost,
  "false positives": ({ falsePositives }) => falsePositives,
  misses: ({ misses }) => misses,
  "identity switches": ({ identitySwitches }) => identitySwitches,
  fragmentations: ({ fragmentations }) => fragmentations,
  MOTA: ({ MOTA }) => MOTA,
  "1 - MOTP": ({ MOTP }) => 1 - MOTP,
  HOTA: ({ HOTA }) => HOTA,
  DetA: ({ DetA }) => DetA,
  AssA: ({ AssA }) => AssA,
};

/** A row for each video, in the order of the columns; "" where nothing is published. */
const PUBLISHED: Readonly<Record<string, string>> = {
  "TUD-Campus":
    "0.557659 0.729730 0.451253 0.582173 0.941441 8 1 6 1 13 150 7 7 0.526462 0.277201 " +
    "0.391397437845 0.418047030143 0.369120681208",
  "TUD-Stadtmitte":
    "0.644619 0.819760 0.531142 0.608997 0.939920 10 5 4 1 45 452 7 6 0.564014 0.345904 " +
    "0.397849016993 0.392267572369 0.408840751811",
  both: "0.624296 0.799176 0.512211 0.602640 0.940268 18 6 10 2 58 602 14 13 0.555116 0.330177",
};

/** Compare a video's figures with the published ones; prints both columns. */
function agrees(name: string, figures: TrackingFigures): boolean {
  console.log(`${name}\n${"".padEnd(18)} ${"published".padStart(14)} ${"ours".padStart(14)}`);
  const columns = Object.entries(COLUMNS);
  const same = PUBLISHED[name].split(" ").map((published, i) => {
    const [figure, valueOf] = columns[i];
    const ours = valueOf(figures).toFixed(published.split(".")[1]?.length ?? 0);
    const mark = ours === published ? "" : "   differs";
    console.log(`${figure.padEnd(18)} ${published.padStart(14)} ${ours.padStart(14)}${mark}`);
    return ours === published;
  });
  console.log(`${same.filter(Boolean).length} of ${same.length} figures agree\n`);
  return same.every(Boolean);
}

/**
 * Measure the folder's videos; print both columns; true if all figures agree.
 *
 * @throws {InputError} If the folder has neither video, or a file cannot be read.
 */
export async function checkTracks(folder: string): Promise<boolean> {
  const names = Object.keys(PUBLISHED).filter((name) => name !== "both");
  const there = await Promise.all(
    names.map((name) =>
      Deno.stat(`${folder}/${name}`).then(({ isDirectory }) => isDirectory, () => false)
    ),
  );
  const found = names.filter((_, i) => there[i]);
  if (found.length === 0) {
    throw new InputError(`${folder}: has neither of the folders ${names.join(" and ")}`);
  }
  const parts = await Promise.all(found.map(async (name) =>
    trackingFigures(motTrackingFrames({
      truth: await readMotTruth(`${folder}/${name}/gt.txt`),
      found: await readMotResults(`${folder}/${name}/test.txt`),
    }))
  ));
  const results = found.map((name, i) => agrees(name, parts[i]));
  if (found.length === names.length) results.push(agrees("both", combineTrackingFigures(parts)));
  return results.every(Boolean);
}

if (import.meta.main) {
  const [folder, ...more] = Deno.args;
  if (folder === undefined || more.length > 0) {
    console.error("usage: deno task check:tracks FOLDER");
    Deno.exit(2);
  }
  try {
    if (!await checkTracks(folder)) Deno.exit(1);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`${error.name}: ${error.message}`);
    Deno.exit(1);
  }
}
