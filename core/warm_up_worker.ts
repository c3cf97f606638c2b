/**
 * The worker of warm_up.ts, which has its driver compile shaders so that they are in the driver's cache; and how that
 * is done, for both.
 *
 * @module
 */

/** Bytes of a stand-in for a kernel's buffers; nothing is read or written. */
const STAND_IN = 256;

/** Dispatch pipelines with no workgroups: the driver compiles them and computes nothing. */
export async function dispatchNothing(
  device: GPUDevice,
  pipelines: readonly {
    readonly pipeline: GPUComputePipeline;
    readonly layout: GPUBindGroupLayout;
    readonly bindings: number;
  }[],
): Promise<void> {
  const buffers: GPUBuffer[] = [];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { pipeline, layout, bindings } of pipelines) {
    while (buffers.length < bindings) {
      buffers.push(device.createBuffer({ size: STAND_IN, usage: GPUBufferUsage.STORAGE }));
    }
    const entries = buffers.slice(0, bindings)
      .map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(0);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  for (const buffer of buffers) buffer.destroy();
}

/** Compile shaders on a device of this thread. */
async function compileAll(codes: readonly string[]): Promise<void> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return;
  const limits = [
    "maxStorageBuffersPerShaderStage",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
    "maxComputeWorkgroupStorageSize",
  ] as const;
  const device = await adapter.requestDevice({
    label: "ae warm-up",
    requiredFeatures: adapter.features.has("shader-f16") ? ["shader-f16"] : [],
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
  });
  const pipelines = await Promise.all(codes.map(async (code) => {
    const module = device.createShaderModule({ code });
    const pipeline = await device.createComputePipelineAsync({
      layout: layoutFor(device, code),
      compute: { module, entryPoint: "main" },
    });
    const bindings = accessOf(code).length;
    return { pipeline, layout: pipeline.getBindGroupLayout(0), bindings };
  }));
  await dispatchNothing(device, pipelines);
  device.destroy();
}

function accessOf(code: string): string[] {
  return [...code.matchAll(/^@group.*var<storage, (\w+)>/gm)].map(([, access]) => access);
}

/** The layout that kernel.ts makes: it decides what the driver compiles. */
function layoutFor(device: GPUDevice, code: string): GPUPipelineLayout {
  const entries = accessOf(code).map((access, binding): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  return device.createPipelineLayout({
    bindGroupLayouts: [device.createBindGroupLayout({ entries })],
  });
}

const scope = globalThis as unknown as {
  readonly window?: unknown;
  readonly document?: unknown;
  onmessage: (event: { readonly data: unknown }) => void;
  postMessage?: (message: string) => void;
};

// Only in a worker of warm_up.ts: it sends texts, and other workers that load this library have messages of their own.
if (
  typeof scope.postMessage === "function" && new URL(import.meta.url).searchParams.has("worker")
) {
  scope.onmessage = async ({ data }) => {
    await compileAll(data as readonly string[]).catch(() => {}); // the first dispatches compile
    scope.postMessage!("done");
  };
}
