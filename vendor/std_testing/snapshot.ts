/** `assertSnapshot` of `jsr:@std/testing/snapshot`, from Deno's own test context. @module */

/** Compare `actual` with the snapshot file beside the test; `deno test -u` writes it. */
export async function assertSnapshot<T>(context: Deno.TestContext, actual: T): Promise<void> {
  await context.assertSnapshot(actual);
}
