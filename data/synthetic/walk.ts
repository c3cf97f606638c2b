/**
 * Somebody who paces to and fro before the camera. Place, facing, steps and gestures are sines of time, so that
 * everything moves smoothly and a moment can be looked at without those before it:
 *
 *     θ(t) = 2π t / period + φ                 where on the way, t in frames
 *     x(t) = centre + reach sin θ              the place, in scene units
 *     facing(t) = TURN cos θ                   half turned to where the walk goes, cos θ being its direction;
 *                                              180° − that for people who show their backs
 *     swing(t) = STRIDE cos θ sin(2π t / step) of the left leg; the right one against it, arms against legs;
 *                                              steps are widest where the walk is fastest
 *     arms(t)                                  to and fro between two gestures
 *
 * @module
 */
import type { Random } from "../random.ts";
import { type LimbAngles, type Posture, sampleStance, type Stance } from "./body.ts";

/** How far somebody turns to where the walk goes: half to the side, so that the face still shows. */
const TURN = 45 * Math.PI / 180;
/** Legs swing so far forwards and back. */
const STRIDE = 28 * Math.PI / 180;
/** Bend of a knee while its leg is under the body, and how much more behind and less before it. */
const KNEE = 22.5 * Math.PI / 180, KNEE_SWING = 12.5 * Math.PI / 180;
/** Share of people who show their backs, as on a stage. */
const AWAY = 1 / 8;

/** A walk: what does not change while somebody walks. */
export interface Walk {
  readonly centre: number;
  readonly reach: number;
  /** Frames from a place back to it, and of two steps, and of a gesture and back. */
  readonly period: number;
  readonly step: number;
  readonly gesture: number;
  /** Where on the way, in a step, in a gesture the first frame is: radians. */
  readonly phases: readonly [way: number, step: number, gesture: number];
  readonly away: boolean;
  /** Posture, build and head; the second one only lends its arms. */
  readonly stances: readonly [Stance, Stance];
}

/**
 * A walk drawn at random.
 *
 * @param wide The picture's width in scene units.
 */
export function sampleWalk(random: Random, wide: number): Walk {
  const phase = () => random.uniform(0, 2 * Math.PI);
  const reach = random.uniform(0.25, 0.7) * wide; // from 0.6 or so people leave the picture
  const fastest = random.uniform(0.02, 0.045); // scene units a frame
  return {
    centre: random.uniform(0.3, 0.7) * wide,
    reach,
    period: 2 * Math.PI * reach / fastest,
    step: random.uniform(10, 16),
    gesture: random.uniform(40, 90),
    phases: [phase(), phase(), phase()],
    away: random.chance(AWAY),
    stances: [sampleStance(random, "stage"), sampleStance(random, "stage")],
  };
}

/** Where the walk is at a frame, in scene units, and how the body stands then. */
export function walkAt(walk: Walk, frame: number): { readonly x: number; readonly stance: Stance } {
  const { centre, reach, period, step, gesture, phases, away, stances: [own, other] } = walk;
  const angle = (length: number, i: number) => 2 * Math.PI * frame / length + phases[i];
  const way = angle(period, 0);
  const turn = TURN * Math.cos(way);
  const swing = Math.cos(way) * Math.sin(angle(step, 1));
  const posture = walking(own.posture, other.posture, swing, (1 - Math.cos(angle(gesture, 2))) / 2);
  return {
    x: centre + reach * Math.sin(way),
    stance: { ...own, posture, facing: away ? Math.PI - turn : turn },
  };
}

/** A posture with its legs in a step (`swing` -1 to 1, the left leg's) and its arms between two gestures. */
function walking(own: Posture, other: Posture, swing: number, toOther: number): Posture {
  const arm = (side: 0 | 1, swing: number): LimbAngles => {
    const [a, b] = [own.arms[side], other.arms[side]];
    const between = (angle: keyof LimbAngles) => a[angle] + (b[angle] - a[angle]) * toOther;
    return {
      swing: between("swing") - STRIDE * swing / 2,
      raise: between("raise"),
      bend: between("bend"),
      roll: between("roll"),
    };
  };
  const leg = (swing: number): LimbAngles => ({
    swing: STRIDE * swing,
    raise: 0.05, // feet are a little apart
    bend: KNEE - KNEE_SWING * swing,
    roll: 0,
  });
  return { ...own, arms: [arm(0, swing), arm(1, -swing)], legs: [leg(swing), leg(-swing)] };
}
