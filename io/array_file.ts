/**
 * Files of named arrays, whichever of three formats they are in.
 *
 * @module
 */
import { BinaryFile } from "./binary_file.ts";
import { openNpz } from "./npz.ts";
import { openSafetensors } from "./safetensors.ts";
import type { ArrayFile } from "./stored_array.ts";
import { isOldTorch, openTorchFile, stateDictOf } from "./torch_file.ts";
import { isZip, readZip } from "./zip_archive.ts";

/**
 * Open a file of PyTorch (its state dict, see {@linkcode stateDictOf}), NumPy (`.npz`) or safetensors. What it is, its
 * first bytes tell, not its name; what is neither of the others must be safetensors.
 *
 * @throws {InputError} If it cannot be read or is damaged; the message starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { openArrays } from "ae";
 *
 * for (const name of ["torch_legacy.pt", "torch_zip.pt"]) {
 *   using file = await openArrays(`tests/fixtures/io/${name}`);
 *   assert.deepEqual([...file.arrays.keys()], ["weight", "bias"]);
 * }
 * ```
 */
export async function openArrays(path: string): Promise<ArrayFile> {
  switch (await formatOf(path)) {
    case "torch": {
      const file = await openTorchFile(path);
      try {
        const close = () => file[Symbol.dispose]();
        return { arrays: stateDictOf(file.value, path), [Symbol.dispose]: close };
      } catch (error) {
        file[Symbol.dispose]();
        throw error;
      }
    }
    case "npz":
      return await openNpz(path);
    case "safetensors":
      return await openSafetensors(path);
  }
}

async function formatOf(path: string): Promise<"torch" | "npz" | "safetensors"> {
  using file = await BinaryFile.open(path);
  const first = await file.read(0, Math.min(4, file.length));
  if (isOldTorch(first)) return "torch";
  if (!isZip(first)) return "safetensors";
  const entries = await readZip(file);
  return [...entries.keys()].some((name) => name.endsWith(".npy")) ? "npz" : "torch";
}
