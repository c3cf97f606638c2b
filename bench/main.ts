/**
 * This library beside jax-js and TensorFlow.js: one process, one adapter, the same numbers, everybody in turn.
 *
 *     deno task bench [--only TEXT] [--samples N] [--no-peers] [--json FILE]
 *
 * How it measures:
 *
 * - A sample ends when one number of every result is in main memory. Deno looks only every 10 ms whether that is so:
 *   every sample holds this floor, which is measured and printed, and nothing is subtracted. Where a work is short, a
 *   sample is as many runs as keep us busy for 400 ms, the same number for everybody; times are per run.
 * - Our works and those of jax-js are compiled (`compile`, `jit`); tfjs has no such thing and is called operation by
 *   operation in `tidy`. Nobody skips a repeated run: less the readback, ten queued runs took 4.4 to 5.4 times as long
 *   as two (2026-11-26).
 * - Numbers are compared with their definitions in float64 (some entries; all of a sum, of the network's output and of
 *   five losses of its training) and with ours. Who is off by more than 1e-3 is "wrong" and no peer to beat; if that is
 *   us, the exit code is 1.
 * - "ratio" is the fastest right peer's median divided by ours: above 1 we are faster.
 * - "of ceiling" is our rate beside kernels that only multiply and add, or only copy (ceilings.ts). Convolutions count
 *   as their definition says and relu(x a + b) as one pass: a way with fewer multiplications can come above 1.
 * - "bound by" is what explains half of our time or more: the readback, the dispatches (their number times the least
 *   time of one), arithmetic or memory at the ceiling's rate. Else it is what is left: the loads and the bookkeeping of
 *   kernels, or the JavaScript and the submission of calls.
 *
 * The dependent adds, x ← x + 1 two thousand times on 16 numbers, come in two lines. "A call each": we call a compiled
 * step of one add 2,000 times, jax-js a jitted function of one add, tfjs `add`. "Compiled together": we compile one step
 * of 2,000 adds, which stay 2,000 dispatches; jax-js jits 500 (2,000 overflow its stack), makes one kernel of them, and
 * calls that four times; tfjs cannot.
 *
 * The cold start cannot be in the one process: it starts processes of its own, in turn (cold_start.ts).
 *
 * @module
 */
import { adapterInfo, GpuError, InputError } from "../mod.ts";
import { helpOf } from "../cli/help.ts";
import { type Command, readOptions, type Values } from "../cli/options.ts";
import { type Ceilings, measureCeilings } from "./ceilings.ts";
import { largestError, TOLERANCE } from "./checks.ts";
import { coldStarts } from "./cold_start.ts";
import type { Contestant, ContestantName, Program } from "./contestant.ts";
import { ae } from "./contestants/ae.ts";
import { loadJaxjs } from "./contestants/jaxjs.ts";
import { loadTfjs } from "./contestants/tfjs.ts";
import { repetitionsFor, timeInTurn } from "./sampling.ts";
import { type Finding, type Line, record, stepsText, tableText } from "./table.ts";
import { type WorkPlan, WORKS } from "./works.ts";

const COLD_START = "cold start to the first matmul 64";

const command = {
  summary: "Time this library beside jax-js and TensorFlow.js on the same adapter.",
  operands: "",
  options: {
    json: { help: "write the results to this file as JSON", type: "text" },
    only: { help: "only works whose name contains this", type: "text" },
    samples: { help: "samples of each", type: "whole", default: 7, least: 1 },
    "no-peers": { help: "measure this library alone", type: "flag" },
  },
  run: async (values: Values) => {
    if (!await bench(values)) Deno.exit(1);
  },
} as const satisfies Command;

/** Whether our own numbers were right. */
async function bench(values: Values): Promise<boolean> {
  const only = values.text("only") ?? "";
  const samples = values.number("samples")!;
  const plans = WORKS.filter(({ name }) => name.includes(only));
  const cold = COLD_START.includes(only);
  if (plans.length === 0 && !cold) {
    const names = [...WORKS.map(({ name }) => name), COLD_START].join("\n    ");
    throw new InputError(`no work has "${only}" in its name; there are\n    ${names}`);
  }
  const contestants = [ae, ...(values.flag("no-peers") ? [] : await loadPeers())];
  const { name: adapter } = await adapterInfo();
  const ceilings = await measureCeilings();
  console.log(headText(adapter, ceilings, contestants));

  const lines: Line[] = [];
  for (const plan of plans) {
    console.error(`… ${plan.name}`);
    lines.push(await measure(plan, contestants, samples));
  }
  if (cold) {
    console.error(`… ${COLD_START}`);
    lines.push(await measureColdStart(contestants.map(({ name }) => name), samples));
  }
  console.log(`\n${tableText(lines, ceilings)}\n`);
  for (const text of lines.map(stepsText).filter(Boolean)) console.log(text);
  const file = values.text("json");
  if (file) {
    await Deno.writeTextFile(file, JSON.stringify(record(adapter, ceilings, lines), null, 2));
  }
  return lines.every(({ findings }) => !findings.get("ae")?.wrong);
}

