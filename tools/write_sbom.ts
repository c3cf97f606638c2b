/**
 * Write the bill of materials: `deno task sbom [FILE]`.
 *
 * @module
 */
import { writeFileAtomic } from "../mod.ts";
import project from "../deno.json" with { type: "json" };
import { billOfMaterials, dependencies } from "./dependencies.ts";

const path = Deno.args[0] ?? "out/sbom.json";
const all = dependencies(
  await Deno.readTextFile("deno.lock"),
  await Deno.readTextFile("docs/dependencies.md"),
);
if (Deno.args.length === 0) await Deno.mkdir("out", { recursive: true });
await writeFileAtomic(path, JSON.stringify(billOfMaterials(project, all), null, 1) + "\n");
console.log(`${path}: ${all.length} packages`);
