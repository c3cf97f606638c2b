import assert from "node:assert/strict";
import { type DocJson, missingDocs } from "../../tools/check_docs.ts";

type Declaration = DocJson["nodes"][string] extends { symbols?: readonly (infer S)[] }
  ? S extends { declarations: readonly (infer D)[] } ? D : never
  : never;

function docsOf(symbols: Record<string, Partial<Declaration>[]>): string[] {
  const location = { filename: "file:///p/ops/a.ts", line: 3 };
  return missingDocs({
    version: 2,
    nodes: {
      "file:///p/mod.ts": {
        symbols: Object.entries(symbols).map(([name, parts]) => ({
          name,
          declarations: parts.map((part) => ({ location, kind: "function", ...part })),
        })),
      },
    },
  }, "file:///p/");
}

const EXAMPLE = { doc: "What.", tags: [{ kind: "example" }] };

Deno.test("missingDocs() asks for a comment on everything", () => {
  assert.deepEqual(docsOf({ Shape: [{ kind: "typeAlias" }], relu: [{}] }), [
    "ops/a.ts:3 Shape: no doc comment",
    "ops/a.ts:3 relu: no doc comment",
  ]);
});

Deno.test("missingDocs() asks for an example on functions and classes, errors excepted", () => {
  const jsDoc = { doc: "What." };
  assert.deepEqual(
    docsOf({
      relu: [{ jsDoc }],
      Adam: [{ kind: "class", jsDoc }],
      GpuError: [{ kind: "class", jsDoc, def: { extends: "Error" } }],
      Options: [{ kind: "interface", jsDoc }],
      COCO: [{ kind: "variable", jsDoc }],
      add: [{ jsDoc: EXAMPLE }],
    }),
    ["ops/a.ts:3 Adam: no @example", "ops/a.ts:3 relu: no @example"],
  );
});

Deno.test("missingDocs() is content with one example for all overloads", () => {
  assert.deepEqual(docsOf({ read: [{ jsDoc: { doc: "What." } }, { jsDoc: EXAMPLE }] }), []);
});

Deno.test("missingDocs() refuses a version it does not know", () => {
  assert.throws(() => missingDocs({ version: 3, nodes: {} }, ""), /expects version 2 .* not 3/);
});
