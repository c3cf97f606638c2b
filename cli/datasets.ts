/**
 * Annotation files of the data sets that the commands know: which one a file is of, and its skeleton.
 *
 * @module
 */
import {
  checkCocoTruth,
  checkCrowdPoseTruth,
  COCO,
  type CocoTruth,
  CROWDPOSE,
  type CrowdPoseTruth,
  InputError,
  MPII,
  type MpiiImage,
  mpiiImages,
  readBytes,
  readJson,
  readMpii,
  readSkeleton,
  type Skeleton,
  skeletonNamed,
} from "../mod.ts";
import {
  CocoDataset,
  type CocoOptions,
  crowdPoseRecords,
  mpiiRecords,
  personCategory,
  type PhotoRecord,
  photoRecords,
} from "../data/mod.ts";
import type { Option, Options, Values } from "./options.ts";

const KINDS = ["coco", "crowdpose", "mpii"] as const;
type Kind = (typeof KINDS)[number];

/** The options that say what an annotation file is. */
export const DATASET_OPTIONS: Options = {
  dataset: {
    type: "text",
    choices: KINDS,
    help: "whose form the annotation file has",
    otherwise: "as it looks",
    needs: "annotations",
  },
  skeleton: {
    type: "text",
    help: "keypoints of a file in COCO's form: coco, crowdpose, mpii, posetrack, or a JSON file " +
      "that describes others",
    otherwise: "coco",
    needs: "annotations",
  },
};

/** The option `--ids`. */
export const IDS: Option = {
  type: "file",
  help: "image ids, a JSON list or one a line: only these count",
  otherwise: "all",
  needs: "annotations",
};

/** An annotation file, read and checked. */
export type AnnotationFile =
  & {
    readonly path: string;
    readonly skeleton: Skeleton;
    /** What COCO's records call a person. */
    readonly categoryId: number;
  }
  & (
    | { readonly kind: "coco"; readonly truth: CocoTruth }
    | { readonly kind: "crowdpose"; readonly truth: CrowdPoseTruth }
    | { readonly kind: "mpii"; readonly images: readonly MpiiImage[] }
  );

/** The skeleton that `--skeleton` names, undefined if it is not given. */
export async function skeletonOf(values: Values): Promise<Skeleton | undefined> {
  const name = values.text("skeleton");
  if (name === undefined) return undefined;
  return /\.json$/i.test(name) ? await readSkeleton(name) : skeletonNamed(name);
}

/**
 * Read the file that `--annotations` names, as `--dataset` says or else as it looks.
 *
 * @throws {InputError} If `--skeleton` does not suit it, or the file is not as it should be.
 */
export async function readAnnotationFile(values: Values, path: string): Promise<AnnotationFile> {
  const given = values.oneOf("dataset", KINDS);
  const own = await skeletonOf(values);
  const isMat = /\.mat$/i.test(path);
  const parsed = isMat ? undefined : await readJson(path);
  const kind = given ?? (isMat ? "mpii" : looksLike(parsed));
  if (own && kind !== "coco") {
    throw new InputError(`--skeleton is for files in COCO's form; ${kind} has its own`);
  }
  if (kind === "mpii") {
    const images = isMat ? await readMpii(path) : mpiiImages(parsed, path);
    return { kind, path, skeleton: MPII, categoryId: 1, images };
  }
  if (kind === "crowdpose") {
    const categoryId = personCategory(parsed, path, CROWDPOSE);
    const truth = checkCrowdPoseTruth(parsed, path, { categoryId });
    return { kind, path, skeleton: CROWDPOSE, categoryId, truth };
  }
  const skeleton = own ?? COCO;
  const categoryId = personCategory(parsed, path, skeleton);
  const truth = checkCocoTruth(parsed, { skeleton, categoryId, name: path });
  return { kind, path, skeleton, categoryId, truth };
}

/** Only MPII's files have an annolist, and only CrowdPose's a crowdIndex. */
function looksLike(parsed: unknown): Kind {
  if (typeof parsed !== "object" || parsed === null) return "coco";
  if ("annolist" in parsed || "RELEASE" in parsed) return "mpii";
  const [first] = "images" in parsed && Array.isArray(parsed.images) ? parsed.images : [];
  return typeof first === "object" && first !== null && "crowdIndex" in first
    ? "crowdpose"
    : "coco";
}

