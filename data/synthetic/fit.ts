/**
 * A body from annotated keypoints: a person of a photograph lends the pose, the scene maker draws somebody
 * else in it. Keypoints stay exactly where they were annotated (up to scale); depth, which no annotation
 * has, is guessed from the shoulders: how far apart they are for the person's size and which is on which
 * side give the direction the chest faces, and with it which limbs are nearer.
 *
 * Limbs whose keypoints are missing are left out, and their keypoints stay missing.
 *
 * @module
 */
import type { AnnotatedKeypoint } from "../../pose/person.ts";
import { COCO } from "../../pose/skeleton.ts";
import {
  type Body,
  FOOT_HEIGHT,
  FOREARM,
  HAND,
  HEAD_ABOVE_SHOULDERS,
  HEAD_RADIUS,
  SHANK,
  SHOULDER_HALF_WIDTH,
  THIGH,
  TOES,
  TORSO,
  UPPER_ARM,
  type Vector,
} from "./body.ts";

/** Of 17: with fewer, too much of face and arms would have to be left out. */
const FEWEST_KEYPOINTS = 12;
/** Shoulders, hips, knees, ankles: half a person would look odd anywhere but at the picture's border. */
const NEEDED = [5, 6, 11, 12, 13, 14, 15, 16];

const SHOULDERS = [5, 6], HIPS = [11, 12], EARS = [3, 4], EYES = [1, 2], NOSE = 0;

/** Bones and their lengths in standing heights: none can look longer than it is. */
const BONES: readonly (readonly [from: number, to: number, length: number])[] = [
  [5, 7, UPPER_ARM],
  [6, 8, UPPER_ARM],
  [7, 9, FOREARM],
  [8, 10, FOREARM],
  [11, 13, THIGH],
  [12, 14, THIGH],
  [13, 15, SHANK],
  [14, 16, SHANK],
  [5, 6, 2 * SHOULDER_HALF_WIDTH],
];

/** True if the keypoints are enough to draw a person: trunk, legs, 12 in all, and a torso to see. */
export function isUsablePose(keypoints: readonly AnnotatedKeypoint[]): boolean {
  const known = keypoints.filter(({ visibility }) => visibility > 0);
  const has = (k: number) => keypoints[k].visibility > 0;
  if (!known.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) return false;
  if (known.length < FEWEST_KEYPOINTS || !NEEDED.every(has)) return false;
  const tops = known.map(({ y }) => y), sides = known.map(({ x }) => x);
  const extent = Math.max(
    Math.max(...tops) - Math.min(...tops),
    Math.max(...sides) - Math.min(...sides),
  );
  const [torso] = torsoOf(keypoints);
  return torso > 0.1 * extent; // seen along the spine there is no telling what is where
}

/** Length of the torso, its middle points and directions up and across (to the picture's right). */
function torsoOf(keypoints: readonly AnnotatedKeypoint[]) {
  const middle = ([a, b]: readonly number[]) => ({
    x: (keypoints[a].x + keypoints[b].x) / 2,
    y: (keypoints[a].y + keypoints[b].y) / 2,
  });
  const neck = middle(SHOULDERS), pelvis = middle(HIPS);
  const length = Math.hypot(neck.x - pelvis.x, neck.y - pelvis.y);
  const up = [(neck.x - pelvis.x) / length, (neck.y - pelvis.y) / length] as const;
  return [length, neck, pelvis, up] as const;
}

/**
 * The body that has these keypoints.
 *
 * @param annotated COCO's 17 keypoints for which {@linkcode isUsablePose} holds.
 * @param mirrored Swap left and right, in the picture and in the names.
 */
