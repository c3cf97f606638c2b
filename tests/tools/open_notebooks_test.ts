import assert from "node:assert/strict";
import { serverArguments, whyNotInstall } from "../../tools/open_notebooks.ts";

Deno.test("whyNotInstall() lets root install beside apt-get, unless AE_NO_INSTALL refuses", () => {
  assert.equal(whyNotInstall({ uid: 0, aptGet: true, refused: false }), null);
  assert.match(
    whyNotInstall({ uid: 0, aptGet: true, refused: true })!,
    /^no Jupyter was found, and AE_NO_INSTALL forbids .*\n {2}help: apt-get update && apt-get/,
  );
});

Deno.test("whyNotInstall() gives an ordinary user the lines to type", () => {
  const message = whyNotInstall({ uid: 1000, aptGet: true, refused: false })!;
  assert.match(
    message,
    /help: sudo sh -c "apt-get update && .* jupyter-notebook"\n +or pip install/,
  );
  const elsewhere = whyNotInstall({ uid: null, aptGet: false, refused: false })!;
  assert.match(elsewhere, /help: pip install jupyterlab$/);
});

Deno.test("serverArguments() hands on what was typed and tells Jupyter that root is meant", () => {
  assert.ok(serverArguments(0, []).includes("--allow-root"));
  const args = serverArguments(1000, ["--no-browser"]);
  assert.ok(!args.includes("--allow-root"));
  assert.equal(args.at(-1), "--no-browser");
});
