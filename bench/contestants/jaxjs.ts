/**
 * jax-js in the benchmark: every work is a function given to its `jit`. Loaded only when the benchmark runs; the types
 * below say what is used of it.
 *
 * In jax-js whoever passes an array gives it away; `.ref` is for those who want to keep it. Arrays are computed when
 * they are asked for: {@linkcode queue} asks for them without waiting, so that no run is left out and none waits.
 *
 * @module
 */
import type { HostArray } from "../../mod.ts";
import type { Contestant, Program } from "../contestant.ts";
import { ADAM, network, type NetworkData } from "../network.ts";
import { JAXJS } from "../peers.ts";

interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: number[];
  readonly size: number;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  mean(): JaxArray;
  max(axes: number[]): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  slice(range: [number, number]): JaxArray;
  data(): Promise<Float32Array<ArrayBuffer>>;
  gpuBuffer(): Promise<unknown>;
  dispose(): void;
}

type Loss = (parameters: JaxArray[], ...others: JaxArray[]) => JaxArray;
type LossAndGradients = (parameters: JaxArray[], ...others: JaxArray[]) => [JaxArray, JaxArray[]];

interface Jax {
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): unknown;
  jit<A extends unknown[], R>(fn: (...args: A) => R): ((...args: A) => R) & { dispose(): void };
  valueAndGrad(fn: Loss): LossAndGradients;
  readonly numpy: {
    array(data: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    repeat(x: JaxArray, count: number, axis: number): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
  };
  readonly lax: {
    conv(x: JaxArray, w: JaxArray, strides: number[], pads: [number, number][]): JaxArray;
  };
  readonly nn: { relu(x: JaxArray): JaxArray };
}

/**
 * Load jax-js.
 *
 * @throws {Error} If it cannot be downloaded or finds no adapter.
 */
export async function loadJaxjs(): Promise<Contestant> {
  const jax: Jax = await import(JAXJS.module);
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("it found no WebGPU adapter");
  jax.defaultDevice("webgpu");
  return contestant(jax);
}

function contestant(jax: Jax): Contestant {
  const { numpy, nn } = jax;
  const held = ({ shape, data }: HostArray) => numpy.array(data).reshape(shape);
  const conv = (x: JaxArray, w: JaxArray, stride: number, pad: number) =>
    jax.lax.conv(x, w, [stride, stride], [[pad, pad], [pad, pad]]);

  /** A function of arrays that stay: its arguments are kept for the next run. */
  const pure = (fn: (...args: JaxArray[]) => JaxArray[], args: readonly JaxArray[]): Program => {
    const compiled = jax.jit(fn);
    return program(() => compiled(...args.map((x) => x.ref)), () => {
      compiled.dispose();
      for (const x of args) x.dispose();
    });
  };

  const output = (images: JaxArray, parameters: readonly JaxArray[]) =>
    network<JaxArray>(images, {
      conv(x, { index, outChannels, stride, pad, relu }) {
        const bias = parameters[2 * index + 1].reshape([1, outChannels, 1, 1]);
        const y = conv(x, parameters[2 * index], stride, pad).add(bias);
        return relu ? nn.relu(y) : y;
      },
      pool(x) {
        const [N, C, H, W] = x.shape;
        return x.reshape([N, C, H / 2, 2, W / 2, 2]).max([3, 5]);
      },
      upsample: (x) => numpy.repeat(numpy.repeat(x, 2, 2), 2, 3),
      add: (a, b) => a.add(b),
      keep: (x) => x.ref,
    });

  const heldParameters = ({ parameters }: NetworkData) =>
    parameters.flatMap(({ weight, bias }) => [held(weight), held(bias)]);

  return {
    name: "jaxjs",
    title: `jax-js ${JAXJS.version}`,

    matmul: (a, b) => pure((x, y) => [numpy.matmul(x, y)], [held(a), held(b)]),

    conv: ({ x, w }) => pure((image, weight) => [conv(image, weight, 1, 1)], [held(x), held(w)]),

    convGradients(data) {
      const lossAndGradients = jax.valueAndGrad(([x, w], g) => conv(x, w, 1, 1).mul(g).sum());
      return pure((x, w, g) => {
        const [loss, gradients] = lossAndGradients([x, w], g);
        return [loss, ...gradients];
      }, [held(data.x), held(data.w), held(data.g)]);
    },

    forward: (data) =>
      pure((images, ...parameters) => [output(images, parameters)], [
        held(data.images),
        ...heldParameters(data),
      ]),

    train(data) {
      const [images, target] = [held(data.images), held(data.target)];
      const step = jax.jit(trainingStep(jax, output));
      let state = firstState(jax, heldParameters(data));
      return program(() => {
        const [loss, next] = step(state, images.ref, target.ref);
        state = next;
        return [loss, state.parameters[0].ref];
      }, () => {
        step.dispose();
        [images, target, ...Object.values(state).flat()].forEach((x) => x.dispose());
      });
    },

    scaledRelu: (x, factor, offset) => pure((x) => [nn.relu(x.mul(factor).add(offset))], [held(x)]),

    sum: (x) => pure((x) => [x.sum()], [held(x)]),

    addsByCall: (count) => adds(jax, 1, count),

    // One jit of all 2,000 overflows the stack. Each piece becomes one kernel.
    addsTogether: (count) => adds(jax, ADDS_A_JIT, count / ADDS_A_JIT),
  };
}

