/**
 * Command-line options as tables: what each is called, what it takes, its default and unit. One table gives the
 * parser, the checks and the text of `--help` (help.ts).
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { InputError, nearestName, unknownName } from "../core/errors.ts";

/** One option of a command. */
export interface Option {
  /** What it does, with its unit; a few words, to which `--help` adds choices and default. */
  readonly help: string;
  /** What it takes; a flag takes nothing. A file or folder is a text that `--help` calls so. */
  readonly type: "text" | "file" | "folder" | "number" | "whole" | "flag";
  /** The names that a text may be. @default {any text} */
  readonly choices?: readonly string[];
  /** Value when it is not given. */
  readonly default?: string | number;
  /** What holds when it is not given, in words, where that is no one value: `the recipe's`. */
  readonly otherwise?: string;
  /** The option without which it would be given in vain. */
  readonly needs?: string;
  /** The heading that it stands under in `--help`; see {@linkcode under}. @default {"Options"} */
  readonly heading?: string;
  /** Smallest number allowed. @default {0} */
  readonly least?: number;
  /** True if `least` itself is not allowed. */
  readonly above?: boolean;
  /** Largest number allowed. @default {Infinity, or of whole numbers 2^53 - 1} */
  readonly most?: number;
  /** True if `most` itself is not allowed. */
  readonly below?: boolean;
  /** Why it has these bounds: said to whoever passes them. */
  readonly because?: string;
}

/** Options by name, in the order of `--help`. */
export type Options = Readonly<Record<string, Option>>;

/** The same options under a heading. */
export function under(heading: string, options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, { ...option, heading }]),
  );
}

/** A subcommand. */
export interface Command {
  /** What it does, one line of at most 60 letters. */
  readonly summary: string;
  /** What stands after the command's name: a word for each, or with … as many as somebody likes; empty for nothing. */
  readonly operands: string;
  /** Its options by name. */
  readonly options: Options;
  /** Paragraphs under the options. */
  readonly notes?: readonly string[];
  /** Arguments that somebody may want to type, and what they do. */
  readonly examples?: readonly (readonly [does: string, args: string])[];
  /** Do it. */
  readonly run: (values: Values) => Promise<void>;
}

/** What was typed, checked. */
export class Values {
  readonly #values: Readonly<Record<string, string | number | boolean | undefined>>;
  /** What is no option, in order. */
  readonly operands: readonly string[];

  /** Made by {@linkcode readOptions}. */
  constructor(
    values: Readonly<Record<string, string | number | boolean | undefined>>,
    operands: readonly string[],
  ) {
    this.#values = values;
    this.operands = operands;
  }

  /** A text, file or folder option, undefined if it was not given and has no default. */
  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** A text option with choices, as one of them; undefined if it was not given and has no default. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return choices.find((choice) => choice === this.#values[name]);
  }

