import assert from "node:assert/strict";
import { drawPanels } from "../../display/panels.ts";
import { Svg, svgElement } from "../../display/svg.ts";
import { grey } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const drawing = new Svg([svgElement("circle", { r: 2 })], { width: 30, height: 60, title: "tall" });

Deno.test("drawPanels() looks as its snapshot: pixels and a drawing", () => {
  const svg = drawPanels([{ caption: "photo", picture: grey(2, 1) }, {
    caption: "drawing",
    picture: drawing,
  }]);
  assertSnapshot("panels.svg", svg.toString());
});

Deno.test("drawPanels() is as wide as its columns and as high as the highest of each row", () => {
  const [wide, tall] = [{ caption: "", picture: grey(2, 1) }, { caption: "", picture: drawing }];
  const svg = drawPanels([wide, tall, wide], { columns: 2, panelWidth: 100 });
  assert.deepEqual([svg.width, svg.height], [100 + 10 + 100, (18 + 200) + 10 + (18 + 50)]);
  assert.equal(drawPanels([wide], { columns: 5, panelWidth: 100 }).width, 100);
});

Deno.test("drawPanels() escapes captions", () => {
  assertWellFormed(drawPanels([{ caption: "<b>", picture: grey(1, 1) }]).toString().trim());
});

Deno.test("drawPanels() refuses nothing, and sizes that are none", () => {
  const one = [{ caption: "", picture: grey(1, 1) }];
  const fails = (message: string, ...args: Parameters<typeof drawPanels>) =>
    assert.throws(() => drawPanels(...args), {
      name: "RangeError",
      message: `drawPanels: ${message}`,
    });
  fails("there is no picture to draw", []);
  fails("columns must be a whole number above 0, not 1.5", one, { columns: 1.5 });
  fails("panelWidth must be above 0, not -1", one, { panelWidth: -1 });
});
