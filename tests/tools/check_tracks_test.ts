import assert from "node:assert/strict";
import { checkTracks } from "../../tools/check_tracks.ts";

Deno.test("checkTracks() says that figures differ, and of what", async () => {
  const folder = await Deno.makeTempDir();
  const { log } = console;
  const printed: string[] = [];
  console.log = (line: string) => printed.push(line);
  try {
    await Deno.mkdir(`${folder}/TUD-Campus`);
    for (const name of ["gt.txt", "test.txt"]) {
      await Deno.writeTextFile(`${folder}/TUD-Campus/${name}`, "1,1,0,0,10,10,1\n");
    }
    assert.equal(await checkTracks(folder), false);
  } finally {
    console.log = log;
    await Deno.remove(folder, { recursive: true });
  }
  const text = printed.join("\n");
  assert.match(text, /^MOTA +0\.526462 +1\.000000 {3}differs$/m);
  assert.match(text, /^mostly tracked +1 +1$/m);
  assert.match(text, /^1 of 18 figures agree$/m);
});

Deno.test("checkTracks() refuses a folder without the videos", async () => {
  await assert.rejects(checkTracks("tests"), {
    name: "InputError",
    message: "tests: has neither of the folders TUD-Campus and TUD-Stadtmitte",
  });
});
