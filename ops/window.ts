/** Windows that slide over images: what the poolings share. @module */
import { shapeError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";

/** How windows lie on an image. */
export interface WindowOptions {
  /** Rows and columns of a window. @default {2} */
  readonly size?: number;
  /** How far apart windows lie. @default {size} */
  readonly stride?: number;
  /** Border around the image; at most half the size. @default {0} */
  readonly pad?: number;
}

/** The options with their defaults. */
export type Window = Required<WindowOptions>;

/**
 * The options with their defaults filled in.
 *
 * @throws {RangeError} If one is not a whole number in its range.
 */
export function checkWindow(op: string, options: WindowOptions): Window {
  const size = options.size ?? 2;
  const stride = options.stride ?? size;
  const pad = options.pad ?? 0;
  const isCount = (value: number, least: number) => Number.isInteger(value) && value >= least;
  if (!isCount(size, 1) || !isCount(stride, 1) || !isCount(pad, 0) || 2 * pad > size) {
    throw new RangeError(
      `${op}: size and stride must be whole numbers from 1 and pad one from 0 to half the size, ` +
        `not size ${size}, stride ${stride}, pad ${pad}`,
    );
  }
  return { size, stride, pad };
}

/**
 * `[N, C, H, W]` to one number per window.
 *
 * @throws {ShapeError} If there are not four axes, or no window fits.
 */
export function pooledShape(op: string, x: Shape, { size, stride, pad }: Window): Shape {
  if (x.length !== 4) {
    throw shapeError(op, `x must have 4 axes, not ${x.length}`, { x: [x, "N C H W"] });
  }
  const [n, c, height, width] = x;
  const count = (length: number) => Math.floor((length + 2 * pad - size) / stride) + 1;
  if (count(height) < 1 || count(width) < 1) {
    throw shapeError(op, `a window of ${size} x ${size} is larger than the image`, {
      x: [x, "N C H W"],
    });
  }
  return [n, c, count(height), count(width)];
}
