/**
 * People found in photographs by a network of keypoints, with every option that says how to look.
 *
 * @module
 */
import { type CocoResult, paintPoses } from "../mod.ts";
import { checkSameKeypoints } from "./datasets.ts";
import { recordsOf } from "./evaluation.ts";
import type { Finder } from "./finder.ts";
import type { Values } from "./options.ts";
import { decoderOf, findPeople, lookingOf } from "./prediction.ts";
import { loadRefiner, refined, refineTakeOf, secondThresholdOf } from "./refinement.ts";
import type { Photographs } from "./sources.ts";
import type { LoadedNetwork } from "./weights.ts";

/** Finds people. */
export interface PeopleFinder extends Finder<CocoResult> {
  /** By what rule and above which score second looks count, if there are any. */
  readonly refining: { readonly refineTake?: string; readonly refineThreshold?: number };
}

/**
 * Finds people; records have the annotation file's category, 1 without one.
 *
 * @param opened The annotation file and its photographs, if there is one.
 * @throws {InputError} If the network finds other keypoints than the file has, or an option or `--refine` is wrong.
 */
export async function peopleFinder(
  values: Values,
  loaded: LoadedNetwork,
  opened: Pick<Photographs, "file" | "photographs"> | undefined,
): Promise<PeopleFinder> {
  const looking = lookingOf(values, loaded);
  const { skeleton } = loaded;
  if (opened) checkSameKeypoints(skeleton, opened.file);
  const refine = values.text("refine");
  const take = refineTakeOf(values);
  const refiner = refine === undefined ? undefined : await loadRefiner(refine, loaded);
  // Scores of what was filled in are then compared with a second look's.
  const flavour = refiner && take === "both"
    ? { ...looking.flavour, filledScore: "heatmap" as const }
    : looking.flavour;
  const { threshold: firstThreshold } = decoderOf(loaded, looking);
  const form = { missing: looking.flavour.missing, categoryId: opened?.file.categoryId };
  return {
    photographs: opened?.photographs,
    refining: refiner ? { refineTake: take, refineThreshold: secondThresholdOf(refiner) } : {},
    async *find(samples) {
      const found = findPeople(loaded, samples, { ...looking, flavour });
      for await (const one of refiner ? refined(found, refiner, { take, firstThreshold }) : found) {
        const { sample, people } = one;
        yield {
          sample,
          count: `${people.length} people`,
          records: recordsOf([one], skeleton, form),
          paint: () => paintPoses(sample.image, people, skeleton),
        };
      }
    },
  };
}
