/** Networks. @module */
export { AppearanceNet, type AppearanceNetOptions } from "./appearance_net.ts";
export { type BatchNormPlaces, ConvBlock, type ConvBlockOptions } from "./conv_block.ts";
export {
  EFFICIENT_HRNETS,
  EfficientHrNet,
  type EfficientHrNetName,
  type EfficientHrNetOptions,
} from "./efficient_hrnet.ts";
export {
  HIGHER_HRNETS,
  HigherHrNet,
  type HigherHrNetName,
  type HigherHrNetOptions,
} from "./higher_hrnet.ts";
export {
  combineHigherHrNet,
  type HigherHrNetOutput,
  HighResolutionNetwork,
  type HighResolutionOptions,
} from "./high_resolution.ts";
export {
  type CombinedTensors,
  combineLooks,
  type LookOptions,
  type MapTensors,
  mirrorImages,
  peaksOf,
  placesForTags,
  type PlaceTensors,
  type ScaleTensors,
} from "./looks.ts";
export { type ImageNorm } from "./image_norm.ts";
export { Hourglass, type HourglassOptions } from "./hourglass.ts";
export {
  Residual,
  ResidualHourglass,
  type ResidualHourglassOptions,
  type ResidualOptions,
} from "./residual.ts";
export { PoseNet, type PoseNetOptions, type StackOutput, type Stem } from "./pose_net.ts";
export { type Preset, preset, presets } from "./presets.ts";
export {
  type EfficientHrNetTranslation,
  isEfficientHrNet,
  translateEfficientHrNet,
} from "./published_efficient_hrnet.ts";
export {
  type HigherHrNetTranslation,
  isHigherHrNet,
  translateHigherHrNet,
} from "./published_higher_hrnet.ts";
export {
  originOfWeights,
  translateWeights,
  type WeightOrigin,
  type WeightRecipe,
  type WeightTranslation,
} from "./published_weights.ts";
export { type StackMaps, type TagNetwork, type TargetStrides } from "./tag_network.ts";
