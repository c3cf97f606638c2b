/**
 * One random graph in every way that the library can run it, against plain loops: read without compiling, as a step
 * that is called twice and assigns variables, with nothing fused; and its gradients against finite differences.
 *
 * @module
 */
import {
  assign,
  compile,
  grad,
  type HostArray,
  read,
  type Tensor,
  tensor,
  type Variable,
  variable,
  watchNumbers,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import { computeGraph, type Graph, marginOf } from "./graphs.ts";
import { OPERATIONS, type Values } from "./operations.ts";

/** Rounding to f32, against the largest number of the graph: 1e-7 for each of some dozen steps, with room. */
const TOLERANCE = 1e-4;
/** The same for slopes, against the sum of what goes into them. */
const SLOPE_TOLERANCE = 1e-3;
/** How far finite differences reach: in float64 ten digits are left. */
const STEP = 1e-5;
/** Values of a second call may be anything; near a corner or far out it is not compared. */
const SECOND_MARGIN = 1e-3;
const SECOND_LARGEST = 1e3;

/** A graph run once: what was compared, and the first difference. */
export interface Outcome {
  readonly compared: number;
  readonly problem: string | null;
}

/** Describe a graph on tensors for its leaves. */
function describeGraph(graph: Graph, leaves: ReadonlyMap<number, Tensor>): Tensor[] {
  const tensors: Tensor[] = [];
  graph.nodes.forEach(({ operation, inputs, settings }, i) => {
    tensors.push(
      leaves.get(i) ?? OPERATIONS[operation].describe(inputs.map((it) => tensors[it]), settings),
    );
  });
  return tensors;
}

const nameOf = (i: number) => `v${i}`;

/** Run a graph in every way. */
export async function compareGraph(graph: Graph): Promise<Outcome> {
  const comparison = new Comparison(graph);
  try {
    await comparison.uncompiled(false);
    await comparison.uncompiled(true);
    await comparison.compiled();
    return { compared: comparison.compared, problem: comparison.problem };
  } catch (error) {
    return { compared: comparison.compared, problem: `threw ${(error as Error).message}` };
  }
}

class Comparison {
  compared = 0;
  problem: string | null = null;
  readonly #graph: Graph;
  readonly #leaves: readonly number[];
  readonly #expected: readonly Values[];
  readonly #weights: ReadonlyMap<number, Float32Array<ArrayBuffer>>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#leaves = graph.nodes.flatMap(({ operation }, i) => operation === "leaf" ? [i] : []);
    this.#expected = computeGraph(graph);
    const random = new Random(1);
    this.#weights = new Map(graph.outputs.map((i) => {
      const { length } = this.#expected[i].data;
      return [i, Float32Array.from({ length }, () => random.uniform(-1, 1))];
    }));
  }

  #array(i: number): HostArray {
    const { shape, data } = this.#graph.nodes[i];
    return { shape: [...shape], data: Float32Array.from(data!) };
  }

  /** The number whose slopes are compared: a weighted sum of everything that is asked for. */
  #loss(tensors: readonly Tensor[]): Tensor {
    const parts = [...this.#weights].map(([i, data]) =>
      tensors[i].mul(tensor({ shape: tensors[i].shape, data })).sum()
    );
    return parts.reduce((a, b) => a.add(b));
  }

  /** Read once, fused or not. */
  async uncompiled(watched: boolean): Promise<void> {
    if (this.#graph.outputs.length === 0) return;
    watchNumbers(watched);
    try {
      const leaves = new Map(this.#leaves.map((i) => [i, tensor(this.#array(i))]));
      const tensors = describeGraph(this.#graph, leaves);
      const asked = this.#graph.outputs.map((i) => [nameOf(i), tensors[i]] as const);
      const gradients = grad(this.#loss(tensors), [...leaves.values()], { unreached: "zero" });
      const slopes = gradients.map((it, k) => [`d${this.#leaves[k]}`, it] as const);
      const got = await read(Object.fromEntries([...asked, ...slopes]));
      const how = watched ? "read, nothing fused" : "read";
      for (const i of this.#graph.outputs) this.#compare(how, i, got[nameOf(i)], this.#expected);
      this.#compareSlopes(how, this.#leaves.map((i) => got[`d${i}`]));
    } finally {
      watchNumbers(false);
    }
  }

  /** As a step, called twice: what it assigns in the first call is read by the second. */
  async compiled(): Promise<void> {
    const { assignments, outputs } = this.#graph;
    const state = new Map<number, Variable>(
      assignments.map(({ leaf }) => [leaf, variable(tensor(this.#array(leaf)), nameOf(leaf))]),
    );
    const free = this.#leaves.filter((i) => !state.has(i));
    const inputs = Object.fromEntries(free.map((i) => [nameOf(i), this.#array(i)]));
    using step = compile((placeholders: Record<string, Tensor>) => {
      const leaves = new Map<number, Tensor>(state);
      for (const i of free) leaves.set(i, placeholders[nameOf(i)]);
      const tensors = describeGraph(this.#graph, leaves);
      for (const { leaf, value } of assignments) assign(state.get(leaf)!, tensors[value]);
      const slopes = outputs.length === 0 ? [] : grad(
        this.#loss(tensors),
        this.#leaves.map((i) => leaves.get(i)!),
        { unreached: "zero" },
      );
      return { values: outputs.map((i) => tensors[i]), slopes };
    });
    const call = async () => {
      // deno-lint-ignore no-explicit-any -- the inputs' names are those of this graph
      const { values, slopes } = await step(inputs as any);
      return {
        values: await Promise.all(values.map((it) => it.read())),
        slopes: await Promise.all(slopes.map((it) => it.read())),
      };
    };
    const first = await call();
    outputs.forEach((i, k) => this.#compare("a step", i, first.values[k], this.#expected));
    if (outputs.length > 0) this.#compareSlopes("a step", first.slopes);
    if (assignments.length > 0) await this.#second(call, state);
    for (const it of state.values()) it.dispose();
  }

  async #second(
    call: () => Promise<{ readonly values: readonly HostArray[] }>,
    state: ReadonlyMap<number, Variable>,
  ): Promise<void> {
    const leaves = this.#graph.nodes.map(({ data }) => data);
    for (const { leaf, value } of this.#graph.assignments) {
      leaves[leaf] = this.#expected[value].data;
    }
    const expected = computeGraph(this.#graph, leaves);
    const { values } = await call();
    const isTame = marginOf(this.#graph, expected) > SECOND_MARGIN &&
      expected.every(({ data }) => data.every((x) => Math.abs(x) < SECOND_LARGEST));
    if (!isTame) return;
    this.#graph.outputs.forEach((i, k) =>
      this.#compare("a step's second call", i, values[k], expected)
    );
    for (const { leaf, value } of this.#graph.assignments) {
      const got = await state.get(leaf)!.read();
      this.#compare(`variable v${leaf} after two calls`, value, got, expected);
    }
  }

  #compare(how: string, i: number, { shape, data }: HostArray, expected: readonly Values[]): void {
    if (shape.join() !== expected[i].shape.join()) {
      this.problem ??= `${how}: v${i} is [${shape}], not [${expected[i].shape}]`;
      return;
    }
    const largest = expected.reduce(
      (most, values) => values.data.reduce((a, x) => Math.max(a, Math.abs(x)), most),
      1,
    );
    this.compared += data.length;
    const wrong = data.findIndex((x, k) =>
      !(Math.abs(x - expected[i].data[k]) <= TOLERANCE * largest)
    );
    if (wrong === -1) return;
    this.problem ??= `${how}: v${i} at ${wrong} is ${data[wrong]}, not ${expected[i].data[wrong]}`;
  }

  /** Slopes along random directions of all leaves at once: wrong gradients agree with them by chance only. */
  #compareSlopes(how: string, gradients: readonly HostArray[]): void {
    const random = new Random(2);
    for (let direction = 0; direction < 2; direction++) {
      const moves = this.#leaves.map((i) =>
        Float64Array.from(this.#graph.nodes[i].data!, () => random.uniform(-1, 1))
      );
      const lossAt = (reach: number) => {
        const leaves: (Float64Array | undefined)[] = [];
        this.#leaves.forEach((i, k) => {
          leaves[i] = this.#graph.nodes[i].data!.map((x, at) => x + reach * moves[k][at]);
        });
        const values = computeGraph(this.#graph, leaves);
        let loss = 0;
        for (const [i, weights] of this.#weights) {
          weights.forEach((w, at) => loss += w * values[i].data[at]);
        }
        return loss;
      };
      const expected = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
      let got = 0, size = 1;
      gradients.forEach(({ data }, k) =>
        data.forEach((g, at) => {
          got += g * moves[k][at];
          size += Math.abs(g * moves[k][at]);
        })
      );
      this.compared++;
      if (Math.abs(got - expected) <= SLOPE_TOLERANCE * size) continue;
      this.problem ??= `${how}: the slope along direction ${direction} is ${got}, not ${expected}`;
    }
  }
}
