/**
 * Instances found in photographs pixel by pixel, by a network of classes.
 *
 * @module
 */
import {
  type CocoInstanceResult,
  type DecodedInstance,
  InputError,
  paintInstances,
  toCocoInstanceResults,
  widestDimension,
} from "../mod.ts";
import { checkHasIds, DATASET_OPTIONS, readIds } from "./datasets.ts";
import type { Finder } from "./finder.ts";
import type { Values } from "./options.ts";
import { REFINING } from "./refinement.ts";
import { scaleRule } from "./scales.ts";
import { segment, type SegmentOptions } from "./segmentation.ts";
import { openInstancePhotographs } from "./sources.ts";
import type { LoadedNetwork } from "./weights.ts";

/** Options of `predict` and `evaluate` that say nothing to a network of classes. */
const OF_KEYPOINTS = ["decoder", ...Object.keys({ ...REFINING, ...DATASET_OPTIONS })];

/** Finds instances, and says which categories of the annotation file they are of. */
export interface InstanceFinder extends Finder<CocoInstanceResult> {
  /** The `category_id` of each class: the annotation file's, or 1 to C. */
  readonly categoryIds: readonly number[];
}

/**
 * Finds instances in the photographs of `--annotations` and `--images`, those of `--ids` alone where it is given, or in
 * any others.
 *
 * @throws {InputError} If an option is for keypoints, or the annotation file lacks a class of the network or an image.
 */
export async function instanceFinder(
  values: Values,
  loaded: LoadedNetwork & Required<Pick<LoadedNetwork, "classes">>,
): Promise<InstanceFinder> {
  for (const name of OF_KEYPOINTS) {
    if (!values.isGiven(name)) continue;
    throw new InputError(
      `--${name} is for keypoints, the weights find ${namesOf(loaded)} as masks`,
    );
  }
  const options = segmentOptionsOf(values);
  const ids = await readIds(values.text("ids"));
  const opened = await openInstancePhotographs(values, { classes: loaded.classes, photos: "all" });
  if (ids && opened) checkHasIds(ids, opened.photographs.records, values.text("annotations")!);
  const categoryIds = opened?.classes.map(({ id }) => id) ?? loaded.classes.map((_, c) => c + 1);
  return {
    photographs: ids ? opened?.photographs.where(({ id }) => ids.has(id)) : opened?.photographs,
    categoryIds,
    async *find(samples) {
      for await (const { sample, instances } of segment(loaded, samples, options)) {
        const { length } = instances;
        yield {
          sample,
          count: `${length} ${length === 1 ? "instance" : "instances"}`,
          records: toCocoInstanceResults(instances, sample.id, categoryIds),
          paint: () => paintInstances(sample.image, byTag(instances), { colorBy: "tag" }),
        };
      }
    },
  };
}

function namesOf({ classes }: { readonly classes: readonly string[] }): string {
  return classes.length > 3 ? `${classes.length} classes` : classes.join(", ");
}

/**
 * What `--threshold`, `--tag-distance`, `--scales` and `--flip` mean to masks.
 *
 * @throws {InputError} If `--scales` is a rule of another shape than squares of a multiple of the network's size.
 */
export function segmentOptionsOf(values: Values): SegmentOptions {
  const [threshold, separation] = [values.number("threshold"), values.number("tag-distance")];
  const { name, fit, native, scales } = scaleRule(values.text("scales"));
  if (fit !== "longer" || native) {
    throw new InputError(
      `--scales ${name} is for keypoints\n  help: for masks give official or a list as 1.5,1`,
    );
  }
  return {
    scales,
    flip: values.flag("flip"),
    ...(threshold === undefined ? {} : { threshold }),
    ...(separation === undefined ? {} : { separation }),
  };
}

/** The same with the one number of the tags in which they are farthest apart: what pictures show as colour. */
function byTag(instances: readonly DecodedInstance[]): DecodedInstance[] {
  const dimension = widestDimension(instances);
  return instances.map((instance) => ({ ...instance, tag: [instance.tag[dimension]] }));
}
