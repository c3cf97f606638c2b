import assert from "node:assert/strict";
import { chooseSteps, countTests, judge } from "../../tools/ok.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="7" failures="1" errors="0" time="0.018">
    <testsuite name="./a_test.ts" tests="5" disabled="1" errors="0" failures="1">
        <testcase name="group" classname="./a_test.ts" time="0.004" line="3" col="1">
        </testcase>
        <testcase name="relu() is &gt;= 0" classname="./a_test.ts" time="0.000" line="4" col="6">
        </testcase>
        <testcase name="later" classname="./a_test.ts" time="0.000" line="5" col="11">
            <skipped/>
        </testcase>
        <testcase name="bad" classname="./a_test.ts" time="0.005" line="6" col="6">
            <failure message="Uncaught Error: a">Error: a</failure>
        </testcase>
    </testsuite>
    <testsuite name="ext:deno_node/testing.ts" tests="3" disabled="1" errors="0" failures="0">
        <testcase name="group &gt; one" classname="ext:deno_node/testing.ts" time="0.001">
        </testcase>
        <testcase name="group &gt; two" classname="ext:deno_node/testing.ts" time="0.001">
        </testcase>
        <testcase name="group &gt; three" classname="ext:deno_node/testing.ts" time="0.000">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("countTests() counts tests, and the steps of a group in place of the group", () => {
  assert.deepEqual(countTests(REPORT), { passed: 3, failed: 1, skipped: 2 });
  assert.deepEqual(countTests(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("judge() adds a check that fails as one failure, and one that passes as nothing", () => {
  assert.deepEqual(judge({ name: "lint", code: 0 }), { passed: 0, failed: 0 });
  assert.deepEqual(judge({ name: "lint", code: 1 }), {
    passed: 0,
    failed: 1,
    problem: "lint: exit code 1",
  });
});

Deno.test("judge() passes tests only if all passed and the process ended well", () => {
  const verdict = (code: number, passed: number, failed: number, skipped: number) =>
    judge({ name: "tests", code, counts: { passed, failed, skipped } });
  assert.deepEqual(verdict(0, 5, 0, 0), { passed: 5, failed: 0 });
  assert.deepEqual(verdict(1, 4, 2, 0), { passed: 4, failed: 2, problem: "tests: 2 failed" });
  assert.deepEqual(verdict(0, 4, 0, 1), { passed: 4, failed: 1, problem: "tests: 1 skipped" });
  assert.deepEqual(verdict(134, 5, 0, 0), {
    passed: 5,
    failed: 1,
    problem: "tests: exit code 134",
  });
  assert.deepEqual(verdict(0, 0, 0, 0), {
    passed: 0,
    failed: 1,
    problem: "tests: nothing was run",
  });
  assert.deepEqual(verdict(1, 0, 0, 0).failed, 1);
});

Deno.test("chooseSteps() takes steps by name, and files as tests", () => {
  const names = (...args: string[]) => chooseSteps(args).map(({ name }) => name);
  assert.ok(names().includes("lint") && names().at(-1) === "tests");
  assert.deepEqual(names("web", "fmt"), ["fmt", "web"]);
  assert.deepEqual(names("tests/ops", "lint"), ["lint", "tests/ops"]);
  assert.throws(() => chooseSteps(["limt"]), /ok: no step "limt"; there are fmt, lint/);
});
