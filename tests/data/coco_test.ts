import assert from "node:assert/strict";
import {
  CocoDataset,
  crowdPoseRecords,
  loadCoco,
  loadCrowdPose,
  personCategory,
  photoRecords,
  posesFromCoco,
} from "../../data/coco.ts";
import { sceneSource } from "../../data/scenes.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { writePng } from "../../io/png_file.ts";
import { COCO, type Skeleton } from "../../pose/skeleton.ts";
import { CROWDPOSE, MPII } from "../../pose/skeletons.ts";
import { inFolder } from "../in_folder.ts";

const keypoints = COCO.keypoints.flatMap((_, k) => [k, 2 * k, k % 3]);
const person = {
  id: 1,
  image_id: 7,
  category_id: 1,
  keypoints,
  bbox: [1, 2, 3, 4],
  area: 9,
  iscrowd: 0,
};
const photo = { id: 7, file_name: "a.png", width: 6, height: 4 };

/** A file with the given annotations of one photograph. */
function file(...annotations: object[]) {
  return {
    images: [photo, { ...photo, id: 8, file_name: "b.png" }],
    annotations,
    categories: [{ id: 1, name: "person", keypoints: COCO.keypoints }],
  };
}

/** The message with which a parsed file is refused. */
function refusal(parsed: unknown): string {
  try {
    photoRecords(parsed, "mine.json");
  } catch (error) {
    assert.equal((error as Error).name, "InputError");
    return (error as Error).message;
  }
  assert.fail("should have been refused");
}

Deno.test("photoRecords() reads people and takes the photographs that show somebody", () => {
  const records = photoRecords(file(person), "mine.json");
  assert.equal(records.length, 1);
  const { people, ignored, ...rest } = records[0];
  assert.deepEqual(rest, { id: 7, fileName: "a.png", width: 6, height: 4 });
  assert.deepEqual(ignored, []);
  assert.deepEqual(people[0].keypoints[5], { x: 5, y: 10, visibility: 2 });
  assert.deepEqual([people[0].box, people[0].area, people[0].crowd], [[1, 2, 3, 4], 9, false]);
  assert.equal(photoRecords(file(person), "mine.json", { photos: "all" }).length, 2);
});

Deno.test("photoRecords() puts crowds and unlabelled people into the ignored regions", () => {
  const unlabelled = { ...person, id: 2, keypoints: Array(51).fill(0) };
  const crowd = { ...unlabelled, id: 3, iscrowd: 1, segmentation: { size: [4, 6], counts: [24] } };
  const parsed = file(person, unlabelled, crowd);
  const [both] = photoRecords(parsed, "mine.json");
  assert.equal(both.people.length, 3);
  assert.deepEqual(both.ignored, [
    { place: "annotations[1].segmentation", shape: { box: [1, 2, 3, 4] } },
    { place: "annotations[2].segmentation", shape: { size: [4, 6], counts: [24] } },
  ]);
  const [official] = photoRecords(parsed, "mine.json", { maskUnlabelled: false });
  assert.equal(official.ignored.length, 1);
});

Deno.test("photoRecords() takes only the category that has keypoints", () => {
  const parsed = file({ ...person, category_id: 5 }, { id: 2, image_id: 7, category_id: 1 });
  const categories = [{ id: 1, name: "dog" }, { id: 5, name: "person", keypoints: COCO.keypoints }];
  assert.equal(photoRecords({ ...parsed, categories }, "mine.json")[0].people.length, 1);
  const odd = [{ id: 1, keypoints: COCO.keypoints.toReversed() }];
  assert.match(
    refusal({ ...file(person), categories: odd }),
    /^mine\.json: categories\[0\]\.keypoints has "right_ankle" as keypoint 0, "nose" expected\n {2}help: /,
  );
  const long = [{ id: 1, keypoints: [...COCO.keypoints, "neck"] }];
  assert.match(refusal({ ...file(person), categories: long }), /has 18 keypoints, 17 expected\n/);
});

