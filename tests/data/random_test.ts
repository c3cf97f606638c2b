import assert from "node:assert/strict";
import { Random, type RandomState } from "../../data/random.ts";

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

Deno.test("Random gives the same numbers for the same seed and others for another", () => {
  assert.deepEqual(draw(new Random(5), 20), draw(new Random(5), 20));
  assert.notDeepEqual(draw(new Random(5), 20), draw(new Random(6), 20));
  assert.notDeepEqual(draw(new Random(5), 20), draw(new Random(5 + 2 ** 40), 20));
});

Deno.test("Random keeps its numbers from version to version", () => {
  // Written down once from this generator; a change would move every fixed evaluation scene.
  assert.deepEqual(
    draw(new Random(1), 4).map((value) => value * 2 ** 32),
    [1242579727, 2154415250, 4002709615, 83695119],
  );
});

Deno.test("Random agrees with sfc32 written out in big integers", () => {
  const mask = 0xffffffffn;
  let [a, b, c, counter] = [123456789n, 0n, 0x51ed270bn, 1n];
  const word = () => {
    const result = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + result) & mask;
    return result;
  };
  for (let i = 0; i < 15; i++) word();
  const random = new Random(123456789);
  for (let i = 0; i < 1000; i++) assert.equal(random.next() * 2 ** 32, Number(word()));
});

Deno.test("Random.next stays in [0, 1) with the mean, variance and independence of the uniform law", () => {
  const random = new Random(2);
  const values = draw(random, 20_000);
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const lag = values.slice(1).reduce(
    (sum, value, i) => sum + (value - mean) * (values[i] - mean),
    0,
  );
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean - 1 / 2) < 0.01);
  assert.ok(Math.abs(variance - 1 / 12) < 0.003);
  assert.ok(Math.abs(lag / values.length) < 0.003);
});

Deno.test("Random.normal has mean 0, variance 1 and the normal law's tails", () => {
  const random = new Random(3);
  const values = Array.from({ length: 20_000 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
  assert.ok(Math.abs(mean) < 0.03);
  assert.ok(Math.abs(variance - 1) < 0.05);
  assert.ok(Math.abs(beyondTwo - 0.0455) < 0.008); // P(|x| > 2) of the normal law
});

Deno.test("Random.uniform, integer and chance keep to their bounds", () => {
  const random = new Random(4);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 5000; i++) {
    const value = random.uniform(-3, -1);
    assert.ok(value >= -3 && value < -1);
    counts[random.integer(5)]++;
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
  }
  assert.ok(counts.every((count) => count > 850 && count < 1150));
  assert.equal(random.uniform(2, 2), 2);
  assert.equal(random.integer(1), 0);
});

Deno.test("Random.shuffled keeps the entries, leaves the list alone and reaches every order", () => {
  const random = new Random(5);
  const list = [1, 2, 3];
  const orders = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const shuffled = random.shuffled(list);
    assert.deepEqual(shuffled.toSorted(), list);
    orders.add(shuffled.join());
  }
  assert.deepEqual(list, [1, 2, 3]);
  assert.equal(orders.size, 6);
  assert.deepEqual(random.shuffled([]), []);
});

Deno.test("Random.pick reaches every entry of a list", () => {
  const random = new Random(6);
  const seen = new Set(Array.from({ length: 60 }, () => random.pick(["a", "b", "c"])));
  assert.deepEqual([...seen].toSorted(), ["a", "b", "c"]);
});

Deno.test("Random.fork depends on seed and label only", () => {
  const random = new Random(7);
  const first = draw(random.fork("a"), 5);
  draw(random, 100);
  assert.deepEqual(draw(random.fork("a"), 5), first);
  assert.deepEqual(draw(new Random(7).fork("a"), 5), first);
  for (const other of [random.fork("b"), random.fork(1), new Random(8).fork("a"), random]) {
    assert.notDeepEqual(draw(other, 5), first);
  }
  assert.notDeepEqual(draw(random.fork("1"), 5), draw(random.fork(1), 5));
  assert.notDeepEqual(draw(random.fork("a").fork("b"), 5), draw(random.fork("b").fork("a"), 5));
});

Deno.test("Random.fork gives streams that start apart for thousands of neighbouring labels", () => {
  const random = new Random(8);
  const starts = new Set(Array.from({ length: 5000 }, (_, index) => random.fork(index).next()));
  assert.ok(starts.size > 4995); // 5000 draws of 2^32: 0.003 equal pairs expected
});

Deno.test("Random.restore goes on where save was called, through JSON as well", () => {
  const random = new Random(9);
  draw(random, 17);
  const state: RandomState = JSON.parse(JSON.stringify(random.save()));
  const expected = [...draw(random, 10), random.fork("x").next()];
  const other = new Random(0);
  other.restore(state);
  assert.deepEqual([...draw(other, 10), other.fork("x").next()], expected);
});

Deno.test("Random refuses what is no seed", () => {
  for (const seed of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => new Random(seed), {
      name: "RangeError",
      message: `Random: the seed must be a whole number, 0 to 2^53 - 1, not ${seed}`,
    });
  }
});

Deno.test("Random's draws refuse bounds that make no sense", () => {
  const random = new Random(1);
  for (const [low, high] of [[1, 0], [NaN, 1], [0, Infinity]]) {
    assert.throws(() => random.uniform(low, high), {
      name: "RangeError",
      message: `Random.uniform: bounds must be finite and in order, not ${low}, ${high}`,
    });
  }
  for (const below of [0, -1, 1.5, NaN, 2 ** 33]) {
    assert.throws(() => random.integer(below), {
      name: "RangeError",
      message: `Random.integer: the bound must be a whole number, 1 to 2^32, not ${below}`,
    });
  }
  assert.throws(() => random.pick([]), {
    name: "RangeError",
    message: "Random.pick: the list is empty",
  });
});

Deno.test("Random.restore refuses what save did not make", () => {
  const random = new Random(1);
  for (
    const state of [null, {}, { words: [1, 2, 3], origin: [1, 2, 3] }, { words: [1, 2, 3, 0.5] }]
  ) {
    assert.throws(() => random.restore(state as unknown as RandomState), {
      name: "RangeError",
      message: "Random.restore: the state must hold 4 words and an origin of 3",
    });
  }
});
