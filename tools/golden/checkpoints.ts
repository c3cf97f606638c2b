/**
 * Golden cases of PyTorch's files: every value must be read to the last bit, and a network with the weights read must
 * say what PyTorch's said.
 *
 * @module
 */
import { compile, type HostArray, InputError, type Tensor } from "../../core/mod.ts";
import {
  floatWeights,
  openTorchFile,
  readSafetensors,
  type SafetensorsArray,
  stateDictOf,
  type StoredArray,
  type TorchTensor,
  type TorchValue,
} from "../../io/mod.ts";
import { PoseNet, translateWeights } from "../../models/mod.ts";
import { loadState } from "../../nn/mod.ts";
import { permute, stack } from "../../ops/mod.ts";
import {
  type Comparison,
  type FamilyRunner,
  type GoldenCase,
  loadFamily,
  readIndex,
} from "./golden.ts";
import { floats } from "./losses.ts";

/** Runners by family. */
export const families: Record<string, FamilyRunner> = { checkpoints };

type Dictionary = ReadonlyMap<TorchValue, TorchValue>;

const EXACT = { atol: 0, rtol: 0 };

/** How near a network's output must be to PyTorch's. */
const OUTPUT = { atol: 1e-4, rtol: 0 };

async function checkpoints(
  testCase: GoldenCase,
  compare: Comparison,
  { folder }: { readonly folder: string },
): Promise<void> {
  const path = `${folder}/${testCase.params.file}`;
  using file = await openTorchFile(path);
  if (!(file.value instanceof Map)) throw new InputError(`${path}: holds no dictionary`);
  if ("equals" in testCase.params) {
    await checkpoint(testCase, compare, file.value, path, folder);
  } else {
    await miscellany(testCase, compare, file.value);
  }
}

async function checkpoint(
  { params }: GoldenCase,
  compare: Comparison,
  content: Dictionary,
  path: string,
  folder: string,
): Promise<void> {
  const prefix = params.prefix as string;
  compare.equal("layout", [...content.keys()], params.layout);
  compare.equal("epoch", content.get("epoch"), params.epoch);
  const state = stateDictOf(content, path);
  compare.equal("tensors", state.size, params.tensors);
  compare.equal(
    "names with a state of Adam",
    namesWithState(content.get("optimizer") as Dictionary, state),
    params.optimizer_state,
  );
  const { arrays: expected } = await readSafetensors(`${folder}/${params.equals}`);
  const values: Record<string, SafetensorsArray> = {};
  for (const [name, stored] of state) {
    const own = name.slice(prefix.length);
    values[own] = await stored.read();
    compare.equal(`${own} shape`, values[own].shape, expected[own].shape);
    compare.close(own, numbers(values[own]), numbers(expected[own]), EXACT);
  }
  // One of the files holds only some tensors, to be small; the others are those that it would hold.
  const whole = { arrays: { ...expected, ...values }, metadata: {} };
  await compareOutput(compare, floatWeights(whole, path), folder);
}

/** Which parameters an optimiser's state is about: `params` lists their keys in the order of the state dict. */
function namesWithState(optimizer: Dictionary, state: ReadonlyMap<string, StoredArray>): string[] {
  const [group] = optimizer.get("param_groups") as Dictionary[];
  const keys = group.get("params") as TorchValue[];
  const moments = optimizer.get("state") as Dictionary;
  return [...state.keys()].filter((name, i) => {
    const its = moments.get(keys[i]) as Dictionary | undefined;
    const moment = its?.get("exp_avg") as TorchTensor | undefined;
    return moment && String(moment.shape) === String(state.get(name)!.shape);
  });
}

async function compareOutput(
  compare: Comparison,
  weights: Readonly<Record<string, HostArray>>,
  folder: string,
): Promise<void> {
  const { posenet } = await readIndex(folder);
  const { cases: [network] } = await loadFamily(folder, "posenet", posenet);
  const shapes = new Map(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
  const model = new PoseNet(translateWeights("authors", shapes).options);
  await loadState(model, weights);
  const images = floats(network.input("imgs"));
  using step = compile((_: Record<string, Tensor>) =>
    stack(model.forward(permute(images, [0, 3, 1, 2])).map(({ raw }) => raw), 1)
  );
  const { data } = await (await step({})).read();
  compare.close("output of the network", data, network.expected("preds").data, OUTPUT);
}

async function miscellany(
  { values }: GoldenCase,
  compare: Comparison,
  content: Dictionary,
): Promise<void> {
  const tensors = content.get("tensors") as ReadonlyMap<string, TorchTensor>;
  const expected = values.tensors as Record<
    string,
    { readonly shape: number[]; readonly dtype: string; readonly data: number[] }
  >;
  compare.equal("tensors", [...tensors.keys()], Object.keys(expected));
  for (const [name, { shape, dtype, data }] of Object.entries(expected)) {
    const tensor = tensors.get(name)!;
    compare.equal(`${name} type and shape`, [tensor.dtype, tensor.shape], [
      dtype.replace("torch.", ""),
      shape,
    ]);
    compare.close(name, numbers(await tensor.read()), data, EXACT);
  }
  for (const name of ["list", "bigint", "unicode"]) {
    compare.equal(name, content.get(name), values[name]);
  }
  const { a } = Object.fromEntries(content.get("nested") as Dictionary) as { a: Dictionary };
  const [again] = a.get("b") as TorchTensor[];
  compare.equal("the tensor that is there twice is one", again === tensors.get("plain"), true);
}

/** As float64, which holds the integers of the cases. */
function numbers({ data }: SafetensorsArray): ArrayLike<number> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Array.from(data, Number)
    : data;
}
