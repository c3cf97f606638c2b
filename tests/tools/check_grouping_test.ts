import assert from "node:assert/strict";
import { InputError } from "../../core/errors.ts";
import { checkGrouping } from "../../tools/check_grouping.ts";

/** A folder with one image of two keypoints on 1 x 4 pixels: one person with both, one with the first. */
async function writeFolder(change: (expected: Record<string, unknown>) => void): Promise<string> {
  const folder = await Deno.makeTempDir();
  const write = async (name: string, numbers: number[]) => {
    const bytes = new Response(Float32Array.from(numbers)).body!;
    const zipped = bytes.pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(
      `${folder}/${name}`,
      new Uint8Array(await new Response(zipped).arrayBuffer()),
    );
  };
  await write("000000000007.det.f32.gz", [0.75, 0, 0, 0.5, 0, 0.25, 0.125, 0]);
  await write("000000000007.tag.f32.gz", [1, 0, 0, 5, 0, 1.125, 0, 0]);
  const expected = {
    shape: [2, 1, 4],
    detection_val: 0.1,
    tag_threshold: 1,
    max_num_people: 30,
    ignore_too_much: true,
    cases: [{
      image_id: 7,
      raw: [[[0, 0, 0.75, 1], [1, 0, 0.25, 1.125]], [[3, 0, 0.5, 5], [0, 0, 0, 0]]],
      adjusted: [
        [[0.25, 0.25, 0.75, 1], [1.75, 0.25, 0.25, 1.125]],
        [[3.75, 0.25, 0.5, 5], [0, 0, 0, 0]],
      ],
    }],
  };
  change(expected);
  await Deno.writeTextFile(`${folder}/expected.json`, JSON.stringify(expected));
  return folder;
}

async function inFolder(
  change: (expected: Record<string, unknown>) => void,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await writeFolder(change);
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("checkGrouping() finds recorded people identical", async () => {
  await inFolder(() => {}, async (folder) => {
    assert.deepEqual(await checkGrouping(folder), [
      { imageId: 7, people: 2, keypoints: 3, problems: [] },
    ]);
  });
});

Deno.test("checkGrouping() says which keypoint differs", async () => {
  const change = (expected: Record<string, unknown>) => {
    const [{ raw, adjusted }] = expected.cases as { raw: number[][][]; adjusted: number[][][] }[];
    raw[0][1][0] = 2;
    adjusted.pop();
  };
  await inFolder(change, async (folder) => {
    const [{ problems }] = await checkGrouping(folder);
    assert.deepEqual(problems, [
      "raw: person 0, keypoint 1 is [1,0,0.25,1.125], expected [2,0,0.25,1.125]",
      "adjusted: 2 people, expected 1",
    ]);
  });
});

Deno.test("checkGrouping() names a file that is missing or not what it should be", async () => {
  const refuse = async (folder: string, message: RegExp) => {
    await assert.rejects(
      () => checkGrouping(folder),
      (error: Error) => error instanceof InputError && message.test(error.message),
    );
  };
  await inFolder((expected) => expected.shape = [2, 4, 4], async (folder) => {
    await refuse(folder, /^checkGrouping: .*det\.f32\.gz holds 32 bytes but \[2, 4, 4\] needs 128/);
    await Deno.writeTextFile(`${folder}/000000000007.det.f32.gz`, "no gzip");
    await refuse(folder, /^checkGrouping: .*det\.f32\.gz cannot be read/);
    await Deno.writeTextFile(`${folder}/expected.json`, "{}");
    await refuse(folder, /^checkGrouping: .*expected\.json has no shape/);
    await Deno.remove(`${folder}/expected.json`);
    await refuse(folder, /^checkGrouping: .*expected\.json cannot be read/);
  });
  await inFolder((expected) => expected.cases = [], async (folder) => {
    await refuse(folder, /^checkGrouping: .*expected\.json has no cases/);
  });
});
