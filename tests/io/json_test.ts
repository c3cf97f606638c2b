import assert from "node:assert/strict";
import { readJson } from "../../io/mod.ts";
import { findJsonError } from "../../io/json.ts";
import { Random } from "../../data/random.ts";

async function read(content: string | Uint8Array): Promise<unknown> {
  const path = await Deno.makeTempFile();
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes);
    return await readJson(path);
  } catch (error) {
    throw error instanceof Error && error.message.startsWith(path)
      ? new Error(`FILE${error.message.slice(path.length)}`)
      : error;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readJson() reads JSON, with or without a byte order mark", async () => {
  assert.deepEqual(await read(' {"a": [1, null, "é"]}\n'), { a: [1, null, "é"] });
  assert.deepEqual(await read('\ufeff{"a": 1}'), { a: 1 });
});

Deno.test("readJson() points at the line and column of the first mistake", async () => {
  const mistakes: [text: string, message: string][] = [
    ["", "FILE:1:1: there is nothing in it"],
    [" \n ", "FILE:2:2: there is nothing in it"],
    ["[1,\n 2,\n 3", "FILE:3:3: the text ends too early: is it cut off?"],
    ['{"a": 1,\n "b": tru}', 'FILE:2:7: expected a value, found "tru"'],
    ['[{"score": NaN}]', "FILE:1:12: NaN is not JSON (Python writes it for numbers that are none)"],
    ["[-Infinity]", "FILE:1:2: -Infinity is not JSON (Python writes it for numbers that are none)"],
    ["[1 2]", 'FILE:1:4: expected , or ], found "2"'],
    ['{"a": 1 "b"}', 'FILE:1:9: expected , or }, found "\\""'],
    ["[1,]", 'FILE:1:4: expected a value, found "]"'],
    ['{"a": 1,}', 'FILE:1:9: expected a key in double quotes, found "}"'],
    ["{'a': 1}", 'FILE:1:2: expected a key in double quotes, found "\'"'],
    ['{"a" 1}', 'FILE:1:6: expected : after the key, found "1"'],
    ['{"a"', "FILE:1:5: expected : after the key, found the end"],
    ["{} {}", 'FILE:1:4: "{" after the end of the value'],
    ["[01]", 'FILE:1:2: expected a value, found "01"'],
    ["[1.]", 'FILE:1:2: expected a value, found "1."'],
    ["[\n\n  🙂]", 'FILE:3:3: expected a value, found "🙂"'],
    ['["a\nb"]', "FILE:1:4: a line break or control character in a text"],
    ['["a\\x"]', "FILE:1:4: a backslash that starts no escape"],
    ['["abc', "FILE:1:2: a text without a closing quote: is the file cut off?"],
  ];
  for (const [text, message] of mistakes) {
    await assert.rejects(read(text), { message }, JSON.stringify(text));
  }
});

Deno.test("readJson() says why a file cannot be read", async () => {
  const refused = (path: string, message: string) =>
    assert.rejects(readJson(path), { name: "InputError", message });
  await refused("no/such.json", "no/such.json: no such file");
  await refused("tests", "tests: is a folder, not a file");
  await refused("deno.json/x", "deno.json/x: a part of the path is a file, not a folder");
  await assert.rejects(read(new Uint8Array([0x22, 0xff, 0x22])), {
    message: "FILE: is not UTF-8 text",
  });
});

Deno.test("findJsonError() agrees with JSON.parse on texts with a random change", () => {
  const random = new Random(5);
  const text = JSON.stringify({
    a: [1, -2.5e-3, true, null, {}, []],
    'b"\\\n': "x\u0001é🙂",
    c: false,
  });
  const letters = '{}[],:"\\ \n0123.eE+-tfnulars\u0001';
  let broken = 0;
  for (let trial = 0; trial < 3000; trial++) {
    const at = Math.floor(random.uniform(0, text.length));
    const letter = letters[Math.floor(random.uniform(0, letters.length))];
    const skip = Math.floor(random.uniform(0, 3));
    const changed = text.slice(0, at) + letter + text.slice(at + skip);
    let parses = true;
    try {
      JSON.parse(changed);
    } catch {
      parses = false;
      broken++;
    }
    assert.equal(findJsonError(changed) === null, parses, changed);
  }
  assert.ok(broken > 1000 && broken < 2999);
});

Deno.test("findJsonError() reports every key with its depth", () => {
  const keys: [string, number][] = [];
  findJsonError('{"a": {"b": [{"c": 1}]}, "d\\u0065": 2}', {
    onKey: (key, depth) => keys.push([key, depth]),
  });
  assert.deepEqual(keys, [["a", 1], ["b", 2], ["c", 4], ["de", 1]]);
});

Deno.test("findJsonError() stops at more levels or values than it may find", () => {
  const text = '{"a": [1, [2]], "b": {}}'; // six values, three levels of brackets
  assert.equal(findJsonError(text, { mostDepth: 3, mostValues: 6 }), null);
  assert.deepEqual(findJsonError(text, { mostDepth: 2 }), {
    position: 10,
    problem: "more than 2 levels of brackets",
  });
  assert.deepEqual(findJsonError(text, { mostValues: 5 }), {
    position: 21,
    problem: "more than 5 values",
  });
});

Deno.test("findJsonError() stands deeper nesting than the call stack would", () => {
  assert.equal(findJsonError("[".repeat(200_000) + "]".repeat(200_000)), null);
});
