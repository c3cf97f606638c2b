import assert from "node:assert/strict";
import { hostArray, JUPYTER_DISPLAY, ones, tensor, variable, zeros } from "ae";
import { numbersText } from "../../jupyter/tensors.ts";

type Shows = { [JUPYTER_DISPLAY](): Promise<Record<string, string>> };

function bundleOf(x: object): Promise<Record<string, string>> {
  return (x as Shows)[JUPYTER_DISPLAY]();
}

Deno.test("a tensor shows its numbers as text and as a picture", async () => {
  const bundle = await bundleOf(tensor([[1, 2], [3, 4]]).mul(2));
  assert.equal(bundle["text/plain"], "Tensor [2, 2] f32\n[[2, 4],\n [6, 8]]");
  assert.match(bundle["image/svg+xml"], />8</);
});

Deno.test("a tensor of integers, a variable and a single number show themselves, too", async () => {
  assert.match((await bundleOf(tensor(Int32Array.of(1, -2))))["text/plain"], /i32\n\[1, -2\]$/);
  assert.match((await bundleOf(variable(tensor([5]), "w")))["text/plain"], /^Variable w \[1\]/);
  assert.deepEqual(await bundleOf(tensor(3)), { "text/plain": "Tensor [] f32\n3" });
});

Deno.test("a tensor that cannot be read says why", async () => {
  const x = ones([2]).add(1);
  x.dispose();
  assert.match((await bundleOf(x))["text/plain"], /^Tensor \[2\] f32 \(was disposed\)\nGpuError: /);
});

Deno.test("an empty tensor has a text and no picture", async () => {
  assert.deepEqual(Object.keys(await bundleOf(zeros([0, 2]))), ["text/plain"]);
});

Deno.test("numbersText() shows long axes by their ends", () => {
  const text = numbersText(hostArray([9], Array.from({ length: 9 }, (_, i) => i)));
  assert.equal(text, "[0, 1, 2, …, 6, 7, 8]");
  assert.equal(numbersText(hostArray([2, 1, 2], [1, 2, 3, 1 / 3])), "[[[1, 2]],\n [[3, 0.3333]]]");
});
