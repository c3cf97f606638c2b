/**
 * What the module made of a notebook needs: cells are told apart in the output, and the last expression of a cell is shown
 * as the kernel would, in its text form. See notebook.ts.
 *
 * @module
 */
import { textOf } from "../jupyter/show.ts";
import { CELL_MARK } from "./notebook.ts";

/** Say that a cell begins. */
export function startCell(id: string): void {
  console.log(`${CELL_MARK}${id}`);
}

/** Show a cell's last expression. */
export async function showLast(value: unknown): Promise<void> {
  const result = await value;
  if (result === undefined) return;
  // The kernel does not ask functions how they want to be shown.
  console.log(typeof result === "function" ? Deno.inspect(result) : await textOf(result));
}
