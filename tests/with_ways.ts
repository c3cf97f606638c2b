import { setChoice } from "../mod.ts";

/** Run `body` with ways forced; a read plans before it first waits. */
export async function withWays<R>(
  ways: Readonly<Record<string, string>>,
  body: () => R,
): Promise<Awaited<R>> {
  for (const [what, way] of Object.entries(ways)) setChoice(what, way);
  try {
    return await body();
  } finally {
    for (const what of Object.keys(ways)) setChoice(what, null);
  }
}
