/**
 * Does a training run survive being killed? Train once undisturbed; train again, killed with SIGKILL at ten random
 * moments and resumed each time; compare weights and log to the last bit. After every kill each weight file in the
 * folder must be whole, and at least two kills must have come after different checkpoints.
 *
 *     deno task check:resume [KILLS]
 *
 * @module
 */
import { readSafetensors } from "../mod.ts";

const STEPS = 200;
const TRAIN = [
  ...["train", "--preset", "demo", "--batch", "2", "--steps", String(STEPS), "--accumulate", "2"],
  ...["--average", "0.99", "--save-every", "4", "--validate-every", "40", "--seed", "3"],
];

const kills = Number(Deno.args[0] ?? 10);
if (!Number.isInteger(kills) || kills < 1) {
  console.error("check:resume: the number of kills must be a whole number, 1 or more");
  Deno.exit(2);
}

/** Start a training run. */
function start(out: string, ...more: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--no-lock", "--import-map=import_map.json", "cli/main.ts"],
      ...[...TRAIN, "--out", out, ...more],
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function run(out: string, ...more: string[]): Promise<void> {
  const { code } = await start(out, ...more).status;
  if (code !== 0) throw new Error(`training ended with code ${code}`);
}

/** Every weight file of a folder as text; throws if one is not whole. */
async function filesOf(out: string): Promise<string[]> {
  const names = [...Deno.readDirSync(out)].map(({ name }) => name).toSorted();
  const whole = names.filter((name) => name.endsWith(".safetensors"));
  for (const name of whole) await readSafetensors(`${out}/${name}`);
  return whole;
}

/** The tensors of a file as text. */
async function bits(path: string): Promise<string> {
  const { arrays } = await readSafetensors(path);
  const parts = await Promise.all(
    Object.entries(arrays).toSorted().map(async ([name, { data }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
      return `${name} ${new Uint8Array(digest).toHex()}`;
    }),
  );
  return parts.join("\n");
}

const folder = await Deno.makeTempDir();
const [plain, killed] = [`${folder}/plain`, `${folder}/killed`];
let passed = false;
try {
  const before = performance.now();
  await run(plain);
  const tookMs = performance.now() - before;
  console.log(`undisturbed: ${STEPS} steps in ${(tookMs / 1000).toFixed(1)} s`);
  const reached: number[] = [];
  for (let i = 0; i < kills; i++) {
    const child = start(killed, "--resume");
    const wait = tookMs * (0.1 + 0.08 * Math.random()); // starting takes a part
    const ended = await Promise.race([
      child.status,
      new Promise<undefined>((done) => setTimeout(() => done(undefined), wait)),
    ]);
    if (ended) {
      if (ended.code !== 0) throw new Error(`sitting ${i + 1} ended with code ${ended.code}`);
      console.log(`sitting ${i + 1}: the run came to its end`);
      break;
    }
    child.kill("SIGKILL");
    await child.status;
    const names = await filesOf(killed).catch((error): string[] => {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    });
    const steps = names.includes("checkpoint.safetensors")
      ? JSON.parse(
        (await readSafetensors(`${killed}/checkpoint.safetensors`)).metadata.reached,
      ).steps
      : 0;
    reached.push(steps);
    console.log(`kill ${i + 1}: after ${(wait / 1000).toFixed(1)} s, checkpoint of step ${steps}`);
  }
  await run(killed, "--resume");
  const same = await Promise.all(
    ["weights", "checkpoint", "best"].map(async (name) =>
      await bits(`${plain}/${name}.safetensors`) === await bits(`${killed}/${name}.safetensors`)
    ),
  );
  const log = await Promise.all(
    [plain, killed].map((out) => Deno.readTextFile(`${out}/metrics.jsonl`)),
  );
  const leftOver = [...Deno.readDirSync(killed)].filter(({ name }) => name.endsWith(".tmp")).length;
  const progress = new Set(reached.filter((steps) => steps > 0)).size; // kills before a checkpoint prove little
  passed = same.every(Boolean) && log[0] === log[1] && leftOver === 0 && progress >= 2;
  console.log(
    `${reached.length} kills: weights ${same[0] ? "identical" : "DIFFER"}, checkpoint ${
      same[1] ? "identical" : "DIFFERS"
    }, best ${same[2] ? "identical" : "DIFFERS"}, log ${
      log[0] === log[1] ? "identical" : "DIFFERS"
    }, ${leftOver} files left over: ${passed ? "passed" : "failed"}`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(passed ? 0 : 1);
