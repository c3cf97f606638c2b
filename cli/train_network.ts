/**
 * The network that `train` begins with: a new one, or what another has learnt.
 *
 * @module
 */
import { adapterInfo, COCO, InputError } from "../mod.ts";
import { checkSameKeypoints, sameKeypoints } from "./datasets.ts";
import type { Values } from "./options.ts";
import type { Recipe } from "./recipe.ts";
import { PRECISIONS } from "./train_options.ts";
import type { Subject } from "./train_subject.ts";
import { computing, forInstances, withoutTags } from "./transfer.ts";
import {
  checkSize,
  type Decoding,
  type LoadedNetwork,
  loadModel,
  makeInstanceModel,
  makeModel,
} from "./weights.ts";

/** Images of a batch that take more bytes fit no device beside what a network makes of them. */
const MOST_BATCH_BYTES = 2 ** 32;

/**
 * The network of `--weights`, or a new one of `--preset`, for images and with a decoding as the options say.
 *
 * @throws {InputError} If its keypoints are not those that it is to learn, or the options do not suit it.
 */
export async function networkOf(
  values: Values,
  { decoding, secondLook }: Recipe,
  { file, classes }: Subject,
): Promise<LoadedNetwork> {
  const isSingle = values.flag("single-person");
  const start = values.text("weights");
  const as = values.text("preset");
  const seed = values.number("seed")!;
  const how = {
    ...(values.flag("recompute") ? { recompute: true } : {}),
    ...(values.isGiven("precision") ? { precision: await precisionOf(values) } : {}),
  };
  const made = { seed, ...how, ...(isSingle ? { tagDimensions: 0 } : {}) };
  const given = start !== undefined
    ? await computing(await loadModel(start, as), how)
    : classes
    ? makeInstanceModel(as ?? "segment", classes, made)
    : makeModel(as ?? "demo", made, {}, file?.skeleton);
  if (given.classes && !classes) {
    throw new InputError(`--weights ${start}: are for --instances: they find no keypoints`);
  }
  if (!isSingle && given.model.options.tagDimensions === 0) {
    throw new InputError(`--weights ${start}: are for --single-person: they have no tags`);
  }
  const loaded = isSingle
    ? await withoutTags(given)
    : classes
    ? await forInstances(given, classes, { seed })
    : given;
  const { model, skeleton } = loaded;
  if (file) checkSameKeypoints(skeleton, file);
  else if (!classes && !sameKeypoints(skeleton, COCO)) {
    throw new InputError(`scenes show COCO's keypoints, the weights are for "${skeleton.name}"`);
  }
  const imageSize = values.number("size") ?? loaded.imageSize;
  checkSize("--size", imageSize, model);
  checkBatch(values.number("batch")!, imageSize);
  const usual: Partial<Decoding> = isSingle ? secondLook : decoding;
  return {
    ...loaded,
    imageSize,
    decoding: {
      threshold: values.number("threshold") ?? usual.threshold,
      maxTagDistance: values.number("tag-distance") ?? usual.maxTagDistance,
    },
  };
}

/**
 * See that the images of a batch fit into some device's memory, before the first is made in main memory.
 *
 * @throws {InputError} If they do not.
 */
function checkBatch(batch: number, imageSize: number): void {
  const bytes = batch * 3 * imageSize ** 2 * 4;
  if (bytes <= MOST_BATCH_BYTES) return;
  throw new InputError(
    `--batch ${batch}: its images alone take ${(bytes / 2 ** 30).toFixed(1)} GiB\n` +
      "  help: --accumulate makes a large step of small batches",
  );
}

/** The number type that `--precision` names. */
async function precisionOf(values: Values): Promise<(typeof PRECISIONS)[number]> {
  const precision = values.oneOf("precision", PRECISIONS)!;
  if (precision === "f16") {
    const { f16, name } = await adapterInfo();
    if (!f16) throw new InputError(`--precision f16: ${name} has no 16-bit numbers`);
  }
  return precision;
}
