/**
 * What `--help` prints: a command with its options under their headings, or all commands under theirs, in lines that fit
 * a terminal of 80 columns.
 *
 * @module
 */
import type { Command, Option } from "./options.ts";

/** Letters of a line: as wide is a terminal that nobody has widened. */
const WIDTH = 80;
/** Explanations begin no farther to the right than this: a longer name has a line of its own above. */
const INDENT = 28;

/** What stands for the value of an option that has no choices. */
const WORDS: Readonly<Record<Option["type"], string>> = {
  text: " TEXT",
  file: " FILE",
  folder: " FOLDER",
  number: " NUMBER",
  whole: " N",
  flag: "",
};

/** The text of `--help` for one command. */
export function helpOf(name: string, command: Command): string {
  const { summary, operands, options, notes = [], examples = [] } = command;
  const rows = Object.entries(options).map(([option, it]) => ({
    heading: it.heading ?? "Options",
    row: [`--${option}${it.choices ? " NAME" : WORDS[it.type]}`, explanationOf(it)] as const,
  }));
  const all = [...rows, {
    heading: rows.at(-1)?.heading ?? "Options",
    row: ["--help", "this text"] as const,
  }];
  const width = Math.max(...all.map(({ row: [left] }) => left.length));
  const sections = [...Map.groupBy(all, ({ heading }) => heading)].map(([heading, members]) =>
    section(heading, members.map(({ row }) => row), width)
  );
  return [
    `deno task ${[name, operands, "[options]"].filter((word) => word !== "").join(" ")}`,
    summary,
    ...sections,
    ...notes.map((note) => wrapped(note, WIDTH).join("\n")),
    ...(examples.length === 0 ? [] : [examplesOf(name, examples)]),
  ].join("\n\n") + "\n";
}

/** The text of `--help` without a command: all of them, by group. */
export function overviewOf(
  title: string,
  groups: Readonly<Record<string, Readonly<Record<string, Command>>>>,
): string {
  const names = Object.values(groups).flatMap(Object.keys);
  const width = Math.max(...names.map((name) => name.length));
  const sections = Object.entries(groups).map(([heading, commands]) =>
    section(heading, Object.entries(commands).map(([name, it]) => [name, it.summary]), width)
  );
  return [
    "deno task COMMAND [options]",
    title,
    ...sections,
    "deno task COMMAND --help says what a command can do, with examples.",
  ].join("\n\n");
}

/** What an option does, what it may be, and what holds without it. */
function explanationOf({ help, choices, default: value, otherwise, needs }: Option): string {
  const remarks = [
    ...(value === undefined ? [] : [`default ${value}`]),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(needs === undefined ? [] : [`needs --${needs}`]),
  ];
  return help + (choices ? `: ${choices.join(", ")}` : "") +
    (remarks.length > 0 ? ` (${remarks.join("; ")})` : "");
}

/** A heading and its rows in two columns. */
function section(
  heading: string,
  rows: readonly (readonly [left: string, right: string])[],
  widest: number,
): string {
  const indent = Math.min(widest + 4, INDENT);
  const lines = rows.flatMap(([left, right]) => {
    const [first, ...more] = wrapped(right, WIDTH - indent).map((line) =>
      " ".repeat(indent) + line
    );
    const start = `  ${left}`;
    return start.length + 2 > indent
      ? [start, first, ...more]
      : [start + first.slice(start.length), ...more];
  });
  return [`${heading}:`, ...lines].join("\n");
}

/** Each under what it does; a long one goes on in the next line, as a shell reads it. */
function examplesOf(name: string, examples: NonNullable<Command["examples"]>): string {
  const lines = examples.flatMap(([does, args]) => {
    const words = ["deno task", name, ...args.match(OPTION_OR_WORD) ?? []];
    return [`  # ${does}`, `  ${linesOf(words, WIDTH - 6).join(" \\\n    ")}`];
  });
  return ["Examples:", ...lines].join("\n");
}

/** Parts of an example that stay in one line: an option with its value, or a word. */
const OPTION_OR_WORD = /--\S+ (?!-)\S+|\S+/g;

/** A text in lines of so many letters at most, broken between words. */
function wrapped(text: string, width: number): string[] {
  return linesOf(text.split(" "), width);
}

function linesOf(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
