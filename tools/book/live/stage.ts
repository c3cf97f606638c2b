/**
 * The live page's picture: one lane for each keypoint, a dot for each person on it, the arrows of pull and push, and below
 * the people's mean tags. The same functions draw the picture that stands in the page before, or without, its program.
 *
 *     nose          (1)A →          (2)B                (3)C          solid: against the gradient of pull
 *     left wrist      ← (1)A          (2)B ⇢       (3)C               dashed: of push
 *     …
 *     means            ◆ 1            ◆ 2             ◆ 3
 *                   ────┴──────┴──────┴──────┴──────┴────
 *
 * @module
 */
import { cssColor, personColor, type Rgb } from "../../../display/color.ts";
import { markup } from "../../../display/page.ts";
import { type Markup, Svg, svgElement } from "../../../display/svg.ts";
import { meanTags, type PullPush, pullPush } from "./pull_push.ts";
import {
  decodedPersons,
  type Dot,
  KEYPOINTS,
  letterOf,
  MOST,
  PEOPLE,
  peopleInWords,
  startScene,
} from "./scene.ts";

/** Width of the drawing's own plane; small, so that its text is legible on a phone. */
export const WIDTH = 480;
const MARGIN = 26;
const LANE = 58;
const MEANS_Y = 30 + KEYPOINTS.length * LANE;
const HEIGHT = MEANS_Y + 56;
const AXIS_Y = MEANS_Y + 26;

/** Length of an arrow for a gradient of 1, and the longest. */
const ARROW = { perUnit: 260, most: 70, least: 2 };

/** Where a tag lies in the drawing. */
export function xOf(tag: number): number {
  return WIDTH / 2 + tag / MOST * (WIDTH / 2 - MARGIN);
}

/** The tag at a place of the drawing. */
export function tagAtX(x: number): number {
  return (x - WIDTH / 2) / (WIDTH / 2 - MARGIN) * MOST;
}

function laneY(keypoint: number): number {
  return 40 + keypoint * LANE;
}

/** Place, colour, letter and radius of a dot: what changes when one drags. One that is not found is hollow. */
export function dotLook(dot: Dot, person: number): {
  transform: string;
  fill: string;
  ink: string;
  letter: string;
  radius: number;
} {
  const color = person < 0 ? null : personColor(person);
  return {
    transform: `translate(${xOf(dot.tag).toFixed(2)} ${laneY(dot.keypoint)})`,
    fill: color ? cssColor(color) : "none",
    ink: color ? (isLight(color) ? "#000" : "#fff") : "currentColor",
    letter: person < 0 ? "" : letterOf(person),
    radius: 7 + 6 * dot.score,
  };
}

/** Whether black is more legible on it than white, by the luminance of WCAG 2 with a plain square for its gamma. */
function isLight([red, green, blue]: Rgb): boolean {
  return 0.2126 * red ** 2 + 0.7152 * green ** 2 + 0.0722 * blue ** 2 > 0.18 * 255 ** 2;
}

/** The lanes and the axis, which never change. */
function background(): Markup[] {
  const line = (y: number, opacity: number) =>
    svgElement("line", {
      x1: MARGIN,
      y1: y,
      x2: WIDTH - MARGIN,
      y2: y,
      stroke: "currentColor",
      "stroke-opacity": opacity,
    });
  const words = (x: number, y: number, text: string, anchor = "start") =>
    svgElement(
      "text",
      { x, y, "font-size": 13, fill: "currentColor", "text-anchor": anchor },
      text,
    );
  const ticks = Array.from({ length: 2 * MOST + 1 }, (_, i) => i - MOST);
  return [
    ...KEYPOINTS.flatMap((name, k) => [line(laneY(k), 0.3), words(4, laneY(k) - 20, name)]),
    words(4, MEANS_Y - 8, "means of the true people"),
    line(AXIS_Y, 0.6),
    ...ticks.map((tag) => words(xOf(tag), AXIS_Y + 18, `${tag}`.replace("-", "−"), "middle")),
  ];
}

