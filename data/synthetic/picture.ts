/**
 * From people who have their places to the picture and the truth about it: what stands around, shadows, people
 * from the farthest to the nearest, what stands before them, the camera; then what of everybody shows.
 *
 * @module
 */
import type { HostArray } from "../../core/host_array.ts";
import type { RgbImage } from "../../image/rgb_image.ts";
import type { AnnotatedKeypoint, AnnotatedPerson } from "../../pose/person.ts";
import type { Random } from "../random.ts";
import { paintBackground, paintForeground } from "./background.ts";
import { type Canvas, plain, type Point } from "./canvas.ts";
import { type Figure, paintFigure } from "./figure.ts";
import type { SceneSetting } from "./setting.ts";
import type { Outfit } from "./wardrobe.ts";

/** Somebody with a place in the scene. */
export interface Placed {
  readonly figure: Figure;
  readonly outfit: Outfit;
  readonly seated: boolean;
  /** Standing height in scene units. */
  readonly size: number;
  /** Where the pelvis is, in scene units. */
  readonly at: Point;
}

/** What is around people, and whose chance decides about it. */
export interface Surroundings {
  /** Its forks "surroundings", "foreground" and "camera" are drawn from. */
  readonly random: Random;
  /** Where the floor begins, in scene units; null: no floor. */
  readonly floor: number | null;
  readonly setting: SceneSetting;
  /** Where the video's grain comes from, if it is not the same for all pictures of one `random`. */
  readonly grain?: Random;
}

/** A painted picture and the truth about it. */
export interface Picture {
  readonly image: RgbImage;
  /** Those of whom at least a pixel shows, in the order given. */
  readonly shown: readonly {
    readonly person: AnnotatedPerson;
    /** The person's place in the list of people given. */
    readonly place: number;
  }[];
  /** `[H, W]`: 0 nobody's pixel, s + 1 a pixel of `shown[s]`. */
  readonly labels: HostArray<Int32Array<ArrayBuffer>>;
}

/**
 * Paint people where they are.
 *
 * @param canvas An empty one; it is used up.
 * @param people Nearest first. Who lies outside of the canvas leaves no trace.
 */
export function paintPicture(
  canvas: Canvas,
  people: readonly Placed[],
  { random, floor, setting, grain }: Surroundings,
): Picture {
  const surroundings = random.fork("surroundings");
  const lightFrom = surroundings.uniform(-0.5, 0.5);
  canvas.light = [lightFrom, -0.5, Math.sqrt(0.75 - lightFrom * lightFrom)]; // from above
  paintBackground(canvas, surroundings, people.map(({ outfit }) => outfit), floor, setting);
  for (const person of people) paintShadow(canvas, person);
  for (let p = people.length - 1; p >= 0; p--) { // the farthest first
    if (people[p].seated) paintSeat(canvas, people[p]);
    paintFigure(canvas, people[p].figure, people[p].at, p + 1);
  }
  paintForeground(canvas, random.fork("foreground"));

  const annotated = people.map((person, place) => ({
    person: annotate(canvas, person, place + 1),
    place,
  }));
  const shown = annotated.filter(({ person }) => person.area > 0);
  if (shown.length < annotated.length) relabel(canvas.labels, annotated.map((a) => a.person));
  const camera = random.fork("camera");
  return {
    image: develop(canvas, camera, grain ?? camera),
    shown,
    labels: { shape: [canvas.height, canvas.width], data: canvas.labels },
  };
}

function paintShadow(canvas: Canvas, { figure, at }: Placed): void {
  const [left, , right, bottom] = figure.bounds;
  const half = (right - left) / 2;
  const under: Point = [at[0] + (left + right) / 2, at[1] + bottom - 0.01];
  canvas.spot(under, half * 1.1, Math.min(half * 0.3, 0.06), [15, 15, 20], 0.4);
}

/** A stool from the pelvis down to the floor. */
function paintSeat(canvas: Canvas, { figure, at: [x, y], size }: Placed): void {
  const half = 0.11 * size, top = y + 0.05 * size, bottom = y + figure.bounds[3] - 0.02 * size;
  if (bottom <= top) return;
  const wood = plain([124, 88, 56]);
  for (const leg of [-0.8, 0.8]) {
    canvas.capsule(
      [x + leg * half, top, 0.014 * size],
      [x + leg * half, bottom, 0.014 * size],
      wood,
      0,
    );
  }
  canvas.capsule([x - half, top, 0.025 * size], [x + half, top, 0.025 * size], wood, 0);
}

/** What a camera makes of it: exposure and tint, and a grain of its own, in bytes. */
function develop(canvas: Canvas, random: Random, grainOf: Random): RgbImage {
  const { width, height, rgb } = canvas;
  const data = new Uint8Array(rgb.length);
  const exposure = random.uniform(0.8, 1.12), noise = random.uniform(1, 9);
  const tint = [0, 1, 2].map(() => exposure * random.uniform(0.94, 1.06));
  let state = 1 + grainOf.integer(2 ** 31 - 1); // xorshift32 (Marsaglia 2003): grain for little time
  for (let i = 0, channel = 0; i < rgb.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const grain = ((state & 0xffff) + (state >>> 16) - 0xffff) / 0xffff; // -1 to 1, mostly small
    const value = rgb[i] * tint[channel] + grain * noise;
    data[i] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    channel = channel === 2 ? 0 : channel + 1;
  }
  return { width, height, data };
}

/** A person's keypoints, box and area, from the figure and the finished labels. */
function annotate(canvas: Canvas, { figure, at }: Placed, label: number): AnnotatedPerson {
  const { width, height, labels, unit } = canvas;
  let area = 0, left = width, top = height, right = -1, bottom = -1;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (labels[i] !== label) continue;
      area++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  const keypoints = figure.keypoints.map((point, k): AnnotatedKeypoint => {
    const x = point ? (point[0] + at[0]) * unit - 0.5 : -1;
    const y = point ? (point[1] + at[1]) * unit - 0.5 : -1;
    if (x < 0 || y < 0 || x > width - 1 || y > height - 1) return { x: 0, y: 0, visibility: 0 };
    const owner = labels[Math.round(y) * width + Math.round(x)];
    return { x, y, visibility: owner === label && !figure.selfOccluded[k] ? 2 : 1 };
  });
  return { keypoints, box: [left, top, right - left + 1, bottom - top + 1], area, crowd: false };
}

/** Count labels anew without the people of whom nothing shows. */
function relabel(labels: Int32Array, people: readonly AnnotatedPerson[]): void {
  let next = 1;
  const renamed = [0, ...people.map(({ area }) => area > 0 ? next++ : 0)];
  for (let i = 0; i < labels.length; i++) labels[i] = renamed[labels[i]];
}
