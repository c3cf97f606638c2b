/**
 * A body that can move: bones of human proportions, joint angles within what joints allow, seen by a
 * camera. What comes out is a {@linkcode Body}: 17 keypoints in COCO's order with depth, the head and the
 * chest as directions, in units of the standing height.
 *
 *                      up                  The camera's axes: x to the right, y down,
 *                       |  forward         z towards the viewer (larger is nearer).
 *                       | /                A person who faces the camera has his left
 *       his right  -----o-----> left       on the picture's right.
 *
 * Bone lengths: segment lengths as shares of the standing height after Drillis and Contini (1966), as
 * tabled in D. Winter, "Biomechanics and motor control of human movement", ch. 4. Deviations:
 *
 * | here | there | why |
 * | --- | --- | --- |
 * | head about 1.2 times as large | 0.13 of the height | eyes stay a pixel apart on images of 64 pixels |
 * | upper arm 0.17, forearm 0.15 | 0.186, 0.146 | there the upper arm begins above the shoulder's centre |
 * | no perspective within a body | | its depth is small against its distance |
 *
 * @module
 */
import type { Random } from "../random.ts";
import { type SceneSetting, settings } from "./setting.ts";

/** A point or direction in the camera's axes: x right, y down, z towards the viewer. */
export type Vector = readonly [x: number, y: number, z: number];

/** Three directions at right angles, as the person means them. */
export interface Frame {
  readonly left: Vector;
  readonly up: Vector;
  readonly forward: Vector;
}

/** A head: a ball `radius` wide and {@linkcode HEAD_STRETCH} times as high, looking along `forward`. */
export interface Head extends Frame {
  readonly centre: Vector;
  readonly radius: number;
}

/** A posed body in units of the standing height; its pelvis lies at the origin. */
export interface Body {
  /** COCO's 17 keypoints, null where unknown. */
  readonly keypoints: readonly (Vector | null)[];
  /** For each keypoint: the body's own far side hides it whatever is drawn (an eye seen from behind). */
  readonly turnedAway: readonly boolean[];
  readonly head: Head;
  readonly chest: Frame;
  /** Finger ends and toes, left then right; null where wrist or ankle is unknown. */
  readonly hands: readonly (Vector | null)[];
  readonly toes: readonly (Vector | null)[];
  /** True when the body rests on a seat as high as its pelvis. */
  readonly seated: boolean;
}

/** How much higher than wide a head is. */
export const HEAD_STRETCH = 1.25;
/** Half a head's width, in standing heights. */
export const HEAD_RADIUS = 0.062;

const HIP_HALF_WIDTH = 0.068;
export const SHOULDER_HALF_WIDTH = 0.105;
export const TORSO = 0.29;
export const HEAD_ABOVE_SHOULDERS = 0.118; // Drillis and Contini: shoulder 0.818, eyes 0.936
export const UPPER_ARM = 0.17;
export const FOREARM = 0.15;
export const HAND = 0.05; // to the fingers of a half-open hand
export const THIGH = 0.245;
export const SHANK = 0.246;
export const FOOT_HEIGHT = 0.03;
export const TOES = 0.1;

/** Where the face's keypoints sit on the head, in radii along left, up (of the stretched ball), forward. */
const FACE: readonly Vector[] = [
  [0, -0.12, 1.04], // nose
  [0.36, 0.12, 0.86], // left eye
  [-0.36, 0.12, 0.86], // right eye
  [0.98, 0, -0.06], // left ear
  [-0.98, 0, -0.06], // right ear
];

const degrees = Math.PI / 180;

/** The frame of somebody upright who looks straight into the camera. */
const FACING: Frame = { left: [1, 0, 0], up: [0, -1, 0], forward: [0, 0, 1] };

/** `a p + b q`. */
function mix(a: number, p: Vector, b: number, q: Vector): Vector {
  return [a * p[0] + b * q[0], a * p[1] + b * q[1], a * p[2] + b * q[2]];
}

/** `p + length d`. */
function along(p: Vector, length: number, d: Vector): Vector {
  return mix(1, p, length, d);
}

/** Turn to one's own left. */
function turn(frame: Frame, angle: number): Frame {
  const c = Math.cos(angle), s = Math.sin(angle);
  return {
    left: mix(c, frame.left, -s, frame.forward),
    up: frame.up,
    forward: mix(c, frame.forward, s, frame.left),
  };
}

