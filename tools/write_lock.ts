/**
 * Write deno.lock anew: every package that the code of the project reaches, with its checksum. For
 * after a change of import_map.json; everything else takes the lock file as it is.
 *
 * @module
 */
import { runDeno } from "./start.ts";

if (import.meta.main) {
  const unlocked = ["--lock=deno.lock", "--frozen=false"];
  await Deno.remove("deno.lock").catch(() => {});
  const code = await runDeno(["check", ...unlocked, "."]) ||
    await runDeno(["check", "-c", "deno.web.json", ...unlocked, "core"]);
  Deno.exit(code);
}
