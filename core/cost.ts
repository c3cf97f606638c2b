/**
 * What things cost on the software adapter, nanoseconds for eight lanes of one core (AMD EPYC with AVX-512, two
 * cores, llvmpipe of Mesa 22.3.6, 2026-11): kernels choose their blocks by what they would take. A real GPU has other
 * costs, but there too the block that loads least for its arithmetic is a good one.
 *
 * @module
 */

/** The prices. */
export const COST = {
  /** One number from a storage buffer. */
  scalar: 13,
  /** Four neighbours from a storage buffer. */
  vector: 23,
  /** Four neighbours from a texture: a texel. */
  texel: 11,
  /** A number copied to a texture, by one core for all (0.5 beyond 16 MB). */
  copied: 0.25,
  /** A multiply-add in registers. */
  multiplyAdd: 0.3,
  /** A variable carried from one round of a loop to the next: written under the mask of active lanes. */
  carried: 1.4,
  /** Invocations that run at a time. */
  abreast: 16,
} as const;
