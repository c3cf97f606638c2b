/**
 * Golden cases of optimisers, layers, the network and its training. The reference takes images as
 * `[B, H, W, 3]`; the library takes `[N, 3, H, W]`.
 *
 * The network at full size, whose 139 million weights come from a formula, takes half a minute and 2 GB, so it runs
 * only when it is named: `deno task check:golden FOLDER --only posenet_full`.
 *
 * @module
 */
import {
  assign,
  compile,
  grad,
  type HostArray,
  hostArray,
  InputError,
  memory,
  read,
  setChoice,
  sizeOf,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from "../../core/mod.ts";
import { floatWeights, readJson, readSafetensors } from "../../io/mod.ts";
import { poseLoss } from "../../losses/mod.ts";
import { ConvBlock, Hourglass, PoseNet } from "../../models/mod.ts";
import {
  disposeModel,
  type Layer,
  loadState,
  parameters,
  stateOf,
  variables,
} from "../../nn/mod.ts";
import { permute, reshape, stack } from "../../ops/mod.ts";
import { Adam, type Optimizer, RmsProp, Sgd } from "../../optim/mod.ts";
import type { Comparison, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";
import { compareTensors, floats, tagTarget } from "./losses.ts";

/** Runners of the families of optimisers and networks, by name. */
export const families: Record<string, FamilyRunner> = {
  optim,
  modules,
  posenet,
  posenet_shapes: posenetShapes,
  train: withDirectConvolutions(train),
};

/** Families that run only when they are named, and need no entry in the index. */
export const onRequest: Record<string, FamilyRunner> = { posenet_full: posenetFull };

/**
 * A training that passes a kink of ReLU on the other side goes another way from there on, so following PyTorch's for
 * ten steps takes the method that rounds as little as PyTorch's does.
 */
function withDirectConvolutions(run: FamilyRunner): FamilyRunner {
  return async (...args) => {
    setChoice("conv2d", "direct");
    try {
      await run(...args);
    } finally {
      setChoice("conv2d", null);
    }
  };
}

type Hyper = Readonly<Record<string, number | boolean>>;

async function optim(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const { opt, hyper } = testCase.params as { opt: string; hyper: Hyper };
  const p = variable(floats(testCase.input("p0")), "p");
  const optimizer = makeOptimizer(opt, hyper, p);
  using step = compile(({ gradient }: { gradient: Tensor }) => {
    optimizer.update([gradient]);
    return {};
  });
  const [steps, n] = testCase.input("grads").shape;
  const gradients = Float32Array.from(testCase.input("grads").data);
  const path: number[] = [];
  for (let t = 0; t < steps; t++) {
    await step({ gradient: hostArray([n], gradients.slice(t * n, (t + 1) * n)) });
    path.push(...(await p.read()).data);
  }
  const expected = testCase.expected("traj");
  compare.close("traj", path, expected.data, expected);
  const names: Record<string, string> = {
    exp_avg: "first_moment.p",
    exp_avg_sq: "second_moment.p",
    square_avg: "square.p",
    grad_avg: "mean.p",
    momentum_buffer: "direction.p",
  };
  const state = await stateOf(optimizer);
  for (const name of testCase.expectedNames.filter((it) => it in names)) {
    const kept = testCase.expected(name);
    compare.close(name, state[names[name]].data, kept.data, kept);
  }
}

function makeOptimizer(opt: string, hyper: Hyper, p: Variable): Optimizer {
  const learningRate = hyper.lr as number;
  const weightDecay = (hyper.weight_decay ?? 0) as number;
  const eps = hyper.eps as number;
  const momentum = hyper.momentum as number;
  const betas = hyper.betas as unknown as [number, number];
  switch (opt) {
    case "adam":
      return new Adam([p], { learningRate, betas, eps, weightDecay });
    case "adam_torch_before_1_3":
      return new Adam([p], { learningRate, betas, eps, weightDecay, epsilon: "2017" });
    case "rmsprop": {
      const { alpha, centered } = hyper as { alpha: number; centered: boolean };
      return new RmsProp([p], { learningRate, alpha, eps, weightDecay, momentum, centered });
    }
    case "sgd": {
      const { dampening, nesterov } = hyper as { dampening: number; nesterov: boolean };
      return new Sgd([p], { learningRate, momentum, dampening, weightDecay, nesterov });
    }
    default:
      throw new InputError(`${opt}: no such optimiser`);
  }
}

async function modules(testCase: GoldenCase, compare: Comparison): Promise<void> {
  const { kind, mode, args } = testCase.params as {
    kind: string;
    mode: string;
    args: Record<string, number | boolean | null>;
  };
  const model = makeModule(kind, args);
  const state = testCase.inputNames.filter((name) => name.startsWith("sd:"))
    .filter((name) => !name.endsWith("num_batches_tracked"))
    .map((name) => [name.slice(3), hostOf(testCase.input(name))] as const);
  await loadState(model, Object.fromEntries(state));
  const x = floats(testCase.input("x"));
  const gy = floats(testCase.input("gy"));
  const wrt = parameters(model);
  const training = mode === "train";
  using step = compile(() => {
    const y = model.forward(x, { training });
    const [gradX, ...rest] = grad(y.mul(gy).sum(), [x, ...wrt.values()]);
    const named = [...wrt.keys()].map((name, i) => [`g:${name}`, rest[i]] as const);
    return { y, g_x: gradX, ...Object.fromEntries(named) };
  });
  await compareTensors(testCase, compare, await step({}));
  const after = [...variables(model)].map(([name, it]) => [`new:${name}`, it] as const)
    .filter(([name]) => testCase.expectedNames.includes(name));
  await compareTensors(testCase, compare, Object.fromEntries(after));
}

function makeModule(kind: string, args: Record<string, number | boolean | null>): Layer {
  const sizes = args as Record<string, number>;
  const batchNorm = args.bn ? "authors" : "none";
  switch (kind) {
    case "conv":
      return new ConvBlock({
        inChannels: sizes.inp_dim,
        outChannels: sizes.out_dim,
        size: sizes.kernel_size,
        stride: sizes.stride,
        relu: args.relu === true,
        batchNorm,
      });
    case "hourglass":
      return new Hourglass({
        depth: sizes.n,
        channels: sizes.f,
        increase: sizes.increase,
        batchNorm,
      });
    case "merge": {
      const conv = new ConvBlock({
        inChannels: sizes.x_dim,
        outChannels: sizes.y_dim,
        size: 1,
        relu: false,
      });
      const merge = { conv, forward: (x: Tensor) => conv.forward(x) };
      return merge;
    }
    default:
      throw new InputError(`${kind}: no such module`);
  }
}

function hostOf({ shape, data }: GoldenArray): HostArray {
  return hostArray(shape, Float32Array.from(data));
}

interface PoseNetParams {
  readonly nstack: number;
  readonly inp_dim: number;
  readonly oup_dim: number;
  readonly increase: number;
}

/** The authors' network with its constructor's arguments; `oup_dim` counts 34 channels and unread ones. */
function poseNet(params: PoseNetParams, innerIncrease: number): PoseNet {
  return new PoseNet({
    stacks: params.nstack,
    channels: params.inp_dim,
    increase: params.increase,
    innerIncrease,
    extraChannels: params.oup_dim - 34,
  });
}

async function posenet(
  testCase: GoldenCase,
  compare: Comparison,
  { folder }: { readonly folder: string },
): Promise<void> {
  const params = testCase.params as unknown as PoseNetParams & {
    state_file: string;
    grads_file: string;
    num_parameters: number;
    grad_tolerance: Record<string, [number, number]>;
  };
  const model = poseNet(params, params.increase);
  await loadFrom(model, `${folder}/${params.state_file}`);
  const wrt = parameters(model);
  const numbers = [...wrt.values()].reduce((total, { size }) => total + size, 0);
  compare.equal("number of parameters", numbers, params.num_parameters);

  const imgs = floats(testCase.input("imgs"));
  const W = floats(testCase.input("W"));
  using step = compile(() => {
    const images = permute(imgs, [0, 3, 1, 2]);
    const preds = stack(model.forward(images).map(({ raw }) => raw), 1);
    const loss = preds.mul(W).mean();
    const [gradImages, ...gradients] = grad(loss, [imgs, ...wrt.values()]);
    const pre = model.stemOf(images);
    const hourglass = model.features[0][0].forward(pre);
    const features = model.features[0].slice(1).reduce((x, it) => it.forward(x), hourglass);
    return {
      compared: {
        preds,
        loss,
        g_imgs: gradImages,
        pre_out: pre,
        hourglass0_out: hourglass,
        features0_out: features,
      },
      gradients: Object.fromEntries([...wrt.keys()].map((name, i) => [name, gradients[i]])),
    };
  });
  const { compared, gradients } = await step({});
  await compareTensors(testCase, compare, compared);
  const { arrays } = await readSafetensors(`${folder}/${params.grads_file}`);
  const got = await read(gradients);
  for (const [name, [atol, rtol]] of Object.entries(params.grad_tolerance)) {
    const expected = arrays[name].data as Float32Array;
    compare.close(`gradient of ${name}`, got[name].data, expected, { atol, rtol });
  }
}

async function loadFrom(model: object, path: string): Promise<void> {
  await loadState(model, floatWeights(await readSafetensors(path), path), { source: path });
}

function posenetShapes(testCase: GoldenCase, compare: Comparison): void {
  const params = testCase.params as unknown as PoseNetParams & { num_parameters: number };
  const wanted = testCase.values as Record<string, number[]>;
  const sizes = Object.values(wanted).reduce((total, shape) => total + sizeOf(shape), 0);
  compare.equal("number of parameters", sizes, params.num_parameters);
  const found = [...variables(poseNet(params, 128))].map(([path, { shape }]) => [path, shape]);
  compare.equal("names and shapes in order", found, Object.entries(wanted));
}

async function train(
  testCase: GoldenCase,
  compare: Comparison,
  { folder, raw }: { readonly folder: string; readonly raw: unknown },
): Promise<void> {
  const { adam, steps, start, weights } = testCase.params as {
    adam: { lr: number; betas: [number, number]; eps: number };
    steps: number;
    start: string;
    weights: [string, number][];
  };
  // The second case runs on the first one's inputs.
  const source = testCase.inputNames.length > 0 ? testCase : firstCase(raw, testCase);
  const { arrays } = await readSafetensors(`${folder}/${(raw as { file: string }).file}`);
  const inputOf = (name: string): GoldenArray => arrays[`${source.id}/${name}`] as GoldenArray;

  const path = `${folder}/${start}`;
  const initial = floatWeights(await readSafetensors(path), path);
  const sizes = sizesOf(initial);
  const model = poseNet(sizes, sizes.increase);
  await loadState(model, initial, { source: path });
  const optimizer = new Adam(parameters(model), {
    learningRate: adam.lr,
    betas: adam.betas,
    eps: adam.eps,
  });
  const target = {
    heatmaps: floats(inputOf("heatmaps")),
    mask: floats(inputOf("masks")),
    ...tagTarget(inputOf("keypoints")),
  };
  const images = floats(inputOf("imgs"));
  const weightOf = Object.fromEntries(weights);
  using step = compile(() => {
    const { loss, heatmap, pull, push } = poseLoss(
      model.forward(permute(images, [0, 3, 1, 2])),
      target,
      {
        heatmapWeight: weightOf.detection_loss,
        pullWeight: weightOf.pull_loss,
        pushWeight: weightOf.push_loss,
      },
    );
    optimizer.update(grad(loss, optimizer.parameters));
    return reshape(stack([loss, heatmap, pull, push], 0), [4]);
  });
  const rows: number[][] = [];
  let end: Record<string, HostArray> = {};
  for (let t = 0; t <= steps; t++) {
    if (t === steps) end = await stateOf(model);
    rows.push([...(await (await step({})).read()).data]);
  }
  const columns = { loss: 0, detection: 1, pull: 2, push: 3 } as const;
  for (const [name, column] of Object.entries(columns)) {
    const expected = testCase.values[name] as number[];
    const got = rows.map((row) => row[column]);
    const later = name === "loss" || name === "detection" ? 1e-3 : 5e-3;
    compare.close(`${name} at first`, got.slice(0, 1), expected.slice(0, 1), {
      atol: 0,
      rtol: 1e-5,
    });
    compare.close(`${name} later`, got.slice(1), expected.slice(1), { atol: 0, rtol: later });
  }
  const norm = (data: Float32Array) => Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0));
  const norms = testCase.values.param_norms as Record<string, number>;
  const changes = testCase.values.param_change as Record<string, number>;
  const names = Object.keys(norms);
  compare.close(
    "parameter norms",
    names.map((name) => norm(end[name].data)),
    Object.values(norms),
    { atol: 0, rtol: 1e-3 },
  );
  compare.close(
    "parameter changes",
    names.map((name) => norm(end[name].data.map((value, i) => value - initial[name].data[i]))),
    names.map((name) => changes[name]),
    { atol: 0, rtol: 2e-2 },
  );
}

