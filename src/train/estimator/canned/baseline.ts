/** Models that ignore their features: one bias, what is true most often. Source: canned/baseline.py. */
import { assertEqual } from "../../../build/checks/compare.ts";
import type { Features } from "../../../build/feature_column/column.ts";
import { getGlobalStep } from "../../../build/global_step.ts";
import { zerosInitializer } from "../../../build/initializers.ts";
import type { LossReduction } from "../../../build/losses/weighted.ts";
import { getVariable, variableScope } from "../../../build/variables/scope.ts";
import { TypeError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { multiply, ones, shape as shapeOf } from "../../../ops/index.ts";
import { Estimator } from "../estimator.ts";
import type { WeightColumn } from "../head/checks.ts";
import type { Vocabulary } from "../head/classes.ts";
import type { Head } from "../head/head.ts";
import { classificationHead } from "../head/multi_class.ts";
import { RegressionHead } from "../head/regression.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { EstimatorSpec, Mode } from "../run/spec.ts";
import { featuresByName } from "./linear.ts";
import { type OptimizerLike, optimizerOf } from "./optimizers.ts";

interface BaselineOptions {
  readonly modelDir?: string | null | undefined;
  readonly weightColumn?: WeightColumn | undefined;
  /** FTRL with a learning rate of 0.3 by default. */
  readonly optimizer?: OptimizerLike | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly lossReduction?: LossReduction | undefined;
}

export interface BaselineClassifierOptions extends BaselineOptions {
  /** 2 by default. */
  readonly nClasses?: number | undefined;
  readonly labelVocabulary?: Vocabulary | undefined;
}

export interface BaselineRegressorOptions extends BaselineOptions {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
}

const learningRate = 0.3;

/** The bias for each example: [n, outputs]. All features must have as many examples. */
function baselineLogits(features: Features, outputs: number, weightColumn: WeightColumn): Tensor {
  if (weightColumn !== null && typeof weightColumn !== "string") {
    throw new TypeError(
      `Weight column must be either a string or _NumericColumn. Given type: ${weightColumn.constructor.name}.`,
    );
  }
  const checks: Operation[] = [];
  let batchSize: Tensor | null = null;
  for (const [key, feature] of Object.entries(features)) {
    if (key === weightColumn) continue;
    const size = shapeOf(feature).at(0);
    if (batchSize === null) batchSize = size;
    else checks.push(assertEqual(batchSize, size));
  }
  return getDefaultGraph().controlDependencies(checks, () =>
    variableScope("baseline", () => {
      const bias = getVariable("bias", { shape: [outputs], initializer: zerosInitializer() });
      return multiply(bias, ones([batchSize!, outputs]));
    }),
  );
}

function baselineModelFn(head: Head, { optimizer = "Ftrl", weightColumn = null }: BaselineOptions) {
  return (raw: InputFeatures, labels: Labels, mode: Mode): EstimatorSpec => {
    const features = featuresByName(raw);
    const logits = baselineLogits(features, head.logitsDimension, weightColumn);
    const trainOpFn = (loss: Tensor): Operation =>
      optimizerOf(optimizer, learningRate).minimize(loss, { globalStep: getGlobalStep() });
    return head.createEstimatorSpec({ features, mode, labels, logits, trainOpFn });
  };
}

const foldersOf = ({ modelDir, config }: BaselineOptions) => ({ modelDir, config });

/** The classes' shares, whatever the features. */
export class BaselineClassifier extends Estimator {
  constructor(options: BaselineClassifierOptions = {}) {
    super(baselineModelFn(classificationHead(options.nClasses ?? 2, options), options), foldersOf(options));
  }
}

/** The labels' mean, whatever the features. */
export class BaselineRegressor extends Estimator {
  constructor(options: BaselineRegressorOptions = {}) {
    super(baselineModelFn(new RegressionHead(options), { ...options, weightColumn: null }), foldersOf(options));
  }
}

/** As the two others, with a head of one's own. */
export class BaselineEstimator extends Estimator {
  constructor(options: { readonly head: Head } & BaselineOptions) {
    super(baselineModelFn(options.head, options), foldersOf(options));
  }
}
