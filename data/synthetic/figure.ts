/**
 * A body in its clothes as a list of painted parts, farthest first: what the picture shows of a person, and
 * what hides what. A keypoint sits on a few parts of its own (a wrist on forearm and hand); any other part
 * that is painted later and covers it hides it.
 *
 * @module
 */
import { type Body, HEAD_STRETCH, type Vector } from "./body.ts";
import { type Canvas, type Cloth, type Colour, type Panel, plain, type Point } from "./canvas.ts";
import type { Outfit } from "./wardrobe.ts";

/** A point with a radius, in scene units. */
type Ball = readonly [x: number, y: number, radius: number];

/** What a part covers: a bar between two balls, or four corners grown by a radius; scene units. */
type Shape =
  | { readonly from: Ball; readonly to: Ball }
  | { readonly corners: readonly [Point, Point, Point, Point]; readonly radius: number };

/** One painted piece of a person. */
interface Part {
  /** Painted in rising order; roughly its distance towards the viewer, in standing heights. */
  readonly depth: number;
  /** The keypoints that sit on this part and are not hidden by it. */
  readonly carries: readonly number[];
  readonly shape: Shape;
  readonly paint: (canvas: Canvas, label: number) => void;
}

/** A person ready to be painted, in scene units from the pelvis. */
export interface Figure {
  /** 17 points, null where unknown. */
  readonly keypoints: readonly (Point | null)[];
  /** For each keypoint: hidden by the person's own body. */
  readonly selfOccluded: readonly boolean[];
  /** Farthest first. */
  readonly parts: readonly Part[];
  /** Left, top, right, bottom of all parts. */
  readonly bounds: readonly [left: number, top: number, right: number, bottom: number];
}

// COCO's keypoints by side: index + 0 is the left one, index + 1 the right one.
const NOSE = 0,
  EYE = 1,
  EAR = 3,
  SHOULDER = 5,
  ELBOW = 7,
  WRIST = 9,
  HIP = 11,
  KNEE = 13,
  ANKLE = 15;
const FACE = [NOSE, EYE, EYE + 1, EAR, EAR + 1];

// Radii in standing heights, a little over natural so that limbs stay visible on small pictures.
const UPPER_ARM_RADIUS = 0.036, ELBOW_RADIUS = 0.03, WRIST_RADIUS = 0.024, HAND_RADIUS = 0.026;
const THIGH_RADIUS = 0.06, KNEE_RADIUS = 0.042, ANKLE_RADIUS = 0.029, FOOT_RADIUS = 0.026;
const PELVIS_RADIUS = 0.058, NECK_RADIUS = 0.035;
const TORSO_RADIUS_FRONT = 0.05, TORSO_RADIUS_SIDE = 0.082;

/**
 * Dress a body.
 *
 * @param body The body, in standing heights.
 * @param outfit What it wears.
 * @param size The standing height in scene units.
 */
export function figureOf(body: Body, outfit: Outfit, size: number): Figure {
  const parts = new Dressing(body, outfit, size).parts;
  parts.sort((a, b) => a.depth - b.depth);
  const keypoints = body.keypoints.map((point): Point | null =>
    point && [point[0] * size, point[1] * size]
  );
  const underHair = (k: number) => outfit.longHair && (k === EAR || k === EAR + 1);
  const selfOccluded = keypoints.map((point, k) =>
    point !== null &&
    (body.turnedAway[k] || underHair(k) || hiddenByOwnParts(parts, point, k, size))
  );
  return { keypoints, selfOccluded, parts, bounds: boundsOf(parts) };
}

/** Puts a body's parts together, one method for each region. */
class Dressing {
  readonly parts: Part[] = [];
  readonly #body: Body;
  readonly #outfit: Outfit;
  readonly #size: number;
  readonly #shirt: Cloth;
  readonly #trousers: Cloth;
  readonly #skin: Cloth;
  /** Middle of the shoulders and of the hips. */
  readonly #neck: Vector;
  readonly #pelvis: Vector;
  /** Shoulder and hip on the picture's left and on its right. */
  readonly #sides: readonly (readonly [shoulder: number, hip: number])[];
  /** Shoulders and hips that are not on the torso's far side. */
  readonly #onTorso: readonly number[];

