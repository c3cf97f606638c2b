/**
 * The benchmark's network in plain loops and float64: what the libraries' losses are held against. Written for being
 * right: every operation computes its output and leaves a function that takes the gradient back.
 *
 * @module
 */
import { ADAM, type ConvLayer, network, type NetworkData } from "./network.ts";

/** Numbers `[N, C, H, W]` and the gradient of the loss with respect to them. */
interface Value {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float64Array;
  readonly grad: Float64Array;
}

type Shape = Value["shape"];

/** A parameter with Adam's averages. */
interface Parameter {
  readonly data: Float64Array;
  readonly grad: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

function value(shape: Shape, data?: ArrayLike<number>): Value {
  const size = shape[0] * shape[1] * shape[2] * shape[3];
  return {
    shape,
    data: data ? Float64Array.from(data) : new Float64Array(size),
    grad: new Float64Array(size),
  };
}

function parameter(data: Float32Array): Parameter {
  const zeros = () => new Float64Array(data.length);
  return { data: Float64Array.from(data), grad: zeros(), m: zeros(), v: zeros() };
}

/** The output of the network before training. */
export function referenceOutput(data: NetworkData): Float64Array {
  return forward(data, data.parameters.map(toParameters), []).data;
}

/** The losses of the first steps. */
export function referenceLosses(data: NetworkData, steps: number): number[] {
  const parameters = data.parameters.map(toParameters);
  return Array.from({ length: steps }, (_, step) => {
    const back: (() => void)[] = [];
    const y = forward(data, parameters, back);
    let loss = 0;
    data.target.data.forEach((target, i) => {
      const difference = y.data[i] - target;
      loss += difference ** 2 / y.data.length;
      y.grad[i] = 2 * difference / y.data.length;
    });
    while (back.length > 0) back.pop()!();
    for (const { weight, bias } of parameters) [weight, bias].forEach((p) => adam(p, step + 1));
    return loss;
  });
}

type LayerParameters = Readonly<Record<"weight" | "bias", Parameter>>;

function toParameters({ weight, bias }: NetworkData["parameters"][number]): LayerParameters {
  return { weight: parameter(weight.data), bias: parameter(bias.data) };
}

function forward(
  { images }: NetworkData,
  parameters: readonly LayerParameters[],
  back: (() => void)[],
): Value {
  const input = value(images.shape as unknown as Shape, images.data);
  return network<Value>(input, {
    conv: (x, layer) => conv(x, layer, parameters[layer.index], back),
    pool: (x) => resample(x, 0.5, back),
    upsample: (x) => resample(x, 2, back),
    add(a, b) {
      const y = value(a.shape, a.data.map((number, i) => number + b.data[i]));
      back.push(() => y.grad.forEach((g, i) => (a.grad[i] += g, b.grad[i] += g)));
      return y;
    },
    keep: (x) => x,
  });
}

function conv(
  x: Value,
  layer: ConvLayer,
  { weight, bias }: LayerParameters,
  back: (() => void)[],
): Value {
  const [N, C, H, W] = x.shape;
  const { outChannels: O, size, stride, pad, relu } = layer;
  const [outH, outW] = [H / stride, W / stride];
  const y = value([N, O, outH, outW]);
  /** All pairs of a row of x and a row of y, with the columns of y for which x has a pixel. */
  const eachRow = (
    visit: (w: number, rowX: number, rowY: number, from: number, to: number) => void,
  ) => {
    for (let no = 0; no < N * O; no++) {
      const [n, o] = [Math.floor(no / O), no % O];
      for (let k = 0; k < C * size * size; k++) {
        const [c, u, v] = [Math.floor(k / size ** 2), Math.floor(k / size) % size, k % size];
        const from = Math.max(0, Math.ceil((pad - v) / stride));
        const to = Math.min(outW, Math.floor((W - 1 + pad - v) / stride) + 1);
        for (let i = 0; i < outH; i++) {
          const row = i * stride + u - pad;
          if (row < 0 || row >= H) continue;
          visit(
            o * C * size ** 2 + k,
            ((n * C + c) * H + row) * W + v - pad,
            (no * outH + i) * outW,
            from,
            to,
          );
        }
      }
    }
  };
  y.data.forEach((_, i) => y.data[i] = bias.data[Math.floor(i / (outH * outW)) % O]);
  eachRow((w, rowX, rowY, from, to) => {
    const factor = weight.data[w];
    for (let j = from; j < to; j++) y.data[rowY + j] += factor * x.data[rowX + j * stride];
  });
  if (relu) y.data.forEach((number, i) => y.data[i] = Math.max(number, 0));
  back.push(() => {
    if (relu) y.data.forEach((number, i) => y.grad[i] = number > 0 ? y.grad[i] : 0);
    y.grad.forEach((g, i) => bias.grad[Math.floor(i / (outH * outW)) % O] += g);
    eachRow((w, rowX, rowY, from, to) => {
      const factor = weight.data[w];
      let sum = 0;
      for (let j = from; j < to; j++) {
        const g = y.grad[rowY + j];
        sum += g * x.data[rowX + j * stride];
        x.grad[rowX + j * stride] += g * factor;
      }
      weight.grad[w] += sum;
    });
  });
  return y;
}

/** The largest of each 2x2 for a scale of a half, every pixel four times for a scale of 2. */
function resample(x: Value, scale: 0.5 | 2, back: (() => void)[]): Value {
  const [N, C, H, W] = x.shape;
  const [outH, outW] = [H * scale, W * scale];
  const y = value([N, C, outH, outW]);
  const source = new Int32Array(y.data.length); // the pixel of x that y shows
  for (let i = 0; i < source.length; i++) {
    const [plane, row, column] = [
      Math.floor(i / (outH * outW)),
      Math.floor(i / outW) % outH,
      i % outW,
    ];
    const first = (plane * H + Math.floor(row / scale)) * W + Math.floor(column / scale);
    const candidates = scale === 2 ? [first] : [first, first + 1, first + W, first + W + 1];
    source[i] = candidates.reduce((best, at) => x.data[at] > x.data[best] ? at : best);
    y.data[i] = x.data[source[i]];
  }
  back.push(() => source.forEach((at, i) => x.grad[at] += y.grad[i]));
  return y;
}

/** A step of Adam; the gradient is 0 afterwards. */
function adam({ data, grad, m, v }: Parameter, step: number): void {
  const { learningRate, betas: [beta1, beta2], eps } = ADAM;
  for (let i = 0; i < data.length; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * grad[i];
    v[i] = beta2 * v[i] + (1 - beta2) * grad[i] ** 2;
    const scale = Math.sqrt(v[i] / (1 - beta2 ** step)) + eps;
    data[i] -= learningRate * (m[i] / (1 - beta1 ** step)) / scale;
    grad[i] = 0;
  }
}
