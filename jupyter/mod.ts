/** What makes sense in a Jupyter kernel only, and falls back to text everywhere else. @module */
import "./steps.ts"; // compiled steps and tensors show themselves
import "./tensors.ts";

export { show } from "./show.ts";
