/**
 * Output folders and files, and progress on the terminal.
 *
 * @module
 */
import { dirname } from "node:path";
import {
  InputError,
  lineSink,
  Progress,
  type ProgressOptions,
  terminalSink,
  writeFileAtomic,
} from "../mod.ts";
import { say } from "./say.ts";

/**
 * Make a folder ready for writing before any work is done.
 *
 * @throws {InputError} If it cannot be made or written to.
 */
export async function prepareFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
    const probe = await Deno.makeTempFile({ dir: path, prefix: ".probe" });
    await Deno.remove(probe);
  } catch (error) {
    throw new InputError(
      `output folder ${path} cannot be written: ${(error as Error).message}\n` +
        "  help: choose another with --out",
    );
  }
}

/**
 * Keep other programs from writing into a folder while this one does. The claim ends with the process, however it ends:
 * it is a lock of the operating system on the file `.lock`, which stays.
 *
 * @throws {InputError} If somebody else has it, or `.lock` is a link: a file would appear where it leads.
 */
export async function claimFolder(path: string): Promise<Disposable> {
  const lock = `${path}/.lock`;
  if ((await Deno.lstat(lock).catch(() => undefined))?.isSymlink) {
    throw new InputError(`${lock}: is a link, the lock of a folder is a file\n  help: remove it`);
  }
  const file = await Deno.open(lock, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new InputError(
    `output folder ${path}: another run is writing there\n  help: choose another with --out, or wait`,
  );
}

/** Remove what a killed program left in a folder while it wrote a file: half of the file, under another name. */
export async function removeHalfWritten(path: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && /^\.[0-9a-f-]{36}\.tmp$/.test(name)) await Deno.remove(`${path}/${name}`);
  }
}

/** Write a JSON file for people to look into, completely or not at all. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/** Progress on standard error: a bar on a terminal, plain lines otherwise. */
export function progressOnStderr(options: Omit<ProgressOptions, "sink">): Progress {
  const encoder = new TextEncoder();
  const write = (text: string) => {
    Deno.stderr.writeSync(encoder.encode(text));
  };
  const sink = Deno.stderr.isTerminal()
    ? terminalSink(write, { columns: () => Deno.consoleSize().columns })
    : lineSink(write);
  return new Progress({ ...options, sink });
}

/** All that comes, with a progress bar of how many are there. */
export async function collected<T>(
  coming: AsyncIterable<T>,
  options: Omit<ProgressOptions, "sink">,
): Promise<T[]> {
  const progress = progressOnStderr(options);
  const all: T[] = [];
  for await (const one of coming) {
    all.push(one);
    progress.update(all.length);
  }
  progress.finish();
  return all;
}

/** Rows as text, the first column to the left and the others to the right. */
export function alignedRows(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row.map((cell, c) => c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join("  ")
  ).join("\n");
}

/** Say with what a command works: names and what they stand for, in two columns. */
export function announce(rows: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length)) + 2;
  for (const [name, text] of Object.entries(rows)) say(name.padEnd(width) + text);
}

/** Print figures, a line each; those of COCO are -1 where there is nothing to measure. */
export function printFigures(figures: Readonly<Record<string, number>>): void {
  const width = Math.max(9, ...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) {
    say(`${name.padEnd(width)} ${value < 0 ? "undefined (-1)" : value.toFixed(3)}`);
  }
}

/** A figure of a table, between 0 and 1; those of COCO are below 0 where there is nothing to measure. */
export function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

/** Progress of a training run that ends after some steps, some minutes or whichever comes first. */
export function trainingProgress(
  batchSize: number,
  { steps, minutes }: { readonly steps?: number; readonly minutes?: number },
): Progress {
  return progressOnStderr({
    label: "train",
    rateUnit: "images",
    ratePerStep: batchSize,
    ...(minutes === undefined ? {} : { limitSeconds: minutes * 60 }),
    ...(steps === undefined ? {} : { total: steps }),
  });
}

/**
 * See that a file can be written, before anything is computed for it.
 *
 * @throws {InputError} If it is a folder, its name is too long, or its own folder is not there or cannot be written to.
 */
export async function checkWritable(path: string): Promise<void> {
  const refused = (why: string) => new InputError(`${path}: cannot be written: ${why}`);
  const existing = await Deno.stat(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw refused(error.message);
  });
  if (existing?.isDirectory) throw refused("it is a folder");
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: dirname(path), prefix: ".probe" }));
  } catch (error) {
    throw refused((error as Error).message);
  }
}