  constructor(body: Body, outfit: Outfit, size: number) {
    this.#body = body;
    this.#outfit = outfit;
    this.#size = size;
    const scaled = (cloth: Cloth): Cloth => ({ ...cloth, period: cloth.period * size });
    this.#shirt = scaled(outfit.shirt);
    this.#trousers = scaled(outfit.trousers);
    this.#skin = plain(outfit.skin);
    this.#neck = between(this.#at(SHOULDER), this.#at(SHOULDER + 1), 0.5);
    this.#pelvis = between(this.#at(HIP), this.#at(HIP + 1), 0.5);
    const leftIsLeft = this.#at(SHOULDER)[0] < this.#at(SHOULDER + 1)[0];
    const left = [SHOULDER, HIP] as const, right = [SHOULDER + 1, HIP + 1] as const;
    this.#sides = leftIsLeft ? [left, right] : [right, left];
    this.#onTorso = [SHOULDER, SHOULDER + 1, HIP, HIP + 1].filter((k) =>
      this.#at(k)[2] > (k >= HIP ? this.#pelvis : this.#neck)[2] - 0.05
    );
    for (const side of [0, 1]) {
      this.#arm(side);
      this.#leg(side);
    }
    this.#trunk();
    if (outfit.skirt) this.#skirt();
    if (outfit.backpack) this.#backpack(outfit.backpack);
    if (outfit.longHair) this.#longHair();
    this.#head();
  }

  /** A keypoint that every body has. */
  #at(k: number): Vector {
    const point = this.#body.keypoints[k];
    if (!point) throw new RangeError(`internal: a body needs keypoint ${k}`);
    return point;
  }

  #place(point: Vector): Point {
    return [point[0] * this.#size, point[1] * this.#size];
  }

  #ball(point: Vector, radius: number): Ball {
    return [point[0] * this.#size, point[1] * this.#size, radius * this.#size];
  }

  /** A bar between two points; what is nearer is a little lighter. */
  #bar(
    [from, fromRadius]: readonly [Vector, number],
    [to, toRadius]: readonly [Vector, number],
    cloth: Cloth,
    carries: readonly number[],
    nudge: number,
  ): void {
    const depth = (from[2] + to[2]) / 2;
    const shape = { from: this.#ball(from, fromRadius), to: this.#ball(to, toRadius) };
    const brightness = 1 + Math.max(-0.22, Math.min(0.08, depth * 0.9));
    this.parts.push({
      depth: depth + nudge,
      carries,
      shape,
      paint: (canvas, label) => canvas.capsule(shape.from, shape.to, cloth, label, brightness),
    });
  }

  /** A limb between two keypoints, covered by cloth from its beginning for a share of its length. */
  #limb(
    [from, fromRadius]: readonly [number, number],
    [to, toRadius]: readonly [number, number],
    cloth: Cloth,
    covered: number,
    nudge: number,
  ): void {
    const start = this.#at(from), end = this.#at(to), stout = this.#outfit.stoutness;
    const carries = [from, to];
    if (covered < 0.98) {
      const [a, b] = [fromRadius * stout * 0.92, toRadius * stout * 0.95];
      this.#bar([start, a], [end, b], this.#skin, carries, nudge);
    }
    if (covered > 0.02) {
      const share = Math.min(1, covered);
      const hem = (fromRadius + (toRadius - fromRadius) * share) * stout;
      const at = between(start, end, share);
      this.#bar([start, fromRadius * stout], [at, hem], cloth, carries, nudge + 1e-3);
    }
  }

  /** Arms are nudged forwards, as hanging arms lie over the body's side. */
  #arm(side: number): void {
    const { keypoints, hands } = this.#body;
    const { sleeve, stoutness } = this.#outfit;
    const [shoulder, elbow, wrist] = [SHOULDER + side, ELBOW + side, WRIST + side];
    if (!keypoints[elbow]) return;
    const bend = [elbow, ELBOW_RADIUS] as const;
    this.#limb([shoulder, UPPER_ARM_RADIUS], bend, this.#shirt, sleeve * 2, 0.045);
    if (!keypoints[wrist]) return;
    const radius = HAND_RADIUS * stoutness;
    const fingers = hands[side] ?? keypoints[wrist];
    this.#bar([keypoints[wrist], radius], [fingers, radius * 0.85], this.#skin, [wrist], 0.05);
    this.#limb(bend, [wrist, WRIST_RADIUS], this.#shirt, sleeve * 2 - 1, 0.055);
  }

  #leg(side: number): void {
    const { keypoints, toes } = this.#body;
    const { trouserLength, shoes } = this.#outfit;
    const [hip, knee, ankle] = [HIP + side, KNEE + side, ANKLE + side];
    if (!keypoints[knee]) return;
    const bend = [knee, KNEE_RADIUS] as const;
    this.#limb([hip, THIGH_RADIUS], bend, this.#trousers, trouserLength * 2, 0);
    if (!keypoints[ankle]) return;
    const tip = toes[side];
    if (tip) {
      const heel = between(keypoints[ankle], tip, 0.15);
      this.#bar([heel, FOOT_RADIUS * 1.1], [tip, FOOT_RADIUS], plain(shoes), [ankle], -0.004);
    }
    this.#limb(bend, [ankle, ANKLE_RADIUS], this.#trousers, trouserLength * 2 - 1, 0.002);
  }

  /** Pelvis, torso and neck. */
  #trunk(): void {
    const { chest, head, keypoints } = this.#body;
    const { stoutness, trouserLength, skirt } = this.#outfit;
    const neck = this.#neck, pelvis = this.#pelvis, size = this.#size;

    // The pelvis only fills the gap between the thighs: it goes behind them.
    const hips = [this.#at(HIP), this.#at(HIP + 1)];
    const behind = Math.min(
      0,
      ...[KNEE, KNEE + 1].map((k) => keypoints[k])
        .map((knee) => knee ? (knee[2] - pelvis[2]) / 2 : 0),
    );
    const onPelvis = this.#onTorso.filter((k) => k >= HIP);
    const radius = PELVIS_RADIUS * stoutness;
    const cloth = trouserLength > 0 || skirt ? this.#trousers : this.#skin;
    this.#bar([hips[0], radius], [hips[1], radius], cloth, onPelvis, behind - 0.05);

    const torsoRadius = stoutness *
      (TORSO_RADIUS_FRONT + (TORSO_RADIUS_SIDE - TORSO_RADIUS_FRONT) * Math.abs(chest.forward[0]));
    const [left, right] = this.#sides;
    const top = (k: number) => this.#place(between(between(this.#at(k), neck, 0.12), pelvis, 0.09));
    const waist = (k: number) => this.#place(between(between(this.#at(k), pelvis, 0.2), neck, 0.1));
    const corners = [top(left[0]), top(right[0]), waist(right[1]), waist(left[1])] as const;
    const shape = { corners, radius: torsoRadius * size };
    const panel = this.#frontPanel(), shirt = this.#shirt;
    const buttons = this.#outfit.front === "buttons" && chest.forward[2] > 0.3
      ? [0.2, 0.4, 0.6, 0.8].map((share) =>
        this.#onChest(between(neck, pelvis, share), torsoRadius)
      )
      : [];
    this.parts.push({
      depth: (neck[2] + pelvis[2]) / 2 + 0.03, // shirt over trousers
      carries: this.#onTorso,
      shape,
      paint: (canvas, label) => {
        canvas.quad(corners, shape.radius, shirt, label, panel);
        for (const button of buttons) {
          canvas.dot(button, 0.009 * size, this.#outfit.frontColour, -1);
        }
      },
    });

    const chin = between(neck, head.centre, 0.6), throat = NECK_RADIUS * stoutness;
    this.#bar([neck, throat * 1.1], [chin, throat], this.#skin, [], -0.01);
  }

  /** Where the chest's front is, over a point of the spine. */
  #onChest(spine: Vector, thickness: number): Point {
    const { forward } = this.#body.chest;
    return this.#place([
      spine[0] + forward[0] * thickness,
      spine[1] + forward[1] * thickness * 0.5,
      spine[2],
    ]);
  }

  /** What the shirt shows in front only. */
  #frontPanel(): Panel | null {
    const { forward } = this.#body.chest;
    const { front, frontColour: colour, skin } = this.#outfit;
    const facing = forward[2];
    if (facing < 0.2) return null;
    const centre = forward[0] * 0.85; // on a half-turned chest the middle is where the chest faces
    switch (front) {
      case "open":
        return { centre, half: 0.3 * facing, from: -1, to: 2, colour, pointed: false };
      case "print":
        return { centre, half: 0.45 * facing, from: 0.18, to: 0.5, colour, pointed: false };
      default: // a neckline
        if (facing < 0.5) return null;
        return { centre, half: 0.3 * facing, from: -1, to: 0.2, colour: skin, pointed: true };
    }
  }

  /** From the hips over two thirds of the thighs. */
  #skirt(): void {
    const { keypoints } = this.#body;
    const leftKnee = keypoints[KNEE], rightKnee = keypoints[KNEE + 1];
    if (!leftKnee || !rightKnee) return;
    const hips = [this.#at(HIP), this.#at(HIP + 1)];
    const hems = [between(hips[0], leftKnee, 0.68), between(hips[1], rightKnee, 0.68)];
    const depth = Math.max(hems[0][2], hems[1][2], this.#pelvis[2]) + 0.012;
    const leftToRight = (a: Vector, b: Vector) => a[0] - b[0];
    const [a0, a1] = hips.sort(leftToRight), [b0, b1] = hems.sort(leftToRight);
    const corners = [this.#place(a0), this.#place(a1), this.#place(b1), this.#place(b0)] as const;
    const shape = { corners, radius: PELVIS_RADIUS * this.#outfit.stoutness * this.#size };
    const cloth = this.#trousers;
    this.parts.push({
      depth,
      carries: this.#onTorso.filter((k) => k >= HIP),
      shape,
      paint: (canvas, label) => canvas.quad(corners, shape.radius, cloth, label),
    });
  }

  #backpack(colour: Colour): void {
    const { forward } = this.#body.chest;
    const behind = (point: Vector): Vector => [
      point[0] - forward[0] * 0.11,
      point[1] - forward[1] * 0.11,
      point[2] - forward[2] * 0.11,
    ];
    const top = behind(between(this.#neck, this.#pelvis, 0.22));
    const bottom = behind(between(this.#neck, this.#pelvis, 0.72));
    const radius = 0.05 + 0.035 * Math.abs(forward[2]);
    const carries = forward[2] < -0.4 ? [] : this.#onTorso; // from behind it hides them
    this.#bar([top, radius], [bottom, radius], plain(colour), carries, 0);
  }

  /** Hair down to the shoulders: behind the neck from the front, over it from the back. */
  #longHair(): void {
    const { centre, radius, up, forward } = this.#body.head;
    const back = (down: number, out: number): Vector => [
      centre[0] - radius * (forward[0] * out + up[0] * down),
      centre[1] - radius * (forward[1] * out + up[1] * down),
      centre[2],
    ];
    const shape = {
      from: this.#ball(back(0.1, 0.5), radius * 0.85),
      to: this.#ball(back(1.7, 0.6), radius * 0.52),
    };
    const cloth = plain(darker(this.#outfit.hair, 0.92));
    this.parts.push({
      depth: centre[2] + (forward[2] > 0 ? -0.085 : 0.037),
      carries: [],
      shape,
      paint: (canvas, label) => canvas.capsule(shape.from, shape.to, cloth, label),
    });
  }

  #head(): void {
    const { head } = this.#body;
    const { centre, radius, up } = head;
    const half = radius * (HEAD_STRETCH - 1); // the ellipse as a bar: near enough for what hides what
    const end = (sign: number): Vector => [
      centre[0] + sign * half * up[0],
      centre[1] + sign * half * up[1],
      centre[2],
    ];
    const shape = { from: this.#ball(end(-1), radius), to: this.#ball(end(1), radius) };
    const { skin, hair, hairline, longHair, brim } = this.#outfit;
    const middle = this.#place(centre), radiusInScene = radius * this.#size;
    this.parts.push({
      depth: centre[2] + 0.035,
      carries: FACE,
      shape,
      paint: (canvas, label) => {
        canvas.head(middle, radiusInScene, HEAD_STRETCH, head, skin, hair, hairline, label);
        if (!longHair) this.#paintEars(canvas, label);
        this.#paintFace(canvas, label);
        if (brim) this.#paintBrim(canvas, label);
      },
    });
  }

  /** A point of the face, if it is on the side that shows. */
  #facePoint(k: number): Point | null {
    const point = this.#body.keypoints[k];
    return point && !this.#body.turnedAway[k] ? this.#place(point) : null;
  }

  #paintEars(canvas: Canvas, label: number): void {
    const radius = this.#body.head.radius * 0.24 * this.#size;
    const cloth = plain(darker(this.#outfit.skin, 0.89));
    for (const k of [EAR, EAR + 1]) {
      const ear = this.#facePoint(k);
      if (!ear) continue;
      canvas.capsule([...ear, radius], [ear[0], ear[1] + radius * 0.5, radius * 0.8], cloth, label);
    }
  }

  #paintFace(canvas: Canvas, label: number): void {
    const { centre, radius, up, forward } = this.#body.head;
    const { skin } = this.#outfit;
    const unit = radius * this.#size;
    for (const k of [EYE, EYE + 1]) {
      const eye = this.#facePoint(k);
      if (!eye) continue;
      canvas.dot(eye, 0.17 * unit, [236, 236, 232], label);
      canvas.dot([eye[0] + 0.05 * unit * forward[0], eye[1]], 0.125 * unit, [30, 22, 22], -1);
    }
    const lip = 0.05 * unit;
    if (forward[2] > 0 && lip * canvas.unit > 0.5) { // finer than a pixel it would smear the chin
      const [x, y] = this.#place([
        centre[0] + radius * (forward[0] * 0.9 - up[0] * 0.66),
        centre[1] + radius * (forward[1] * 0.9 - up[1] * 0.66),
        centre[2],
      ]);
      const half = 0.22 * unit * forward[2];
      canvas.capsule(
        [x + half * up[1], y - half * up[0], lip],
        [x - half * up[1], y + half * up[0], lip],
        plain(darker([190, 90, 80], skin[0] / 255)),
        -1,
      );
    }
    const nose = this.#facePoint(NOSE);
    if (nose) {
      const tip = 0.15 * unit;
      canvas.capsule(
        [nose[0] + 0.25 * unit * up[0], nose[1] + 0.25 * unit * up[1], tip * 0.6],
        [...nose, tip],
        plain(darker(skin, 0.86)),
        label,
      );
    }
  }

  /** A cap's brim, from temple to temple over the eyes. */
  #paintBrim(canvas: Canvas, label: number): void {
    const { centre, radius, up, forward, left } = this.#body.head;
    if (forward[2] < -0.25) return;
    const at = (sideways: number): Ball =>
      this.#ball([
        centre[0] + radius * (0.5 * up[0] + forward[0] * 0.98 + left[0] * sideways),
        centre[1] + radius * (0.5 * up[1] + forward[1] * 0.98 + left[1] * sideways),
        centre[2],
      ], radius * 0.17);
    canvas.capsule(at(-0.55), at(0.55), plain(darker(this.#outfit.hair, 0.8)), label);
  }
}

function between(a: Vector, b: Vector, t: number): Vector {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function darker([r, g, b]: Colour, factor: number): Colour {
  return [r * factor, g * factor, b * factor];
}

/** Distance of a point to a bar's outline in scene units, negative inside. */
function barDistance(from: Ball, to: Ball, x: number, y: number): number {
  const dx = to[0] - from[0], dy = to[1] - from[1], squared = dx * dx + dy * dy;
  const px = x - from[0], py = y - from[1];
  let t = squared > 0 ? (px * dx + py * dy) / squared : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  const ox = px - t * dx, oy = py - t * dy;
  return Math.sqrt(ox * ox + oy * oy) - from[2] - (to[2] - from[2]) * t;
}

/** Distance of a point to a shape's outline in scene units, negative inside. */
function shapeDistance(shape: Shape, x: number, y: number): number {
  if ("from" in shape) return barDistance(shape.from, shape.to, x, y);
  const { corners, radius } = shape;
  let inside = false, nearest = Infinity;
  for (let i = 0, j = 3; i < 4; j = i++) {
    const [ix, iy] = corners[i], [jx, jy] = corners[j];
    nearest = Math.min(nearest, barDistance([ix, iy, 0], [jx, jy, 0], x, y));
    if ((iy > y) !== (jy > y) && x - ix < ((jx - ix) * (y - iy)) / (jy - iy)) inside = !inside;
  }
  return (inside ? -nearest : nearest) - radius;
}

/** True if a part that does not carry keypoint k is painted after all that do and covers it. */
function hiddenByOwnParts(parts: readonly Part[], [x, y]: Point, k: number, size: number): boolean {
  const margin = 0.008 * size; // at a part's very rim the eye still sees the keypoint
  for (let i = parts.length - 1; i >= 0; i--) {
    if (parts[i].carries.includes(k)) return false;
    if (shapeDistance(parts[i].shape, x, y) < -margin) return true;
  }
  return false;
}

/** True if a figure covers the point (from its pelvis). */
export function covers({ bounds, parts }: Figure, x: number, y: number): boolean {
  if (x < bounds[0] || x > bounds[2] || y < bounds[1] || y > bounds[3]) return false;
  return parts.some(({ shape }) => shapeDistance(shape, x, y) < 0);
}

function boundsOf(parts: readonly Part[]): [number, number, number, number] {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  const include = (x: number, y: number, r: number) => {
    left = Math.min(left, x - r);
    top = Math.min(top, y - r);
    right = Math.max(right, x + r);
    bottom = Math.max(bottom, y + r);
  };
  for (const { shape } of parts) {
    if ("from" in shape) {
      include(...shape.from);
      include(...shape.to);
    } else for (const [x, y] of shape.corners) include(x, y, shape.radius);
  }
  return [left, top, right, bottom];
}

/** Paint all parts of a figure, pelvis at `at`. */
export function paintFigure(canvas: Canvas, figure: Figure, at: Point, label: number): void {
  canvas.origin = at;
  for (const part of figure.parts) part.paint(canvas, label);
  canvas.origin = [0, 0];
}
