/** What makes sense in a Jupyter kernel only, and falls back to text everywhere else. @module */
export { show } from "./show.ts";
