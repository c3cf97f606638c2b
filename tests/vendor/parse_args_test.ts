import assert from "node:assert/strict";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("parseArgs() reads flags, switches and arguments", () => {
  const args = parseArgs(["photo.jpg", "--steps=3", "--name", "007", "--quiet", "--no-color"], {
    boolean: ["quiet", "color"],
    string: ["name"],
    negatable: ["color"],
    default: { seed: 1, color: true },
  });
  assert.deepEqual({ ...args }, {
    _: ["photo.jpg"],
    steps: 3,
    name: "007",
    quiet: true,
    color: false,
    seed: 1,
  });
});

Deno.test("parseArgs() hands unknown flags to the caller", () => {
  const unknown: string[] = [];
  parseArgs(["--stepz", "3"], {
    string: ["steps"],
    unknown: (arg) => {
      unknown.push(arg);
    },
  });
  assert.equal(unknown[0], "--stepz");
});
