/** `parseArgs` as std ships it; the npm build has no types, so they are beside it. @module */
// @ts-types="./parse_args.d.ts"
export { parseArgs } from "deno-std/cli/parse_args.js";
export type { Args, ParseOptions } from "./parse_args.d.ts";
