import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { InputError } from "../../mod.ts";
import { type Command, readOptions } from "../../cli/options.ts";
import { minutesOption, runTool, untilOf } from "../../tools/tool.ts";

/** Run a tool; what it was given, what was printed, and the exit code that it left. */
async function outcome(args: readonly string[], run: Command["run"] = async () => {}) {
  const given: (readonly string[])[] = [];
  const printed: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => void printed.push(line);
  try {
    await runTool("check:all", {
      summary: "Look at everything.",
      operands: "[NAME…]",
      options: { count: { type: "whole", least: 1, help: "how many" } },
      run: (values) => {
        given.push(values.operands);
        return run(values);
      },
    }, args);
    return { given, printed: printed.join("\n"), exitCode: Deno.exitCode };
  } finally {
    Object.assign(console, { log, error });
    Deno.exitCode = 0;
  }
}

describe("runTool()", () => {
  it("gives the command what was typed", async () => {
    assert.deepEqual(await outcome(["a", "b"]), {
      given: [["a", "b"]],
      printed: "",
      exitCode: 0,
    });
  });

  it("answers --help and does nothing else", async () => {
    for (const flag of ["--help", "-h"]) {
      const { given, printed, exitCode } = await outcome(["a", flag]);
      assert.deepEqual([given, exitCode], [[], 0]);
      assert.match(printed, /check:all[^]*--count[^]*how many/);
    }
  });

  it("says what was typed wrongly, with exit code 2", async () => {
    const { given, printed, exitCode } = await outcome(["--count", "0"]);
    assert.deepEqual([given, exitCode], [[], 2]);
    assert.match(printed, /^--count/);
    const refuse = () => Promise.reject(new InputError("a: no such file"));
    assert.equal((await outcome(["a"], refuse)).printed, "a: no such file");
  });

  it("hides no defect", async () => {
    const fail = () => Promise.reject(new TypeError("defect"));
    await assert.rejects(outcome([], fail), /^TypeError: defect/);
  });
});

Deno.test("untilOf() is the moment when --minutes are over, counted from the call", () => {
  const command: Command = {
    ...{ summary: "Look for long.", operands: "", run: async () => {} },
    options: { minutes: minutesOption("most minutes of looking") },
  };
  const untilAfter = (...args: string[]) => untilOf(readOptions(command, args));
  const { now } = performance;
  performance.now = () => 1000;
  try {
    assert.equal(untilAfter("--minutes", "1.5"), 91_000);
    assert.equal(untilAfter(), Infinity);
  } finally {
    performance.now = now;
  }
  assert.throws(
    () => untilAfter("--minutes", "0"),
    /^InputError: --minutes must be a number, above 0/,
  );
});
