import assert from "node:assert/strict";
import { cast, matmul, type MatmulOptions, read, setChoice, tensor } from "ae";
import { countParts, WORKGROUP_TILES, workgroupTiles } from "../../ops/workgroup_tiles.ts";

/** Matrices of small whole numbers, whose products are exact in any order. */
function matrices(batch: number, rows: number, columns: number, factor: number) {
  const data = Float32Array.from(
    { length: batch * rows * columns },
    (_, i) => (i * factor % 13) - 6,
  );
  return { shape: [batch, rows, columns], data };
}

function productOf(
  a: ReturnType<typeof matrices>,
  b: ReturnType<typeof matrices>,
  { transposeA, transposeB }: MatmulOptions,
): number[] {
  const [batch, ...sizesA] = a.shape;
  const [rows, terms] = transposeA ? sizesA.toReversed() : sizesA;
  const columns = b.shape[transposeB ? 1 : 2];
  return Array.from({ length: batch * rows * columns }, (_, i) => {
    const [n, row, column] = [
      Math.floor(i / columns / rows),
      Math.floor(i / columns) % rows,
      i % columns,
    ];
    let sum = 0;
    for (let k = 0; k < terms; k++) {
      sum += a.data[n * rows * terms + (transposeA ? k * rows + row : row * terms + k)] *
        b.data[n * terms * columns + (transposeB ? column * terms + k : k * columns + column)];
    }
    return sum;
  });
}

/** Rows, columns, terms, matrices. */
const SIZES = [
  [1, 1, 1, 1],
  [5, 3, 7, 2], // nothing divides by four
  [64, 136, 24, 1], // loaded four at a time, a tile cut off
  [130, 70, 33, 1], // several tiles each way, the last ones with two rows and six columns
  [20, 12, 600, 3], // sums in parts, whose last is shorter
] as const;

/** As stored, and both transposed: with them each matrix is loaded along its terms and across them. */
const LAYOUTS = [false, true].map((transposed) => ({
  transposeA: transposed,
  transposeB: transposed,
}));

for (const tile of WORKGROUP_TILES) {
  Deno.test(`matmul() in tiles that a workgroup shares equals its definition: ${tile}`, async () => {
    const cases = LAYOUTS.flatMap((options) =>
      SIZES.map(([rows, columns, terms, batch], i) => {
        const [a, b] = options.transposeA
          ? [matrices(batch, terms, rows, 5), matrices(batch, columns, terms, 7)]
          : [matrices(batch, rows, terms, 5), matrices(batch, terms, columns, 7)];
        const type = i === 1 ? "f16" : "f32"; // one that needs every check of bounds
        const y = matmul(cast(tensor(a), type), cast(tensor(b), type), options);
        const name = `${type} ${rows}x${columns}, ${terms} terms, ${JSON.stringify(options)}`;
        return { name, y: cast(y, "f32"), expected: productOf(a, b, options) };
      })
    );
    setChoice("matmul", tile);
    const got = await read(Object.fromEntries(cases.map(({ y }, c) => [c, y]))).finally(() =>
      setChoice("matmul", null)
    );
    cases.forEach(({ name, expected }, c) => {
      assert.equal(got[c].data.length, expected.length);
      expected.forEach((value, i) => assert.equal(got[c].data[i], value, `${name}: ${i}`));
    });
  });
}

Deno.test("a long sum of a small result is cut into parts, a large result is not", () => {
  const [best] = workgroupTiles({ rows: 56, columns: 56, terms: 8192, batch: 1 });
  assert.ok(countParts({ rows: 56, columns: 56, terms: 8192, batch: 1 }, best) >= 16);
  assert.equal(countParts({ rows: 4096, columns: 4096, terms: 4096, batch: 1 }, best), 1);
  // No invocation may loop 65,535 times, eight terms each.
  const parts = countParts({ rows: 4096, columns: 4096, terms: 1e6, batch: 1 }, best);
  assert.ok(1e6 / parts / 8 < 60_000);
});
