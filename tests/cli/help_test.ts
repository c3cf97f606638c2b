import assert from "node:assert/strict";
import { helpOf, overviewOf } from "../../cli/help.ts";
import { COMMANDS } from "../../cli/main.ts";
import { type Command, readOptions, under } from "../../cli/options.ts";

const command: Command = {
  summary: "Do it.",
  operands: "PHOTO…",
  options: {
    ...under("How", {
      rate: { type: "number", default: 0.1, help: "how fast" },
      rule: {
        type: "text",
        choices: ["one", "two"],
        otherwise: "the file's",
        needs: "rate",
        help: "whose rule",
      },
      "a-name-that-is-very-long": { type: "whole", help: "how many" },
    }),
    ...under("Output", { quiet: { type: "flag", help: "no words ".repeat(10).trim() } }),
  },
  notes: ["More."],
  examples: [["fast", `photo.jpg --rate ${"1".repeat(60)} --quiet`]],
  run: () => Promise.resolve(),
};

Deno.test("helpOf() lists options under headings, with choices, defaults and needs", () => {
  assert.equal(
    helpOf("doit", command),
    `deno task doit PHOTO… [options]

Do it.

How:
  --rate NUMBER             how fast (default 0.1)
  --rule NAME               whose rule: one, two (default: the file's; needs
                            --rate)
  --a-name-that-is-very-long N
                            how many

Output:
  --quiet                   no words no words no words no words no words no
                            words no words no words no words no words
  --help                    this text

More.

Examples:
  # fast
  deno task doit photo.jpg \\
    --rate ${"1".repeat(60)} \\
    --quiet
`,
  );
});

const commands: [string, Command][] = Object.values(COMMANDS).flatMap((group) =>
  Object.entries(group)
);

Deno.test("every help fits a terminal of 80 columns", () => {
  const texts = [
    overviewOf("All of it.", COMMANDS),
    ...commands.map(([name, it]) => helpOf(name, it)),
  ];
  for (const line of texts.join("\n").split("\n")) assert.ok([...line].length <= 80, line);
});

Deno.test("every command has examples, which its options understand", () => {
  for (const [name, it] of commands) {
    assert.ok(it.examples && it.examples.length > 0, name);
    for (const [, args] of it.examples) {
      const { operands } = readOptions(it, args.split(" "));
      assert.equal(
        operands.length > 0,
        it.operands !== "" && !args.includes("--annotations"),
        args,
      );
    }
  }
});

Deno.test("deno task lists every command with its summary", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  for (const [name, { summary }] of commands) {
    assert.equal(`${tasks[name]?.description}.`, summary, name);
  }
});
