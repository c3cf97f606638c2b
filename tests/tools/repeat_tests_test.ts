import assert from "node:assert/strict";
import { tally } from "../../tools/repeat_tests.ts";

Deno.test("tally() tells failed tests from crashes", () => {
  const runs = [
    { code: 0, signal: null },
    { code: 1, signal: null },
    { code: 134, signal: "SIGABRT" },
    { code: 139, signal: null }, // a shell in between turns the signal into 128 + its number
  ];
  assert.deepEqual(tally(runs), { good: 1, failed: 1, crashed: 2 });
});
