/**
 * Are hostile files refused, quickly and without filling the memory? Makes each file of hostile/files.ts, opens it in a
 * process of its own, and prints how that ended: the seconds from opening it to the error and the most memory that the
 * process ever had, Deno, the library and whatever the file made it take. Fails if a file is not refused by an InputError
 * within a second and 200 MB.
 *
 *     deno task check:hostile [WORD]      only the files whose description has the word
 *
 * @module
 */
import { HOSTILE_FILES, type HostileFile } from "./hostile/files.ts";
import type { Outcome } from "./hostile/open.ts";

const MOST_SECONDS = 1;
const MOST_MEGABYTES = 200;

/** Open a file in a process of its own. */
async function outcomeOf(path: string | undefined): Promise<Outcome> {
  const program = new URL("hostile/open.ts", import.meta.url).pathname;
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json", program],
      ...(path === undefined ? [] : [path]),
    ],
  }).output();
  if (code === 0) return JSON.parse(new TextDecoder().decode(stdout));
  const message = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  return { error: `exit code ${code}`, message, seconds: NaN, peakMegabytes: null };
}

async function write(path: string, { bytes, length }: HostileFile): Promise<void> {
  await Deno.writeFile(path, await bytes());
  if (length !== undefined) await Deno.truncate(path, length);
}

function row(name: string, { seconds, peakMegabytes }: Outcome, said: string): string {
  const memory = peakMegabytes === null ? "?" : peakMegabytes.toFixed(0);
  return `${name.padEnd(66)}${seconds.toFixed(2).padStart(6)}${memory.padStart(6)}  ${said}`;
}

async function check(files: readonly HostileFile[]): Promise<number> {
  const folder = await Deno.makeTempDir();
  let failed = 0;
  try {
    console.log(`${"file".padEnd(66)}   sec    MB  refused with`);
    console.log(row("(no file: Deno and the library)", await outcomeOf(undefined), ""));
    for (const file of files) {
      const path = `${folder}/a.${file.ending}`;
      await write(path, file);
      let outcome = await outcomeOf(path);
      for (let again = 0; again < 2 && outcome.seconds >= MOST_SECONDS; again++) {
        outcome = await outcomeOf(path); // something else may have kept the machine busy
      }
      const { error, message, seconds, peakMegabytes } = outcome;
      const passed = error === "InputError" && message.startsWith(path) &&
        seconds < MOST_SECONDS && (peakMegabytes ?? 0) < MOST_MEGABYTES;
      if (!passed) failed++;
      const line = message.replace(path, "").split("\n")[0].slice(0, 70);
      const said = `${passed ? "" : `FAILED: ${error || "nothing"} `}${line}`;
      console.log(row(`.${file.ending}: ${file.name}`, outcome, said));
      await Deno.remove(path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`\n${files.length - failed} of ${files.length} passed`);
  return failed > 0 || files.length === 0 ? 1 : 0;
}

if (import.meta.main) {
  const word = Deno.args[0] ?? "";
  Deno.exit(await check(HOSTILE_FILES.filter(({ name }) => name.includes(word))));
}
