/**
 * Ctrl-C while work is in progress: once, it is finished at the next good point; twice, at once.
 *
 * @module
 */

/** Whether somebody asked to stop. */
export interface Interruption extends Disposable {
  /** True from the first signal on. */
  readonly requested: boolean;
}

/** One Ctrl-C may arrive several times: the terminal sends it to a task and to the program that it started. */
const ONE_KEY_MS = 500;
/** What a shell calls a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/**
 * Listen for Ctrl-C (and for SIGTERM, with which services are stopped) until it is disposed of.
 *
 * @param say Told once, when it is heard for the first time.
 */
export function listenForInterruption(say: () => void): Interruption {
  let first: number | undefined;
  const heard = () => {
    if (first === undefined) {
      first = performance.now();
      say();
    } else if (performance.now() - first > ONE_KEY_MS) {
      Deno.exit(INTERRUPTED);
    }
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, heard);
  return {
    get requested() {
      return first !== undefined;
    },
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, heard);
    },
  };
}
