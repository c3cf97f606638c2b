/**
 * Training runs in processes of their own, for tasks that disturb them, and how to see that nothing was lost: after any
 * disturbance and `--resume`, weights, checkpoint and log are those of an undisturbed run to the last bit.
 *
 * @module
 */
import { readSafetensors } from "../../mod.ts";

/** How a program of this project is started. */
export const PROGRAM: readonly string[] = [
  ...["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json"],
];

/** A run in progress. */
export interface Run {
  readonly process: Deno.ChildProcess;
  /** Its end: exit code and what it said on standard error. */
  readonly ended: Promise<{ readonly code: number; readonly said: string }>;
}

/**
 * Start a program.
 *
 * @param program With its arguments: `["cli/main.ts", "train", …]`.
 */
export function startProgram(program: readonly string[]): Run {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...PROGRAM, ...program],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = Promise.all([process.status, new Response(process.stderr).text()])
    .then(([{ code }, said]) => ({ code, said }));
  return { process, ended };
}

/** Run a program to its end. @throws {Error} If it fails. */
export async function runProgram(program: readonly string[]): Promise<void> {
  const { code, said } = await startProgram(program).ended;
  if (code !== 0) throw new Error(`${program.join(" ")} ended with code ${code}:\n${said}`);
}

/** Names of the weight files of a folder, each read to its end; throws if one is not whole. */
export async function wholeFiles(out: string): Promise<string[]> {
  const names = [...Deno.readDirSync(out)].map(({ name }) => name).toSorted();
  const weights = names.filter((name) => name.endsWith(".safetensors"));
  for (const name of weights) await readSafetensors(`${out}/${name}`);
  return weights;
}

/** How many half-written files lie in a folder. */
export function leftOver(out: string): number {
  return [...Deno.readDirSync(out)].filter(({ name }) => name.endsWith(".tmp")).length;
}

/** The step of a run's checkpoint; 0 where there is none. */
export async function checkpointStep(out: string): Promise<number> {
  const names = await wholeFiles(out).catch((error): string[] => {
    if (error instanceof Deno.errors.NotFound) return []; // killed before it made the folder
    throw error;
  });
  if (!names.includes("checkpoint.safetensors")) return 0;
  const { metadata } = await readSafetensors(`${out}/checkpoint.safetensors`);
  return JSON.parse(metadata.reached).steps;
}

/** The tensors of a file as text. */
async function bitsOf(path: string): Promise<string> {
  const { arrays } = await readSafetensors(path);
  const parts = await Promise.all(
    Object.entries(arrays).toSorted().map(async ([name, { data }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
      return `${name} ${new Uint8Array(digest).toHex()}`;
    }),
  );
  return parts.join("\n");
}

/**
 * What differs between two runs' folders: names of weight files whose tensors are not the same to the last bit, and
 * "metrics.jsonl". Empty where nothing does.
 */
export async function differences(a: string, b: string): Promise<string[]> {
  const [first, second] = [await wholeFiles(a), await wholeFiles(b)];
  const names = [...new Set([...first, ...second])];
  const different: string[] = [];
  for (const name of names) {
    const both = first.includes(name) && second.includes(name);
    if (!both || await bitsOf(`${a}/${name}`) !== await bitsOf(`${b}/${name}`)) {
      different.push(name);
    }
  }
  const [logA, logB] = await Promise.all(
    [a, b].map((out) => Deno.readTextFile(`${out}/metrics.jsonl`)),
  );
  return logA === logB ? different : [...different, "metrics.jsonl"];
}
