import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { compile, hostArray, matmul, profile, type Tensor } from "ae";
import { drawProfile, profileTable } from "../../display/profile.ts";
import { assertWellFormed } from "./snapshot.ts";

const rows = [
  { title: "matmul [8, 8]", count: 1, timeMs: 6, gflops: 50, gigabytesPerSecond: 0.5 },
  { title: "relu [64]", count: 2, timeMs: 3, gflops: null, gigabytesPerSecond: 4 },
  { title: "add [64]", count: 1, timeMs: 0.75, gflops: null, gigabytesPerSecond: 2 },
  { title: "sub [64]", count: 1, timeMs: 0.25, gflops: null, gigabytesPerSecond: 2 },
];

it("profileTable() gives time, share, rates and the nearer ceiling, and adds up what it leaves out", () => {
  const ceilings = { multiplyAddGflops: 100, copyGBs: 8 };
  assert.deepEqual(profileTable(rows, { rows: 2, ceilings }).split("\n"), [
    "        time  share  runs     arithmetic      memory  of ceiling  kernel",
    "    6.000 ms   60 %    1x   50.0 GFLOP/s    0.5 GB/s        50 %  matmul [8, 8]",
    "    3.000 ms   30 %    2x                   4.0 GB/s        50 %  relu [64]",
    "    1.000 ms  2 other kernels",
    "   10.000 ms  all",
  ]);
  assert.doesNotMatch(profileTable(rows), /ceiling/);
  assert.match(profileTable([]), /0.000 ms {2}all$/);
});

it("drawProfile() draws a bar for each kernel", () => {
  const svg = drawProfile(rows, { rows: 3 }).toString();
  assertWellFormed(svg);
  for (const { title } of rows.slice(0, 3)) assert.ok(svg.includes(title));
  assert.ok(svg.includes("relu [64], 2 times") && !svg.includes("sub"));
});

it("profile() counts each tensor's bytes once", async () => {
  using step = compile(({ x }: { x: Tensor }) => ({ y: matmul(x, x), z: x.add(1) }));
  const inputs = { x: hostArray([64, 64]) };
  await profile(step, inputs);
  for (const { title, timeMs, gigabytesPerSecond } of await profile(step, inputs)) {
    const bytes = gigabytesPerSecond * timeMs * 1e6;
    assert.ok(Math.abs(bytes - 2 * 64 * 64 * 4) < 1, `${title}: ${bytes} bytes`);
  }
});
