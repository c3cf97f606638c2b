/**
 * Where samples of the commands come from, and the scenes that networks are measured on.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import {
  type BatchOptions,
  clipSource,
  type CocoDataset,
  type CocoInstancesOptions,
  type CocoOptions,
  type DescribedSource,
  loadCocoInstances,
  posesFromCoco,
  type Sample,
  type SampleSource,
  sceneSource,
  type SceneSourceOptions,
  SYNTHETIC_VERSION,
} from "../data/mod.ts";
import {
  type AnnotationFile,
  photographsOf,
  readAnnotationFile,
  withIds,
  withLabels,
} from "./datasets.ts";
import type { Option, Values } from "./options.ts";

/** Seed of the scenes that networks are measured on; training never uses it. */
export const EVALUATION_SEED = 2017;
/** How many scenes networks are measured on. */
export const EVALUATION_SCENES = 200;
/** Seed and number of the scenes that networks are judged on while they learn; training never uses it. */
export const VALIDATION_SEED = 2018;
const VALIDATION_SCENES = 100;
/** Fewest and most people in a scene that networks are measured on. */
const PEOPLE = [1, 4] as const;
/** In one that they learn from: a full scene takes as long as an empty one and teaches more (docs/decisions.md). */
const CROWDED = [3, PEOPLE[1]] as const;
/** Fewest and most people in a scene that is taken apart pixel by pixel: nobody is alone. */
const OVERLAPPING = [2, 5] as const;
/** Most people in any scene that networks learn from. */
export const MOST_PEOPLE = { poses: PEOPLE[1], instances: OVERLAPPING[1] } as const;
/** P, slots of a photograph for people or instances: as many as the authors'. */
export const PHOTOGRAPH_SLOTS = 30;
/** Where they are: pictures of 64 pixels are for people near by. */
export const SETTING = "stage";
/** They are judged as if so wide: COCO's area ranges are meant for photographs of about 512 pixels. */
export const JUDGED_SIZE = 512;

/** The evaluation scenes in a few words that name everything they depend on. */
export const EVALUATION_NAME = `${evaluationName(PEOPLE)}, areas as if ${JUDGED_SIZE} pixels wide`;
/** Those that masks are measured on, likewise. */
export const INSTANCE_EVALUATION_NAME = evaluationName(OVERLAPPING);

function evaluationName([fewest, most]: readonly [number, number]): string {
  return `synthetic scenes, version ${SYNTHETIC_VERSION}, setting ${SETTING}, ` +
    `seed ${EVALUATION_SEED}, ${EVALUATION_SCENES} scenes of ${fewest} to ${most} people`;
}

/** Scenes without end to train on, with poses of the articulated model or of an annotation file. */
export function syntheticSource(
  seed: number,
  size: number,
  poses?: SceneSourceOptions["poses"],
): DescribedSource {
  return sceneSource({ seed, size, people: CROWDED, setting: SETTING, poses });
}

/** Scenes to be measured on. */
function judgedSource(seed: number, size: number): SampleSource {
  return sceneSource({ seed, size, people: PEOPLE, setting: SETTING });
}

/** Fewest and most people in a video. */
export const VIDEO_PEOPLE = [2, 5] as const;
/** Frames of a video in a batch: two, so that a batch has many people. */
const FRAMES_PER_CLIP = 2;
/** They are so many frames apart: the next one, up to as long as somebody may be hidden. */
const CLIP_GAP = [1, 25] as const;

/** Clips without end to learn tags from that last. */
export function videoClips(seed: number, size: number): DescribedSource {
  return clipSource({
    seed,
    size,
    people: VIDEO_PEOPLE,
    framesPerClip: FRAMES_PER_CLIP,
    gap: CLIP_GAP,
  });
}

/**
 * What batches of {@linkcode videoClips} are made with.
 *
 * @throws {InputError} If the batch cuts a clip.
 */
export function clipBatches(
  batchSize: number,
): Pick<BatchOptions, "slots" | "framesPerClip"> & { readonly batchSize: number } {
  if (batchSize % FRAMES_PER_CLIP !== 0) {
    throw new InputError(
      `--batch ${batchSize} is no whole number of clips of ${FRAMES_PER_CLIP} frames`,
    );
  }
  return { batchSize, slots: VIDEO_PEOPLE[1], framesPerClip: FRAMES_PER_CLIP };
}

/** Scenes without end of people who overlap, to learn masks from. */
export function instanceSource(
  seed: number,
  size: number,
  poses?: SceneSourceOptions["poses"],
): DescribedSource {
  return sceneSource({ seed, size, people: OVERLAPPING, setting: SETTING, poses });
}

/** The poses that `--poses` names, if it is given. */
export async function posesOf(values: Values): Promise<SceneSourceOptions["poses"]> {
  const file = values.text("poses");
  return file === undefined ? undefined : await posesFromCoco(file);
}

