/**
 * What a network finds in photographs, whatever it finds: `predict` writes it, `evaluate` measures it.
 *
 *     weights of     finder
 *     keypoints      people_finder.ts      people, as COCO's keypoint records
 *     classes        instance_finder.ts    instances, as COCO's records of masks
 *
 * @module
 */
import { InputError, type RgbImage } from "../mod.ts";
import type { CocoDataset, Sample, SampleSource } from "../data/mod.ts";
import type { Values } from "./options.ts";
import { progressOnStderr } from "./output.ts";
import { LOOKING } from "./prediction.ts";
import { REFINING } from "./refinement.ts";
import { samplesOf } from "./sources.ts";

/** What was found in a photograph. */
export interface Found<R> {
  readonly sample: Sample;
  /** How many of what: `3 people`. */
  readonly count: string;
  /** As a results file has them. */
  readonly records: readonly R[];
  /** The photograph with everything found drawn into it. */
  readonly paint: () => RgbImage;
}

/** Finds things in photographs as the options of a command say. */
export interface Finder<R> {
  /** The photographs of the annotation file, where the options name one. */
  readonly photographs: CocoDataset | undefined;
  /** What is found in each sample, in their order. */
  readonly find: (samples: AsyncIterable<Sample>) => AsyncIterable<Found<R>>;
}

/**
 * See that `evaluate` is to predict photographs or to read results, and that no option is given in vain.
 *
 * @throws {InputError} If it is to do both or neither, or an option of predicting is given with results.
 */
export function checkResultsOrImages(values: Values): void {
  const isRead = values.isGiven("results");
  if (isRead === values.isGiven("images")) {
    throw new InputError(
      `${isRead ? "both --results and" : "neither --results nor"} --images given\n` +
        "  help: --results FILE to measure a results file, --images FOLDER to predict first",
    );
  }
  const idle = ["weights", "preset", ...Object.keys({ ...LOOKING, ...REFINING })].find((name) =>
    values.isGiven(name)
  );
  if (isRead && idle) throw new InputError(`--${idle} needs --images`);
}

/**
 * The records of all photographs.
 *
 * @throws {InputError} If some cannot be read; names them all.
 */
export async function findInAll<R>(
  photographs: SampleSource,
  { find }: Pick<Finder<R>, "find">,
): Promise<R[]> {
  const total = photographs.length;
  const progress = progressOnStderr({ label: "predict", total, unit: "photographs" });
  const all: R[] = [], broken: string[] = [];
  let done = 0;
  for await (const { records } of find(untilBroken(photographs, broken))) {
    all.push(...records);
    progress.update(++done);
  }
  progress.finish();
  if (broken.length === 0) return all;
  throw new InputError(
    `${broken.length} of ${total} photographs could not be read, so there are no ` +
      `figures:\n  ${broken.join("\n  ")}`,
  );
}

/** The samples up to the first that cannot be read; the rest are only looked at, so that all such are named. */
async function* untilBroken(photographs: SampleSource, broken: string[]): AsyncGenerator<Sample> {
  for await (const sample of samplesOf(photographs, (reason) => broken.push(reason))) {
    if (broken.length === 0) yield sample;
  }
}
