import assert from "node:assert/strict";
import { grad, relu, tensor, variable } from "ae";
import { drawGraph, type GraphNode } from "../../display/graph.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const w = variable(tensor([1, 2, 3]), "w");
const x = tensor([[1, -1, 2]]);
const loss = relu(x.mul(w)).sum();

/** A leaf, or a node of these inputs. */
function node(name: string, ...inputs: GraphNode[]): GraphNode {
  return { shape: [], name, recipe: inputs.length ? { op: { name: "op" }, inputs } : null };
}

/** The upper edge of each box. */
function tops(svg: string): number[] {
  return [...svg.matchAll(/<rect x="[^"]*" y="([^"]*)"/g)].map(([, y]) => Number(y));
}

Deno.test("drawGraph() looks as its snapshot", () => {
  const [gradient] = grad(loss, [w]);
  const svg = drawGraph([loss, gradient], { names: { x, loss, "∂loss/∂w": gradient } }).toString();
  assertWellFormed(svg);
  assertSnapshot("graph.svg", svg);
});

Deno.test("drawGraph() puts every node below what it is made from", () => {
  const a = node("a");
  const b = node("b", a);
  const svg = drawGraph(node("c", b, a)).toString();
  const [first, second, third] = tops(svg);
  assert.ok(first < second && second < third);
});

Deno.test("drawGraph() draws two lines for an input that is used twice", () => {
  const a = node("a");
  assert.equal(drawGraph(node("b", a, a)).toString().match(/<path/g)?.length, 2);
});

Deno.test("drawGraph() lets no two boxes of a row overlap", () => {
  const leaves = ["a", "a long name", "c", "another long name"].map((name) => node(name));
  const svg = drawGraph(node("sum", ...leaves)).toString();
  const boxes = [...svg.matchAll(/<rect x="([^"]*)" y="([^"]*)" width="([^"]*)"/g)]
    .map(([, x, y, width]) => ({ x: Number(x), y, width: Number(width) }));
  const row = boxes.filter(({ y }) => y === boxes[0].y).toSorted((a, b) => a.x - b.x);
  assert.equal(row.length, 4);
  row.slice(1).forEach((box, i) => assert.ok(row[i].x + row[i].width < box.x));
});

Deno.test("drawGraph() keeps the nodes nearest to the roots and says how many it left out", () => {
  let chain = node("start");
  for (let i = 0; i < 9; i++) chain = node(`n${i}`, chain);
  const svg = drawGraph(chain, { most: 3 });
  assert.equal(svg.title, "3 operations on 0 leaves; 7 more above are not drawn");
  assert.ok(svg.toString().includes("n6") && !svg.toString().includes("n5"));
});

Deno.test("drawGraph() writes a note in place of the shape", () => {
  const svg = drawGraph(loss, { note: ({ id }) => `number ${id}` }).toString();
  assert.ok(svg.includes(`number ${loss.id}`) && !svg.includes("[1, 3]"));
});

Deno.test("drawGraph() refuses to draw nothing", () => {
  assert.throws(() => drawGraph([]), /^RangeError: drawGraph: there is no tensor to draw/);
});
