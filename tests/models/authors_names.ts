/**
 * Names and shapes of a state_dict, written down from the authors' code in plain loops: what HigherHRNet's and
 * EfficientHRNet's have in common (`lib/models/pose_higher_hrnet.py` of both).
 *
 * @module
 */
import type { Shape } from "ae";

/** The tensors of a state_dict, with those that count batches, as layers are added to it. */
export class StateDict {
  /** By name. */
  readonly tensors = new Map<string, Shape>();

  /** nn.Conv2d or nn.ConvTranspose2d. */
  conv(path: string, shape: Shape, outputs?: number): void {
    this.tensors.set(`${path}.weight`, shape);
    if (outputs !== undefined) this.tensors.set(`${path}.bias`, [outputs]);
  }

  /** nn.BatchNorm2d. */
  norm(path: string, channels: number): void {
    for (const field of ["weight", "bias", "running_mean", "running_var"]) {
      this.tensors.set(`${path}.${field}`, [channels]);
    }
    this.tensors.set(`${path}.num_batches_tracked`, []);
  }

  /** BasicBlock. */
  block(path: string, channels: number): void {
    for (const n of [1, 2]) {
      this.conv(`${path}.conv${n}`, [channels, channels, 3, 3]);
      this.norm(`${path}.bn${n}`, channels);
    }
  }

  /** HighResolutionModules in a row; the last stage's last one has the finest branch alone. */
  stage(
    path: string,
    branches: readonly number[],
    { modules, blocks }: { readonly modules: number; readonly blocks: number },
  ): void {
    for (let m = 0; m < modules; m++) {
      for (const [b, channels] of branches.entries()) {
        for (let k = 0; k < blocks; k++) this.block(`${path}.${m}.branches.${b}.${k}`, channels);
      }
      const outputs = branches.length === 4 && m === modules - 1 ? 1 : branches.length;
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < branches.length; j++) {
          const fuse = `${path}.${m}.fuse_layers.${i}.${j}`;
          if (j > i) {
            this.conv(`${fuse}.0`, [branches[i], branches[j], 1, 1]);
            this.norm(`${fuse}.1`, branches[i]);
          }
          for (let k = 0; k < i - j; k++) {
            const to = k === i - j - 1 ? branches[i] : branches[j];
            this.conv(`${fuse}.${k}.0`, [to, branches[j], 3, 3]);
            this.norm(`${fuse}.${k}.1`, to);
          }
        }
      }
    }
  }

  /** final_layers and deconv_layers. */
  heads(
    width: number,
    { keypoints, blocks }: { readonly keypoints: number; readonly blocks: number },
  ): void {
    this.conv("final_layers.0", [2 * keypoints, width, 1, 1], 2 * keypoints);
    this.conv("final_layers.1", [keypoints, width, 1, 1], keypoints);
    this.conv("deconv_layers.0.0.0", [width + 2 * keypoints, width, 4, 4]);
    this.norm("deconv_layers.0.0.1", width);
    for (let k = 1; k <= blocks; k++) this.block(`deconv_layers.0.${k}.0`, width);
  }
}
