/**
 * Sums of products for graphics cards, in tiles that a workgroup shares:
 *
 *     y[row, column] = Σ over k  a(row, k) · b(k, column)
 *
 * where `a` and `b` say in WGSL how to find a number: in a matrix as it is stored, or in an image under a kernel. So
 * one shader serves matrix products, convolutions and both their gradients.
 *
 *                          columns
 *                     ┌──────────────┐
 *                     │ tile of b    │  DEPTH terms at a time, in workgroup memory; while they are multiplied
 *                     └──────────────┘  the next are on their way from the card's memory
 *          ┌───┐      ┌──────────────┐
 *     rows │ a │      │ tile of y    │  every invocation has 4x4 to 8x8 of it in registers
 *          └───┘      └──────────────┘
 *
 * A number loaded from the card's memory is used as often as the tile is wide or high, one from workgroup memory as
 * often as an invocation's part of it. A long sum of a small result is cut into parts, so that there is a workgroup for
 * every core; they are added up afterwards, always in the same order.
 *
 * @module
 */
import {
  grid,
  type Kernel,
  kernel,
  MAX_ITERATIONS,
  mostSharedBytes,
  range,
} from "../core/kernel.ts";
import type { KernelRequest } from "../core/op.ts";

/** A workgroup's tile. */
export interface WorkgroupTile {
  readonly rows: number;
  readonly columns: number;
  /** Rows and columns of one invocation's part, multiples of 4. */
  readonly own: { readonly rows: number; readonly columns: number };
  /** How much of its time a core multiplies with such tiles, of what it does with the best. */
  readonly yield: number;
}

const TILES: readonly WorkgroupTile[] = [
  { rows: 128, columns: 128, own: { rows: 8, columns: 8 }, yield: 1 },
  { rows: 128, columns: 64, own: { rows: 8, columns: 8 }, yield: 0.9 },
  { rows: 64, columns: 64, own: { rows: 4, columns: 8 }, yield: 0.75 },
  { rows: 32, columns: 64, own: { rows: 4, columns: 8 }, yield: 0.55 },
  { rows: 32, columns: 32, own: { rows: 4, columns: 4 }, yield: 0.5 },
];

const nameOf = ({ rows, columns }: WorkgroupTile) => `shared ${rows}x${columns}`;
const lanesOf = ({ rows, columns, own }: WorkgroupTile) =>
  rows / own.rows * (columns / own.columns);

/** Names of all tiles. */
export const WORKGROUP_TILES: readonly string[] = TILES.map(nameOf);

/** Terms that are in workgroup memory at a time. */
const DEPTH = 8;
/** Tiles of two depths are in workgroup memory: one is read while the next is written. */
const BUFFERS = 2;
/** Vectors that a row of a tile in memory is longer, so that lanes that write a column of it use different banks. */
const PADDING = 1;

/** Cores of a large card (NVIDIA H100: 132). There is no way to ask. */
const CORES = 132;
/** Invocations that keep a core busy. */
const LANES_OF_CORE = 256;
/** A part of a sum has at least so many terms: each costs a result in memory. */
const LEAST_TERMS = 64;
/** And there are at most so many of them. */
const MOST_PARTS = 64;

/** Sizes of a sum of products. */
export interface ProductSizes {
  readonly rows: number;
  readonly columns: number;
  /** Of one sum. */
  readonly terms: number;
  /** How many such products there are. */
  readonly batch: number;
}

/** Names of the tiles that the device has memory for, the one first that is estimated to take least. */
export function workgroupTiles(sizes: ProductSizes): string[] {
  const timeOf = (tile: WorkgroupTile) => {
    const workgroups = countTiles(sizes, tile) * partsOf(sizes, tile);
    const busy = Math.min(1, workgroups * lanesOf(tile) / (CORES * LANES_OF_CORE));
    return countTiles(sizes, tile) * tile.rows * tile.columns / (tile.yield * busy);
  };
  const fitting = TILES.filter((tile) => sharedBytes(tile) <= mostSharedBytes());
  return fitting.toSorted((a, b) => timeOf(a) - timeOf(b)).map(nameOf);
}

