/**
 * The worker of warm_up.ts: has the driver compile the shaders that it is sent, on a device of its own.
 *
 * @module
 */
import { requestDevice } from "./device.ts";
import { pipelineOf } from "./kernel.ts";
import { dispatchNothing } from "./warm_up.ts";

async function compileAll(codes: readonly string[]): Promise<void> {
  const { device } = await requestDevice("ae warm-up");
  const title = "warm-up";
  const pipelines = await Promise.all(codes.map((code) => pipelineOf({ device }, { title, code })));
  await dispatchNothing(device, pipelines);
  device.destroy();
}

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: readonly string[] }) => void;
  postMessage: (message: string) => void;
};
scope.onmessage = async ({ data }) => {
  await compileAll(data).catch(() => {}); // the first dispatches compile
  scope.postMessage("done");
};
