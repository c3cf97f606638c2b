/**
 * Overfit on photographs, mask by mask: train on the few pictures of a COCO folder that show 2 to 10 people until the
 * network takes those people apart again.
 *
 *     deno task check:coco-masks FOLDER      with FOLDER/instances.json and FOLDER/images
 *
 * What `check:coco` does for keypoints: a network that cannot learn eight photographs by heart has a defect somewhere
 * between the polygons and the metric. Ideal maps of the same size stand beside it, which nothing can surpass.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import { batches, loadCocoInstances, type Sample } from "../data/mod.ts";
import { progressOnStderr } from "../cli/output.ts";
import { recipeOf } from "../cli/recipe.ts";
import { decodeMaps, measureInstances, segment, trueMaps } from "../cli/segmentation.ts";
import { train } from "../cli/training.ts";
import { makeInstanceModel } from "../cli/weights.ts";

/** How many photographs. */
const PHOTOS = 8;
const IMAGE_SIZE = 128;
/** All of them in every step: then the statistics of a batch are those of the set, as when the network is used. */
const BATCH = PHOTOS;
/** Least AP50 of the masks. */
const WANTED = 0.8;
/** After so many minutes the photographs should be known by heart. */
const MINUTES = 8; // four gave AP50 0.900, as ideal maps do, on two busy cores (2026-11-26)
const CLASSES = ["person"];

const folder = Deno.args[0];
const minutes = Number(Deno.args[1] ?? MINUTES);
if (!folder || !(minutes > 0)) {
  console.error(
    "check:coco-masks: name a folder with instances.json and images/, and perhaps minutes above 0",
  );
  Deno.exit(2);
}
try {
  Deno.exit(await check(folder, minutes));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`check:coco-masks: ${error.message}`);
  Deno.exit(1);
}

async function check(folder: string, minutes: number): Promise<number> {
  const { photographs: all } = await loadCocoInstances(
    `${folder}/instances.json`,
    `${folder}/images`,
    { classes: CLASSES },
  );
  const several = all.where(({ instances = [] }) =>
    instances.length >= 2 && instances.length <= 10 && instances.every(({ crowd }) => !crowd)
  );
  if (several.length < PHOTOS) {
    throw new InputError(`${folder}: only ${several.length} photographs show 2 to 10 people`);
  }
  const samples: Sample[] = [];
  for (let i = 0; i < PHOTOS; i++) samples.push(await several.sample(i));

  const recipe = recipeOf("instances");
  const loaded = {
    ...makeInstanceModel("segment", CLASSES, { seed: 1 }, recipe.decoding),
    imageSize: IMAGE_SIZE,
  };
  const { model, model: { stride } } = loaded;
  const ideal = samples.map((sample) =>
    decodeMaps(sample, trueMaps(sample, { classes: CLASSES, side: IMAGE_SIZE, stride }), { stride })
  );
  const bound = measureInstances(ideal, CLASSES).masks.AP50;
  console.log(`ideal maps of ${IMAGE_SIZE} pixels: AP50 ${bound.toFixed(3)}`);

  const stream = batches({ length: PHOTOS, sample: (i) => samples[i] }, {
    batchSize: BATCH,
    inputSize: IMAGE_SIZE,
    stride,
    slots: 10,
    instances: { classes: CLASSES, pixels: recipe.pixels },
  });
  const progress = progressOnStderr({
    label: "overfit",
    limitSeconds: minutes * 60,
    rateUnit: "images",
    ratePerStep: BATCH,
  });
  await train(model, stream, recipe, { minutes, progress });
  const found = await Array.fromAsync(segment(loaded, samples));
  const { masks: { AP, AP50 } } = measureInstances(found, CLASSES);
  const passed = AP50 >= WANTED;
  console.log(
    `${PHOTOS} photographs at ${IMAGE_SIZE} pixels: AP50 ${AP50.toFixed(3)}, AP ${AP.toFixed(3)}`,
  );
  console.log(`wanted ${WANTED}: ${passed ? "passed" : "failed"}`);
  return passed ? 0 : 1;
}
