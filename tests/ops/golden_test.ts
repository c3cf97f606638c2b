import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { loadFamily, readIndex, runFamily } from "../../tools/golden/golden.ts";
import { families } from "../../tools/golden/ops.ts";

const folder = new URL("../fixtures/ops", import.meta.url).pathname;

describe("operations", () => {
  for (const [name, runner] of Object.entries(families)) {
    it(`of ${name} have PyTorch's values and gradients`, async () => {
      const family = await loadFamily(folder, name, (await readIndex(folder))[name]);
      assert.ok(family.cases.length > 0);
      const { findings } = await runFamily(family, runner, folder);
      const problems = findings.filter(({ ok }) => !ok)
        .map(({ caseId, name, problem }) => `${caseId} ${name}: ${problem}`);
      assert.deepEqual(problems, []);
    });
  }
});
