/**
 * Faults that a program must bring upon itself: `in_process.ts FAULT train …` trains as the command line does, and in
 * the middle of it
 *
 *     lose-device    the device is lost, as when a driver is restarted
 *     jump-clock     the clock of the system jumps by a year, back and forth, every few milliseconds
 *     little-memory  GPU memory is as good as used up from the start
 *
 * @module
 */
import { InputError, setMemoryBudget } from "../../mod.ts";
import { openGpu } from "../../core/device.ts";
import { readOptions } from "../../cli/options.ts";
import { trainCommand } from "../../cli/train.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;

const FAULTS: Readonly<Record<string, () => void>> = {
  "lose-device"() {
    // After the first checkpoint, so that there is something to go on from.
    const folder = Deno.args[Deno.args.indexOf("--out") + 1];
    const timer = setInterval(async () => {
      const there = await Deno.stat(`${folder}/weights.safetensors`).then(() => true, () => false);
      if (!there) return;
      clearInterval(timer);
      (await openGpu()).device.destroy();
    }, 20);
    Deno.unrefTimer(timer);
  },
  "jump-clock"() {
    const now = Date.now;
    let jump = 0;
    Date.now = () => now() + jump;
    const timer = setInterval(() => jump = (Math.random() - 0.5) * 2 * YEAR_MS, 5);
    Deno.unrefTimer(timer);
  },
  "little-memory": () => setMemoryBudget(8 * 2 ** 20),
};

const [fault, , ...options] = Deno.args;
FAULTS[fault]();
try {
  await trainCommand.run(readOptions(trainCommand, options));
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(error instanceof InputError ? 2 : 1);
}
