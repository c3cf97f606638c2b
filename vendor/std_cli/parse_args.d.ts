/**
 * Types of std's `parseArgs`, plainer than the original's: every flag's value is `unknown` here,
 * where the original infers it from the options, so code that checks or casts fits both.
 *
 * @module
 */

/** How to read the command line; see `jsr:@std/cli/parse-args`. */
export interface ParseOptions {
  /** Flags that are true or false; `true` makes every flag without a value one. */
  boolean?: boolean | string | readonly string[];
  /** Flags whose value is kept as text. */
  string?: string | readonly string[];
  /** Flags that may stand several times and become a list. */
  collect?: string | readonly string[];
  /** Flags that `--no-<flag>` sets to false. */
  negatable?: string | readonly string[];
  /** Other names of a flag. */
  alias?: Record<string, string | readonly string[]>;
  /** Values of flags that are not given. */
  default?: Record<string, unknown>;
  /** Keep what follows `--` apart, in the result's `"--"`. */
  "--"?: boolean;
  /** Everything behind the first argument that is no flag belongs to `_`. */
  stopEarly?: boolean;
  /** Called for what no option names; return false to leave it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags by name, `_` the arguments that are no flags, `"--"` what follows `--`. */
export interface Args {
  /** The arguments that are no flags. */
  _: (string | number)[];
  /** What follows `--`, when asked for. */
  "--"?: string[];
  [flag: string]: unknown;
}

/** Read a command line into flags and arguments. */
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