/** An annotation file without the images whose labels are secret, and how many those are: MPII's test images. */
export function withLabels(
  file: AnnotationFile,
): { readonly file: AnnotationFile; readonly secret: number } {
  if (file.kind !== "mpii") return { file, secret: 0 };
  const images = file.images.filter(({ train }) => train);
  return { file: { ...file, images }, secret: file.images.length - images.length };
}

/**
 * The photographs of an annotation file.
 *
 * @throws {InputError} If something in it is wrong, none is left, or pictures are missing.
 */
export async function photographsOf(
  file: AnnotationFile,
  folder: string,
  options: Pick<CocoOptions, "photos" | "maskUnlabelled" | "cacheMegabytes">,
): Promise<CocoDataset> {
  return await CocoDataset.open(folder, recordsOf(file, options), options.cacheMegabytes);
}

function recordsOf(file: AnnotationFile, options: CocoOptions): PhotoRecord[] {
  const { path, skeleton } = file;
  if (file.kind === "mpii") return mpiiRecords(file.images, { ...options, name: path });
  if (file.kind === "crowdpose") return crowdPoseRecords(file.truth, path, options);
  return photoRecords(file.truth, path, { ...options, skeleton });
}

/** Whether two skeletons have the same keypoints in the same order. */
export function sameKeypoints(a: Skeleton, b: Skeleton): boolean {
  return a.keypoints.join() === b.keypoints.join();
}

/**
 * See that a network finds the keypoints that an annotation file has.
 *
 * @throws {InputError} If it does not.
 */
export function checkSameKeypoints(network: Skeleton, file: AnnotationFile): void {
  if (sameKeypoints(network, file.skeleton)) return;
  throw new InputError(
    `the network finds the ${network.keypoints.length} keypoints of "${network.name}", ${file.path} has ` +
      `the ${file.skeleton.keypoints.length} of "${file.skeleton.name}"\n` +
      "  help: take weights that were trained for them",
  );
}

/**
 * The image ids of a file: a JSON list, or numbers between spaces or line ends; undefined without a path.
 *
 * @throws {InputError} If it cannot be read, is empty or something in it is no whole number.
 */
export async function readIds(path: string | undefined): Promise<ReadonlySet<number> | undefined> {
  if (path === undefined) return undefined;
  const text = new TextDecoder().decode(await readBytes(path));
  const words = text.replaceAll(/[\[\],]/g, " ").split(/\s+/).filter((word) => word !== "");
  const wrong = words.find((word) => !/^\d{1,15}$/.test(word));
  if (wrong !== undefined) throw new InputError(`${path}: "${wrong}" is no image id`);
  if (words.length === 0) throw new InputError(`${path}: there are no image ids in it`);
  return new Set(words.map(Number));
}

/**
 * See that an annotation file has all images asked for.
 *
 * @throws {InputError} If it does not.
 */
export function checkHasIds(
  ids: ReadonlySet<number>,
  images: readonly { readonly id: number }[],
  path: string,
): void {
  const present = new Set(images.map(({ id }) => id));
  const missing = [...ids].find((id) => !present.has(id));
  if (missing !== undefined) throw new InputError(`--ids: ${path} has no image ${missing}`);
}

/**
 * The annotation file with the images asked for alone; all of it without ids.
 *
 * @throws {InputError} If it does not have one of them.
 */
export function withIds(
  file: AnnotationFile,
  ids: ReadonlySet<number> | undefined,
): AnnotationFile {
  if (!ids) return file;
  checkHasIds(ids, file.kind === "mpii" ? file.images : file.truth.images, file.path);
  if (file.kind === "mpii") {
    return { ...file, images: file.images.filter(({ id }) => ids.has(id)) };
  }
  return {
    ...file,
    truth: {
      ...file.truth,
      images: file.truth.images.filter(({ id }) => ids.has(id)),
      annotations: file.truth.annotations.filter(({ image_id }) => ids.has(image_id)),
    },
  } as AnnotationFile;
}
