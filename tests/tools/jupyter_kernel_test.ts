import assert from "node:assert/strict";
import { kernelSpec, registerKernel, succeeds } from "../../tools/jupyter_kernel.ts";

Deno.test("kernelSpec() starts the given Deno as a kernel", () => {
  const { argv, language, env } = kernelSpec("/opt/deno", { NO_COLOR: "1" });
  assert.deepEqual(argv, ["/opt/deno", "jupyter", "--kernel", "--conn", "{connection_file}"]);
  assert.equal(language, "typescript");
  assert.deepEqual(env, { NO_COLOR: "1" });
});

Deno.test("registerKernel() writes the kernel where JUPYTER_PATH will lead", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { JUPYTER_PATH } = await registerKernel(folder, { NO_COLOR: "1" });
    assert.ok(JUPYTER_PATH.startsWith(folder));
    const spec = JSON.parse(await Deno.readTextFile(`${folder}/kernels/deno/kernel.json`));
    assert.equal(spec.argv[0], Deno.execPath());
    assert.equal(spec.env.NO_COLOR, "1");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("succeeds() tells a program that ends well from one that does not", async () => {
  assert.equal(await succeeds(Deno.execPath(), ["--version"]), true);
  assert.equal(await succeeds(Deno.execPath(), ["no such file"]), false);
});
