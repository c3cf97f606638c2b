import assert from "node:assert/strict";
import { checkLayout, readStored, rowMajorStrides } from "../../io/stored_array.ts";

/** Bytes that remember which of them were read. */
function watched(bytes: Uint8Array<ArrayBuffer>) {
  const read: [number, number][] = [];
  return {
    read: (begin: number, length: number) => {
      read.push([begin, length]);
      return Promise.resolve(bytes.slice(begin, begin + length));
    },
    length: bytes.length,
    parts: read,
  };
}

const row = new Uint8Array(new Float32Array(12).map((_, i) => i).buffer);
const float32 = { dtype: "float32", bigEndian: false } as const;

Deno.test("rowMajorStrides() lets the last axis vary fastest", () => {
  assert.deepEqual(rowMajorStrides([2, 3, 4]), [12, 4, 1]);
  assert.deepEqual(rowMajorStrides([]), []);
});

Deno.test("readStored() reads no more than the span of the numbers", async () => {
  const straight = watched(row);
  const layout = { ...float32, shape: [2, 3], strides: [3, 1], offset: 4 };
  const { data } = await readStored(straight, layout, "a");
  assert.deepEqual(data, new Float32Array([4, 5, 6, 7, 8, 9]));
  assert.deepEqual(straight.parts, [[16, 24]]);
  const turned = watched(row);
  const columns = { ...float32, shape: [3, 2], strides: [1, 4], offset: 2 };
  assert.deepEqual(
    (await readStored(turned, columns, "a")).data,
    new Float32Array([2, 6, 3, 7, 4, 8]),
  );
  assert.deepEqual(turned.parts, [[8, 28]]); // items 2 to 8
  const nothing = watched(row);
  const empty = { ...float32, shape: [0, 3], strides: [3, 1], offset: 99 };
  assert.equal((await readStored(nothing, empty, "a")).data.length, 0);
  assert.deepEqual(nothing.parts, [[0, 0]]);
});

Deno.test("readStored() turns big-endian numbers round and widens bfloat16", async () => {
  const layout = { shape: [2], strides: [1], offset: 0 };
  const words = watched(new Uint8Array([1, 2, 3, 4]));
  const uint16 = { ...layout, dtype: "uint16" } as const;
  assert.deepEqual(
    (await readStored(words, { ...uint16, bigEndian: true }, "a")).data,
    new Uint16Array([0x0102, 0x0304]),
  );
  const brain = watched(new Uint8Array([0x3f, 0xc0, 0xff, 0x80])); // 1.5 and minus infinity
  assert.deepEqual(
    (await readStored(brain, { ...layout, dtype: "bfloat16", bigEndian: true }, "a")).data,
    new Float32Array([1.5, -Infinity]),
  );
});

Deno.test("checkLayout() counts the numbers and refuses those that are not there", () => {
  const count = (shape: number[], strides: number[], offset = 0) =>
    checkLayout({ shape, strides, offset }, 12, "it is");
  assert.equal(count([3, 4], [4, 1]), 12);
  assert.equal(count([], []), 1);
  assert.equal(count([5, 0], [1, 1], 100), 0);
  assert.equal(count([1000, 12], [0, 1]), 12_000);
  for (
    const [shape, strides, offset] of [[[13], [1], 0], [[2], [12], 0], [[1], [1], 12]] as const
  ) {
    assert.throws(() => count([...shape], [...strides], offset), {
      name: "InputError",
      message: `it is of shape [${shape}] that reaches beyond the 12 numbers stored`,
    });
  }
  assert.throws(() => count([1e6, 12], [0, 1]), /reaches beyond/);
  assert.throws(() => count([2 ** 50, 2 ** 50], [0, 0]), /reaches beyond/);
  assert.throws(() => count([1.5], [1]), {
    name: "InputError",
    message: "it is of shape [1.5], strides [1] and offset 0; " +
      "expected whole numbers, 0 or more, and as many strides as sizes",
  });
});
