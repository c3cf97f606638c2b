/**
 * Output folders and files, and progress on the terminal.
 *
 * @module
 */
import { dirname } from "node:path";
import { InputError, lineSink, Progress, type ProgressOptions, terminalSink } from "../mod.ts";

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

/** Remove what a killed program left in a folder while it wrote a file: half of the file, under another name. */
export async function removeHalfWritten(path: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && /^\.[0-9a-f-]{36}\.tmp$/.test(name)) await Deno.remove(`${path}/${name}`);
  }
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
 * @throws {InputError} If it is a folder, or its own folder is not there or cannot be written to.
 */
export async function checkWritable(path: string): Promise<void> {
  const existing = await Deno.stat(path).catch(() => undefined);
  if (existing?.isDirectory) throw new InputError(`${path}: cannot be written: it is a folder`);
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: dirname(path), prefix: ".probe" }));
  } catch (error) {
    throw new InputError(`${path}: cannot be written: ${(error as Error).message}`);
  }
}
