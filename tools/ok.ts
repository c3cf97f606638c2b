/**
 * The gate: everything that must hold before a change lands, in one command.
 *
 *     deno task test            all steps
 *     deno task test lint web   only these steps
 *     deno task test tests/ops  only the tests of these files or folders
 *
 * Every step runs, also after one has failed, and the last line says the result: the tests and doc
 * examples that passed, and what failed. A step that is not a test counts as one failure; so does
 * a skipped test, since a test that does not run proves nothing.
 *
 * @module
 */
import { GpuError, InputError } from "../core/errors.ts";
import { ensureAdapter } from "./ensure_adapter.ts";
import { ENTRY_POINTS, LIBRARY } from "./library.ts";
import { LOCKED, runDeno } from "./start.ts";

/** Pages, and a folder of pages, whose `ts` blocks are run like examples. */
const PAGES = ["README.md", "docs/how_it_runs.md", "docs/conv2d.md", "docs/guides"];

/** The folders that must type-check as a web page would see them: no `Deno`, only the web's names. */
const PORTABLE = LIBRARY.filter((folder) => folder !== "io");

/** One step of the gate. */
export interface Step {
  readonly name: string;
  readonly args: readonly string[];
  /** Whether it runs tests, whose numbers the closing line adds up. */
  readonly tests?: true;
}

/** How the tests are run: they may read, write, see the environment, and start this same Deno only. */
export const TEST_ARGS: readonly string[] = [
  "test",
  "--parallel",
  ...LOCKED,
  "--no-prompt",
  "-R",
  "-W",
  "-E",
  `--allow-run=${Deno.execPath()},ls`, // ls counts open files (soak.ts)
];

const STEPS: readonly Step[] = [
  { name: "fmt", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "check", args: ["check", ...LOCKED, "."] },
  { name: "web", args: ["check", "-c", "deno.web.json", ...LOCKED, ...PORTABLE] },
  { name: "layers", args: ["run", "--allow-read", "tools/check_layers.ts"] },
  { name: "doclint", args: ["doc", "--lint", ...ENTRY_POINTS] },
  {
    name: "docs",
    args: ["run", "--allow-read", "--allow-run", "tools/check_docs.ts", ...ENTRY_POINTS],
  },
  {
    name: "examples",
    args: ["test", "--doc", ...LOCKED, "--no-prompt", "-R", "-W", ...LIBRARY, ...PAGES],
    tests: true,
  },
  {
    name: "notebooks",
    args: [
      "run",
      ...LOCKED,
      "--no-prompt",
      "-R",
      "-W",
      "-E",
      `--allow-run=${Deno.execPath()}`,
      "tools/check_notebooks.ts",
      "--fast",
    ],
  },
  // The step "check" has type-checked the tests.
  { name: "tests", args: [...TEST_ARGS, "--no-check", "tests"], tests: true },
];

/** Numbers of tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Count the tests in a JUnit report. A `describe` is a test to Deno and its `it`s are steps of it; only
 * those without further steps count.
 */
export function countTests(junit: string): Counts {
  const cases = [...junit.matchAll(/<testcase name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g)]
    .map(([, name, body]) => ({ name, body }));
  const groups = new Set(
    cases.flatMap(({ name }) => {
      const parts = name.split(" &gt; ");
      return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join(" &gt; "));
    }),
  );
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of cases) {
    if (groups.has(name)) continue;
    if (body.includes("<skipped")) counts.skipped++;
    else if (/<(?:failure|error)\b/.test(body)) counts.failed++;
    else counts.passed++;
  }
  return counts;
}

/** The result of one step. */
export interface StepResult {
  readonly name: string;
  readonly code: number;
  /** For steps that run tests. */
  readonly counts?: Counts;
}

/**
 * What a step adds to the closing line, and why it failed, if it did.
 *
 * A step fails if it exits with another code than 0 (a crash at exit does so after the last test has
 * passed), if a test was skipped, or if there was nothing to run.
 */
export function judge({ name, code, counts }: StepResult): {
  passed: number;
  failed: number;
  problem?: string;
} {
  if (!counts) {
    return code === 0
      ? { passed: 0, failed: 0 }
      : { passed: 0, failed: 1, problem: `${name}: exit code ${code}` };
  }
  const { passed, failed, skipped } = counts;
  const bad = failed + skipped;
  const problems = [
    failed > 0 ? `${failed} failed` : "",
    skipped > 0 ? `${skipped} skipped` : "",
    bad === 0 && code !== 0 ? `exit code ${code}` : "",
    code === 0 && passed + bad === 0 ? "nothing was run" : "",
  ].filter(Boolean);
  if (problems.length === 0) return { passed, failed: 0 };
  return { passed, failed: Math.max(1, bad), problem: `${name}: ${problems.join(", ")}` };
}

/**
 * The steps to run: all, or those named, or the tests of the files and folders named.
 *
 * @throws {InputError} If an argument is neither.
 */
export function chooseSteps(args: readonly string[]): readonly Step[] {
  if (args.length === 0) return STEPS;
  const files = args.filter((arg) => /^tests\//.test(arg));
  const wrong = args.find((arg) => !files.includes(arg) && !STEPS.some(({ name }) => name === arg));
  if (wrong !== undefined) {
    const names = STEPS.map(({ name }) => name).join(", ");
    throw new InputError(`ok: no step "${wrong}"; there are ${names}, and files below tests/`);
  }
  const steps = STEPS.filter(({ name }) => args.includes(name));
  if (files.length === 0) return steps;
  return [...steps, { name: files.join(" "), args: [...TEST_ARGS, ...files], tests: true }];
}

async function runStep({ name, args, tests }: Step): Promise<StepResult> {
  const present = [];
  for (const arg of args) {
    // A page or folder that is not there yet has nothing to check.
    if (![...LIBRARY, ...PAGES].includes(arg) || await Deno.stat(arg).catch(() => null)) {
      present.push(arg);
    }
  }
  if (!tests) return { name, code: await runDeno(present) };
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const code = await runDeno([
      ...present.slice(0, 1),
      `--junit-path=${report}`,
      ...present.slice(1),
    ]);
    return { name, code, counts: countTests(await Deno.readTextFile(report)) };
  } finally {
    await Deno.remove(report);
  }
}

/** Run steps, print the closing line, and return the exit code. */
async function runGate(steps: readonly Step[]): Promise<number> {
  Deno.env.set("AE_TUNE", "off"); // the same choices on every machine, whatever was measured here
  console.log(`WebGPU adapter: ${await ensureAdapter()}`);
  let passed = 0;
  let failed = 0;
  const problems: string[] = [];
  for (const step of steps) {
    console.log(`\n--- ${step.name}`);
    const start = performance.now();
    const verdict = judge(await runStep(step));
    passed += verdict.passed;
    failed += verdict.failed;
    if (verdict.problem) problems.push(verdict.problem);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`--- ${step.name}: ${verdict.problem ? "FAILED" : "ok"}, ${seconds} s`);
  }
  if (problems.length > 0) console.log(`\nfailing:\n  ${problems.join("\n  ")}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await runGate(chooseSteps(Deno.args)));
  } catch (error) {
    if (!(error instanceof InputError || error instanceof GpuError)) throw error;
    console.error(error.message);
    console.log("\n0 passed, 1 failed");
    Deno.exit(1);
  }
}