/** The option `--poses`. */
export const POSES: Option = {
  type: "file",
  help: "COCO annotation file that lends drawn people its poses",
  otherwise: "poses of the articulated model",
};

/** The scenes that networks are measured on, at one size. */
export function evaluationScenes(size: number): Promise<Sample[]> {
  return scenesOf(judgedSource(EVALUATION_SEED, size), EVALUATION_SCENES);
}

/** The scenes that masks are measured on, at one size. */
export function instanceEvaluationScenes(size: number): Promise<Sample[]> {
  return scenesOf(instanceSource(EVALUATION_SEED, size), EVALUATION_SCENES);
}

/** The scenes that networks are judged on while they learn. */
export function validationScenes(size: number): Promise<Sample[]> {
  return scenesOf(judgedSource(VALIDATION_SEED, size), VALIDATION_SCENES);
}

/** Those that networks for masks are judged on. */
export function instanceValidationScenes(size: number): Promise<Sample[]> {
  return scenesOf(instanceSource(VALIDATION_SEED, size), VALIDATION_SCENES);
}

async function scenesOf(source: SampleSource, count: number): Promise<Sample[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => source.sample(index)));
}

/** What to open, and by which options. */
export interface PhotographOptions extends Pick<CocoOptions, "maskUnlabelled"> {
  /** Of the names of the options that say which. @default {""} */
  readonly prefix?: string;
  /** Only these; all without. */
  readonly ids?: ReadonlySet<number>;
  /** Whether they are to be judged: those whose labels are secret are left out then. @default {false} */
  readonly judged?: boolean;
}

/** Photographs and their annotation file. */
export interface Photographs {
  readonly photographs: CocoDataset;
  readonly file: AnnotationFile;
  /** How many were left out because their labels are secret. */
  readonly secret: number;
}

/**
 * The photographs that `--annotations` and `--images` name, and the annotation file; undefined if neither is
 * given.
 *
 * @param photos Those that show somebody with an annotated keypoint, or all.
 * @throws {InputError} If one is given without the other, or they cannot be read.
 */
export async function openPhotographs(
  values: Values,
  photos: "labelled" | "all" = "all",
  { prefix = "", ids, judged = false, ...options }: PhotographOptions = {},
): Promise<Photographs | undefined> {
  const paths = pathsOf(values, prefix);
  if (!paths) return undefined;
  const all = withIds(await readAnnotationFile(values, paths.annotations), ids);
  const { file, secret } = judged ? withLabels(all) : { file: all, secret: 0 };
  // Who goes through all of them does so once.
  const cache = photos === "all" ? { cacheMegabytes: 0 } : {};
  const photographs = await photographsOf(file, paths.images, { ...options, photos, ...cache });
  return { file, photographs, secret };
}

/** Photographs of a COCO instance file, and the classes of their masks as categories of the file. */
export type InstancePhotographs = Awaited<ReturnType<typeof loadCocoInstances>>;

/**
 * The photographs that `--annotations` and `--images` name, with masks; undefined if neither is given.
 *
 * @param options Classes, which photographs to take; `prefix` of the names of the two options.
 * @throws {InputError} If one is given without the other, or they cannot be read.
 */
export async function openInstancePhotographs(
  values: Values,
  { prefix = "", ...options }: CocoInstancesOptions & Pick<PhotographOptions, "prefix"> = {},
): Promise<InstancePhotographs | undefined> {
  const paths = pathsOf(values, prefix);
  if (!paths) return undefined;
  // Who goes through all of them does so once.
  const cache = options.photos === "all" ? { cacheMegabytes: 0 } : {};
  return await loadCocoInstances(paths.annotations, paths.images, { ...options, ...cache });
}

/**
 * An annotation file and the folder of its photographs, undefined if neither is given.
 *
 * @param prefix Of the names of the two options.
 * @throws {InputError} If one is given without the other.
 */
function pathsOf(
  values: Values,
  prefix: string,
): { readonly annotations: string; readonly images: string } | undefined {
  const names = [`${prefix}annotations`, `${prefix}images`];
  const [annotations, images] = names.map((name) => values.text(name));
  if (annotations !== undefined && images !== undefined) return { annotations, images };
  if (annotations === images) return undefined;
  const [given, missing] = images === undefined ? names : names.toReversed();
  throw new InputError(
    `--${given} is given but not --${missing}\n` +
      "  help: photographs need both, the annotation file and the folder",
  );
}

/**
 * The samples of a source in order, each read when it is its turn.
 *
 * @param onBroken Told of each that cannot be read, which is then left out; an error without.
 */
export async function* samplesOf(
  source: SampleSource,
  onBroken?: (reason: string) => void,
): AsyncGenerator<Sample, void, undefined> {
  for (let i = 0; i < source.length; i++) {
    let sample: Sample;
    try {
      sample = await source.sample(i);
    } catch (error) {
      if (!onBroken || !(error instanceof InputError)) throw error;
      onBroken(error.message);
      continue;
    }
    yield sample;
  }
}
