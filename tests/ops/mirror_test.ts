import assert from "node:assert/strict";

Deno.test("every file of ops/ has a test file of its name", () => {
  const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
  const tests = new Set(names("tests/ops"));
  const files = names("ops").filter((name) => name !== "mod.ts");
  assert.ok(files.length > 20);
  assert.deepEqual(files.filter((name) => !tests.has(name.replace(/\.ts$/, "_test.ts"))), []);
});
