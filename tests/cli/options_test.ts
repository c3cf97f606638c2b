import assert from "node:assert/strict";
import { type Command, helpOf, readOptions } from "../../cli/options.ts";

const command: Command = {
  summary: "Do it.",
  operands: "",
  options: {
    steps: { type: "whole", least: 1, help: "how many" },
    height: { type: "number", most: 5, help: "how high" },
    rate: { type: "number", above: true, default: 0.1, help: "how fast" },
    out: { type: "text", default: "out", help: "where" },
    quiet: { type: "flag", help: "no words" },
  },
  run: () => Promise.resolve(),
};

Deno.test("readOptions() reads numbers, texts and flags, and fills in defaults", () => {
  const values = readOptions(command, ["--steps", "5", "--quiet"]);
  assert.deepEqual(
    [values.number("steps"), values.number("rate"), values.text("out"), values.flag("quiet")],
    [5, 0.1, "out", true],
  );
  assert.equal(readOptions(command, ["--rate=2.5"]).number("rate"), 2.5);
  assert.equal(readOptions(command, []).number("steps"), undefined);
  assert.deepEqual(
    ["steps", "height", "rate", "quiet"].map((name) => values.isGiven(name)),
    [true, false, true, true], // a default counts
  );
  assert.equal(readOptions(command, []).isGiven("quiet"), false);
});

Deno.test("readOptions() refuses what it does not know and names the nearest", () => {
  assert.throws(
    () => readOptions(command, ["--stesp", "5"]),
    /unknown option --stesp\n {2}help: did you mean --steps\?/,
  );
  assert.throws(() => readOptions(command, ["here"]), /unexpected argument "here"/);
});

Deno.test("readOptions() refuses zero, negative, too large, fractional and missing numbers", () => {
  assert.throws(
    () => readOptions(command, ["--steps", "0"]),
    /--steps must be a whole number, 1 or/,
  );
  assert.throws(() => readOptions(command, ["--steps", "2.5"]), /--steps must be a whole number/);
  assert.throws(() => readOptions(command, ["--rate", "0"]), /--rate must be a number, above 0/);
  assert.throws(() => readOptions(command, ["--rate", "-1"]), /--rate/);
  assert.equal(readOptions(command, ["--height", "5"]).number("height"), 5);
  assert.throws(
    () => readOptions(command, ["--height", "5.1"]),
    /--height must be a number, 0 or more, at most 5, not 5.1$/,
  );
  assert.throws(
    () => readOptions(command, ["--steps", "9007199254740993"]), // read as a number it would be another
    /--steps must be a whole number, 1 or more, at most 9007199254740991, not 9007199254740993$/,
  );
  assert.throws(() => readOptions(command, ["--rate", "fast"]), /--rate must be a number/);
  assert.throws(() => readOptions(command, ["--out="]), /--out needs a value/);
});

Deno.test("readOptions() refuses an option that is given twice, and one without its value", () => {
  assert.throws(
    () => readOptions(command, ["--out", "a", "--steps", "5", "--out=b"]),
    /^InputError: --out is given more than once$/,
  );
  assert.equal(readOptions(command, ["--quiet", "--quiet"]).flag("quiet"), true); // says the same twice
  for (const typed of [["--out"], ["--out", "--quiet"], ["--steps", " "]]) {
    assert.throws(() => readOptions(command, typed), /^InputError: --(out|steps) needs a value$/);
  }
});

Deno.test("readOptions() refuses a value for a flag instead of reading it as yes", () => {
  assert.throws(
    () => readOptions(command, ["--quiet=no"]),
    /^InputError: --quiet takes no value, not "no"\n {2}help: leave it out to say no$/,
  );
  const several: Command = { ...command, operands: "NAME…" };
  assert.deepEqual(readOptions(several, ["--", "--quiet=no"]).operands, ["--quiet=no"]);
});

Deno.test("readOptions() lets a command ask for what it cannot do without", () => {
  const { options } = command;
  const needy: Command = {
    ...command,
    options: { ...options, results: { type: "text", help: "" } },
  };
  assert.throws(() => readOptions(needy, []).required("results"), /--results is missing/);
});

Deno.test("helpOf() lists every option with its default", () => {
  const help = helpOf("doit", command);
  for (const part of ["--steps NUMBER", "how fast (default 0.1)", "--quiet", "Do it."]) {
    assert.ok(help.includes(part), part);
  }
});

Deno.test("readOptions() leaves operands as they were typed, numbers too", () => {
  const several: Command = { ...command, operands: "NAME…" };
  const typed = ["007", "1e3", "0x10", "photo.jpg"];
  assert.deepEqual(
    readOptions(several, [...typed.slice(0, 2), "--quiet", ...typed.slice(2)]).operands,
    typed,
  );
});
