import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { billOfMaterials, dependencies } from "../../tools/dependencies.ts";

const LOCK = JSON.stringify({ npm: { "@a/b@1.2.3": { integrity: "sha512-AQI=" } } });
const ROW = "| `@a/b` | 1.2.3 | MIT | parsing | library |";

it("every locked package has its row, its checksum and a licence that may be mixed", async () => {
  const all = dependencies(
    await Deno.readTextFile("deno.lock"),
    await Deno.readTextFile("docs/dependencies.md"),
  );
  assert.ok(all.length > 0);
});

it("dependencies() refuses what is not listed, locked or free", () => {
  assert.equal(dependencies(LOCK, ROW)[0].purpose, "parsing");
  const refused = (lock: string, table: string, problem: RegExp) =>
    assert.throws(() => dependencies(lock, table), problem);
  refused(LOCK, "", /^InputError: docs\/dependencies\.md: has no row for @a\/b@1\.2\.3/);
  refused(LOCK, `${ROW}\n${ROW.replace("@a/b", "c")}`, /: c@1\.2\.3 is not in deno\.lock/);
  refused(LOCK, ROW.replace("1.2.3", "1.2.4"), /: @a\/b@1\.2\.4 is not in deno\.lock/);
  refused(LOCK, ROW.replace("MIT", "GPL-3.0"), /: @a\/b@1\.2\.3 has the licence GPL-3\.0/);
  refused(LOCK.replace("sha512", "sha1"), ROW, /^InputError: deno\.lock: @a\/b@1\.2\.3 has no/);
});

it("billOfMaterials() names package, licence and checksum", () => {
  const bill = billOfMaterials(
    { name: "ae", version: "0.1.0", license: "MIT" },
    dependencies(LOCK, ROW),
  ) as { components: Record<string, unknown>[] };
  const [{ purl, hashes }] = bill.components;
  assert.equal(purl, "pkg:npm/%40a/b@1.2.3");
  assert.deepEqual(hashes, [{ alg: "SHA-512", content: "0102" }]);
});
