/**
 * Check the notebooks: that they keep to notebooks/README.md, that they run, and that every cell shows what it promises.
 *
 *     deno task check:notebooks                  each in the Deno kernel, as a reader would run it
 *     deno task check:notebooks 02 03            only those whose names begin so
 *     deno task check:notebooks --save           and keep the outputs in the files
 *     deno task check:notebooks --again          then run the cells of each once more, from the last to the first
 *     deno task check:notebooks --fast           without Jupyter: the cells as one module, type-checked and run
 *
 * The notebooks run in a shuffled order (`--seed N` repeats one), since none may need another. Each has three minutes for
 * all of its cells. Needs Python's nbclient and jupyter_client; says which line installs them if they are missing. The gate
 * (`deno task test notebooks`) runs `--fast`, which needs nothing; where it finds problems it says where the modules are.
 *
 * @module
 */
import type { Command, Values } from "../cli/options.ts";
import { InputError } from "../core/errors.ts";
import { taskEnvironment } from "./environment.ts";
import { pythonWith, registerKernel } from "./jupyter_kernel.ts";
import {
  brokenPromises,
  cellName,
  type CellOutput,
  conventionProblems,
  moduleOf,
  type Notebook,
  outputText,
  parseNotebook,
  splitOutput,
} from "./notebook.ts";
import { runTool } from "./tool.ts";

/** Seconds that the cells of one notebook may take together, in the kernel. */
const MOST_SECONDS = 180;

/** Milliseconds after which the module of a notebook is stopped. */
const MOST_FAST_MS = 60_000;

const FOLDER = "notebooks";

/** For modules outside the project, run from another folder: LOCKED and the configuration, by whole paths. */
const CONFIGURED = [
  `--config=${Deno.cwd()}/deno.json`,
  `--lock=${Deno.cwd()}/deno.lock`,
  "--frozen",
];

/** Debian's packages with nbclient and what finds kernels. */
const INSTALL_LINE = "apt-get install -y --no-install-recommends python3-nbclient jupyter-client";

const command: Command = {
  summary: "Run the notebooks and compare what every cell shows with what it promises",
  operands: "[NAME…]",
  options: {
    fast: { help: "without Jupyter: each notebook as one module", type: "flag" },
    save: { help: "keep the outputs in the files", type: "flag" },
    again: { help: "then run all cells once more, from the last to the first", type: "flag" },
    seed: { help: "order of the notebooks (random if not given)", type: "whole" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  if (values.flag("fast") && (values.flag("save") || values.flag("again"))) {
    throw new InputError("check:notebooks: --fast goes with neither --save nor --again");
  }
  const notebooks = await readNotebooks(values.operands);
  const problems = values.flag("fast")
    ? await checkFast(notebooks)
    : await checkInKernel(notebooks, values);
  for (const problem of problems) console.log(problem);
  console.log(`${notebooks.size} notebooks, ${problems.length} problems`);
  if (problems.length > 0) Deno.exitCode = 1;
}

/**
 * The notebooks by name, in the order of their names.
 *
 * @throws {InputError} If a name fits none.
 */
async function readNotebooks(wanted: readonly string[]): Promise<Map<string, Notebook>> {
  const names = (await Array.fromAsync(Deno.readDir(FOLDER))).map(({ name }) => name)
    .filter((name) => name.endsWith(".ipynb")).sort();
  const wrong = wanted.find((start) => !names.some((name) => name.startsWith(start)));
  if (wrong !== undefined || names.length === 0) {
    throw new InputError(
      `${FOLDER}: no notebook "${wrong ?? ""}"; there are ${names.join(", ") || "none"}`,
    );
  }
  const chosen = names.filter((name) =>
    wanted.length === 0 || wanted.some((start) => name.startsWith(start))
  );
  return new Map(
    await Promise.all(chosen.map(async (name) => {
      const path = `${FOLDER}/${name}`;
      return [path, parseNotebook(path, await Deno.readTextFile(path))] as const;
    })),
  );
}

/** Conventions, types, and the run of each notebook as a module. */
async function checkFast(notebooks: ReadonlyMap<string, Notebook>): Promise<string[]> {
  const problems = [...notebooks].flatMap(([path, notebook]) =>
    conventionProblems(notebook).map((problem) => `${path}: ${problem}`)
  );
  const folder = await Deno.makeTempDir(); // not in the project, whose out/ deno check leaves out
  const prelude = import.meta.resolve("./notebook_prelude.ts");
  const modules = new Map<string, string>();
  for (const [path, notebook] of notebooks) {
    const file = `${folder}/${path.slice(FOLDER.length + 1).replace(/ipynb$/, "ts")}`;
    await Deno.writeTextFile(file, moduleOf(notebook, prelude));
    modules.set(path, file);
  }
  const checked = await runDeno(["check", ...CONFIGURED, ...modules.values()]);
  if (!checked.success) problems.push(`types: ${checked.stderr}`);
  for (const [path, file] of modules) {
    const start = performance.now();
    const { success, stdout, stderr } = await runDeno(
      ["run", "--no-check", ...CONFIGURED, "--no-prompt", "-R", "-W", "-E", file],
      FOLDER,
    );
    if (!success) problems.push(`${path}: ${stderr}`);
    const broken = brokenPromises(notebooks.get(path)!, splitOutput(stdout), { fast: true });
    problems.push(...broken.map((problem) => `${path}: ${problem}`));
    console.log(`${path}: ${((performance.now() - start) / 1000).toFixed(1)} s as a module`);
  }
  if (problems.length > 0) console.log(`the modules: ${folder}`);
  else await Deno.remove(folder, { recursive: true });
  return problems;
}

async function runDeno(
  args: readonly string[],
  cwd?: string,
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ...taskEnvironment(Deno.env.toObject()), NO_COLOR: "1" },
    ...(cwd ? { cwd } : {}),
    signal: AbortSignal.timeout(MOST_FAST_MS),
  }).output();
  const text = new TextDecoder();
  return {
    success: output.success,
    stdout: text.decode(output.stdout),
    stderr: output.signal === "SIGTERM"
      ? `stopped after ${MOST_FAST_MS / 1000} s`
      : text.decode(output.stderr).trim() || `ended by ${output.signal ?? `code ${output.code}`}`,
  };
}