function firstCase(raw: unknown, testCase: GoldenCase): { readonly id: string } {
  const { cases } = raw as { cases: { id: string; inputs?: object }[] };
  const found = cases.find(({ inputs }) => Object.keys(inputs ?? {}).length > 0);
  if (!found) throw new InputError(`${testCase.id}: no case of the family has inputs`);
  return found;
}

/** The network's sizes from its weights. */
function sizesOf(state: Readonly<Record<string, HostArray>>): PoseNetParams {
  const nstack = Object.keys(state).filter((name) => /^outs\.\d+\.conv\.bias$/.test(name)).length;
  const [oup_dim, inp_dim] = state["outs.0.conv.weight"].shape;
  return {
    nstack,
    inp_dim,
    oup_dim,
    increase: state["features.0.0.low1.conv.weight"].shape[0] - inp_dim,
  };
}

/** Numbers of the generator mulberry32 as 32-bit words. */
export function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** The authors' network at full size, weights from the formula in the golden folder's README. */
async function posenetFull(
  _: GoldenCase,
  compare: Comparison,
  { folder }: { readonly folder: string },
): Promise<void> {
  const facts = await readJson(`${folder}/posenet_full.json`) as FullNetworkFacts;
  const { arrays } = await readSafetensors(`${folder}/posenet_full.safetensors`);
  const first = mulberry32(1000);
  const words = [first(), first(), first(), first()];
  compare.equal("generator", words, facts.mulberry32_seed1000_first4);

  const model = new PoseNet({ extraChannels: 34 });
  const nearly = { atol: 1e-7, rtol: 1e-6 };
  let number = 0;
  for (const [path, parameter] of parameters(model)) {
    const { shape } = parameter;
    const draw = mulberry32(1000 + number++);
    const scale = path.endsWith(".bias") ? 0.05 : 0.9 * Math.sqrt(6 / sizeOf(shape.slice(1)));
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = (draw() / 2 ** 31 - 1) * scale;
    if (number === 1) {
      compare.close("first weights", data.slice(0, 4), facts["first_weights_pre.0"], nearly);
    }
    using value = tensor({ shape, data });
    await assign(parameter, value);
  }
  const draw = mulberry32(7);
  const image = Float32Array.from({ length: 256 * 256 * 3 }, () => draw() / 2 ** 32);
  compare.close("first input", image.slice(0, 4), facts.first_input, nearly);
  using step = compile(({ images }: { images: Tensor }) =>
    Object.fromEntries(
      model.forward(permute(images, [0, 3, 1, 2])).map(({ raw }, s) => [`stack${s}`, raw]),
    )
  );
  const start = performance.now();
  const outputs = await read(await step({ images: hostArray([1, 256, 256, 3], image) }));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
  const { rss } = Deno.memoryUsage();
  compare.note(
    `one image in ${seconds} s, shaders compiled; ${
      gibibytes(memory().reduce((sum, { bytes }) => sum + bytes, 0))
    } GiB in buffers, ` +
      `${gibibytes(rss)} GiB resident`,
  );
  for (const [name, { data }] of Object.entries(outputs)) {
    const { mean, std, absmax } = facts.stats[name];
    const ownMean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const square = data.reduce((sum, value) => sum + (value - ownMean) ** 2, 0);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const own = [ownMean, Math.sqrt(square / data.length), largest];
    compare.close(`${name} mean, deviation, largest`, own, [mean, std, absmax], {
      atol: 1e-3,
      rtol: 1e-4,
    });
  }
  const compareMaps = (name: string, output: HostArray) => {
    const expected = arrays[name];
    const [channels] = expected.shape;
    const actual = output.data.subarray(0, channels * 64 * 64);
    compare.close(name, actual, expected.data as Float32Array, { atol: 1e-2, rtol: 0 });
  };
  compareMaps("last_stack", outputs.stack3);
  compareMaps("stack0_channels_0_4", outputs.stack0);
  disposeModel(model);
}

/** What `posenet_full.json` holds. */
interface FullNetworkFacts {
  readonly mulberry32_seed1000_first4: number[];
  readonly "first_weights_pre.0": number[];
  readonly first_input: number[];
  readonly stats: Readonly<Record<string, { mean: number; std: number; absmax: number }>>;
}
