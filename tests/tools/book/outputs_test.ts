import assert from "node:assert/strict";
import { drawBarChart } from "ae";
import { isHarmless, renderOutputs } from "../../../tools/book/outputs.ts";

const shown = (data: Record<string, string>) =>
  renderOutputs([{ output_type: "display_data", data }]).source;

Deno.test("isHarmless() lets the library's own pictures pass", () => {
  const chart = drawBarChart(["a < b"], [{ name: '"n"', values: [1] }]);
  assert.ok(isHarmless(chart.toString()));
});

Deno.test("isHarmless() refuses whatever could run, load or leave its place", () => {
  for (
    const source of [
      "<svg><script>f()</script></svg>",
      '<svg onload="f()"></svg>',
      "<svg onload=f()></svg>",
      "<svg/onload=f()>",
      '<svg><a href="javascript:f()">x</a></svg>',
      '<svg><image href="https://a.b/c.png"/></svg>',
      '<svg><image href="data:image/svg+xml;base64,AAAA"/></svg>',
      '<svg><use href="other.svg#a"/></svg>',
      "<svg><foreignObject></foreignObject></svg>",
      '<svg><animate attributeName="href" values="javascript:f()"/></svg>',
      '<svg><set attributeName="onload" to="f()"/></svg>',
      '<div style="position: fixed"></div>',
      '<div style="background: url(https://a.b)"></div>',
      '<div style="back\\ground: u\\rl(x)"></div>',
      '<rect fill="url(https://a.b#c)"/>',
      '<rect fill="url(&#104;ttps://a.b)"/>',
      "<!-- <svg> -->",
      "<svg><![CDATA[<script>]]></svg>",
      "<svg",
      "<iframe></iframe>",
      "<style>* { display: none }</style>",
      '<form><input name="a"></form>',
      "<SCRIPT>f()</SCRIPT>",
    ]
  ) {
    assert.equal(isHarmless(source), false, source);
  }
});

Deno.test("renderOutputs() shows other drawings as images and other HTML in a frame", () => {
  const svg = shown({ "image/svg+xml": '<svg onload="f()"></svg>', "text/plain": 'a "b"' });
  assert.match(
    svg,
    /^<figure class="output"><img src="data:image\/svg\+xml,%3Csvg[^"<]*" alt="a &quot;b&quot;"><\/figure>$/,
  );
  const html = shown({ "text/html": '<script>f("</iframe>")</script>' });
  assert.match(html, /^<iframe class="output" sandbox="" srcdoc="[^"<]*" title=""><\/iframe>$/);
});

Deno.test("renderOutputs() escapes text, and takes colours of a terminal out of it", () => {
  const source = renderOutputs([
    { output_type: "stream", text: ["\x1b[31ma < b\x1b[0m\n"] },
    { output_type: "error", ename: "RangeError", evalue: "<b>" },
  ]).source;
  assert.match(source, />a &lt; b\n<\/pre>/);
  assert.match(source, /error" tabindex="0">RangeError: &lt;b&gt;<\/pre>/);
});

Deno.test("renderOutputs() takes a PNG only as base64", () => {
  assert.match(shown({ "image/png": "iVBO\nRw==", "text/plain": "p" }), /base64,iVBORw==" alt="p"/);
  assert.match(shown({ "image/png": '"><script>', "text/plain": "p" }), /^<pre[^>]*>p<\/pre>$/);
});
