import assert from "node:assert/strict";
import { it } from "std/testing/bdd";

/** Parts of an operation that its own test covers. */
const COVERED: Readonly<Record<string, string>> = {
  conv2d_depthwise: "conv2d",
  conv2d_direct: "conv2d",
  conv2d_kernels: "conv2d",
  conv2d_workgroup: "conv2d",
  matmul_layout: "matmul",
  matmul_registers: "matmul",
  matmul_workgroup: "workgroup_tiles",
  winograd: "conv2d",
};

it("every file of operations has a test of its name", () => {
  const names = (folder: string, ending: string) =>
    [...Deno.readDirSync(new URL(folder, import.meta.url))]
      .map(({ name }) => name).filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length));
  const tests = new Set(names("./", "_test.ts"));
  const files = names("../../ops/", ".ts");
  assert.ok(files.length > 20);
  assert.deepEqual(files.filter((name) => !tests.has(COVERED[name] ?? name)), []);
});
