import assert from "node:assert/strict";
import { say, visible, warn } from "../../cli/say.ts";
import { runMain } from "./run_main.ts";

Deno.test("visible() writes out every control character but the line break", () => {
  assert.equal(visible("a\x1b[2Jb\tc\x00\x7f\x9b\r\nd"), "a\\x1b[2Jb\\x09c\\x00\\x7f\\x9b\\x0d\nd");
  assert.equal(visible("Zoë – 写真 ✓.jpg"), "Zoë – 写真 ✓.jpg");
});

Deno.test("say() and warn() print what is visible, each where it belongs", () => {
  const printed: string[] = [];
  const { log, error } = console;
  console.log = (line: string) => printed.push(`out: ${line}`);
  console.error = (line: string) => printed.push(`err: ${line}`);
  try {
    say("\x1b[31mred");
    warn("\x07bell");
  } finally {
    Object.assign(console, { log, error });
  }
  assert.deepEqual(printed, ["out: \\x1b[31mred", "err: \\x07bell"]);
});

Deno.test("main() shows the control characters of names that an error repeats", async () => {
  const { code, message } = await runMain("info", "no/\x1b]0;title\x07.safetensors");
  assert.equal(code, 1);
  assert.match(message, /^info: no\/\\x1b\]0;title\\x07\.safetensors: no such file/);
  const { message: command } = await runMain("\x1b[2J");
  assert.match(command, /^\\x1b\[2J: unknown command "\\x1b\[2J"; there are /);
});
