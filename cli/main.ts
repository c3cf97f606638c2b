/**
 * The command line: `demo`, `demo:segment`, `demo:track`, `train`, `predict`, `evaluate`, `track`, `evaluate-tracks`,
 * `import-weights`, `info`.
 *
 * @module
 */
import { GpuError, InputError, ShapeError, unknownName } from "../mod.ts";
import { demoCommand } from "./demo.ts";
import { demoSegmentCommand } from "./demo_segment.ts";
import { demoTrackCommand } from "./demo_track.ts";
import { evaluateCommand } from "./evaluate.ts";
import { evaluateTracksCommand } from "./evaluate_tracks.ts";
import { importWeightsCommand } from "./import_weights.ts";
import { infoCommand } from "./info.ts";
import { type Command, helpOf, readOptions } from "./options.ts";
import { predictCommand } from "./predict.ts";
import { trackCommand } from "./track.ts";
import { trainCommand } from "./train.ts";

const commands: Readonly<Record<string, Command>> = {
  demo: demoCommand,
  "demo:segment": demoSegmentCommand,
  "demo:track": demoTrackCommand,
  train: trainCommand,
  predict: predictCommand,
  evaluate: evaluateCommand,
  track: trackCommand,
  "evaluate-tracks": evaluateTracksCommand,
  "import-weights": importWeightsCommand,
  info: infoCommand,
};

/** Run a command line; returns the exit code. Errors that a user can mend are printed without a stack. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      console.log(overview());
      return name === undefined ? 2 : 0;
    }
    if (!Object.hasOwn(commands, name)) {
      throw unknownName("command", name, Object.keys(commands));
    }
    const command = commands[name];
    if (rest.includes("--help") || rest.includes("-h")) {
      console.log(helpOf(name, command));
      return 0;
    }
    await command.run(readOptions(command, rest));
    return Deno.exitCode; // a command that was interrupted sets it
  } catch (error) {
    if (!isMendable(error)) throw error;
    console.error(`${name ? `${name}: ` : ""}${error.message}`);
    return 1;
  }
}

/** Whether the message says all that a user needs; a defect of the library shows its stack instead. */
function isMendable(error: unknown): error is Error {
  if (error instanceof InputError || error instanceof GpuError) return true;
  if (error instanceof Error && /Requires \w+ access/.test(error.message)) return true; // docs/reliability.md
  const checked = error instanceof RangeError || error instanceof ShapeError;
  return checked && /^[A-Za-z]\w+: /.test(error.message) && !error.message.startsWith("internal:");
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    "Associative embedding on WebGPU: train, predict and measure.",
    "",
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Each has --help.",
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
