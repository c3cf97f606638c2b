/**
 * What a library must be able to do to take part in the benchmark. Everybody gets the same numbers,
 * images as N C H W and kernels as O C kH kW; who wants another layout changes it outside the timing.
 *
 * @module
 */
import type { HostArray } from "../mod.ts";
import type { NetworkData } from "./network.ts";

/** The names in the record of results. */
export type ContestantName = "ae" | "jaxjs" | "tfjs";

/** A work that is ready to be done, again and again. */
export interface Program {
  /** Have the device do it once; resolves when the work is queued. Results of the run before are given back. */
  run(): Promise<void>;
  /** Read one number of every result of the last run: when they are there, all that was queued is done. */
  finish(): Promise<number[]>;
  /** All numbers of the results of the last run. */
  results(): Promise<Float32Array[]>;
  /** Dispatches of a run, where the library tells. */
  dispatches?(): number;
  /** Give back what it holds. */
  dispose(): void;
}

/** Numbers for a 3x3 convolution with a row of zeros around the image. */
export interface ConvData {
  /** `[N, C, H, W]` */
  readonly x: HostArray;
  /** `[O, C, 3, 3]` */
  readonly w: HostArray;
  /** What the output is multiplied by before it is summed, `[N, O, H, W]`. */
  readonly g: HostArray;
}

/** A library that takes part. */
export interface Contestant {
  readonly name: ContestantName;
  /** For people, with the version. */
  readonly title: string;
  /** Result: a b. */
  matmul(a: HostArray, b: HostArray): Program;
  /** Result: y. */
  conv(data: ConvData): Program;
  /** Results: Σ y g, and its gradients with respect to x and to w. */
  convGradients(data: ConvData): Program;
  /** Result: the network's output. */
  forward(data: NetworkData): Program;
  /** One step of Adam in each run. Result: the loss before it; `finish` also reads a number of a new parameter. */
  train(data: NetworkData): Program;
  /** Result: max(factor x + offset, 0). */
  scaledRelu(x: HostArray, factor: number, offset: number): Program;
  /** Result: Σ x. */
  sum(x: HostArray): Program;
  /** x ← x + 1 on 16 numbers that are 0 at first, so many times, a call each. Result: x. */
  addsByCall(count: number): Program;
  /** The same so many times, compiled together; null where the library cannot compile. */
  addsTogether(count: number): Program | null;
}
