import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { choicesPath, LIBRARY_VERSION } from "../../io/choices_file.ts";
import project from "../../deno.json" with { type: "json" };

const PROGRAM = `
import { compile, hostArray, matmul, measuredChoices, tensor, type Tensor } from "ae";
using step = compile(({ x }: { x: Tensor }) => ({ y: matmul(x, x) }));
const { y } = await step({ x: hostArray([128, 128]) });
await y.read();
console.log(JSON.stringify(measuredChoices()));
`;

/** Run a step of one matrix product in a process of its own. */
async function run(folder: string, tune?: string) {
  const program = `${folder}/program.ts`;
  await Deno.writeTextFile(program, PROGRAM);
  const environment: Record<string, string> = { ...Deno.env.toObject(), XDG_CACHE_HOME: folder };
  delete environment.AE_TUNE;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json", program],
    env: { ...environment, ...(tune === undefined ? {} : { AE_TUNE: tune }), NO_COLOR: "1" },
    clearEnv: true,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, rows: code === 0 ? JSON.parse(text(stdout)) : [], stderr: text(stderr) };
}

it("the file names the version of deno.json", () => {
  assert.equal(LIBRARY_VERSION, project.version);
  assert.ok(choicesPath()?.endsWith(`ae/choices-${LIBRARY_VERSION}.json`));
});

it("AE_TUNE=on measures once and keeps it; without, it is used; off ignores it; force measures again", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/ae/choices-${LIBRARY_VERSION}.json`;
  assert.deepEqual((await run(folder)).rows, []);
  const measured = (await run(folder, "on")).rows;
  assert.equal(measured.length, 1);
  const [{ question, choice, timesMs, margin }] = measured;
  assert.match(question, /^matmul \| matmul \[128, 128\] f32 /);
  assert.ok(Object.keys(timesMs).length >= 2 && margin >= 1);
  assert.equal(timesMs[choice], Math.min(...Object.values(timesMs as Record<string, number>)));
  const kept = await Deno.readTextFile(file);
  assert.deepEqual((await run(folder)).rows, measured);
  assert.deepEqual((await run(folder, "on")).rows, measured);
  assert.deepEqual((await run(folder, "off")).rows, []);
  assert.equal(await Deno.readTextFile(file), kept);
  const other = { choice: "x", timesMs: { x: 1 } }; // measured by another program meanwhile
  const content = JSON.parse(kept);
  for (const choices of Object.values(content) as Record<string, unknown>[]) choices.other = other;
  await Deno.writeTextFile(file, JSON.stringify(content));
  const again = (await run(folder, "force")).rows;
  const [choices] = Object.values(JSON.parse(await Deno.readTextFile(file)));
  assert.deepEqual((choices as Record<string, unknown>).other, other);
  assert.notDeepEqual(again[0].timesMs, timesMs);
  await Deno.remove(folder, { recursive: true });
});

it("a damaged file is ignored with a line, a bad AE_TUNE is refused", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/ae`);
  for (const content of ["{", "[]", '{"a": 1}', '{"a": {"q": {"choice": 1, "timesMs": {}}}}']) {
    await Deno.writeTextFile(`${folder}/ae/choices-${LIBRARY_VERSION}.json`, content);
    const { code, rows, stderr } = await run(folder);
    assert.deepEqual([code, rows], [0, []], stderr);
    assert.match(stderr, /choices-.*; it is ignored/);
  }
  const { code, stderr } = await run(folder, "fast");
  assert.equal(code, 1);
  assert.match(stderr, /AE_TUNE is "fast"; it can be off, on or force/);
  await Deno.remove(folder, { recursive: true });
});
