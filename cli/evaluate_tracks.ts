/**
 * `evaluate-tracks`: the figures of a tracker's results, for MOTChallenge and PoseTrack; as a table, as JSON, and as a time
 * line of who was found when.
 *
 * @module
 */
import {
  combineTrackingFigures,
  drawTimeline,
  evaluatePoseTrack,
  InputError,
  matchTracks,
  MOT_DISTRACTORS,
  motTrackingFrames,
  poseSimilarity,
  POSETRACK,
  type PoseTrackEvaluation,
  type TrackingFigures,
  trackingFigures,
  type TrackingFrame,
  trackingFrames,
  writeFileAtomic,
} from "../mod.ts";
import { type Command, under, type Values } from "./options.ts";
import { alignedRows, checkWritable, writeJson } from "./output.ts";
import { say } from "./say.ts";
import { type MotVideo, type PoseVideo, readTracks } from "./track_files.ts";

/** `evaluate-tracks`. */
export const evaluateTracksCommand: Command = {
  summary: "Measure tracks: MOTA, IDF1, HOTA; MOTChallenge, PoseTrack.",
  operands: "TRUTH RESULTS",
  options: {
    ...under("Rules", {
      threshold: {
        type: "number",
        above: true,
        most: 1,
        default: 0.5,
        help: "least IoU (of boxes) or OKS (of people) of a match; not for HOTA",
      },
      distractors: {
        type: "text",
        help: "MOTChallenge: classes that excuse what is found on them",
        otherwise: `${MOT_DISTRACTORS.join(",")}; for MOT20 add 6`,
      },
      poseval: {
        type: "flag",
        help: "PoseTrack: count odd frames as poseval does, for comparison with published MOTA",
      },
    }),
    ...under("Output", {
      json: { type: "file", help: "also write all figures to this file" },
      timeline: { type: "file", help: "one video: also draw who was found when: FILE.svg" },
    }),
  },
  notes: [
    "TRUTH and RESULTS are two files, gt.txt and found.txt or two .json files of PoseTrack, or " +
    "two folders: NAME/gt/gt.txt and NAME.txt, or NAME.json and NAME.json.",
  ],
  examples: [
    ["one video, and who was found when", "gt.txt out/track/tracks.txt --timeline timeline.svg"],
    ["all videos of MOT17", "MOT17/train results --json figures.json"],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const [truth, results] = values.operands;
  const threshold = values.number("threshold")!;
  const [json, timeline] = [values.text("json"), values.text("timeline")];
  for (const path of [json, timeline]) if (path !== undefined) await checkWritable(path);
  const videos = await readTracks(truth, results);
  const { kind } = videos[0];
  checkOptions(values, kind, videos.length);
  const distractors = distractorsOf(values);
  const frames = videos.map((video) => framesOf(video, distractors));
  const parts = frames.map((one) => trackingFigures(one, { threshold }));
  const all = combineTrackingFigures(parts);
  const people = kind === "posetrack"
    ? evaluatePoseTrack(videos as PoseVideo[], {
      rules: values.flag("poseval") ? "poseval" : "plain",
    })
    : undefined;
  const rows = videos.map(({ name }, v) => [name, parts[v]] as const);
  say(tableOf(rows.length > 1 ? [...rows, ["all", all]] : rows));
  if (people) say(`\n${poseTableOf(people)}`);
  if (json !== undefined) {
    const figures = { dataset: kind, threshold, figures: all, videos: Object.fromEntries(rows) };
    await writeJson(json, { ...figures, posetrack: people });
  }
  if (timeline !== undefined) {
    const title = `${videos[0].name}: who was found when`;
    await writeFileAtomic(
      timeline,
      drawTimeline(matchTracks(frames[0], { threshold }), { title }).toString(),
    );
  }
}

/** See that no option is given in vain. */
function checkOptions(values: Values, kind: "mot" | "posetrack", videos: number): void {
  if (kind === "mot" && values.flag("poseval")) throw new InputError("--poseval is for PoseTrack");
  if (kind === "posetrack" && values.text("distractors") !== undefined) {
    throw new InputError("--distractors is for MOTChallenge");
  }
  if (videos > 1 && values.text("timeline") !== undefined) {
    throw new InputError(`--timeline is for one video, there are ${videos}`);
  }
}

function distractorsOf(values: Values): readonly number[] {
  const text = values.text("distractors");
  if (text === undefined) return MOT_DISTRACTORS;
  return text.split(",").map((word) => {
    const category = Number(word);
    if (word.trim() !== "" && Number.isInteger(category) && category >= 1) return category;
    throw new InputError(
      `--distractors is a list of classes like ${MOT_DISTRACTORS.join(",")}, not ${text}`,
    );
  });
}

/** Boxes by IoU, people by OKS; only labelled frames. */
function framesOf(
  video: MotVideo | PoseVideo,
  distractors: readonly number[],
): TrackingFrame[] {
  if (video.kind === "mot") return motTrackingFrames(video, { distractors });
  const truth = video.truth.filter(({ labelled }) => labelled);
  const numbers = new Set(truth.map(({ frame }) => frame));
  const found = video.found.filter(({ frame }) => numbers.has(frame));
  return trackingFrames({ truth, found }, poseSimilarity(POSETRACK));
}

const share = (value: number) => value.toFixed(3);

/** The columns of the table. */
const COLUMNS: Readonly<Record<string, (figures: TrackingFigures) => string>> = {
  HOTA: ({ HOTA }) => share(HOTA),
  DetA: ({ DetA }) => share(DetA),
  AssA: ({ AssA }) => share(AssA),
  LocA: ({ LocA }) => share(LocA),
  IDF1: ({ IDF1 }) => share(IDF1),
  MOTA: ({ MOTA }) => share(MOTA),
  MOTP: ({ MOTP }) => share(MOTP),
  switches: ({ identitySwitches }) => `${identitySwitches}`,
  fragments: ({ fragmentations }) => `${fragmentations}`,
  misses: ({ misses }) => `${misses}`,
  false: ({ falsePositives }) => `${falsePositives}`,
};

function tableOf(rows: readonly (readonly [name: string, figures: TrackingFigures])[]): string {
  return alignedRows([
    ["", ...Object.keys(COLUMNS)],
    ...rows.map(([name, figures]) => [
      name,
      ...Object.values(COLUMNS).map((valueOf) => valueOf(figures)),
    ]),
  ]);
}

function poseTableOf({ columns, MOTP, precision, recall }: PoseTrackEvaluation): string {
  const values = { ...columns, MOTP, precision, recall };
  return alignedRows([
    ["PoseTrack", ...Object.keys(values)],
    ["MOTA", ...Object.values(values).map((value) => value === null ? "-" : share(value))],
  ]);
}