/** Workgroup memory of a tile: 16,896 bytes for the largest, where WebGPU guarantees 16,384. */
function sharedBytes({ rows, columns }: WorkgroupTile): number {
  return 16 * BUFFERS * DEPTH * ((rows + columns) / 4 + 2 * PADDING);
}

function countTiles({ rows, columns, batch }: ProductSizes, tile: WorkgroupTile): number {
  return Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * batch;
}

function partsOf(sizes: ProductSizes, tile: WorkgroupTile): number {
  const wanted = 2 * CORES * LANES_OF_CORE / (lanesOf(tile) * Math.max(1, countTiles(sizes, tile)));
  const possible = Math.min(MOST_PARTS, Math.floor(sizes.terms / LEAST_TERMS));
  const needed = Math.ceil(sizes.terms / DEPTH / (MAX_ITERATIONS - 1));
  return Math.max(needed, Math.min(Math.round(wanted), possible), 1);
}

/** How many parts each sum is cut into with the tile of this name. */
export function countParts(sizes: ProductSizes, tile: string): number {
  return partsOf(sizes, tileNamed(tile));
}

function tileNamed(name: string): WorkgroupTile {
  return TILES.find((tile) => nameOf(tile) === name)!;
}

/** One of the two factors. */
export interface Factor {
  /**
   * Whether numbers that lie side by side in memory are neighbouring terms of one row of a (column of b), or of
   * neighbouring rows (columns) of one term: neighbouring lanes load them.
   */
  readonly neighbours: "terms" | "sides";
  /**
   * Numbers of one load: four where neighbours, counted from a multiple of four, always lie side by side, and their
   * count (of terms or of sides) is a multiple of four.
   */
  readonly width: 1 | 4;
  /** WGSL expression, an f32 or a vec4f: the number of row (column) `side` and term `k`, or the four from there on. */
  readonly at: (side: string, k: string) => string;
}

/** What {@linkcode workgroupKernel} makes a shader of. */
export interface WorkgroupProduct {
  readonly name: string;
  /** Its output has the parts as its first axis if there are several. */
  readonly request: KernelRequest;
  readonly inputs: readonly string[];
  /** Inputs that are bound as vectors. */
  readonly vectors?: readonly string[];
  readonly constants?: Readonly<Record<string, number>>;
  readonly sizes?: Readonly<Record<string, number>>;
  readonly declarations?: string;
  readonly tile: string;
  readonly product: ProductSizes;
  readonly a: Factor;
  readonly b: Factor;
  /** WGSL that names what `a`, `b` and `place` need, from `batch`. */
  readonly begin?: string;
  /** WGSL expression: where the result of `row` and `column` of `part` and `batch` lies. */
  readonly place: string;
  /** True if the results of four columns from a multiple of four lie side by side from such a multiple. */
  readonly wide: boolean;
  /** WGSL expression, an f32: what to add to the result of `row`. */
  readonly bias?: string;
}

/** How the lanes of a workgroup bring the tile of one factor from the card's memory to their own. */
interface Loads {
  /** Vectors from one term to the next in workgroup memory. */
  readonly pitch: number;
  readonly name: string;
  /** WGSL: which numbers are this lane's. */
  readonly prepare: readonly string[];
  /** WGSL: load those of the terms from `start` on. */
  readonly fetch: (start: string) => readonly string[];
  /** WGSL: put them, which are those of the terms from `k0` on, into the tile. */
  readonly put: readonly string[];
}

