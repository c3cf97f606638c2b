/**
 * Run the tests many times in a row and count the runs that did not end well. The tests pass or
 * fail the same way each time; what this looks for is a crash while the process ends, which comes
 * from drivers and only now and then (see tools/environment.ts).
 *
 *     deno task check:repeat 50            all tests
 *     deno task check:repeat 50 tests/ops  only these
 *
 * @module
 */
import { ensureAdapter } from "./ensure_adapter.ts";
import { taskEnvironment } from "./environment.ts";
import { TEST_ARGS } from "./ok.ts";

/** What one run came to. */
export interface Run {
  readonly code: number;
  readonly signal: string | null;
}

/** Sort runs into good ones, failed tests and crashes (ended by a signal). */
export function tally(runs: readonly Run[]): { good: number; failed: number; crashed: number } {
  const crashed = runs.filter(({ code, signal }) => signal !== null || code > 128).length;
  const good = runs.filter(({ code, signal }) => signal === null && code === 0).length;
  return { good, failed: runs.length - good - crashed, crashed };
}

if (import.meta.main) {
  const times = Number(Deno.args[0]);
  if (!Number.isInteger(times) || times < 1) {
    console.error("check:repeat: say how many times, e.g. deno task check:repeat 50");
    Deno.exit(2);
  }
  const files = Deno.args.slice(1);
  await ensureAdapter();
  const runs: Run[] = [];
  for (let i = 1; i <= times; i++) {
    const start = performance.now();
    const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...TEST_ARGS, "--no-check", ...(files.length > 0 ? files : ["tests"])],
      env: { ...taskEnvironment(Deno.env.toObject()), NO_COLOR: "1" },
    }).output();
    runs.push({ code, signal });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `run ${i} of ${times}: ${signal ?? (code === 0 ? "ok" : `exit code ${code}`)}, ${seconds} s`,
    );
    if (code !== 0) {
      const text = new TextDecoder();
      console.log(`${text.decode(stdout)}${text.decode(stderr)}`.split("\n").slice(-30).join("\n"));
    }
  }
  const { good, failed, crashed } = tally(runs);
  console.log(`${good} good, ${failed} failed, ${crashed} crashed of ${times} runs`);
  if (good < times) Deno.exit(1);
}
