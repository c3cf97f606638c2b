/**
 * TensorFlow.js with its WebGPU backend in the benchmark: every work is called operation by operation inside `tidy`,
 * for it compiles nothing. Its own layout is N H W C and kH kW C O: numbers are permuted on the way in and out, outside
 * the timing. Loaded only when the benchmark runs; the types below say what is used of it.
 *
 * @module
 */
import type { HostArray } from "../../mod.ts";
import type { Contestant, Program } from "../contestant.ts";
import { ADAM, network, type NetworkData } from "../network.ts";
import { TFJS } from "../peers.ts";
import { permuted } from "../permuted.ts";

interface TfTensor {
  readonly shape: readonly number[];
  readonly size: number;
  data(): Promise<Float32Array<ArrayBuffer>>;
  dispose(): void;
}

interface TfVariable extends TfTensor {
  assign(value: TfTensor): void;
}

interface TfOptimizer {
  minimize(loss: () => TfTensor, returnCost: true, variables: readonly TfVariable[]): TfTensor;
  dispose(): void;
}

interface Tf {
  env(): { set(flag: string, value: boolean): void };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(fn: () => T): T;
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  scalar(value: number): TfTensor;
  variable(value: TfTensor): TfVariable;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  conv2d(x: TfTensor, w: TfTensor, stride: number, pad: number): TfTensor;
  maxPool(x: TfTensor, size: number, stride: number, pad: number): TfTensor;
  relu(x: TfTensor): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  square(x: TfTensor): TfTensor;
  sum(x: TfTensor): TfTensor;
  mean(x: TfTensor): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  slice(x: TfTensor, start: readonly number[], size: readonly number[]): TfTensor;
  valueAndGrads(
    fn: (...args: TfTensor[]) => TfTensor,
  ): (args: readonly TfTensor[]) => { value: TfTensor; grads: TfTensor[] };
  readonly fused: {
    conv2d(settings: {
      readonly x: TfTensor;
      readonly filter: TfTensor;
      readonly bias: TfTensor;
      readonly strides: number;
      readonly pad: number;
      readonly activation: "linear" | "relu";
    }): TfTensor;
  };
  readonly image: {
    resizeNearestNeighbor(x: TfTensor, size: readonly [number, number]): TfTensor;
  };
  readonly train: {
    adam(rate: number, beta1: number, beta2: number, eps: number): TfOptimizer;
  };
}

/** From N C H W to N H W C and from O C kH kW to kH kW C O, and back. */
const IMAGES = { in: [0, 2, 3, 1], out: [0, 3, 1, 2] } as const;
const KERNELS = { in: [2, 3, 1, 0], out: [3, 2, 0, 1] } as const;

/**
 * Load TensorFlow.js.
 *
 * @throws {Error} If it cannot be downloaded or finds no adapter.
 */
export async function loadTfjs(): Promise<Contestant> {
  const tf: Tf = await import(TFJS.module);
  await import(TFJS.backend);
  tf.env().set("WEBGPU_CPU_FORWARD", false); // else it computes small tensors in JavaScript
  if (!await tf.setBackend("webgpu")) throw new Error("it found no WebGPU adapter");
  await tf.ready();
  return contestant(tf);
}