/** The run of each notebook in the kernel. */
async function checkInKernel(
  notebooks: ReadonlyMap<string, Notebook>,
  values: Values,
): Promise<string[]> {
  const python = await pythonWith(["nbclient", "jupyter_client"]);
  if (!python) {
    throw new InputError(
      `check:notebooks: no Python with nbclient and jupyter_client\n  help: ${INSTALL_LINE}`,
    );
  }
  const seed = values.number("seed") ?? Date.now() % 1000;
  const order = shuffled([...notebooks], seed);
  if (order.length > 1) console.log(`order of --seed ${seed}`);
  const jupyter = await Deno.makeTempDir();
  const problems: string[] = [];
  try {
    const env = await registerKernel(jupyter, { NO_COLOR: "1" });
    for (const [path, notebook] of order) {
      const found = await checkOne(path, notebook, {
        python,
        env: { ...env, JUPYTER_DATA_DIR: jupyter, JUPYTER_RUNTIME_DIR: `${jupyter}/runtime` },
        again: values.flag("again"),
      });
      problems.push(...found.map((problem) => `${path}: ${problem}`));
      if (!values.flag("save")) continue;
      if (found.length > 0) console.log(`${path}: not saved`);
      else await Deno.writeTextFile(path, `${JSON.stringify(notebook, null, 1)}\n`);
    }
  } finally {
    await Deno.remove(jupyter, { recursive: true });
  }
  return problems;
}

/** What run_notebook.py says of a cell. */
interface CellRun {
  readonly index: number;
  readonly seconds: number;
  readonly outputs: readonly CellOutput[];
  readonly execution_count: number;
}

/** Run a notebook in the kernel; its cells get the outputs of the run from top to bottom. */
async function checkOne(
  path: string,
  notebook: Notebook,
  { python, env, again }: { python: string; env: Record<string, string>; again: boolean },
): Promise<string[]> {
  const code = notebook.cells.flatMap(({ cell_type }, i) => cell_type === "code" ? [i] : []);
  const order = again ? [...code, ...code.toReversed()] : code;
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: ["tools/run_notebook.py", path, order.join(","), String(MOST_SECONDS)],
    env,
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  const runs: CellRun[] = text.decode(stdout).trim().split("\n").filter(Boolean)
    .map((line) => JSON.parse(line));
  const first = runs.slice(0, code.length);
  first.forEach(({ index, outputs, execution_count }) =>
    Object.assign(notebook.cells[index], { outputs, execution_count })
  );
  const seconds = first.reduce((sum, run) => sum + run.seconds, 0);
  const slowest = first.reduce((a, b) => a.seconds > b.seconds ? a : b, first[0]);
  if (slowest) {
    console.log(
      `${path}: ${seconds.toFixed(1)} s; slowest ${slowest.seconds.toFixed(1)} s, ${
        cellName(notebook, slowest.index)
      }`,
    );
  }
  if (!success) return [text.decode(stderr).trim().split("\n").slice(-8).join("\n")];
  const second = runs.slice(code.length); // of which there is nothing if the first ended early
  return [first, ...(second.length > 0 ? [second] : [])].flatMap((pass, p) => {
    const shown = new Map(
      pass.map(({ index, outputs }) => [notebook.cells[index].id, outputText(outputs)]),
    );
    const found = [...errorsOf(notebook, pass), ...brokenPromises(notebook, shown)];
    return found.map((problem) => p === 0 ? problem : `run once more, ${problem}`);
  });
}

function errorsOf(notebook: Notebook, runs: readonly CellRun[]): string[] {
  return runs.flatMap(({ index, outputs }) =>
    outputs.filter(({ output_type }) => output_type === "error")
      .map(({ ename, evalue }) => `${cellName(notebook, index)}: ${ename}: ${evalue}`)
  );
}

/** The items in an order that a whole number gives (Fisher and Yates, with a linear congruential generator). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  let state = seed >>> 0;
  for (let i = result.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' constants
    const j = Math.floor(state / 2 ** 32 * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

if (import.meta.main) await runTool("check:notebooks", command);
