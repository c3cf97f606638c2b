/**
 * Minimum-cost assignment: give every row a column of its own so that the sum of the chosen costs is
 * least. Grouping uses it to hand the peaks of one keypoint (rows) to the people found so far (columns).
 *
 *               A     B
 *     peak 0   9.5    1        each peak's own cheapest is B, but B can be given only once:
 *     peak 1    8     0        9.5 + 0 = 9.5 or 1 + 8 = 9, so peak 0 gets B and peak 1 gets A
 *
 * The Hungarian method in its shortest-path form. Rows enter one at a time. A new row may take a column
 * from its holder, who then has to move on to another, and so on until a free column is reached; the
 * chain whose moves raise the sum least is a shortest path, found as Dijkstra does. Dijkstra needs
 * lengths of 0 or more, so each row and column has a *price*, kept such that
 *
 *     cost[row][column] - rowPrice[row] - columnPrice[column] >= 0,   and = 0 for pairs in use.
 *
 * Time O(n² m) for n rows and m columns, n <= m; at most 30 x 30 here. In float64: rounded tag distances
 * are hundreds and the tie-break of grouping is millionths.
 *
 * Kuhn 1955 and Munkres 1957; the shortest-path form by Jonker and Volgenant, 1987.
 *
 * @module
 */
import { ShapeError } from "../core/errors.ts";

/**
 * Minimum-cost assignment of rows to columns. With more rows than columns the surplus rows that cost
 * most stay without one; with more columns than rows some columns stay free. Among several best
 * answers the choice depends on the order of rows and columns only.
 *
 * @param cost `cost[row][column]`, finite numbers of any sign; all rows equally long.
 * @returns For each row its column, -1 for none.
 * @throws {ShapeError} If the rows are not equally long.
 * @throws {RangeError} If a cost is NaN or infinite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assignMinimumCost } from "ae";
 *
 * // Both rows like column 1 best; together 1 + 8 is less than 9.5 + 0.
 * assert.deepEqual(assignMinimumCost([[9.5, 1], [8, 0]]), [1, 0]);
 * // Three rows, one column: the cheapest gets it.
 * assert.deepEqual(assignMinimumCost([[5], [3], [4]]), [-1, 0, -1]);
 * ```
 */
export function assignMinimumCost(cost: readonly (readonly number[])[]): number[] {
  const { rows, columns } = costSizes("assignMinimumCost", cost);
  const assigned = new Array<number>(rows).fill(-1);
  if (rows <= columns) {
    rowOfColumn(cost, rows, columns).forEach((row, column) => {
      if (row >= 0) assigned[row] = column;
    });
  } else {
    const turned = Array.from({ length: columns }, (_, c) => cost.map((row) => row[c]));
    rowOfColumn(turned, columns, rows).forEach((column, row) => assigned[row] = column);
  }
  return assigned;
}

/** For each column the row that gets it, -1 for none; needs rows <= columns. */
function rowOfColumn(
  cost: readonly (readonly number[])[],
  rows: number,
  columns: number,
): Int32Array {
  const rowPrice = new Float64Array(rows);
  const columnPrice = new Float64Array(columns);
  const holder = new Int32Array(columns).fill(-1);
  for (let newRow = 0; newRow < rows; newRow++) {
    const length = new Float64Array(columns).fill(Infinity); // of the shortest chain to each column
    const previous = new Int32Array(columns).fill(-1); //       column before it on that chain
    const reached = new Uint8Array(columns);
    let row = newRow, column = -1, pathLength = 0;
    while (row >= 0) {
      let nearest = -1;
      for (let c = 0; c < columns; c++) {
        if (reached[c]) continue;
        const through = pathLength + cost[row][c] - rowPrice[row] - columnPrice[c];
        if (through < length[c]) {
          length[c] = through;
          previous[c] = column;
        }
        if (nearest < 0 || length[c] < length[nearest]) nearest = c;
      }
      column = nearest;
      pathLength = length[column];
      reached[column] = 1;
      row = holder[column]; // -1: a free column, the chain ends
    }
    // New prices: pairs along the chain become equal to their price, nothing falls below it.
    rowPrice[newRow] += pathLength;
    for (let c = 0; c < columns; c++) {
      if (!reached[c]) continue;
      columnPrice[c] -= pathLength - length[c];
      if (holder[c] >= 0) rowPrice[holder[c]] += pathLength - length[c];
    }
    // Everyone on the chain moves up by one; the new row takes its first column.
    for (; column >= 0; column = previous[column]) {
      holder[column] = previous[column] < 0 ? newRow : holder[previous[column]];
    }
  }
  return holder;
}

/** Rows and columns of a cost matrix, or an error that starts with `op`. */
export function costSizes(
  op: string,
  cost: readonly (readonly number[])[],
): { rows: number; columns: number } {
  const columns = cost.length === 0 ? 0 : cost[0].length;
  cost.forEach((row, r) => {
    if (row.length !== columns) {
      throw new ShapeError(
        `${op}: row ${r} has ${row.length} costs but row 0 has ${columns}\n` +
          "  help: a cost matrix has one cost for every row and column",
      );
    }
    for (let c = 0; c < columns; c++) {
      if (!Number.isFinite(row[c])) {
        throw new RangeError(`${op}: cost[${r}][${c}] is ${row[c]}, not a finite number`);
      }
    }
  });
  return { rows: cost.length, columns };
}
