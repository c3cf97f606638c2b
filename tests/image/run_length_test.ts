import assert from "node:assert/strict";
import { decodeRunLengths, parseRunLengths } from "../../image/run_length.ts";

Deno.test("parseRunLengths() reads pycocotools' text", () => {
  // Counts and text as pycocotools 2.0 writes them.
  assert.deepEqual(parseRunLengths("S1"), [35]);
  assert.deepEqual(parseRunLengths("0h0"), [0, 24]);
  assert.deepEqual(parseRunLengths(""), []);
});

/** The other direction, to make texts of any counts. */
function write(counts: readonly number[]): string {
  let text = "";
  counts.forEach((count, i) => {
    let value = i > 2 ? count - counts[i - 2] : count;
    for (let more = true; more;) {
      let group = value & 31;
      value >>= 5;
      more = group & 16 ? value !== -1 : value !== 0;
      if (more) group |= 32;
      text += String.fromCharCode(group + 48);
    }
  });
  return text;
}

Deno.test("parseRunLengths() undoes writing, large and falling counts included", () => {
  for (
    const counts of [[1, 2, 3, 4, 5], [0, 100000, 3, 1, 70000, 16, 15, 17], [31, 32, 33, 1, 1]]
  ) {
    assert.deepEqual(parseRunLengths(write(counts)), counts);
  }
});

Deno.test("parseRunLengths() says which character does not belong", () => {
  assert.throws(() => parseRunLengths("0!"), {
    name: "RangeError",
    message: 'parseRunLengths: character "!" at place 1 does not belong there',
  });
  assert.throws(() => parseRunLengths("0h"), {
    name: "RangeError",
    message: "parseRunLengths: the end at place 2 does not belong there",
  });
});

Deno.test("decodeRunLengths() goes down the columns, outside first", () => {
  const mask = decodeRunLengths({ size: [3, 2], counts: [1, 3, 2] });
  assert.deepEqual(mask, { width: 2, height: 3, data: new Uint8Array([0, 1, 1, 0, 1, 0]) });
  assert.deepEqual(
    decodeRunLengths({ size: [4, 6], counts: "0h0" }).data,
    new Uint8Array(24).fill(1),
  );
});

Deno.test("decodeRunLengths() refuses runs that do not make the mask", () => {
  assert.throws(() => decodeRunLengths({ size: [3, 2], counts: [1, 3] }), {
    name: "RangeError",
    message: "decodeRunLengths: the counts add up to 4 but 3 x 2 are 6 pixels",
  });
  assert.throws(() => decodeRunLengths({ size: [3, 2], counts: [-1, 7] }), {
    name: "RangeError",
    message: "decodeRunLengths: counts must be whole numbers, 0 or more, not -1",
  });
  assert.throws(() => decodeRunLengths({ size: [0, 2], counts: [] }), RangeError);
});