/** Bend forwards. */
function bend(frame: Frame, angle: number): Frame {
  const c = Math.cos(angle), s = Math.sin(angle);
  return {
    left: frame.left,
    up: mix(c, frame.up, s, frame.forward),
    forward: mix(c, frame.forward, -s, frame.up),
  };
}

/** Lean to one's own left. */
function lean(frame: Frame, angle: number): Frame {
  const c = Math.cos(angle), s = Math.sin(angle);
  return {
    left: mix(c, frame.left, -s, frame.up),
    up: mix(c, frame.up, s, frame.left),
    forward: frame.forward,
  };
}

/** Joint angles of an arm or a leg in radians; all 0: hanging straight down. */
export interface LimbAngles {
  /** The whole limb swung forwards (180 degrees: straight up). */
  readonly swing: number;
  /** The whole limb raised sideways, away from the body. */
  readonly raise: number;
  /** Bend of elbow or knee. */
  readonly bend: number;
  /** Arms: where the forearm goes when the elbow bends; 0 forwards, 90 degrees inwards. */
  readonly roll: number;
}

/** All joint angles of a body, in radians; of pairs the left one first. */
export interface Posture {
  readonly bend: number;
  readonly lean: number;
  readonly twist: number;
  readonly arms: readonly [LimbAngles, LimbAngles];
  readonly legs: readonly [LimbAngles, LimbAngles];
  readonly seated: boolean;
}

/**
 * Unit directions of a limb's two bones, and where the end of the second one has its front (where toes
 * point to). `side` is 1 for a left limb and -1 for a right one. With swing a
 * and raise b the first bone points to
 *
 *     d(a, b) = sin b outwards + cos b (sin a forwards - cos a upwards)
 *
 * and an elbow turns it towards dd/da (forwards when hanging) or -dd/db (inwards), a knee towards -dd/da.
 */
function limbDirections(
  frame: Frame,
  side: number,
  angles: LimbAngles,
  isArm: boolean,
): readonly [first: Vector, second: Vector, front: Vector] {
  const { swing, raise, roll } = angles;
  const ca = Math.cos(swing), sa = Math.sin(swing), cb = Math.cos(raise), sb = Math.sin(raise);
  const at = (outwards: number, upwards: number, forwards: number): Vector =>
    along(mix(outwards * side, frame.left, upwards, frame.up), forwards, frame.forward);
  const first = at(sb, -cb * ca, cb * sa);
  const forwards = at(0, sa, ca);
  const inwards = at(-cb, -sb * ca, sb * sa);
  const bent = isArm
    ? mix(Math.cos(roll), forwards, Math.sin(roll), inwards)
    : mix(-1, forwards, 0, forwards);
  const c = Math.cos(angles.bend), s = Math.sin(angles.bend);
  return [first, mix(c, first, s, bent), mix(s, first, -c, bent)];
}

/** A draw around a middle, cut at two spreads: angles stay where joints allow them. */
function around(random: Random, middle: number, spread: number): number {
  return (middle + spread * Math.max(-2, Math.min(2, random.normal()))) * degrees;
}

function limb(
  random: Random,
  swing: number,
  raise: number,
  bendAngle: number,
  roll: number,
  spread: number,
): LimbAngles {
  return {
    swing: around(random, swing, spread),
    raise: around(random, raise, spread * 0.5),
    bend: Math.max(0, around(random, bendAngle, spread)),
    roll: around(random, roll, spread),
  };
}

/** What one arm may be doing, with its share of all arms. Angles: swing, raise, bend, roll; then spread. */
const ARM_GESTURES: readonly (readonly [share: number, ...angles: number[]])[] = [
  [0.40, 0, 10, 15, 20, 9], //   hanging
  [0.10, 5, 48, 95, 75, 8], //   hand on the hip
  [0.10, 20, 15, 95, 45, 12], // forearm in front of the belly
  [0.08, 75, 10, 25, 20, 15], // reaching forwards
  [0.08, 0, 85, 20, -20, 14], // out to the side
  [0.08, 0, 70, 100, -90, 14], // waving: upper arm out, forearm up
  [0.08, 165, 15, 20, 30, 12], // straight up
  [0.08, 50, 25, 125, 35, 12], // hand at the face
];

