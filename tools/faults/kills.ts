/**
 * Kill training runs at random moments and resume them.
 *
 * @module
 */
import {
  checkpointStep,
  differences,
  leftOver,
  runProgram,
  startProgram,
} from "./training_runs.ts";

const TRAIN = [
  ...["cli/main.ts", "train", "--preset", "demo", "--batch", "2", "--steps", "120"],
  ...["--accumulate", "2", "--average", "0.99", "--save-every", "4", "--validate-every", "40"],
  ...["--seed", "3"],
];

/** What came of it. */
export interface Kills {
  /** How many there were: fewer than asked for if the time was over. */
  readonly kills: number;
  /** After how many different steps of a checkpoint they came; 0 would prove little. */
  readonly moments: number;
  /** What was lost or differs from an undisturbed run; empty where nothing is. */
  readonly problems: readonly string[];
}

/**
 * Kill so many times with SIGKILL, each at a random moment of a run that goes on from its checkpoint; a run that comes
 * to its end is compared with an undisturbed one, to the last bit, and the next begins.
 *
 * @param folder Where the runs may write.
 * @param until Kill nothing more, but once, when `performance.now()` has come so far.
 */
export async function killAtRandom(
  kills: number,
  folder: string,
  say: (line: string) => void,
  until = Infinity,
): Promise<Kills> {
  const plain = `${folder}/plain`;
  const before = performance.now();
  await runProgram([...TRAIN, "--out", plain]);
  const tookMs = performance.now() - before;
  say(`undisturbed: ${(tookMs / 1000).toFixed(1)} s`);
  const problems: string[] = [];
  const moments = new Set<string>();
  let done = 0;
  const isOver = () => done >= kills || (done > 0 && performance.now() >= until);
  for (let number = 1; !isOver(); number++) {
    const out = `${folder}/killed ${number}`;
    let ended = false;
    while (!ended && !isOver()) {
      const waitMs = tookMs * (0.05 + 0.35 * Math.random()); // starting takes a part
      ended = await killAfter(waitMs, out);
      if (ended) break;
      done++;
      const step = await checkpointStep(out).catch((error) => {
        problems.push(`kill ${done}: ${error.message}`);
        return 0;
      });
      if (step > 0) moments.add(`${number} ${step}`);
      say(`kill ${done}: after ${(waitMs / 1000).toFixed(1)} s, checkpoint of step ${step}`);
    }
    if (!ended) await runProgram([...TRAIN, "--out", out, "--resume"]);
    const different = await differences(plain, out);
    if (different.length > 0) problems.push(`run ${number}: ${different.join(", ")} differ`);
    if (leftOver(out) > 0) problems.push(`run ${number}: half-written files are left over`);
    say(`run ${number}: ${different.length === 0 ? "identical" : `DIFFER: ${different}`}`);
  }
  return { kills: done, moments: moments.size, problems };
}

/** Start or go on with a run and kill it after a while; true if it came to its end before. */
async function killAfter(waitMs: number, out: string): Promise<boolean> {
  const { process, ended } = startProgram([...TRAIN, "--out", out, "--resume"]);
  const timer = Promise.withResolvers<undefined>();
  const id = setTimeout(() => timer.resolve(undefined), waitMs);
  const end = await Promise.race([ended, timer.promise]);
  clearTimeout(id);
  if (end) {
    if (end.code !== 0) throw new Error(`a run ended with code ${end.code}:\n${end.said}`);
    return true;
  }
  process.kill("SIGKILL");
  await ended;
  return false;
}
