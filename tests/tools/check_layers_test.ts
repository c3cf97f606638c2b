import assert from "node:assert/strict";
import { checkLayers, localNames } from "../../tools/check_layers.ts";

const NAMES = localNames({ "ae": "./mod.ts", "ae/data": "./data/mod.ts", "pkg": "npm:pkg@1" });

function problemsOf(files: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries(files)), NAMES);
}

Deno.test("checkLayers() accepts arrows that point down", () => {
  assert.deepEqual(
    problemsOf({
      "core/host_array.ts": "export const a = 1;\n",
      "core/tensor.ts": 'import { a } from "./host_array.ts";\n',
      "ops/relu.ts": 'import type { Tensor } from "../core/tensor.ts";\n',
      "ops/mod.ts":
        '/** All. @module */\nexport { relu } from "./relu.ts";\nimport "./relu.ts"; // why\n',
      "decoders/peaks.ts": 'import { a } from "../core/host_array.ts";\n',
      "data/mod.ts": 'export * from "./loader.ts";\n',
      "data/loader.ts": 'import { x } from "pkg";\n',
      "mod.ts": 'export * from "./ops/mod.ts";\n',
      "cli/main.ts": 'import { relu } from "ae";\nimport { batches } from "ae/data";\n',
    }),
    [],
  );
});

Deno.test("checkLayers() names an arrow that points up or sideways", () => {
  const files = {
    "core/tensor.ts": 'import {\n  relu,\n} from "../ops/relu.ts";\n',
    "ops/relu.ts": "export const relu = 1;\n",
    "losses/tag_loss.ts": 'import { a } from "../models/hourglass.ts";\n',
    "models/hourglass.ts": "export const a = 1;\n",
    "decoders/peaks.ts": 'export { t } from "../core/tensor.ts";\n',
  };
  assert.deepEqual(problemsOf(files), [
    "core/tensor.ts: must not import ops/relu.ts (core imports nothing)",
    "losses/tag_loss.ts: must not import models/hourglass.ts (losses imports only core, ops, nn)",
    "decoders/peaks.ts: must not import core/tensor.ts " +
    "(decoders imports only core/host_array.ts, core/errors.ts, pose, instance, track, image)",
  ]);
});

Deno.test("checkLayers() sees side-effect imports and import() but no examples in comments", () => {
  const files = {
    "ops/a.ts":
      '/**\n * ```ts\n * import { x } from "../cli/x.ts";\n * ```\n */\nimport "../nn/b.ts";\n' +
      'const later = await import("../nn/c.ts");\n// import("../cli/x.ts")\n',
    "nn/b.ts": "export const b = 1;\n",
    "nn/c.ts": "export const c = 1;\n",
  };
  assert.deepEqual(problemsOf(files), [
    "ops/a.ts: must not import nn/b.ts (ops imports only core)",
    "ops/a.ts: must not import nn/c.ts (ops imports only core)",
  ]);
});

Deno.test("checkLayers() prints an import cycle as a path, but lets types refer to each other", () => {
  const files = {
    "core/a.ts": 'import { B } from "./b.ts";\n',
    "core/b.ts": 'import { C } from "./c.ts";\n',
    "core/c.ts": 'export { A } from "./a.ts";\n',
    "core/tensor.ts": 'import type { Op } from "./op.ts";\n',
    "core/op.ts": 'import { Tensor } from "./tensor.ts";\n',
  };
  assert.deepEqual(problemsOf(files), [
    "core/a.ts: import cycle core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts",
  ]);
});

Deno.test("checkLayers() finds imports of files that are not there, and folders without a row", () => {
  assert.deepEqual(
    problemsOf({
      "nn/conv2d.ts": 'import { w } from "./weights.ts";\nimport t from "./t.wgsl";\n',
      "stuff/a.ts": "",
    }),
    [
      'nn/conv2d.ts: imports "./weights.ts", which is not there',
      "stuff/a.ts: the folder has no row in tools/check_layers.ts",
    ],
  );
});

Deno.test("checkLayers() keeps code out of mod.ts and asks for names that say something", () => {
  assert.deepEqual(
    problemsOf({
      "ops/mod.ts": 'export * from "./relu.ts";\nexport const version = 1;\n',
      "ops/relu.ts": "export default 1;\n",
      "ops/utils.ts": "",
      "ops/maxPool.ts": "",
    }),
    [
      "ops/mod.ts: a mod.ts only re-exports; move the rest to a file of its own",
      "ops/relu.ts: export by name, not by default",
      "ops/utils.ts: name the file after what is in it",
      "ops/maxPool.ts: file and folder names are snake_case",
    ],
  );
});

Deno.test("checkLayers() keeps WebGPU, Deno and the package's own name out of where they don't belong", () => {
  assert.deepEqual(
    problemsOf({
      "decoders/a.ts": "const gpu = navigator.gpu;\n",
      "core/a.ts":
        'const text = Deno.readTextFile("a");\nconst key = Symbol.for("Deno.customInspect");\n',
      "io/a.ts": 'const text = Deno.readTextFile("a");\n',
      "nn/a.ts": 'import { relu } from "ae";\n',
      "mod.ts": "",
    }),
    [
      "decoders/a.ts: decoders/ runs without WebGPU",
      "core/a.ts: core/ runs without Deno; reading files belongs to io/ or cli/",
      "nn/a.ts: must not import mod.ts (nn imports only core, ops)",
      'nn/a.ts: inside the library import the file itself, not "ae"',
    ],
  );
});
