import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { bodyOf } from "../../data/synthetic/body.ts";
import { sampleWalk, walkAt } from "../../data/synthetic/walk.ts";

const walks = Array.from({ length: 40 }, (_, i) => sampleWalk(new Random(8).fork(i), 1.5));

Deno.test("walkAt() goes to and fro within reach and is back after a period", () => {
  for (const walk of walks) {
    const places = Array.from({ length: 200 }, (_, i) => walkAt(walk, walk.period * i / 200).x);
    const [low, high] = [Math.min(...places), Math.max(...places)];
    assert.ok(Math.abs(low - (walk.centre - walk.reach)) < 1e-3 * walk.reach);
    assert.ok(Math.abs(high - (walk.centre + walk.reach)) < 1e-3 * walk.reach);
    assert.ok(Math.abs(walkAt(walk, 7).x - walkAt(walk, 7 + walk.period).x) < 1e-9);
    const fastest = Math.max(
      ...places.map((_, t) => Math.abs(walkAt(walk, t + 1).x - walkAt(walk, t).x)),
    );
    assert.ok(fastest < 0.0451, `${fastest}`);
  }
});

Deno.test("walkAt() turns people to where they walk, one in eight with the back to the camera", () => {
  let away = 0;
  for (const walk of walks) {
    if (walk.away) away++;
    for (let t = 0; t < 60; t++) {
      const step = walkAt(walk, t + 0.01).x - walkAt(walk, t).x;
      const { chest } = bodyOf({
        ...walkAt(walk, t).stance,
        posture: { ...walkAt(walk, t).stance.posture, twist: 0, lean: 0 },
        cameraRoll: 0,
      });
      if (Math.abs(step) > 2e-5) assert.equal(Math.sign(chest.forward[0]), Math.sign(step));
      assert.equal(chest.forward[2] < 0, walk.away);
    }
  }
  assert.ok(away > 0 && away < 13, `${away}`);
});

Deno.test("walkAt() keeps build and head, and swings legs against each other and arms against legs", () => {
  for (const walk of walks) {
    const [first, later] = [walkAt(walk, 0).stance, walkAt(walk, 13).stance];
    assert.deepEqual([later.build, later.limbLength, later.head], [
      first.build,
      first.limbLength,
      first.head,
    ]);
    const { legs, arms } = later.posture;
    assert.equal(legs[0].swing, -legs[1].swing);
    const [left, right] = walk.stances.map(({ posture }) => posture.arms.map(({ swing }) => swing));
    const share = (1 - Math.cos(2 * Math.PI * 13 / walk.gesture + walk.phases[2])) / 2;
    [0, 1].forEach((side) => {
      const hanging = left[side] + (right[side] - left[side]) * share;
      assert.ok(Math.abs(arms[side].swing - (hanging - legs[side].swing / 2)) < 1e-12);
    });
    assert.ok(legs.every(({ bend }) => bend > 0));
  }
});
