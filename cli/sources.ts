/**
 * Where samples of the commands come from, and the scenes that networks are measured on.
 *
 * @module
 */
import { type DescribedSource, type Sample, sceneSource, SYNTHETIC_VERSION } from "../data/mod.ts";

/** Seed of the scenes that networks are measured on; training never uses it. */
export const EVALUATION_SEED = 2017;
/** How many scenes networks are measured on. */
export const EVALUATION_SCENES = 200;
/** Fewest and most people in a scene of the demo. */
const PEOPLE = [1, 4] as const;
/** Where they are: pictures of 64 pixels are for people near by. */
const SETTING = "stage";

/** The evaluation scenes in a few words that name everything they depend on. */
export const EVALUATION_NAME =
  `synthetic scenes, version ${SYNTHETIC_VERSION}, setting ${SETTING}, seed ${EVALUATION_SEED}, ` +
  `${EVALUATION_SCENES} scenes of ${PEOPLE[0]} to ${PEOPLE[1]} people`;

/** Scenes without end to train on. */
export function syntheticSource(seed: number, size: number): DescribedSource {
  return sceneSource({ seed, size, people: PEOPLE, setting: SETTING });
}

/** The scenes that networks are measured on, at one size. */
export async function evaluationScenes(size: number): Promise<Sample[]> {
  const source = syntheticSource(EVALUATION_SEED, size);
  return await Promise.all(
    Array.from({ length: EVALUATION_SCENES }, (_, index) => source.sample(index)),
  );
}
