/** tf.contrib.framework. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export {
  addArgScope,
  argScope,
  argScopedArguments,
  currentArgScope,
  hasArgScope,
} from "../build/contrib/framework/arg_scope.ts";
export {
  addModelVariable,
  assertOrGetGlobalStep,
  filterVariables,
  getLocalVariables,
  getModelVariables,
  getTrainableVariables,
  getUniqueVariable,
  getVariableFullName,
  getVariables,
  getVariablesByName,
  getVariablesBySuffix,
  getVariablesToRestore,
  globalVariable,
  localVariable,
  modelVariable,
  VariableDeviceChooser,
  variable,
} from "../build/contrib/framework/variables.ts";
export { assertGlobalStep, createGlobalStep, getGlobalStep, getOrCreateGlobalStep } from "../build/global_step.ts";
export { convolutionalDeltaOrthogonal } from "../build/initializers.ts";
export { convertToTensorOrSparseTensor } from "../build/tensors/convert.ts";
export { argsort, sort } from "../build/tensors/sort.ts";
export { TensorSpec } from "../build/tensors/specs.ts";
export { isTensor } from "../ops/convert.ts";
export { pyFunc } from "../ops/host/python.ts";
export { RecordInput } from "../ops/host/reader/record_input.ts";
export { initFromCheckpoint, listVariables, loadCheckpoint, loadVariable } from "../train/files/checkpoint_reader.ts";
