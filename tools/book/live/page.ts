/// <reference lib="dom" />
/**
 * The live page's program: it runs in the browser, moves the dots of stage.ts and keeps its numbers.
 *
 * What is found is decoded at once; the losses come from the library on WebGPU where the browser has it, and else, or
 * after it has failed, from their twin in plain TypeScript. The page says which. One evaluation is under way at a time, and
 * the next begins with the tags as they are then.
 *
 * @module
 */
import { libraryLoss, type Loss } from "./library_loss.ts";
import { type PullPush, pullPush } from "./pull_push.ts";
import {
  decodedPersons,
  type Dot,
  KEYPOINTS,
  letterOf,
  MOST,
  PEOPLE,
  peopleInWords,
  startScene,
  withTag,
} from "./scene.ts";
import { dotLook, forces, tagAtX, WIDTH, xOf } from "./stage.ts";

/** How far an arrow key moves a tag, and with the shift key. */
const KEY_STEP = { small: 0.05, large: 0.5 };
/** Learning rate of a step along the arrows: large enough to be seen. */
const RATE = 1;

const KEYS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
};

const plainLoss: Loss = {
  name: "the formula in plain TypeScript, since this browser gives no WebGPU",
  evaluate: (tags) => Promise.resolve(pullPush(tags, PEOPLE)),
};

function element<T extends Element = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the live page has no ${selector}`);
  return found;
}

const svg = element<SVGSVGElement>("#stage svg");
const dotElements = [...svg.querySelectorAll<SVGGElement>("[data-dot]")];
const score = element<HTMLInputElement>("#score");

let dots: Dot[] = startScene();
let losses: PullPush = pullPush(dots.map(({ tag }) => tag), PEOPLE);
let chosen = 0;
let loss: Loss = plainLoss;
let evaluating = false;

/** Take new dots: draw them and the people, then the losses as soon as they are known. */
function change(next: Dot[]): void {
  dots = next;
  const persons = decodedPersons(dots);
  dots.forEach((dot, i) => drawDot(dotElements[i], dot, persons[i], i === chosen));
  score.value = `${dots[chosen].score}`;
  const count = Math.max(...persons) + 1;
  element("#people").textContent = `${count}`;
  const words = peopleInWords(dots, persons);
  if (element("#members").textContent !== words) element("#members").textContent = words; // else it is read aloud again
  void evaluate();
}

function drawDot(group: SVGGElement, dot: Dot, person: number, isChosen: boolean): void {
  const { transform, fill, ink, letter, radius } = dotLook(dot, person);
  group.setAttribute("transform", transform);
  group.setAttribute("aria-valuenow", dot.tag.toFixed(2));
  const decoded = person < 0 ? "not found" : `decoded as ${letterOf(person)}`;
  group.setAttribute("aria-valuetext", `${dot.tag.toFixed(2)}, ${decoded}`);
  group.classList.toggle("chosen", isChosen);
  const part = (name: string) => group.querySelector(name)!;
  part(".ring").setAttribute("r", `${radius + 4}`);
  part(".face").setAttribute("r", `${radius}`);
  part(".face").setAttribute("fill", fill);
  part(".digit").setAttribute("fill", ink);
  part(".letter").setAttribute("y", `${-radius - 6}`);
  part(".letter").textContent = letter;
}

/** Bring the numbers up to the tags as they are; calls while one is under way are one call after it. */
async function evaluate(): Promise<void> {
  if (evaluating) return;
  evaluating = true;
  element("#live").dataset.state = "busy";
  let of: Dot[];
  do {
    of = dots;
    losses = await evaluated(of.map(({ tag }) => tag));
    element("#pull").textContent = losses.pull.toFixed(4);
    element("#push").textContent = losses.push.toFixed(4);
    element("#forces").innerHTML = forces(of, losses).join("");
  } while (of !== dots);
  evaluating = false;
  element("#by").textContent = `Pull and push: ${loss.name}.`;
  element("#live").dataset.state = "ready"; // for tests
}

async function evaluated(tags: readonly number[]): Promise<PullPush> {
  try {
    return await loss.evaluate(tags);
  } catch (error) {
    console.warn("WebGPU failed; going on with the formula", error);
    loss = plainLoss;
    return await loss.evaluate(tags);
  }
}

function choose(index: number): void {
  chosen = index;
  change(dots);
}

/** Where in the drawing an event happened. */
function drawingX(event: PointerEvent): number {
  const { left, width } = svg.getBoundingClientRect();
  return (event.clientX - left) / width * WIDTH;
}

function listen(): void {
  let grabbed: number | null = null; // where on the dot, in the drawing's units
  svg.addEventListener("pointerdown", (event) => {
    const group = (event.target as Element).closest<SVGGElement>("[data-dot]");
    if (!group) return;
    choose(dotElements.indexOf(group));
    group.focus({ preventScroll: true });
    grabbed = drawingX(event) - xOf(dots[chosen].tag);
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  svg.addEventListener("pointermove", (event) => {
    if (grabbed !== null) change(withTag(dots, chosen, tagAtX(drawingX(event) - grabbed)));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, () => grabbed = null);
  }
  dotElements.forEach((group, i) => {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "slider");
    group.setAttribute("aria-valuemin", `${-MOST}`);
    group.setAttribute("aria-valuemax", `${MOST}`);
    group.setAttribute(
      "aria-label",
      `tag of person ${dots[i].person + 1}'s ${KEYPOINTS[dots[i].keypoint]}`,
    );
    group.addEventListener("focus", () => choose(i));
    group.addEventListener("keydown", (event) => {
      const direction = KEYS[event.key];
      if (!direction) return;
      const by = event.shiftKey ? KEY_STEP.large : KEY_STEP.small;
      change(withTag(dots, i, dots[i].tag + direction * by));
      event.preventDefault();
    });
  });
  score.addEventListener("input", () => {
    change(dots.map((dot, i) => i === chosen ? { ...dot, score: Number(score.value) } : dot));
  });
  element("#step").addEventListener("click", () => change(stepped()));
  element("#equal").addEventListener(
    "click",
    () => change(dots.map((dot) => ({ ...dot, tag: 0 }))),
  );
  element("#reset").addEventListener("click", () => change(startScene()));
}

/** The dots after one step of gradient descent on pull + push. */
function stepped(): Dot[] {
  const { pullGradient, pushGradient } = losses;
  return dots.map((dot, i) => ({
    ...dot,
    tag: Math.min(MOST, Math.max(-MOST, dot.tag - RATE * (pullGradient[i] + pushGradient[i]))),
  }));
}

listen();
svg.setAttribute("role", "group"); // its dots can be chosen now
element("#controls").hidden = false;
loss = await libraryLoss(PEOPLE, KEYPOINTS.length).catch(() => plainLoss);
change(dots);
