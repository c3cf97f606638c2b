import assert from "node:assert/strict";
import { type Command, readOptions, under } from "../../cli/options.ts";

const command: Command = {
  summary: "Do it.",
  operands: "",
  options: {
    steps: { type: "whole", least: 1, help: "how many" },
    height: { type: "number", most: 5, help: "how high" },
    share: { type: "number", most: 1, below: true, because: "a whole is no share", help: "of it" },
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
  assert.equal(readOptions(command, ["--share", "0.99"]).number("share"), 0.99);
  assert.throws(
    () => readOptions(command, ["--share", "1"]),
    /--share must be a number, 0 or more, below 1, not 1\n {2}help: a whole is no share$/,
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

Deno.test("readOptions() takes one of the choices, and an option only with the one it needs", () => {
  const choosy: Command = {
    ...command,
    options: {
      colour: { type: "text", choices: ["red", "green"], help: "" },
      shade: { type: "number", default: 1, needs: "colour", help: "" },
    },
  };
  const values = readOptions(choosy, ["--colour", "red", "--shade", "2"]);
  assert.equal(values.oneOf("colour", ["red", "green"]), "red");
  assert.deepEqual(values.given(), { colour: "red", shade: "2" });
  assert.throws(
    () => readOptions(choosy, ["--colour", "gren"]),
    /^InputError: unknown --colour "gren"; there are red, green\n {2}help: did you mean "green"\?$/,
  );
  assert.throws(
    () => readOptions(choosy, ["--shade", "2"]),
    /^InputError: --shade needs --colour$/,
  );
  const none = readOptions(choosy, []); // a default needs nothing
  assert.deepEqual([none.number("shade"), none.oneOf("colour", ["red"])], [1, undefined]);
});

Deno.test("under() puts a heading on every option and changes nothing else", () => {
  const { steps, quiet } = command.options;
  assert.deepEqual(under("How", { steps, quiet }), {
    steps: { ...steps, heading: "How" },
    quiet: { ...quiet, heading: "How" },
  });
});

Deno.test("readOptions() wants as many operands as the command says", () => {
  const two: Command = { ...command, operands: "TRUTH RESULTS" };
  assert.deepEqual(readOptions(two, ["a", "--quiet", "b"]).operands, ["a", "b"]);
  assert.throws(
    () => readOptions(two, ["a"]),
    /^InputError: RESULTS is missing\n {2}help: give TRUTH RESULTS; --help says what it is$/,
  );
  assert.throws(
    () => readOptions(two, ["a", "b", "c"]),
    /^InputError: unexpected argument "c"\n {2}help: give TRUTH RESULTS; --help says what it is$/,
  );
  assert.deepEqual(readOptions({ ...command, operands: "A…" }, []).operands, []);
});

Deno.test("readOptions() leaves operands as they were typed, numbers too", () => {
  const several: Command = { ...command, operands: "NAME…" };
  const typed = ["007", "1e3", "0x10", "-", "photo.jpg"];
  assert.deepEqual(
    readOptions(several, [...typed.slice(0, 2), "--quiet", ...typed.slice(2)]).operands,
    typed,
  );
});
