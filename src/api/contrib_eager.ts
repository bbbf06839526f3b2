/** tf.contrib.eager. Written by scripts/api.mjs. */
export { makeTemplate } from "../build/template.ts";
export { TensorSpec } from "../build/tensors/specs.ts";
export { Variable } from "../build/variables/variable.ts";
export { Iterator } from "../eager/data.ts";
export {
  defun,
  EagerVariableStore,
  gradientsFunction,
  implicitGradients,
  implicitValueAndGradients,
  inEagerMode,
  inGraphMode,
  listDevices,
  numGpus,
  valueAndGradientsFunction,
} from "../eager/functions.ts";
export { eagerMode, enableEagerExecution, executingEagerly, graphMode } from "../eager/mode.ts";
export { GradientTape } from "../eager/tape/gradient_tape.ts";
export { customGradient } from "../ops/custom_gradient.ts";
export { pyFunc } from "../ops/host/python.ts";
export { Checkpoint } from "../train/trackable/checkpoint.ts";
export { Saver } from "../train/trackable/saver.ts";
