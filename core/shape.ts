/**
 * Arithmetic on shapes: broadcasting, axes, strides. Shapes are concrete and row-major; a tensor's
 * numbers are always contiguous.
 *
 * @module
 */
import { shapeError } from "./errors.ts";
import type { Shape } from "./host_array.ts";

/** True when both shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** How many numbers apart two neighbours along each axis lie: `[2, 3, 4]` has strides `[12, 4, 1]`. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  }
  return strides;
}

/**
 * The shape of an element-by-element result, by NumPy's rule: axes are lined up from the right, and a
 * size of 1 (or a missing axis) is repeated.
 *
 * @throws {ShapeError} If two sizes differ and neither is 1.
 */
export function broadcastShape(op: string, named: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.values(named);
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let length = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === length) continue;
      if (length !== 1) {
        throw shapeError(
          op,
          `sizes ${length} and ${own} do not go together on axis ${axis - rank} (from the right)`,
          Object.fromEntries(Object.entries(named).map(([name, s]) => [name, [s, ""]])),
          "sizes must be equal, or one of them 1",
        );
      }
      length = own;
    }
    return length;
  });
}

/**
 * Axes as whole numbers from 0: negative ones count from the end; sorted, each once.
 *
 * @throws {RangeError} If an axis is not one of the shape's, or named twice.
 * @throws {TypeError} If they are no list: notebooks do not check types.
 */
export function normaliseAxes(op: string, axes: readonly number[], shape: Shape): number[] {
  const rank = shape.length;
  if (!Array.isArray(axes)) throw new TypeError(`${op}: axes are a list, as [0, 1], not ${axes}`);
  const normal = axes.map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new RangeError(
        `${op}: axis ${axis} does not exist in shape [${shape.join(", ")}]` +
          (rank ? `; axes are ${-rank} to ${rank - 1}` : "; it has no axes"),
      );
    }
    return axis < 0 ? axis + rank : axis;
  }).sort((a, b) => a - b);
  const twice = normal.find((axis, i) => i > 0 && axis === normal[i - 1]);
  if (twice !== undefined) throw new RangeError(`${op}: axis ${twice} is named twice`);
  return normal;
}

/** The shape with the given (normal) axes removed, or kept with size 1. */
export function reducedShape(shape: Shape, axes: readonly number[], keepAxes: boolean): Shape {
  if (keepAxes) return shape.map((length, axis) => axes.includes(axis) ? 1 : length);
  return shape.filter((_, axis) => !axes.includes(axis));
}

/**
 * See that an option of whoever is a whole number. A pair, as other libraries take one for rows and columns, is told
 * that there is one number for both.
 *
 * @throws {RangeError} If it is none, or less than `least`.
 */
export function checkWhole(of: string, name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  const given: unknown = value; // in JavaScript it may be anything
  throw new RangeError(
    `${of}: ${name} must be a whole number, ${least} or more, not ` +
      (Array.isArray(given)
        ? `[${given.join(", ")}]\n  help: give one number, for rows and columns alike`
        : given),
  );
}
