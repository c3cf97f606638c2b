/**
 * A first product with this library, for the cold start: prints its first number.
 *
 * @module
 */
import { hostArray, matmul, tensor } from "../../mod.ts";
import { A, B, SIZE } from "./matrices.ts";

const [a, b] = [A, B].map((data) => tensor(hostArray([SIZE, SIZE], data)));
console.log((await matmul(a, b).read()).data[0]);