function contestant(tf: Tf): Contestant {
  const plain = ({ data, shape }: HostArray) => tf.tensor(data, shape);
  const images = (x: HostArray) => plain(permuted(x, IMAGES.in));
  const kernels = (w: HostArray) => plain(permuted(w, KERNELS.in));
  const program = (
    compute: () => TfTensor[],
    used: readonly TfTensor[],
    readBack: readonly ReadBack[] = [],
  ) => eagerProgram(tf, compute, () => used.forEach((x) => x.dispose()), readBack);

  const output = (x: TfTensor, parameters: readonly TfTensor[]) =>
    network<TfTensor>(x, {
      conv(x, { index, stride, pad, relu }) {
        const [filter, bias] = parameters.slice(2 * index);
        const activation = relu ? "relu" : "linear";
        return tf.fused.conv2d({ x, filter, bias, strides: stride, pad, activation });
      },
      pool: (x) => tf.maxPool(x, 2, 2, 0),
      upsample: (x) => tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]),
      add: (a, b) => tf.add(a, b),
      keep: (x) => x,
    });

  const heldParameters = ({ parameters }: NetworkData) =>
    parameters.flatMap(({ weight, bias }) => [kernels(weight), plain(bias)]);

  return {
    name: "tfjs",
    title: `tfjs ${TFJS.version}`,

    matmul(a, b) {
      const [x, y] = [plain(a), plain(b)];
      return program(() => [tf.matMul(x, y)], [x, y]);
    },

    conv(data) {
      const [x, w] = [images(data.x), kernels(data.w)];
      return program(() => [tf.conv2d(x, w, 1, 1)], [x, w], [IMAGES.out]);
    },

    convGradients(data) {
      const [x, w, g] = [images(data.x), kernels(data.w), images(data.g)];
      const lossAndGradients = tf.valueAndGrads((x, w) => tf.sum(tf.mul(tf.conv2d(x, w, 1, 1), g)));
      const compute = () => {
        const { value, grads } = lossAndGradients([x, w]);
        return [value, ...grads];
      };
      return program(compute, [x, w, g], [undefined, IMAGES.out, KERNELS.out]);
    },

    forward(data) {
      const [x, parameters] = [images(data.images), heldParameters(data)];
      return program(() => [output(x, parameters)], [x, ...parameters], [IMAGES.out]);
    },

    train(data) {
      const [x, target] = [images(data.images), images(data.target)];
      const parameters = heldParameters(data).map((first) => {
        const made = tf.variable(first);
        first.dispose();
        return made;
      });
      const { learningRate, betas, eps } = ADAM;
      const adam = tf.train.adam(learningRate, ...betas, eps);
      const loss = () => tf.mean(tf.square(tf.sub(output(x, parameters), target)));
      const compute = () => [
        adam.minimize(loss, true, parameters),
        tf.slice(parameters[0], [0, 0, 0, 0], [1, 1, 1, 1]), // of the new value
      ];
      const step = eagerProgram(tf, compute, () => {
        adam.dispose();
        [x, target, ...parameters].forEach((x) => x.dispose());
      });
      let unread = 0;
      return {
        ...step,
        async run() {
          await step.run();
          if (++unread >= STEPS_IN_QUEUE) await step.finish();
          unread %= STEPS_IN_QUEUE;
        },
        finish() {
          unread = 0;
          return step.finish();
        },
      };
    },

    scaledRelu(x, factor, offset) {
      const used = [plain(x), tf.scalar(factor), tf.scalar(offset)];
      return program(() => [tf.relu(tf.add(tf.mul(used[0], used[1]), used[2]))], used);
    },

    sum(x) {
      const numbers = plain(x);
      return program(() => [tf.sum(numbers)], [numbers]);
    },

    addsByCall(count) {
      const one = tf.scalar(1);
      let x = tf.tensor(new Float32Array(16), [16]);
      const compute = () => {
        for (let i = 0; i < count; i++) {
          const next = tf.add(x, one);
          x.dispose();
          x = next;
        }
        return [tf.reshape(x, [16])]; // shares the numbers of x
      };
      // Outside tidy: x stays from run to run.
      return eagerProgram({ ...tf, tidy: (fn) => fn() }, compute, () => {
        x.dispose();
        one.dispose();
      });
    },

    addsTogether: () => null,
  };
}

/** Ten steps of 500 dispatches each, none of them read, take tfjs three times as long as ten that are. */
const STEPS_IN_QUEUE = 2;

/** The axes that bring a result to the layout of the others; undefined where it has no images. */
type ReadBack = readonly number[] | undefined;

function eagerProgram(
  tf: Tf,
  compute: () => TfTensor[],
  free: () => void,
  readBack: readonly ReadBack[] = [],
): Program {
  let last: TfTensor[] = [];
  const forget = () => {
    for (const x of last) x.dispose();
    last = [];
  };
  const firstNumber = async (x: TfTensor) => {
    const first = tf.tidy(() => tf.slice(tf.reshape(x, [x.size]), [0], [1]));
    const [number] = await first.data();
    first.dispose();
    return number;
  };
  const whole = async (x: TfTensor, i: number) => {
    const data = await x.data();
    const axes = readBack[i];
    return axes ? permuted({ shape: x.shape, data }, axes).data : data;
  };
  return {
    run() {
      forget();
      last = tf.tidy(compute);
      return Promise.resolve();
    },
    finish: () => Promise.all(last.map(firstNumber)),
    results: () => Promise.all(last.map(whole)),
    dispose() {
      forget();
      free();
    },
  };
}
