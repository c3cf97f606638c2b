/**
 * Command-line options as tables: what each is called, what it takes, its default and unit. One table gives the
 * parser, the checks and the text of `--help`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { InputError, nearestName } from "../core/errors.ts";

/** One option of a command. */
export interface Option {
  /** What it does, with its unit; one line. */
  readonly help: string;
  /** What it takes; a flag takes nothing. */
  readonly type: "text" | "number" | "whole" | "flag";
  /** Value when it is not given. */
  readonly default?: string | number;
  /** Smallest number allowed. @default {0} */
  readonly least?: number;
  /** True if `least` itself is not allowed. */
  readonly above?: boolean;
  /** Largest number allowed. @default {Infinity, or of whole numbers 2^53 - 1} */
  readonly most?: number;
}

/** A subcommand. */
export interface Command {
  /** What it does, one line. */
  readonly summary: string;
  /** What stands after the command's name, e.g. `PHOTO…`; empty if nothing may. */
  readonly operands: string;
  /** Its options by name. */
  readonly options: Readonly<Record<string, Option>>;
  /** Longer text under the options. */
  readonly notes?: string;
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

  /** A text option, undefined if it was not given and has no default. */
  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
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
 * @throws {InputError} If an option is unknown (names the nearest), lacks its value or has one that it does not take,
 * is not the number it should be, is given twice, or there is an operand where none may be.
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
      if (!argument.startsWith("-")) return true;
      const name = argument.replace(/^-+/, "").split("=")[0];
      const near = nearestName(name, names);
      throw new InputError(
        `unknown option ${argument}` +
          (near ? `\n  help: did you mean --${near}?` : "\n  help: --help lists every option"),
      );
    },
  });
  const operands = parsed._.map(String);
  if (command.operands === "" && operands.length > 0) {
    throw new InputError(`unexpected argument "${operands[0]}"\n  help: options start with --`);
  }
  const values = Object.fromEntries(names.map((name) => {
    const option = command.options[name];
    if (option.type === "flag") return [name, parsed[name] === true];
    const [typed, second] = parsed[name] as readonly string[];
    if (typed === undefined) return [name, option.default];
    if (second !== undefined) throw new InputError(`--${name} is given more than once`);
    if (typed.trim() === "") throw new InputError(`--${name} needs a value`);
    return [name, option.type === "text" ? typed : readNumber(name, option, typed)];
  }));
  return new Values(values, operands);
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

function readNumber(name: string, option: Option, typed: string): number {
  const value = Number(typed);
  const whole = option.type === "whole";
  const { least = 0, above = false, most = whole ? Number.MAX_SAFE_INTEGER : Infinity } = option;
  const lower = above ? `above ${least}` : `${least} or more`;
  const bound = option.most !== undefined || value > most ? `${lower}, at most ${most}` : lower;
  if (
    !Number.isFinite(value) || value < least || (above && value === least) || value > most ||
    (whole && !Number.isInteger(value))
  ) {
    throw new InputError(
      `--${name} must be a ${whole ? "whole " : ""}number, ${bound}, not ${typed}`,
    );
  }
  return value;
}

/** The text of `--help` for one command. */
export function helpOf(name: string, command: Command): string {
  const rows = Object.entries(command.options).map(([option, { type, help, default: value }]) => {
    const word = { text: " TEXT", number: " NUMBER", whole: " NUMBER", flag: "" }[type];
    return [`  --${option}${word}`, `${help}${value === undefined ? "" : ` (default ${value})`}`];
  });
  const width = Math.max(...rows.map(([left]) => left.length), "  --help".length);
  return [
    `${name}${command.operands ? ` ${command.operands}` : ""} [options]`,
    "",
    command.summary,
    "",
    ...[...rows, ["  --help", "this text"]].map(([left, right]) =>
      `${left.padEnd(width)}  ${right}`
    ),
    ...(command.notes ? ["", command.notes] : []),
    "",
  ].join("\n");
}
