import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, tensor, variable } from "../../core/mod.ts";
import {
  BatchNorm2d,
  Conv2d,
  disposeModel,
  loadState,
  parameters,
  stateOf,
  variables,
} from "../../nn/mod.ts";

const named = (name: string) => variable(tensor([1, 2]), name);

describe("variables", () => {
  it("writes paths of fields in snake_case, list positions and map keys, in the order set", () => {
    const model = {
      mergeLayers: [{ conv: named("a") }, { conv: named("b") }],
      size: 3,
      nothing: null,
      numbers: new Float32Array(2),
      constant: tensor([1]),
      byName: new Map([["x.y", named("c")]]),
    };
    assert.deepEqual(
      [...variables(model).keys()],
      ["merge_layers.0.conv", "merge_layers.1.conv", "by_name.x.y"],
    );
  });

  it("lists a variable that is reached twice once, and ends on cycles", () => {
    const shared = named("a");
    const model: Record<string, unknown> = { first: shared, second: shared };
    model.self = model;
    assert.deepEqual([...variables(model)], [["first", shared]]);
  });

  it("takes a single variable under its own name", () => {
    const w = named("w");
    assert.deepEqual([...variables(w)], [["w", w]]);
  });

  it("does not see private fields", () => {
    class Secret {
      readonly #hidden = named("a");
      readonly seen = named("b");
      get hidden() {
        return this.#hidden;
      }
    }
    assert.deepEqual([...variables(new Secret()).keys()], ["seen"]);
  });

  it("refuses two variables with one path", () => {
    assert.throws(() => variables({ "a.b": named("x"), a: { b: named("y") } }), {
      name: "RangeError",
      message: "variables: two variables have the path a.b",
    });
  });
});

describe("parameters", () => {
  it("leaves out what no gradient changes", () => {
    const model = { conv: new Conv2d({ inChannels: 1, outChannels: 1 }) };
    const both = { ...model, bn: new BatchNorm2d({ channels: 1 }) };
    assert.deepEqual(
      [...parameters(both).keys()],
      ["conv.weight", "conv.bias", "bn.weight", "bn.bias"],
    );
    assert.equal(variables(both).size, 6);
  });
});

describe("loadState", () => {
  const model = () => ({ conv: new Conv2d({ inChannels: 2, outChannels: 1, size: 1 }) });
  const fitting = () => ({
    "conv.weight": hostArray([1, 2, 1, 1], [3, 4]),
    "conv.bias": hostArray([1], [5]),
  });
  const help = "\n  help: make the model with the options that the weights were trained with";

  it("gives back what stateOf took", async () => {
    const target = model();
    await loadState(target, fitting());
    assert.deepEqual(await stateOf(target), fitting());
  });

  it("names the file and the first tensor that does not fit", async () => {
    const { "conv.bias": bias, "conv.weight": weight } = fitting();
    const bad = [
      [
        { "conv.bias": bias },
        `w.st: has no tensor conv.weight, which the model needs with shape [1, 2, 1, 1]${help}`,
      ],
      [
        { "conv.weight": hostArray([1, 3, 1, 1]), "conv.bias": bias },
        `w.st: tensor conv.weight has shape [1, 3, 1, 1] but the model needs [1, 2, 1, 1]${help}`,
      ],
      [
        { "conv.weight": { shape: [1, 2, 1, 1], data: new Float32Array(3) }, "conv.bias": bias },
        "w.st: tensor conv.weight of shape [1, 2, 1, 1] has 3 numbers",
      ],
      [
        { "conv.weight": hostArray([1, 2, 1, 1], [0, NaN]), "conv.bias": bias },
        "w.st: tensor conv.weight holds NaN at [0, 1, 0, 0]",
      ],
      [
        { "conv.weight": weight, "conv.bias": hostArray([1], [-Infinity]) },
        "w.st: tensor conv.bias holds -Infinity at [0]",
      ],
      [
        { ...fitting(), "outs.0.weight": hostArray([2, 2]) },
        "w.st: has a tensor outs.0.weight of shape [2, 2], which the model does not have" + help,
      ],
    ] as const;
    const target = model();
    const before = await stateOf(target);
    for (const [state, message] of bad) {
      await assert.rejects(
        loadState(target, state as Record<string, ReturnType<typeof hostArray>>, {
          source: "w.st",
        }),
        { name: "InputError", message },
      );
    }
    assert.deepEqual(await stateOf(target), before, "nothing may have changed");
  });
});

describe("disposeModel", () => {
  it("makes every variable unusable", async () => {
    const conv = new Conv2d({ inChannels: 1, outChannels: 1 });
    await stateOf(conv);
    disposeModel(conv);
    await assert.rejects(conv.bias!.read(), {
      name: "GpuError",
      message: "variable conv2d.bias was disposed",
    });
  });
});
