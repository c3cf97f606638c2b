/** What makes sense in a Jupyter kernel only, and falls back to text everywhere else. @module */
import "./tensors.ts"; // tensors show themselves

export { show } from "./show.ts";
