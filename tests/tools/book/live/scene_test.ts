import assert from "node:assert/strict";
import {
  decodedPersons,
  peopleInWords,
  startScene,
  withTag,
} from "../../../../tools/book/live/scene.ts";

Deno.test("decodedPersons() finds the three people of the start", () => {
  const persons = decodedPersons(startScene());
  assert.deepEqual(persons, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
});

Deno.test("decodedPersons() puts every dot to somebody, and founds people for what fits nobody", () => {
  const moved = withTag(startScene(), 4, -1.6); // the second nose to the first
  const persons = decodedPersons(moved);
  assert.equal(Math.max(...persons) + 1, 4);
  assert.ok(persons.every((person) => person >= 0));
  assert.equal(new Set([5, 6, 7].map((dot) => persons[dot])).size, 1); // the rest of person 2 stays together
});

Deno.test("decodedPersons() does not see what is not above the threshold", () => {
  const hidden = startScene().map((dot, i) => i === 4 ? { ...dot, score: 0.1 } : dot);
  assert.equal(decodedPersons(hidden)[4], -1);
  const none = startScene().map((dot) => ({ ...dot, score: 0 }));
  assert.deepEqual(decodedPersons(none), new Array(12).fill(-1));
  assert.equal(peopleInWords(none, decodedPersons(none)), "");
});

Deno.test("decodedPersons() lets the score decide who stays alone", () => {
  // The first nose is hidden, so that the left wrists 1 (tag 0.3) and 2 (0.1) compete for the person of nose 2 (0).
  const tags = [0, 0.3, 0, 0, 0, 0.1, 0, 0, 2.5, 2.5, 2.5, 2.5];
  const scene = (first: number, second: number) =>
    startScene().map((dot, i) => ({
      ...dot,
      tag: tags[i],
      score: new Map([[0, 0], [1, first], [5, second]]).get(i) ?? 0.5,
    }));
  assert.deepEqual([1, 5].map((dot) => decodedPersons(scene(0.9, 0.2))[dot]), [0, 2]);
  assert.deepEqual([1, 5].map((dot) => decodedPersons(scene(0.2, 0.9))[dot]), [2, 0]);
});

Deno.test("peopleInWords() names the members of each person", () => {
  assert.match(
    peopleInWords(startScene(), decodedPersons(startScene())),
    /^A: nose 1, left wrist 1, right wrist 1, left ankle 1; B: nose 2, .*; C: /,
  );
});

Deno.test("withTag() stays in the range and rounds to 0.01", () => {
  const dots = startScene();
  assert.equal(withTag(dots, 2, 17)[2].tag, 3);
  assert.equal(withTag(dots, 2, -17)[2].tag, -3);
  assert.equal(withTag(dots, 2, 0.1249)[2].tag, 0.12);
  assert.equal(withTag(dots, 2, 1)[3], dots[3]);
});