export function bodyFromKeypoints(
  annotated: readonly AnnotatedKeypoint[],
  mirrored: boolean,
): Body {
  const points = mirrored
    ? COCO.flip.map((k) => ({ ...annotated[k], x: -annotated[k].x }))
    : annotated;
  const known = (k: number) => points[k].visibility > 0;
  const [torso, neck, pelvis, up] = torsoOf(points);
  const across = [-up[1], up[0]] as const; // to the picture's right for somebody upright

  let height = torso / TORSO;
  for (const [from, to, length] of BONES) {
    if (!known(from) || !known(to)) continue;
    const seen = Math.hypot(points[from].x - points[to].x, points[from].y - points[to].y);
    height = Math.max(height, seen / length);
  }
  const flat = (p: { x: number; y: number }): readonly [number, number] => [
    (p.x - pelvis.x) / height,
    (p.y - pelvis.y) / height,
  ];
  const project = (a: readonly number[], b: readonly number[]) => a[0] * b[0] + a[1] * b[1];

  // The chest faces (sin, cos) of an angle from the camera, to the picture's right for positive sines.
  const neckAt = flat(neck);
  const left = flat(points[SHOULDERS[0]]), right = flat(points[SHOULDERS[1]]);
  const span = project([left[0] - right[0], left[1] - right[1]], across);
  const cosine = Math.max(-1, Math.min(1, span / (2 * SHOULDER_HALF_WIDTH)));
  const looksRight = !known(NOSE) ||
    project([flat(points[NOSE])[0] - neckAt[0], flat(points[NOSE])[1] - neckAt[1]], across) >= 0;
  const sine = Math.sqrt(1 - cosine * cosine) * (looksRight ? 1 : -1);
  const chest = {
    left: [across[0] * cosine, across[1] * cosine, -sine] as Vector,
    up: [up[0], up[1], 0] as Vector,
    forward: [across[0] * sine, across[1] * sine, cosine] as Vector,
  };

  const keypoints = points.map((point, k): Vector | null => {
    if (!known(k)) return null;
    const side = COCO.keypoints[k].startsWith("left") ? 1 : -1;
    const isArm = k >= 7 && k <= 10;
    const depth = k < 5 ? 0 : -side * sine * SHOULDER_HALF_WIDTH + (isArm ? 0.06 * cosine : 0);
    return [...flat(point), depth];
  });
  const beyond = (k: number, previous: number, length: number): Vector | null => {
    const end = keypoints[k], start = keypoints[previous];
    if (!end || !start) return null;
    const dx = end[0] - start[0], dy = end[1] - start[1], seen = Math.hypot(dx, dy);
    if (seen < 1e-6) return end;
    return [end[0] + (dx / seen) * length, end[1] + (dy / seen) * length, end[2]];
  };
  const hands = [beyond(9, 7, HAND), beyond(10, 8, HAND)];
  const toes = [[15, 13], [16, 14]].map(([ankle, knee]): Vector | null => {
    const heel = beyond(ankle, knee, FOOT_HEIGHT);
    if (!heel) return null;
    const down = 0.35 * Math.max(0, cosine); // feet that point to the camera point down on the picture
    return [heel[0] + TOES * chest.forward[0], heel[1] + TOES * (chest.forward[1] + down), heel[2]];
  });
  return {
    keypoints,
    turnedAway: points.map(({ visibility }, k) => k < 5 && visibility === 1),
    head: headOf(keypoints, neckAt, up),
    chest,
    hands,
    toes,
    seated: false,
  };
}

/** Centre, size and direction of a head from the keypoints of its face that are known. */
function headOf(
  keypoints: readonly (Vector | null)[],
  neck: readonly [number, number],
  torsoUp: readonly [number, number],
): Body["head"] {
  const middle = (list: readonly number[]): readonly [number, number] | null => {
    const found = list.map((k) => keypoints[k]).filter((point) => point !== null);
    if (found.length === 0) return null;
    const sum = found.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
    return [sum[0] / found.length, sum[1] / found.length];
  };
  // Ears sit at the ball's middle; eyes and nose a little above and below it.
  let centre = middle(EARS) ?? middle(EYES) ?? middle([NOSE]) ??
    [neck[0] + torsoUp[0] * HEAD_ABOVE_SHOULDERS, neck[1] + torsoUp[1] * HEAD_ABOVE_SHOULDERS];
  // As large as the face needs, within reason; then moved until the farthest point is on it.
  const parts = keypoints.slice(0, 5).filter((point) => point !== null);
  const distanceTo = (point: Vector) => Math.hypot(point[0] - centre[0], point[1] - centre[1]);
  const [farthest] = parts.toSorted((p, q) => distanceTo(q) - distanceTo(p));
  const reach = farthest ? distanceTo(farthest) : 0;
  const radius = Math.max(HEAD_RADIUS, Math.min(1.35 * HEAD_RADIUS, reach));
  if (farthest && reach > radius) {
    const share = 1 - radius / reach;
    centre = [
      centre[0] + (farthest[0] - centre[0]) * share,
      centre[1] + (farthest[1] - centre[1]) * share,
    ];
  }
  let dx = centre[0] - neck[0], dy = centre[1] - neck[1];
  const distance = Math.hypot(dx, dy);
  if (distance > 0.3 * HEAD_RADIUS) [dx, dy] = [dx / distance, dy / distance];
  else [dx, dy] = torsoUp;
  const face = middle([NOSE]) ?? middle(EYES);
  let sideways = 0, towards = -1; // no face: seen from behind
  if (face) {
    const offset = ((face[0] - centre[0]) * -dy + (face[1] - centre[1]) * dx) / radius;
    sideways = Math.max(-1, Math.min(1, offset));
    towards = Math.sqrt(1 - sideways * sideways);
  }
  return {
    centre: [centre[0], centre[1], 0],
    radius,
    left: [-dy * towards, dx * towards, -sideways],
    up: [dx, dy, 0],
    forward: [-dy * sideways, dx * sideways, towards],
  };
}
