/**
 * Random things in the frames of videos, for the tracker and for the measures of tracking: ties, empty frames, gaps,
 * strangers, tags and places that lead astray.
 *
 * @module
 */
import {
  boxSimilarity,
  type Trackable,
  type TrackedBox,
  Tracker,
  type TrackerOptions,
  type TrackFrame,
  type TrackingFigures,
  trackingFigures,
  trackingFrames,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";

function drawThing(random: Random, D: number): Trackable {
  const size = () => random.pick([0, 1, 10, random.uniform(0, 30)]);
  const place = () => random.pick([random.integer(5) * 10, random.uniform(-20, 60)]);
  return {
    tag: Array.from({ length: D }, () => random.pick([random.integer(4), random.uniform(-3, 3)])),
    score: random.pick([0.5, 1, random.uniform(-1, 1)]),
    box: [place(), place(), size(), size()],
  };
}

function drawOptions(random: Random): TrackerOptions {
  return {
    overlap: (then, now) => boxSimilarity(then, now),
    by: random.pick(["tag", "place"]),
    rounding: random.pick(["whole", "none"]),
    maxTagDistance: random.pick([0, 0.6, 1, 5]),
    placeWeight: random.pick([0, 1, 40]),
    reach: random.pick([0, 1, Infinity]),
    minOverlap: random.pick([0, 0.3, 1]),
    maxGap: random.integer(4),
    leastScore: random.pick([-Infinity, 0]),
    birthScore: random.pick([-Infinity, 0.4]),
  };
}

/** Any things get identities that make sense. */
export const trackerFuzzer: Fuzzer = {
  name: "tracker",
  promise: "the order of things says nothing, nobody is twice in a frame or after having died, " +
    "and what is refused leaves no trace",
  count: 50_000,
  run(seed, index) {
    const random = new Random(seed).fork("tracker").fork(index);
    const D = 1 + random.integer(3);
    const options = drawOptions(random);
    const [tracker, other] = [new Tracker(options), new Tracker(options)];
    const seen = new Map<number, number>(); // the last frame of each identity
    const most = random.chance(0.05) ? 60 : 6;
    for (let frame = 0; frame < 12; frame++) {
      const found = Array.from({ length: random.integer(most) }, () => drawThing(random, D));
      if (found.length > 0 && random.chance(0.2)) {
        const broken = { ...found[0], score: random.pick([NaN, Infinity]) };
        if (!isRefused(() => tracker.next([...found, broken]))) return "no refusal of NaN";
      }
      const identities = tracker.next(found);
      const mixed = random.shuffled(found);
      const what = `frame ${frame}, ${JSON.stringify({ ...options, found })}`;
      if (bag(mixed, other.next(mixed)) !== bag(found, identities)) {
        return `${what}: who is who depends on the order of things`;
      }
      const given = identities.filter((identity) => identity !== null).sort((a, b) => a - b);
      if (new Set(given).size < given.length) return `${what}: somebody is there twice`;
      for (const identity of given) {
        const last = seen.get(identity);
        const isDead = last !== undefined && frame - last > options.maxGap! + 1;
        if (isDead) return `${what}: identity ${identity} is back from the dead`;
        if (last === undefined && identity !== seen.size) return `${what}: ${identity} comes early`;
        seen.set(identity, frame);
      }
      const alive = tracker.alive;
      const missing = given.find((identity) => !alive.includes(identity));
      if (missing !== undefined) return `${what}: ${missing} is there but not alive`;
      const gone = alive.find((identity) => frame - seen.get(identity)! > options.maxGap!);
      if (gone !== undefined) return `${what}: ${gone} should have died`;
    }
    return null;
  },
};

/** Things with their identities as text, in an order of their own: of two that are equal nobody says which is which. */
function bag(found: readonly Trackable[], identities: readonly (number | null)[]): string {
  return found.map((thing, i) => JSON.stringify([thing, identities[i]])).sort().join();
}

function isRefused(body: () => unknown): boolean {
  try {
    body();
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
}

type Tracks = TrackFrame<TrackedBox>[];

function drawTracks(random: Random): Tracks {
  const people = random.integer(5);
  return Array.from({ length: 1 + random.integer(8) }, (_, f) => ({
    frame: f + 1,
    things: Array.from({ length: people }, (_, identity): TrackedBox => ({
      identity,
      box: [10 * random.integer(4), 0, 5 + random.integer(10), 20],
      score: 1,
    })).filter(() => random.chance(0.8)),
  }));
}

/** What a tracker may make of it: boxes move, go missing, change names; strangers come. */
function drawFound(random: Random, truth: Tracks): Tracks {
  return truth.map(({ frame, things }) => {
    const names = random.chance(0.7) ? [0, 1, 2, 3, 4] : random.shuffled([0, 1, 2, 3, 4]);
    const found = things.filter(() => random.chance(0.8)).map(({ identity, box, score }) => {
      const [x, y, width, height] = box;
      const shift = random.pick([0, 0, random.normal() * 4]);
      return { identity: names[identity], box: [x + shift, y, width, height] as const, score };
    });
    const stranger = { identity: 9, box: [random.integer(60), 0, 10, 20] as const, score: 1 };
    return { frame, things: random.chance(0.3) ? [...found, stranger] : found };
  });
}

/** The same tracks under other names, and the things of a frame in another order. */
function renamed(random: Random, tracks: Tracks): Tracks {
  const names = random.shuffled([...Array(10).keys()]).map((name) => 7 * name + 3);
  return tracks.map(({ frame, things }) => ({
    frame,
    things: things.map((thing) => ({ ...thing, identity: names[thing.identity] })),
  }));
}

/** Figures that are shares. */
const SHARES = [
  ...["MOTP", "recall", "precision", "IDF1", "IDP", "IDR"],
  ...["HOTA", "DetA", "AssA", "LocA", "DetRe", "DetPr", "AssRe", "AssPr"],
] as (keyof TrackingFigures)[];

/** The figures as numbers, without those at each threshold. */
function numbersOf(figures: TrackingFigures): string {
  return JSON.stringify({ ...figures, byThreshold: undefined });
}

/** MOTA, IDF1, HOTA and the rest for any tracks. */
export const tracksFuzzer: Fuzzer = {
  name: "tracks",
  promise: "figures of tracking are shares or counts that fit together, do not depend on the " +
    "names of identities, and are 1 for the truth itself",
  count: 30_000,
  run(seed, index) {
    const random = new Random(seed).fork("tracks").fork(index);
    const truth = drawTracks(random);
    const found = drawFound(random, truth);
    const figures = (truth: Tracks, found: Tracks) =>
      trackingFigures(trackingFrames({ truth, found }, boxSimilarity));
    const count = (tracks: Tracks) => tracks.reduce((sum, { things }) => sum + things.length, 0);
    const what = JSON.stringify({ truth, found });

    const own = figures(truth, found);
    for (const name of SHARES) {
      const value = own[name];
      if (!(value as number >= 0 && value as number <= 1 + 1e-12)) {
        return `${what}: ${name} is ${value}`;
      }
    }
    const { MOTA, matches, misses, falsePositives, identitySwitches, IDTP, IDFN, IDFP } = own;
    if (MOTA > 1) return `${what}: MOTA is ${MOTA}`;
    if (matches + misses !== count(truth) || IDTP + IDFN !== count(truth)) {
      return `${what}: not everybody annotated is counted once`;
    }
    if (matches + falsePositives !== count(found) || IDTP + IDFP !== count(found)) {
      return `${what}: not everybody found is counted once`;
    }
    if (identitySwitches > matches) return `${what}: more switches than matches`;
    const other = figures(renamed(random, truth), renamed(random, found));
    if (numbersOf(other) !== numbersOf(own)) return `${what}: depends on the names of identities`;
    const perfect = figures(truth, renamed(random, truth));
    const wanted = count(truth) > 0 ? 1 : 0;
    for (const name of ["MOTA", "IDF1", "HOTA"] as const) {
      if (Math.abs(perfect[name] - wanted) > 1e-12) {
        return `${what}: the truth itself has the ${name} ${perfect[name]}`;
      }
    }
    return null;
  },
};
