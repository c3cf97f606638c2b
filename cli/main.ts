/**
 * The command line: its commands, in the groups of `--help`.
 *
 * @module
 */
import { GpuError, InputError, ShapeError, unknownName } from "../mod.ts";
import { calibrateCommand } from "./calibrate.ts";
import { demoCommand } from "./demo.ts";
import { demoSegmentCommand } from "./demo_segment.ts";
import { demoTrackCommand } from "./demo_track.ts";
import { evaluateCommand } from "./evaluate.ts";
import { evaluateTracksCommand } from "./evaluate_tracks.ts";
import { helpOf, overviewOf } from "./help.ts";
import { importWeightsCommand } from "./import_weights.ts";
import { infoCommand } from "./info.ts";
import { type Command, readOptions } from "./options.ts";
import { predictCommand } from "./predict.ts";
import { warn } from "./say.ts";
import { trackCommand } from "./track.ts";
import { trainCommand } from "./train.ts";

/** The commands by group and name. */
export const COMMANDS = {
  "See it work": {
    demo: demoCommand,
    "demo:segment": demoSegmentCommand,
    "demo:track": demoTrackCommand,
  },
  "Get a network": {
    train: trainCommand,
    "import-weights": importWeightsCommand,
    calibrate: calibrateCommand,
    info: infoCommand,
  },
  "Use it": {
    predict: predictCommand,
    track: trackCommand,
  },
  "Say how good it is": {
    evaluate: evaluateCommand,
    "evaluate-tracks": evaluateTracksCommand,
  },
} as const;

const commands: Readonly<Record<string, Command>> = Object.assign({}, ...Object.values(COMMANDS));

/** Run a command line; returns the exit code. Errors that a user can mend are printed without a stack. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      console.log(
        overviewOf("Associative embedding on WebGPU: train, predict and measure.", COMMANDS),
      );
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
    warn(`${name ? `${name}: ` : ""}${error.message}`);
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

if (import.meta.main) Deno.exit(await main(Deno.args));
