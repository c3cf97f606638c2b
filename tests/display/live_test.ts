import assert from "node:assert/strict";
import { JUPYTER_DISPLAY } from "../../display/jupyter.ts";
import { LiveChart, LiveProgress } from "../../display/live.ts";
import { Progress } from "../../display/progress.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

Deno.test("LiveChart draws the curves that it was given, under their names", () => {
  const chart = new LiveChart({ title: "losses", now: () => 0 });
  chart.add({ pull: 1, push: 0.5 });
  chart.add({ pull: 0.5, push: NaN });
  chart.add({ pull: 0.25 }, 10);
  const svg = chart.draw().toString();
  assert.match(svg, /losses/);
  assert.match(svg, /push \(1 not drawn\)/);
  assert.equal(chart[JUPYTER_DISPLAY]()["text/plain"], "step 10: pull 0.25");
});

Deno.test("LiveChart looks as its snapshot", () => {
  const chart = new LiveChart({ title: "loss", log: true, width: 300, height: 180, now: () => 0 });
  for (let i = 0; i < 30; i++) chart.add({ "rate 0.1": 0.9 ** i, "rate 0.5": 0.5 ** i });
  assertSnapshot("live_chart.svg", chart[JUPYTER_DISPLAY]()["image/svg+xml"]);
});

Deno.test("LiveChart has a picture before it has a number", () => {
  const chart = new LiveChart({ title: "loss" });
  chart.add({ loss: NaN });
  assertWellFormed(chart.draw().toString());
  assert.equal(chart.draw().title, "loss: nothing yet");
});

Deno.test("LiveChart tells of changes four times a second at most, and of the end always", () => {
  let [ms, told] = [0, 0];
  const chart = new LiveChart({ now: () => ms });
  chart.onChange(() => told++);
  for (let i = 0; i < 100; i++, ms += 10) chart.add({ loss: i });
  assert.equal(told, 4); // at 0, 250, 500 and 750
  chart.finish();
  assert.equal(told, 5);
});

Deno.test("LiveChart refuses an x that falls", () => {
  const chart = new LiveChart();
  chart.add({ loss: 1 }, 5);
  assert.throws(() => chart.add({ loss: 1 }, 4), /^RangeError: LiveChart: x went from 5 to 4/);
  chart.add({ loss: 1 }, 5); // another curve may have the same place
});

Deno.test("LiveProgress looks as its snapshot", () => {
  const bar = new LiveProgress({ now: () => 0 });
  const progress = new Progress({ label: "train", total: 4, sink: bar, now: () => 0 });
  progress.update(3, { loss: 0.5 });
  const bundle = bar[JUPYTER_DISPLAY]();
  assert.match(bundle["text/plain"], /^train █+░+ +75% +3\/4 steps +loss 0\.5$/);
  assertSnapshot("live_progress.svg", bundle["image/svg+xml"]);
});

Deno.test("LiveProgress tells of the end", () => {
  let told = 0;
  const bar = new LiveProgress({ now: () => 0 });
  bar.onChange(() => told++);
  const progress = new Progress({ label: "train", total: 2, sink: bar, now: () => 0 });
  progress.update(1);
  progress.update(2); // too early
  progress.finish();
  assert.equal(told, 2);
  assert.match(bar[JUPYTER_DISPLAY]()["text/plain"], /^train {2}2 steps in 0:00/);
});
