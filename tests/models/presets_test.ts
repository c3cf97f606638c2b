import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { nearestName } from "../../core/errors.ts";
import { PoseNet, preset, presets } from "../../models/mod.ts";
import { parameters } from "../../nn/mod.ts";

describe("presets", () => {
  it("have the numbers of parameters that their table states, and images that they take", () => {
    const millions = Object.entries(presets).map(([name, { options, imageSize }]) => {
      const model = new PoseNet(options);
      assert.equal(imageSize % model.sizeMultiple, 0, name);
      const count = [...parameters(model).values()].reduce((total, { size }) => total + size, 0);
      return [name, (count / 1e6).toPrecision(3)];
    });
    assert.deepEqual(Object.fromEntries(millions), {
      "demo": "0.558",
      "demo-wide": "1.94",
      "segment": "0.555",
      "segment-wide": "1.94",
      "tiny-64": "0.566",
      "small-128": "1.53",
      "medium-128": "4.63",
      "medium-256": "10.4",
      "large-256": "17.7",
      "residual-512": "12.9",
      "authors": "139",
    });
  });
});

describe("preset", () => {
  it("gives a preset by name", () => {
    assert.equal(preset("demo"), presets["demo"]);
  });

  it("names the presets, and the nearest where one is near", () => {
    const all = Object.keys(presets).join(", ");
    assert.throws(() => preset("autors"), {
      name: "InputError",
      message: `unknown preset "autors"; there are ${all}\n  help: did you mean "authors"?`,
    });
    assert.throws(() => preset("toString"), {
      name: "InputError",
      message: `unknown preset "toString"; there are ${all}`,
    });
  });
});

describe("nearestName", () => {
  it("counts letters inserted, removed and replaced", () => {
    const names = ["learning-rate", "minutes", "seed"];
    assert.equal(nearestName("minuts", names), "minutes");
    assert.equal(nearestName("minuutes", names), "minutes");
    assert.equal(nearestName("sead", names), "seed");
    assert.equal(nearestName("learningrate", names), "learning-rate");
    assert.equal(nearestName("weights", names), undefined);
    assert.equal(nearestName("", []), undefined);
  });
});