const ADDS_A_JIT = 500;

/** So many calls of a function with so many adds. */
function adds(jax: Jax, perCall: number, calls: number): Program {
  const add = jax.jit((x: JaxArray) => {
    for (let i = 0; i < perCall; i++) x = x.add(1);
    return x;
  });
  let x = jax.numpy.array(new Float32Array(16));
  return program(async () => {
    for (let i = 0; i < calls; i++) await queue(x = add(x));
    return [x.ref];
  }, () => {
    add.dispose();
    x.dispose();
  });
}

/** What training changes: everything stays on the device. */
type State = {
  parameters: JaxArray[];
  m: JaxArray[];
  v: JaxArray[];
  /** 1 - β^t for both β. */
  corrections: JaxArray[];
};

function firstState({ numpy }: Jax, parameters: JaxArray[]): State {
  const zeros = () => parameters.map(({ shape }) => numpy.zeros(shape));
  const corrections = ADAM.betas.map(() => numpy.array(new Float32Array(1)).reshape([]));
  return { parameters, m: zeros(), v: zeros(), corrections };
}

function trainingStep(
  jax: Jax,
  output: (images: JaxArray, parameters: readonly JaxArray[]) => JaxArray,
) {
  const { learningRate, betas: [beta1, beta2], eps } = ADAM;
  const lossAndGradients = jax.valueAndGrad((parameters, images, target) => {
    const difference = output(images, parameters).sub(target);
    return difference.ref.mul(difference).mean();
  });
  return (state: State, images: JaxArray, target: JaxArray): [JaxArray, State] => {
    const kept = state.parameters.map((p) => p.ref);
    const [loss, gradients] = lossAndGradients(kept, images, target);
    const corrections = state.corrections.map((c, i) =>
      c.mul(ADAM.betas[i]).add(1 - ADAM.betas[i])
    );
    const next: State = { parameters: [], m: [], v: [], corrections };
    state.parameters.forEach((p, i) => {
      const g = gradients[i];
      const m = state.m[i].mul(beta1).add(g.ref.mul(1 - beta1));
      const v = state.v[i].mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
      const scale = jax.numpy.sqrt(v.ref.div(corrections[1].ref)).add(eps);
      next.parameters.push(p.sub(m.ref.div(corrections[0].ref).div(scale).mul(learningRate)));
      next.m.push(m);
      next.v.push(v);
    });
    return [loss, next];
  };
}

/** Have an array computed without waiting for it. */
async function queue(x: JaxArray): Promise<void> {
  await x.ref.gpuBuffer();
}

function program(compute: () => JaxArray[] | Promise<JaxArray[]>, free: () => void): Program {
  let last: JaxArray[] = [];
  const forget = () => {
    for (const x of last) x.dispose();
    last = [];
  };
  const firstNumber = async (x: JaxArray) => {
    const first = x.size === 1 ? x.ref : x.ref.reshape([x.size]).slice([0, 1]);
    return (await first.data())[0];
  };
  return {
    async run() {
      forget();
      last = await compute();
      for (const x of last) await queue(x);
    },
    finish: () => Promise.all(last.map(firstNumber)),
    results: () => Promise.all(last.map((x) => x.ref.data())),
    dispose() {
      forget();
      free();
    },
  };
}
