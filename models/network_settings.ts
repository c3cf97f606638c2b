/**
 * Settings that several networks have, and what is refused of them: a weight file may say anything.
 *
 * @module
 */

/** Refuse what is no number type that a network computes in. */
export function checkPrecision(network: string, precision: "f32" | "f16"): void {
  if (precision === "f32" || precision === "f16") return;
  throw new RangeError(`${network}: precision can be "f32" or "f16", not ${precision}`);
}

/** Refuse a factor on first weights that is no number. */
export function checkTagInitScale(network: string, tagInitScale: number): void {
  if (Number.isFinite(tagInitScale)) return;
  throw new RangeError(`${network}: tagInitScale must be a number, not ${tagInitScale}`);
}
