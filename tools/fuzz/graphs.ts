/**
 * Random graphs: drawn from a seed, computed in plain loops, made smaller when one fails, and printed as a program.
 *
 * @module
 */
import { Random } from "../../data/mod.ts";
import { type Draw, OPERATIONS, type Settings, sizeOf, type Values } from "./operations.ts";

/** One value of a graph: a leaf, or an operation on values before it. */
export interface Node {
  /** Name in {@linkcode OPERATIONS}; "leaf" for numbers from outside. */
  readonly operation: string;
  /** Numbers of the values it takes. */
  readonly inputs: readonly number[];
  readonly settings: Settings;
  readonly shape: readonly number[];
  /** The numbers of a leaf, each one that f32 can hold. */
  readonly data?: Float64Array;
}

/** A graph: values, of which some are asked for, and leaves that get a new value when a step ends. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly outputs: readonly number[];
  readonly assignments: readonly { readonly leaf: number; readonly value: number }[];
}

/** Numbers stay this small, so that rounding stays small against them. */
const LARGEST = 50;
/** How far from corners and ties everything stays: far more than rounding, and than differences reach. */
const MARGIN = 0.02;

/**
 * Graph number `index` of a series.
 *
 * @param seed The series.
 */
export function drawGraph(seed: number, index: number): Graph {
  const random = new Random(seed).fork(index);
  const nodes: Node[] = [];
  const values: Values[] = [];
  const add = (node: Node, value: Values) => {
    nodes.push(node);
    values.push(value);
    return nodes.length - 1;
  };
  const addLeaf = (shape: readonly number[]) => {
    const node = leafOf(shape, () => random.uniform(-1.5, 1.5));
    return add(node, { shape, data: node.data! });
  };
  for (const shape of leafShapes(random)) addLeaf(shape);

  const names = Object.keys(OPERATIONS);
  const wanted = 2 + random.integer(14);
  for (let attempt = 0, made = 0; made < wanted && attempt < 10 * wanted; attempt++) {
    const name = random.pick(names);
    const operation = OPERATIONS[name];
    const draw = operation.draw(random, values);
    if (!draw) continue;
    const before = nodes.length;
    const inputs = draw.inputs.map((it) => typeof it === "number" ? it : addLeaf(it));
    const value = acceptable(name, inputs.map((i) => values[i]), draw);
    if (value) {
      add({ operation: name, inputs, settings: draw.settings, shape: value.shape }, value);
      made++;
    } else {
      nodes.length = values.length = before;
    }
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const computed = nodes.flatMap(({ operation }, i) => operation === "leaf" ? [] : [i]);
  const outputs = computed.filter((i) => !used.has(i) || random.chance(0.15));
  return pruned({ nodes, outputs, assignments: drawAssignments(random, nodes, computed) });
}

/** The value of an operation, or null where it is too large, or too near to a corner. */
function acceptable(name: string, inputs: readonly Values[], { settings }: Draw): Values | null {
  const operation = OPERATIONS[name];
  if ((operation.margin?.(inputs, settings) ?? Infinity) < MARGIN) return null;
  const value = operation.compute(inputs, settings);
  const fits = value.data.length > 0 && value.data.every((x) => Math.abs(x) < LARGEST);
  return fits ? value : null;
}

function leafOf(shape: readonly number[], number: () => number): Node {
  const data = Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(number()));
  return { operation: "leaf", inputs: [], settings: {}, shape, data };
}

/** Shapes that go together: an image, what broadcasts with it, and a matrix. */
function leafShapes(random: Random): number[][] {
  const [N, C, H, W] = [[1, 2, 3], [1, 2, 3, 4, 6], SIDES, SIDES].map((list) => random.pick(list));
  const related = [
    [N, C, H, W],
    [1, C, 1, 1],
    [C, 1, 1],
    [H, W],
    [W],
    [],
    [N, 1, H, 1],
    [C, H * W],
    [N, C, H, W],
  ];
  return [
    [N, C, H, W],
    ...Array.from({ length: 1 + random.integer(3) }, () => random.pick(related)),
  ];
}

/** One, odd, prime, even, and past a row of 16. */
const SIDES = [1, 2, 3, 4, 5, 6, 7, 8, 17];

