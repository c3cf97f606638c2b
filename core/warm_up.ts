/**
 * Compiling on both hands. A software driver (Mesa's llvmpipe) turns a shader into machine code only when it is first
 * dispatched, one after the other: ten seconds for a training step, while the other cores wait. It also keeps what it
 * compiled in a cache on disk. So the shaders of a plan are shared out between the device and one that a worker opens
 * (two devices of one thread would wait for each other): each dispatches its share with no workgroups at all, and what
 * the worker's compiled the first one then finds in the cache.
 *
 * Nothing depends on it: where a worker or the cache is not to be had, the first dispatch compiles as before.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import type { Kernel, Shader } from "./kernel.ts";
import { type Pipeline, pipelineOf } from "./pipeline.ts";
import { makeTexture } from "./texels.ts";

/** For fewer shaders a worker is not worth starting. */
const FEW = 16;
/** Bytes of a stand-in for a kernel's buffers; nothing is read or written. */
const STAND_IN = 256;

/** Have the driver compile kernels that it has not seen. */
export async function warmUp(gpu: Gpu, kernels: readonly Kernel[]): Promise<void> {
  if (!gpu.software || kernels.length < FEW) return;
  const shares: Kernel[][] = [[], []];
  const lengths = [0, 0];
  for (const kernel of kernels.toSorted((a, b) => b.code.length - a.code.length)) {
    const lighter = lengths[0] <= lengths[1] ? 0 : 1;
    shares[lighter].push(kernel);
    lengths[lighter] += kernel.code.length; // long shaders take long
  }
  const [own, others] = shares;
  const helping = compileInWorker(
    others.map(({ title, code, bindings }) => ({ title, code, bindings })),
  );
  const pipelines = await Promise.all(own.map((kernel) => pipelineOf(gpu, kernel)));
  await dispatchNothing(gpu.device, pipelines);
  await helping;
}

/** Resolves when the worker has compiled them, or cannot. */
function compileInWorker(shaders: readonly Shader[]): Promise<void> {
  return new Promise((resolve) => {
    let worker: Worker | undefined;
    const end = () => {
      worker?.terminate();
      resolve();
    };
    try {
      worker = new Worker(new URL("./warm_up_worker.ts", import.meta.url), {
        type: "module",
      });
    } catch {
      return end(); // not permitted
    }
    worker.onerror = (event) => {
      event.preventDefault(); // not permitted, or no second device
      end();
    };
    worker.onmessage = end;
    worker.postMessage(shaders);
  });
}

/** Dispatch pipelines with no workgroups: the driver compiles them and computes nothing. */
export async function dispatchNothing(
  device: GPUDevice,
  pipelines: readonly Pipeline[],
): Promise<void> {
  const buffers: GPUBuffer[] = [];
  const texture = makeTexture(device, "warm-up", 1);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { pipeline, layout, bindings } of pipelines) {
    while (buffers.length < bindings.length) {
      buffers.push(device.createBuffer({ size: STAND_IN, usage: GPUBufferUsage.STORAGE }));
    }
    const entries = bindings.map((kind, binding) => ({
      binding,
      resource: kind === "texture" ? texture.createView() : { buffer: buffers[binding] },
    }));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(0);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  for (const buffer of buffers) buffer.destroy();
  texture.destroy();
}
