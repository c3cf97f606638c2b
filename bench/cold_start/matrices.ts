/**
 * The numbers of the cold start: two matrices of 64 by 64, and their product's first number.
 *
 * @module
 */

/** Rows and columns. */
export const SIZE = 64;

/** The left matrix, row by row. */
export const A = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % 13) / 13);

/** The right matrix. */
export const B = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % 7) / 7);
