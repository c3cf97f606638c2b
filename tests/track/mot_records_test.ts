import assert from "node:assert/strict";
import { motDetections, motResults, motText, motTruth } from "../../track/mod.ts";

Deno.test("motTruth() reads lines in any order, with or without class and visibility", () => {
  const frames = motTruth(
    "2,1,5,6,7,8,0\r\n1,1,5,6,7.5,8,1,12,0.25\r\n1,0,5,6,7,8,1,-1,-1,-1\r\n",
    "",
  );
  assert.deepEqual(frames, [
    {
      frame: 1,
      things: [
        { identity: 1, box: [5, 6, 7.5, 8], counts: true, category: 12, visibility: 0.25 },
        { identity: 0, box: [5, 6, 7, 8], counts: true, category: null, visibility: 1 },
      ],
    },
    {
      frame: 2,
      things: [{ identity: 1, box: [5, 6, 7, 8], counts: false, category: null, visibility: 1 }],
    },
  ]);
});

Deno.test("motTruth(), motResults() and motDetections() of an empty file are no frames", () => {
  for (const read of [motTruth, motResults, motDetections]) assert.deepEqual(read("", "f"), []);
});

Deno.test("motTruth(), motResults() and motDetections() name the line of what is wrong", () => {
  const good = "1,1,5,6,7,8,1\n";
  for (const read of [motTruth, motResults, motDetections]) {
    const fails = (line: string, message: string) =>
      assert.throws(() => read(good + line, "f.txt"), {
        name: "InputError",
        message: new RegExp(`^f\\.txt:2: ${message}`),
      });
    fails("1,2,5,6,7,8", "6 numbers, 7 to 10 expected\n {2}help: frame, identity, x, y");
    fails("1,2,5,6,7,8,1,1,1,1,1", "11 numbers");
    fails("1 2 5 6 7 8 1", "1 numbers");
    fails("\n1,2,5,6,7,8,1", "no numbers");
    fails("1,2,5,6,seven,8,1", 'number 5 is "seven"');
    fails("1,2,5,6,,8,1", 'number 5 is ""');
    fails("1,2,5,6,NaN,8,1", 'number 5 is "NaN"');
    fails("1,2,5,6,1e999,8,1", 'number 5 is "1e999"');
    fails("0,2,5,6,7,8,1", "frame is 0, a whole number from 1 expected");
    fails("1.5,2,5,6,7,8,1", "frame is 1.5");
    fails("1,2,5,6,-7,8,1", "the box is -7 wide and 8 high");
  }
});

Deno.test("motTruth() and motResults() refuse an identity that is none or there twice", () => {
  for (const read of [motTruth, motResults]) {
    const fails = (text: string, message: RegExp) =>
      assert.throws(() => read(text, "f.txt"), { name: "InputError", message });
    fails("1,-1,5,6,7,8,1", /^f\.txt:1: identity is -1, .* expected\n {2}help: -1 stands in files/);
    fails("1,0.5,5,6,7,8,1", /^f\.txt:1: identity is 0.5, a whole number from 0 expected$/);
    fails(
      "3,4,5,6,7,8,1\n2,4,5,6,7,8,1\n3,4,9,9,9,9,1\n",
      /^f\.txt:3: frame 3 has identity 4 already, in line 1$/,
    );
  }
});

Deno.test("motTruth() refuses a class or a visibility that is none", () => {
  const fails = (end: string, message: RegExp) =>
    assert.throws(() => motTruth(`1,1,5,6,7,8,1,${end}`, "f.txt"), { name: "InputError", message });
  fails("0", /^f\.txt:1: class is 0, a whole number from 1 expected, or -1 for none/);
  fails("1.5,1", /class is 1.5/);
  fails("1,1.5", /visibility is 1.5, not from 0 to 1/);
});

Deno.test("motDetections() keeps everything in a frame, in the file's order", () => {
  const frames = motDetections("1,-1,1,1,2,2,0.5\n1,-1,1,1,2,2,0.9\n", "det.txt");
  assert.deepEqual(frames[0].detections.map(({ score }) => score), [0.5, 0.9]);
});

Deno.test("motText() is read back as it was, numbers exactly", () => {
  const frames = [
    { frame: 2, things: [{ identity: 3, box: [0.1 + 0.2, -1e-7, 1 / 3, 4], score: 0.7 } as const] },
    { frame: 4, things: [{ identity: 0, box: [1, 2, 3, 4], score: -1 } as const] },
  ];
  assert.deepEqual(motResults(motText(frames), "f"), frames);
  assert.equal(motText([]), "");
});

Deno.test("motText() refuses tracks that nobody could read back", () => {
  const thing = { identity: 3, box: [1, 2, 3, 4], score: 1 } as const;
  const fails = (frame: number, things: (typeof thing)[], message: RegExp) =>
    assert.throws(() => motText([{ frame, things }]), { name: "RangeError", message });
  fails(0, [thing], /^motText:1: frame is 0/);
  fails(1, [thing, thing], /^motText:2: frame 1 has identity 3 already, in line 1/);
  fails(1, [{ ...thing, score: NaN as 1 }], /^motText:1: number 7 is "NaN"/);
});
