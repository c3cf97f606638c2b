/**
 * A picture that is replaced while something is computed: what a network sees after 0, 50, 200 steps.
 *
 * @module
 */
import { JUPYTER_DISPLAY, type MimeBundle } from "./jupyter.ts";
import type { Live } from "./live.ts";
import type { Svg } from "./svg.ts";

/**
 * One output of a notebook in which one drawing takes another's place. Its text form is the drawing's title, so that
 * a program without a notebook prints a line for each.
 *
 * @example Usage
 * ```ts
 * import { drawLineChart, LivePicture, show } from "ae";
 *
 * const flat = [{ name: "loss", y: [1, 1] }];
 * const picture = new LivePicture(drawLineChart(flat, { title: "before" }));
 * await show(picture);
 * picture.set(drawLineChart([{ name: "loss", y: [1, 0.5] }], { title: "after a step" }));
 * ```
 */
export class LivePicture implements Live {
  readonly #listeners: (() => void)[] = [];
  #picture: Svg;

  /**
   * Begin with a picture.
   *
   * @param picture What is shown until the first change.
   */
  constructor(picture: Svg) {
    this.#picture = picture;
  }

  /** Show another picture in its place. */
  set(picture: Svg): void {
    this.#picture = picture;
    for (const listener of this.#listeners) listener();
  }

  /** Have a function called whenever the picture should be shown anew. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The picture as it is now, for a notebook. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return this.#picture[JUPYTER_DISPLAY]();
  }
}
