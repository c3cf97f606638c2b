/**
 * A clock on the device: one compute pass for each dispatch, with a timestamp at both ends. Where something is copied
 * for a dispatch, that is timed with it.
 *
 * @module
 */
import { throwFailure } from "./confirm.ts";
import type { Gpu } from "./device.ts";
import { GpuError } from "./errors.ts";
import type { Dispatch } from "./run.ts";
import { encodeTexelCopy } from "./texels.ts";

const BYTES = 8; // a timestamp is a 64-bit number of nanoseconds
/** WebGPU's limit of queries in a set. */
const MOST = 4096;

/** Timestamps around a list of dispatches. */
export class TimestampQueries {
  readonly #gpu: Gpu;
  readonly #sets: readonly GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  readonly #count: number;

  /** Room for `count` dispatches. */
  constructor(gpu: Gpu, count: number) {
    if (!gpu.timestamps) {
      throw new GpuError(`profile: ${gpu.name} cannot tell times (no timestamp-query)`);
    }
    this.#gpu = gpu;
    this.#count = count;
    // No more queries than will be written: a driver may wait for ever for one that is not.
    this.#sets = Array.from(
      { length: Math.ceil(2 * count / MOST) },
      (_, n) =>
        gpu.device.createQuerySet({
          type: "timestamp",
          count: Math.min(MOST, 2 * count - n * MOST),
        }),
    );
    const size = Math.max(1, this.#sets.length) * MOST * BYTES;
    const usage = GPUBufferUsage;
    this.#resolved = gpu.device.createBuffer({ size, usage: usage.QUERY_RESOLVE | usage.COPY_SRC });
    this.#staging = gpu.device.createBuffer({ size, usage: usage.MAP_READ | usage.COPY_DST });
  }

  /** Encode the dispatches, each between two timestamps, and the copy of the times. */
  encode(encoder: GPUCommandEncoder, dispatches: readonly Dispatch[]): void {
    dispatches.forEach(({ pipeline, bindGroup, workgroups, copies }, i) => {
      const querySet = this.#sets[Math.floor(2 * i / MOST)];
      const begin = { beginningOfPassWriteIndex: 2 * i % MOST };
      const end = { endOfPassWriteIndex: 2 * i % MOST + 1 };
      if (copies.length > 0) {
        encoder.beginComputePass({ timestampWrites: { querySet, ...begin } }).end();
        for (const copy of copies) encodeTexelCopy(encoder, copy);
      }
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, ...(copies.length > 0 ? {} : begin), ...end },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    });
    this.#sets.forEach((set, n) => {
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, n * MOST * BYTES);
    });
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#staging.size);
  }

  /** Milliseconds of each dispatch, once the encoded commands were submitted. */
  async read(): Promise<number[]> {
    let ticks: BigUint64Array;
    try {
      await this.#staging.mapAsync(GPUMapMode.READ);
      ticks = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    } catch (error) {
      throwFailure(this.#gpu);
      throw new GpuError(`profile: reading the times failed: ${(error as Error).message}`);
    } finally {
      this.#staging.destroy();
      this.#resolved.destroy();
      for (const set of this.#sets) set.destroy();
    }
    throwFailure(this.#gpu);
    return Array.from(
      { length: this.#count },
      (_, i) => Number(ticks[2 * i + 1] - ticks[2 * i]) / 1e6,
    );
  }
}