/** What is drawn anew on every change: arrows and means. */
export function forces(dots: readonly Dot[], { pullGradient, pushGradient }: PullPush): Markup[] {
  const arrows = dots.flatMap((dot, i) => [
    ...arrow(xOf(dot.tag), laneY(dot.keypoint) + 17, -pullGradient[i], "pull"),
    ...arrow(xOf(dot.tag), laneY(dot.keypoint) + 24, -pushGradient[i], "push"),
  ]);
  const means = meanTags(dots.map(({ tag }) => tag), PEOPLE).flatMap((mean, p) => [
    svgElement("path", {
      d: `M${xOf(mean).toFixed(2)} ${MEANS_Y} l6 8 l-6 8 l-6 -8 z`,
      fill: "currentColor",
    }),
    svgElement("text", {
      x: xOf(mean) + 9,
      y: MEANS_Y + 13,
      "font-size": 13,
      fill: "currentColor",
    }, `${p + 1}`),
  ]);
  return [...arrows, ...means];
}

function arrow(x: number, y: number, force: number, kind: "pull" | "push"): Markup[] {
  const length = Math.max(-ARROW.most, Math.min(ARROW.most, force * ARROW.perUnit));
  if (!(Math.abs(length) >= ARROW.least)) return [];
  const side = Math.sign(length);
  return [
    svgElement("line", {
      x1: x,
      y1: y,
      x2: x + length,
      y2: y,
      stroke: "currentColor",
      "stroke-width": 2,
      "stroke-dasharray": kind === "push" ? "3 3" : undefined,
    }),
    svgElement("path", {
      d: `M${(x + length).toFixed(2)} ${y} l${-5 * side} -3.5 l0 7 z`,
      fill: "currentColor",
    }),
  ];
}

function dotElement(dot: Dot, index: number, person: number): Markup {
  const { transform, fill, ink, letter, radius } = dotLook(dot, person);
  return svgElement(
    "g",
    { "data-dot": index, transform },
    svgElement("circle", { r: 22, fill: "transparent" }), // fingers are not as exact as mice
    svgElement("circle", { class: "ring", r: radius + 4, fill: "none" }),
    svgElement("circle", { class: "face", r: radius, fill, stroke: "currentColor" }),
    svgElement("text", {
      class: "digit",
      y: 5,
      "font-size": 14,
      "font-weight": 600,
      "text-anchor": "middle",
      fill: ink,
    }, `${dot.person + 1}`),
    svgElement("text", {
      class: "letter",
      y: -radius - 6,
      "font-size": 13,
      "text-anchor": "middle",
      fill: "currentColor",
    }, letter),
  );
}

/** The whole picture. */
export function drawStage(dots: readonly Dot[], losses: PullPush): Svg {
  const persons = decodedPersons(dots);
  return new Svg([
    ...background(),
    svgElement("g", { id: "forces" }, forces(dots, losses)),
    ...dots.map((dot, i) => dotElement(dot, i, persons[i])),
  ], {
    width: WIDTH,
    height: HEIGHT,
    title: "Tags of three people's keypoints on a line",
  });
}

/** What the page shows before its program runs: the picture at the start, its numbers, controls still hidden. */
export function livePageStage(): Markup {
  const dots = startScene();
  const persons = decodedPersons(dots);
  const losses = pullPush(dots.map(({ tag }) => tag), PEOPLE);
  return markup`<div id="live">
<div id="stage">${drawStage(dots, losses)}</div>
<dl class="readout">
<div><dt>pull</dt><dd id="pull">${losses.pull.toFixed(4)}</dd></div>
<div><dt>push</dt><dd id="push">${losses.push.toFixed(4)}</dd></div>
<div><dt>people found</dt><dd id="people">${Math.max(...persons) + 1}</dd></div>
</dl>
<p id="members" aria-live="polite">${peopleInWords(dots, persons)}</p>
<div class="controls" id="controls" hidden>
<button type="button" id="step">Step along the arrows</button>
<button type="button" id="equal">All tags equal</button>
<button type="button" id="reset">Back to the start</button>
<label>score of the chosen keypoint <input type="range" id="score" min="0" max="1" step="0.05"></label>
</div>
<p class="source" id="by"></p>
<noscript><p>This picture moves only with JavaScript; the numbers under it are those of the tags as you see them.</p></noscript>
</div>
`;
}
