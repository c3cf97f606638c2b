/**
 * A first product with jax-js, for the cold start: prints its first number.
 *
 * @module
 */
import { JAXJS } from "../peers.ts";
import { A, B, SIZE } from "./matrices.ts";

const { init, defaultDevice, numpy } = await import(JAXJS.module);
await init("webgpu");
defaultDevice("webgpu");
const [a, b] = [A, B].map((data) => numpy.array(data).reshape([SIZE, SIZE]));
console.log((await numpy.matmul(a, b).data())[0]);