function loadsOf(
  { name, factor, length, side, limit }: {
    readonly name: string;
    readonly factor: Factor;
    readonly length: number;
    readonly side: string;
    readonly limit: string;
  },
  lanes: number,
): Loads {
  const { neighbours, width, at } = factor;
  const pitch = length / 4 + PADDING;
  const along = (neighbours === "terms" ? DEPTH : length) / width; // loads side by side
  const step = lanes / along; // from one load of a lane to its next, across
  const loads = range(length * DEPTH / width / lanes).map((n) => ({
    value: `${name}_next${n}`,
    side: `${name}_side${n}`,
    further: n * step,
  }));
  const nothing = width === 4 ? "vec4f()" : "0.0";
  const termOf = (further: number) =>
    neighbours === "terms" ? `${name}_term` : `${name}_term + ${further}u`;
  const sideOf = (further: number) =>
    neighbours === "terms" ? `${name}_own + ${further}u` : `${name}_own`;
  const [across, sideways] = [`lane / ${along}u`, `lane % ${along}u * ${width}u`];
  const wideTerms = neighbours === "terms" && width === 4;
  return {
    name,
    pitch,
    prepare: [
      `let ${name}_term = ${neighbours === "terms" ? sideways : across};`,
      `let ${name}_own = ${neighbours === "terms" ? across : sideways};`,
      ...loads.map(({ side: name, further }) =>
        `let ${name} = min(first_${side} + ${sideOf(further)}, ${limit} - ${
          wideTerms ? 1 : width
        }u);`
      ),
      ...loads.map(({ value }) => `var ${value} = ${nothing};`),
    ],
    // A term past the end is loaded from a place that exists and counts as 0 when it is put into the tile. Not sooner:
    // whoever looks at a number waits for it, and loading shall go on while the lane multiplies.
    fetch: (start) =>
      loads.map(({ value, side, further }) => {
        const k = `min(${start} + ${termOf(further)}, TERMS - ${wideTerms ? 4 : 1}u)`;
        return `${value} = ${at(side, k)};`;
      }),
    put: loads.flatMap(({ value, further }) => {
      const place = (term: string, side: string) =>
        `${name}_tile[${name}_from + (${term}) * ${pitch}u + (${side}) / 4u]`;
      const term = termOf(further);
      const [own, known] = [sideOf(further), `${value}_known`];
      return [
        `let ${known} = select(${nothing}, ${value}, k0 + ${term} < end);`,
        ...(!wideTerms
          ? [
            width === 4
              ? `${place(term, own)} = ${known};`
              : `${place(term, own)}[(${own}) % 4u] = ${known};`,
          ]
          : range(4).map((k) =>
            `${place(`${term} + ${k}u`, own)}[(${own}) % 4u] = ${known}[${k}];`
          )),
      ];
    }),
  };
}

