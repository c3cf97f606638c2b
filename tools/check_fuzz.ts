/**
 * Random inputs by the thousand, and what must hold for each: see tools/fuzz.
 *
 *     deno task check:fuzz                        everything, as many inputs as each fuzzer wants
 *     deno task check:fuzz --minutes 5 graphs     graphs only, for five minutes
 *     deno task check:fuzz --seed 1 --from 417 --count 1 graphs     one of them again
 *
 * Prints a line for each fuzzer with the inputs tried, and what did not hold, with the number that brings it back.
 *
 * @module
 */
import { unknownName } from "../mod.ts";
import type { Command, Values } from "../cli/options.ts";
import { progressOnStderr } from "../cli/output.ts";
import { type Fuzzer, tryAll } from "./fuzz/fuzzer.ts";
import { fileFuzzers } from "./fuzz/files.ts";
import { graphFuzzer } from "./fuzz/graphs_fuzzer.ts";
import { instanceFuzzer } from "./fuzz/instance_maps.ts";
import { figuresFuzzer } from "./fuzz/keypoint_figures.ts";
import { lossFuzzer } from "./fuzz/losses.ts";
import { crowdFuzzer, decoderFuzzer } from "./fuzz/pose_maps.ts";
import { trackerFuzzer, tracksFuzzer } from "./fuzz/tracks.ts";
import { vocFuzzer } from "./fuzz/voc_folders.ts";
import { minutesOption, runTool, untilOf } from "./tool.ts";

/** All fuzzers, in the order they run. */
export const FUZZERS: readonly Fuzzer[] = [
  graphFuzzer,
  lossFuzzer,
  decoderFuzzer,
  crowdFuzzer,
  instanceFuzzer,
  trackerFuzzer,
  figuresFuzzer,
  tracksFuzzer,
  ...fileFuzzers,
  vocFuzzer,
];

const command: Command = {
  summary: "Try random inputs and look whether what must hold does.",
  operands: "[NAME…]",
  options: {
    seed: { type: "whole", default: 1, help: "the series of inputs" },
    from: { type: "whole", default: 0, help: "the first input" },
    count: { type: "whole", least: 1, help: "inputs of each fuzzer (default: what each wants)" },
    minutes: minutesOption("most minutes for each fuzzer"),
  },
  run,
};

async function run(values: Values): Promise<void> {
  const names = FUZZERS.map(({ name }) => name);
  const unknown = values.operands.find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName("fuzzer", unknown, names);
  const chosen = FUZZERS.filter(({ name }) =>
    values.operands.length === 0 || values.operands.includes(name)
  );
  let failures = 0;
  for (const fuzzer of chosen) {
    const count = values.number("count") ?? fuzzer.count;
    const progress = progressOnStderr({ label: fuzzer.name, total: count, unit: "inputs" });
    const { tried, problems, seconds } = await tryAll(fuzzer, {
      seed: values.number("seed")!,
      from: values.number("from")!,
      count,
      until: untilOf(values),
    }, (done) => progress.update(done));
    progress.finish();
    const short = tried < count && problems.length === 0 ? " (out of time)" : "";
    console.log(
      `${fuzzer.name.padEnd(10)} ${tried} of ${count} inputs in ${seconds.toFixed(0)} s${short}, ` +
        `${problems.length} failed: ${fuzzer.promise}`,
    );
    for (const { index, problem } of problems) console.log(`  input ${index}: ${problem}`);
    failures += problems.length;
  }
  if (failures > 0) Deno.exitCode = 1;
}

if (import.meta.main) await runTool("check:fuzz", command);
