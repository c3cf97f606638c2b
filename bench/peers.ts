/**
 * The libraries that ours is measured beside. Only programs in `bench/` load them, when they run, by names held here in
 * constants: so neither users nor the type check ever download them.
 *
 * @module
 */

/** jax-js. */
export const JAXJS = { version: "0.1.25", module: "npm:@jax-js/jax@0.1.25" } as const;

/** TensorFlow.js: the whole of it has gradients, its core has not; the backend registers itself. */
export const TFJS = {
  version: "4.22.0",
  module: "npm:@tensorflow/tfjs@4.22.0",
  core: "npm:@tensorflow/tfjs-core@4.22.0",
  backend: "npm:@tensorflow/tfjs-backend-webgpu@4.22.0",
} as const;
