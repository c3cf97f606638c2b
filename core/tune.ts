/**
 * Choosing among ways to compute the same thing. An operation that can be done in several ways names them when it is
 * lowered (lower.ts), the best guess first, and is told which to use:
 *
 *     1. what setChoice() says                 to compare, or to have the same rounding everywhere
 *     2. what was measured on this adapter     kept in a file of the user's cache folder
 *     3. the first candidate
 *
 * Measuring takes seconds, for every candidate must be compiled, so it is asked for: AE_TUNE in io/choices_file.ts.
 *
 * @module
 */

/** How long each candidate took, for one question. */
export interface MeasuredChoice {
  /** The one that took least. */
  readonly choice: string;
  /** Milliseconds by candidate. */
  readonly timesMs: Readonly<Record<string, number>>;
}

/** Answers by question: `conv2d | conv2d [8, 32, 32, 32] f32 …`. */
export type MeasuredChoices = ReadonlyMap<string, MeasuredChoice>;

/** Where answers are kept between runs. */
export interface ChoiceStore {
  /**
   * `off` ignores what was measured, `cached` uses it, `on` measures what is missing, `force` measures everything once
   * more.
   */
  readonly mode: () => "off" | "cached" | "on" | "force";
  /** What was measured on an adapter. */
  readonly load: (adapter: string) => Promise<MeasuredChoices>;
  /** Keep what was measured on an adapter. */
  readonly save: (adapter: string, choices: MeasuredChoices) => Promise<void>;
}

const forced = new Map<string, string>();
/** Every way that an operation can ever be computed. */
const known = new Map<string, readonly string[]>();
/** Of the open adapter, by question; empty until a device is open. */
let measured = new Map<string, MeasuredChoice>();
let store: ChoiceStore | undefined;
/**
 * What is being lowered right now, in words that say all that its speed depends on. Undefined otherwise: then there is
 * no question, and {@linkcode choose} takes what was set or the first candidate.
 */
let subject: (() => string) | undefined;
/**
 * The questions asked since {@linkcode questionsOf} began, with their candidates. Undefined outside it: then nobody
 * wants to know them.
 */
let asked: Map<string, readonly string[]> | undefined;

/** Say which ways of computing an operation there are, so that others can be refused. */
export function declareWays(what: string, ways: readonly string[]): void {
  known.set(what, ways);
}

/** Keep answers in this store: for io/. */
export function installChoiceStore(newStore: ChoiceStore): void {
  store = newStore;
}

/** Read what was measured on an adapter; called once when the device is opened. */
export async function loadChoices(adapter: string): Promise<void> {
  measured = new Map(store && store.mode() !== "off" ? await store.load(adapter) : []);
}

/** Whether anything is to be measured. */
export function isMeasuring(): boolean {
  const mode = store?.mode();
  return mode === "on" || mode === "force";
}

/** Whether a question should be measured now. */
export function wantsMeasuring(question: string): boolean {
  const mode = store?.mode() ?? "cached";
  return mode === "force" || (mode === "on" && !measured.has(question));
}

/** Answer a question from now on, and keep the answer. */
export async function keepChoice(
  adapter: string,
  question: string,
  answer: MeasuredChoice,
): Promise<void> {
  measured.set(question, answer);
  await store?.save(adapter, measured);
}

/** Run `body`, in which {@linkcode choose} concerns this subject. */
export function withSubject<T>(name: () => string, body: () => T): T {
  const before = subject;
  subject = name;
  try {
    return body();
  } finally {
    subject = before;
  }
}

/** The questions that `body` asks, with their candidates. */
export function questionsOf(body: () => void): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  asked = found;
  try {
    body();
  } finally {
    asked = undefined;
  }
  return found;
}

/** Run `body` with one question answered. */
export function withAnswer<T>(question: string, choice: string, body: () => T): T {
  const before = measured.get(question);
  measured.set(question, { choice, timesMs: {} });
  try {
    return body();
  } finally {
    if (before) measured.set(question, before);
    else measured.delete(question);
  }
}

/**
 * The candidate to use for `what`, in the order of the table above.
 *
 * @param candidates At least one, the best guess first.
 * @param worthMeasuring So many of them are measured; the others are expected to be much slower.
 */
export function choose(
  what: string,
  candidates: readonly string[],
  worthMeasuring: number = candidates.length,
): string {
  const named = forced.get(what);
  if (named !== undefined && candidates.includes(named)) return named;
  if (candidates.length === 1 || subject === undefined) return candidates[0];
  const question = `${what} | ${subject()}`;
  asked?.set(question, candidates.slice(0, worthMeasuring));
  const answer = measured.get(question)?.choice;
  return answer !== undefined && candidates.includes(answer) ? answer : candidates[0];
}

/**
 * Use one way to compute an operation wherever it can be used, whatever its speed: to compare them, or to have the
 * same rounding everywhere. Concerns what is planned from now on.
 *
 * @param what The operation: `"conv2d"` (`"product"`, `"winograd"`, `"shared"`, `"direct"`), `"matmul"` (tiles in
 * registers like `"16x16"`, the same from textures like `"texels 16x16"`, shared by a workgroup like `"shared 64x64"`)
 * or `"conv2d.shared"` (the latter).
 * @param candidate The way; null gives the choice back to the library.
 * @throws {RangeError} If there is no such operation or way.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { conv2d, ones, setChoice } from "ae";
 *
 * const [x, w] = [ones([1, 16, 8, 8]), ones([16, 16, 3, 3])];
 * setChoice("conv2d", "direct");
 * const direct = await conv2d(x, w, { pad: 1 }).sum().item();
 * setChoice("conv2d", "winograd");
 * assert.ok(Math.abs(await conv2d(x, w, { pad: 1 }).sum().item() / direct - 1) < 1e-5);
 * setChoice("conv2d", null);
 * ```
 */
export function setChoice(what: string, candidate: string | null): void {
  const ways = known.get(what);
  if (!ways) {
    throw new RangeError(`setChoice: "${what}" has no ways; ${[...known.keys()].join(", ")} have`);
  }
  if (candidate !== null && !ways.includes(candidate)) {
    throw new RangeError(
      `setChoice: ${what} cannot be computed by "${candidate}"; there are ${ways.join(", ")}`,
    );
  }
  if (candidate === null) forced.delete(what);
  else forced.set(what, candidate);
}

/** One row of {@linkcode measuredChoices}. */
export interface ChoiceRow extends MeasuredChoice {
  /** What was chosen for, `conv2d | conv2d [8, 32, 32, 32] f32 …`. */
  readonly question: string;
  /** How many times as long the next best candidate took. */
  readonly margin: number;
}

/**
 * What was measured on the open adapter: empty until the device is open, and where nothing was measured.
 *
 * @example Usage
 * ```ts
 * import { measuredChoices } from "ae";
 *
 * for (const { question, choice, margin } of measuredChoices()) {
 *   console.log(`${question}: ${choice}, ${margin.toFixed(2)} times as fast as the next`);
 * }
 * ```
 */
export function measuredChoices(): ChoiceRow[] {
  return [...measured].map(([question, { choice, timesMs }]) => {
    const others = Object.entries(timesMs).filter(([name]) => name !== choice).map(([, ms]) => ms);
    return { question, choice, timesMs, margin: Math.min(...others) / timesMs[choice] };
  });
}