  /** A number option, undefined if it was not given and has no default. */
  number(name: string): number | undefined {
    return this.#values[name] as number | undefined;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Whether an option of whatever type was given, or has a default. */
  isGiven(name: string): boolean {
    const value = this.#values[name];
    return value !== undefined && value !== false;
  }

  /** All that was given or has a default, as texts by name. */
  given(): Record<string, string> {
    const names = Object.keys(this.#values).filter((name) => this.isGiven(name));
    return Object.fromEntries(names.map((name) => [name, String(this.#values[name])]));
  }

  /** A text option that the command cannot do without. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) {
      throw new InputError(`--${name} is missing\n  help: --help lists every option`);
    }
    return value;
  }
}

/**
 * Read a command's arguments.
 *
 * @throws {InputError} If an option is unknown (names the nearest), is given twice, lacks its value or another option or
 * has a value that it does not take, is not the number or one of the names it should be, or there are too few or too
 * many operands.
 */
export function readOptions(command: Command, args: readonly string[]): Values {
  const names = Object.keys(command.options);
  const flags = [...names.filter((name) => command.options[name].type === "flag"), "help"];
  checkFlags(args, flags);
  const parsed = parseArgs(joinNegative(args), {
    boolean: flags,
    string: [...names.filter((name) => !flags.includes(name)), "_"], // a folder may be called 007
    collect: names.filter((name) => !flags.includes(name)), // so that a second value does not replace the first
    alias: { h: "help" },
    unknown: (argument: string) => {
      if (!argument.startsWith("-") || argument === "-") return true; // - is an operand: standard input
      const name = argument.replace(/^-+/, "").split("=")[0];
      const near = nearestName(name, names);
      throw new InputError(
        `unknown option ${argument}` +
          (near ? `\n  help: did you mean --${near}?` : "\n  help: --help lists every option"),
      );
    },
  });
  const operands = parsed._.map(String);
  checkOperands(command, operands);
  const values = Object.fromEntries(names.map((name) => {
    const option = command.options[name];
    if (option.type === "flag") return [name, parsed[name] === true];
    const [typed, second] = parsed[name] as readonly string[];
    if (typed === undefined) return [name, option.default];
    if (second !== undefined) throw new InputError(`--${name} is given more than once`);
    if (typed.trim() === "") throw new InputError(`--${name} needs a value`);
    return [name, readValue(name, option, typed)];
  }));
  const read = new Values(values, operands);
  for (const name of names) {
    const { needs } = command.options[name];
    const typed = parsed[name] as readonly string[] | boolean; // a list, unless it is a flag
    const isTyped = typeof typed === "boolean" ? typed : typed.length > 0;
    if (isTyped && needs && !read.isGiven(needs)) {
      throw new InputError(`--${name} needs --${needs}`);
    }
  }
  return read;
}

/** See that nothing is missing behind the command's name, and nothing too much. */
function checkOperands({ operands: wanted }: Command, typed: readonly string[]): void {
  if (wanted.includes("…")) return;
  const words = wanted === "" ? [] : wanted.split(" ");
  const help = wanted === "" ? "options start with --" : `give ${wanted}; --help says what it is`;
  if (typed.length > words.length) {
    throw new InputError(`unexpected argument "${typed[words.length]}"\n  help: ${help}`);
  }
  if (typed.length < words.length) {
    throw new InputError(`${words[typed.length]} is missing\n  help: ${help}`);
  }
}

/** A flag says yes by being there; the parser would take `--flip=no` for yes. */
function checkFlags(args: readonly string[], flags: readonly string[]): void {
  const end = args.indexOf("--"); // operands from here on
  for (const argument of end === -1 ? args : args.slice(0, end)) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (name !== undefined && flags.includes(name)) {
      throw new InputError(
        `--${name} takes no value, not "${value}"\n  help: leave it out to say no`,
      );
    }
  }
}

/** `--rate -1` as `--rate=-1`: the parser would take -1 for an option. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of args) {
    const previous = joined.at(-1);
    if (/^-\d/.test(argument) && previous?.startsWith("--") && !previous.includes("=")) {
      joined[joined.length - 1] = `${previous}=${argument}`;
    } else {
      joined.push(argument);
    }
  }
  return joined;
}

function readValue(name: string, option: Option, typed: string): string | number {
  if (option.type === "number" || option.type === "whole") return readNumber(name, option, typed);
  const { choices } = option;
  if (choices && !choices.includes(typed)) throw unknownName(`--${name}`, typed, choices);
  return typed;
}

function readNumber(name: string, option: Option, typed: string): number {
  const value = Number(typed);
  const whole = option.type === "whole";
  const { least = 0, above = false, most = whole ? Number.MAX_SAFE_INTEGER : Infinity } = option;
  const lower = above ? `above ${least}` : `${least} or more`;
  const { below = false, because } = option;
  const upper = below ? `below ${most}` : `at most ${most}`;
  const bound = option.most !== undefined || value > most ? `${lower}, ${upper}` : lower;
  if (
    !Number.isFinite(value) || value < least || (above && value === least) || value > most ||
    (below && value === most) || (whole && !Number.isInteger(value))
  ) {
    throw new InputError(
      `--${name} must be a ${whole ? "whole " : ""}number, ${bound}, not ${typed}` +
        (because ? `\n  help: ${because}` : ""),
    );
  }
  return value;
}
