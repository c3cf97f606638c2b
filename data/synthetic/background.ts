/**
 * What is behind people, and sometimes before them: walls and floors in colours that run, grain, stripes,
 * tiles or bricks, and clutter. Some of the clutter is meant to be mistaken: bars in the colours of skin
 * and clothes, poles as thick as legs, balls as large as heads.
 *
 * @module
 */
import type { Random } from "../random.ts";
import { type Canvas, type Colour, plain, type Point, squareWave } from "./canvas.ts";
import { type SceneSetting, settings } from "./setting.ts";
import { hsv, type Outfit } from "./wardrobe.ts";

/** A surface: how much of its second colour is where, 0 to 1. */
interface Surface {
  readonly kind: "run" | "grain" | "stripes" | "tiles" | "bricks";
  readonly colour: Colour;
  readonly other: Colour;
  readonly angle: number;
  /** Length of a repetition, in scene units. */
  readonly period: number;
  /** Strength of the grain over it. */
  readonly grain: number;
}

function surfaceColour(random: Random): Colour {
  return random.chance(0.6)
    ? hsv(random.next(), random.uniform(0.03, 0.3), random.uniform(0.25, 0.95))
    : hsv(random.next(), random.uniform(0.2, 0.7), random.uniform(0.25, 0.85));
}

function sampleSurface(random: Random): Surface {
  const colour = surfaceColour(random);
  const kind = random.pick(["run", "run", "grain", "grain", "stripes", "tiles", "bricks"] as const);
  const contrast = kind === "run" ? random.uniform(0.3, 1) : random.uniform(0.1, 0.5);
  const other = surfaceColour(random);
  const toned = colour.map((value, i) => value + (other[i] - value) * contrast);
  return {
    kind,
    colour,
    other: [toned[0], toned[1], toned[2]],
    angle: random.chance(0.5) ? 0 : random.uniform(0, Math.PI),
    period: random.uniform(0.08, 0.3),
    grain: random.uniform(3, 16),
  };
}

const LATTICE = 16;

/** Smooth noise, -1 to 1, from a lattice of random numbers that repeats every 16 steps. */
function valueNoise(lattice: Float32Array, x: number, y: number): number {
  const fx = Math.floor(x), fy = Math.floor(y);
  let tx = x - fx, ty = y - fy;
  tx = tx * tx * (3 - 2 * tx);
  ty = ty * ty * (3 - 2 * ty);
  const column = fx & 15, row = (fy & 15) * LATTICE;
  const right = (column + 1) & 15, below = (row + LATTICE) & 255;
  const top = lattice[row + column] + (lattice[row + right] - lattice[row + column]) * tx;
  const bottom = lattice[below + column] + (lattice[below + right] - lattice[below + column]) * tx;
  return top + (bottom - top) * ty;
}

/** Fill rows `first` to `last - 1` with a surface. */
function paintSurface(
  canvas: Canvas,
  surface: Surface,
  lattice: Float32Array,
  first: number,
  last: number,
): void {
  const { width, unit, rgb } = canvas;
  const { kind, grain } = surface;
  const period = surface.period * unit;
  const c = Math.cos(surface.angle), s = Math.sin(surface.angle);
  const [r, g, b] = surface.colour;
  const dr = surface.other[0] - r, dg = surface.other[1] - g, db = surface.other[2] - b;
  const span = Math.hypot(canvas.width, canvas.height);
  // Three octaves; steps in scene units, so that a scene looks the same at every size.
  const coarse = 3 / unit, middle = 9 / unit, fine = 31 / unit;
  for (let y = first; y < last; y++) {
    for (let x = 0; x < width; x++) {
      const noise = 0.55 * valueNoise(lattice, x * coarse, y * coarse) +
        0.3 * valueNoise(lattice, x * middle + 5.3, y * middle + 9.1) +
        0.25 * valueNoise(lattice, x * fine + 2.7, y * fine + 4.9);
      const p = x * c + y * s, q = y * c - x * s;
      let second = 0;
      switch (kind) {
        case "run":
          second = q / span + 0.5;
          break;
        case "grain":
          second = noise * 0.8 + 0.5;
          break;
        case "stripes":
          second = squareWave(p, period);
          break;
        case "tiles":
          second = Math.max(jointAt(p, period), jointAt(q, period));
          break;
        case "bricks": {
          const row = Math.floor((2 * q) / period);
          second = Math.max(jointAt(q, period / 2), jointAt(p + (row & 1) * period / 2, period));
          break;
        }
      }
      second = second < 0 ? 0 : second > 1 ? 1 : second;
      const light = noise * grain;
      const at = (y * width + x) * 3;
      rgb[at] = r + dr * second + light;
      rgb[at + 1] = g + dg * second + light;
      rgb[at + 2] = b + db * second + light;
    }
  }
}

