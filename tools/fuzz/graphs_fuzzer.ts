/**
 * Random graphs, see graphs.ts and compare.ts.
 *
 * @module
 */
import { compareGraph } from "./compare.ts";
import type { Fuzzer } from "./fuzzer.ts";
import { drawGraph, minimised, printGraph } from "./graphs.ts";

/** Graphs give what plain loops give, whichever way they are run. */
export const graphFuzzer: Fuzzer = {
  name: "graphs",
  promise: "read, fused or not, or as a step called twice: the numbers and slopes of plain loops",
  count: 10_000,
  async run(seed, index) {
    const graph = drawGraph(seed, index);
    if ((await compareGraph(graph)).problem === null) return null;
    const smallest = await minimised(
      graph,
      async (it) => (await compareGraph(it)).problem !== null,
    );
    return `${(await compareGraph(smallest)).problem}\n${printGraph(smallest)}`;
  },
};
