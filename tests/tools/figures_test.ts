import assert from "node:assert/strict";
import { LOCKED } from "../../tools/start.ts";

/** Run the program of `deno task figures`. */
async function figures(...args: string[]) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...LOCKED, "--no-check", "-R", "-W", "-E", "tools/figures.ts", ...args],
  }).output();
  return { code, message: new TextDecoder().decode(stderr) };
}

Deno.test("figures writes ten slides, 16 to 9, that differ", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, message } = await figures(folder);
    assert.equal(code, 0, message);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.equal(names.length, 10);
    const slides = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
    for (const slide of slides) assert.match(slide, /^<svg [^>]*viewBox="0 0 1280 720"/);
    assert.equal(new Set(slides).size, 10);
    assert.match(names.join(" "), /^01_network\.svg .* 10_error_kinds\.svg$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("figures refuses what is no folder", async () => {
  for (const args of [["--help"], ["a", "b"]]) {
    const { code, message } = await figures(...args);
    assert.equal(code, 2);
    assert.match(message, /^figures: name a folder, or nothing: deno task figures \[FOLDER\]$/m);
  }
});
