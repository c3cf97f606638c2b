/**
 * What the adapter can do at best, by kernels that do nothing else, on a device of their own:
 *
 *     multiply-add   chains of fma in registers; nothing is loaded inside the loop
 *     copy           one buffer to another, vec4f by vec4f
 *     dispatch       one workgroup that adds 1, many times in one pass
 *     readback       one number, copied to a buffer that is mapped
 *
 * Of multiply-add and copy several forms are measured and the fastest counts, since none is best everywhere: Mesa's
 * software driver, for one, is slow as soon as the chains need more registers than the processor has.
 *
 * @module
 */
import { GpuError } from "../mod.ts";

/** What was measured. */
export interface Ceilings {
  /** Billions of floating-point operations a second; a multiply-add is two. */
  readonly multiplyAddGflops: number;
  /** Billions of bytes a second, read and written. */
  readonly copyGBs: number;
  /** One more dispatch in a pass. */
  readonly dispatchMs: number;
  /** Bringing one number to main memory. */
  readonly readbackMs: number;
}

const ROUNDS = 4;
const LEAST_ROUND_MS = 200; // beside which a readback is small
const WORKGROUP = 64;

const INVOCATIONS = 2 ** 17; // fills a large card
const LOOPS = 128;

/** Chains that do not depend on each other, and how often the body of the loop is written out. */
const CHAINS = [
  { count: 8, type: "vec4f", unrolled: 4 },
  { count: 8, type: "vec4f", unrolled: 16 },
  { count: 3, type: "vec4f", unrolled: 4 },
  { count: 12, type: "f32", unrolled: 16 },
] as const;

const COPY_BYTES = 2 ** 26;
/** How many vectors an invocation copies. */
const COPIED_AT_ONCE = [1, 4];

/**
 * Measure the adapter.
 *
 * @throws {GpuError} If there is none.
 */
export async function measureCeilings(): Promise<Ceilings> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new GpuError("no WebGPU adapter was found");
  const device = await adapter.requestDevice({ label: "ceilings" });
  try {
    return {
      multiplyAddGflops: await multiplyAddGflops(device),
      copyGBs: await copyGBs(device),
      dispatchMs: await dispatchMs(device),
      readbackMs: await leastMs(device),
    };
  } finally {
    device.destroy();
  }
}

async function multiplyAddGflops(device: GPUDevice): Promise<number> {
  const numbers = makeBuffer(device, 16 * INVOCATIONS);
  const first = new Float32Array(4 * INVOCATIONS).map((_, i) => 0.3 + 0.05 * (i % 7));
  device.queue.writeBuffer(numbers, 0, first); // x -> m x + c stays finite and leaves no denormal numbers
  let best = 0;
  for (const chains of CHAINS) {
    const lanes = chains.type === "f32" ? 1 : 4;
    const flops = 2 * chains.count * lanes * chains.unrolled * LOOPS * INVOCATIONS;
    const kernel = await makeKernel(device, chainShader(chains), [numbers]);
    const ms = await msOf(device, kernel, [INVOCATIONS / WORKGROUP, 1]);
    best = Math.max(best, flops / ms / 1e6);
  }
  return best;
}

function chainShader({ count, type, unrolled }: typeof CHAINS[number]): string {
  const names = Array.from({ length: count }, (_, i) => `x${i}`);
  const part = type === "f32" ? ".x" : "";
  const body = names.map((x) => `    ${x} = fma(${x}, m, c);`).join("\n");
  return `
@group(0) @binding(0) var<storage, read_write> numbers: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = numbers[id.x];
  let m = first${part};
  let c = first.wzyx${part};
${names.map((x, i) => `  var ${x} = m + ${i}.0;`).join("\n")}
  for (var i = 0u; i < ${LOOPS}u; i++) {
${Array(unrolled).fill(body).join("\n")}
  }
  numbers[id.x] = min(vec4f(${names.join(" + ")}), first); // stored: it cannot be left out
}`;
}

async function copyGBs(device: GPUDevice): Promise<number> {
  const buffers = [makeBuffer(device, COPY_BYTES), makeBuffer(device, COPY_BYTES)];
  let best = 0;
  for (const atOnce of COPIED_AT_ONCE) {
    const columns = 256; // of workgroups: one axis alone may not have more than 65,535
    const rows = COPY_BYTES / 16 / atOnce / WORKGROUP / columns;
    const kernel = await makeKernel(device, copyShader(atOnce, columns * WORKGROUP), buffers);
    best = Math.max(best, 2 * COPY_BYTES / await msOf(device, kernel, [columns, rows]) / 1e6);
  }
  return best;
}

function copyShader(atOnce: number, width: number): string {
  return `
@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = (id.y * ${width}u + id.x) * ${atOnce}u;
${Array.from({ length: atOnce }, (_, i) => `  y[first + ${i}u] = x[first + ${i}u];`).join("\n")}
}`;
}

async function dispatchMs(device: GPUDevice): Promise<number> {
  const shader = `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] += 1.0; }`;
  const kernel = await makeKernel(device, shader, [makeBuffer(device, 64)]);
  return msOf(device, kernel, [1, 1]);
}

interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

function makeBuffer(device: GPUDevice, size: number): GPUBuffer {
  return device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
}

async function makeKernel(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
): Promise<Kernel> {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const layout = pipeline.getBindGroupLayout(0);
  return { pipeline, bindGroup: device.createBindGroup({ layout, entries }) };
}

/** Milliseconds of one dispatch, from as many in one pass as take a while. */
async function msOf(
  device: GPUDevice,
  kernel: Kernel,
  workgroups: readonly [number, number],
): Promise<number> {
  let times = 1;
  const encode = (encoder: GPUCommandEncoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(kernel.pipeline);
    pass.setBindGroup(0, kernel.bindGroup);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...workgroups);
    pass.end();
  };
  await roundMs(device, encode); // compiles the shader
  for (let ms = 0; ms < LEAST_ROUND_MS;) {
    ms = await roundMs(device, encode);
    if (ms < LEAST_ROUND_MS) times = Math.ceil(1.2 * times * LEAST_ROUND_MS / ms);
  }
  return await leastMs(device, encode) / times;
}

/** The least of several rounds. */
async function leastMs(
  device: GPUDevice,
  encode?: (encoder: GPUCommandEncoder) => void,
): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < ROUNDS; i++) least = Math.min(least, await roundMs(device, encode));
  return least;
}

/** Milliseconds until what `encode` encodes and the readback of a number are done. */
async function roundMs(
  device: GPUDevice,
  encode: (encoder: GPUCommandEncoder) => void = () => {},
): Promise<number> {
  const number = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC });
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: 4, usage });
  const start = performance.now();
  const encoder = device.createCommandEncoder();
  encode(encoder);
  encoder.copyBufferToBuffer(number, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const ms = performance.now() - start;
  for (const buffer of [number, staging]) buffer.destroy();
  return ms;
}