Deno.test("personCategory() wants a whole number, and is 1 where a file has no category with keypoints", () => {
  const category = (categories: unknown) => personCategory({ categories }, "mine.json");
  assert.equal(category([{ id: 3 }, { id: 4, keypoints: COCO.keypoints }]), 4);
  for (const none of [undefined, {}, [], [null, { id: 3 }]]) assert.equal(category(none), 1);
  for (const [id, found] of [[undefined, "missing"], ["1", '"1"'], [1.5, "1.5"]]) {
    assert.throws(() => category([{ id, keypoints: COCO.keypoints }]), {
      name: "InputError",
      message: `mine.json: categories[0].id is ${found}, a whole number expected`,
    });
  }
  const three = { name: "three", keypoints: ["a", "b", "c"] } as unknown as Skeleton;
  const categories = [{ id: 2, keypoints: three.keypoints }];
  assert.equal(personCategory({ categories }, "mine.json", three), 2);
});

Deno.test("photoRecords() says where a file is wrong", () => {
  const cases: [unknown, string][] = [
    [[], "expected an object with images and annotations, found a list"],
    [null, "expected an object with images and annotations, found null"],
    [{ images: [] }, "annotations should be a list, it is missing"],
    [
      file(person, { ...person, id: 2, keypoints: keypoints.slice(3) }),
      "annotations[1].keypoints has 48 numbers, 51 expected",
    ],
    [
      file({ ...person, image_id: 9 }),
      "annotations[0].image_id is 9, which is not the id of any image",
    ],
    [file(person, person), "annotations[1].id is 1, which another annotation has already"],
    [
      { ...file(person), images: [photo, photo] },
      "images[1].id is 7, which another image has already",
    ],
    [
      { ...file(person), images: [{ ...photo, file_name: "" }] },
      'images[0].file_name is "", the name of a file expected',
    ],
    [
      { ...file(person), images: [photo, { ...photo, id: 8, file_name: "../a.png" }] },
      'images[1].file_name is "../a.png", which leads out of the folder of pictures',
    ],
    [
      { ...file(person), images: [{ ...photo, width: 0 }] },
      "images[0].width is 0, a whole number of 1 or more expected",
    ],
    [
      file({ ...person, keypoints: keypoints.with(5, 3) }),
      "annotations[0].keypoints[5] is 3, a visibility of 0, 1 or 2 expected",
    ],
    [
      file({ ...person, iscrowd: 1, segmentation: { size: [6, 4], counts: [24] } }),
      "annotations[0].segmentation.size is [6, 4], but the image is [4, 6]",
    ],
    [
      file({ ...person, iscrowd: 1, segmentation: { size: [4, 6] } }),
      "annotations[0].segmentation should be a list of polygons or { size, counts }",
    ],
    [{ images: [], annotations: [] }, "the data set is empty: it lists no images"],
    [
      file(),
      "the data set is empty: none of its 2 images shows a person with an annotated keypoint",
    ],
  ];
  for (const [parsed, problem] of cases) {
    assert.ok(refusal(parsed).includes(`mine.json: ${problem}`), `${refusal(parsed)} / ${problem}`);
  }
});

Deno.test("loadCoco() reads photographs with their people and ignore masks", () =>
  inFolder(async (folder) => {
    const image = rgbImage(6, 4, new Uint8Array(72).map((_, i) => i));
    await Deno.mkdir(`${folder}/val`);
    await writePng(`${folder}/val/a.png`, image);
    const crowd = {
      ...person,
      id: 2,
      iscrowd: 1,
      segmentation: { size: [4, 6], counts: [4, 4, 16] },
    };
    const unlabelled = {
      ...person,
      id: 3,
      keypoints: Array(51).fill(0),
      segmentation: [[4, 0, 6, 0, 6, 1, 4, 1]],
    };
    const images = [{ ...photo, file_name: "val/a.png" }];
    const annotations = [person, crowd, unlabelled];
    await Deno.writeTextFile(`${folder}/a.json`, JSON.stringify({ images, annotations }));
    const data = await loadCoco(`${folder}/a.json`, folder);
    assert.equal(data.length, 1);
    const sample = await data.sample(0);
    assert.deepEqual(sample.image, image);
    assert.equal(sample.people.length, 3);
    const rows = ["010011", "010000", "010000", "010000"];
    assert.equal(sample.ignore!.data.join(""), rows.join(""));
    assert.equal((await data.sample(0)).image, sample.image); // decoded once
    await assert.rejects(data.sample(1), {
      name: "RangeError",
      message: "CocoDataset: there is no photograph 1, only 1",
    });
  }));

