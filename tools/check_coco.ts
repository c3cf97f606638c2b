/**
 * Overfit on photographs: train on the few pictures of a COCO folder that show 2 to 10 people until the network
 * finds those people again, and compare with what ideal maps of the same size reach. Then a network for one person at a
 * time learns crops of the same pictures by heart, and its second look must find them better.
 *
 *     deno task check:coco FOLDER [MINUTES]     with FOLDER/person_keypoints.json and FOLDER/images
 *
 * A network that cannot learn eight photographs by heart has a defect somewhere between the JPEG decoder and the
 * metric; this finds it on real data. Nothing is said about pictures that were never seen.
 *
 * @module
 */
import { COCO, InputError } from "../mod.ts";
import {
  batches,
  type DescribedSource,
  labelledPeople,
  loadCoco,
  type Sample,
  type SampleSource,
  singlePersonSource,
} from "../data/mod.ts";
import { idealMaps, measure } from "../cli/evaluation.ts";
import { progressOnStderr } from "../cli/output.ts";
import { decode, predict } from "../cli/prediction.ts";
import { recipeOf } from "../cli/recipe.ts";
import { refined } from "../cli/refinement.ts";
import { train } from "../cli/training.ts";
import { withoutTags } from "../cli/transfer.ts";
import { type LoadedNetwork, makeModel } from "../cli/weights.ts";
import { each } from "./tool.ts";

/** How many photographs. */
const PHOTOS = 8;
const IMAGE_SIZE = 128;
/** All of them in every step: then the statistics of a batch are those of the set, as when the network is used. */
const BATCH = PHOTOS;
/** AP on themselves must reach this share of what ideal maps reach. */
const SHARE = 0.85;
/** After so many minutes the photographs should be known by heart, */
const MINUTES = 25;
/** and after this share of them more the people in them. */
const SECOND_LOOK = 0.6;

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

  const { description } = crowdless;
  const photographs: DescribedSource = { length: PHOTOS, sample: (i) => samples[i], description };
  const recipe = recipeOf("small");
  const first: LoadedNetwork = {
    ...makeModel("demo", { seed: 1 }),
    imageSize: IMAGE_SIZE,
    decoding: recipe.decoding,
    skeleton: COCO,
  };
  const { model: { stride }, decoding } = first;
  await learn(first, photographs, minutes, "overfit");
  const found = await Array.fromAsync(predict(first, samples));
  const ideal = samples.map((sample) =>
    decode(sample, idealMaps(sample, IMAGE_SIZE, stride), IMAGE_SIZE, stride, decoding)
  );
  const second = { ...await withoutTags(first), decoding: recipe.secondLook };
  const crops = singlePersonSource(photographs, { seed: 1, size: IMAGE_SIZE });
  await learn(second, crops, SECOND_LOOK * minutes, "overfit on crops");
  const again = await Array.fromAsync(refined(each(found), second, { take: "both" }));

  const measured = await Promise.all([found, ideal, again].map((them) => measure(them)));
  const [reached, bound, better] = measured.map(({ statistics }) => statistics.AP);
  const passed = reached >= SHARE * bound && better > reached;
  console.log(`${PHOTOS} photographs at ${IMAGE_SIZE} pixels: AP ${reached.toFixed(3)}`);
  console.log(`ideal maps of the same size:      AP ${bound.toFixed(3)}`);
  console.log(`after a second look:              AP ${better.toFixed(3)}`);
  console.log(
    `share ${(reached / bound).toFixed(3)}, wanted ${SHARE}, and a gain: ${
      passed ? "passed" : "failed"
    }`,
  );
  return passed ? 0 : 1;
}

/** Train on a source, all by heart. */
async function learn(
  { model }: Pick<LoadedNetwork, "model">,
  source: SampleSource,
  minutes: number,
  label: string,
): Promise<void> {
  const stream = batches(source, {
    batchSize: BATCH,
    inputSize: IMAGE_SIZE,
    stride: model.stride,
    slots: 10,
  });
  const progress = progressOnStderr({
    label,
    limitSeconds: minutes * 60,
    rateUnit: "images",
    ratePerStep: BATCH,
  });
  await train(model, stream, recipeOf("small"), { minutes, progress });
}
