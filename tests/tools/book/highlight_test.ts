import assert from "node:assert/strict";
import { codeBlock } from "../../../tools/book/highlight.ts";

const inside = (code: string, language?: string) =>
  /<code>([\s\S]*)<\/code>/.exec(codeBlock(code, language).source)![1];

Deno.test("codeBlock() marks comments, texts and keywords", () => {
  assert.equal(
    inside('const a = "if"; // return', "ts"),
    '<span class="keyword">const</span> a = <span class="text">&quot;if&quot;</span>; ' +
      '<span class="comment">// return</span>',
  );
  assert.equal(inside("deno test # all", "sh"), 'deno test <span class="comment"># all</span>');
  assert.equal(inside("https://a.b#c", "sh"), "https://a.b#c");
});

Deno.test("codeBlock() escapes everything, in any language", () => {
  for (const language of ["ts", "sh", "constructor", ""]) {
    const html = inside('"</code><script>" // <b>\nx < y', language);
    assert.doesNotMatch(html, /<(?!\/?span\b)/);
    assert.match(html, /&lt;script&gt;/);
  }
});

Deno.test("codeBlock() loses nothing", () => {
  const code = 'let a = `x${"y"}z`;\n/* two\nlines */ f("\\"", a); // end';
  const text = inside(code, "ts").replace(/<[^>]*>/g, "").replaceAll("&quot;", '"');
  assert.equal(text, code);
});
