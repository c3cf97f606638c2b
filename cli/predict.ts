/**
 * `predict`: the people in photographs, as COCO records and as drawn pictures.
 *
 * @module
 */
import { COCO, InputError, paintPoses, readImage, writeFileAtomic, writePng } from "../mod.ts";
import type { Sample } from "../data/mod.ts";
import { decode, predictMaps, resultsOf } from "./evaluation.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder } from "./output.ts";
import { loadModel, shippedWeights } from "./weights.ts";

/** `predict`. */
export const predictCommand: Command = {
  summary: "Find the people in photographs: a COCO results file and a drawn picture of each.",
  operands: "PHOTO…",
  options: {
    weights: { type: "text", help: "weight file (default: the ones that come with the library)" },
    preset: { type: "text", help: "network of the weight file, if the file does not say" },
    out: { type: "text", default: "out/predict", help: "folder for results.json and the pictures" },
  },
  notes: "The weights that come with the library know drawn people only, not photographs.",
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  if (values.operands.length === 0) {
    throw new InputError("no photograph given\n  help: predict photo.jpg --weights FILE");
  }
  const weights = values.text("weights") ?? await shippedWeights();
  if (weights === undefined) {
    throw new InputError(
      "no weights come with this version yet\n  help: train some and name them with --weights",
    );
  }
  const { model, imageSize, threshold } = await loadModel(weights, values.text("preset"));
  const samples: Sample[] = await Promise.all(
    values.operands.map(async (path, i) => ({
      id: idOf(path) ?? i + 1,
      fileName: path,
      image: await readImage(path),
      people: [],
    })),
  );
  await prepareFolder(out);
  const maps = await predictMaps(model, imageSize, samples);
  const predictions = samples.map((sample, i) =>
    decode(sample, maps[i], imageSize, model.stride, threshold)
  );
  for (const [i, { sample, people }] of predictions.entries()) {
    const name = `${i + 1}_${baseName(sample.fileName)}.png`;
    await writePng(`${out}/${name}`, paintPoses(sample.image, people, COCO));
    console.log(`${sample.fileName}: ${people.length} people, ${out}/${name}`);
  }
  await writeFileAtomic(`${out}/results.json`, JSON.stringify(resultsOf(predictions)) + "\n");
  console.log(`${out}/results.json`);
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)!.replace(/\.[^.]*$/, "");
}

/** COCO names its photographs by their ids: `000000000785.jpg` is 785. */
function idOf(path: string): number | undefined {
  const name = baseName(path);
  return /^\d{12}$/.test(name) ? Number(name) : undefined;
}
