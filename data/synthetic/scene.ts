/**
 * Pictures of people that nobody had to photograph: 1 to 30 figures with COCO's 17 keypoints, of all
 * sizes, from all sides, in all clothes, before and behind each other and things, with exact keypoints,
 * visibility, masks and boxes. A scene is a pure function of its address:
 *
 *     (version, seed, index)  ->  the same picture and the same truth, everywhere
 *
 * so that "evaluation scenes 0 to 199 of seed 7" means something. All sizes and places are drawn in
 * units of the picture's shorter side and no random number depends on the number of pixels: the same
 * address and aspect ratio at 64, 128 and 512 pixels is the same scene, only finer.
 *
 * What makes the scenes hard: people overlap, team mates wear the same clothes, some people
 * turn their backs (a quarter in the setting "street", an eighth on a "stage"; then the left arm is on the picture's left), borders cut bodies, poles stand in
 * the way, and the background has bars in the colours of skin and clothes. Left and right limbs are never
 * coloured differently; they are told apart as on photographs, by face, hair, shirt front and feet.
 *
 * `setting.ts` says what makes a scene harder or easier to read.
 *
 * How a picture comes about: `body.ts` poses a body (or a person of a photograph lends the pose,
 * `fit.ts`), `wardrobe.ts` and `figure.ts` dress it, people are placed front to back here (on the ground,
 * `ground.ts`), and everything is painted back to front (`picture.ts`, `background.ts`, `canvas.ts`).
 *
 * @module
 */
import type { HostArray } from "../../core/host_array.ts";
import type { RgbImage } from "../../image/rgb_image.ts";
import type { AnnotatedKeypoint, AnnotatedPerson } from "../../pose/person.ts";
import { COCO } from "../../pose/skeleton.ts";
import { Random } from "../random.ts";
import { checkedAddress } from "./address.ts";
import { type Body, sampleBody } from "./body.ts";
import { Canvas, type Point } from "./canvas.ts";
import { covers, type Figure, figureOf } from "./figure.ts";
import { bodyFromKeypoints, isUsablePose } from "./fit.ts";
import { feetOf, type Ground, heightRange } from "./ground.ts";
import { paintPicture, type Placed } from "./picture.ts";
import { type SceneSetting, settings } from "./setting.ts";
import { sampleOutfit, sampleTeamMate } from "./wardrobe.ts";

/** The scene maker's version: it changes whenever any scene's picture or truth changes. */
export const SYNTHETIC_VERSION = "1";

/** A picture and the whole truth about it. */
export interface Scene {
  /** {@linkcode SYNTHETIC_VERSION} of the maker. */
  readonly version: string;
  /** The scene's address. */
  readonly seed: number;
  /** The scene's address. */
  readonly index: number;
  /** The picture. */
  readonly image: RgbImage;
  /**
   * The people, nearest first. Keypoints in COCO's order, in pixels, a whole number being a pixel's centre;
   * visibility 2 visible, 1 in the picture but hidden (by somebody else, by a thing or by the person's own
   * body; the place is exact all the same), 0 outside of the picture (x and y are 0 then, as in COCO).
   * `area` is the number of pixels of the person that show, `box` the smallest rectangle of whole pixels
   * around them: first column, first row, columns, rows.
   */
  readonly people: readonly AnnotatedPerson[];
  /** `[H, W]`: 0 nobody's pixel, p + 1 a pixel of `people[p]`. */
  readonly labels: HostArray<Int32Array<ArrayBuffer>>;
}

/** Which scene, and how large. */
export interface SceneOptions {
  /** The series, 0 to 2^53 - 1. */
  readonly seed: number;
  /** The scene's place in the series, 0 to 2^53 - 1. */
  readonly index: number;
  /** Side length in pixels, or width and height: 16 to 4096 each. */
  readonly size: number | readonly [width: number, height: number];
  /** Fewest and most people, 0 to 30; all numbers between are equally likely. Default `[1, 4]`. */
  readonly people?: readonly [fewest: number, most: number];
  /** How large and how hard to read people are. @default {"street"} */
  readonly setting?: SceneSetting;
  /**
   * Poses to use in place of those of the articulated model: 17 keypoints in COCO's order per pose, as
   * annotated in photographs. A pose is usable if it has shoulders, hips, knees and ankles, 12 keypoints in
   * all and a torso that is not seen along its length; others are passed over. Half of the draws are mirrored.
   */
  readonly poses?: readonly (readonly AnnotatedKeypoint[])[];
}

