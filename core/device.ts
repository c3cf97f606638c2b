/**
 * The one WebGPU device: found on first use, asked for all the memory and features the adapter offers,
 * and watched. An error that WebGPU reports on the side (validation, out of memory, a lost device) is
 * kept here and thrown at the next await of a result; WebGPU itself would print nothing and go on.
 *
 * @module
 */
import { GpuError } from "./errors.ts";
import { loadChoices } from "./tune.ts";

/** What the rest of `core/` needs of the device. */
export interface Gpu {
  readonly device: GPUDevice;
  /** The adapter's name, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  /** True where tensors of type f16 can be used in shaders. */
  readonly f16: boolean;
  /** True where kernels can be timed on the device. */
  readonly timestamps: boolean;
  /** True where shaders run on the processor, which has other costs than a graphics card. */
  readonly software: boolean;
  /** Throw the first error reported since the last call. */
  check(): void;
}

/** The adapter in words and numbers, for logs and reports. */
export interface AdapterInfo {
  /** The adapter's name, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  /** True where tensors of type f16 can be used. */
  readonly f16: boolean;
  /** True where kernels can be timed on the device. */
  readonly timestamps: boolean;
  /** Bytes of the largest tensor that one kernel can read or write. */
  readonly largestTensorBytes: number;
}

const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBuffersPerShaderStage",
] as const;

let opening: Promise<Gpu> | undefined;
let opened: Gpu | undefined;

/** The device, opened on the first call. */
export function openGpu(): Promise<Gpu> {
  return opening ??= open().catch((error) => {
    opening = undefined; // so that a driver installed meanwhile is found
    throw error;
  });
}

/** The device if it is open already: for work that must happen before the first await. */
export function openedGpu(): Gpu | undefined {
  return opened;
}

/**
 * The WebGPU adapter that tensors live on; opens the device if nothing has yet.
 *
 * @throws {GpuError} If the machine has no adapter; the message says how to get a software one.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { adapterInfo } from "ae";
 *
 * const { name, largestTensorBytes } = await adapterInfo();
 * assert.ok(name.length > 0 && largestTensorBytes >= 2 ** 27);
 * ```
 */
export async function adapterInfo(): Promise<AdapterInfo> {
  const { name, f16, timestamps, device } = await openGpu();
  const largestTensorBytes = device.limits.maxStorageBufferBindingSize;
  return { name, f16, timestamps, largestTensorBytes };
}

/**
 * A device of the machine's adapter with all the memory and features that the library uses.
 *
 * @param beforehand What to do with the adapter while there is no device to lose yet.
 */
export async function requestDevice(
  label: string,
  beforehand: (adapter: GPUAdapter) => Promise<void> = async () => {},
): Promise<{ readonly adapter: GPUAdapter; readonly device: GPUDevice }> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new GpuError(
      "no WebGPU adapter was found\n" +
        "  help: install a Vulkan driver; on Debian or Ubuntu " +
        "`apt-get install -y --no-install-recommends mesa-vulkan-drivers` gives a software one",
    );
  }
  await beforehand(adapter);
  const features = (["shader-f16", "timestamp-query"] as const)
    .filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({
    label,
    requiredFeatures: features,
    requiredLimits: Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  return { adapter, device };
}

function nameOf({ info: { description, vendor, device } }: GPUAdapter): string {
  return description || [vendor, device].filter(Boolean).join(" ") || "unnamed adapter";
}

async function open(): Promise<Gpu> {
  // Choices first: AE_TUNE may be misspelt.
  const { adapter, device } = await requestDevice("ae", (it) => loadChoices(nameOf(it)));
  const { description, isFallbackAdapter } = adapter.info;

  let failure: GpuError | undefined;
  device.addEventListener("uncapturederror", (event) => {
    failure ??= new GpuError((event as GPUUncapturedErrorEvent).error.message);
  });
  device.lost.then(({ reason, message }) => {
    failure = new GpuError(
      `the device was lost (${reason || "unknown"}): ${message || "no message"}\n` +
        "  help: tensors on it are gone; start the program again from its last checkpoint",
    );
    opened = opening = undefined;
  });
  return opened = {
    device,
    name: nameOf(adapter),
    f16: device.features.has("shader-f16"),
    timestamps: device.features.has("timestamp-query"),
    software: isFallbackAdapter || /llvmpipe|swiftshader/i.test(description),
    check() {
      if (!failure) return;
      const thrown = failure;
      if (opened?.device === device) failure = undefined; // a lost device stays lost
      throw thrown;
    },
  };
}
