import { COCO, disposeModel, toCocoInstanceTruth, writePng } from "ae";
import { type Sample, SCENE_CLASSES, sceneSource } from "ae/data";
import { truthOf } from "../../cli/evaluation.ts";
import { pictureOf } from "../../cli/segmentation.ts";
import { instanceSource } from "../../cli/sources.ts";
import { withoutTags } from "../../cli/transfer.ts";
import { loadModel, saveModel, shippedWeights } from "../../cli/weights.ts";

/** Write a value as JSON; gives the path back. */
export async function writeJson(path: string, content: unknown): Promise<string> {
  await Deno.writeTextFile(path, JSON.stringify(content));
  return path;
}

/** A parsed JSON file. */
export async function jsonOf(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

/** Scenes on which the weights that come with the library find people. */
export async function scenes(): Promise<Sample[]> {
  const source = sceneSource({ seed: 3, size: 64, people: [1, 6], setting: "stage" });
  return await Promise.all([0, 1, 2].map((i) => source.sample(i)));
}

/** The scenes as pictures and annotation file of a folder, and the options that name them. */
export async function sceneFiles(folder: string, categoryId = 1): Promise<string[]> {
  const samples = (await scenes()).map((sample, i) => ({
    ...sample,
    id: i + 1,
    fileName: `${i + 1}.png`,
  }));
  for (const { fileName, image } of samples) await writePng(`${folder}/${fileName}`, image);
  const { images, annotations } = truthOf(samples);
  const truth = {
    images,
    annotations: annotations.map((person) => ({ ...person, category_id: categoryId })),
    categories: [{ id: 3, name: "dog" }, { id: categoryId, keypoints: COCO.keypoints }],
  };
  const annotationFile = await writeJson(`${folder}/truth.json`, truth);
  return ["--annotations", annotationFile, "--images", folder];
}

/** A weight file of a network that looks at one person at a time: the library's without its tags. */
export async function refinerFile(folder: string): Promise<string> {
  const path = `${folder}/one.safetensors`;
  const loaded = await withoutTags(await loadModel((await shippedWeights())!));
  await saveModel(path, loaded);
  disposeModel(loaded.model);
  return path;
}

/** What {@linkcode maskFiles} calls people. */
export const MASK_CATEGORY = 18;

/** Scenes of people who overlap as pictures and instance file of a folder, and the options that name them. */
export async function maskFiles(folder: string): Promise<string[]> {
  const source = instanceSource(3, 64);
  const samples = await Promise.all([0, 1, 2].map(async (i) => ({
    ...await source.sample(i),
    id: i + 1,
    fileName: `${i + 1}.png`,
  })));
  for (const { fileName, image } of samples) await writePng(`${folder}/${fileName}`, image);
  const { images, annotations } = toCocoInstanceTruth(samples.map(pictureOf), SCENE_CLASSES);
  const truth = {
    images: images.map((image, i) => ({ ...image, file_name: samples[i].fileName })),
    categories: [{ id: 3, name: "dog" }, { id: MASK_CATEGORY, name: "person" }],
    annotations: annotations.map((thing) => ({ ...thing, category_id: MASK_CATEGORY })),
  };
  return ["--annotations", await writeJson(`${folder}/masks.json`, truth), "--images", folder];
}
