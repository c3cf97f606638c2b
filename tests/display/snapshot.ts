/**
 * Drawings compared with files that can be opened and looked at: `__snapshots__/<name>`.
 *
 * After a change that is meant, `deno test -RW tests/display -- --update` writes them anew; the difference is then
 * reviewed like any other. The bytes of embedded PNG pictures are left out: they are the encoder's affair.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Compare a drawing with its file. */
export function assertSnapshot(name: string, drawing: string): void {
  const file = new URL(`./__snapshots__/${name}`, import.meta.url);
  const actual = drawing.replace(/data:image\/png;base64,[A-Za-z0-9+/=]+/g, "photo.png");
  if (Deno.args.includes("--update")) {
    Deno.writeTextFileSync(file, actual);
    return;
  }
  let expected;
  try {
    expected = Deno.readTextFileSync(file);
  } catch (cause) {
    throw new Error(`${name} has no snapshot: deno test -RW tests/display -- --update`, { cause });
  }
  assert.equal(
    actual,
    expected,
    `${name} changed; if that is meant: deno test -RW tests/display -- --update`,
  );
}

/** Elements of HTML that have no end tag. */
const VOID = new Set(["meta", "img", "br", "link"]);

/**
 * Every tag has its end tag in the right order, and every `<`, `>` and `&` of the rest is escaped: what a strict
 * reader would ask of XML, and enough to catch text that became markup. Styles are skipped.
 */
export function assertWellFormed(markup: string): void {
  const body = markup.replace("<!DOCTYPE html>", "").replace(/<style>[^<]*<\/style>/g, "");
  const tag = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<>]*")*)\s*(\/?)>/y;
  const open: string[] = [];
  for (let at = 0; at < body.length;) {
    if (body[at] !== "<") {
      const end = body.indexOf("<", at) < 0 ? body.length : body.indexOf("<", at);
      const text = body.slice(at, end);
      assert.doesNotMatch(text, />|&(?!(?:amp|lt|gt|quot|#39);)/, `unescaped text: ${text}`);
      at = end;
      continue;
    }
    tag.lastIndex = at;
    const match = tag.exec(body);
    assert.ok(match, `not a tag: ${body.slice(at, at + 80)}`);
    const [whole, closing, name, , empty] = match;
    if (closing) assert.equal(open.pop(), name, `</${name}> closes something else`);
    else if (!empty && !VOID.has(name)) open.push(name);
    at += whole.length;
  }
  assert.deepEqual(open, [], "elements without an end");
}
