/**
 * The graph of a computation, drawn: what a tensor is computed from, from the leaves at the top down to the tensor.
 *
 *     ┌─────────┐  ┌─────────┐
 *     │ w [3]   │  │ x [3]   │      leaves: variables by name, data, inputs
 *     └────┬────┘  └───┬─────┘
 *          └──┐   ┌────┘
 *           ┌─┴───┴─┐
 *           │ mul   │             operations with the shape of their result
 *           │ [3]   │
 *           └───────┘
 *
 * A node's row is the length of the longest way to it from a leaf, so every line points down. Within a row, nodes stand
 * near the mean of what they are made from; that is the first half of Sugiyama's method (K. Sugiyama, S. Tagawa,
 * M. Toda, "Methods for visual understanding of hierarchical system structures", 1981), enough for graphs of some
 * dozens of nodes.
 *
 * @module
 */
import { textWidth } from "./chart.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** A node of a graph: a `Tensor` is one. */
export interface GraphNode {
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** What it is computed by and from; null for a leaf. */
  readonly recipe: {
    readonly op: { readonly name: string };
    readonly inputs: readonly GraphNode[];
  } | null;
  /** A variable's name. */
  readonly name?: string;
}

/** How a graph is drawn. */
export interface GraphOptions<T extends GraphNode = GraphNode> {
  /** Names for some of its nodes: `{ x, loss }`. */
  readonly names?: Readonly<Record<string, GraphNode>>;
  /** What stands under a node's name. @default {its shape} */
  readonly note?: (node: T) => string;
  /** Draw at most so many nodes, those nearest to the roots. @default {60} */
  readonly most?: number;
  /** The heading. @default {what is drawn, in numbers} */
  readonly title?: string;
}

/** A node on its place. */
interface Placed {
  readonly node: GraphNode;
  readonly lines: readonly string[];
  readonly row: number;
  readonly width: number;
  x: number;
}

const ROW_HEIGHT = 66;
const BOX_HEIGHT = 38;
const GAP = 16;
const MARGIN = 8;
const HEAD = 26;

/** Blue for what is given, orange for what is asked for; both show on white and on near-black. */
const LEAF_COLOR = "#2684ce";
const ROOT_COLOR = "#e07014";

/**
 * Draw what tensors are computed from.
 *
 * @param roots The tensor asked for, or several: a loss and its gradients.
 * @param options Names, the most nodes, a heading.
 * @throws {RangeError} If there is no root.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawGraph, tensor } from "ae";
 *
 * const x = tensor([1, 2, 3]);
 * const y = x.square().sum();
 * const svg = drawGraph(y, { names: { x, y } });
 * assert.equal(svg.title, "2 operations on 1 leaf");
 * assert.match(svg.toString(), />square</);
 * ```
 */
export function drawGraph<T extends GraphNode>(
  roots: T | readonly T[],
  options: GraphOptions<T> = {},
): Svg {
  const asked = [roots].flat() as readonly GraphNode[];
  // What a node is made from is of the node's own kind.
  const note = (options.note ?? shapeOf) as (node: GraphNode) => string;
  if (asked.length === 0) throw new RangeError("drawGraph: there is no tensor to draw");
  const { nodes, left } = nearest(asked, options.most ?? 60);
  const names = new Map(Object.entries(options.names ?? {}).map(([name, node]) => [node, name]));
  const placed = place(nodes, (node) => linesOf(node, names.get(node), note(node)));
  const operations = nodes.filter(({ recipe }) => recipe).length;
  const title = options.title ??
    `${count(operations, "operation")} on ${count(nodes.length - operations, "leaf", "leaves")}${
      left > 0 ? `; ${left} more above are not drawn` : ""
    }`;
  const everything = [...placed.values()];
  const width = Math.max(
    ...everything.map(({ x, width }) => x + width / 2 + MARGIN),
    textWidth(title, 13) + 2 * MARGIN,
  );
  const height = HEAD + ROW_HEIGHT * Math.max(...everything.map(({ row }) => row)) + BOX_HEIGHT +
    MARGIN;
  return new Svg([
    svgElement("text", {
      x: MARGIN,
      y: 15,
      "font-size": 13,
      "font-weight": 600,
      fill: "currentColor",
    }, title),
    everything.flatMap((to) => edgesTo(to, placed)),
    everything.map((box) => drawBox(box, asked.includes(box.node))),
  ], { width, height, title });
}

function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function inputsOf({ recipe }: GraphNode): readonly GraphNode[] {
  return recipe?.inputs ?? [];
}

/** The nodes nearest to the roots, inputs before what is made from them, and how many were left out. */
function nearest(
  roots: readonly GraphNode[],
  most: number,
): { nodes: GraphNode[]; left: number } {
  const seen = new Set<GraphNode>(roots);
  for (const node of seen) for (const input of inputsOf(node)) seen.add(input);
  const kept = new Set([...seen].slice(0, most));
  const ordered = new Set<GraphNode>();
  const visit = (node: GraphNode) => {
    if (ordered.has(node) || !kept.has(node)) return;
    inputsOf(node).forEach(visit);
    ordered.add(node);
  };
  roots.forEach(visit);
  return { nodes: [...ordered], left: seen.size - kept.size };
}

function shapeOf({ shape }: GraphNode): string {
  return `[${shape.join(", ")}]`;
}

