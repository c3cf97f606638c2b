import assert from "node:assert/strict";
import { it } from "std/testing/bdd";

/** Run a program that reads log(-1) in a process of its own. */
async function run(debug: string): Promise<{ readonly code: number; readonly text: string }> {
  const program = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    program,
    'import { log, tensor } from "ae";\nawait log(tensor([-1])).read();\n',
  );
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json", program],
    env: { DEBUG: debug, NO_COLOR: "1" },
  }).output();
  await Deno.remove(program);
  return { code, text: new TextDecoder().decode(stderr) };
}

it("DEBUG=nan watches numbers and names the line, other words do nothing", async () => {
  const watched = await run("other:*, nan");
  assert.equal(watched.code, 1);
  assert.match(watched.text, /RangeError: log: 1 of 1 results is NaN; the first at \[0\]/);
  assert.match(watched.text, /log {3}\[1\] {3}made at file:.*\.ts:2:7/);
  assert.equal((await run("nano,banana")).code, 0);
});
