import assert from "node:assert/strict";
import { type DocJson, publicNames, renderFolder } from "../../../tools/book/reference.ts";

const FILE = `/** Halving. @module */
/** Half of it, see {@linkcode twice}. */
export function half(x: number): number {
  return x / 2;
}
`;
const symbol = {
  name: "half",
  declarations: [{
    kind: "function",
    location: { filename: "file:///p/ops/half.ts", line: 2 },
    jsDoc: {
      doc: "Half of it, see {@linkcode twice}.",
      tags: [
        { kind: "param", name: "x", doc: "What to <halve>." },
        { kind: "throws", tsType: { repr: "RangeError" }, doc: "Never." },
        { kind: "example", doc: "Usage\n```ts\nhalf(2);\n```" },
      ],
    },
  }],
};
const DOC: DocJson = {
  version: 2,
  nodes: { "file:///p/mod.ts": { symbols: [symbol] }, "file:///p/b.ts": { symbols: [symbol] } },
};

Deno.test("publicNames() lists a name once, with its file", () => {
  assert.deepEqual(publicNames(DOC, "file:///p/"), [{ file: "ops/half.ts", symbol }]);
});

Deno.test("publicNames() refuses another version of the JSON", () => {
  assert.throws(
    () => publicNames({ version: 3, nodes: {} }, ""),
    /^RangeError: publicNames: expects version 2 of deno doc's JSON, not 3/,
  );
});

Deno.test("renderFolder() has header, signature, comment, notes and example of each name", () => {
  const { content: { source }, headings } = renderFolder(
    new Map([["ops/half.ts", FILE]]),
    publicNames(DOC, "file:///p/"),
    { link: (href) => href === "symbol:twice" ? "#twice" : null, image: () => null },
  );
  assert.deepEqual(headings, [{ id: "file-half", text: "ops/half.ts", level: 2 }]);
  assert.match(source, /<h2 id="file-half">[^]*Halving\.[^]*<h3 id="half">/);
  assert.match(source, /<span class="keyword">function<\/span> half\(x: number\): number<\/code>/);
  assert.match(source, /see <a href="#twice"><code>twice<\/code><\/a>/);
  assert.match(source, /<dt><code>x<\/code><\/dt><dd><p>What to &lt;halve&gt;\.<\/p>/);
  assert.match(source, /<dt>throws <code>RangeError<\/code><\/dt>/);
  assert.match(source, /half\(2\);/);
  assert.doesNotMatch(source, /Usage/);
});

Deno.test("renderFolder() quotes an interface with its comments, links in them as plain words", () => {
  const lines =
    "/** Sizes. @module */\nexport interface Sizes {\n  /** As {@linkcode half}. */\n  a: 1;\n}\n";
  const sizes = {
    name: "Sizes",
    declarations: [{ kind: "interface", location: { filename: "file:///p/ops/a.ts", line: 1 } }],
  };
  const { content } = renderFolder(
    new Map([["ops/a.ts", lines]]),
    [{ file: "ops/a.ts", symbol: sizes }],
    { link: () => null, image: () => null },
  );
  assert.match(content.source, /Sizes \{\n {2}<span class="comment">\/\*\* As half\. \*\/<\/span>/);
});
