/**
 * The losses over random shapes, against their definitions in plain loops, and their slopes against finite differences.
 *
 * Shaders are made for shapes, and making them takes ten times as long as a case. So a number of cases in a row has one
 * layout (shapes, form, factors), and each has its own tags, people and maps.
 *
 * @module
 */
import {
  grad,
  heatmapLoss,
  read,
  tagLoss,
  type TagLossForm,
  temporalTagLoss,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";

/** One tag of D numbers. */
type Tag = readonly number[];

/** Pull and push of one image, from the tags read of each person, class by class. */
type Reference = (people: readonly Person[], sigma: number, D: number) => [number, number];

/** What is read of somebody who is there: at least one tag. */
interface Person {
  readonly tags: readonly Tag[];
  /** The map in which the first tag lies: the class of an instance. */
  readonly map: number;
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const average = (numbers: readonly number[]) => sum(numbers) / numbers.length;
const squared = (a: Tag, b: Tag) => sum(a.map((x, d) => (x - b[d]) ** 2));
const middle = (tags: readonly Tag[]): Tag => tags[0].map((_, d) => average(tags.map((t) => t[d])));

/** All ordered pairs of different people. */
function pairs(people: readonly Person[]): [Person, Person][] {
  return people.flatMap((p) => people.filter((q) => q !== p).map((q): [Person, Person] => [p, q]));
}

/** Half the mean of `near` over pairs; 0 without any. */
function pushOver(
  all: readonly [Person, Person][],
  near: (p: Person, q: Person) => number,
): number {
  return all.length === 0 ? 0 : average(all.map(([p, q]) => near(p, q))) / 2;
}

const distance = (p: Person, q: Person) => squared(middle(p.tags), middle(q.tags));
const sameClass = ([p, q]: readonly [Person, Person]) => p.map === q.map;
const pull = (people: readonly Person[], D: number) =>
  average(people.map(({ tags }) => average(tags.map((t) => squared(t, middle(tags)))) / D));

/** The forms as losses/tag_loss.ts defines them at its top. */
const REFERENCES: Readonly<Record<TagLossForm, Reference>> = {
  authors: (people, _, D) => [
    pull(people, D),
    pushOver(pairs(people), (p, q) => Math.exp(-distance(p, q))),
  ],
  hinge: (people, _, D) => [
    pull(people, D),
    pushOver(pairs(people), (p, q) => Math.max(0, 1 - Math.sqrt(distance(p, q)))),
  ],
  paper: (people, sigma) => [
    average(people.map(({ tags }) => sum(tags.map((t) => squared(t, middle(tags)))))),
    sum(people.flatMap((p) => people.map((q) => Math.exp(-distance(p, q) / (2 * sigma ** 2))))) /
    people.length ** 2,
  ],
  pixels: (people, _, D) => [
    pull(people, D),
    pushOver(pairs(people).filter(sameClass), (p, q) => Math.exp(-distance(p, q))),
  ],
  "pixel pairs": (people, sigma, D) => [
    average(
      people.map(({ tags }) => average(tags.flatMap((t) => tags.map((u) => squared(t, u)))) / D),
    ),
    pushOver(
      pairs(people).filter(sameClass),
      (p, q) =>
        average(
          p.tags.flatMap((t) => q.tags.map((u) => Math.exp(-squared(t, u) / (2 * sigma ** 2)))),
        ),
    ),
  ],
};

/** A random case: maps, who is where, and the loss in plain loops of any tags. */
interface Case {
  readonly what: string;
  readonly shape: readonly number[];
  readonly tags: Float32Array<ArrayBuffer>;
  readonly describe: (tags: Tensor) => Tensor;
  readonly compute: (tags: Float64Array) => number;
  /** Whether the loss has corners near these tags. */
  readonly hasCorners: boolean;
}

function numbers(random: Random, size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, () => random.uniform(-1.5, 1.5));
}

/** @param layout Draws what shaders are made for; the others of its cases draw the same. */
function drawTagLoss(random: Random, layout: Random): Case {
  const form = layout.pick(Object.keys(REFERENCES) as TagLossForm[]);
  const ofInstances = form === "pixels" || form === "pixel pairs";
  const size = (most: number) => 1 + layout.integer(most);
  const T = ofInstances ? 1 : layout.pick([1, 1, 2, 3]);
  const [N, D, K, H, W, P] = [size(3), size(4), size(4), size(6), size(6), size(6)];
  const J = ofInstances ? size(7) : K; // tags of somebody in a frame
  const sigma = layout.pick([0.5, 1, 2]);
  const tags = numbers(random, N * T * D * K * H * W);
  const index = new Int32Array(N * P * T * J), visible = new Float32Array(index.length);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      const isThere = random.chance(0.8);
      const own = random.integer(K); // the class of an instance
      for (let j = 0; j < T * J; j++) {
        const at = (n * P + p) * T * J + j;
        const map = ofInstances ? own : j;
        visible[at] = isThere && random.chance(0.8) ? 1 : 0;
        // What is not visible may point anywhere: it must not be looked at.
        index[at] = map * H * W + random.integer(H * W);
      }
    }
  }
  const images = (read: (n: number, d: number, place: number) => number) =>
    Array.from({ length: N }, (_, n) =>
      Array.from({ length: P }, (_, p): Person | null => {
        const places = Array.from({ length: T * J }, (_, j) => (n * P + p) * T * J + j)
          .filter((at) => visible[at] !== 0).map((at) => index[at]);
        if (places.length === 0) return null;
        return {
          map: Math.floor(places[0] / (H * W)),
          tags: places.map((place) => Array.from({ length: D }, (_, d) => read(n, d, place))),
        };
      }).filter((person) => person !== null));
  return {
    what: `${form}, N ${N}, T ${T}, D ${D}, K ${K}, ${H} x ${W}, P ${P}, ${J} tags, sigma ${sigma}`,
    shape: [N * T, D, K, H, W],
    tags,
    describe(x) {
      const target = {
        index: tensor({ shape: [N, P, T * J], data: index }),
        visible: tensor({ shape: [N, P, T * J], data: visible }),
      };
      const { pull, push } = T > 1 && form !== "pixels" && form !== "pixel pairs"
        ? temporalTagLoss(x, target, { form, sigma })
        : tagLoss(x, target, { form, sigma });
      return pull.add(push.mul(2)).sum();
    },
    compute(x) {
      // Map t K + k of a clip is map k of its frame t.
      const at = (n: number, d: number, place: number) => {
        const [map, pixel] = [Math.floor(place / (H * W)), place % (H * W)];
        const [t, k] = [Math.floor(map / K), map % K];
        return x[(((n * T + t) * D + d) * K + k) * H * W + pixel];
      };
      return sum(
        images(at).map((people) => {
          if (people.length === 0) return 0;
          const [pull, push] = REFERENCES[form](people, sigma, D);
          return pull + 2 * push;
        }),
      );
    },
    hasCorners: form === "hinge",
  };
}

