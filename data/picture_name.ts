/**
 * Names of pictures in annotation files. Whoever wrote the file chose the names, and each becomes a path that is read: it
 * must stay in the folder of pictures that the user named.
 *
 * | name                                      |                                                               |
 * | ----------------------------------------- | ------------------------------------------------------------- |
 * | `7.jpg`, `train2017/7.jpg`, `./7.jpg`     | a picture of the folder or of one in it                       |
 * | `../7.jpg`, `a/../7.jpg`                  | refused: `a` may be a link, and then `..` is elsewhere        |
 * | `/data/7.jpg`, `C:\data\7.jpg`, `C:7.jpg` | refused, on all systems: what opens on one opens on the other |
 * | with a control character                  | refused: NUL ends a path, others write to the terminal        |
 *
 * Only the name is looked at. A link in the folder was placed by whoever made the folder, and is followed: data sets whose
 * pictures are links to another disk are common (docs/decisions.md).
 *
 * @module
 */
import { InputError } from "../core/errors.ts";

/** From the root of a file system, or of a Windows drive or another computer. */
const ABSOLUTE = /^(?:[\\/]|[A-Za-z]:)/;
/** A part that leads upwards; Windows takes dots and spaces behind it for nothing. */
const UPWARDS = /(?:^|[\\/])\.\.[. ]*(?:[\\/]|$)/;
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/**
 * The name of a picture as an annotation file gives it: a path relative to the folder of pictures.
 *
 * @param value What stands in the file.
 * @param place Where it stands, for the error: `mine.json: images[3].file_name`.
 * @throws {InputError} If it is no name, leads out of the folder, or has a control character.
 */
export function pictureName(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") {
    const found = value === undefined ? "missing" : JSON.stringify(value);
    throw new InputError(`${place} is ${found}, the name of a file expected`);
  }
  if (value.search(CONTROL_CHARACTERS) !== -1) {
    const harmless = value.replaceAll(CONTROL_CHARACTERS, "�");
    throw new InputError(`${place} is ${JSON.stringify(harmless)}, where � is a control character`);
  }
  if (!ABSOLUTE.test(value) && !UPWARDS.test(value)) return value;
  throw new InputError(
    `${place} is ${JSON.stringify(value)}, which leads out of the folder of pictures\n` +
      "  help: names are relative to that folder, and may name folders in it",
  );
}
