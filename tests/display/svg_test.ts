import assert from "node:assert/strict";
import { JUPYTER_DISPLAY } from "../../display/jupyter.ts";
import { escapeMarkup, Svg, svgElement } from "../../display/svg.ts";
import { assertWellFormed } from "./snapshot.ts";

const HOSTILE = `"><script>alert('&')</script>\0\x1b\ud800`;

Deno.test("escapeMarkup() leaves nothing of the five characters that mean something", () => {
  assert.equal(
    escapeMarkup(`<a b="c" d='e'>&amp;`),
    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;",
  );
});

Deno.test("escapeMarkup() replaces what XML cannot hold and keeps everything else", () => {
  assert.equal(escapeMarkup("a\0b\x1bc\ufffe"), "a\ufffdb\ufffdc\ufffd");
  assert.equal(escapeMarkup("half \ud800 pair"), "half \ufffd pair");
  assert.equal(escapeMarkup("tab\tline\n é 漢 😀"), "tab\tline\n é 漢 😀");
});

Deno.test("svgElement() escapes text and attributes but not markup of its own", () => {
  const inner = svgElement("title", {}, HOSTILE);
  const outer = svgElement("g", { id: HOSTILE }, inner);
  assert.equal(
    `${outer}`,
    `<g id="${escapeMarkup(HOSTILE)}"><title>${escapeMarkup(HOSTILE)}</title></g>`,
  );
  assertWellFormed(`${outer}`);
});

Deno.test("svgElement() rounds numbers to 1/100 and leaves undefined attributes out", () => {
  const element = svgElement("rect", { x: 1 / 3, y: -0.001, width: 1e6, height: undefined });
  assert.equal(`${element}`, '<rect x="0.33" y="0" width="1000000"/>');
});

Deno.test("svgElement() takes nested lists and nothing as children", () => {
  const a = svgElement("a");
  assert.equal(`${svgElement("g", {}, [a, [a, null]], null)}`, "<g>\n<a/>\n<a/>\n</g>");
  assert.equal(`${svgElement("text", {}, "1 ", [a])}`, "<text>1 <a/></text>");
});

Deno.test("svgElement() refuses numbers that are not finite", () => {
  assert.throws(() => svgElement("circle", { cx: NaN }), {
    name: "RangeError",
    message: "svgElement: attribute cx of <circle> must be a finite number, not NaN",
  });
});

Deno.test("svgElement() refuses names that would break the markup", () => {
  const message = /is not a name of an element or attribute/;
  assert.throws(() => svgElement("a b"), { name: "RangeError", message });
  assert.throws(() => svgElement("a", { 'x="1" y': 2 }), { name: "RangeError", message });
});

Deno.test("Svg is a file with size, view and description", () => {
  const svg = new Svg([svgElement("g")], {
    width: 20,
    height: 10,
    viewBox: [-0.5, 0, 2, 1],
    title: "a < b",
  });
  const text = svg.toString();
  assertWellFormed(text.trim());
  assert.match(
    text,
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="20" height="10" viewBox="-0\.5 0 2 1"/,
  );
  assert.match(text, /<title>a &lt; b<\/title>/);
});

Deno.test("Svg shows itself in a notebook", () => {
  const svg = new Svg([], { width: 1, height: 1, title: "nothing" });
  assert.deepEqual(svg[JUPYTER_DISPLAY](), {
    "text/plain": "nothing",
    "image/svg+xml": svg.toString(),
  });
  assert.equal(JUPYTER_DISPLAY, Symbol.for("Jupyter.display")); // what Deno's kernel looks for
});

Deno.test("Svg.at() puts a drawing into another one", () => {
  const inner = new Svg([svgElement("g")], { width: 2, height: 1, title: "inner" });
  assert.equal(
    `${inner.at(5, 6, 4, 2)}`,
    '<svg x="5" y="6" width="4" height="2" viewBox="0 0 2 1">\n<title>inner</title>\n<g/>\n</svg>',
  );
});

Deno.test("Svg refuses an empty area", () => {
  for (const width of [0, -1, NaN, Infinity]) {
    assert.throws(() => new Svg([], { width, height: 1, title: "" }), {
      name: "RangeError",
      message: `Svg: a drawing's sides must be above 0, not ${width} x 1`,
    });
  }
});
