/**
 * Open one file as the commands do, read all that is in it, and print as JSON how that ended: what check_hostile.ts runs
 * in a process of its own for each file.
 *
 * @module
 */
import { openArrays, readMat } from "../../mod.ts";

/** How opening a file ended. */
export interface Outcome {
  /** The error's name; empty if there was none. */
  readonly error: string;
  readonly message: string;
  readonly seconds: number;
  /** The most memory that the process had, MB; null where the system does not say. */
  readonly peakMegabytes: number | null;
}

async function openAll(path: string): Promise<void> {
  if (path.endsWith(".mat")) return void await readMat(path);
  using file = await openArrays(path);
  for (const array of file.arrays.values()) await array.read();
}

/** Linux keeps the peak of a process's resident memory. */
function peakMegabytes(): number | null {
  if (Deno.build.os !== "linux") return null;
  const [, kibibytes] = /VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return Number(kibibytes) * 1024 / 1e6;
}

const start = performance.now();
let [error, message] = ["", ""];
try {
  if (Deno.args[0] !== undefined) await openAll(Deno.args[0]);
} catch (thrown) {
  ({ name: error, message } = thrown as Error);
}
const seconds = (performance.now() - start) / 1000;
const outcome: Outcome = { error, message, seconds, peakMegabytes: peakMegabytes() };
console.log(JSON.stringify(outcome));
