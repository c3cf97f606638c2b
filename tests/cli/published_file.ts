/**
 * Files as the authors of HigherHRNet and EfficientHRNet publish them, with numbers drawn at random.
 *
 * @module
 */
import {
  disposeModel,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  HigherHrNet,
  type HigherHrNetOptions,
  type SafetensorsArray,
  sizeOf,
} from "ae";
import { authorsTensors as efficientTensors } from "../models/efficient_hrnet_names.ts";
import { authorsTensors as higherTensors } from "../models/higher_hrnet_names.ts";
import { lehmer, referenceState } from "../models/two_resolutions.ts";

/** A HigherHRNet with every kind of part, small enough for a test. */
export const SMALL = { width: 4, modules: [1, 1, 1] } as const;

/** The tensors of a HigherHRNet that was trained with 16-bit floats. */
export function higherHrNetFile(
  options: HigherHrNetOptions & { readonly width: number } = SMALL,
): Record<string, SafetensorsArray> {
  // Its maps of drawn numbers go to a hundred, where a network counts as diverged.
  return drawn("1.", higherTensors(options), new HigherHrNet(options), 0.02);
}

/** The tensors of an EfficientHRNet H-4, of a checkpoint. */
export function efficientHrNetFile(): Record<string, SafetensorsArray> {
  const { options } = EFFICIENT_HRNETS["H-4"];
  return drawn("module.", efficientTensors("H-4"), new EfficientHrNet(options));
}

function drawn(
  prefix: string,
  shapes: ReturnType<typeof higherTensors>,
  model: object,
  headScale = 1,
): Record<string, SafetensorsArray> {
  const scaleOf = (path: string) => path.startsWith("final_layers.") ? headScale : 1;
  const numbers = referenceState(model, lehmer());
  disposeModel(model);
  return Object.fromEntries(
    [...shapes].map(([path, shape]) => [
      prefix + path,
      path.endsWith(".num_batches_tracked")
        ? { shape, data: new BigInt64Array(sizeOf(shape)) }
        : { shape, data: numbers[path].data.map((value) => scaleOf(path) * value) },
    ]),
  );
}
