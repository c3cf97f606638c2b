/**
 * Compare the library with a folder of reference numbers, family by family.
 *
 *     deno task check:golden FOLDER [--only ops_conv2d,decoder] [--json FILE]
 *
 * One line per family: the number of cases, and the largest error, as a fraction of its tolerance (above
 * 1 fails) and as it is. Families that no runner covers are named. Exit code 1 if anything failed.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { InputError } from "../core/errors.ts";
import {
  type FamilyResult,
  type FamilyRunner,
  type Finding,
  loadFamily,
  readIndex,
  runFamily,
} from "./golden/golden.ts";

const USAGE = `Usage: deno task check:golden FOLDER [options]

Compare the library with a folder of reference numbers (INDEX.json and tensors).

  --only NAMES   only these families, separated by commas; posenet_full (half a minute) runs only if named
  --json FILE    write the figures of every comparison as JSON
  --notes        print the runners' notes
  --help         print this`;

/** At most so many failures of one family are printed; --json has them all. */
const SHOWN_FAILURES = 5;

/** Runners by family. */
export interface Runners {
  /** Of families of the index. */
  readonly families: Map<string, FamilyRunner>;
  /** Of what takes long: run only if named; the index need not have it. */
  readonly onRequest: Map<string, FamilyRunner>;
}

/** Every family that a file in tools/golden/ knows how to run. */
export async function loadRunners(): Promise<Runners> {
  const folder = new URL("./golden/", import.meta.url);
  const runners: Runners = { families: new Map(), onRequest: new Map() };
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ts") || name === "golden.ts") continue;
    const module = await import(new URL(name, folder).href);
    for (const kind of ["families", "onRequest"] as const) {
      const exported = (module[kind] ?? {}) as Record<string, FamilyRunner>;
      for (const [family, runner] of Object.entries(exported)) {
        if (runners.families.has(family) || runners.onRequest.has(family)) {
          throw new RangeError(`internal: two files in tools/golden run the family "${family}"`);
        }
        runners[kind].set(family, runner);
      }
    }
  }
  return runners;
}

/** Which families to run, and which have no runner. */
export function choose(
  inIndex: readonly string[],
  covered: (family: string) => boolean,
  only: readonly string[] | undefined,
): { run: string[]; uncovered: string[] } {
  for (const name of only ?? []) {
    if (!inIndex.includes(name)) {
      throw new InputError(
        `--only: the folder has no family "${name}"; it has ${inIndex.join(", ")}`,
      );
    }
    if (!covered(name)) throw new InputError(`--only: no runner covers the family "${name}" yet`);
  }
  const wanted = only ?? inIndex;
  return { run: wanted.filter(covered), uncovered: wanted.filter((name) => !covered(name)) };
}

/** A family's line, and under it its failures. */
export function reportFamily(result: FamilyResult): string[] {
  const { name, cases, failedCases, findings, seconds } = result;
  const worst = worstOf(findings);
  const largest = Math.max(0, ...findings.map(({ error }) => error));
  const verdict = failedCases === 0 ? "ok    " : "FAILED";
  const line = `${verdict}  ${name.padEnd(16)} ${String(cases).padStart(4)} cases` +
    `   largest error ${percent(worst?.fraction ?? 0).padStart(7)} of its tolerance` +
    `, ${scientific(largest)}   ${seconds.toFixed(1)} s`;
  const failures = findings.filter(({ ok }) => !ok);
  const shown = failures.slice(0, SHOWN_FAILURES).map(({ caseId, name: what, problem }) =>
    `          ${caseId}${what ? ` ${what}` : ""}: ${problem}`
  );
  const hidden = failures.length - shown.length;
  return [line, ...shown, ...(hidden > 0 ? [`          and ${hidden} more`] : [])];
}

function worstOf(findings: readonly Finding[]): Finding | undefined {
  return findings.reduce<Finding | undefined>(
    (worst, finding) => !worst || finding.fraction > worst.fraction ? finding : worst,
    undefined,
  );
}

function percent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(1)} %` : "beyond";
}

function scientific(error: number): string {
  return Number.isFinite(error) ? error.toExponential(1) : "different";
}

async function main(args: readonly string[]): Promise<number> {
  const { _: folders, only, json, notes, help } = parseArgs(args, {
    string: ["only", "json", "_"],
    boolean: ["notes", "help"],
    unknown: (arg) => {
      if (arg.startsWith("-")) throw new InputError(`unknown option ${arg}\n\n${USAGE}`);
    },
  });
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (folders.length !== 1) throw new InputError(`name one folder\n\n${USAGE}`);
  const folder = String(folders[0]).replace(/(?<=.)\/+$/, "");
  const runners = await loadRunners();
  const names = only === undefined ? undefined : String(only).split(",").filter(Boolean);
  const requested = [...runners.onRequest.keys()].filter((name) => names?.includes(name));
  const oneCase = (name: string) => [name, { cases: [{ id: name }] }] as const;
  const families = {
    ...Object.fromEntries(requested.map(oneCase)),
    ...await readIndex(folder),
  };
  const runnerOf = (name: string) => runners.families.get(name) ?? runners.onRequest.get(name);
  const covered = (name: string) => runners.families.has(name) || requested.includes(name);
  const { run, uncovered } = choose(Object.keys(families), covered, names);
  const results: FamilyResult[] = [];
  for (const name of run) {
    const family = await loadFamily(folder, name, families[name]);
    const result = await runFamily(family, runnerOf(name)!, folder);
    results.push(result);
    console.log(reportFamily(result).join("\n"));
    if (notes || requested.includes(name)) {
      for (const note of result.notes) console.log(`          note: ${note}`);
    }
  }
  if (uncovered.length > 0) console.log(`not covered yet: ${uncovered.join(", ")}`);
  const cases = results.reduce((sum, result) => sum + result.cases, 0);
  const failed = results.reduce((sum, { failedCases }) => sum + failedCases, 0);
  if (typeof json === "string") {
    const text = JSON.stringify({ folder, results, uncovered }, infinityAsText, 2);
    await Deno.writeTextFile(json, `${text}\n`);
  }
  if (cases === 0) throw new InputError(`${folder}: no case that a runner covers`);
  console.log(`${run.length} families, ${cases} cases: ${cases - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** JSON has no infinity. */
function infinityAsText(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`check_golden: ${error.message}`);
    Deno.exit(2);
  }
}
