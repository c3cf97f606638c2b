/**
 * Combining one value from every lane of a workgroup, in a fixed order, so that a sum has the same bits on
 * every run:
 *
 *     64 lanes write their values     barrier
 *     8 lanes combine 8 values each   barrier
 *     the first combines those 8
 *
 * Eight at a time instead of the usual two: on llvmpipe a barrier costs as much as 80 multiply-adds, and a
 * GPU does not mind.
 *
 * @module
 */

const RADIX = 8;

/**
 * WGSL for workgroup memory and a function `<name>OfLanes(lane, value)` that returns all lanes' values
 * combined: to every lane if `toAll`, else to lane 0 only. Call it once per kernel, from uniform control flow.
 *
 * @param combine WGSL expression of two values.
 */
export function combineLanes(parts: {
  readonly name: string;
  readonly type: string;
  readonly lanes: number;
  readonly combine: (a: string, b: string) => string;
  readonly toAll?: boolean;
}): string {
  const { name, type, lanes, combine, toAll = false } = parts;
  const memory = `${name}Lanes`;
  const levels: string[] = [];
  for (let left = lanes; left > 1;) {
    const next = Math.ceil(left / RADIX);
    const others = Array.from({ length: Math.ceil(left / next) - 1 }, (_, k) => {
      const other = `lane + ${(k + 1) * next}u`;
      const line = `    own = ${combine("own", `${memory}[${other}]`)};`;
      return (k + 2) * next > left ? `    if (${other} < ${left}u) {\n  ${line}\n    }` : line;
    });
    levels.push(
      `  workgroupBarrier();`,
      `  if (lane < ${next}u) {`,
      ...others,
      ...(next > 1 || toAll ? [`    ${memory}[lane] = own;`] : []),
      `  }`,
    );
    left = next;
  }
  return [
    `var<workgroup> ${memory}: array<${type}, ${lanes}>;`,
    `fn ${name}OfLanes(lane: u32, value: ${type}) -> ${type} {`,
    `  var own = value;`,
    `  ${memory}[lane] = own;`,
    ...levels,
    ...(toAll ? [`  workgroupBarrier();`, `  return ${memory}[0];`] : [`  return own;`]),
    `}`,
  ].join("\n");
}
