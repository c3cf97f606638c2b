/**
 * A first product with TensorFlow.js, for the cold start: prints its first number. Its core is enough for this, and
 * starts faster than the whole.
 *
 * @module
 */
import { TFJS } from "../peers.ts";
import { A, B, SIZE } from "./matrices.ts";

const tf = await import(TFJS.core);
await import(TFJS.backend);
await tf.setBackend("webgpu");
await tf.ready();
const [a, b] = [A, B].map((data) => tf.tensor(data, [SIZE, SIZE]));
console.log((await tf.matMul(a, b).data())[0]);
