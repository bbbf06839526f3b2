/** tf.initializers. Written by scripts/api.mjs. */
export {
  constantInitializer as constant,
  convolutionalDeltaOrthogonal,
  glorotNormalInitializer as glorotNormal,
  glorotUniformInitializer as glorotUniform,
  heNormal,
  heUniform,
  identityInitializer as identity,
  lecunNormal,
  lecunUniform,
  onesInitializer as ones,
  orthogonalInitializer as orthogonal,
  randomNormalInitializer as randomNormal,
  randomUniformInitializer as randomUniform,
  truncatedNormalInitializer as truncatedNormal,
  uniformUnitScalingInitializer as uniformUnitScaling,
  varianceScalingInitializer as varianceScaling,
  xavierInitializer,
  zerosInitializer as zeros,
} from "../build/initializers.ts";
export { tablesInitializer } from "../build/lookup/table.ts";
export {
  globalVariablesInitializer as globalVariables,
  localVariablesInitializer as localVariables,
  variablesInitializer as variables,
} from "../build/variables/initialize.ts";
