import assert from "node:assert/strict";
import { BatchNorm2d, Conv2d, JUPYTER_DISPLAY, variables } from "ae";
import { modelTable } from "../../display/model_table.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const model = {
  stem: {
    conv: new Conv2d({ inChannels: 3, outChannels: 4, size: 3 }),
    bn: new BatchNorm2d({ channels: 4 }),
  },
  head: new Conv2d({ inChannels: 4, outChannels: 2, size: 1 }),
};

Deno.test("modelTable() looks as its snapshot", () => {
  const html = modelTable(variables(model))[JUPYTER_DISPLAY]()["text/html"];
  assertWellFormed(html);
  assertSnapshot("model_table.html", html);
});

Deno.test("modelTable() lists layers in columns, what is not learned in brackets", () => {
  const text = modelTable(variables(model))[JUPYTER_DISPLAY]()["text/plain"].split("\n");
  assert.match(text[1], /^stem\.conv +weight \[4, 3, 3, 3\], bias \[4\] +112$/);
  assert.match(text[2], /^stem\.bn +weight \[4\], bias \[4\], \(running_mean \[4\]\), .* 16$/);
  assert.match(text[4], /^all +130 are learned +138$/);
});

Deno.test("modelTable() puts together what agrees in the first parts of its path", () => {
  const text = modelTable(variables(model), { depth: 1 })[JUPYTER_DISPLAY]()["text/plain"];
  assert.equal(text.split("\n").length, 4);
  assert.match(text, /stem +conv\.weight .* 128/);
});

Deno.test("modelTable() refuses a depth that is none", () => {
  for (const depth of [0, 1.5, NaN]) {
    assert.throws(() => modelTable(new Map(), { depth }), /^RangeError: modelTable: depth must be/);
  }
});
