/**
 * This library in the benchmark: every work but one is a compiled step that reads variables and is called without
 * inputs. "Adds, a call each" is how a script without steps works: 2,000 calls of `add` describe the sum, and asking
 * for it computes it.
 *
 * @module
 */
import {
  Adam,
  assign,
  compile,
  conv2d,
  grad,
  type HostArray,
  hostArray,
  matmul,
  maxPool2d,
  read,
  relu,
  type Tensor,
  tensor,
  upsample2d,
  type Variable,
  variable,
} from "../../mod.ts";
import type { Contestant, ConvData, Program } from "../contestant.ts";
import { ADAM, network, type NetworkData } from "../network.ts";

/** The library of this repository. */
export const ae: Contestant = {
  name: "ae",
  title: "this library",

  matmul(a, b) {
    const [x, y] = [held(a), held(b)];
    return stepProgram(() => [matmul(x, y)], [x, y]);
  },

  conv({ x, w }) {
    const [image, weight] = [held(x), held(w)];
    return stepProgram(() => [conv2d(image, weight, { pad: 1 })], [image, weight]);
  },

  convGradients(data: ConvData) {
    const [x, w, g] = [held(data.x), held(data.w), held(data.g)];
    return stepProgram(() => {
      const loss = conv2d(x, w, { pad: 1 }).mul(g).sum();
      return [loss, ...grad(loss, [x, w])];
    }, [x, w, g]);
  },

  forward(data) {
    const images = held(data.images);
    const parameters = heldParameters(data);
    return stepProgram(() => [output(images, parameters)], [images, ...parameters.flat()]);
  },

  train(data) {
    const [images, target] = [held(data.images), held(data.target)];
    const parameters = heldParameters(data);
    const { learningRate, betas, eps } = ADAM;
    const adam = new Adam(parameters.flat(), { learningRate, betas, eps });
    const moments = [adam.firstMoment, adam.secondMoment].flatMap((m) => Object.values(m));
    return stepProgram(
      () => {
        const loss = output(images, parameters).sub(target).square().mean();
        adam.update(grad(loss, adam.parameters));
        return [loss];
      },
      [images, target, ...parameters.flat(), ...moments],
      parameters[0].slice(0, 1),
    );
  },

  scaledRelu(x, factor, offset) {
    const numbers = held(x);
    return stepProgram(() => [relu(numbers.mul(factor).add(offset))], [numbers]);
  },

  sum(x) {
    const numbers = held(x);
    return stepProgram(() => [numbers.sum()], [numbers]);
  },

  addsByCall(count) {
    const x = held(SIXTEEN_ZEROS);
    return {
      async run() {
        let sum: Tensor = x;
        for (let i = 0; i < count; i++) sum = sum.add(1);
        await assign(x, sum); // what was described is computed here
      },
      finish: () => firstNumbers([x]),
      results: async () => [(await x.read()).data as Float32Array],
      dispose: () => x.dispose(),
    };
  },

  addsTogether(count) {
    const x = held(SIXTEEN_ZEROS);
    return stepProgram(() => {
      let sum: Tensor = x;
      for (let i = 0; i < count; i++) sum = sum.add(1);
      assign(x, sum);
      return [x];
    }, [x]);
  },
};

const SIXTEEN_ZEROS = hostArray([16], new Array(16).fill(0));

let made = 0;

/** An array as a variable, since what a step computes from constants alone it computes only once. */
function held(array: HostArray): Variable {
  return variable(tensor(array), `bench ${made++}`);
}

/** Weight and bias of each layer. */
function heldParameters({ parameters }: NetworkData): (readonly [Variable, Variable])[] {
  return parameters.map(({ weight, bias }) => [held(weight), held(bias)]);
}

function output(images: Tensor, parameters: readonly (readonly [Tensor, Tensor])[]): Tensor {
  return network<Tensor>(images, {
    conv(x, { index, stride, pad, relu: positive }) {
      const [weight, bias] = parameters[index];
      const y = conv2d(x, weight, { bias, stride, pad });
      return positive ? relu(y) : y;
    },
    pool: (x) => maxPool2d(x),
    upsample: (x) => upsample2d(x),
    add: (a, b) => a.add(b),
    keep: (x) => x,
  });
}

/** A compiled step; `finish` also reads a number of each of `also`. */
function stepProgram(
  describe: () => Tensor[],
  variables: readonly Variable[],
  also: readonly Tensor[] = [],
): Program {
  const step = compile(describe);
  let last: Tensor[] = [];
  return {
    async run() {
      last = await step({});
    },
    finish: () => firstNumbers([...last, ...also]),
    async results() {
      const arrays = await read(Object.fromEntries(last.entries()));
      return Object.values(arrays).map(({ data }) => data);
    },
    dispatches: () => [...step.plans().values()].reduce((sum, { kernels }) => sum + kernels, 0),
    dispose() {
      step[Symbol.dispose]();
      for (const variable of variables) variable.dispose();
    },
  };
}

/** The first number of each tensor, in one wait. */
async function firstNumbers(tensors: readonly Tensor[]): Promise<number[]> {
  const firsts = tensors.map((x) => x.size === 1 ? x : x.reshape([x.size]).slice([0], [1]));
  const arrays = await read(Object.fromEntries(firsts.entries()));
  return firsts.map((_, i) => arrays[i].data[0]);
}
