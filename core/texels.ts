/**
 * Buffers that a shader reads as textures.
 *
 * On the software adapter (Mesa's llvmpipe) a load from a storage buffer goes through its eight lanes one by one; a
 * texel, four numbers, is loaded by all of them at once, in half the time and less beside others (docs/kernels.md). So
 * a kernel that loads the same numbers many times can ask for a copy of an input in a texture:
 *
 *     buffer     0 1 2 3 │ 4 5 6 7 │ …                       copied right before the dispatch
 *     texture    texel 0   texel 1   …   texel 1023          lines of 1,024 texels, so that there is one form for
 *                texel 1024          …                       all shapes and a texel is found by its number
 *
 * @module
 */
import { openedGpu } from "./device.ts";
import { bytesPerNumber } from "./dtype.ts";
import { sizeOf } from "./host_array.ts";
import type { TensorType } from "./op.ts";

/** Texels of a line; a tensor's last line is mostly not full, so they are not as long as WebGPU would allow. */
export const TEXELS_ACROSS = 1024;
/** Four f32. */
const BYTES_PER_TEXEL = 16;
/** Of a texture. */
export const BYTES_PER_LINE = TEXELS_ACROSS * BYTES_PER_TEXEL;

/** WGSL of a texel by its number; stands in every shader that reads a texture. */
export const TEXEL_FUNCTION = `fn texel(x: texture_2d<f32>, i: u32) -> vec4f {
  return textureLoad(x, vec2u(i % ${TEXELS_ACROSS}u, i / ${TEXELS_ACROSS}u), 0);
}`;

/**
 * Lines of a texture for so many bytes: a power of two, since the software adapter compiles a shader once more for
 * textures that are none.
 */
export function linesOf(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, bytes / BYTES_PER_LINE)));
}

/** A texture of so many lines. */
export function makeTexture(device: GPUDevice, label: string, lines: number): GPUTexture {
  return device.createTexture({
    label,
    size: [TEXELS_ACROSS, lines],
    format: "rgba32float",
    usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST,
  });
}

/** Bytes of a tensor's numbers. */
export function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerNumber(dtype);
}

/** Whether a kernel can read a tensor as a texture of the open device. */
export function fitsTexture(x: TensorType): boolean {
  const most = openedGpu()?.device.limits.maxTextureDimension2D ?? 8192;
  const bytes = bytesOf(x);
  return x.dtype === "f32" && bytes % BYTES_PER_TEXEL === 0 && linesOf(bytes) <= most;
}

/** What must be copied before a dispatch: the first `bytes` of a buffer. */
export interface TexelCopy {
  readonly from: GPUBuffer;
  readonly to: GPUTexture;
  readonly bytes: number;
}

/** Encode a copy: whole lines, and what is left of the last one. */
export function encodeTexelCopy(encoder: GPUCommandEncoder, { from, to, bytes }: TexelCopy): void {
  const whole = Math.floor(bytes / BYTES_PER_LINE);
  const rest = bytes % BYTES_PER_LINE / BYTES_PER_TEXEL;
  const source = { buffer: from, bytesPerRow: BYTES_PER_LINE };
  if (whole > 0) {
    encoder.copyBufferToTexture(source, { texture: to }, [TEXELS_ACROSS, whole]);
  }
  if (rest > 0) {
    encoder.copyBufferToTexture(
      { ...source, offset: whole * BYTES_PER_LINE },
      { texture: to, origin: [0, whole] },
      [rest, 1],
    );
  }
}
