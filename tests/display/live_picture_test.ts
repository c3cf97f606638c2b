import assert from "node:assert/strict";
import { JUPYTER_DISPLAY } from "../../display/jupyter.ts";
import { LivePicture } from "../../display/live_picture.ts";
import { Svg } from "../../display/svg.ts";

const drawing = (title: string) => new Svg([], { width: 2, height: 1, title });

Deno.test("LivePicture shows the drawing set last, and tells every listener of each", () => {
  const [first, second] = [drawing("after 0 steps"), drawing("after 50 steps")];
  const picture = new LivePicture(first);
  const heard: string[] = [];
  picture.onChange(() => heard.push(`a: ${picture[JUPYTER_DISPLAY]()["text/plain"]}`));
  picture.onChange(() => heard.push("b"));
  assert.deepEqual(picture[JUPYTER_DISPLAY](), first[JUPYTER_DISPLAY]());
  assert.deepEqual(heard, []); // nothing has changed yet
  picture.set(second);
  assert.deepEqual(picture[JUPYTER_DISPLAY](), second[JUPYTER_DISPLAY]());
  assert.deepEqual(heard, ["a: after 50 steps", "b"]);
});
