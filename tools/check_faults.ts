/**
 * What docs/reliability.md promises, proved: each fault is brought about, and then it is looked what is lost.
 *
 *     deno task check:faults [--kills 50] [--minutes M] [NAME…]
 *
 * Needs leave to mount small file systems (`disk-full`, `read-only`): root on Linux.
 *
 * @module
 */
import { apply, GpuError, type Op, tensor, unknownName } from "../mod.ts";
import { kernel } from "../core/kernel.ts";
import type { Command, Values } from "../cli/options.ts";
import { INTERRUPTED } from "../cli/interruption.ts";
import { killAtRandom } from "./faults/kills.ts";
import {
  checkpointStep,
  differences,
  leftOver,
  runProgram,
  startProgram,
} from "./faults/training_runs.ts";
import { minutesOption, runTool, untilOf } from "./tool.ts";

/** A short run that writes often. */
const RUN = [
  ...["train", "--preset", "demo", "--batch", "2", "--steps", "60", "--save-every", "5"],
  ...["--seed", "3"],
];
const TRAIN = ["cli/main.ts", ...RUN];

/** Where a fault is tried. */
interface Place {
  /** A folder of its own. */
  readonly folder: string;
  /** The folder of an undisturbed run. */
  readonly plain: string;
  readonly kills: number;
  /** When `performance.now()` has come so far, nothing more is killed. */
  readonly until: number;
}

/** A fault: throws if a promise is broken, and says what was seen. */
interface Fault {
  readonly promise: string;
  readonly bringAbout: (place: Place) => Promise<string>;
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}

/** After a fault: the run goes on from its checkpoint and ends as if nothing had been. */
async function goesOn({ plain }: Place, out: string): Promise<string> {
  const step = await checkpointStep(out);
  expect(step > 0, "there is no checkpoint to go on from");
  await runProgram([...TRAIN, "--out", out, "--resume"]);
  const different = await differences(plain, out);
  expect(different.length === 0, `after --resume these differ: ${different.join(", ")}`);
  expect(leftOver(out) === 0, "half-written files are left over");
  return `went on from step ${step}, everything identical`;
}

