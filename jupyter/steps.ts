/**
 * Compiled steps show themselves: `await show(step)` shows the plan, or a line for each if there are several sets of input
 * shapes. (A step is a function, and of a function that ends a cell the kernel shows the name only.)
 *
 * @module
 */
import { installStepPicture } from "../core/compile.ts";
import { drawPlan } from "../display/plan.ts";

installStepPicture((plans) => {
  if (plans.size === 0) {
    return { "text/plain": "compiled step: call it, and it is traced and planned" };
  }
  const drawn = [...plans].map(([inputs, plan]) => ({
    inputs: inputs || "no input",
    svg: plan.kernels > 0 ? drawPlan(plan) : null,
  }));
  const lines = drawn.map(({ inputs, svg }) => `${inputs}: ${svg?.title ?? "nothing to compute"}`);
  const [first] = drawn;
  return {
    "text/plain": ["compiled step", ...lines].join("\n"),
    ...(drawn.length === 1 && first.svg ? { "image/svg+xml": first.svg.toString() } : {}),
  };
});
