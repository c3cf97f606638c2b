/**
 * Overfit on photographs: train on the few pictures of a COCO folder that show 2 to 10 people until the network
 * finds those people again, and compare with what ideal maps of the same size reach.
 *
 *     deno task check:coco FOLDER      with FOLDER/person_keypoints.json and FOLDER/images
 *
 * A network that cannot learn eight photographs by heart has a defect somewhere between the JPEG decoder and the
 * metric; this finds it on real data.
 *
 * @module
 */
import { COCO, InputError } from "../mod.ts";
import { batches, labelledPeople, loadCoco, type Sample } from "../data/mod.ts";
import { idealMaps, measure } from "../cli/evaluation.ts";
import { progressOnStderr } from "../cli/output.ts";
import { decode, predict } from "../cli/prediction.ts";
import { recipeOf } from "../cli/recipe.ts";
import { train } from "../cli/training.ts";
import { makeModel } from "../cli/weights.ts";

/** How many photographs. */
const PHOTOS = 8;
const IMAGE_SIZE = 128;
/** All of them in every step: then the statistics of a batch are those of the set, as when the network is used. */
const BATCH = PHOTOS;
/** AP on themselves must reach this share of what ideal maps reach. */
const SHARE = 0.85;
/** After so many minutes the photographs should be known by heart. */
const MINUTES = 25;

const folder = Deno.args[0];
const minutes = Number(Deno.args[1] ?? MINUTES);
if (!folder || !(minutes > 0)) {
  console.error(
    "check:coco: name a folder with person_keypoints.json and images/, and perhaps minutes above 0",
  );
  Deno.exit(2);
}
try {
  Deno.exit(await check(folder, minutes));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`check:coco: ${error.message}`);
  Deno.exit(1);
}

async function check(folder: string, minutes: number): Promise<number> {
  const all = await loadCoco(`${folder}/person_keypoints.json`, `${folder}/images`);
  const crowdless = all.where(({ people }) => {
    const count = labelledPeople(people).length;
    return count >= 2 && count <= 10 && people.every(({ crowd }) => !crowd);
  });
  if (crowdless.length < PHOTOS) {
    throw new InputError(`${folder}: only ${crowdless.length} photographs show 2 to 10 people`);
  }
  const samples: Sample[] = [];
  for (let i = 0; i < PHOTOS; i++) samples.push(await crowdless.sample(i));

  const { model } = makeModel("demo", { seed: 1 });
  const stride = model.stride;
  const stream = batches({ length: PHOTOS, sample: (i) => samples[i] }, {
    batchSize: BATCH,
    inputSize: IMAGE_SIZE,
    stride,
    slots: 10,
  });
  const progress = progressOnStderr({
    label: "overfit",
    limitSeconds: minutes * 60,
    rateUnit: "images",
    ratePerStep: BATCH,
  });
  const recipe = recipeOf("small");
  await train(model, stream, recipe, { minutes, progress });
  const { decoding } = recipe;
  const found = await Array.fromAsync(
    predict({ model, imageSize: IMAGE_SIZE, decoding, skeleton: COCO }, samples),
  );
  const ideal = samples.map((sample) =>
    decode(sample, idealMaps(sample, IMAGE_SIZE, stride), IMAGE_SIZE, stride, decoding)
  );
  const measured = await Promise.all([found, ideal].map((predictions) => measure(predictions)));
  const [reached, bound] = measured.map(({ statistics }) => statistics.AP);
  const passed = reached >= SHARE * bound;
  console.log(`${PHOTOS} photographs at ${IMAGE_SIZE} pixels: AP ${reached.toFixed(3)}`);
  console.log(`ideal maps of the same size:      AP ${bound.toFixed(3)}`);
  console.log(
    `share ${(reached / bound).toFixed(3)}, wanted ${SHARE}: ${passed ? "passed" : "failed"}`,
  );
  return passed ? 0 : 1;
}