async function loadPeers(): Promise<Contestant[]> {
  const peers: Contestant[] = [];
  for (const [title, load] of [["jax-js", loadJaxjs], ["tfjs", loadTfjs]] as const) {
    try {
      peers.push(await load());
    } catch (error) {
      console.log(`without ${title}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  return peers;
}

function headText(adapter: string, ceilings: Ceilings, contestants: readonly Contestant[]): string {
  const { multiplyAddGflops, copyGBs, dispatchMs, readbackMs } = ceilings;
  return [
    `adapter       ${adapter}`,
    `contestants   ${contestants.map(({ title }) => title).join(", ")}`,
    `multiply-add  ${multiplyAddGflops.toFixed(1)} GFLOP/s`,
    `copy          ${copyGBs.toFixed(2)} GB/s, read and written`,
    `a dispatch    ${(1000 * dispatchMs).toFixed(1)} us`,
    `a readback    ${readbackMs.toFixed(1)} ms, in every sample`,
  ].join("\n");
}

/** Check everybody's numbers, then take everybody's times. */
async function measure(
  plan: WorkPlan,
  contestants: readonly Contestant[],
  samples: number,
): Promise<Line> {
  const work = plan.open();
  const programs = new Map<ContestantName, Program>();
  const wrong = new Set<ContestantName>();
  let ours: Float32Array[] = [];
  try {
    for (const contestant of contestants) {
      const { name, title } = contestant;
      try {
        const program = work.prepare(contestant);
        if (!program) continue;
        programs.set(name, program);
        const numbers = await work.numbers(program);
        if (contestant === ae) ours = numbers;
        const error = Math.max(
          work.error(numbers),
          ...(wrong.has("ae") ? [] : numbers.map((x, i) => largestError(x, ours[i]))),
        );
        if (error <= TOLERANCE) continue;
        wrong.add(name);
        console.log(
          `${plan.name}: ${title} is off by ${error.toPrecision(2)} of the largest number`,
        );
      } catch (error) {
        if (contestant === ae) throw error;
        programs.get(name)?.dispose();
        programs.delete(name);
        console.log(`${plan.name}: ${title} failed: ${(error as Error).message.split("\n")[0]}`);
      }
    }
    const repetitions = await repetitionsFor(programs.get("ae")!);
    const timings = await timeInTurn(programs, { samples, repetitions });
    const findings = [...timings].map(([name, timing]) =>
      [name, { timing, wrong: wrong.has(name) }] as const
    );
    return {
      work: plan.name,
      cost: plan.cost,
      findings: new Map(findings),
      repetitions,
      dispatches: programs.get("ae")!.dispatches?.() ?? 0,
      rest: plan.rest,
      steps: plan.steps,
    };
  } finally {
    for (const program of programs.values()) program.dispose();
  }
}

async function measureColdStart(names: readonly ContestantName[], samples: number): Promise<Line> {
  const { timings, failures } = await coldStarts(names, samples);
  for (const [name, why] of failures) console.log(`${COLD_START}: ${name} ${why.trim()}`);
  const findings = names.map((name): [ContestantName, Finding] => [
    name,
    { timing: timings.get(name), wrong: failures.has(name) },
  ]);
  const bound = { cost: {}, dispatches: 0, rest: "start" };
  return { work: COLD_START, findings: new Map(findings), repetitions: 1, ...bound };
}

if (import.meta.main) {
  try {
    if (Deno.args.includes("--help") || Deno.args.includes("-h")) {
      console.log(helpOf("bench", command));
    } else {
      await command.run(readOptions(command, Deno.args));
    }
  } catch (error) {
    if (!(error instanceof InputError || error instanceof GpuError)) throw error;
    console.error(`bench: ${error.message}`);
    Deno.exit(1);
  }
}