function drawHeatmapLoss(random: Random, layout: Random): Case {
  const size = (most: number) => 1 + layout.integer(most);
  const [N, K, H, W] = [size(3), size(5), size(12), size(12)];
  const foregroundWeight = layout.pick([0, 10, 0.5]);
  const heatmaps = Float32Array.from({ length: N * K * H * W }, () => random.next());
  const mask = layout.chance(0.5)
    ? Float32Array.from({ length: N * H * W }, () => random.chance(0.7) ? 1 : 0)
    : undefined;
  return {
    what: `heatmap loss, N ${N}, K ${K}, ${H} x ${W}, foreground ${foregroundWeight}, ${
      mask ? "masked" : "whole"
    }`,
    shape: [N, K, H, W],
    tags: numbers(random, N * K * H * W),
    describe: (x) =>
      heatmapLoss(x, {
        heatmaps: tensor({ shape: [N, K, H, W], data: heatmaps }),
        ...(mask ? { mask: tensor({ shape: [N, H, W], data: mask }) } : {}),
      }, { foregroundWeight }).sum(),
    compute: (x) =>
      sum(Array.from(x, (value, i) => {
        const n = Math.floor(i / (K * H * W));
        const counts = mask?.[n * H * W + i % (H * W)] ?? 1;
        return counts * (1 + foregroundWeight * heatmaps[i]) * (value - heatmaps[i]) ** 2;
      })) / (K * H * W),
    hasCorners: false,
  };
}

/** Cases in a row that have one layout. */
const CASES = 20;

const TOLERANCE = 2e-5;
const SLOPE_TOLERANCE = 1e-3;
const STEP = 1e-5;

/** All forms of all losses are what their formulas say, for any number of people, frames, classes and pixels. */
export const lossFuzzer: Fuzzer = {
  name: "losses",
  promise: "every form of every loss, and its slopes, as the formula in plain loops has them",
  count: 5_000,
  async run(seed, index) {
    const series = new Random(seed).fork("losses");
    const random = series.fork(index);
    const layout = series.fork("layout").fork(Math.floor(index / CASES));
    const draw = layout.chance(0.2) ? drawHeatmapLoss : drawTagLoss;
    const drawn = draw(random, layout);
    const { what, shape, tags, describe, compute, hasCorners } = drawn;
    const x = tensor({ shape, data: tags });
    const loss = describe(x);
    const { value, slopes } = await read({ value: loss, slopes: grad(loss, [x])[0] });
    const expected = compute(Float64Array.from(tags));
    if (!(Math.abs(value.data[0] - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
      return `${what}: ${value.data[0]}, not ${expected}`;
    }
    const move = Float64Array.from(tags, () => random.uniform(-1, 1));
    const lossAt = (reach: number) =>
      compute(Float64Array.from(tags, (t, i) => t + reach * move[i]));
    const [right, left] = [lossAt(STEP), lossAt(-STEP)];
    const ahead = (right - left) / (2 * STEP);
    // Where the slope jumps nearby, differences say nothing.
    const bend = Math.abs(right + left - 2 * expected) / STEP;
    if (hasCorners && bend > 1e-3) return null;
    const parts = Array.from(slopes.data, (g, i) => g * move[i]);
    const reach = Math.max(1, sum(parts.map(Math.abs)));
    return Math.abs(sum(parts) - ahead) <= SLOPE_TOLERANCE * reach
      ? null
      : `${what}: the slope is ${sum(parts)}, not ${ahead}`;
  },
};
