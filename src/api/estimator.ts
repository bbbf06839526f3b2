/** tf.estimator. Written by scripts/api.mjs. */
export { BaselineClassifier, BaselineEstimator, BaselineRegressor } from "../train/estimator/canned/baseline.ts";
export {
  DNNLinearCombinedClassifier,
  DNNLinearCombinedEstimator,
  DNNLinearCombinedRegressor,
} from "../train/estimator/canned/combined.ts";
export { DNNClassifier, DNNEstimator, DNNRegressor } from "../train/estimator/canned/dnn.ts";
export { LinearClassifier, LinearEstimator, LinearRegressor } from "../train/estimator/canned/linear.ts";
export { Estimator } from "../train/estimator/estimator.ts";
export {
  addMetrics,
  classifierParseExampleSpec,
  regressorParseExampleSpec,
} from "../train/estimator/experimental/extenders.ts";
export { RunConfig } from "../train/estimator/run/run_config.ts";
export { EstimatorSpec, ModeKeys } from "../train/estimator/run/spec.ts";
export { WarmStartSettings } from "../train/estimator/run/warm_start.ts";
export { EvalSpec, Exporter, TrainSpec, trainAndEvaluate } from "../train/estimator/training.ts";
export {
  BoostedTreesClassifier,
  BoostedTreesEstimator,
  BoostedTreesRegressor,
} from "../train/estimator/trees/estimators.ts";
export * from "./estimator_and_train.ts";
export * as experimental from "./estimator_experimental.ts";
export * as inputs from "./estimator_inputs.ts";
