import assert from "node:assert/strict";
import { isHarmless } from "../../../../tools/book/outputs.ts";
import { pullPush } from "../../../../tools/book/live/pull_push.ts";
import { startScene, withTag } from "../../../../tools/book/live/scene.ts";
import {
  dotLook,
  drawStage,
  forces,
  livePageStage,
  tagAtX,
  WIDTH,
  xOf,
} from "../../../../tools/book/live/stage.ts";

Deno.test("tagAtX() undoes xOf(), which stays inside the picture", () => {
  for (const tag of [-3, -0.37, 0, 3]) {
    assert.ok(Math.abs(tagAtX(xOf(tag)) - tag) < 1e-12);
    assert.ok(xOf(tag) > 0 && xOf(tag) < WIDTH);
  }
});

Deno.test("forces() draws arrows against the gradient, and none where there is no slope", () => {
  const dots = startScene();
  const lines = (scene: typeof dots) =>
    forces(scene, pullPush(scene.map(({ tag }) => tag), 3)).map(({ source }) =>
      /<line x1="([^"]*)" y1="([^"]*)" x2="([^"]*)"/.exec(source)?.slice(1).map(Number)
    ).filter((line) => line !== undefined);
  const [x1, , x2] = lines(dots).find(([, y]) => y === 40 + 58 + 17)!; // pull of the first left wrist, tag -1.9
  assert.equal(x1, Math.round(xOf(-1.9) * 100) / 100);
  assert.ok(x2 > x1, "towards the mean, -1.575");
  assert.deepEqual(lines(dots.map((dot) => ({ ...dot, tag: 0 }))), []);
});

Deno.test("dotLook() follows tag, score and person", () => {
  const [dot] = startScene();
  const look = dotLook(dot, 1);
  assert.deepEqual([look.letter, look.fill, look.ink], ["B", "#0072b2", "#fff"]);
  assert.equal(dotLook(dot, 0).ink, "#000"); // on orange
  assert.deepEqual([dotLook(dot, -1).letter, dotLook(dot, -1).fill], ["", "none"]);
  assert.equal(dotLook({ ...dot, score: 1 }, 0).radius, 13);
  assert.equal(dotLook(withTag([dot], 0, 0)[0], 0).transform, "translate(240.00 40)");
});

Deno.test("livePageStage() shows picture and numbers without a program, and hides its controls", () => {
  const { source } = livePageStage();
  assert.match(source, /id="pull">0\.0831<[^]*id="push">0\.0399<[^]*id="people">3</);
  assert.match(source, /id="controls" hidden>/);
  assert.match(source, /<noscript>/);
  assert.equal(source.match(/data-dot="/g)!.length, 12);
});

Deno.test("drawStage() is a drawing like every other", () => {
  const dots = startScene();
  const svg = drawStage(dots, pullPush(dots.map(({ tag }) => tag), 3)).toString();
  assert.ok(isHarmless(svg.replace(/ (?:data-dot|id)="[^"]*"/g, "")));
});
