/**
 * Reference numbers and how to compare with them.
 *
 * A golden folder is an `INDEX.json` and safetensors files beside it. The index lists *families* (the
 * convolution, the tag loss, the decoder, ...), each family its *cases*: an id, small parameters, input
 * tensors, expected tensors with a tolerance each, and small values written into the index itself. A
 * number `a` agrees with the expected `b` when
 *
 *     |a - b| <= atol + rtol * |b|
 *
 * A *runner* knows one family: it takes a case, computes, and hands what it got to the comparison. The
 * runners are the other files of this folder; each exports `families`, a record from family name to runner.
 *
 * @module
 */
import { InputError } from "../../core/errors.ts";
import { decodeSafetensors } from "../../io/safetensors.ts";

/** A tensor of a golden file. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Float64Array | Int32Array | Uint8Array;
}

const TYPES = [Float32Array, Float64Array, Int32Array, Uint8Array];

/** An expected tensor and how near is near enough; 0 and 0 asks for equality. */
export interface ExpectedArray extends GoldenArray, Tolerance {}

/** `|a - b| <= atol + rtol * |b|`. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** One case of a family. */
export interface GoldenCase {
  readonly id: string;
  /** Small settings, as in the index. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Small numbers written into the index; where the family gives a list, the keys are its places. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly note?: string;
  /** An input tensor by name. */
  input(name: string): GoldenArray;
  /** An expected tensor by name. */
  expected(name: string): ExpectedArray;
  readonly inputNames: readonly string[];
  readonly expectedNames: readonly string[];
  /** The case as it stands in the index. */
  readonly raw: unknown;
}

/** Where a runner puts what it got beside what was expected. */
export interface Comparison {
  /** Numbers that must agree within a tolerance. */
  close(
    name: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    tolerance: Tolerance,
  ): void;
  /** Plain values (numbers, texts, lists, records) that must be equal. */
  equal(name: string, actual: unknown, expected: unknown): void;
  /** Say something about the case in the report. */
  note(text: string): void;
}

/** Compute one case and compare; whatever it throws fails the case. */
export type FamilyRunner = (
  testCase: GoldenCase,
  compare: Comparison,
  family: { readonly folder: string; readonly raw: unknown },
) => Promise<void> | void;

/** A family of the index with its cases. */
export interface GoldenFamily {
  readonly name: string;
  readonly cases: readonly GoldenCase[];
  readonly raw: unknown;
}

