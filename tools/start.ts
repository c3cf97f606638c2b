/**
 * Start a program of this project the way every task does: with an adapter made sure of, the
 * environment of {@linkcode taskEnvironment}, the locked dependencies, and leave to read and write
 * files and to read the environment, but not to run programs or to use the network.
 *
 *     deno run -A tools/start.ts cli/main.ts train --steps 100
 *
 * This file and what it imports need no package, so it runs before anything is downloaded.
 *
 * @module
 */
import { ensureAdapter } from "./ensure_adapter.ts";
import { taskEnvironment } from "./environment.ts";

/** Check dependencies against the lock file. Not in deno.json: see docs/decisions.md. */
export const LOCKED: readonly string[] = ["--lock=deno.lock", "--frozen"];

/**
 * Run Deno with the task environment and wait for its end; SIGINT and SIGTERM are passed on.
 *
 * @param args Deno's arguments.
 * @returns The exit code; 128 + the signal's number (as a shell says it) if a signal ended it.
 */
export async function runDeno(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: taskEnvironment(Deno.env.toObject()),
  }).spawn();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const forward = signals.map((signal) => [signal, () => kill(child, signal)] as const);
  for (const [signal, listener] of forward) Deno.addSignalListener(signal, listener);
  const { code } = await child.status;
  for (const [signal, listener] of forward) Deno.removeSignalListener(signal, listener);
  return code;
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended in the meantime, which is what was asked for.
  }
}

if (import.meta.main) {
  const [program, ...args] = Deno.args;
  if (program === undefined) {
    console.error("start: name the program, e.g. deno run -A tools/start.ts cli/main.ts demo");
    Deno.exit(2);
  }
  try {
    await ensureAdapter();
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
  Deno.exit(await runDeno(["run", ...LOCKED, "--no-prompt", "-R", "-W", "-E", program, ...args]));
}
