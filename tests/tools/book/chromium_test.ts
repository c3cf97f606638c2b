import assert from "node:assert/strict";
import { Chromium } from "../../../tools/book/chromium.ts";

async function startedFrom(program: string): Promise<void> {
  const before = Deno.env.get("CHROMIUM");
  Deno.env.set("CHROMIUM", program);
  try {
    await Chromium.start({ webGpu: false });
  } finally {
    if (before === undefined) Deno.env.delete("CHROMIUM");
    else Deno.env.set("CHROMIUM", before);
  }
}

Deno.test("Chromium.start() says what to install where there is none", async () => {
  await assert.rejects(
    () => startedFrom("/no/such/browser"),
    /^InputError: no Chromium at \/no\/such\/browser\n {2}help: apt-get install [^\n]* chromium, or name/,
  );
});

Deno.test("Chromium.start() passes on what a browser says that does not start", async () => {
  await assert.rejects(
    () => startedFrom(Deno.execPath()), // which knows --version, and no --headless
    /^InputError: .*: does not start\n[^]*--headless/,
  );
});
