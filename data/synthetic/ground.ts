/**
 * How large people are and where on the picture they stand.
 *
 * @module
 */

/** Standing heights in scene units (1: the picture's shorter side) by the number of people. */
export function heightRange(count: number): readonly [smallest: number, largest: number] {
  if (count <= 1) return [0.6, 1.15];
  if (count === 2) return [0.5, 1];
  if (count === 3) return [0.45, 0.85];
  const smaller = Math.sqrt(4 / count);
  return [0.4 * smaller, 0.75 * smaller];
}

/**
 * How people stand to the ground. With the camera `camera` standing heights above a level floor, somebody
 * who looks `size` high has his feet at `nearest - camera (largest - size)`: smaller is farther is higher up.
 */
export interface Ground {
  readonly level: boolean;
  readonly camera: number;
  /** Where the feet of the largest person are. */
  readonly nearest: number;
  readonly largest: number;
}

/** How far down the feet of somebody are who looks `size` high. */
export function feetOf({ nearest, camera, largest }: Ground, size: number): number {
  return nearest - camera * (largest - size);
}
