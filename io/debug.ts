/**
 * `DEBUG=nan` in the environment: numbers are watched from the start (core/watch.ts). Other words in the list belong to
 * other programs.
 *
 * @module
 */
import { watchNumbers } from "../core/watch.ts";
import { environment } from "./cache_folder.ts";

if (environment("DEBUG")?.split(/[\s,]+/).includes("nan")) watchNumbers(true);
