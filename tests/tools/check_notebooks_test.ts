import assert from "node:assert/strict";
import { shuffled } from "../../tools/check_notebooks.ts";

Deno.test("shuffled() gives every item once, in an order that the seed gives", () => {
  const items = Array.from({ length: 11 }, (_, i) => i);
  const orders = [0, 1, 2, 3].map((seed) => shuffled(items, seed));
  for (const order of orders) assert.deepEqual(order.toSorted((a, b) => a - b), items);
  assert.deepEqual(shuffled(items, 2), orders[2]);
  assert.equal(new Set(orders.map((order) => order.join())).size, 4);
});

/** The program's exit code and what it printed. */
async function check(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", "-R", "tools/check_notebooks.ts", ...args],
  }).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stdout) + text.decode(stderr) };
}

Deno.test("check:notebooks names the notebooks there are where one is not", async () => {
  const { code, text } = await check("--fast", "99");
  assert.equal(code, 2);
  assert.match(text, /^notebooks: no notebook "99"; there are 01_tensors\.ipynb, /);
});

Deno.test("check:notebooks refuses options that exclude each other", async () => {
  const { code, text } = await check("--fast", "--save");
  assert.equal(code, 2);
  assert.match(text, /^check:notebooks: --fast goes with neither --save nor --again/);
});