/** 1 on the joint between two tiles, in pixels; joints are a tenth of the period wide. */
function jointAt(value: number, period: number): number {
  const phase = value - period * Math.floor(value / period);
  const within = Math.max(0.7, period * 0.05) - Math.min(phase, period - phase) + 0.5;
  return within < 0 ? 0 : within > 1 ? 1 : within;
}

/** Something that stands around: a box with a lit top and a shaded side, a pole, a bar, a ball. */
function paintClutter(canvas: Canvas, random: Random, colours: readonly Colour[]): void {
  const { unit } = canvas;
  const wide = canvas.width / unit, high = canvas.height / unit;
  const x = random.uniform(0, wide), y = random.uniform(0, high);
  const colour = random.chance(0.45) && colours.length > 0
    ? random.pick(colours)
    : surfaceColour(random);
  const cloth = plain(colour);
  const draw = random.next();
  if (draw < 0.25) { // a pole or a trunk, from floor to ceiling
    const radius = random.uniform(0.008, 0.04), slant = random.uniform(-0.05, 0.05);
    canvas.capsule([x, -0.1, radius], [x + slant, high + 0.1, radius], cloth, 0);
  } else if (draw < 0.6) { // a bar like a limb, sometimes with a joint
    const length = random.uniform(0.08, 0.3), angle = random.uniform(0, 2 * Math.PI);
    const radius = random.uniform(0.012, 0.035);
    const end: Point = [x + length * Math.cos(angle), y + length * Math.sin(angle)];
    canvas.capsule([x, y, radius], [...end, radius * 0.8], cloth, 0);
    if (random.chance(0.5)) {
      const bent = angle + random.uniform(-1.8, 1.8);
      const far: Point = [end[0] + length * Math.cos(bent), end[1] + length * Math.sin(bent)];
      canvas.capsule(
        [...end, radius * 0.8],
        [...far, radius * 0.6],
        random.chance(0.5) ? cloth : plain(surfaceColour(random)),
        0,
      );
    }
  } else if (draw < 0.72) { // a ball or a lamp
    const radius = random.uniform(0.02, 0.07);
    canvas.capsule([x, y, radius], [x, y + radius * random.uniform(0, 0.6), radius], cloth, 0);
  } else if (draw < 0.88) { // a box, a picture, a window
    const w = random.uniform(0.04, 0.2), h = random.uniform(0.04, 0.25);
    canvas.quad([[x - w, y - h], [x + w, y - h], [x + w, y + h], [x - w, y + h]], 0.004, cloth, 0);
    if (random.chance(0.5)) {
      const inner = plain(surfaceColour(random));
      const a = w * 0.8, b = h * 0.8;
      canvas.quad(
        [[x - a, y - b], [x + a, y - b], [x + a, y + b], [x - a, y + b]],
        0.002,
        inner,
        0,
      );
    }
  } else { // a cable or a branch
    const angle = random.uniform(0, Math.PI), c = Math.cos(angle), s = Math.sin(angle);
    canvas.capsule([x - 2 * c, y - 2 * s, 0.004], [x + 2 * c, y + 2 * s, 0.004], cloth, 0);
  }
}

/** Wall, floor (from the row at `floor` down, in scene units; null: none) and clutter of a scene. */
export function paintBackground(
  canvas: Canvas,
  random: Random,
  outfits: readonly Outfit[],
  floor: number | null,
  setting: SceneSetting,
): void {
  const lattice = new Float32Array(LATTICE * LATTICE);
  for (let i = 0; i < lattice.length; i++) lattice[i] = 2 * random.next() - 1;
  const split = floor === null
    ? canvas.height
    : Math.max(0, Math.min(canvas.height, Math.round(floor * canvas.unit)));
  paintSurface(canvas, sampleSurface(random), lattice, 0, split);
  paintSurface(canvas, sampleSurface(random), lattice, split, canvas.height);
  const colours = outfits.flatMap(({ skin, shirt, trousers }) => [
    skin,
    shirt.colour,
    trousers.colour,
  ]);
  for (let left = random.integer(settings[setting].things + 1); left > 0; left--) {
    paintClutter(canvas, random, colours);
  }
}

/** Now and then something stands before the people: a pole or a box at the lower border. */
export function paintForeground(canvas: Canvas, random: Random): void {
  if (!random.chance(0.12)) return;
  const wide = canvas.width / canvas.unit, high = canvas.height / canvas.unit;
  const x = random.uniform(0, wide);
  const cloth = plain(surfaceColour(random));
  if (random.chance(0.5)) {
    const radius = random.uniform(0.012, 0.035);
    canvas.capsule([x, -0.1, radius], [x, high + 0.1, radius], cloth, 0);
  } else {
    const w = random.uniform(0.1, 0.25), top = high - random.uniform(0.08, 0.25);
    canvas.quad(
      [[x - w, top], [x + w, top], [x + w, high + 0.1], [x - w, high + 0.1]],
      0.01,
      cloth,
      0,
    );
  }
}
