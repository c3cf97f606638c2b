/**
 * What happens to the pixels of images before a network sees them.
 *
 * @module
 */
import { type Tensor, tensor } from "../core/tensor.ts";
import { reshape } from "../ops/mod.ts";

/**
 * Nothing, or of each channel ImageNet's mean is subtracted and the rest divided by its standard deviation, as networks
 * are used to that began with an ImageNet classifier.
 */
export type ImageNorm = "none" | "imagenet";

/** Mean and standard deviation of ImageNet's pixels, red, green, blue from 0 to 1, as torchvision gives them. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Images as a network wants them: `[N, 3, H, W]` to the same shape. */
export function normalized(images: Tensor, norm: ImageNorm): Tensor {
  if (norm !== "imagenet") return images;
  const perChannel = (values: number[]) => reshape(tensor(values), [1, 3, 1, 1]);
  return images.sub(perChannel(IMAGENET.mean)).div(perChannel(IMAGENET.deviation));
}

/** Refuse what is no {@linkcode ImageNorm}: a file may say anything. */
export function checkImageNorm(network: string, norm: ImageNorm): void {
  if (norm === "none" || norm === "imagenet") return;
  throw new RangeError(`${network}: imageNorm can be "none" or "imagenet", not ${norm}`);
}
