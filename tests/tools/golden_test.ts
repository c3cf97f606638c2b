import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { encodeSafetensors } from "../../io/safetensors.ts";
import { choose, loadRunners, reportFamily } from "../../tools/check_golden.ts";
import {
  compareNumbers,
  type FamilyResult,
  type FamilyRunner,
  loadFamily,
  readIndex,
  runFamily,
} from "../../tools/golden/golden.ts";

const INDEX = {
  families: {
    double: {
      file: "double.safetensors",
      cases: [{
        id: "double_00",
        params: { by: 2 },
        note: "an example",
        inputs: { x: { key: "x", dtype: "F32", shape: [2] } },
        expected: { y: { key: "y", dtype: "F32", shape: [2], atol: 0.5, rtol: 0 } },
      }],
    },
    values: { cases: [{ id: "v", values: [1, 2], inputs: {}, expected: {} }] },
  },
};

function folderOf(files: Record<string, string | Uint8Array<ArrayBuffer>>) {
  return (path: string) => {
    const file = files[path];
    if (file === undefined) return Promise.reject(new Deno.errors.NotFound("no such file"));
    return Promise.resolve(typeof file === "string" ? new TextEncoder().encode(file) : file);
  };
}

const files = folderOf({
  "g/INDEX.json": JSON.stringify(INDEX),
  "g/double.safetensors": encodeSafetensors({
    x: hostArray([2], [1, 2]),
    y: hostArray([2], [2, 4]),
  }),
});

async function run(runner: FamilyRunner, name = "double"): Promise<FamilyResult> {
  const index = await readIndex("g", files);
  return runFamily(await loadFamily("g", name, index[name], files), runner, "g");
}

Deno.test("readIndex() names the file that is missing or not what it should be", async () => {
  const read = (text: string) => readIndex("g", folderOf({ "g/INDEX.json": text }));
  await assert.rejects(
    readIndex("nowhere", files),
    /nowhere\/INDEX.json: cannot be read \(NotFound/,
  );
  await assert.rejects(read("{"), /g\/INDEX.json: not JSON/);
  await assert.rejects(read("[]"), /g\/INDEX.json: the index must be an object/);
  await assert.rejects(read("{}"), /g\/INDEX.json: "families" must be an object/);
});

Deno.test("loadFamily() names the family and case that are not what they should be", async () => {
  const load = (raw: unknown) => loadFamily("g", "f", raw, files);
  await assert.rejects(load(7), /family "f": it must be an object/);
  await assert.rejects(load({}), /family "f": "cases" must be a list/);
  await assert.rejects(load({ cases: [{}] }), /family "f": case 0: "id" must be a text/);
  await assert.rejects(load({ cases: [], file: "gone.st" }), /g\/gone.st: cannot be read/);
  const halves = encodeSafetensors({ h: { shape: [1], data: Float16Array.of(1) } });
  await assert.rejects(
    loadFamily("g", "f", { cases: [], file: "h" }, folderOf({ "g/h": halves })),
    /g\/h: tensor "h" must be F32, F64, I32 or U8/,
  );
});

Deno.test("loadFamily() gives tensors by name and says which one is not there", async () => {
  const index = await readIndex("g", files);
  const { cases: [it] } = await loadFamily("g", "double", index.double, files);
  assert.deepEqual([...it.input("x").data], [1, 2]);
  assert.deepEqual(it.expected("y").shape, [2]);
  assert.equal(it.expected("y").atol, 0.5);
  assert.deepEqual([it.inputNames, it.expectedNames, it.note], [["x"], ["y"], "an example"]);
  assert.throws(() => it.input("z"), /case 0 \(double_00\): has no input "z"/);
});

Deno.test("runFamily() reports the largest error beside its tolerance", async () => {
  const result = await run((it, compare) => {
    const y = it.expected("y");
    compare.close("y", [2.25, 4], y.data, y);
    compare.equal("by", it.params, { by: 2 });
  });
  assert.equal(result.failedCases, 0);
  assert.deepEqual(result.findings[0], {
    caseId: "double_00",
    name: "y",
    fraction: 0.5,
    error: 0.25,
    ok: true,
  });
  assert.match(
    reportFamily(result)[0],
    /^ok {6}double +1 cases {3}largest error +50.0 % .*, 2.5e-1/,
  );
});

Deno.test("runFamily() fails a case that differs, throws, or compares nothing", async () => {
  const differs = await run((_, compare) => compare.equal("a", { b: [1, 2] }, { b: [1, 3] }));
  assert.equal(differs.failedCases, 1);
  assert.equal(
    reportFamily(differs)[1].trim(),
    'double_00 a: is {"b":[1,2]}, expected {"b":[1,3]}',
  );
  const throws = await run(() => {
    throw new RangeError("no such op");
  });
  assert.equal(reportFamily(throws)[1].trim(), "double_00: RangeError: no such op");
  const nothing = await run(() => {}, "values");
  assert.equal(reportFamily(nothing)[1].trim(), "v: nothing was compared");
});

Deno.test("runFamily() notes expected tensors that nobody asked for", async () => {
  const { notes } = await run((_, compare) => compare.note("slow"));
  assert.deepEqual(notes, ["double_00: slow", "double_00: not compared: y"]);
});

Deno.test("compareNumbers() asks for equality when both tolerances are 0", () => {
  const exact = { atol: 0, rtol: 0 };
  assert.equal(compareNumbers([1, 2], [1, 2], exact).ok, true);
  assert.equal(compareNumbers([1, 2.0000001], [1, 2], exact).ok, false);
});

Deno.test("compareNumbers() never takes NaN for a number, or another length for the same", () => {
  const loose = { atol: 100, rtol: 1 };
  assert.match(compareNumbers([NaN], [1], loose).problem!, /number 0 is NaN, expected 1/);
  assert.match(compareNumbers([1], [NaN], loose).problem!, /number 0 is 1, expected NaN/);
  assert.match(compareNumbers([1], [1, 2], loose).problem!, /has 1 numbers, expected 2/);
  assert.equal(compareNumbers([NaN, Infinity], [NaN, Infinity], loose).ok, true);
  assert.equal(compareNumbers([-Infinity], [Infinity], loose).ok, false);
});

Deno.test("choose() separates covered families from others and knows the names", () => {
  const covered = (name: string) => name !== "rle";
  assert.deepEqual(choose(["a", "rle"], covered, undefined), { run: ["a"], uncovered: ["rle"] });
  assert.deepEqual(choose(["a", "b"], covered, ["b"]), { run: ["b"], uncovered: [] });
  assert.throws(
    () => choose(["a"], covered, ["x"]),
    /--only: the folder has no family "x"; it has a/,
  );
  assert.throws(() => choose(["rle"], covered, ["rle"]), /no runner covers the family "rle" yet/);
});

Deno.test("loadRunners() finds the runners in tools/golden", async () => {
  const { families, onRequest } = await loadRunners();
  assert.ok(families.has("decoder") && !families.has("posenet_full"));
  assert.ok(onRequest.has("posenet_full"));
});
