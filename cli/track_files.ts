/**
 * Files of tracks as the commands find them: one video or a folder of them, truth and results side by side.
 *
 *     TRUTH                              RESULTS
 *     gt.txt                             found.txt                  one video of MOTChallenge
 *     NAME/gt/gt.txt, NAME/gt.txt        NAME.txt                   a folder of them
 *     NAME.json                          NAME.json                  PoseTrack: a file, or a folder
 *
 * @module
 */
import { basename } from "node:path";
import {
  InputError,
  type MotBox,
  type PoseTrackFrame,
  readMotResults,
  readMotTruth,
  readPoseTrackResults,
  readPoseTrackTruth,
  type TrackedBox,
  type TrackedPerson,
  type TrackFrame,
} from "../mod.ts";

/** A video of boxes. */
export interface MotVideo {
  readonly kind: "mot";
  readonly name: string;
  readonly truth: readonly TrackFrame<MotBox>[];
  readonly found: readonly TrackFrame<TrackedBox>[];
}

/** A video of people. */
export interface PoseVideo {
  readonly kind: "posetrack";
  readonly name: string;
  readonly truth: readonly PoseTrackFrame[];
  readonly found: readonly TrackFrame<TrackedPerson>[];
}

/** The files of one video. */
interface Paths {
  readonly name: string;
  readonly truth: string;
  readonly results: string;
}

/**
 * Read the videos of two files or two folders; all are of one kind.
 *
 * @throws {InputError} If one is a file and the other a folder, a video lacks its truth or its results or has two of
 *   them, files are of both kinds, or a file is not as it should be.
 */
export async function readTracks(
  truth: string,
  results: string,
): Promise<MotVideo[] | PoseVideo[]> {
  const folders = [await isFolder(truth), await isFolder(results)];
  if (folders[0] !== folders[1]) {
    throw new InputError(
      `${truth} is a ${folders[0] ? "folder" : "file"} but ${results} is a ` +
        `${folders[1] ? "folder" : "file"}\n  help: give two files of one video, or two folders`,
    );
  }
  const videos = folders[0]
    ? await pairedFiles(truth, results)
    : [{ name: basename(truth), truth, results }];
  const kinds = videos.map((video) => [kindOf(video.truth), kindOf(video.results)]).flat();
  const [kind] = kinds;
  if (kinds.some((other) => other !== kind)) {
    throw new InputError(
      `${truth} and ${results} hold .json files and .txt files\n` +
        "  help: PoseTrack's are .json, MOTChallenge's .txt",
    );
  }
  if (kind === "mot") {
    return await Promise.all(videos.map(async (video) => ({
      kind,
      name: video.name,
      truth: await readMotTruth(video.truth),
      found: await readMotResults(video.results),
    })));
  }
  return await Promise.all(videos.map(async (video) => ({
    kind,
    name: video.name,
    truth: await readPoseTrackTruth(video.truth),
    found: await readPoseTrackResults(video.results),
  })));
}

function kindOf(path: string): "mot" | "posetrack" {
  return /\.json$/i.test(path) ? "posetrack" : "mot";
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw new InputError(`${path}: no such file or folder`, { cause: error });
  }
}

/** The videos of two folders, sorted by name: every truth has results, and all results have a truth. */
async function pairedFiles(truth: string, results: string): Promise<Paths[]> {
  const truths = new Map<string, string>(), found = new Map<string, string>();
  const add = (files: Map<string, string>, name: string, path: string) => {
    const other = files.get(name);
    if (other === undefined) return files.set(name, path);
    throw new InputError(`${path}: ${other} is there, too, for the same video\n  help: keep one`);
  };
  for (const { name, isDirectory } of await entriesOf(truth)) {
    if (isDirectory) {
      const path = await firstFile(`${truth}/${name}/gt/gt.txt`, `${truth}/${name}/gt.txt`);
      if (path) add(truths, name, path);
    } else if (/\.json$/i.test(name)) {
      add(truths, name.slice(0, -".json".length), `${truth}/${name}`);
    }
  }
  if (truths.size === 0) {
    throw new InputError(
      `${truth}: holds no truth\n  help: folders with gt/gt.txt, or files of PoseTrack, NAME.json`,
    );
  }
  for (const { name, isFile } of await entriesOf(results)) {
    const [, stem] = /^(.*)\.(?:txt|json)$/i.exec(name) ?? [];
    if (isFile && stem !== undefined) add(found, stem, `${results}/${name}`);
  }
  const names = [...truths.keys()];
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new InputError(`${results}: no results for ${missing.join(", ")}`);
  }
  const strangers = [...found.keys()].filter((name) => !truths.has(name));
  if (strangers.length > 0) {
    throw new InputError(`${truth}: no truth for the results ${strangers.join(", ")}`);
  }
  return names.map((name) => ({ name, truth: truths.get(name)!, results: found.get(name)! }));
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function firstFile(...paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}