Deno.test("loadCoco() says what is missing before it reads a picture", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    await assert.rejects(loadCoco(path, folder), {
      name: "InputError",
      message: `${path}: no such file`,
    });
    await Deno.writeTextFile(path, "{ images: ");
    await assert.rejects(loadCoco(path, folder), {
      name: "InputError",
      message: /a\.json: not a JSON file: /,
    });
    await Deno.writeTextFile(path, JSON.stringify(file(person)));
    await assert.rejects(loadCoco(path, `${folder}/none`), {
      name: "InputError",
      message: `${folder}/none: no such folder`,
    });
    await assert.rejects(loadCoco(path, folder), {
      name: "InputError",
      message: `${folder}: 1 of 1 pictures are missing; the first: a.png`,
    });
  }));

Deno.test("loadCoco() reads no picture outside the folder, and follows links in it", () =>
  inFolder(async (folder) => {
    const [path, photos] = [`${folder}/a.json`, `${folder}/photos`];
    const image = rgbImage(6, 4, new Uint8Array(72).fill(7));
    for (const name of ["photos", "disk"]) await Deno.mkdir(`${folder}/${name}`);
    for (const name of ["secret.png", "disk/b.png"]) await writePng(`${folder}/${name}`, image);
    await Deno.symlink(`${folder}/disk`, `${photos}/linked`);
    await Deno.symlink(`${folder}/disk/b.png`, `${photos}/b.png`);
    const load = async (file_name: string) => {
      const images = [{ ...photo, file_name }];
      await Deno.writeTextFile(path, JSON.stringify({ images, annotations: [person] }));
      return await loadCoco(path, photos);
    };
    for (const name of ["../secret.png", "linked/../secret.png", `${folder}/secret.png`]) {
      await assert.rejects(load(name), {
        name: "InputError",
        message:
          /a\.json: images\[0\]\.file_name is ".*secret\.png", which leads out of the folder/,
      });
    }
    for (const name of ["b.png", "./b.png", "linked/b.png"]) {
      assert.deepEqual((await (await load(name)).sample(0)).image, image, name);
    }
    for (const name of ["linked/c.png", "./linked", "b.png/c.png"]) {
      await assert.rejects(load(name), {
        name: "InputError",
        message: `${photos}: 1 of 1 pictures are missing; the first: ${name}`,
      });
    }
  }));

