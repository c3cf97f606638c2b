/**
 * What tools have in common: with options they start here, `--help` is answered, and what was typed wrongly is said
 * without a stack.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { helpOf } from "../cli/help.ts";
import { type Command, type Option, readOptions, type Values } from "../cli/options.ts";
import { warn } from "../cli/say.ts";

/**
 * The option `--minutes` of a check that may be stopped early.
 *
 * @param help What it bounds.
 */
export function minutesOption(help: string): Option {
  return { type: "number", above: true, help, otherwise: "no bound" };
}

/** When `performance.now()` will have passed `--minutes`, counted from now; never without them. */
export function untilOf(values: Values): number {
  return performance.now() + 60_000 * (values.number("minutes") ?? Infinity);
}

/**
 * Run a tool on what was typed after `deno task NAME`. After an {@linkcode InputError} the exit code is 2; a tool that
 * fails otherwise sets it itself.
 *
 * @param name The task's name.
 */
export async function runTool(
  name: string,
  command: Command,
  args: readonly string[] = Deno.args,
): Promise<void> {
  try {
    if (args.includes("--help") || args.includes("-h")) console.log(helpOf(name, command));
    else await command.run(readOptions(command, args));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    warn(error.message);
    Deno.exitCode = 2;
  }
}

/** A list as a stream. */
export async function* each<T>(list: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* list;
}
