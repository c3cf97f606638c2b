import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { compile, hostArray, type Tensor } from "ae";
import { openGpu } from "../../core/device.ts";
import type { Kernel } from "../../core/kernel.ts";
import { unseen } from "../../core/pipeline.ts";

/** Twenty different shaders. */
const PROGRAM = `
import { compile, formula, hostArray, type Tensor } from "ae";
const ops = Array.from({ length: 20 }, (_, i) => formula("plus" + i, ["x"], "x + " + i + ".5"));
using step = compile(({ x }: { x: Tensor }) => Object.fromEntries(ops.map((op, i) => [i, op(x)])));
const results = await step({ x: hostArray([2], [1, 2]) });
let sum = 0;
for (const y of Object.values(results)) sum += (await y.read()).data[1];
console.log(sum);
`;

for (const permissions of [["-A"], ["--allow-env"]]) {
  it(`many new shaders give the right numbers with ${permissions}`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/program.ts`, PROGRAM);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        ...permissions, // without reading, no worker can be started
        "--no-prompt",
        "--no-check",
        "--no-lock",
        "--import-map=import_map.json",
        `${folder}/program.ts`,
      ],
      env: { MESA_SHADER_CACHE_DIR: folder, NO_COLOR: "1" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(new TextDecoder().decode(stdout).trim(), String(20 * 2 + 190 + 10));
    await Deno.remove(folder, { recursive: true });
  });
}

it("unseen() lists each text once, and none that was compiled before", async () => {
  using step = compile(({ x }: { x: Tensor }) => ({ y: x.mul(3.25) }));
  await step({ x: hostArray([2]) });
  const gpu = await openGpu();
  const kernel = (code: string) => ({ code }) as Kernel;
  assert.deepEqual(unseen(gpu, [kernel("a"), kernel("b"), kernel("a")]).map(({ code }) => code), [
    "a",
    "b",
  ]);
});
