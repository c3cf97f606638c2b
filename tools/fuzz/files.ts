/**
 * Damaged files for everything that reads files: whatever is in them, the answer is what they hold or an error that
 * names the file, soon, and within some memory.
 *
 * @module
 */
import {
  decodeImage,
  decodeMat,
  decodeRunLengths,
  encodeSafetensors,
  InputError,
  openArrays,
  POSETRACK,
  readCocoInstanceResults,
  readCocoInstanceTruth,
  readCocoResults,
  readCocoTruth,
  readMotDetections,
  readMotResults,
  readMotTruth,
  readMpii,
  readPoseTrackResults,
  readPoseTrackTruth,
  readSkeleton,
  segmentationRunLengths,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";
import { damaged, withPngSums } from "./mutate.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A kind of file: whole ones to damage, and what reads them. */
export interface Format {
  readonly name: string;
  readonly extension: string;
  readonly count: number;
  /** Files without damage. */
  readonly samples: () => Promise<readonly Bytes[]>;
  /** Read a file of that path, which holds these bytes. */
  readonly read: (path: string, bytes: Bytes) => unknown;
  /** What is done to a damaged file so that the damage is looked at. */
  readonly mended?: (bytes: Bytes) => Bytes;
}

/** Longer than this is a hang: whole files take a millisecond. */
const MOST_SECONDS = 2;
/** Reading a file of some kilobytes may take so much more than the process holds: what others do in it counts, too. */
const MOST_BYTES = 2 ** 29;

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);

function fixtures(...names: string[]): () => Promise<Bytes[]> {
  return () => Promise.all(names.map((name) => Deno.readFile(new URL(name, FIXTURES))));
}

function texts(...values: unknown[]): () => Promise<Bytes[]> {
  const encoded = values.map((value) =>
    new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))
  );
  return () => Promise.resolve(encoded);
}

/** Everything in a file of arrays. */
async function readArrays(path: string): Promise<void> {
  using file = await openArrays(path);
  for (const array of file.arrays.values()) {
    // A size that the file does not fill is refused before anything is taken for it.
    await array.read();
  }
}

const KEYPOINTS = Array.from({ length: 51 }, (_, i) => i % 3 === 2 ? 2 : i);
const TRUTH = {
  images: [{ id: 1, width: 64, height: 48, file_name: "a.jpg" }],
  annotations: [
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      iscrowd: 0,
      area: 99.5,
      bbox: [1, 2, 30, 40],
      keypoints: KEYPOINTS,
      num_keypoints: 17,
      segmentation: [[1, 1, 9, 1, 9, 9]],
    },
    {
      id: 2,
      image_id: 1,
      category_id: 1,
      iscrowd: 1,
      area: 8,
      bbox: [0, 0, 4, 4],
      keypoints: KEYPOINTS.map(() => 0),
      num_keypoints: 0,
      segmentation: { size: [48, 64], counts: [10, 3062] },
    },
  ],
  categories: [{ id: 1, name: "person" }],
};
const RESULTS = [{ image_id: 1, category_id: 1, keypoints: KEYPOINTS, score: 0.5 }];
const MASKS = [{
  image_id: 1,
  category_id: 1,
  score: 0.5,
  segmentation: { size: [48, 64], counts: [10, 3062] },
}];
const MOT =
  "1,4,10,20,30,60,1,-1,-1,-1\n1,5,50.5,20,30,60,0.5,-1,-1,-1\n2,4,12,20,30,60,1,-1,-1,-1\n";
const MOT_FOUND = MOT.replaceAll(/^(\d+),\d+/gm, "$1,-1");
const POSE_TRACK = {
  images: [{ id: 8, file_name: "8.jpg", is_labeled: true, vid_id: "1" }],
  annotations: [{ image_id: 8, track_id: 3, keypoints: KEYPOINTS, scores: KEYPOINTS.slice(0, 17) }],
  categories: [{ keypoints: POSETRACK.keypoints.toSpliced(3, 0, "left_ear", "right_ear") }],
};
const SKELETON = {
  name: "hand",
  keypoints: ["a_left", "a_right", "b"],
  flip: [["a_left", "a_right"]],
  limbs: [["a_left", "b"]],
  sigmas: [0.1, 0.1, 0.05],
  order: ["b", "a_left", "a_right"],
};

