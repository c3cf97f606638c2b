import assert from "node:assert/strict";
import { InputError, rgbImage } from "ae";
import type { Sample } from "ae/data";
import { checkResultsOrImages, findInAll } from "../../cli/finder.ts";
import { Values } from "../../cli/options.ts";

/** Finds in every sample its own id. */
const finder = {
  async *find(samples: AsyncIterable<Sample>) {
    for await (const sample of samples) {
      yield { sample, count: "1 id", records: [sample.id], paint: () => sample.image };
    }
  },
};

/** As many photographs, of which some are broken. */
function photographs(length: number, broken: readonly number[]) {
  const sample = (i: number): Sample => {
    if (broken.includes(i)) throw new InputError(`${i}.png: is broken`);
    return { id: i, fileName: `${i}.png`, image: rgbImage(1, 1), people: [] };
  };
  return { length, sample };
}

Deno.test("findInAll() gives all records in order, or names all photographs that cannot be read", async () => {
  assert.deepEqual(await findInAll(photographs(4, []), finder), [0, 1, 2, 3]);
  await assert.rejects(findInAll(photographs(4, [1, 3]), finder), {
    name: "InputError",
    message: "2 of 4 photographs could not be read, so there are no figures:\n" +
      "  1.png: is broken\n  3.png: is broken",
  });
});

Deno.test("checkResultsOrImages() wants one of both, and no option in vain", () => {
  const check = (options: Record<string, string | boolean>) =>
    checkResultsOrImages(new Values(options, []));
  check({ results: "a.json", flip: false });
  check({ images: "folder", flip: true, weights: "w" });
  const cases: [Record<string, string | boolean>, RegExp][] = [
    [{}, /^InputError: neither --results nor --images given\n/],
    [{ results: "a", images: "b" }, /^InputError: both --results and --images given\n/],
    [{ results: "a", flip: true }, /^InputError: --flip needs --images$/],
    [{ results: "a", "refine-take": "both" }, /^InputError: --refine-take needs --images$/],
    [{ results: "a", preset: "demo" }, /^InputError: --preset needs --images$/],
  ];
  for (const [options, expected] of cases) assert.throws(() => check(options), expected);
});
