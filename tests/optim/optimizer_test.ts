import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  compile,
  hostArray,
  profile,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../core/mod.ts";
import { variables } from "../../nn/mod.ts";
import {
  Adam,
  AdamW,
  LossScale,
  type Parameters as ParameterList,
  RmsProp,
  setLearningRate,
  Sgd,
} from "../../optim/mod.ts";

const w = () => variable(tensor([1, 2]), "w");
const makers = {
  Adam: (p: ParameterList) => new Adam(p),
  Sgd: (p: ParameterList) => new Sgd(p, { momentum: 0.9 }),
  RmsProp: (p: ParameterList) => new RmsProp(p, { momentum: 0.9 }),
};

describe("Every optimiser", () => {
  it("keeps the parameters out of its own state and names the state by their paths", () => {
    const p = w();
    const states = Object.values(makers).map((make) => make(new Map([["pre.0.w", p]])))
      .map((optimizer) => [...variables(optimizer).keys()]);
    assert.deepEqual(states, [
      [
        "learning_rate",
        "first_correction",
        "second_correction",
        "first_moment.pre.0.w",
        "second_moment.pre.0.w",
      ],
      ["learning_rate", "started", "direction.pre.0.w"],
      ["learning_rate", "square.pre.0.w", "direction.pre.0.w"],
    ]);
  });

  it("does all to a parameter in one dispatch, and to small ones together, other parameters between them or not", async () => {
    const sizes = [3, 2000, 2, 1, 2000, 4, 5];
    for (const [name, make] of Object.entries(makers)) {
      const optimizer = make(sizes.map((size, i) => variable(zeros([size]), `w${i}`)));
      using step = compile(({ x }: { x: Tensor }) => {
        optimizer.update(optimizer.parameters.map(({ shape }) => x.add(zeros(shape))));
        return {};
      });
      const rows = (await profile(step, { x: hostArray([], [1]) }))
        .filter(({ title }) => title.includes(`${name.toLowerCase()}.step`))
        .map(({ title, count }) => `${count} ${title}`);
      assert.ok(rows.length <= 3, rows.join("\n")); // of two small ones, of what is left, of a large one
      assert.ok(rows.some((row) => /\.step of [2-5] tensors$/.test(row)), rows.join("\n"));
      assert.ok(rows.some((row) => /^[23] .*\.step$/.test(row)), rows.join("\n")); // large ones each
    }
  });

  it("refuses an update outside a compiled step", () => {
    for (const [name, make] of Object.entries(makers)) {
      assert.throws(() => make([w()]).update([zeros([2])]), {
        name: "TypeError",
        message:
          `${name}.update: must be called inside a compiled step, so that all changes are made together` +
          "\n  help: wrap the training step in compile()",
      });
    }
  });

  it("refuses gradients that do not belong to its parameters", async () => {
    for (const [name, make] of Object.entries(makers)) {
      const optimizer = make([w()]);
      const update = (gradients: Tensor[], learningRate?: Tensor) =>
        compile(() => (optimizer.update(gradients, { learningRate }), {}))({});
      await assert.rejects(update([]), {
        name: "RangeError",
        message: `${name}.update: there are 1 parameters but 0 gradients`,
      });
      await assert.rejects(update([zeros([1])]), {
        name: "ShapeError",
        message: new RegExp(`^${name}.update: gradient 0 does not have the shape of w\n`),
      });
      await assert.rejects(update([zeros([2])], zeros([2])), {
        name: "ShapeError",
        message: new RegExp(`^${name}.update: the learning rate must be one number\n`),
      });
    }
  });

  it("refuses to have no parameters or two of one name", () => {
    for (const [name, make] of Object.entries(makers)) {
      assert.throws(() => make([]), {
        name: "RangeError",
        message: `${name}: there are no parameters to change`,
      });
      assert.throws(() => make([w(), w()]), {
        name: "RangeError",
        message: `${name}: two parameters have the same name`,
      });
    }
  });
});

describe("setLearningRate", () => {
  it("changes the rate of a step that is compiled already", async () => {
    const p = w();
    const sgd = new Sgd([p], { learningRate: 1 });
    using step = compile(({ g }: { g: Tensor }) => (sgd.update([g]), {}));
    await step({ g: hostArray([2], [1, 1]) });
    await setLearningRate(sgd, 0.5);
    await step({ g: hostArray([2], [1, 1]) });
    assert.deepEqual(await p.array(), [-0.5, 0.5]);
  });

  it("refuses a negative rate", async () => {
    await assert.rejects(setLearningRate(new Sgd([w()]), -1), {
      name: "RangeError",
      message: "setLearningRate: rate must be 0 or more, not -1",
    });
  });
});

describe("optimisers and the loss scale", () => {
  const constructors: readonly ((options: never) => unknown)[] = [
    (options) => new Adam([w()], options),
    (options) => new AdamW([w()], options),
    (options) => new RmsProp([w()], options),
    (options) => new Sgd([w()], options),
    (options) => new LossScale(options),
  ];
  for (const make of constructors) {
    it(`refuses an option that is unknown: ${make}`, () => {
      make({} as never);
      assert.throws(() => make({ lr: 1 } as never), {
        name: "InputError",
        message: /^unknown option of \w+ "lr"; there are \w+, \w+/,
      });
    });
  }
});
