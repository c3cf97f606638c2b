/**
 * Where people are, which says how hard a scene is. Both settings have overlap, team mates, backs, cut bodies and
 * things in the way. On a stage, 64 pixels show a face, and a small network learns it in minutes; a street is for
 * larger pictures.
 *
 * @module
 */

/** Names of the settings. */
export type SceneSetting = "street" | "stage";

/** What the settings differ in. */
interface Setting {
  /** People's size, over that of {@linkcode syntheticScene}. */
  readonly scale: number;
  /** Share of people who look more or less at the camera. */
  readonly facing: number;
  /** Share of people who look away from it; all others look to a side. */
  readonly away: number;
  /** Spread around the camera's direction, degrees. */
  readonly turned: number;
  /** Whether people also sit and bend down. */
  readonly bent: boolean;
  /** Most things that stand around. */
  readonly things: number;
}

/** The settings by name. */
export const settings: Readonly<Record<SceneSetting, Setting>> = {
  street: { scale: 1, facing: 1 / 2, away: 1 / 4, turned: 22, bent: true, things: 7 },
  stage: { scale: 1.4, facing: 7 / 8, away: 1 / 8, turned: 25, bent: false, things: 3 },
};
