/**
 * Bring deno.lock up to date: every package that the code of the project reaches, with its checksum. For
 * after a change of import_map.json; everything else takes the lock file as it is. The old file stays the
 * start: Deno 2.9.6 leaves the packages of linked folders out of one that it begins.
 *
 * @module
 */
import { runDeno } from "./start.ts";

if (import.meta.main) {
  const unlocked = ["--lock=deno.lock", "--frozen=false"];
  const code = await runDeno(["check", ...unlocked, "."]) ||
    await runDeno(["check", "-c", "deno.web.json", ...unlocked, "core"]);
  Deno.exit(code);
}
