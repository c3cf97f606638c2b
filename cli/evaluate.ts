/**
 * `evaluate`: the ten COCO figures of a results file.
 *
 * @module
 */
import {
  evaluateByKeypoint,
  evaluateKeypoints,
  readCocoResults,
  readCocoTruth,
  writeFileAtomic,
} from "../mod.ts";
import type { Command, Values } from "./options.ts";

/** `evaluate`. */
export const evaluateCommand: Command = {
  summary: "The ten COCO keypoint figures of a results file.",
  operands: "",
  options: {
    annotations: { type: "text", help: "COCO keypoint annotation file" },
    results: { type: "text", help: "COCO results file" },
    json: { type: "text", help: "also write the figures to this file" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const annotations = values.required("annotations");
  const results = values.required("results");
  const truth = await readCocoTruth(annotations);
  const found = await readCocoResults(results);
  const options = { names: { truth: annotations, results } };
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
