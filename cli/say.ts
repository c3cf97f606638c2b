/**
 * Lines for people. Names of files, of a weight file's tensors or of an annotation file's classes stand in them, and
 * whoever chose those may have put characters in that move the cursor, change colours or rename the window. Lines from
 * here show such characters instead: `a\x1b[2Jb.jpg`. Only line breaks stay, since messages have several lines.
 *
 * @module
 */

/** Escape, tab, delete and the like, without the line break. */
const CONTROL_CHARACTERS = /(?!\n)\p{Cc}/gu;

/** A text in which every control character but the line break is written as `\x1b` is in TypeScript. */
export function visible(text: string): string {
  return text.replaceAll(
    CONTROL_CHARACTERS,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** Print a result on standard output. */
export function say(text: string): void {
  console.log(visible(text));
}

/** Print what went wrong, or was left out, on standard error. */
export function warn(text: string): void {
  console.error(visible(text));
}
