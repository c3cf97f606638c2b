import assert from "node:assert/strict";
import { cachePath } from "ae";

Deno.test("cachePath() follows XDG_CACHE_HOME on Linux, and HOME without it", () => {
  if (Deno.build.os !== "linux") return;
  const before = Deno.env.get("XDG_CACHE_HOME");
  try {
    Deno.env.set("XDG_CACHE_HOME", "/some/where");
    assert.equal(cachePath("x.json"), "/some/where/ae/x.json");
    Deno.env.delete("XDG_CACHE_HOME");
    assert.equal(cachePath("x.json"), `${Deno.env.get("HOME")}/.cache/ae/x.json`);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
  }
});
