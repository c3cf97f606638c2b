/**
 * What the state_dict of mmpose 0.x's HigherHRNet holds, written down from its modules in plain loops: `HRNet` and
 * `HRModule` of open-mmlab/mmpose, `mmpose/models/backbones/hrnet.py`, `BasicBlock` and `Bottleneck` of `resnet.py`,
 * `AEHigherResolutionHead` of `mmpose/models/heads/ae_higher_resolution_head.py`, and the configurations
 * `associative_embedding/coco/higherhrnet_w*_coco_*.py`.
 *
 * @module
 */
import type { Shape } from "ae";

/** The tensors of the detector `AssociativeEmbedding`, with those that count batches. */
export function mmposeTensors(
  { width, joints = 17 }: { readonly width: number; readonly joints?: number },
): Map<string, Shape> {
  const dict = new Map<string, Shape>();
  const conv = (path: string, from: number, to: number, kernel: number) =>
    dict.set(`${path}.weight`, [to, from, kernel, kernel]);
  const norm = (path: string, channels: number) => {
    for (const buffer of ["weight", "bias", "running_mean", "running_var"]) {
      dict.set(`${path}.${buffer}`, [channels]);
    }
    dict.set(`${path}.num_batches_tracked`, []);
  };
  /** Sequential(conv, norm, …), whose activation or enlarging has no tensors. */
  const sequence = (path: string, from: number, to: number, kernel: number) => {
    conv(`${path}.0`, from, to, kernel);
    norm(`${path}.1`, to);
  };
  const basicBlock = (path: string, channels: number) => {
    for (const n of ["1", "2"]) {
      conv(`${path}.conv${n}`, channels, channels, 3);
      norm(`${path}.bn${n}`, channels);
    }
  };

  // HRNet: the stem, and stage1, which is called layer1.
  conv("backbone.conv1", 3, 64, 3);
  norm("backbone.bn1", 64);
  conv("backbone.conv2", 64, 64, 3);
  norm("backbone.bn2", 64);
  for (let block = 0; block < 4; block++) {
    const path = `backbone.layer1.${block}`;
    conv(`${path}.conv1`, block === 0 ? 64 : 256, 64, 1);
    norm(`${path}.bn1`, 64);
    conv(`${path}.conv2`, 64, 64, 3);
    norm(`${path}.bn2`, 64);
    conv(`${path}.conv3`, 64, 256, 1);
    norm(`${path}.bn3`, 256);
    if (block === 0) sequence(`${path}.downsample`, 64, 256, 1);
  }

  // _make_transition_layer and _make_stage, stage by stage.
  let before = [256];
  for (const [stage, modules] of [[2, 1], [3, 4], [4, 3]]) {
    const channels = Array.from({ length: stage }, (_, branch) => width * 2 ** branch);
    for (let i = 0; i < channels.length; i++) {
      const path = `backbone.transition${stage - 1}.${i}`;
      if (i >= before.length) sequence(`${path}.0`, before.at(-1)!, channels[i], 3);
      else if (before[i] !== channels[i]) sequence(path, before[i], channels[i], 3);
    }
    for (let module = 0; module < modules; module++) {
      const path = `backbone.stage${stage}.${module}`;
      for (let branch = 0; branch < stage; branch++) {
        for (let k = 0; k < 4; k++) basicBlock(`${path}.branches.${branch}.${k}`, channels[branch]);
      }
      // multiscale_output is False for stage4 alone, and counts in its last module.
      const multiscale = !(stage === 4 && module === modules - 1);
      for (let i = 0; i < (multiscale ? stage : 1); i++) {
        for (let j = 0; j < stage; j++) {
          const fuse = `${path}.fuse_layers.${i}.${j}`;
          if (j > i) sequence(fuse, channels[j], channels[i], 1);
          for (let k = 0; k < i - j; k++) {
            sequence(`${fuse}.${k}`, channels[j], k === i - j - 1 ? channels[i] : channels[j], 3);
          }
        }
      }
    }
    before = channels;
  }

  // AEHigherResolutionHead with with_ae_loss [True, False], cat_output [True], tag_per_joint.
  const outputs = [joints + joints, joints];
  for (const [i, channels] of outputs.entries()) {
    conv(`keypoint_head.final_layers.${i}`, width, channels, 1);
    dict.set(`keypoint_head.final_layers.${i}.bias`, [channels]);
  }
  // A transposed convolution's kernel has its inputs first.
  dict.set("keypoint_head.deconv_layers.0.0.0.weight", [width + outputs[0], width, 4, 4]);
  norm("keypoint_head.deconv_layers.0.0.1", width);
  for (let k = 1; k <= 4; k++) basicBlock(`keypoint_head.deconv_layers.0.${k}.0`, width);
  return dict;
}
