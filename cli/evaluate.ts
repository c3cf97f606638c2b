/**
 * `evaluate`: the ten COCO figures of a results file, or of what a network finds in photographs.
 *
 * @module
 */
import {
  type CocoResult,
  evaluateByKeypoint,
  evaluateKeypoints,
  InputError,
  readCocoResults,
  readCocoTruth,
  writeFileAtomic,
} from "../mod.ts";
import { resultsOf } from "./evaluation.ts";
import type { Command, Values } from "./options.ts";
import { progressOnStderr } from "./output.ts";
import { findPeople, LOOKING, lookingOf } from "./prediction.ts";
import { openPhotographs, samplesOf } from "./sources.ts";
import { loadGivenOrShipped } from "./weights.ts";

/** `evaluate`. */
export const evaluateCommand: Command = {
  summary:
    "The ten COCO keypoint figures of a results file, or of what a network finds in photographs.",
  operands: "",
  options: {
    annotations: { type: "text", help: "COCO keypoint annotation file" },
    results: { type: "text", help: "COCO results file" },
    images: { type: "text", help: "without --results: folder of the photographs to predict" },
    weights: {
      type: "text",
      help: "with --images: weight file (default: the ones that come with the library)",
    },
    preset: { type: "text", help: "network (default: what the weight file says)" },
    ...LOOKING,
    json: { type: "text", help: "also write the figures to this file" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const annotations = values.required("annotations");
  const results = values.text("results");
  if ((results === undefined) === (values.text("images") === undefined)) {
    throw new InputError(
      `${results === undefined ? "neither --results nor" : "both --results and"} --images given\n` +
        "  help: --results FILE to measure a results file, --images FOLDER to predict first",
    );
  }
  for (
    const name of results === undefined
      ? []
      : ["weights", "preset", "scales", "decoder", "threshold"]
  ) {
    if (values.text(name) !== undefined) throw new InputError(`--${name} needs --images`);
  }
  if (results !== undefined && values.flag("flip")) throw new InputError("--flip needs --images");
  const truth = await readCocoTruth(annotations);
  const found = results === undefined ? await predicted(values) : await readCocoResults(results);
  const options = { names: { truth: annotations, results: results ?? "the predictions" } };
  const { statistics } = evaluateKeypoints(truth, found, options);
  for (const [name, value] of Object.entries(statistics)) {
    console.log(`${name.padEnd(6)} ${value < 0 ? "undefined (-1)" : value.toFixed(3)}`);
  }
  const json = values.text("json");
  if (json === undefined) return;
  const byKeypoint = evaluateByKeypoint(truth, found, options);
  await writeFileAtomic(
    json,
    JSON.stringify({ keypoints: statistics, byKeypoint }, null, 2) + "\n",
  );
}

async function predicted(values: Values): Promise<CocoResult[]> {
  const looking = lookingOf(values);
  const photographs = (await openPhotographs(values))!;
  const loaded = await loadGivenOrShipped(values);
  const progress = progressOnStderr({
    label: "predict",
    total: photographs.length,
    unit: "photographs",
  });
  const results: CocoResult[] = [];
  let done = 0;
  for await (
    const prediction of findPeople(loaded, samplesOf(photographs), looking)
  ) {
    results.push(...resultsOf([prediction], 1, looking.flavour));
    progress.update(++done);
  }
  progress.finish();
  return results;
}
