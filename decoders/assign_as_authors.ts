/**
 * Minimum-cost assignment with the authors' answer on ties.
 *
 * Grouping rounds tag distances, so several assignments often cost the same, and which of them the
 * authors' decoder returns rests on the order in which their solver happens to look for zeros. To repeat
 * published numbers to the last person, this is the textbook Hungarian method in that order; for
 * everything else use {@linkcode assignMinimumCost}, which is shorter and faster.
 *
 *     subtract each row's minimum; star zeros so that no two share a row or column
 *     repeat
 *       cover every column with a star; when all columns are covered, the stars are the answer
 *       repeat
 *         find an uncovered zero and prime it          (this search has the order described below)
 *         none left: add the least uncovered number to covered rows, subtract it from uncovered columns
 *         its row has a star: cover the row, uncover the star's column
 *         its row has none: swap stars and primes along the chain that starts here; uncover all
 *
 * The search goes row by row from the place where the previous zero was found (after it, the column of
 * the star in that row) and wraps around. Within a row it goes on to the end, so of several zeros in
 * the row the last one in this cyclic order is taken.
 *
 * Munkres 1957 in the six-step form. The order is that of the Python package munkres from version 1.0.11 on
 * (1.0.12 of 2017 and 1.1.4 agree; 1.0.7 does not), which pose-ae-train, `utils/group.py`, calls.
 *
 * @module
 */
import { costSizes } from "./assign.ts";

/** What the six steps share; matrices are square, row-major, n x n. */
interface State {
  readonly n: number;
  readonly cost: Float64Array;
  readonly starInRow: Int32Array;
  readonly starInColumn: Int32Array;
  readonly primeInRow: Int32Array;
  readonly rowCovered: Uint8Array;
  readonly columnCovered: Uint8Array;
}

/**
 * Minimum-cost assignment that chooses among equal answers as the authors' solver does. A matrix that is
 * not square is padded with zeros.
 *
 * @param cost `cost[row][column]`, finite numbers; all rows equally long.
 * @returns For each row its column, -1 for none.
 * @throws {ShapeError} If the rows are not equally long.
 * @throws {RangeError} If a cost is NaN or infinite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assignAsAuthors } from "ae";
 *
 * assert.deepEqual(assignAsAuthors([[9.5, 1], [8, 0]]), [1, 0]);
 * ```
 */
export function assignAsAuthors(cost: readonly (readonly number[])[]): number[] {
  const { rows, columns } = costSizes("assignAsAuthors", cost);
  const state = startState(cost, rows, columns);
  const { n, starInRow, starInColumn, rowCovered, columnCovered, primeInRow } = state;
  subtractRowMinima(state);
  starFreeZeros(state);
  for (;;) {
    rowCovered.fill(0);
    primeInRow.fill(-1);
    for (let c = 0; c < n; c++) columnCovered[c] = starInColumn[c] >= 0 ? 1 : 0;
    if (!columnCovered.includes(0)) break;
    swapChain(state, primeUntilChain(state));
  }
  return Array.from({ length: rows }, (_, r) => starInRow[r] < columns ? starInRow[r] : -1);
}

function startState(
  cost: readonly (readonly number[])[],
  rows: number,
  columns: number,
): State {
  const n = Math.max(rows, columns);
  const square = new Float64Array(n * n);
  cost.forEach((row, r) => square.set(row, r * n));
  return {
    n,
    cost: square,
    starInRow: new Int32Array(n).fill(-1),
    starInColumn: new Int32Array(n).fill(-1),
    primeInRow: new Int32Array(n).fill(-1),
    rowCovered: new Uint8Array(n),
    columnCovered: new Uint8Array(n),
  };
}

function subtractRowMinima({ n, cost }: State): void {
  for (let r = 0; r < n; r++) {
    const row = cost.subarray(r * n, (r + 1) * n);
    const least = row.reduce((a, b) => Math.min(a, b));
    for (let c = 0; c < n; c++) row[c] -= least;
  }
}

function starFreeZeros({ n, cost, starInRow, starInColumn }: State): void {
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      if (cost[r * n + c] === 0 && starInRow[r] < 0 && starInColumn[c] < 0) {
        starInRow[r] = c;
        starInColumn[c] = r;
      }
    }
  }
}

/** Prime zeros until one has no star in its row; return that row, where the chain starts. */
function primeUntilChain(state: State): number {
  const { n, starInRow, primeInRow, rowCovered, columnCovered } = state;
  let start = 0;
  for (;;) {
    const zero = findZero(state, start);
    if (zero < 0) {
      makeZero(state);
      start = 0;
      continue;
    }
    const row = Math.floor(zero / n);
    primeInRow[row] = zero % n;
    const star = starInRow[row];
    if (star < 0) return row;
    rowCovered[row] = 1;
    columnCovered[star] = 0;
    start = row * n + star;
  }
}

/** The uncovered zero that the search described above finds, as `row * n + column`, or -1. */
function findZero({ n, cost, rowCovered, columnCovered }: State, start: number): number {
  const startRow = Math.floor(start / n), startColumn = start % n;
  for (let i = 0; i < n; i++) {
    const row = (startRow + i) % n;
    if (rowCovered[row]) continue;
    for (let j = n - 1; j >= 0; j--) { // backwards: the last zero of the cyclic order
      const column = (startColumn + j) % n;
      if (cost[row * n + column] === 0 && !columnCovered[column]) return row * n + column;
    }
  }
  return -1;
}

function makeZero({ n, cost, rowCovered, columnCovered }: State): void {
  let least = Infinity;
  for (let i = 0; i < cost.length; i++) {
    if (!rowCovered[Math.floor(i / n)] && !columnCovered[i % n]) least = Math.min(least, cost[i]);
  }
  for (let i = 0; i < cost.length; i++) {
    // A number in a covered row and an uncovered column gets both, as in the original: next to 1e10
    // that rounds, and the rounding decides which zeros there will be.
    if (rowCovered[Math.floor(i / n)]) cost[i] += least;
    if (!columnCovered[i % n]) cost[i] -= least;
  }
}

/** Primes along the chain become stars and stars lose theirs: one star more. */
function swapChain({ starInRow, starInColumn, primeInRow }: State, start: number): void {
  for (let row = start; row >= 0;) {
    const column = primeInRow[row];
    const holder = starInColumn[column];
    starInRow[row] = column;
    starInColumn[column] = row;
    row = holder;
  }
}
