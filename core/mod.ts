/** Tensors: describing, planning, running, differentiating. @module */
export { type HostArray, hostArray, type Shape, sizeOf, type TypedArray } from "./host_array.ts";
export * from "./errors.ts";
export type { DType } from "./dtype.ts";
export { type AdapterInfo, adapterInfo } from "./device.ts";
export { memory, type MemoryOwner, setMemoryBudget } from "./pool.ts";
export { type NestedNumbers, ones, type Storage, Tensor, tensor, zeros } from "./tensor.ts";
export type { GradRequest, KernelRequest, LowerRequest, Op, Recipe, TensorType } from "./op.ts";
export {
  type BindingKind,
  type Kernel,
  kernel,
  type KernelParts,
  perElement,
  type Shader,
} from "./kernel.ts";
export { apply } from "./op.ts";
export { assign, commitIf, Variable, variable } from "./variable.ts";
export { read } from "./run.ts";
export { kernelsOf } from "./shaders.ts";
export { grad } from "./grad.ts";
export {
  type ChoiceRow,
  type MeasuredChoice,
  type MeasuredChoices,
  measuredChoices,
  setChoice,
} from "./tune.ts";
export { compile, planOf, type Step, type StepInputs } from "./compile.ts";
export { profile, type ProfileRow } from "./profile.ts";
export { watchNumbers } from "./watch.ts";
export type { PlanSummary, SlotUse } from "./plan.ts";
export type { Block, Held } from "./pool.ts";
