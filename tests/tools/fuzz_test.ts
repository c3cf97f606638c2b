import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { FUZZERS } from "../../tools/check_fuzz.ts";
import { FORMATS } from "../../tools/fuzz/files.ts";
import { drawGraph, minimised } from "../../tools/fuzz/graphs.ts";
import { tryAll } from "../../tools/fuzz/fuzzer.ts";

/** Inputs of each fuzzer in the gate; `deno task check:fuzz` tries them all. */
const SHORT: Readonly<Record<string, number>> = {
  graphs: 12,
  losses: 200,
  decoders: 300,
  crowds: 40,
  segments: 200,
  tracker: 100,
  tracks: 60,
  figures: 60,
};

const FILES = 60;

for (const fuzzer of FUZZERS) {
  it(`check:fuzz ${fuzzer.name}, the first inputs`, async () => {
    const count = SHORT[fuzzer.name] ?? FILES;
    const { tried, problems } = await tryAll(fuzzer, { seed: 1, count });
    assert.deepEqual(problems, []);
    assert.equal(tried, count);
  });
}

it("drawGraph() is a pure function of seed and number", () => {
  assert.equal(JSON.stringify(drawGraph(3, 5)), JSON.stringify(drawGraph(3, 5)));
  assert.notEqual(JSON.stringify(drawGraph(3, 5)), JSON.stringify(drawGraph(3, 6)));
});

it("minimised() leaves the one operation that fails", async () => {
  const isGuilty = (operation: string) => operation === "matmul";
  const index = Array.from({ length: 50 }, (_, i) => i)
    .find((i) => {
      const { nodes } = drawGraph(9, i);
      return nodes.length > 8 && nodes.some(({ operation }) => isGuilty(operation));
    })!;
  const { nodes } = await minimised(
    drawGraph(9, index),
    (graph) => Promise.resolve(graph.nodes.some(({ operation }) => isGuilty(operation))),
  );
  const operations = nodes.filter(({ operation }) => operation !== "leaf");
  assert.deepEqual(operations.map(({ operation }) => operation), ["matmul"]);
});

it("check:fuzz damages files that can be read", async () => {
  const folder = await Deno.makeTempDir();
  for (const { name, extension, samples, read } of FORMATS) {
    const path = `${folder}/${name}.${extension}`;
    for (const bytes of await samples()) {
      await Deno.writeFile(path, bytes);
      await read(path, bytes);
    }
  }
  await Deno.remove(folder, { recursive: true });
});
