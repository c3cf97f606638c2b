/**
 * Made-up films to measure tracking on, and the measuring: a network looks at every frame by itself, a tracker says who
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
import { FILM_PEOPLE } from "./sources.ts";
import type { LoadedModel } from "./weights.ts";

/** Seed and number of the films that trackers are measured on; training never uses the seed. */
export const EVALUATION_FILM_SEED = 2019;
export const EVALUATION_FILMS = 20;
/** How many frames each has. */
const FILM_FRAMES = 40;
/** A person counts as found if the OKS reaches this. */
const FOUND_FROM = 0.5;
/** Area of a person as a share of the rectangle around the keypoints, usual of photographs. */
const BODY_SHARE = 0.52;

/** The films that trackers are measured on, in a few words that name everything they depend on. */
export function filmsName(count: number): string {
  return `synthetic films, version ${SYNTHETIC_VIDEO_VERSION}, seed ${EVALUATION_FILM_SEED}, ` +
    `${count} films of ${FILM_FRAMES} frames with ${FILM_PEOPLE[0]} to ${FILM_PEOPLE[1]} people, ` +
    `people found from an OKS of ${FOUND_FROM}`;
}

/** How people are followed by their tags: chosen on films of another seed (4711). */
export const BY_TAG: TrackPeopleOptions = {
  by: "tag",
  rounding: "none",
  maxTagDistance: 1,
  placeWeight: 30,
  birthScore: 0.4,
  maxGap: 40,
};
/** The same without tags, at its best on the same films. */
export const BY_PLACE: TrackPeopleOptions = {
  by: "place",
  minOverlap: 0.1,
  birthScore: 0.4,
  maxGap: 40,
};

/** A film: its pictures and the truth about them. */
export interface Film {
  readonly name: string;
  readonly frames: readonly VideoFrame[];
}

/** What a network finds in a film: the people of each frame, in image pixels. */
export interface FilmPeople {
  readonly film: Film;
  readonly people: readonly (readonly DecodedPerson[])[];
}

/** A film after tracking. */
export interface TrackedFilm {
  readonly film: Film;
  readonly tracks: readonly TrackFrame<TrackedPerson>[];
  /** Without those who are neither asked for nor held against anybody. */
  readonly compared: readonly TrackingFrame[];
}

/** The films that trackers are measured on, of pictures of one size. */
export function evaluationFilms(
  size: number,
  { seed = EVALUATION_FILM_SEED, count = EVALUATION_FILMS }: {
    readonly seed?: number;
    readonly count?: number;
  } = {},
): Film[] {
  return Array.from({ length: count }, (_, index) => {
    const video = syntheticVideo({ seed, index, size, frames: FILM_FRAMES, people: FILM_PEOPLE });
    const frames = Array.from({ length: FILM_FRAMES }, (_, t) => video.frame(t));
    return { name: `film ${seed}/${index}`, frames };
  });
}

/** The people that a pose network finds in the frames of films. */
export async function* lookAt(
  loaded: LoadedModel,
  films: readonly Film[],
): AsyncGenerator<FilmPeople, void, undefined> {
  const samples = films.flatMap(({ name, frames }) =>
    frames.map((frame, moment): Sample => frameSample(frame, { id: moment, film: name, moment }))
  );
  let people: (readonly DecodedPerson[])[] = [], done = 0;
  for await (const found of findPeople(loaded, samples)) {
    people.push(found.people);
    if (people.length < films[done].frames.length) continue;
    yield { film: films[done++], people };
    people = [];
  }
}

/** The same people with the tags of an appearance network. */
export async function retagged(
  net: AppearanceNet,
  films: readonly FilmPeople[],
): Promise<FilmPeople[]> {
  using retagger = new Retagger(net);
  const result: FilmPeople[] = [];
  for (const { film, people } of films) {
    const tagged: DecodedPerson[][] = [];
    for (const [t, found] of people.entries()) {
      tagged.push(await retagger.retag(film.frames[t].image, found));
    }
    result.push({ film, people: tagged });
  }
  return result;
}

/** Track the people of a film and compare with the truth. */
export function trackFilm(
  { film, people }: FilmPeople,
  options: TrackPeopleOptions,
): TrackedFilm {
  const tracks = trackPeople(people, options);
  const similarity = poseSimilarity(COCO);
  const sides = film.frames.map((frame, t) => sidesOf(frame, tracks[t], similarity));
  const compared = trackingFrames({
    truth: sides.map(({ truth }) => truth),
    found: sides.map(({ found }) => found),
  }, similarity);
  return { film, tracks, compared };
}

/** Figures of all films together. */
export function figuresOf(films: readonly TrackedFilm[]): TrackingFigures {
  return combineTrackingFigures(
    films.map(({ compared }) => trackingFigures(compared, { threshold: FOUND_FROM })),
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