function sampleArm(random: Random): LimbAngles {
  let draw = random.next();
  const gesture = ARM_GESTURES.find(([share]) => (draw -= share) < 0) ?? ARM_GESTURES[0];
  const [, swing, raise, bendAngle, roll, spread] = gesture;
  return limb(random, swing, raise, bendAngle, roll, spread);
}

/**
 * Joint angles of somebody standing, walking, running, sitting, bending down or jumping; without `bent` nobody sits
 * or bends.
 */
function samplePosture(random: Random, bent: boolean): Posture {
  const any = random.next();
  const draw = bent ? any : any < 0.85 ? any * 0.72 / 0.85 : 1;
  let torso = {
    bend: around(random, 2, 4),
    lean: around(random, 0, 4),
    twist: around(random, 0, 8),
  };
  const freeArms = (): [LimbAngles, LimbAngles] => {
    const left = sampleArm(random);
    return [left, random.chance(0.35) ? left : sampleArm(random)]; // both arms alike looks natural
  };
  if (draw < 0.34) { // standing
    const apart = random.uniform(2, 14);
    const legs: [LimbAngles, LimbAngles] = [
      limb(random, 3, apart, 6, 0, 5),
      limb(random, 3, apart, 6, 0, 5),
    ];
    return { ...torso, arms: freeArms(), legs, seated: false };
  }
  if (draw < 0.62) { // walking: legs and arms swing against each other
    const phase = random.chance(0.5) ? 1 : -1;
    const stride = random.uniform(12, 32) * phase;
    const arms: [LimbAngles, LimbAngles] = [
      limb(random, -stride, 8, 25, 20, 8),
      limb(random, stride, 8, 25, 20, 8),
    ];
    if (random.chance(0.4)) arms[random.integer(2)] = sampleArm(random);
    const legs: [LimbAngles, LimbAngles] = [
      limb(random, stride, 3, phase > 0 ? 10 : 35, 0, 7),
      limb(random, -stride, 3, phase > 0 ? 35 : 10, 0, 7),
    ];
    return { ...torso, arms, legs, seated: false };
  }
  if (draw < 0.72) { // running
    const phase = random.chance(0.5) ? 1 : -1;
    const stride = random.uniform(30, 50) * phase;
    torso = { ...torso, bend: around(random, 12, 5) };
    const arms: [LimbAngles, LimbAngles] = [
      limb(random, -stride, 12, 85, 25, 10),
      limb(random, stride, 12, 85, 25, 10),
    ];
    const legs: [LimbAngles, LimbAngles] = [
      limb(random, stride + 10, 4, phase > 0 ? 50 : 70, 0, 10),
      limb(random, -stride + 10, 4, phase > 0 ? 70 : 50, 0, 10),
    ];
    return { ...torso, arms, legs, seated: false };
  }
  if (draw < 0.86) { // sitting
    torso = { ...torso, bend: around(random, 5, 9) };
    const legs: [LimbAngles, LimbAngles] = [
      limb(random, 82, 12, 82, 0, 10),
      limb(random, 82, 12, 82, 0, 10),
    ];
    const arms: [LimbAngles, LimbAngles] = random.chance(0.5)
      ? [limb(random, 25, 10, 50, 25, 10), limb(random, 25, 10, 50, 25, 10)] // hands on the lap
      : freeArms();
    return { ...torso, arms, legs, seated: true };
  }
  if (draw < 0.93) { // bending down
    torso = { ...torso, bend: around(random, 55, 13) };
    const arms: [LimbAngles, LimbAngles] = [
      limb(random, 60, 8, 15, 20, 15),
      limb(random, 60, 8, 15, 20, 15),
    ];
    const legs: [LimbAngles, LimbAngles] = [
      limb(random, 12, 7, 18, 0, 7),
      limb(random, 12, 7, 18, 0, 7),
    ];
    return { ...torso, arms, legs, seated: false };
  }
  // A star: arms and legs apart, as in a jump or a dance.
  const legs: [LimbAngles, LimbAngles] = [
    limb(random, 5, 24, 15, 0, 12),
    limb(random, 5, 24, 15, 0, 12),
  ];
  const arms: [LimbAngles, LimbAngles] = [
    limb(random, 0, 115, 20, -40, 22),
    limb(random, 0, 115, 20, -40, 22),
  ];
  return { ...torso, arms, legs, seated: false };
}

/**
 * The direction that a person faces, as an angle from facing the camera, in radians, to his own left:
 * some more or less at the camera, some away from it, the rest to a side.
 */