/**
 * Make a scene.
 *
 * The standing height of people is 0.6 to 1.15 of the picture's shorter side for one person, 0.5 to 1 for
 * two, 0.45 to 0.85 for three, 0.4 to 0.75 for four, and shrinks with the square root of their number
 * beyond; on a stage 1.4 times that. In one scene of eight all are 1.3 to 1.8 times as large, a close-up that the
 * lower border cuts. Somebody of whom not one pixel shows is left out of `people`; with up to four people that
 * is rarer than one scene in ten thousand.
 *
 * @throws {RangeError} If seed or index is no whole number from 0, a side is not 16 to 4096 pixels, the
 * range of people is not within 0 to 30 and in order, there is no such setting, or no pose is usable.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { syntheticScene } from "ae/data";
 *
 * const scene = syntheticScene({ seed: 1, index: 0, size: 64, people: [2, 2] });
 * assert.equal(scene.image.data.length, 64 * 64 * 3);
 * assert.equal(scene.people.length, 2);
 *
 * const nose = scene.people[0].keypoints[0];
 * assert.ok(nose.visibility === 0 || (nose.x >= 0 && nose.x <= 63));
 * ```
 */
export function syntheticScene(options: SceneOptions): Scene {
  const { width, height, fewest, most } = checkedAddress("syntheticScene", {
    people: [1, 4],
    ...options,
  });
  const { seed, index, setting = "street" } = options;
  if (!Object.hasOwn(settings, setting)) {
    throw new RangeError(`syntheticScene: setting must be street or stage, not ${setting}`);
  }
  const random = new Random(seed).fork(index);
  const canvas = new Canvas(width, height);
  const count = fewest + random.fork("count").integer(most - fewest + 1);
  const { people, floor } = placePeople(random, count, canvas, setting, options.poses);

  const { image, shown, labels } = paintPicture(canvas, people, { random, floor, setting });
  return {
    version: SYNTHETIC_VERSION,
    seed,
    index,
    image,
    people: shown.map(({ person }) => person),
    labels,
  };
}

/**
 * The mask of one person of a scene: `[H, W]` row by row, 1 where the person shows, else 0.
 *
 * @param person The person's place in `scene.people`.
 * @throws {RangeError} If there is no such person.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { personMask, syntheticScene } from "ae/data";
 *
 * const scene = syntheticScene({ seed: 1, index: 0, size: 64 });
 * const pixels = personMask(scene, 0).reduce((sum, value) => sum + value, 0);
 * assert.equal(pixels, scene.people[0].area);
 * ```
 */
export function personMask(scene: Scene, person: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(person) || person < 0 || person >= scene.people.length) {
    throw new RangeError(
      `personMask: the scene has ${scene.people.length} people, so there is no person ${person}`,
    );
  }
  return Uint8Array.from(scene.labels.data, (label) => label === person + 1 ? 1 : 0);
}

/**
 * How hard a scene is to take apart: the share of the keypoints in the picture whose pixel belongs to
 * another person or to a thing, 0 (everybody stands free, or nobody is there) to 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sceneDifficulty, syntheticScene } from "ae/data";
 *
 * const scenes = [0, 1, 2].map((index) => syntheticScene({ seed: 1, index, size: 64 }));
 * scenes.sort((a, b) => sceneDifficulty(b) - sceneDifficulty(a)); // hardest first
 * assert.ok(sceneDifficulty(scenes[0]) >= sceneDifficulty(scenes[2]));
 * ```
 */
export function sceneDifficulty(scene: Scene): number {
  const [, width] = scene.labels.shape;
  let inPicture = 0, covered = 0;
  scene.people.forEach(({ keypoints }, p) => {
    for (const { x, y, visibility } of keypoints) {
      if (visibility === 0) continue;
      inPicture++;
      if (scene.labels.data[Math.round(y) * width + Math.round(x)] !== p + 1) covered++;
    }
  });
  return inPicture === 0 ? 0 : covered / inPicture;
}

