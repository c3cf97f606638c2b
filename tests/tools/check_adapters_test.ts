import assert from "node:assert/strict";
import { backendsOf } from "../../tools/check_adapters.ts";

Deno.test("backendsOf() gives the two that were typed, Vulkan and OpenGL if none was", () => {
  assert.deepEqual(backendsOf([]), ["vulkan", "gl"]);
  assert.deepEqual(backendsOf(["metal", "vulkan"]), ["metal", "vulkan"]);
});

Deno.test("backendsOf() refuses unknown names, and one backend alone", () => {
  const cases: [string[], string][] = [
    [
      ["vulcan", "gl"],
      'unknown backend "vulcan"; there are vulkan, gl, metal, dx12\n  help: did you mean "vulkan"?',
    ],
    [["vulkan", "cuda"], 'unknown backend "cuda"; there are vulkan, gl, metal, dx12'],
    [["gl"], "two backends are compared, not 1\n  help: check:adapters vulkan gl"],
    [["gl", "gl", "gl"], "two backends are compared, not 3\n  help: check:adapters vulkan gl"],
  ];
  for (const [typed, message] of cases) {
    assert.throws(() => backendsOf(typed), { name: "InputError", message });
  }
});
