/**
 * What `train` learns, and from what: keypoints or masks, one person at a time or all, of drawn scenes or photographs.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import {
  type BatchesAhead,
  batchesAhead,
  type CocoDataset,
  type DescribedSource,
  OFFICIAL_AUGMENTATION,
  SCENE_CLASSES,
  singlePersonSource,
} from "../data/mod.ts";
import { type AnnotationFile, readIds } from "./datasets.ts";
import type { Values } from "./options.ts";
import type { Recipe } from "./recipe.ts";
import {
  instanceSource,
  JUDGED_SIZE,
  MOST_PEOPLE,
  openInstancePhotographs,
  openPhotographs,
  PHOTOGRAPH_SLOTS,
  posesOf,
  syntheticSource,
} from "./sources.ts";
import type { Checkpoint } from "./training_state.ts";
import type { LoadedNetwork } from "./weights.ts";

/** Scenes from which single people are cut are so many times as large as the crops. */
const LARGER = 2;
/** Nothing of chance about where a picture lies. */
const AS_THEY_ARE = { scale: 0, shift: 0, rotationDegrees: 0 } as const;
/** Pixels: a person that is smaller is looked at as if so large; see cropAround(). */
const LEAST_SIDE = 60;

/** What is to be learnt. */
export interface Subject {
  /** What shows it; scenes do where there are none. */
  readonly photographs: CocoDataset | undefined;
  /** The annotations of keypoints. */
  readonly file?: AnnotationFile;
  /** Names of the classes whose instances are learnt, where it is not keypoints. */
  readonly classes?: readonly string[];
}

/**
 * What the options ask to learn: keypoints, or with `--instances` masks.
 *
 * @throws {InputError} If photographs are named that cannot be read.
 */
export async function subjectOf(values: Values): Promise<Subject> {
  if (values.flag("instances")) {
    const wanted = values.text("classes")?.split(",").map((name) => name.trim());
    const opened = await openInstancePhotographs(values, { classes: wanted });
    if (opened) return { ...opened, classes: opened.classes.map(({ name }) => name) };
    if (wanted) throw new InputError("--classes is for photographs; scenes show people only");
    return { photographs: undefined, classes: SCENE_CLASSES };
  }
  return await openPhotographs(values, "labelled", {
    maskUnlabelled: !values.flag("crowds-only"),
  }) ?? { photographs: undefined };
}

/** What to learn from: the photographs without those of `--without`, or scenes; perhaps one person at a time. */
export async function sourceOf(
  values: Values,
  { imageSize }: LoadedNetwork,
  { photographs: all, classes }: Subject,
): Promise<DescribedSource> {
  const isSingle = values.flag("single-person");
  const seed = values.number("seed")!;
  const leftOut = await readIds(values.text("without"));
  const photographs = leftOut ? all?.where(({ id }) => !leftOut.has(id)) : all;
  if (photographs?.length === 0) {
    throw new InputError("--without leaves no photograph to learn from");
  }
  const sceneSize = isSingle ? LARGER * imageSize : imageSize;
  const scenes = classes ? instanceSource : syntheticSource;
  const people = photographs ?? scenes(seed, sceneSize, await posesOf(values));
  if (!isSingle) return people;
  return singlePersonSource(people, {
    seed,
    size: imageSize,
    ...(photographs ? {} : { leastSide: LEAST_SIDE * sceneSize / JUDGED_SIZE }),
    ...(values.flag("no-augment") ? AS_THEY_ARE : {}),
  });
}

/** How many people or instances of a picture have slots: of scenes as many as there can be. */
function slotsFor({ photographs, classes }: Subject): number {
  return photographs ? PHOTOGRAPH_SLOTS : MOST_PEOPLE[classes ? "instances" : "poses"];
}

/** The batches, from a place on. */
export function streamOf(
  values: Values,
  source: DescribedSource,
  { network: { model, imageSize, skeleton }, subject, recipe }: {
    readonly network: LoadedNetwork;
    readonly subject: Subject;
    readonly recipe: Recipe;
  },
  checkpoint: Checkpoint | undefined,
): BatchesAhead {
  const { photographs, classes } = subject;
  // A crop of one person has been moved, scaled and turned already.
  const augment = {
    ...OFFICIAL_AUGMENTATION,
    ...(values.flag("single-person") ? AS_THEY_ARE : {}),
  };
  return batchesAhead(source, {
    workers: values.number("workers"),
    batchSize: values.number("batch")!,
    inputSize: imageSize,
    ...model.targetStrides,
    seed: values.number("seed"),
    slots: slotsFor(subject),
    skeleton,
    ...(classes ? { instances: { classes, pixels: recipe.pixels } } : {}),
    ...(photographs && !values.flag("no-augment") ? { augment } : {}),
    ...(checkpoint ? { start: checkpoint.reached.position } : {}),
  });
}

/** What a run could not learn from, on standard error. */
export function sayWhatWasLeftOut(
  { broken, droppedPeople }: BatchesAhead,
  subject: Subject,
): void {
  if (broken.length > 0) {
    console.error(`${broken.length} photographs could not be read and were left out`);
  }
  if (droppedPeople > 0) {
    const who = subject.classes ? "an instance" : "a person";
    console.error(
      `${droppedPeople} times ${who} had no slot and taught no tags: ` +
        `over ${slotsFor(subject)} in a picture`,
    );
  }
}
