/**
 * The log of a training run, one JSON object in a line: losses as they are read, and how the network was judged.
 *
 *     {"step":1200,"loss":0.021,"heatmap":0.019,"pull":0.05,"push":0.02}
 *     {"step":1200,"loss":0.021,…,"lossScale":65536,"skipped":3}   in f16; a step whose loss is not finite has no line
 *     {"step":1200,"AP":0.153,"AP50":0.477,"grouping":0.917}      of masks without grouping
 *
 * Lines are added while the run goes on, so that other programs can watch; a run that goes on from a checkpoint first
 * drops what was written after it.
 *
 * @module
 */
import { InputError, writeFileAtomic } from "../mod.ts";
import type { Curves, Losses } from "./training.ts";

/** How well a network did on scenes or photographs that it does not learn from. */
export interface Judgement {
  readonly AP: number;
  readonly AP50: number;
  /** Of keypoints: the share in their own person's group when the true detections are given. */
  readonly grouping?: number;
}

/** A line of the log. */
export type MetricsLine = Losses | ({ readonly step: number } & Judgement);

/** The log: what it holds, and the file. */
export class MetricsLog {
  readonly #path: string;
  readonly #lines: MetricsLine[];
  #writing = Promise.resolve();

  private constructor(path: string, lines: MetricsLine[]) {
    this.#path = path;
    this.#lines = lines;
  }

  /**
   * The log in a file, up to a step; 0 begins a new one.
   *
   * @throws {InputError} If the file cannot be read or written, or a line that should stay is no such line.
   */
  static async open(path: string, upTo: number): Promise<MetricsLog> {
    const text = upTo === 0 ? "" : await readIfThere(path);
    const lines: MetricsLine[] = [];
    for (const [i, line] of text.split("\n").entries()) {
      if (line.trim() === "") continue;
      const parsed = parse(line);
      if (parsed === undefined) {
        if (i === text.split("\n").length - 1) continue; // cut off when the run was killed
        throw new InputError(`${path}: line ${i + 1} is no line of a training log: ${line}`);
      }
      if (parsed.step <= upTo) lines.push(parsed);
    }
    await writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return new MetricsLog(path, lines);
  }

  /** Add a line, to the file too. */
  add(line: MetricsLine): Promise<void> {
    this.#lines.push(line);
    this.#writing = this.#writing.then(() => this.#append(`${JSON.stringify(line)}\n`));
    return this.#writing;
  }

  async #append(text: string): Promise<void> {
    try {
      await Deno.writeTextFile(this.#path, text, { append: true });
    } catch (error) {
      throw new InputError(`${this.#path}: cannot be written: ${(error as Error).message}`);
    }
  }

  /** The step at which the network was last judged, 0 before the first time. */
  lastJudged(): number {
    return this.#lines.findLast((line) => "AP" in line)?.step ?? 0;
  }

  /** The highest AP so far, -1 before the first. */
  best(): number {
    return Math.max(-1, ...this.#judgements());
  }

  /** How many times the network was judged since it was best. */
  sinceBest(): number {
    const all = this.#judgements();
    return all.length - 1 - all.indexOf(this.best());
  }

  #judgements(): number[] {
    return this.#lines.flatMap((line) => "AP" in line ? [line.AP] : []);
  }

  /** All losses, as lists. */
  curves(): Curves {
    const losses = this.#lines.filter((line): line is Losses => "loss" in line);
    const list = (name: keyof Curves) => losses.map((line) => line[name]);
    return {
      step: list("step"),
      loss: list("loss"),
      heatmap: list("heatmap"),
      pull: list("pull"),
      push: list("push"),
    };
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new InputError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

function parse(line: string): MetricsLine | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.step === "number" && ("loss" in value || "AP" in value)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
