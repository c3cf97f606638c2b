/**
 * What people wear: skin, hair, shirt, trousers, shoes. Nothing is coloured by left or right: which arm
 * is the left one shows, as on photographs, only by where face, hair, shirt front and feet point to.
 *
 * @module
 */
import type { Random } from "../random.ts";
import { type Cloth, type Colour, plain } from "./canvas.ts";

/** The look of one person. */
export interface Outfit {
  readonly skin: Colour;
  readonly hair: Colour;
  /** Hair (or a cap) where `a up - b forward - c > 0` on the head's unit ball. */
  readonly hairline: readonly [number, number, number];
  /** Hair that falls down the back of the neck. */
  readonly longHair: boolean;
  /** A brim over the eyes in the colour of `hair`. */
  readonly brim: boolean;
  readonly shirt: Cloth;
  /** Share of the arm that the sleeve covers: 0 none, 0.5 to the elbow, 1 to the wrist. */
  readonly sleeve: number;
  readonly trousers: Cloth;
  /** Share of the leg that the trousers cover: 0.45 shorts, 1 long. */
  readonly trouserLength: number;
  /** A skirt over the thighs instead of trousers. */
  readonly skirt: boolean;
  readonly shoes: Colour;
  /** What the shirt shows in front only. */
  readonly front: "nothing" | "open" | "buttons" | "print";
  readonly frontColour: Colour;
  /** A bag on the back, seen from behind and from the side. */
  readonly backpack: Colour | null;
  /** Thickness of limbs and torso, 1 on average. */
  readonly stoutness: number;
}

const SKINS: readonly Colour[] = [
  [255, 222, 196],
  [244, 204, 170],
  [232, 184, 146],
  [214, 162, 120],
  [186, 132, 92],
  [150, 102, 68],
  [112, 74, 50],
  [84, 56, 40],
];

const HAIRS: readonly Colour[] = [
  [28, 24, 24],
  [52, 36, 28],
  [86, 56, 36],
  [128, 86, 48],
  [206, 170, 104],
  [150, 66, 36],
  [150, 148, 146],
  [226, 224, 220],
];

/** A colour from hue (0 to 1), saturation and brightness. */
export function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (shift: number) => {
    const k = (shift + hue * 6) % 6;
    return 255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** A colour as clothes have it: mostly clear colours, also white, grey and black. */
function garmentColour(random: Random): Colour {
  const draw = random.next();
  if (draw < 0.12) return hsv(0, 0, random.uniform(0.85, 1));
  if (draw < 0.22) return hsv(random.next(), 0.1, random.uniform(0.12, 0.3));
  if (draw < 0.3) return hsv(random.next(), 0.08, random.uniform(0.4, 0.7));
  return hsv(random.next(), random.uniform(0.35, 0.95), random.uniform(0.4, 1));
}

function trouserColour(random: Random): Colour {
  const draw = random.next();
  if (draw < 0.35) {
    return hsv(random.uniform(0.56, 0.65), random.uniform(0.3, 0.7), random.uniform(0.25, 0.7));
  }
  if (draw < 0.55) return hsv(random.next(), 0.1, random.uniform(0.1, 0.28));
  if (draw < 0.7) {
    return hsv(random.uniform(0.07, 0.13), random.uniform(0.2, 0.5), random.uniform(0.45, 0.85));
  }
  return garmentColour(random);
}

/** A colour moved a little: the same thing, another dye lot. */
function near(random: Random, [r, g, b]: Colour, spread: number): Colour {
  const move = (value: number) =>
    Math.max(0, Math.min(255, value + random.uniform(-spread, spread)));
  return [move(r), move(g), move(b)];
}

function garment(random: Random, colour: Colour, patterned: number): Cloth {
  if (!random.chance(patterned)) return plain(colour);
  const other = garmentColour(random);
  const pattern = random.pick(["rings", "rings", "stripes", "checks", "halves"] as const);
  return { colour, other, pattern, period: random.uniform(0.05, 0.1) }; // in standing heights
}

/** Somebody's clothes, drawn at random. */
export function sampleOutfit(random: Random): Outfit {
  const draw = random.next();
  const bald = draw < 0.05, cap = draw >= 0.05 && draw < 0.2, longHair = draw >= 0.2 && draw < 0.45;
  const shirt = garment(random, garmentColour(random), 0.35);
  const skirt = random.chance(0.12);
  const trousers = garment(random, trouserColour(random), 0.08);
  const skin = near(random, random.pick(SKINS), 8);
  return {
    skin,
    hair: cap ? garmentColour(random) : bald ? skin : near(random, random.pick(HAIRS), 8),
    hairline: cap ? [1, 0.05, 0.3] : longHair ? [0.75, 0.95, 0.02] : [0.8, 0.95, 0.14],
    longHair,
    brim: cap,
    shirt,
    sleeve: random.pick([0, 0.45, 0.5, 0.5, 1, 1, 1]),
    trousers: skirt && random.chance(0.5) ? shirt : trousers, // a dress
    trouserLength: skirt ? 0 : random.chance(0.25) ? random.uniform(0.4, 0.55) : 1,
    skirt,
    shoes: random.chance(0.5) ? hsv(0.08, 0.4, random.uniform(0.1, 0.35)) : garmentColour(random),
    front: random.pick(["nothing", "open", "buttons", "print", "print"] as const),
    frontColour: garmentColour(random),
    backpack: random.chance(0.08) ? garmentColour(random) : null,
    stoutness: random.uniform(0.88, 1.2),
  };
}

/** The clothes of a team mate: another person in all but the same shirt and trousers. */
export function sampleTeamMate(random: Random, of: Outfit): Outfit {
  const other = sampleOutfit(random);
  const { shirt, sleeve, trousers, trouserLength, skirt, front, frontColour } = of;
  return { ...other, shirt, sleeve, trousers, trouserLength, skirt, front, frontColour };
}
