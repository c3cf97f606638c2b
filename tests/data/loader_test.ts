import assert from "node:assert/strict";
import { InputError } from "../../core/errors.ts";
import { SOUND_AUGMENTATION } from "../../data/augment.ts";
import type { Batch } from "../../data/batch.ts";
import { batches, type BatchStream, type LoaderOptions } from "../../data/loader.ts";
import { Random } from "../../data/random.ts";
import type { SampleSource } from "../../data/sample.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { anybody, person } from "./people.ts";

/** Pictures of one colour each: sample i is grey of level i. `broken` ones cannot be read. */
function greys(length: number, broken: readonly number[] = []): SampleSource {
  return {
    length,
    sample: (index) => {
      if (broken.includes(index)) throw new InputError(`${index}.png: damaged`);
      const image = rgbImage(8, 8, new Uint8Array(192).fill(index));
      const people = [anybody(new Random(index), 8)];
      return { id: index, fileName: `${index}.png`, image, people };
    },
  };
}

const options: LoaderOptions = { batchSize: 4, inputSize: 8, stride: 2, seed: 1 };

async function collect(stream: BatchStream): Promise<Batch[]> {
  const result: Batch[] = [];
  for await (const batch of stream) result.push(batch);
  return result;
}

/** Which samples a batch was made of. */
function levels({ images: { data, shape } }: Batch): number[] {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, n) => Math.round(data[n * size] * 255));
}

Deno.test("batches() shows every sample once in each pass, in another order each time", async () => {
  const all = await collect(batches(greys(6), { ...options, steps: 6 }));
  const seen = all.flatMap(levels);
  const passes = [0, 1, 2, 3].map((e) => seen.slice(6 * e, 6 * e + 6));
  for (const pass of passes) assert.deepEqual(pass.toSorted(), [0, 1, 2, 3, 4, 5]);
  assert.ok(passes.slice(1).some((pass) => pass.join() !== passes[0].join()));
});

Deno.test("batches() keeps the source's order when it is not to shuffle or when it is endless", async () => {
  const plain = await collect(batches(greys(6), { ...options, shuffle: false, steps: 2 }));
  assert.deepEqual(plain.flatMap(levels), [0, 1, 2, 3, 4, 5, 0, 1]);
  const stream = batches(greys(Infinity), { ...options, steps: 2 });
  assert.deepEqual((await collect(stream)).flatMap(levels), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(stream.position, { epoch: 0, position: 8 });
});

Deno.test("batches() is the same for the same seed and another for another", async () => {
  const run = (seed: number) =>
    collect(batches(greys(6), { ...options, augment: SOUND_AUGMENTATION, seed, steps: 3 }));
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
});

Deno.test("batches() goes on from a position exactly as it would have", async () => {
  const settings = { ...options, augment: SOUND_AUGMENTATION };
  const whole = await collect(
    batches(greys(6, [2]), { ...settings, steps: 7, onBroken: () => {} }),
  );
  const first = batches(greys(6, [2]), { ...settings, steps: 3, onBroken: () => {} });
  const begun = await collect(first);
  const start = JSON.parse(JSON.stringify(first.position));
  const rest = batches(greys(6, [2]), { ...settings, start, steps: 4, onBroken: () => {} });
  assert.deepEqual([...begun, ...await collect(rest)], whole);
});

Deno.test("batches() leaves out broken samples, tells of each once, and fills the batch", async () => {
  const told: string[] = [];
  const stream = batches(greys(6, [1, 4]), {
    ...options,
    steps: 4,
    onBroken: ({ reason }) => told.push(reason),
  });
  const seen = (await collect(stream)).flatMap(levels);
  assert.equal(seen.length, 16);
  assert.deepEqual([...new Set(seen)].toSorted(), [0, 2, 3, 5]);
  assert.deepEqual(told.toSorted(), ["1.png: damaged", "4.png: damaged"]);
  assert.deepEqual(stream.broken.map(({ index }) => index).toSorted(), [1, 4]);
});

Deno.test("batches() warns on the console when nobody listens", async () => {
  const warn = console.warn;
  const lines: string[] = [];
  console.warn = (line: string) => void lines.push(line);
  try {
    await collect(batches(greys(3, [1]), { ...options, steps: 2 }));
  } finally {
    console.warn = warn;
  }
  assert.deepEqual(lines, ["left out: 1.png: damaged"]);
});

Deno.test("batches() stops when nothing can be read", async () => {
  const stream = batches(greys(3, [0, 1, 2]), { ...options, shuffle: false, onBroken: () => {} });
  await assert.rejects(collect(stream), {
    name: "InputError",
    message: "batches: none of 3 samples in a row can be read; the last: 2.png: damaged",
  });
});

Deno.test("batches() passes on errors that are not about the data", async () => {
  const source: SampleSource = {
    length: 2,
    sample: () => {
      throw new TypeError("a mistake");
    },
  };
  await assert.rejects(collect(batches(source, options)), { name: "TypeError" });
});

Deno.test("batches() counts the people that have no slot", async () => {
  const people = Array.from({ length: 5 }, () => person(() => [1, 1, 2]));
  const source: SampleSource = {
    length: 1,
    sample: () => ({ id: 1, fileName: "crowd", image: rgbImage(8, 8), people }),
  };
  const stream = batches(source, { ...options, slots: 3, steps: 2 });
  await collect(stream);
  assert.equal(stream.droppedPeople, 2 * 4 * 2);
});

Deno.test("batches() refuses options that make no batches", () => {
  const refused = (changes: Partial<LoaderOptions>, message: string) =>
    assert.throws(() => batches(greys(3), { ...options, ...changes }), {
      name: "RangeError",
      message,
    });
  refused({ batchSize: 0 }, "batches: batchSize must be a whole number, 1 or more, not 0");
  refused({ steps: -1 }, "batches: steps must be a whole number, 0 or more, not -1");
  refused({ stride: 3 }, "batches: inputSize 8 cannot be divided by stride 3");
  refused({ seed: -1 }, "Random: the seed must be a whole number, 0 to 2^53 - 1, not -1");
  refused(
    { start: { epoch: 0, position: 3 } },
    "batches: start must be an epoch of 0 or more and a position below 3, not 0 and 3",
  );
  assert.throws(() => batches(greys(0), options), {
    name: "InputError",
    message: "batches: the data set is empty",
  });
});
