/**
 * Tensors show themselves: a notebook that ends a cell with a tensor computes it and shows its numbers as a picture, with
 * the numbers in brackets as the text form.
 *
 * @module
 */
import type { HostArray, TypedArray } from "../core/host_array.ts";
import { installPicture, type Tensor } from "../core/tensor.ts";
import type { MimeBundle } from "../display/jupyter.ts";
import { drawNumbers } from "../display/numbers.ts";

/** More numbers than this are not drawn; the text says what they are. */
const MOST_DRAWN = 2 ** 22;

installPicture(async (x) => {
  const { shape, data } = x.dtype === "i32" || x.dtype === "u32"
    ? await x.readIntegers()
    : await x.read();
  return bundleOf(x, { shape, data });
});

function bundleOf(x: Tensor, array: HostArray<TypedArray>): MimeBundle {
  const text = `${`${x}`.replace(/ \(.*\)$/, "")}\n${numbersText(array)}`;
  if (x.size === 0 || x.size > MOST_DRAWN || x.shape.length === 0) return { "text/plain": text };
  const numbers = { shape: array.shape, data: Float32Array.from(array.data) };
  return { "text/plain": text, "image/svg+xml": drawNumbers(numbers).toString() };
}

/** Of an axis longer than twice this, the text shows so many at both ends. */
const ENDS = 3;

/**
 * Numbers in nested brackets, as NumPy prints them; long axes are shown by their ends.
 *
 * @param array Any shape.
 */
export function numbersText({ shape, data }: HostArray<TypedArray>): string {
  const size = (axes: readonly number[]) => axes.reduce((product, length) => product * length, 1);
  const text = (axis: number, start: number): string => {
    if (axis === shape.length) return `${Number(data[start].toPrecision(4))}`;
    const inner = size(shape.slice(axis + 1));
    const places = Array.from({ length: shape[axis] }, (_, i) => i);
    const long = shape[axis] > 2 * ENDS;
    const part = (i: number) => text(axis + 1, start + i * inner);
    const parts = long
      ? [...places.slice(0, ENDS).map(part), "…", ...places.slice(-ENDS).map(part)]
      : places.map(part);
    const between = axis === shape.length - 1 ? ", " : `,\n${" ".repeat(axis + 1)}`;
    return `[${parts.join(between)}]`;
  };
  return text(0, 0);
}
