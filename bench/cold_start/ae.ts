/**
 * A first product with this library's tensors, for the cold start: prints its first number. All of `mod.ts`, with its
 * networks, decoders and files, takes 30 ms more to load.
 *
 * @module
 */
import { hostArray, tensor } from "../../core/mod.ts";
import { matmul } from "../../ops/mod.ts";
import { A, B, SIZE } from "./matrices.ts";

const [a, b] = [A, B].map((data) => tensor(hostArray([SIZE, SIZE], data)));
console.log((await matmul(a, b).read()).data[0]);