/** Every kind of file that the library reads. */
export const FORMATS: readonly Format[] = [
  {
    name: "safetensors",
    extension: "safetensors",
    count: 150_000,
    samples: () =>
      Promise.resolve([
        encodeSafetensors({
          a: { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
          b: { shape: [4], data: new Int32Array([1, 2, 3, 4]) },
        }, { note: "x" }),
        encodeSafetensors({ only: { shape: [], data: new Float16Array([1]) } }),
      ]),
    read: readArrays,
  },
  {
    name: "torch",
    extension: "pt",
    count: 150_000,
    samples: fixtures("io/torch_legacy.pt", "io/torch_zip.pt"),
    read: readArrays,
  },
  {
    name: "npz",
    extension: "npz",
    count: 100_000,
    samples: fixtures("io/numpy_stored.npz", "io/numpy_compressed.npz"),
    read: readArrays,
  },
  {
    name: "mat",
    extension: "mat",
    count: 100_000,
    samples: fixtures("io/kinds.mat", "io/mpii_made_up.mat"),
    read: async (path, bytes) => {
      await decodeMat(bytes, path);
      if (bytes.length < 700) await readMpii(path); // the smaller of the two samples is MPII's
    },
  },
  {
    name: "coco",
    extension: "json",
    count: 150_000,
    samples: texts(TRUTH),
    read: (path) => readCocoTruth(path),
  },
  {
    name: "results",
    extension: "json",
    count: 100_000,
    samples: texts(RESULTS),
    read: (path) => readCocoResults(path),
  },
  {
    name: "instances",
    extension: "json",
    count: 100_000,
    samples: texts(TRUTH),
    read: async (path) => {
      const { annotations, images } = await readCocoInstanceTruth(path);
      for (const { segmentation, image_id } of annotations) {
        const { width, height } = images.find(({ id }) => id === image_id)!;
        // The reader has checked that there is a mask, and that it is one of this size.
        segmentationRunLengths(segmentation!, width!, height!);
      }
    },
  },
  {
    name: "masks",
    extension: "json",
    count: 50_000,
    samples: texts(MASKS),
    read: (path) => readCocoInstanceResults(path),
  },
  {
    name: "mot",
    extension: "txt",
    count: 150_000,
    samples: texts(MOT),
    read: async (path) => [await readMotTruth(path), await readMotResults(path)],
  },
  {
    name: "detections",
    extension: "txt",
    count: 50_000,
    samples: texts(MOT_FOUND),
    read: readMotDetections,
  },
  {
    name: "posetrack",
    extension: "json",
    count: 50_000,
    samples: texts(POSE_TRACK),
    read: async (path) => [await readPoseTrackTruth(path), await readPoseTrackResults(path)],
  },
  {
    name: "skeleton",
    extension: "json",
    count: 50_000,
    samples: texts(SKELETON),
    read: readSkeleton,
  },
  {
    name: "rle",
    extension: "txt",
    count: 200_000,
    samples: texts("0h0", "4d0", "231?"),
    read: (_, bytes) =>
      decodeRunLengths({ size: [6, 4], counts: new TextDecoder("latin1").decode(bytes) }),
  },
  {
    name: "png",
    extension: "png",
    count: 100_000,
    samples: fixtures(
      ...["alpha", "colour", "grey", "grey_16", "grey_alpha", "one_bit", "palette"]
        .map((name) => `images/${name}.png`),
    ),
    read: (path, bytes) => decodeImage(bytes, path),
    mended: withPngSums,
  },
  {
    name: "jpeg",
    extension: "jpg",
    count: 50_000,
    samples: fixtures(
      ...["colour", "grey", "cmyk", "exif_6", "progressive"]
        .map((name) => `images/${name}.jpg`),
    ),
    read: (path, bytes) => decodeImage(bytes, path),
  },
];

/** Whether an error is one that a user can act on: it names the file, or for bare text what is wrong with it. */
function isTyped(error: unknown, path: string, format: Format): boolean {
  if (format.name === "rle") return error instanceof RangeError;
  return error instanceof InputError && error.message.includes(path);
}

function fuzzerOf(format: Format): Fuzzer {
  let samples: readonly Bytes[] | undefined;
  const folder = Deno.makeTempDirSync({ prefix: "fuzz" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const path = `${folder}/damaged.${format.extension}`;
  return {
    name: format.name,
    promise: `read, or refused by an error that names the file, within ${MOST_SECONDS} s and ${
      MOST_BYTES / 2 ** 20
    } MiB`,
    count: format.count,
    async run(seed, index) {
      samples ??= await format.samples();
      const random = new Random(seed).fork(format.name).fork(index);
      const broken = damaged(random.pick(samples), random.pick(samples), random);
      const bytes = format.mended && random.chance(0.7) ? format.mended(broken) : broken;
      Deno.writeFileSync(path, bytes);
      const first = await tried(format, path, bytes);
      // Other work on the machine makes one reading slow, a file that hangs every reading.
      const { error, seconds, taken } = first.seconds > MOST_SECONDS
        ? await tried(format, path, bytes)
        : first;
      if (error !== undefined && !isTyped(error, path, format)) {
        return `${describe(bytes)}: ${(error as Error).stack}`;
      }
      if (seconds > MOST_SECONDS) return `${describe(bytes)}: took ${seconds.toFixed(1)} s`;
      return taken > MOST_BYTES ? `${describe(bytes)}: took ${taken} bytes` : null;
    },
  };
}

/** Read a file: the error, how long it took, and how many bytes more the process holds. */
async function tried(format: Format, path: string, bytes: Bytes) {
  const held = Deno.memoryUsage().rss;
  const start = performance.now();
  let error: unknown;
  try {
    await format.read(path, bytes);
  } catch (thrown) {
    error = thrown;
  }
  const seconds = (performance.now() - start) / 1000;
  return { error, seconds, taken: Deno.memoryUsage().rss - held };
}

/** The bytes of a file, so that a test can be made of it. */
function describe(bytes: Bytes): string {
  return bytes.length > 3000 ? `${bytes.length} bytes` : bytes.toBase64();
}

/** One fuzzer for each kind of file. */
export const fileFuzzers: readonly Fuzzer[] = FORMATS.map(fuzzerOf);
