/**
 * What was measured on each adapter (core/tune.ts), kept in the user's cache folder between runs:
 *
 *     ~/.cache/ae/choices-0.1.0.json     { "llvmpipe (LLVM 15.0.6, 256 bits)": { question: { choice, timesMs } } }
 *
 * | AE_TUNE | uses the file | measures                                                  |
 * | ------- | ------------- | --------------------------------------------------------- |
 * | (unset) | yes           | nothing                                                   |
 * | on      | yes           | what the file does not know, when a step is first called  |
 * | force   | no            | everything once more                                      |
 * | off     | no            | nothing: the same choices, and so the same bits, everywhere |
 *
 * The file is a convenience: one that is damaged, of another version or not permitted is as good as none.
 *
 * @module
 */
import { dirname } from "node:path";
import { InputError } from "../core/errors.ts";
import {
  type ChoiceStore,
  installChoiceStore,
  type MeasuredChoice,
  type MeasuredChoices,
} from "../core/tune.ts";
import { cachePath, environment } from "./cache_folder.ts";
import { writeFileAtomic } from "./files.ts";
import { readJson } from "./json.ts";

/** The version whose kernels were measured, as in deno.json. */
export const LIBRARY_VERSION = "0.1.0";

const MODES = ["off", "cached", "on", "force"] as const;

/** How `AE_TUNE` is set. */
function modeOf(): (typeof MODES)[number] {
  const text = environment("AE_TUNE") || "cached";
  const mode = MODES.find((name) => name === text);
  if (!mode) throw new InputError(`AE_TUNE is "${text}"; it can be off, on or force`);
  return mode;
}

/** Where the file is, if there is a cache folder that may be used. */
export function choicesPath(): string | undefined {
  return cachePath(`choices-${LIBRARY_VERSION}.json`);
}

type File = Record<string, Record<string, MeasuredChoice>>;

/** What the file holds; nothing, and a line on the console, where it is damaged. */
async function readFile(path: string): Promise<File> {
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") return {};
  try {
    await Deno.stat(path);
  } catch {
    return {}; // nothing was measured yet
  }
  try {
    const content = await readJson(path);
    if (!isRecord(content) || !Object.values(content).every(isChoices)) {
      throw new InputError(`${path}: is no file of measured choices`);
    }
    return content as File;
  } catch (error) {
    console.warn(`${(error as Error).message.split("\n")[0]}; it is ignored`);
    return {};
  }
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function isChoices(x: unknown): boolean {
  return isRecord(x) &&
    Object.values(x).every((answer) =>
      isRecord(answer) && typeof answer.choice === "string" && isRecord(answer.timesMs) &&
      Object.values(answer.timesMs).every((ms) => typeof ms === "number" && ms >= 0)
    );
}

const store: ChoiceStore = {
  mode: modeOf,
  async load(adapter) {
    const path = choicesPath();
    const content = path && modeOf() !== "force" ? await readFile(path) : {};
    return new Map(Object.entries(content[adapter] ?? {}));
  },
  async save(adapter: string, choices: MeasuredChoices) {
    const path = choicesPath();
    if (!path) return;
    const { state } = Deno.permissions.querySync({ name: "write", path });
    if (state !== "granted") return;
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      const before = await readFile(path);
      const all = { ...before[adapter], ...Object.fromEntries(choices) }; // others may have measured meanwhile
      const content: File = { ...before, [adapter]: all };
      await writeFileAtomic(path, JSON.stringify(content, null, 1) + "\n");
    } catch (error) {
      console.warn(`${(error as Error).message.split("\n")[0]}; what was measured is not kept`);
    }
  },
};

installChoiceStore(store);