Deno.test("CocoDataset reads no picture outside the folder for records that no file gave", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/photos`);
    await writePng(`${folder}/secret.png`, rgbImage(6, 4));
    const record = {
      id: 7,
      fileName: "../secret.png",
      width: 6,
      height: 4,
      people: [],
      ignored: [],
    };
    const refused = {
      name: "InputError",
      message:
        /^the fileName of photograph 7 is "\.\.\/secret\.png", which leads out of the folder/,
    };
    await assert.rejects(CocoDataset.open(`${folder}/photos`, [record]), refused);
    await assert.rejects(new CocoDataset(`${folder}/photos`, [record]).sample(0), refused);
  }));

Deno.test("CocoDataset names a picture that is damaged or not of the annotated size", () =>
  inFolder(async (folder) => {
    const record = { id: 7, fileName: "a.png", width: 6, height: 4, people: [], ignored: [] };
    const data = new CocoDataset(folder, [record]);
    await writePng(`${folder}/a.png`, rgbImage(4, 6));
    await assert.rejects(async () => await data.sample(0), {
      name: "InputError",
      message: `${folder}/a.png: the picture is 4 x 6, the annotation file says 6 x 4\n` +
        "  help: pictures are turned as their EXIF orientation says, annotations must be, too",
    });
    await Deno.writeFile(`${folder}/a.png`, new Uint8Array([0x89, 0x50]));
    await assert.rejects(async () => await data.sample(0), {
      name: "InputError",
      message: /a\.png: not a whole PNG picture/,
    });
  }));

Deno.test("CocoDataset names a region that cannot be drawn", () =>
  inFolder(async (folder) => {
    await writePng(`${folder}/a.png`, rgbImage(6, 4));
    const shape = { size: [4, 6] as const, counts: [23] };
    const ignored = [{ place: "annotations[3].segmentation", shape }];
    const record = { id: 7, fileName: "a.png", width: 6, height: 4, people: [], ignored };
    await assert.rejects(async () => await new CocoDataset(folder, [record]).sample(0), {
      name: "InputError",
      message:
        /^a\.png: annotations\[3\]\.segmentation: decodeRunLengths: the counts add up to 23 /,
    });
  }));

Deno.test("CocoDataset.where() takes some of the photographs and leaves the data set as it is", () => {
  const records = [1, 2, 3].map((id) => ({
    id,
    fileName: `${id}.png`,
    width: 6,
    height: 4,
    people: [],
    ignored: [],
  }));
  const data = new CocoDataset("folder", records);
  assert.deepEqual(data.where(({ id }) => id > 1).records.map(({ id }) => id), [2, 3]);
  assert.equal(data.length, 3);
});

Deno.test("posesFromCoco() takes the poses that can be drawn", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    // Facing us: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
    const standing = [
      ...[[32, 8], [33, 7], [31, 7], [35, 8], [29, 8], [38, 16], [26, 16], [40, 25], [24, 25]],
      ...[[41, 33], [23, 33], [36, 34], [28, 34], [36, 46], [28, 46], [36, 58], [28, 58]],
    ].flatMap(([x, y]) => [x, y, 2]);
    const noHips = standing.map((value, i) => i >= 33 && i < 39 ? 0 : value);
    const crowd = { ...person, id: 3, keypoints: standing, iscrowd: 1 };
    const usable = { ...person, keypoints: standing };
    const unusable = { ...person, id: 2, keypoints: noHips };
    await Deno.writeTextFile(path, JSON.stringify(file(unusable, usable, crowd)));
    const poses = await posesFromCoco(path);
    assert.equal(poses.length, 1);
    assert.deepEqual(poses[0][0], { x: 32, y: 8, visibility: 2 });
    sceneSource({ seed: 1, size: 32, poses }); // which draws one scene
    await Deno.writeTextFile(path, JSON.stringify(file(unusable)));
    await assert.rejects(posesFromCoco(path), {
      name: "InputError",
      message: `${path}: none of its 1 people has a pose that can be drawn\n` +
        "  help: a pose needs shoulders, hips, knees and ankles, and 12 keypoints in all",
    });
    await Deno.writeTextFile(path, "{");
    await assert.rejects(posesFromCoco(path), /not a JSON file/);
  } finally {
    await Deno.remove(path);
  }
});

const crowded = {
  images: [{ ...photo, crowdIndex: 0.4 }],
  annotations: [{ ...person, keypoints: Array(14).fill([2, 1, 2]).flat(), area: undefined }],
  categories: [{ id: 1, name: "person", keypoints: CROWDPOSE.keypoints }],
};

Deno.test("crowdPoseRecords() reads 14 keypoints, and the area from the box", () => {
  const [{ people }] = crowdPoseRecords(crowded, "crowd.json");
  assert.equal(people[0].keypoints.length, 14);
  assert.equal(people[0].area, 0.53 * 12);
  const coco = { ...crowded, categories: [{ id: 1, keypoints: COCO.keypoints }] };
  assert.throws(() => crowdPoseRecords(coco, "crowd.json"), /has "nose" as keypoint 0/);
});

Deno.test("loadCrowdPose() opens annotations and pictures", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/crowd.json`, JSON.stringify(crowded));
  await assert.rejects(
    loadCrowdPose(`${folder}/crowd.json`, folder),
    /1 of 1 pictures are missing/,
  );
  await writePng(`${folder}/a.png`, rgbImage(6, 4));
  const photos = await loadCrowdPose(`${folder}/crowd.json`, folder);
  assert.equal((await photos.sample(0)).people[0].keypoints.length, 14);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("photoRecords() reads whatever skeleton it is given", () => {
  const parsed = {
    ...file({ ...person, keypoints: Array(48).fill(1) }),
    categories: [{ id: 1, keypoints: MPII.keypoints }],
  };
  const [{ people }] = photoRecords(parsed, "mine.json", { skeleton: MPII });
  assert.equal(people[0].keypoints.length, 16);
  assert.match(
    refusal(parsed),
    /categories\[0\]\.keypoints has "right_ankle" as keypoint 0, "nose"/,
  );
});
