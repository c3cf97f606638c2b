import assert from "node:assert/strict";
import { decide, describeAdapter, type Situation } from "../../tools/ensure_adapter.ts";

const ROOT_ON_DEBIAN: Situation = {
  os: "linux",
  uid: 0,
  aptGet: true,
  refused: false,
  backend: undefined,
};

function messageFor(change: Partial<Situation>): string {
  const decision = decide({ ...ROOT_ON_DEBIAN, ...change });
  assert(!decision.install);
  return decision.message;
}

Deno.test("decide() installs as root beside apt-get and says so first", () => {
  const decision = decide(ROOT_ON_DEBIAN);
  assert(decision.install);
  assert.match(decision.announcement, /^no WebGPU adapter was found: installing .*AE_NO_INSTALL=1/);
});

Deno.test("decide() installs nothing where AE_NO_INSTALL refuses", () => {
  const message = messageFor({ refused: true });
  assert.match(message, /^no WebGPU adapter was found, and AE_NO_INSTALL forbids/);
  assert.match(message, /help: apt-get update && apt-get install -y --no-install-recommends mesa/);
});

Deno.test("decide() gives an ordinary user the line to type", () => {
  assert.match(messageFor({ uid: 1000 }), /help: sudo sh -c "apt-get update && /);
  assert.match(messageFor({ aptGet: false }), /help: install your distribution's Vulkan driver/);
  assert.match(messageFor({ os: "darwin", uid: null }), /help: update the graphics driver/);
});

Deno.test("decide() names the backend that was asked for", () => {
  assert.match(
    messageFor({ uid: 1, backend: "metal" }),
    /found \(DENO_WEBGPU_BACKEND is "metal"\)/,
  );
});

Deno.test("describeAdapter() names the adapter that these tests run on", async () => {
  assert.ok(await describeAdapter());
});
