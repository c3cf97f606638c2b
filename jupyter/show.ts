/**
 * Show things in a notebook in the middle of a cell.
 *
 * A cell shows its last expression by itself. {@linkcode show} is for everything else: the second picture of a cell, a
 * picture in a loop, a chart that grows while a network learns. Where there is no kernel, the same call prints the text
 * form, so that a notebook's cells also run as a plain program.
 *
 *     value                       in the kernel                    elsewhere
 *     picture, tensor, step       its richest form                 its text
 *     live picture (display/)     one output that changes          a line per change
 *     anything else               as console.log would print it    the same
 *
 * @module
 */
import { JUPYTER_DISPLAY, type MimeBundle } from "../display/jupyter.ts";

/** The kernel's display function: `Deno.jupyter.display`. */
export type KernelDisplay = (
  bundle: MimeBundle,
  options: { readonly raw: true; readonly display_id?: string; readonly update?: boolean },
) => Promise<void>;

interface Host {
  readonly Deno?: {
    readonly jupyter: { readonly display: KernelDisplay };
    inspect(value: unknown): string;
  };
}

const host = globalThis as unknown as Host;

/** The kernel's display function, or null where this is no notebook. */
function kernelDisplay(): KernelDisplay | null {
  try {
    return host.Deno?.jupyter.display ?? null;
  } catch {
    return null; // outside the kernel Deno.jupyter throws
  }
}

/** What a value says of itself for notebooks; undefined if it says nothing. */
async function bundleOf(value: unknown): Promise<MimeBundle | undefined> {
  // A compiled step is a function.
  const shows = value as { [JUPYTER_DISPLAY]?(): MimeBundle | Promise<MimeBundle> } | null;
  return await shows?.[JUPYTER_DISPLAY]?.();
}

/** The text form of a value: its text for notebooks if it has one, and else what `console.log` prints. */
export async function textOf(value: unknown): Promise<string> {
  const bundle = await bundleOf(value);
  if (bundle) return bundle["text/plain"] ?? "";
  if (typeof value === "string") return value;
  return host.Deno?.inspect(value) ?? String(value);
}

let outputs = 0;

/**
 * Show a value now: in a notebook as a picture, where it has one, and elsewhere as text.
 *
 * A live picture ({@linkcode LiveChart}, {@linkcode LiveProgress}) is shown once and then changes in place; without a
 * kernel every change prints a line.
 *
 * @param value Anything; pictures have a method under {@linkcode JUPYTER_DISPLAY}.
 *
 * @example Usage
 * ```ts
 * import { drawLineChart, show } from "ae";
 *
 * for (const rate of [0.1, 0.5]) {
 *   const y = Array.from({ length: 20 }, (_, i) => (1 - rate) ** i);
 *   await show(drawLineChart([{ name: `rate ${rate}`, y }]));
 * }
 * ```
 */
export async function show(value: unknown): Promise<void> {
  await showThrough(kernelDisplay(), value);
}

/** Show a value through a kernel's display function, or as text where there is none. */
export async function showThrough(kernel: KernelDisplay | null, value: unknown): Promise<void> {
  const bundle = await bundleOf(value);
  if (!kernel || !bundle) {
    console.log(bundle ? await textOf(value) : value);
    if (isLive(value)) value.onChange(async () => console.log(await textOf(value)));
    return;
  }
  const display_id = `ae-${++outputs}`;
  await kernel(bundle, { raw: true, display_id });
  if (isLive(value)) {
    value.onChange(async () => {
      await kernel((await bundleOf(value))!, { raw: true, display_id, update: true });
    });
  }
}

/** A picture that changes: {@linkcode Live} of display/live.ts. */
function isLive(value: unknown): value is { onChange(listener: () => unknown): void } {
  return typeof value === "object" && value !== null && "onChange" in value &&
    typeof value.onChange === "function";
}
