import assert from "node:assert/strict";
import { JUPYTER_DISPLAY, LiveChart, show, Svg, tensor } from "ae";
import { type KernelDisplay, showThrough, textOf } from "../../jupyter/show.ts";

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

Deno.test("show() makes one output in the kernel, and a live picture changes it", async () => {
  const calls: { text: string; update: boolean; id?: string }[] = [];
  const kernel: KernelDisplay = (bundle, { display_id: id, update = false }) => {
    calls.push({ text: bundle["text/plain"], update, id });
    return Promise.resolve();
  };
  const chart = new LiveChart({ now: () => 0 });
  await showThrough(kernel, chart);
  await showThrough(kernel, tensor([1]));
  chart.add({ loss: 1 });
  chart.finish();
  await new Promise((resolve) => setTimeout(resolve, 0)); // outputs are sent one turn later
  assert.deepEqual(calls.map(({ text, update }) => [text.split("\n")[0], update]), [
    ["chart: nothing yet", false],
    ["Tensor [1] f32", false],
    ["step 0: loss 1", true],
    ["step 0: loss 1", true],
  ]);
  assert.equal(new Set([calls[0].id, calls[2].id, calls[3].id]).size, 1);
  assert.notEqual(calls[0].id, calls[1].id);
});
