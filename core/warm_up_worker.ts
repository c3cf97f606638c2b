/**
 * The worker of warm_up.ts: has the driver compile the shaders that it is sent, on a device of its own.
 *
 * @module
 */
import { requestDevice } from "./device.ts";
import type { Shader } from "./kernel.ts";
import { pipelineOf } from "./pipeline.ts";
import { dispatchNothing } from "./warm_up.ts";

async function compileAll(shaders: readonly Shader[]): Promise<void> {
  const { device } = await requestDevice("ae warm-up");
  const pipelines = await Promise.all(shaders.map((shader) => pipelineOf({ device }, shader)));
  await dispatchNothing(device, pipelines);
  device.destroy();
}

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: readonly Shader[] }) => void;
  postMessage: (message: string) => void;
};
scope.onmessage = async ({ data }) => {
  await compileAll(data).catch(() => {}); // the first dispatches compile
  scope.postMessage("done");
};