function linesOf(node: GraphNode, name: string | undefined, note: string): string[] {
  const own = name ?? node.name;
  if (!node.recipe) return [own ?? "data", note];
  return [own ? `${own} = ${node.recipe.op.name}` : node.recipe.op.name, note];
}

/** Every node's row and place. */
function place(
  nodes: readonly GraphNode[],
  linesOfNode: (node: GraphNode) => readonly string[],
): Map<GraphNode, Placed> {
  const placed = new Map<GraphNode, Placed>();
  const rows: Placed[][] = [];
  for (const node of nodes) {
    const inputs = inputsOf(node).flatMap((input) => placed.get(input) ?? []);
    const row = Math.max(-1, ...inputs.map((input) => input.row)) + 1;
    const lines = linesOfNode(node);
    const width = Math.max(44, ...lines.map((line) => textWidth(line) + 14));
    const box = { node, lines, row, width, x: 0 };
    placed.set(node, box);
    (rows[row] ??= []).push(box);
  }
  for (const row of rows) spread(row, placed);
  lift(rows, placed);
  const least = Math.min(...[...placed.values()].map(({ x, width }) => x - width / 2));
  for (const box of placed.values()) box.x += MARGIN - least;
  return placed;
}

/** Put the boxes of a row under the mean of their inputs, in that order, without overlap. */
function spread(row: readonly Placed[], placed: ReadonlyMap<GraphNode, Placed>): void {
  for (const box of row) {
    const inputs = inputsOf(box.node).flatMap((input) => placed.get(input) ?? []);
    box.x = inputs.length > 0 ? inputs.reduce((sum, { x }) => sum + x, 0) / inputs.length : 0;
  }
  separate(row);
}

/** Once all rows stand, put leaves over what uses them: from the last row to the first. */
function lift(rows: readonly (readonly Placed[])[], placed: ReadonlyMap<GraphNode, Placed>): void {
  const users = new Map<Placed, Placed[]>();
  for (const box of placed.values()) {
    for (const input of inputsOf(box.node)) {
      const above = placed.get(input);
      if (above) users.set(above, [...(users.get(above) ?? []), box]);
    }
  }
  for (const row of rows.toReversed()) {
    for (const box of row) {
      const below = users.get(box);
      if (below) box.x = below.reduce((sum, { x }) => sum + x, 0) / below.length;
    }
    separate(row);
  }
}

/** Move the boxes of a row apart, as little as possible from their mean. */
function separate(row: readonly Placed[]): void {
  const boxes = row.toSorted((a, b) => a.x - b.x);
  const wanted = boxes.reduce((sum, { x }) => sum + x, 0);
  for (let i = 1; i < boxes.length; i++) {
    const least = boxes[i - 1].x + (boxes[i - 1].width + boxes[i].width) / 2 + GAP;
    boxes[i].x = Math.max(boxes[i].x, least);
  }
  const shift = (boxes.reduce((sum, { x }) => sum + x, 0) - wanted) / boxes.length;
  for (const box of boxes) box.x -= shift;
}

function topOf({ row }: Placed): number {
  return HEAD + row * ROW_HEIGHT;
}

/**
 * The lines to a box from its inputs, in the order in which these stand. Each ends at a place of its own, so that an
 * input that is used twice has two.
 */
function edgesTo(to: Placed, placed: ReadonlyMap<GraphNode, Placed>): Markup[] {
  const inputs = inputsOf(to.node).flatMap((input) => placed.get(input) ?? [])
    .toSorted((a, b) => a.x - b.x);
  const apart = Math.min(16, to.width / (inputs.length + 1));
  return inputs.map((from, i) => edge(from, to, to.x + (i - (inputs.length - 1) / 2) * apart));
}

/** A line from the middle of a box to the place `x1` at the top of another. */
function edge(from: Placed, to: Placed, x1: number): Markup {
  const [x0, y0, y1] = [from.x, topOf(from) + BOX_HEIGHT, topOf(to)];
  const middle = Math.min((y1 - y0) / 2, 40);
  const points = [x0, y0, x0, y0 + middle, x1, y1 - middle, x1, y1].map((v) => v.toFixed(1));
  const [a, b, c, d, e, f, g, h] = points;
  return svgElement("path", {
    d: `M${a} ${b}C${c} ${d} ${e} ${f} ${g} ${h}`,
    fill: "none",
    stroke: "currentColor",
    "stroke-opacity": 0.7,
  });
}

function drawBox(box: Placed, isRoot: boolean): Markup {
  const { node, lines, width, x } = box;
  const color = isRoot ? ROOT_COLOR : node.recipe ? "currentColor" : LEAF_COLOR;
  const top = topOf(box);
  return svgElement(
    "g",
    {},
    svgElement("rect", {
      x: x - width / 2,
      y: top,
      width,
      height: BOX_HEIGHT,
      rx: node.recipe ? 6 : 19,
      fill: color,
      "fill-opacity": 0.12,
      stroke: color,
      "stroke-width": isRoot ? 2 : 1,
    }),
    lines.map((line, i) =>
      svgElement("text", {
        x,
        y: top + 16 + i * 15,
        "font-size": i === 0 ? 12 : 11,
        "font-weight": i === 0 ? 600 : 400,
        "text-anchor": "middle",
        fill: "currentColor",
      }, line)
    ),
  );
}
