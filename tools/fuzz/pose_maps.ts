/**
 * Random heatmaps and tags for the decoders: noise, plateaus and ties, nothing at all, 200 people, NaN and infinity.
 *
 * @module
 */
import {
  type DecodedPerson,
  type DecodeOptions,
  decodePoses,
  DECODERS,
  type HostArray,
  hostArray,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";

interface Maps {
  readonly heatmaps: HostArray;
  readonly tags: HostArray;
}

/** All flavours want COCO's keypoints. */
const K = 17;
const FLAVOURS = Object.keys(DECODERS) as (keyof typeof DECODERS)[];

function emptyMaps(random: Random): Maps {
  const [H, W] = [1 + random.integer(24), 1 + random.integer(24)];
  return {
    heatmaps: hostArray([K, H, W]),
    tags: hostArray([1 + random.integer(4), K, H, W]),
  };
}

function fill({ data }: HostArray, number: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = number();
}

/** Heatmaps as they may come out of a network that is young, broken or very sure. */
const HEATMAPS: Readonly<Record<string, (random: Random) => number>> = {
  noise: (random) => random.uniform(-0.5, 1.5),
  plateaus: (random) => random.integer(4) / 3,
  "nothing": () => 0,
  saturated: () => 1,
  sparse: (random) => random.chance(0.05) ? random.uniform(0, 1) : 0,
  tiny: (random) => random.uniform(-1, 1) * 1e-38,
  huge: (random) => random.uniform(-1, 1) * 1e30,
};

const TAGS: Readonly<Record<string, (random: Random) => number>> = {
  noise: (random) => random.uniform(-3, 3),
  equal: () => 0.25,
  levels: (random) => random.integer(5),
  huge: (random) => random.uniform(-1, 1) * 1e18,
};

/** What can be said of any people. */
function problemOf(
  people: readonly DecodedPerson[],
  maps: Maps,
  options: DecodeOptions,
): string | null {
  const [, H, W] = maps.heatmaps.shape;
  const { maxPeople = 30, crowds = "best" } = options;
  // By the authors' two other rules keypoints found people beyond the limit.
  const most = crowds === "best" || crowds === "cut" ? maxPeople : Infinity;
  if (people.length > most) return `${people.length} people, more than ${most}`;
  for (const [p, { keypoints, score }] of people.entries()) {
    if (keypoints.length !== K) return `person ${p} has ${keypoints.length} keypoints`;
    if (!Number.isFinite(score)) return `person ${p} has the score ${score}`;
    for (const [k, at] of keypoints.entries()) {
      if (at === null) continue;
      // Half a pixel is the decoder's own shift, a quarter its adjustment.
      const inside = at.x >= -0.25 && at.y >= -0.25 && at.x <= W + 0.25 && at.y <= H + 0.25;
      if (!inside) return `person ${p}, keypoint ${k} is at ${at.x}, ${at.y} of ${W} x ${H}`;
      if (!Number.isFinite(at.score)) return `person ${p}, keypoint ${k} has the score ${at.score}`;
      if (!at.tag.every(Number.isFinite)) return `person ${p}, keypoint ${k} has the tag ${at.tag}`;
    }
  }
  return null;
}

/** Any maps decode to people that make sense, or are refused with an error that says where the bad number is. */
export const decoderFuzzer: Fuzzer = {
  name: "decoders",
  promise:
    "all flavours give people in the picture with finite scores, and refuse NaN and infinity",
  count: 100_000,
  run(seed, index) {
    const random = new Random(seed).fork("decoders").fork(index);
    const maps = emptyMaps(random);
    const kind = random.pick(Object.keys(HEATMAPS));
    const tagKind = random.pick(Object.keys(TAGS));
    fill(maps.heatmaps, () => HEATMAPS[kind](random));
    fill(maps.tags, () => TAGS[tagKind](random));
    const flavour = random.pick(FLAVOURS);
    const options: DecodeOptions = DECODERS[flavour];
    const bad = random.chance(0.1) ? random.pick([NaN, Infinity, -Infinity]) : null;
    const target = random.pick(["heatmaps", "tags"] as const);
    if (bad !== null) maps[target].data[random.integer(maps[target].data.length)] = bad;
    const what =
      `${flavour}, ${kind} heatmaps [${maps.heatmaps.shape}], ${tagKind} tags [${maps.tags.shape}]${
        bad === null ? "" : `, ${bad} in the ${target}`
      }`;
    let people: DecodedPerson[];
    try {
      people = decodePoses(maps.heatmaps, maps.tags, options);
    } catch (error) {
      const typed = error instanceof RangeError && /heatmap|tag/.test(error.message);
      return bad !== null && typed ? null : `${what}: ${error}`;
    }
    if (bad !== null && target === "heatmaps") return `${what}: was not refused`;
    const problem = problemOf(people, maps, options);
    return problem && `${what}: ${problem}`;
  },
};

/** A made-up person: keypoints on a small figure, all with one tag. */
interface Figure {
  readonly x: number;
  readonly y: number;
  readonly tag: number;
  readonly brightness: number;
}

/** Rows and columns that one figure takes, gaps included. */
const CELL = 8;

/** People in cells of a grid, so that they neither touch nor tie. */
function drawFigures(figures: readonly Figure[], side: number, background: number): Maps {
  const heatmaps = hostArray([K, side, side]);
  const tags = hostArray([1, K, side, side]);
  tags.data.fill(background);
  for (const { x, y, tag, brightness } of figures) {
    for (let k = 0; k < K; k++) {
      const at = (k * side + y + Math.floor(k / 5)) * side + x + k % 5;
      heatmaps.data[at] = brightness - k / 1000;
      // Filling looks everywhere: the whole cell has the person's tag.
      for (let v = -1; v < CELL - 1; v++) {
        for (let u = -1; u < CELL - 1; u++) {
          tags.data[(k * side + y + v) * side + x + u] = tag;
        }
      }
    }
  }
  return { heatmaps, tags };
}

/** People as text, in an order of their own. */
function bag(people: readonly DecodedPerson[]): string[] {
  return people.map((person) => JSON.stringify(person)).sort();
}

/** What is true of people does not depend on who else is there, nor on the tags' zero, nor on their order. */
export const crowdFuzzer: Fuzzer = {
  name: "crowds",
  promise:
    "up to 200 people: all are found, a stranger far away or another zero of tags changes nobody",
  count: 20_000,
  run(seed, index) {
    const random = new Random(seed).fork("crowds").fork(index);
    const most = random.chance(0.02) ? 200 : 12;
    const count = 1 + random.integer(most);
    const cells = Math.ceil(Math.sqrt(count + 1));
    const side = cells * CELL;
    const places = random.shuffled(Array.from({ length: cells * cells }, (_, i) => i));
    const figures = places.slice(0, count + 1).map((place, p): Figure => ({
      x: 1 + CELL * (place % cells),
      y: 1 + CELL * Math.floor(place / cells),
      tag: 2 * p, // exact in f32, and farther than the limit of 1
      brightness: 0.3 + 0.6 * (p + 1) / (count + 2),
    }));
    const options: DecodeOptions = {
      ...DECODERS[random.pick(FLAVOURS.filter((name) => name !== "pose-ae-train"))],
      maxPeaks: 400,
      maxPeople: 400,
    };
    const decoded = (list: readonly Figure[], shift = 0) => {
      const moved = list.map((figure) => ({ ...figure, tag: figure.tag + shift }));
      const { heatmaps, tags } = drawFigures(moved, side, shift);
      return decodePoses(heatmaps, tags, options);
    };
    const alone = decoded(figures.slice(0, count));
    if (alone.length !== count) return `${count} people were drawn and ${alone.length} found`;
    const withStranger = bag(decoded(figures));
    if (!bag(alone).every((person) => withStranger.includes(person))) {
      return `somebody of ${count} changed when a stranger came`;
    }
    const shifted = decoded(figures.slice(0, count), 1000).map(({ keypoints, score }) => ({
      keypoints: keypoints.map((at) => at && { ...at, tag: at.tag.map((t) => t - 1000) }),
      score,
    }));
    if (bag(shifted).join() !== bag(alone).join()) return "tags moved by 1000 changed somebody";
    return null;
  },
};
