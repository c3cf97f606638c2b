/** Made-up scenes and videos with people, and the truth about them. @module */
export * from "./scene.ts";
export type { SceneSetting } from "./setting.ts";
export * from "./video.ts";
