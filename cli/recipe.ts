/**
 * Recipes: how strongly the parts of the loss count as training goes on, the learning rate, and how to decode what
 * comes of it.
 *
 * Learning the tags from nothing has a trap. Push is exp(−d²), whose slope is zero where all tags are equal: no
 * force separates people, and pull keeps them equal. So the tag channels start spread out (`tagInitScale` of the
 * demo presets), push acts from the start and pull is raised slowly. Background pixels outnumber keypoints by a
 * hundred to one, so errors at keypoints count more.
 *
 * |                       | pose-ae-train   | recipe "authors"               | "paper"           | "small"                                 |
 * | --------------------- | --------------- | ------------------------------ | ----------------- | --------------------------------------- |
 * | learning rate         | 2e-4, then 1e-5 | the same, from step 200,000 on | from 100,000 on   | 1e-2, in the last quarter down to 1e-4  |
 * | weight of heatmaps    | 1               | 1                              | 1                 | 1, errors weighted by 1 + 10 · target   |
 * | weight of push        | 1e-3            | 1e-3                           | 1e-3              | 5e-2                                    |
 * | weight of pull        | 1e-3            | 1e-3                           | 1e-3              | 2.5e-3 rising to 5e-2 in the first half |
 * | threshold of a peak   | 0.1             | 0.1                            | 0.1               | 0.6                                     |
 * | of a second look      | 0.15 (demo)     | 0.15                           | 0.15              | 0.66                                    |
 *
 * "higher-hrnet" is "authors" with the rates of HigherHRNet's authors, 1e-3, a tenth of it after 200 of 300 parts of the run
 * and a hundredth after 260 (their `experiments`, LR_STEP in epochs; the images of a step, their 12 a card, are `--batch`'s).
 *
 * Instances are learnt by "instances", which is "small" with four differences: pixels in place of keypoints (form
 * "pixels", see losses/tag_loss.ts); errors that count alike everywhere, since a third of a scene is people and a
 * threshold of a half then means what it says; four times the weights of push and pull, since the error of a whole
 * person is larger than that of a keypoint's mark; tags whose modes are no nearer than 0.75 (decoders/tag_modes.ts). The
 * paper gives 1e-4 as the weight of its sums, in which nothing is divided by the number of pixels or pairs.
 *
 * The rate of "small" rises in a hundred steps and stays until three quarters are done; then it falls in a line, and
 * what the large steps blurred becomes sharp (Hägele and others 2024, arXiv:2405.18392; docs/decisions.md).
 *
 * The authors' own drop of the rate ends in an error (they assign to a list of parameter groups as to one); what they
 * meant is done here.
 *
 * The thresholds belong to the recipe because errors that count 11 times at a keypoint make a network say 0.55 where
 * it believes 0.1 (see losses/heatmap_loss.ts): with 0.1 it would find everybody twice. A second look (`--single-person`,
 * decoders/single_person.ts) that says 0.66 believes 0.15, above which pose-ae-demo takes its word.
 *
 * @module
 */
import { stepwise, type TagLossForm, unknownName } from "../mod.ts";
import { AUTHORS_DECODING, AUTHORS_SECOND_LOOK, type Decoding } from "./weights.ts";

/** How strongly the parts of the loss count as training goes on; `done` runs from 0 to 1. */
export interface Recipe {
  readonly learningRate: (done: number, step: number) => number;
  readonly pushWeight: number;
  readonly pullWeight: (done: number) => number;
  /** Error at a mark's centre counts so much more than in the background. */
  readonly foregroundWeight: number;
  /** Formula of pull and push. */
  readonly tagForm: TagLossForm;
  /** Pixels of each instance that push and pull look at. */
  readonly pixels?: number;
  /** How to decode what the network then says. */
  readonly decoding: Decoding;
  /** The same if it learns to look at one person at a time. */
  readonly secondLook: Pick<Decoding, "threshold">;
}

const WARMUP_STEPS = 100;
/** The rate of "small" stays until so much is done, then falls to this part of it. */
const HELD = 0.75, LEAST_PART = 0.01;
/** The weights of push and pull for instances, in those for keypoints. */
const INSTANCE_TAGS = 4;

/** The names of the recipes: see the table above. */
export const RECIPES = ["small", "authors", "paper", "higher-hrnet", "instances"] as const;

/** One of them. */
export type RecipeName = (typeof RECIPES)[number];

/** Changes to a recipe. */
export interface RecipeOptions {
  /** Highest learning rate instead of the recipe's. */
  readonly rate?: number;
  /** Factor on the weights of push and pull. @default {1} */
  readonly tagWeight?: number;
  /** True if the network has learnt before: its tags are apart, so pull acts at full weight from the start. */
  readonly learnt?: boolean;
}

/** The learning rate as pose-ae-train, the paper or HigherHRNet's authors have it. */
function publishedRate(
  name: "authors" | "paper" | "higher-hrnet",
  rate: number | undefined,
): Recipe["learningRate"] {
  if (name === "higher-hrnet") {
    const top = rate ?? 1e-3;
    const schedule = stepwise(top, [[200, top / 10], [260, top / 100]]);
    return (done) => schedule(300 * done);
  }
  const top = rate ?? 2e-4;
  const schedule = stepwise(top, [[name === "paper" ? 100_000 : 200_000, top / 20]]);
  return (_done, step) => schedule(step);
}

/** The recipes by name: see the table above. */
export function recipeOf(name: string, options: RecipeOptions = {}): Recipe {
  const { rate, tagWeight = 1, learnt = false } = options;
  if (name === "authors" || name === "paper" || name === "higher-hrnet") {
    return {
      learningRate: publishedRate(name, rate),
      pushWeight: 1e-3 * tagWeight,
      pullWeight: () => 1e-3 * tagWeight,
      foregroundWeight: 0,
      tagForm: "authors",
      decoding: AUTHORS_DECODING,
      secondLook: AUTHORS_SECOND_LOOK,
    };
  }
  if (name !== "small" && name !== "instances") {
    throw unknownName("recipe", name, RECIPES);
  }
  const top = rate ?? 1e-2;
  const ofTags = 5e-2 * tagWeight * (name === "instances" ? INSTANCE_TAGS : 1);
  const small: Recipe = {
    learningRate: (done, step) =>
      top * Math.min(1, (step + 1) / WARMUP_STEPS) *
      Math.max(LEAST_PART, 1 - (1 - LEAST_PART) * Math.max(0, done - HELD) / (1 - HELD)),
    pushWeight: ofTags,
    pullWeight: (done) => ofTags * (learnt ? 1 : Math.min(1, 0.05 + 0.95 * done * 2)),
    foregroundWeight: 10,
    tagForm: "authors",
    decoding: { threshold: 0.6, maxTagDistance: 1 },
    secondLook: { threshold: 0.66 }, // the authors' 0.15 at a foreground weight of 10
  };
  if (name === "small") return small;
  return {
    ...small,
    foregroundWeight: 0,
    tagForm: "pixels",
    pixels: 50, // of the median person's 112 map pixels
    decoding: { threshold: 0.5, maxTagDistance: 0.75 },
    secondLook: AUTHORS_SECOND_LOOK,
  };
}
