/**
 * The hourglass as a drawing: a box for the result of each level, the higher the larger its maps, the wider the more
 * channels it has; left going down, right going up.
 *
 *     ▯──────────────── up1 ────────────────▯      64 × 32 × 32
 *       ▫────────────── up1 ──────────────▫        92 × 16 × 16
 *          ▪─────────── up1 ───────────▪
 *                     bottom
 *
 * @module
 */
import {
  cssColor,
  type Markup,
  personColor,
  type PoseNetOptions,
  Svg,
  svgElement,
} from "../mod.ts";

/** What of a network's settings the drawing shows. */
export type HourglassShape =
  & Required<Pick<PoseNetOptions, "channels" | "increase" | "depth">>
  & {
    /** Side of the maps at full resolution, pixels. */
    readonly side: number;
  };

/** Going down, the bottom, going up. */
const [DOWN, UP] = [cssColor(personColor(1)), cssColor(personColor(0))];
const STEP = 96; // from one level to the next, along both axes
const [WIDTH, HEIGHT] = [1100, 540];

/** Draw one hourglass. */
export function drawHourglass({ channels, increase, depth, side }: HourglassShape): Svg {
  const levels = Array.from({ length: depth + 1 }, (_, level) => {
    const pixels = side / 2 ** level;
    const height = 20 + 100 * pixels / side;
    const wide = channels + increase * level;
    return {
      label: `${wide} × ${pixels} × ${pixels}`,
      y: 66 + level * STEP,
      x: 40 + level * STEP,
      width: 26 + wide / 6,
      height,
    };
  });
  const bottom = levels[depth];
  const sides = levels.slice(0, depth).map((level) => ({
    ...level,
    right: WIDTH - level.x - level.width,
  }));
  return new Svg([
    sides.flatMap(({ x, y, right, width, label }) => [
      line([[x + width, y], [right, y]], "6 5"),
      text((x + width + right) / 2, y - 10, `up1, detail: ${label}`),
    ]),
    levels.slice(1).flatMap((level, i) => {
      const from = sides[i];
      const next = sides[i + 1];
      const target = next ?? { ...bottom, x: middle(bottom.width), right: middle(bottom.width) };
      const above = [from.x + from.width / 2, from.y + from.height / 2] as const;
      const aboveRight = [from.right + from.width / 2, from.y + from.height / 2] as const;
      return [
        line([above, [target.x + (next ? target.width / 2 : 0), level.y]]),
        line([[target.right + (next ? target.width / 2 : target.width), level.y], aboveRight]),
      ];
    }),
    sides.flatMap((level) => [
      box(level.x, level, DOWN),
      box(level.right, level, UP),
    ]),
    box(middle(bottom.width), bottom, DOWN),
    text(WIDTH / 2, bottom.y + bottom.height / 2 + 28, `context: ${bottom.label}`),
  ], { width: WIDTH, height: HEIGHT, title: `an hourglass of depth ${depth}` });
}

function middle(width: number): number {
  return (WIDTH - width) / 2;
}

function box(
  x: number,
  { y, width, height }: { y: number; width: number; height: number },
  fill: string,
): Markup {
  return svgElement("rect", { x, y: y - height / 2, width, height, rx: 4, fill });
}

function line(points: readonly (readonly [number, number])[], dashes?: string): Markup {
  return svgElement("path", {
    d: `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 2.5,
    "stroke-dasharray": dashes,
  });
}

function text(x: number, y: number, words: string): Markup {
  return svgElement(
    "text",
    { x, y, "font-size": 22, "text-anchor": "middle", fill: "currentColor" },
    words,
  );
}
