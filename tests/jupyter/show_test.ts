import assert from "node:assert/strict";
import { JUPYTER_DISPLAY, LiveChart, show, Svg, tensor } from "ae";
import { textOf } from "../../jupyter/show.ts";

/** What `show` prints where there is no kernel. */
async function printed(run: () => Promise<void>): Promise<unknown[]> {
  const lines: unknown[] = [];
  const { log } = console;
  console.log = (line: unknown) => lines.push(line);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines;
}

Deno.test("textOf() is the text for notebooks, the text itself, or what console.log prints", async () => {
  assert.equal(await textOf(new Svg([], { width: 1, height: 1, title: "a dot" })), "a dot");
  assert.equal(
    await textOf({ [JUPYTER_DISPLAY]: () => Promise.resolve({ "text/plain": "b" }) }),
    "b",
  );
  assert.equal(await textOf({ [JUPYTER_DISPLAY]: () => ({ "image/png": "AAAA" }) }), "");
  assert.equal(await textOf("plain"), "plain");
  assert.equal(await textOf([1, 2]), "[ 1, 2 ]");
});

Deno.test("show() prints texts where there is no kernel", async () => {
  const lines = await printed(async () => {
    await show(tensor([1, 2]));
    await show("words");
  });
  assert.deepEqual(lines, ["Tensor [2] f32\n[1, 2]", "words"]);
});

Deno.test("show() prints a line for every change of a live picture", async () => {
  let ms = 0;
  const lines = await printed(async () => {
    const chart = new LiveChart({ now: () => ms });
    await show(chart);
    chart.add({ loss: 1 });
    ms += 10; // too early to be shown
    chart.add({ loss: 0.5 });
    ms += 1000;
    chart.add({ loss: 0.25 });
    await Promise.resolve(); // lines are printed one turn later
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
  assert.deepEqual(lines, ["chart: nothing yet", "step 0: loss 1", "step 2: loss 0.25"]);
});