function drawAssignments(
  random: Random,
  nodes: readonly Node[],
  computed: readonly number[],
): Graph["assignments"] {
  return nodes.flatMap(({ operation, shape }, leaf) => {
    if (operation !== "leaf" || !random.chance(0.4)) return [];
    const same = computed.filter((i) => nodes[i].shape.join() === shape.join());
    return same.length > 0 ? [{ leaf, value: random.pick(same) }] : [];
  });
}

/** The graph without what nobody asks for. */
function pruned({ nodes, outputs, assignments }: Graph): Graph {
  const needed = new Set([...outputs, ...assignments.flatMap(({ leaf, value }) => [leaf, value])]);
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (needed.has(i)) nodes[i].inputs.forEach((input) => needed.add(input));
  }
  const places = new Map([...needed].sort((a, b) => a - b).map((old, place) => [old, place]));
  const place = (old: number) => places.get(old)!;
  return {
    nodes: [...places.keys()].map((old) => ({
      ...nodes[old],
      inputs: nodes[old].inputs.map(place),
    })),
    outputs: outputs.map(place),
    assignments: assignments.map(({ leaf, value }) => ({ leaf: place(leaf), value: place(value) })),
  };
}

/** All values of a graph, from those of its leaves. */
export function computeGraph(
  graph: Graph,
  leaves?: readonly (Float64Array | undefined)[],
): Values[] {
  const values: Values[] = [];
  graph.nodes.forEach(({ operation, inputs, settings, shape, data }, i) => {
    values.push(
      operation === "leaf"
        ? { shape, data: leaves?.[i] ?? data! }
        : OPERATIONS[operation].compute(inputs.map((input) => values[input]), settings),
    );
  });
  return values;
}

/** How far all values are from corners, ties and poles. */
export function marginOf(graph: Graph, values: readonly Values[]): number {
  return Math.min(
    ...graph.nodes.map(({ operation, inputs, settings }) =>
      OPERATIONS[operation]?.margin?.(inputs.map((i) => values[i]), settings) ?? Infinity
    ),
  );
}

/**
 * The smallest graph found that still fails: with fewer outputs and assignments, and with operations replaced by the
 * numbers they gave.
 *
 * @param fails Whether a graph fails.
 */
export async function minimised(
  graph: Graph,
  fails: (graph: Graph) => Promise<boolean>,
): Promise<Graph> {
  for (;;) {
    let smaller: Graph | undefined;
    for (const candidate of simpler(graph)) {
      if (!await fails(candidate)) continue;
      smaller = candidate;
      break;
    }
    if (!smaller) return graph;
    graph = smaller;
  }
}

/** Graphs that are a little less than a graph. */
function* simpler(graph: Graph): Generator<Graph> {
  const { nodes, outputs, assignments } = graph;
  for (const without of assignments) {
    yield pruned({ ...graph, assignments: assignments.filter((it) => it !== without) });
  }
  for (const without of outputs) {
    const rest = outputs.filter((it) => it !== without);
    if (rest.length + assignments.length > 0) yield pruned({ ...graph, outputs: rest });
  }
  const values = computeGraph(graph);
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (nodes[i].operation === "leaf" || outputs.includes(i)) continue;
    if (assignments.some(({ value }) => value === i)) continue;
    const numbers = values[i].data.values();
    const leaf = leafOf(nodes[i].shape, () => numbers.next().value!);
    yield pruned({ ...graph, nodes: nodes.with(i, leaf) });
  }
}

/** A graph as text that says how to make it again. */
export function printGraph({ nodes, outputs, assignments }: Graph): string {
  return [
    ...nodes.map(({ operation, inputs, settings, shape, data }, i) => {
      const size = `[${shape.join(", ")}]`;
      if (operation === "leaf") {
        const shown = [...data!.subarray(0, 8)].map((x) => Number(x.toPrecision(9))).join(", ");
        return `  v${i} = leaf ${size}  ${shown}${data!.length > 8 ? ", …" : ""}`;
      }
      const options = Object.keys(settings).length > 0 ? ` ${JSON.stringify(settings)}` : "";
      return `  v${i} = ${operation}(${
        inputs.map((it) => `v${it}`).join(", ")
      })${options}  ${size}`;
    }),
    ...assignments.map(({ leaf, value }) => `  assign v${leaf} = v${value}`),
    `  asked for: ${outputs.map((it) => `v${it}`).join(", ") || "nothing"}`,
  ].join("\n");
}
