/**
 * The networks that weight files hold. A file's metadata has one form for all of them, and its `format` says which it is:
 *
 *     format                     ae-posenet-1, ae-higher-hrnet-1, ae-efficient-hrnet-1
 *     options                    what the network is made with, as JSON; image normalisation (`imageNorm`) included
 *     preset                     its name in reports
 *     imageSize                  height and width of its images, pixels
 *     threshold, maxTagDistance  how its maps are decoded; the decoder's own where they are not there
 *     skeleton, or classes       what it finds, as JSON
 *
 * Another network that is a {@linkcode TagNetwork} takes a row in {@linkcode NETWORK_KINDS}: every command then knows its
 * files, and `--preset` its presets.
 *
 * @module
 */
import {
  type DecoderName,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  HIGHER_HRNETS,
  HigherHrNet,
  InputError,
  PoseNet,
  presets,
  type TagNetwork,
  unknownName,
} from "../mod.ts";

/** A network by name: what it is made with, and height and width of its images in pixels. */
interface NamedNetwork {
  readonly options: object;
  readonly imageSize: number;
}

/** A kind of network. */
export interface NetworkKind {
  /** What `format` says in its files. */
  readonly format: string;
  /** What people call it. */
  readonly title: string;
  /** Whose rules turn its maps into people, where nobody names others. */
  readonly decoder: DecoderName;
  /** Makes one with the settings that a file has, which may be anything: it checks them. */
  readonly Network: new (options: never) => TagNetwork;
  /** What `--preset` can name. */
  readonly presets: Readonly<Record<string, NamedNetwork>>;
  /** Names of the variables that make the maps begin so. */
  readonly heads: string;
}

/** Networks of a paper under the names that `--preset` has for them: `higher-hrnet-w32` for `W32`. */
function named(
  prefix: string,
  networks: Readonly<Record<string, NamedNetwork>>,
  settings: object = {},
): Record<string, NamedNetwork> {
  return Object.fromEntries(
    Object.entries(networks).map(([name, { options, imageSize }]) => [
      `${prefix}-${name.toLowerCase()}`,
      { options: { ...options, ...settings }, imageSize },
    ]),
  );
}

/** PoseNet's row; weights that say no format are its too. */
export const POSE_NET: NetworkKind = {
  format: "ae-posenet-1",
  title: "PoseNet",
  decoder: "default",
  Network: PoseNet,
  presets,
  heads: "outs.",
};

/** All of them. */
export const NETWORK_KINDS: readonly NetworkKind[] = [
  POSE_NET,
  {
    format: "ae-higher-hrnet-1",
    title: "HigherHRNet",
    decoder: "higher-hrnet",
    Network: HigherHrNet,
    presets: named("higher-hrnet", HIGHER_HRNETS),
    heads: "final_layers.",
  },
  {
    format: "ae-efficient-hrnet-1",
    title: "EfficientHRNet",
    decoder: "higher-hrnet", // it is tested with HigherHRNet's programs
    Network: EfficientHrNet,
    presets: named("efficient-hrnet", EFFICIENT_HRNETS, { imageNorm: "imagenet" }), // as its authors
    heads: "final_layers.",
  },
];

/** What `--preset` can name, of all kinds. */
export const PRESET_NAMES: readonly string[] = NETWORK_KINDS.flatMap(({ presets }) =>
  Object.keys(presets)
);

/**
 * The network that `--preset` names, and its kind.
 *
 * @throws {InputError} If there is none of this name; names the nearest.
 */
export function presetNamed(name: string): NamedNetwork & { readonly kind: NetworkKind } {
  const kind = NETWORK_KINDS.find(({ presets }) => Object.hasOwn(presets, name));
  if (kind) return { kind, ...kind.presets[name] };
  throw unknownName("preset", name, PRESET_NAMES);
}

/** A network of the same kind with first values, and with other settings in place of some. */
export function remade(model: TagNetwork, settings: object = {}): TagNetwork {
  return new (kindOf(model).Network)({ ...model.options, ...settings } as never);
}

/**
 * The kind of a network.
 *
 * @throws {RangeError} If weight files do not know it.
 */
export function kindOf(model: TagNetwork): NetworkKind {
  const found = NETWORK_KINDS.find(({ Network }) => model instanceof Network);
  if (found) return found;
  throw new RangeError(
    `weight files know no network ${model.constructor.name}\n  help: give it a row in cli/networks.ts`,
  );
}

/**
 * The kind that a file's `format` names.
 *
 * @throws {InputError} If it names none.
 */
export function kindNamed(path: string, format: string = POSE_NET.format): NetworkKind {
  const found = NETWORK_KINDS.find((kind) => kind.format === format);
  if (found) return found;
  const known = NETWORK_KINDS.map((kind) => `"${kind.format}"`).join(", ");
  throw new InputError(`${path}: its format is "${format}", weight files have ${known}`);
}

/** Settings that say how often something is repeated, and the most that a file may say: more would fill the memory. */
const REPETITIONS = ["stacks", "depth", "modules", "backboneDepth"], MOST_REPETITIONS = 64;

/**
 * The network of these settings, with first values.
 *
 * @param options What a file says, as JSON.
 * @throws {Error} If that is no JSON, or no settings of such a network; a file can say anything, so of whatever kind.
 */
export function makeNetwork({ Network }: NetworkKind, options: string): TagNetwork {
  const settings = JSON.parse(options);
  if (typeof settings !== "object" || settings === null) throw new TypeError("they are no record");
  for (const name of REPETITIONS) {
    const most = Math.max(...[settings[name]].flat().map((count) => count ?? 0));
    if (most <= MOST_REPETITIONS) continue;
    throw new RangeError(`${name} is ${settings[name]}, at most ${MOST_REPETITIONS} are allowed`);
  }
  return new Network(settings as never);
}
