/**
 * Gives tensors their methods: `x.add(y)` is {@linkcode add}. Core must not import operations, so it only
 * declares which ones it needs and they are handed to it here, once, when `ops/mod.ts` is imported.
 *
 * @module
 */
import { installAlgebra } from "../core/tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { where } from "./compare.ts";
import { slice } from "./concat.ts";
import { exp, log, neg, sqrt, square } from "./elementary.ts";
import { full } from "./fill.ts";
import { permute } from "./permute.ts";
import { max, mean, sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

installAlgebra({
  add,
  sub,
  mul,
  div,
  neg,
  square,
  sqrt,
  exp,
  log,
  sum,
  mean,
  max,
  reshape,
  permute,
  slice,
  fill: full,
  cast,
  where,
});
