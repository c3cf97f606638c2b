/**
 * What the project depends on: the lock file and the table of docs/dependencies.md, read together.
 *
 * @module
 */
import { InputError } from "../mod.ts";

/** One locked package. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly purpose: string;
  readonly usedBy: string;
  /** `sha512-…` of the package's archive, base64. */
  readonly integrity: string;
}

/** Licences that may be mixed with the project's own (MIT) without a further duty than to name them. */
const LICENCES = ["MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Apache-2.0", "0BSD"];

/**
 * Every package of a lock file with its row of the table.
 *
 * @param lock Content of deno.lock.
 * @param table Content of docs/dependencies.md.
 * @throws {InputError} If a package has no row or no checksum, a row no package, a version differs, or a licence is not
 * one of those that need no lawyer.
 */
export function dependencies(lock: string, table: string): Dependency[] {
  const locked: Record<string, { integrity?: string }> = JSON.parse(lock).npm;
  const rows = [...table.matchAll(
    /^\| `([^`]+)` *\| ([\d.]+) *\| ([^|]+?) *\| ([^|]+?) *\| ([^|]+?) *\|$/gm,
  )].map(([, name, version, licence, purpose, usedBy]) =>
    ({ name, version, licence, purpose, usedBy }) as const
  );
  const keyOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`;
  const extra = rows.find((row) => !(keyOf(row) in locked));
  if (extra) throw new InputError(`docs/dependencies.md: ${keyOf(extra)} is not in deno.lock`);
  return Object.entries(locked).map(([key, { integrity }]) => {
    const row = rows.find((it) => keyOf(it) === key);
    if (!row) throw new InputError(`docs/dependencies.md: has no row for ${key} of deno.lock`);
    if (!integrity?.startsWith("sha512-")) {
      throw new InputError(`deno.lock: ${key} has no checksum`);
    }
    if (!LICENCES.includes(row.licence)) {
      throw new InputError(`docs/dependencies.md: ${key} has the licence ${row.licence}`);
    }
    return { ...row, integrity };
  });
}

/** Where a package is named in the way of package URLs. */
function packageUrl({ name, version }: Dependency): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/**
 * A software bill of materials in the form of CycloneDX 1.5.
 *
 * @param project Name, version and licence of the project.
 */
export function billOfMaterials(
  project: { readonly name: string; readonly version: string; readonly license: string },
  all: readonly Dependency[],
): object {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: {
        type: "library",
        name: project.name,
        version: project.version,
        licenses: [{ license: { id: project.license } }],
      },
    },
    components: all.map((it) => ({
      type: "library",
      "bom-ref": packageUrl(it),
      name: it.name,
      version: it.version,
      description: it.purpose,
      scope: it.usedBy === "library" ? "required" : "optional",
      purl: packageUrl(it),
      licenses: [{ license: { id: it.licence } }],
      hashes: [{
        alg: "SHA-512",
        content: Uint8Array.fromBase64(it.integrity.slice("sha512-".length)).toHex(),
      }],
    })),
  };
}
