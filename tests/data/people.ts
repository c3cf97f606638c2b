/** Annotated people for tests. @module */
import type { AnnotatedPerson, Visibility } from "../../pose/person.ts";
import type { Random } from "../../data/random.ts";

/** A person with 17 keypoints, given as x, y and visibility. */
export function person(
  keypoint: (k: number) => readonly [x: number, y: number, visibility: Visibility],
  crowd = false,
): AnnotatedPerson {
  const keypoints = Array.from({ length: 17 }, (_, k) => {
    const [x, y, visibility] = keypoint(k);
    return { x, y, visibility };
  });
  return { keypoints, box: [0, 0, 10, 10], area: 100, crowd };
}

/** Somebody with keypoints anywhere in a picture and a little around it, some of them not annotated. */
export function anybody(random: Random, size: number): AnnotatedPerson {
  return person(() => [
    random.uniform(-0.1 * size, 1.1 * size),
    random.uniform(-0.1 * size, 1.1 * size),
    random.integer(3) as Visibility,
  ]);
}

/** Somebody without an annotated keypoint. */
export const nobody: AnnotatedPerson = person(() => [0, 0, 0]);