/** Wait until a run has written a checkpoint. */
async function untilCheckpoint(out: string): Promise<void> {
  while (await Deno.stat(`${out}/weights.safetensors`).then(() => false, () => true)) {
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Work on a small file system of its own. */
async function withDisk(
  folder: string,
  size: string,
  work: (disk: string, remount: (options: string) => Promise<void>) => Promise<string>,
): Promise<string> {
  const disk = `${folder}/disk`;
  await Deno.mkdir(disk);
  const mount = async (...args: string[]) => {
    const { code, stderr } = await new Deno.Command("mount", { args, stderr: "piped" }).output();
    const said = new TextDecoder().decode(stderr).trim();
    expect(code === 0, `this needs leave to mount a file system, as root: ${said}`);
  };
  await mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk);
  try {
    return await work(disk, (options) => mount("-o", `remount,${options}`, disk));
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "device-lost": {
    promise: "a lost device ends the run with an error; it goes on from its checkpoint",
    async bringAbout(place) {
      const out = `${place.folder}/run`;
      const program = ["tools/faults/in_process.ts", "lose-device", ...RUN, "--out", out];
      const { code, said } = await startProgram(program).ended;
      expect(code === 1 && /the device was lost/.test(said), `ended with ${code}: ${said}`);
      return await goesOn(place, out);
    },
  },
  "gpu-memory": {
    promise: "too little GPU memory is an error that says who holds how much",
    async bringAbout({ folder }) {
      const program = ["tools/faults/in_process.ts", "little-memory", ...RUN];
      const { code, said } = await startProgram([...program, "--out", `${folder}/run`]).ended;
      const isClear = /out of memory: .* would pass the budget of 8\.0 MiB; held now:/.test(said);
      expect(code === 1 && isClear && /help:/.test(said), `ended with ${code}: ${said}`);
      return said.split("\n").find((line) => line.startsWith("out of memory"))!;
    },
  },
  "shader": {
    promise: "a shader that does not compile is an error with its text; other work goes on",
    async bringAbout() {
      const broken: Op<null> = {
        name: "broken",
        shape: ([x]) => x,
        kernel: (request) =>
          kernel({
            ...{ name: "broken", request, inputs: ["x"], iterations: 0 },
            ...{ workgroupSize: [1, 1, 1], workgroups: [1, 1, 1] },
            body: "  out[0] = no_such_function(x[0]);",
          }),
      };
      const failure = await apply(broken, [tensor([1])], null).read().then(() => null, (it) => it);
      expect(failure instanceof GpuError, `gave ${failure}`);
      expect(/\d+ {2}.*no_such_function/.test(failure.message), "the error does not show the line");
      expect(await tensor([1, 2]).sum().item() === 3, "the next sum was wrong");
      return failure.message.split("\n")[0];
    },
  },
  "disk-full": {
    promise: "a full disk ends the run with an error; what was written before is whole",
    bringAbout: (place) =>
      withDisk(place.folder, "12m", async (disk, remount) => {
        const out = `${disk}/run`;
        const { code, said } = await startProgram([...TRAIN, "--out", out]).ended;
        expect(code !== 0 && /\.safetensors: .*(space|full)/i.test(said), `${code}: ${said}`);
        expect(leftOver(out) === 0, "half of a file is left over");
        const step = await checkpointStep(out);
        await remount("size=64m");
        if (step === 0) {
          await runProgram([...TRAIN, "--out", out]);
          const different = await differences(place.plain, out);
          expect(different.length === 0, `these differ: ${different.join(", ")}`);
          return "no checkpoint fitted; a new run in the folder was identical";
        }
        return await goesOn(place, out);
      }),
  },
  "read-only": {
    promise: "a folder that cannot be written is refused before any work is done",
    bringAbout: ({ folder }) =>
      withDisk(folder, "1m", async (disk, remount) => {
        await remount("ro");
        const before = performance.now();
        const { code, said } = await startProgram([...TRAIN, "--out", `${disk}/run`]).ended;
        const seconds = (performance.now() - before) / 1000;
        expect(code === 1 || code === 2, `ended with ${code}`);
        expect(/output folder .* cannot be written/.test(said), said);
        expect(!/train {2,}\d/.test(said), "it trained all the same");
        return `refused after ${seconds.toFixed(1)} s`;
      }),
  },
  "interrupted": {
    promise: "Ctrl-C ends a run after the step, with a checkpoint",
    async bringAbout(place) {
      const out = `${place.folder}/run`;
      const { process, ended } = startProgram([...TRAIN, "--out", out]);
      await untilCheckpoint(out);
      process.kill("SIGINT");
      const { code, said } = await ended;
      expect(code === INTERRUPTED, `ended with ${code}: ${said}`);
      expect(/stopping after this step/.test(said), said);
      return await goesOn(place, out);
    },
  },
  "clock": {
    promise: "a clock that jumps changes nothing",
    async bringAbout({ folder, plain }) {
      const out = `${folder}/run`;
      const program = ["tools/faults/in_process.ts", "jump-clock", ...RUN, "--out", out];
      const { code, said } = await startProgram(program).ended;
      expect(code === 0, `ended with ${code}: ${said}`);
      const different = await differences(plain, out);
      expect(different.length === 0, `these differ: ${different.join(", ")}`);
      return "everything identical";
    },
  },
  "two-runs": {
    promise: "a second run into a folder is refused, and the first is not disturbed",
    async bringAbout({ folder, plain }) {
      const out = `${folder}/run`;
      const first = startProgram([...TRAIN, "--out", out]);
      await untilCheckpoint(out);
      for (const more of [[], ["--resume"]]) {
        const { code, said } = await startProgram([...TRAIN, "--out", out, ...more]).ended;
        expect(code === 1 || code === 2, `the second ended with ${code}`);
        expect(/another run is writing there/.test(said), said);
      }
      const { code } = await first.ended;
      expect(code === 0, `the first ended with ${code}`);
      const different = await differences(plain, out);
      expect(different.length === 0, `these differ: ${different.join(", ")}`);
      return "refused twice; the first ended as if alone";
    },
  },
  "killed": {
    promise: "a run killed at any moment goes on from its last checkpoint and ends the same",
    async bringAbout({ folder, kills, until }) {
      const say = (line: string) => console.error(`  ${line}`);
      const result = await killAtRandom(kills, folder, say, until);
      expect(result.problems.length === 0, result.problems.join("; "));
      const short = result.kills < kills ? ` of ${kills}` : "";
      return `${result.kills}${short} kills at ${result.moments} moments, nothing lost`;
    },
  },
};

const command: Command = {
  summary: "Bring faults about and look what is lost.",
  operands: "[NAME…]",
  options: {
    kills: { type: "whole", least: 1, default: 50, help: "how often runs are killed" },
    minutes: minutesOption("most minutes of killing"),
  },
  run,
};

async function run(values: Values): Promise<void> {
  const names = Object.keys(FAULTS);
  const unknown = values.operands.find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName("fault", unknown, names);
  const chosen = values.operands.length > 0 ? values.operands : names;
  const folder = await Deno.makeTempDir();
  const plain = `${folder}/undisturbed`;
  let broken = 0;
  try {
    await runProgram([...TRAIN, "--out", plain]);
    for (const name of chosen) {
      const { promise, bringAbout } = FAULTS[name];
      const own = `${folder}/${name}`;
      await Deno.mkdir(own);
      const [kills, until] = [values.number("kills")!, untilOf(values)];
      const seen = await bringAbout({ folder: own, plain, kills, until }).catch((error) => {
        broken++;
        return `BROKEN: ${(error as Error).message}`;
      });
      console.log(`${name.padEnd(12)} ${promise}\n${"".padEnd(13)}${seen}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`${chosen.length} faults, ${broken} promises broken`);
  if (broken > 0) Deno.exitCode = 1;
}

if (import.meta.main) await runTool("check:faults", command);
