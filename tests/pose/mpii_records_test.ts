import assert from "node:assert/strict";
import { mpiiGroups, mpiiImages } from "../../pose/mod.ts";

const point = { id: 9, x: 20, y: 12, is_visible: 1 };
const person = {
  x1: 10,
  y1: 11,
  x2: 30,
  y2: 40,
  scale: 1.5,
  objpos: { x: 22, y: 90 },
  annopoints: { point: [point, { ...point, id: 0, x: 30, y: 200, is_visible: "0" }] },
};
const image = { image: { name: "1.jpg" }, annorect: [person] };

Deno.test("mpiiImages() reads people, head boxes and keypoints", () => {
  const file = { annolist: [image, { image: { name: "2.jpg" } }], img_train: [1, 0] };
  const [first, second] = mpiiImages(file, "mpii.json");
  assert.deepEqual(second, { id: 2, fileName: "2.jpg", train: false, people: [] });
  assert.deepEqual([first.id, first.fileName, first.train], [1, "1.jpg", true]);
  const [{ keypoints, ...rest }] = first.people;
  assert.deepEqual(rest, {
    box: [20, 12, 10, 188],
    area: 1880,
    crowd: false,
    headBox: [10, 11, 30, 40],
    position: { x: 22, y: 90 },
    scale: 1.5,
  });
  assert.equal(keypoints.length, 16);
  assert.deepEqual(keypoints[9], { x: 20, y: 12, visibility: 2 });
  assert.deepEqual(keypoints[0], { x: 30, y: 200, visibility: 1 });
  assert.equal(keypoints[3].visibility, 0);
});

Deno.test("mpiiImages() takes things alone and in lists of one, with RELEASE around or not", () => {
  const alone = {
    annolist: { image: { name: "1.jpg" }, annorect: person },
    img_train: 1,
  };
  const listed = {
    RELEASE: {
      annolist: [{
        image: [{ name: ["1.jpg"] }],
        annorect: [{
          ...person,
          x1: [10],
          objpos: [{ x: [22], y: [90] }],
          annopoints: [{ point: person.annopoints.point.map((at) => ({ ...at, id: [at.id] })) }],
        }],
      }],
      img_train: [[1]],
    },
  };
  assert.deepEqual(mpiiImages(listed, "b.json"), mpiiImages(alone, "a.json"));
});

Deno.test("mpiiImages() gives people without keypoints the square of their height as box", () => {
  const annorect = [{ scale: 0.5, objpos: { x: 60, y: 70 } }, { x1: 1, y1: 2, x2: 3, y2: 4 }];
  const [{ people }] = mpiiImages({ annolist: [{ ...image, annorect }] }, "mpii.json");
  assert.deepEqual(people.map(({ box }) => box), [[10, 20, 100, 100], [0, 0, 0, 0]]);
  assert.deepEqual(people.map(({ headBox }) => headBox), [null, [1, 2, 3, 4]]);
});

Deno.test("mpiiImages() says what is wrong and where", () => {
  const withPoints = (...points: object[]) => ({
    annolist: [{ ...image, annorect: [{ ...person, annopoints: { point: points } }] }],
  });
  const place = "annolist[0].annorect[0]";
  const cases: [unknown, string][] = [
    [null, "has no annolist"],
    [{ images: [] }, "has no annolist"],
    [{ annolist: [{}] }, "annolist[0].image.name should be the name of a file"],
    [{ annolist: [image], img_train: [1, 0] }, "img_train has 2 entries for 1 images of annolist"],
    [
      { annolist: [{ ...image, annorect: [{ ...person, x1: "a" }] }] },
      `${place}.x1 is "a", not a number`,
    ],
    [
      withPoints({ ...point, id: 16 }),
      `${place}.annopoints.point[0].id is 16, a keypoint's number`,
    ],
    [withPoints({ ...point, id: 1.5 }), `${place}.annopoints.point[0].id is 1.5, a keypoint's`],
    [withPoints({ x: 1, y: 2 }), `${place}.annopoints.point[0].id is missing`],
    [withPoints({ ...point, x: [] }), `${place}.annopoints.point[0] has no x or no y`],
    [withPoints(point, point), `${place}.annopoints.point[1].id is 9 for the second time`],
  ];
  for (const [parsed, problem] of cases) {
    assert.throws(() => mpiiImages(parsed, "mpii.json"), (error: Error) => {
      assert.equal(error.name, "InputError");
      assert.ok(error.message.startsWith(`mpii.json: ${problem}`), error.message);
      return true;
    });
  }
});

Deno.test("mpiiGroups() finds the images by name and counts people from 1", () => {
  const annolist = [{ image: { name: "0.jpg" } }, { ...image, annorect: [person, person] }];
  const images = mpiiImages({ annolist }, "mpii.json");
  const read = (parsed: unknown) => mpiiGroups(parsed, images, "g.json");
  assert.deepEqual(read([{ image: "1.jpg", people: [2] }]), [{ imageId: 2, people: [1] }]);
  const cases: [unknown, string][] = [
    [{}, "a list of { image, people } expected"],
    [[], "a list of { image, people } expected"],
    [[{ people: [1] }], "[0].image is undefined, not in annolist"],
    [[{ image: "2.jpg", people: [1] }], '[0].image is "2.jpg", not in annolist'],
    [[{ image: "1.jpg", people: [] }], "[0].people should be a list of numbers from 1"],
    [[{ image: "1.jpg", people: [3] }], "[0].people names 3, 1.jpg has people 1 to 2"],
    [[{ image: "1.jpg", people: ["a"] }], '[0].people names "a", 1.jpg has people 1 to 2'],
    [[{ image: "1.jpg", people: ["1"] }], '[0].people names "1", 1.jpg has people 1 to 2'],
    [[{ image: "1.jpg", people: [1.5] }], "[0].people names 1.5, 1.jpg has people 1 to 2"],
    [[{ image: "1.jpg", people: [null] }], "[0].people names null, 1.jpg has people 1 to 2"],
    [[{ image: "1.jpg", people: [1, 1] }], "[0].people names 1 for the second time"],
  ];
  for (const [parsed, problem] of cases) {
    assert.throws(() => read(parsed), { name: "InputError", message: `g.json: ${problem}` });
  }
});