/** People, nearest (largest) first, each placed so that those before leave enough of him to see. */
function placePeople(
  random: Random,
  count: number,
  canvas: Canvas,
  setting: SceneSetting,
  poses: SceneOptions["poses"],
): { people: Placed[]; floor: number | null } {
  const wide = canvas.width / canvas.unit, high = canvas.height / canvas.unit;
  const layout = random.fork("layout");
  const [smallest, largest] = heightRange(count).map((height) => settings[setting].scale * height);
  const closeUp = layout.chance(0.12) ? layout.uniform(1.3, 1.8) : 1; // legs below the picture
  const sizes = Array.from({ length: count }, () => closeUp * layout.uniform(smallest, largest))
    .sort((a, b) => b - a);
  const tallest = sizes[0] ?? largest;
  const ground: Ground = {
    level: layout.chance(0.7), // else people hang about anywhere: stairs, slopes, jumps
    camera: layout.uniform(0.6, 1.15),
    nearest: Math.max(tallest + layout.uniform(0, 0.06), high * layout.uniform(0.86, 1)),
    largest: tallest,
  };
  // The wall stands behind the farthest person.
  const wall = (sizes[count - 1] ?? tallest) * layout.uniform(0.4, 0.9);
  const floor = ground.level
    ? ground.nearest - ground.camera * (tallest - wall)
    : layout.chance(0.4)
    ? high * layout.uniform(0.3, 0.9)
    : null;

  const people: Placed[] = [];
  for (let p = 0; p < count; p++) {
    const own = random.fork(`person ${p}`);
    const clothes = own.fork("clothes");
    const outfit = p > 0 && clothes.chance(0.25)
      ? sampleTeamMate(clothes, people[clothes.integer(p)].outfit)
      : sampleOutfit(clothes);
    const posture = own.fork("pose");
    const body = poses ? borrowedBody(posture, poses) : sampleBody(posture, setting);
    const size = sizes[p];
    const figure = figureOf(body, outfit, size);
    const places = own.fork("place");
    let best: Placed | null = null, mostFree = -1;
    for (let attempt = 0; attempt < 12; attempt++) {
      const at = drawPlace(places, figure, size, ground, wide, high, people);
      const { inPicture, free } = sharesShown(figure, at, people, wide, high);
      if (free > mostFree) {
        best = { figure, outfit, seated: body.seated, size, at };
        mostFree = free;
      }
      if (inPicture >= 0.4 && free >= 0.55 * inPicture) break;
    }
    people.push(best!);
  }
  return { people, floor };
}

/** A pose of a photograph. */
function borrowedBody(random: Random, poses: NonNullable<SceneOptions["poses"]>): Body {
  const usable = (pose: readonly AnnotatedKeypoint[]) => {
    if (pose.length !== COCO.keypoints.length) {
      throw new RangeError(
        `syntheticScene: a pose has ${pose.length} keypoints, not ${COCO.keypoints.length}`,
      );
    }
    return isUsablePose(pose);
  };
  for (let attempt = 0; attempt < 30 && poses.length > 0; attempt++) {
    const pose = random.pick(poses);
    if (usable(pose)) return bodyFromKeypoints(pose, random.chance(0.5));
  }
  const rest = poses.filter(usable);
  if (rest.length === 0) {
    throw new RangeError(
      `syntheticScene: none of the ${poses.length} poses is usable\n` +
        "  help: a pose needs shoulders, hips, knees and ankles, and 12 keypoints in all",
    );
  }
  return bodyFromKeypoints(random.pick(rest), random.chance(0.5));
}

/** Where somebody could stand: often close to somebody else, sometimes cut by the picture's border. */
function drawPlace(
  random: Random,
  figure: Figure,
  size: number,
  ground: Ground,
  wide: number,
  high: number,
  people: readonly Placed[],
): Point {
  const [left, top, right, bottom] = figure.bounds;
  const width = right - left, height = bottom - top;
  const between = (a: number, b: number) => random.uniform(Math.min(a, b), Math.max(a, b));
  let x = between(-left, wide - right);
  const draw = random.next();
  if (draw < 0.12) { // cut by the left or the right border
    const cut = random.uniform(0.15, 0.5) * width;
    x = random.chance(0.5) ? -left - cut : wide - right + cut;
  } else if (draw < 0.55 && people.length > 0) {
    const beside = random.pick(people);
    const [l, , r] = beside.figure.bounds;
    x = beside.at[0] + (l + r) / 2 - (left + right) / 2 + random.uniform(-0.65, 0.65) * (r - l);
    x = Math.max(Math.min(-left, wide - right), Math.min(Math.max(-left, wide - right), x));
  }
  if (ground.level) {
    return [x, feetOf(ground, size) + random.uniform(-0.012, 0.012) - bottom];
  }
  if (height > high) return [x, random.uniform(0, 0.06) - top]; // the head shows, the feet do not
  const cut = random.chance(0.12) ? random.uniform(0.1, 0.4) * height : 0; // by the lower border
  return [x, cut > 0 ? high - bottom + cut : between(-top, high - bottom)];
}

/** Shares of a person's keypoints: in the picture, and of these not behind those already placed. */
function sharesShown(
  figure: Figure,
  at: Point,
  people: readonly Placed[],
  wide: number,
  high: number,
): { inPicture: number; free: number } {
  let inside = 0, free = 0, known = 0;
  for (const point of figure.keypoints) {
    if (!point) continue;
    known++;
    const x = point[0] + at[0], y = point[1] + at[1];
    if (x < 0 || y < 0 || x > wide || y > high) continue;
    inside++;
    if (!people.some((other) => covers(other.figure, x - other.at[0], y - other.at[1]))) free++;
  }
  return { inPicture: inside / known, free: free / known };
}