/** The shader. */
export function workgroupKernel(options: WorkgroupProduct): Kernel {
  const { product, a, b, wide, bias } = options;
  const tile = tileNamed(options.tile);
  const { own } = tile;
  const lanes = lanesOf(tile);
  const parts = partsOf(product, tile);
  const termsOfPart = Math.ceil(product.terms / parts / DEPTH) * DEPTH;
  const { workgroups, row } = grid(countTiles(product, tile) * parts, 1);
  const across = tile.columns / own.columns; // lanes side by side
  const factors = [
    { name: "a", factor: a, length: tile.rows, side: "row", limit: "ROWS" },
    { name: "b", factor: b, length: tile.columns, side: "column", limit: "COLUMNS" },
  ].map((it) => loadsOf(it, lanes));

  const rowGroups = range(own.rows / 4);
  const columnGroups = range(own.columns / 4);
  const rowsBetween = tile.rows / rowGroups.length;
  const columnsBetween = tile.columns / columnGroups.length;
  const multiply = range(DEPTH).flatMap((k) => [
    ...rowGroups.map((g) =>
      `let a${k}_${g} = a_tile[a_from + lane_row + ${k * factors[0].pitch + g * rowsBetween / 4}u];`
    ),
    ...columnGroups.map((g) =>
      `let b${k}_${g} = b_tile[b_from + lane_column + ${
        k * factors[1].pitch + g * columnsBetween / 4
      }u];`
    ),
    ...rowGroups.flatMap((g) =>
      range(4).flatMap((r) =>
        columnGroups.map((q) => {
          const sum = `y${4 * g + r}_${q}`;
          return `${sum} = fma(vec4f(a${k}_${g}[${r}]), b${k}_${q}, ${sum});`;
        })
      )
    ),
  ]);
  const store = rowGroups.flatMap((g) =>
    range(4).flatMap((r) => [
      "  {",
      `    let row = first_row + lane_row * 4u + ${g * rowsBetween + r}u;`,
      `    let own = of_channel(min(row, ROWS - 1u));`,
      ...(bias ? [`    let bias = ${bias};`] : []),
      ...columnGroups.flatMap((q) => {
        const first = `first_column + lane_column * 4u + ${q * columnsBetween}u`;
        const value = `y${4 * g + r}_${q}${bias ? " + bias" : ""}`;
        return wide
          ? [
            `    { let column = ${first}; if (row < ROWS && column < COLUMNS) { store((${options.place}) / 4u, own, ${value}); } }`,
          ]
          : range(4).map((c) =>
            `    { let column = ${first} + ${c}u; if (row < ROWS && column < COLUMNS) { store(${options.place}, own, (${value})[${c}]); } }`
          );
      }),
      "  }",
    ])
  );
  const indent = (lines: readonly string[], by: string) => lines.map((line) => by + line);

  return kernel({
    name: options.name,
    request: options.request,
    inputs: options.inputs,
    vectors: [...(options.vectors ?? []), ...(wide ? ["out"] : [])],
    ...(options.constants ? { constants: options.constants } : {}),
    sizes: {
      ROWS: product.rows,
      COLUMNS: product.columns,
      TERMS: product.terms,
      BATCH: product.batch,
      DOWN: Math.ceil(product.rows / tile.rows),
      ACROSS: Math.ceil(product.columns / tile.columns),
      PARTS: parts,
      TERMS_OF_PART: termsOfPart,
      GRID_ROW: row,
      ...options.sizes,
    },
    declarations: [
      ...factors.map(({ name, pitch }) =>
        `var<workgroup> ${name}_tile: array<vec4f, ${BUFFERS * DEPTH * pitch}>;`
      ),
      ...(options.declarations ? [options.declarations] : []),
    ].join("\n"),
    workgroupSize: [lanes, 1, 1],
    workgroups,
    iterations: termsOfPart / DEPTH,
    stores: true,
    body: [
      "  let tile = workgroup.y * GRID_ROW + workgroup.x;",
      "  let part = tile / (ACROSS * DOWN) % PARTS;",
      "  let batch = tile / (ACROSS * DOWN * PARTS);",
      "  if (batch >= BATCH) { return; }",
      `  let first_row = tile / ACROSS % DOWN * ${tile.rows}u;`,
      `  let first_column = tile % ACROSS * ${tile.columns}u;`,
      `  let lane_row = lane / ${across}u; // both counted in vectors`,
      `  let lane_column = lane % ${across}u;`,
      ...(options.begin ? [options.begin] : []),
      "  let begin = part * TERMS_OF_PART;",
      "  let end = min(begin + TERMS_OF_PART, TERMS);",
      ...factors.flatMap(({ prepare }) => indent(prepare, "  ")),
      ...range(own.rows).flatMap((r) => columnGroups.map((q) => `  var y${r}_${q} = vec4f();`)),
      ...factors.flatMap(({ fetch }) => indent(fetch("begin"), "  ")),
      "  var buffer = 0u;",
      `  for (var k0 = begin; k0 < end; k0 += ${DEPTH}u) {`,
      ...factors.map(({ name, pitch }) => `    let ${name}_from = buffer * ${DEPTH * pitch}u;`),
      ...factors.flatMap(({ put }) => indent(put, "    ")),
      "    workgroupBarrier();",
      `    let after = k0 + ${DEPTH}u;`,
      ...factors.flatMap(({ fetch }) => indent(fetch("after"), "    ")),
      ...indent(multiply, "    "),
      "    buffer = 1u - buffer;",
      "  }",
      ...store,
    ].join("\n"),
  });
}
