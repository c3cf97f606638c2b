import assert from "node:assert/strict";
import { type AheadOptions, batchesAhead } from "../../data/ahead.ts";
import type { Batch } from "../../data/batch.ts";
import { CocoDataset, type PhotoRecord } from "../../data/coco.ts";
import { batches, type BrokenSample } from "../../data/loader.ts";
import { Random } from "../../data/random.ts";
import { sceneSource } from "../../data/scenes.ts";
import { SOUND_AUGMENTATION } from "../../data/augment.ts";
import { writePng } from "../../io/png_file.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { anybody } from "./people.ts";

const options: AheadOptions = { batchSize: 2, inputSize: 32, stride: 2, seed: 1 };

/** Batches as short texts: comparing the arrays themselves takes minutes when they differ. */
async function collect(stream: AsyncIterable<Batch>): Promise<string[]> {
  return await Array.fromAsync(stream, fingerprint);
}

async function fingerprint(batch: Batch): Promise<string> {
  const parts = Object.entries(batch).map(async ([name, { shape, data }]) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return `${name} [${shape}] ${digest.toHex().slice(0, 12)}`;
  });
  return (await Promise.all(parts)).join(", ");
}

/** A folder of small grey pictures, of which those of `broken` are no pictures. */
async function photographs(count: number, broken: readonly number[]): Promise<CocoDataset> {
  const folder = await Deno.makeTempDir();
  const records: PhotoRecord[] = [];
  for (let id = 0; id < count; id++) {
    const fileName = `${id}.png`;
    const path = `${folder}/${fileName}`;
    if (broken.includes(id)) await Deno.writeTextFile(path, "no picture");
    else await writePng(path, rgbImage(32, 32, new Uint8Array(3 * 32 * 32).fill(10 * id)));
    const people = [anybody(new Random(id), 32)];
    records.push({ id, fileName, width: 32, height: 32, people, ignored: [] });
  }
  return new CocoDataset(folder, records);
}

Deno.test("batchesAhead() gives the batches of batches(), with any number of workers", async () => {
  const source = sceneSource({ seed: 3, size: 32, length: 5 });
  const shown = { ...options, stride: 4, fineStride: 2, augment: SOUND_AUGMENTATION, steps: 6 };
  const start = { epoch: 1, position: 3 };
  const alone = batches(source, { ...shown, start });
  const expected = await collect(alone);
  for (const workers of [1, 3]) {
    const stream = batchesAhead(source, { ...shown, start, workers });
    assert.deepEqual(await collect(stream), expected);
    assert.deepEqual(stream.position, alone.position);
  }
});

Deno.test("batchesAhead() leaves out what cannot be read as batches() does", async () => {
  const source = await photographs(7, [2, 3]);
  const told: BrokenSample[][] = [[], []];
  const shown = { ...options, steps: 9 };
  const alone = batches(source, { ...shown, onBroken: (sample) => told[0].push(sample) });
  const expected = await collect(alone);
  const stream = batchesAhead(source, {
    ...shown,
    workers: 2,
    onBroken: (sample) => told[1].push(sample),
  });
  assert.deepEqual(await collect(stream), expected);
  assert.deepEqual(told[1], told[0]);
  assert.equal(told[1].length, 2);
  assert.deepEqual(stream.broken, alone.broken);
  assert.deepEqual(stream.position, alone.position);
});

Deno.test("batchesAhead() counts the people without a slot", async () => {
  const source = sceneSource({ seed: 3, size: 32, people: [3, 3] });
  const shown = { ...options, slots: 1, steps: 2 };
  const alone = batches(source, shown);
  await collect(alone);
  const stream = batchesAhead(source, shown);
  await collect(stream);
  assert.ok(stream.droppedPeople > 0);
  assert.equal(stream.droppedPeople, alone.droppedPeople);
});

Deno.test("batchesAhead() goes on where the loop was left", async () => {
  const source = sceneSource({ seed: 3, size: 32 });
  const stream = batchesAhead(source, { ...options, workers: 2 });
  const seen: string[] = [];
  for await (const batch of stream) {
    seen.push(await fingerprint(batch));
    if (seen.length === 3) break;
  }
  for await (const batch of stream) {
    seen.push(await fingerprint(batch));
    break;
  }
  assert.deepEqual(seen, await collect(batches(source, { ...options, steps: 4 })));
});

Deno.test("batchesAhead() says so when nothing can be read, and when an option is wrong", async () => {
  const source = await photographs(2, [0, 1]);
  await assert.rejects(
    collect(batchesAhead(source, { ...options, onBroken: () => {} })),
    /InputError: batches: none of 2 samples in a row can be read/,
  );
  assert.throws(
    () => batchesAhead(source, { ...options, workers: 0 }),
    /RangeError: batchesAhead: workers must be a whole number, 1 or more, not 0/,
  );
  assert.throws(
    () => batchesAhead(source, { ...options, batchSize: 0 }),
    /RangeError: batches: batchSize must be/,
  );
});