/** What reads files; a test hands in its own. */
export type ReadFile = (path: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The families of a golden folder as they stand in its index, by name.
 *
 * @throws {InputError} If the folder or its index is missing or not what it should be.
 */
export async function readIndex(
  folder: string,
  readFile: ReadFile = Deno.readFile,
): Promise<Record<string, unknown>> {
  const path = `${folder}/INDEX.json`;
  const index = parseJson(new TextDecoder().decode(await read(path, readFile)), path);
  return record(record(index, path, "the index").families, path, '"families"');
}

/**
 * A family's cases and its tensors.
 *
 * @param raw The family as {@linkcode readIndex} gives it.
 * @throws {InputError} If a case or the tensor file is missing or not what it should be.
 */
export async function loadFamily(
  folder: string,
  name: string,
  raw: unknown,
  readFile: ReadFile = Deno.readFile,
): Promise<GoldenFamily> {
  const place = `${folder}/INDEX.json: family "${name}"`;
  const { file, cases } = record(raw, place, "it");
  if (!Array.isArray(cases)) throw new InputError(`${place}: "cases" must be a list`);
  const tensors = typeof file === "string"
    ? await readTensors(`${folder}/${file}`, readFile)
    : new Map<string, GoldenArray>();
  return { name, raw, cases: cases.map((it, i) => makeCase(it, tensors, `${place}: case ${i}`)) };
}

function makeCase(
  raw: unknown,
  tensors: ReadonlyMap<string, GoldenArray>,
  place: string,
): GoldenCase {
  const fields = record(raw, place, "it");
  if (typeof fields.id !== "string") throw new InputError(`${place}: "id" must be a text`);
  const inputs = record(fields.inputs ?? {}, place, '"inputs"');
  const expected = record(fields.expected ?? {}, place, '"expected"');
  const find = (group: Readonly<Record<string, unknown>>, what: string, name: string) => {
    const at = `${place} (${fields.id})`;
    if (!(name in group)) throw new InputError(`${at}: has no ${what} "${name}"`);
    const entry = record(group[name], at, `${what} "${name}"`);
    const tensor = tensors.get(String(entry.key));
    if (!tensor) throw new InputError(`${at}: tensor "${entry.key}" is not in the family's file`);
    return { entry, tensor };
  };
  return {
    id: fields.id,
    params: record(fields.params ?? {}, place, '"params"'),
    values: (fields.values ?? {}) as Record<string, unknown>, // in some families a list
    ...(typeof fields.note === "string" ? { note: fields.note } : {}),
    inputNames: Object.keys(inputs),
    expectedNames: Object.keys(expected),
    raw,
    input: (name) => find(inputs, "input", name).tensor,
    expected: (name) => {
      const { entry, tensor } = find(expected, "expected tensor", name);
      return { ...tensor, atol: Number(entry.atol ?? 0), rtol: Number(entry.rtol ?? 0) };
    },
  };
}

/** How far one compared quantity is off. */
export interface Finding {
  readonly caseId: string;
  readonly name: string;
  /** The largest error as a fraction of its tolerance; above 1 (or not a number) fails. */
  readonly fraction: number;
  /** The largest error itself. */
  readonly error: number;
  /** Whether all numbers agree. */
  readonly ok: boolean;
  /** What is wrong, for a finding that fails. */
  readonly problem?: string;
}

/** What the cases of one family came to. */
export interface FamilyResult {
  readonly name: string;
  readonly cases: number;
  readonly failedCases: number;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

/**
 * Run all cases of a family. A case fails if a comparison fails, if the runner throws, or if it compares
 * nothing at all; expected tensors that no runner asked for are listed in the notes.
 */
export async function runFamily(
  family: GoldenFamily,
  runner: FamilyRunner,
  folder: string,
): Promise<FamilyResult> {
  const start = performance.now();
  const findings: Finding[] = [];
  const notes: string[] = [];
  let failedCases = 0;
  for (const testCase of family.cases) {
    const before = findings.length;
    const asked = new Set<string>();
    const watched: GoldenCase = {
      ...testCase,
      expected: (name) => {
        asked.add(name);
        return testCase.expected(name);
      },
    };
    const compare = comparison(testCase.id, findings, notes);
    try {
      await runner(watched, compare, { folder, raw: family.raw });
      const unasked = testCase.expectedNames.filter((name) => !asked.has(name));
      if (unasked.length > 0) notes.push(`${testCase.id}: not compared: ${unasked.join(", ")}`);
      if (findings.length === before) fail(findings, testCase.id, "nothing was compared");
    } catch (error) {
      fail(
        findings,
        testCase.id,
        error instanceof Error ? `${error.name}: ${error.message}` : `${error}`,
      );
    }
    if (findings.slice(before).some(({ ok }) => !ok)) failedCases++;
  }
  const seconds = (performance.now() - start) / 1000;
  return { name: family.name, cases: family.cases.length, failedCases, findings, notes, seconds };
}

function fail(findings: Finding[], caseId: string, problem: string): void {
  findings.push({ caseId, name: "", fraction: Infinity, error: Infinity, ok: false, problem });
}

function comparison(caseId: string, findings: Finding[], notes: string[]): Comparison {
  return {
    close: (name, actual, expected, tolerance) => {
      findings.push({ caseId, name, ...compareNumbers(actual, expected, tolerance) });
    },
    equal: (name, actual, expected) => {
      const [got, wanted] = [canonical(actual), canonical(expected)];
      const ok = got === wanted;
      const error = ok ? 0 : Infinity;
      findings.push({
        caseId,
        name,
        fraction: error,
        error,
        ok,
        ...(ok ? {} : { problem: `is ${shorten(got)}, expected ${shorten(wanted)}` }),
      });
    },
    note: (text) => void notes.push(`${caseId}: ${text}`),
  };
}

/** Compare numbers one by one; the finding is about the worst of them. */
export function compareNumbers(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { atol, rtol }: Tolerance,
): Pick<Finding, "fraction" | "error" | "ok" | "problem"> {
  if (actual.length !== expected.length) {
    const problem = `has ${actual.length} numbers, expected ${expected.length}`;
    return { fraction: Infinity, error: Infinity, ok: false, problem };
  }
  let worst = { fraction: 0, index: -1 };
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    if (Object.is(a, b) || a === b) continue; // also for infinities and NaN
    const error = Math.abs(a - b);
    const fraction = Number.isNaN(error) ? Infinity : error / (atol + rtol * Math.abs(b));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
    if (!(fraction <= worst.fraction)) worst = { fraction, index: i };
  }
  const ok = worst.fraction <= 1;
  if (ok) return { fraction: worst.fraction, error: largest, ok };
  const { fraction, index } = worst;
  const problem = `number ${index} is ${actual[index]}, expected ${
    expected[index]
  } (atol ${atol}, rtol ${rtol})`;
  return { fraction, error: largest, ok, problem };
}

/** A value as text, keys sorted and typed arrays as lists, so that equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (ArrayBuffer.isView(part)) return Array.from(part as unknown as ArrayLike<number>);
    if (typeof part === "number" && !Number.isFinite(part)) return `${part}`;
    if (part !== null && typeof part === "object" && !Array.isArray(part)) {
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return part;
  }) ?? "undefined";
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

async function readTensors(path: string, readFile: ReadFile): Promise<Map<string, GoldenArray>> {
  const { arrays } = decodeSafetensors(await read(path, readFile), path);
  return new Map(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      if (!TYPES.some((type) => data instanceof type)) {
        throw new InputError(`${path}: tensor "${name}" must be F32, F64, I32 or U8`);
      }
      return [name, { shape, data: data as GoldenArray["data"] }];
    }),
  );
}

async function read(path: string, readFile: ReadFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).name})`, { cause: error });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function record(value: unknown, place: string, what: string): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new InputError(`${place}: ${what} must be an object`);
  }
  return value as Record<string, unknown>;
}
