/**
 * Does a training run survive being killed? Kill runs with SIGKILL at random moments and resume them each time; weights,
 * checkpoint, best weights and log must end as those of an undisturbed run to the last bit, and after every kill each
 * weight file in the folder must be whole.
 *
 *     deno task check:resume [KILLS]
 *
 * @module
 */
import { killAtRandom } from "./faults/kills.ts";

const kills = Number(Deno.args[0] ?? 10);
if (!Number.isInteger(kills) || kills < 1) {
  console.error("check:resume: the number of kills must be a whole number, 1 or more");
  Deno.exit(2);
}
const folder = await Deno.makeTempDir();
try {
  const { moments, problems } = await killAtRandom(kills, folder, console.log);
  const passed = problems.length === 0 && moments >= Math.min(2, kills);
  for (const problem of problems) console.log(problem);
  console.log(`${kills} kills, ${moments} moments: ${passed ? "passed" : "failed"}`);
  Deno.exitCode = passed ? 0 : 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
