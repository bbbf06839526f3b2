/** tf.contrib.eager. Written by scripts/api.mjs. */
export { TensorSpec } from "../build/tensors/specs.ts";
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
export { eagerMode, graphMode } from "../eager/mode.ts";
export { pyFunc } from "../ops/host/python.ts";
export { Checkpoint } from "../train/trackable/checkpoint.ts";
export { Saver } from "../train/trackable/saver.ts";
export * from "./contrib_eager_and_tf.ts";
export * as metrics from "./contrib_eager_metrics.ts";
