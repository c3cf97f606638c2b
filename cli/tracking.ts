/**
 * Made-up videos to measure tracking on, and the measuring: a network looks at every frame by itself, a tracker says who
 * is who, and the figures compare that with the truth.
 *
 * People of whom hardly anything shows are neither asked for nor held against a tracker that finds them, as
 * MOTChallenge does with what it calls distractors.
 *
 * @module
 */
import {
  type AnnotatedPerson,
  type AnnotatedTrackPerson,
  type AppearanceNet,
  COCO,
  combineTrackingFigures,
  type DecodedPerson,
  poseSimilarity,
  type TrackedPerson,
  type TrackFrame,
  type TrackingFigures,
  trackingFigures,
  type TrackingFrame,
  trackingFrames,
  trackPeople,
  type TrackPeopleOptions,
} from "../mod.ts";
import {
  frameSample,
  LEAST_SHOWN,
  type Sample,
  SYNTHETIC_VIDEO_VERSION,
  syntheticVideo,
  type VideoFrame,
} from "../data/mod.ts";
import { Retagger } from "./appearance.ts";
import { findPeople } from "./prediction.ts";
import { VIDEO_PEOPLE } from "./sources.ts";
import type { LoadedNetwork } from "./weights.ts";

/** Seed and number of the videos that trackers are measured on; training never uses the seed. */
export const EVALUATION_VIDEO_SEED = 2019;
export const EVALUATION_VIDEOS = 20;
/** How many frames each has. */
const VIDEO_FRAMES = 40;
/** A person counts as found if the OKS reaches this. */
const FOUND_FROM = 0.5;
/** Area of a person as a share of the rectangle around the keypoints, usual of photographs. */
const BODY_SHARE = 0.52;

/** The videos that trackers are measured on, in a few words that name everything they depend on. */
export function videosName(count: number): string {
  return `synthetic videos, version ${SYNTHETIC_VIDEO_VERSION}, seed ${EVALUATION_VIDEO_SEED}, ` +
    `${count} videos of ${VIDEO_FRAMES} frames with ${VIDEO_PEOPLE[0]} to ${
      VIDEO_PEOPLE[1]
    } people, ` +
    `people found from an OKS of ${FOUND_FROM}`;
}

/** What all ways of following people have in common; these and the two below were chosen on videos of seed 4711. */
const COMMON: TrackPeopleOptions = { leastScore: 0.3, maxGap: 40 };
/** Following people by their tags: a full overlap makes up for a tag distance of 0.4. */
export const BY_TAG: TrackPeopleOptions = {
  ...COMMON,
  by: "tag",
  rounding: "none",
  placeWeight: 40,
};
/** Following people by where they are alone. */
export const BY_PLACE: TrackPeopleOptions = { ...COMMON, by: "place", minOverlap: 0 };

/** A video: its pictures and the truth about them. */
export interface Video {
  readonly name: string;
  readonly frames: readonly VideoFrame[];
}

/** What a network finds in a video: the people of each frame, in image pixels. */
export interface VideoPeople {
  readonly video: Video;
  readonly people: readonly (readonly DecodedPerson[])[];
}

/** A video after tracking. */
export interface TrackedVideo {
  readonly video: Video;
  readonly tracks: readonly TrackFrame<TrackedPerson>[];
  /** Without those who are neither asked for nor held against anybody. */
  readonly compared: readonly TrackingFrame[];
}

/** The videos that trackers are measured on, of pictures of one size. */
export function evaluationVideos(
  size: number,
  { seed = EVALUATION_VIDEO_SEED, count = EVALUATION_VIDEOS }: {
    readonly seed?: number;
    readonly count?: number;
  } = {},
): Video[] {
  return Array.from({ length: count }, (_, index) => {
    const video = syntheticVideo({ seed, index, size, frames: VIDEO_FRAMES, people: VIDEO_PEOPLE });
    const frames = Array.from({ length: VIDEO_FRAMES }, (_, t) => video.frame(t));
    return { name: `video ${seed}/${index}`, frames };
  });
}

/** The people that a pose network finds in the frames of videos. */
export async function* lookAt(
  loaded: LoadedNetwork,
  videos: readonly Video[],
): AsyncGenerator<VideoPeople, void, undefined> {
  const samples = videos.flatMap(({ name, frames }) =>
    frames.map((frame, moment): Sample => frameSample(frame, { id: moment, video: name, moment }))
  );
  let people: (readonly DecodedPerson[])[] = [], done = 0;
  for await (const found of findPeople(loaded, samples)) {
    people.push(found.people);
    if (people.length < videos[done].frames.length) continue;
    yield { video: videos[done++], people };
    people = [];
  }
}

/** The same people with the tags of an appearance network. */
export async function retagged(
  net: AppearanceNet,
  videos: readonly VideoPeople[],
): Promise<VideoPeople[]> {
  using retagger = new Retagger(net);
  const result: VideoPeople[] = [];
  for (const { video, people } of videos) {
    const tagged: DecodedPerson[][] = [];
    for (const [t, found] of people.entries()) {
      tagged.push(await retagger.retag(video.frames[t].image, found));
    }
    result.push({ video, people: tagged });
  }
  return result;
}

/** Track the people of a video and compare with the truth. */
export function trackVideo(
  { video, people }: VideoPeople,
  options: TrackPeopleOptions,
): TrackedVideo {
  const tracks = trackPeople(people, options);
  const similarity = poseSimilarity(COCO);
  const sides = video.frames.map((frame, t) => sidesOf(frame, tracks[t], similarity));
  const compared = trackingFrames({
    truth: sides.map(({ truth }) => truth),
    found: sides.map(({ found }) => found),
  }, similarity);
  return { video, tracks, compared };
}

/** Figures of all videos together. */
export function figuresOf(videos: readonly TrackedVideo[]): TrackingFigures {
  return combineTrackingFigures(
    videos.map(({ compared }) => trackingFigures(compared, { threshold: FOUND_FROM })),
  );
}

/** Truth and tracks of a frame, without people of whom hardly anything shows and without who is nearest to these. */
function sidesOf(
  { people, identities, shown }: VideoFrame,
  { frame, things }: TrackFrame<TrackedPerson>,
  similarity: ReturnType<typeof poseSimilarity>,
) {
  const truth = people.map((person, p): AnnotatedTrackPerson & { readonly isPlain: boolean } => ({
    ...person,
    area: wholeArea(person),
    identity: identities[p],
    isPlain: shown[p] >= LEAST_SHOWN,
  }));
  const isHeldAgainst = (found: TrackedPerson) => {
    const nearest = truth
      .map(({ isPlain, ...person }) => ({ isPlain, onto: similarity(person, found) }))
      .sort((a, b) => b.onto - a.onto)[0];
    return !nearest || nearest.isPlain || nearest.onto < FOUND_FROM;
  };
  return {
    truth: { frame, things: truth.filter(({ isPlain }) => isPlain) },
    found: { frame, things: things.filter(isHeldAgainst) },
  };
}

/** The area that OKS measures distances by: of the whole body in the picture, however much of it is hidden. */
function wholeArea({ keypoints }: AnnotatedPerson): number {
  const inPicture = keypoints.filter(({ visibility }) => visibility > 0);
  const extent = (axis: "x" | "y") => {
    const places = inPicture.map((at) => at[axis]);
    return Math.max(...places) - Math.min(...places) + 1;
  };
  return inPicture.length === 0 ? 1 : BODY_SHARE * extent("x") * extent("y");
}
