/**
 * From the text of a shader to what the device runs, each made once per device and kept as long as that is open:
 *
 *     pipeline    by the shader's text: compiling takes up to a second
 *     layout      by the kinds of the bindings
 *     sizes       by their values: the small buffer that a kernel reads them from (kernel.ts)
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { GpuError } from "./errors.ts";
import type { BindingKind, Kernel, Shader } from "./kernel.ts";

/** A compiled shader. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** What it binds, in order. */
  readonly bindings: readonly BindingKind[];
}

const pipelines = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/**
 * The compiled form of a shader; the same text is compiled once per device.
 *
 * @throws {GpuError} If the shader does not compile; the message has the shader with line numbers.
 */
export function pipelineOf(
  { device }: Pick<Gpu, "device">,
  { title, code, bindings }: Shader,
): Promise<Pipeline> {
  const cache = pipelines.get(device) ?? new Map<string, Promise<Pipeline>>();
  pipelines.set(device, cache);
  const known = cache.get(code);
  if (known) return known;
  const layout = layoutOf(device, bindings);
  device.pushErrorScope("validation"); // read below if the pipeline fails
  const module = device.createShaderModule({ label: title, code });
  const scope = device.popErrorScope();
  const made = device.createComputePipelineAsync({
    label: title,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main" },
  }).then(
    (pipeline) => ({ pipeline, layout, bindings }),
    async (error) => {
      cache.delete(code);
      const reason = ((await scope)?.message ?? error.message).trim();
      const numbered = code.split("\n").map((line, i) => `${String(i + 1).padStart(4)}  ${line}`);
      throw new GpuError(`${title}: the shader was refused: ${reason}\n${numbered.join("\n")}`);
    },
  );
  cache.set(code, made);
  return made;
}

/** Those of the kernels, each text once, that {@linkcode pipelineOf} has not been asked for on this device. */
export function unseen({ device }: Gpu, kernels: readonly Kernel[]): Kernel[] {
  const cache = pipelines.get(device);
  const byText = new Map(kernels.map((kernel) => [kernel.code, kernel]));
  return [...byText.values()].filter(({ code }) => !cache?.has(code));
}

const layouts = new WeakMap<GPUDevice, Map<string, GPUBindGroupLayout>>();

/** The layout of such bindings, made by hand because "auto" drops unused inputs. */
function layoutOf(device: GPUDevice, kinds: readonly BindingKind[]): GPUBindGroupLayout {
  const cache = layouts.get(device) ?? new Map<string, GPUBindGroupLayout>();
  layouts.set(device, cache);
  const known = cache.get(kinds.join());
  if (known) return known;
  const made = device.createBindGroupLayout({
    entries: kinds.map((kind, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...(kind === "texture"
        ? { texture: { sampleType: "unfilterable-float" } }
        : { buffer: { type: kind === "read" ? "read-only-storage" : "storage" } }),
    })),
  });
  cache.set(kinds.join(), made);
  return made;
}

const sizeBuffers = new WeakMap<GPUDevice, Map<string, GPUBuffer>>();

/** The buffer from which a kernel reads its sizes; one for all kernels that read the same. */
export function sizesBuffer({ device }: Gpu, sizes: readonly number[]): GPUBuffer {
  const cache = sizeBuffers.get(device) ?? new Map<string, GPUBuffer>();
  sizeBuffers.set(device, cache);
  const key = sizes.join();
  const known = cache.get(key);
  if (known) return known;
  const buffer = device.createBuffer({
    label: `sizes ${key}`,
    size: 4 * sizes.length,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, new Uint32Array(sizes));
  cache.set(key, buffer);
  return buffer;
}
