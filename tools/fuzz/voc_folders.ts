/**
 * Folders of PASCAL VOC in which a file is damaged: a list of photographs, or a PNG of objects or classes.
 *
 * @module
 */
import { encode } from "fast-png";
import { InputError, rgbImage, writePng } from "../../mod.ts";
import { loadVoc, Random, type Sample, VOC_CLASSES } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";
import { damaged, withPngSums } from "./mutate.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const [WIDTH, HEIGHT] = [12, 8];
const NAMES = ["2007_000032", "2007_000039"];
const LIST = "ImageSets/Segmentation/val.txt";

/** A PNG of numbers with a palette, as VOC's: two things side by side with void between. */
function numbersPng(left: number, right: number): Bytes {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const x = i % WIDTH;
    return x === 0 ? 0 : x < 5 ? left : x < 7 ? 255 : right;
  });
  const palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, (7 * i) % 256]);
  return new Uint8Array(encode({ width: WIDTH, height: HEIGHT, data, channels: 1, palette }));
}

/** What is damaged, as it is when it is whole. */
function wholeFiles(): Readonly<Record<string, Bytes>> {
  return {
    [LIST]: new TextEncoder().encode(`${NAMES.join("\n")}\n`),
    ...Object.fromEntries(NAMES.flatMap((name, n) => [
      [`SegmentationObject/${name}.png`, numbersPng(1, 2)],
      [`SegmentationClass/${name}.png`, numbersPng(15, 1 + n)],
    ])),
  };
}

async function makeFolder(files: Readonly<Record<string, Bytes>>): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "fuzz_voc" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  for (
    const part of [
      "ImageSets/Segmentation",
      "JPEGImages",
      "SegmentationObject",
      "SegmentationClass",
    ]
  ) {
    await Deno.mkdir(`${folder}/${part}`, { recursive: true });
  }
  // What a photograph is told by is its bytes, not its ending; it stays whole here.
  for (const name of NAMES) await writePng(`${folder}/JPEGImages/${name}.jpg`, rgbImage(12, 8));
  for (const [path, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
  return folder;
}

/** What can be said of any photograph that was read. */
function problemOf({ instances = [], ignore }: Sample): string | null {
  const taken = new Uint8Array(WIDTH * HEIGHT);
  for (const [i, { classIndex, mask, area, box }] of instances.entries()) {
    if (VOC_CLASSES[classIndex] === undefined) return `object ${i} has class ${classIndex}`;
    let count = 0;
    for (const [pixel, inside] of mask.data.entries()) {
      if (!inside) continue;
      count++;
      if (taken[pixel]++ || ignore?.data[pixel]) return `pixel ${pixel} is not object ${i}'s alone`;
    }
    if (count === 0 || count !== area) return `object ${i} of ${count} pixels has area ${area}`;
    if (box[2] * box[3] < area) return `object ${i} does not fit into its box`;
  }
  return null;
}

let prepared: Promise<{ readonly folder: string; readonly whole: Record<string, Bytes> }>;

/** A damaged folder is read, or refused by an error that names the file. */
export const vocFuzzer: Fuzzer = {
  name: "voc",
  promise: "objects share no pixel and have a class, or the folder is refused by name",
  count: 50_000,
  async run(seed, index) {
    const random = new Random(seed).fork("voc").fork(index);
    prepared ??= (async () => {
      const whole = wholeFiles();
      const folder = await makeFolder(whole);
      await (await loadVoc(folder, { set: "val" })).sample(0); // what is whole can be read
      return { folder, whole };
    })();
    const { folder, whole } = await prepared;
    const path = random.pick(Object.keys(whole));
    const kin = Object.keys(whole).filter((other) => other.endsWith(path.slice(-4)));
    const broken = damaged(whole[path], whole[random.pick(kin)], random);
    const bytes = path !== LIST && random.chance(0.7) ? withPngSums(broken) : broken;
    await Deno.writeFile(`${folder}/${path}`, bytes);
    try {
      const voc = await loadVoc(folder, { set: "val" });
      for (let i = 0; i < voc.length; i++) {
        const problem = problemOf(await voc.sample(i));
        if (problem) return `${path}, ${bytes.toBase64()}: ${problem}`;
      }
      return null;
    } catch (error) {
      const isTyped = error instanceof InputError && error.message.includes(folder);
      return isTyped ? null : `${path}, ${bytes.toBase64()}: ${(error as Error).stack}`;
    } finally {
      await Deno.writeFile(`${folder}/${path}`, whole[path]);
    }
  },
};
