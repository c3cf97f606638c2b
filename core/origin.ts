/**
 * Where in the user's program a tensor was described: for messages that point at a line. Looking at the stack costs
 * some microseconds for each tensor, so it is done only while numbers are watched (watch.ts).
 *
 * @module
 */

let watched = false;
let inherited: string | undefined;
const origins = new WeakMap<object, string>();

/** Whether numbers are watched, and so origins kept. */
export function isWatched(): boolean {
  return watched;
}

/** Begin or end keeping origins. */
export function setWatched(on: boolean): void {
  watched = on;
}

/** Keep where `x` is being described. */
export function keepOrigin(x: object): void {
  if (!watched) return;
  const origin = inherited ?? callSite();
  if (origin) origins.set(x, origin);
}

/** Where `x` was described, `made at file:line:column`; undefined if that was not kept. */
export function originOf(x: object): string | undefined {
  return origins.get(x);
}

/** Run `body`: what it describes comes from where `x` came from; `role` says what it is to `x`. */
export function onBehalfOf<T>(x: object, body: () => T, role?: string): T {
  if (!watched) return body();
  const before = inherited;
  const origin = origins.get(x);
  inherited = role && origin ? `${role}, ${origin}` : origin;
  try {
    return body();
  } finally {
    inherited = before;
  }
}

/** The folders whose lines say nothing about the user's program. */
const INSIDE = ["core", "ops", "nn"].map((folder) =>
  new URL(`../${folder}/`, import.meta.url).href
);
/** Operations are described a few calls deep; what called a model is deeper still. */
const DEPTH = 50;

/** The first line on the stack that is outside core, operations and layers. */
function callSite(): string | undefined {
  const errors = Error as { stackTraceLimit?: number };
  const before = errors.stackTraceLimit;
  errors.stackTraceLimit = DEPTH;
  const { stack = "" } = new Error();
  errors.stackTraceLimit = before;
  for (const line of stack.split("\n").slice(1)) {
    const place = /\(?((?:file|https?|ext|data|blob):[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place && !INSIDE.some((folder) => place.startsWith(folder))) {
      return `made at ${place}`;
    }
  }
}