function sampleFacing(random: Random, setting: SceneSetting): number {
  const { facing, away, turned } = settings[setting];
  const draw = random.next();
  if (draw < facing) return around(random, 0, turned);
  if (draw < facing + away) return around(random, 180, turned);
  return around(random, random.chance(0.5) ? 90 : -90, 15);
}

/** Everything that decides how a body is seen: a posture, and by whom, from where. Angles in radians. */
export interface Stance {
  readonly posture: Posture;
  /** The direction that the person faces, from facing the camera to the person's own left. */
  readonly facing: number;
  /** How far the camera looks down, and how far it is held askew. */
  readonly cameraPitch: number;
  readonly cameraRoll: number;
  /** Shoulders against hips, and length of limbs; 1 on average. */
  readonly build: number;
  readonly limbLength: number;
  /** How the head is held against the chest. */
  readonly head: { readonly turn: number; readonly bend: number; readonly lean: number };
}

/** A stance drawn at random. */
export function sampleStance(random: Random, setting: SceneSetting): Stance {
  return { // drawn in this order: another one would be another scene
    posture: samplePosture(random, settings[setting].bent),
    facing: sampleFacing(random, setting),
    cameraPitch: around(random, 7, 5), // cameras mostly look slightly down
    build: random.uniform(0.92, 1.08),
    limbLength: random.uniform(0.95, 1.05),
    cameraRoll: around(random, 0, 2.5),
    head: {
      turn: around(random, 0, 20),
      bend: around(random, 0, 9),
      lean: around(random, 0, 6),
    },
  };
}

/** A body of the articulated model: posture, facing, build and camera drawn at random. */
export function sampleBody(random: Random, setting: SceneSetting): Body {
  return bodyOf(sampleStance(random, setting));
}

/** The body of a stance. */
export function bodyOf({ posture, build, limbLength, ...stance }: Stance): Body {
  const level = lean(bend(FACING, stance.cameraPitch), stance.cameraRoll);
  const pelvis = turn(level, stance.facing);
  const upright = lean(bend(pelvis, posture.bend), posture.lean);
  const chest = turn(upright, posture.twist);
  const headFrame = lean(
    bend(turn(chest, stance.head.turn), stance.head.bend - posture.bend * 0.5),
    stance.head.lean,
  );

  const origin: Vector = [0, 0, 0];
  const neck = along(origin, TORSO, upright.up);
  const head: Head = {
    ...headFrame,
    centre: along(neck, HEAD_ABOVE_SHOULDERS, mix(0.5, chest.up, 0.5, headFrame.up)),
    radius: HEAD_RADIUS,
  };
  const keypoints: Vector[] = new Array(17);
  const turnedAway: boolean[] = new Array(17).fill(false);
  FACE.forEach(([left, up, forward], k) => {
    const direction = along(
      mix(left, head.left, up * HEAD_STRETCH, head.up),
      forward,
      head.forward,
    );
    keypoints[k] = along(head.centre, head.radius, direction);
    turnedAway[k] = direction[2] < -0.12; // behind the ball's rim
  });
  const hands: Vector[] = [], toes: Vector[] = [];
  [1, -1].forEach((side, i) => {
    const shoulder = along(neck, SHOULDER_HALF_WIDTH * build * side, chest.left);
    const [upper, fore] = limbDirections(chest, side, posture.arms[i], true);
    const elbow = along(shoulder, UPPER_ARM * limbLength, upper);
    const wrist = along(elbow, FOREARM * limbLength, fore);
    hands[i] = along(wrist, HAND, fore);

    const hip = along(origin, HIP_HALF_WIDTH / build * side, pelvis.left);
    const [thigh, shank, front] = limbDirections(pelvis, side, posture.legs[i], false);
    const knee = along(hip, THIGH * limbLength, thigh);
    const ankle = along(knee, SHANK * limbLength, shank);
    const foot = mix(0.97, front, 0.24 * side, pelvis.left); // turned out by 14 degrees
    toes[i] = along(along(ankle, FOOT_HEIGHT, shank), TOES, foot);
    [keypoints[5 + i], keypoints[7 + i], keypoints[9 + i]] = [shoulder, elbow, wrist];
    [keypoints[11 + i], keypoints[13 + i], keypoints[15 + i]] = [hip, knee, ankle];
  });
  return { keypoints, turnedAway, head, chest, hands, toes, seated: posture.seated };
}
