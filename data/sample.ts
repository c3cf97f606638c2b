/**
 * What a data set gives: pictures with the people in them. Synthetic scenes and photographs have the same
 * form, so everything after this point is the same for both.
 *
 * @module
 */
import type { Mask } from "../image/mask.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedInstance } from "../instance/instance.ts";
import type { AnnotatedPerson } from "../pose/person.ts";

/** One picture and its people, in image pixels. */
export interface Sample {
  /** Unique within its source: COCO's image id, or a scene's number. */
  readonly id: number;
  /** What to call it in messages; the file's name where there is a file. */
  readonly fileName: string;
  /** The picture. */
  readonly image: RgbImage;
  /** Everybody annotated, crowd regions and people without keypoints included. */
  readonly people: readonly AnnotatedPerson[];
  /** Everything annotated pixel by pixel, crowds included; absent where the source knows no masks. */
  readonly instances?: readonly AnnotatedInstance[];
  /** 1 where people may be that nobody annotated: no heatmap loss there. Of the picture's size. */
  readonly ignore?: Mask;
  /** Which video it is a frame of; absent for pictures that stand alone. */
  readonly video?: SampleVideo;
}

/** The video that a sample is a frame of. */
export interface SampleVideo {
  /** The same for all frames of a video, and for no other. */
  readonly name: string;
  /** Who each of the sample's `people` is: the same number in every frame of the video. */
  readonly identities: readonly number[];
}

/** Something that samples can be taken from by number: a folder of photographs, a scene maker. */
export interface SampleSource {
  /** How many samples there are; `Infinity` where they are made on demand. */
  readonly length: number;
  /**
   * Sample number `index`, from 0; the same one each time it is asked for.
   *
   * @throws {InputError} If the sample cannot be read, e.g. because its file is damaged.
   */
  sample(index: number): Sample | Promise<Sample>;
  /**
   * Which of the things that samples are made of stands behind sample number `index`, for reports that name each once.
   * @default {the index itself}
   */
  originOf?(index: number): number;
}

/** A source as values that can be sent to a worker, which opens the same one with them. */
export interface SourceDescription {
  /** Which kind of source. */
  readonly kind: "scenes" | "clips" | "photographs" | "voc" | "single people";
  /**
   * What it is made from: the options of `sceneSource` or `clipSource`; folder, records and cache of a `CocoDataset`; folder and names of
   * a `VocDataset`; source and options of `singlePersonSource`.
   */
  readonly settings: object;
}

/** A source that can be opened once more elsewhere, see {@linkcode SourceDescription}. */
export interface DescribedSource extends SampleSource {
  /** How to open it once more. */
  readonly description: SourceDescription;
}

/**
 * The people that a network can learn from: those with at least one annotated keypoint. Crowd regions and
 * people without keypoints fall away.
 *
 * pose-ae-train, `data/coco_pose/ref.py`, keeps annotations with `num_keypoints > 0`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { labelledPeople } from "ae/data";
 *
 * const rest = { box: [0, 0, 9, 9] as const, area: 81, crowd: false };
 * const seen = { keypoints: [{ x: 1, y: 1, visibility: 2 as const }], ...rest };
 * const unlabelled = { keypoints: [{ x: 0, y: 0, visibility: 0 as const }], ...rest };
 * assert.deepEqual(labelledPeople([unlabelled, seen]), [seen]);
 * ```
 */
export function labelledPeople(people: readonly AnnotatedPerson[]): AnnotatedPerson[] {
  return people.filter(({ keypoints, crowd }) =>
    !crowd && keypoints.some(({ visibility }) => visibility > 0)
  );
}
