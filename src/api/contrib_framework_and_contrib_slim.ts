/** Names of tf.contrib.framework and tf.contrib.slim. Written by scripts/api.mjs. */
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
export { RecordInput } from "../ops/host/reader/record_input.ts";
