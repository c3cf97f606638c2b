import assert from "node:assert/strict";
import { families } from "../../tools/golden/data.ts";
import { loadFamily, readIndex, runFamily } from "../../tools/golden/golden.ts";

const folder = new URL("../fixtures/data", import.meta.url).pathname;

for (const [name, family] of Object.entries(await readIndex(folder))) {
  Deno.test(`data agrees with the authors' numbers of family ${name}`, async () => {
    const loaded = await loadFamily(folder, name, family);
    const { cases, failedCases, findings } = await runFamily(loaded, families[name], folder);
    assert.ok(cases > 0);
    const problems = findings.filter(({ ok }) => !ok).map((it) => `${it.caseId} ${it.problem}`);
    assert.deepEqual(problems, []);
    assert.equal(failedCases, 0);
  });
}
