/** `tf.estimator.BoostedTreesClassifier` and its kin. Source: canned/boosted_trees.py. */
import { named } from "../../../build/feature_column/arguments.ts";
import type { FeatureColumn } from "../../../build/feature_column/column.ts";
import { Reduction } from "../../../build/losses/weighted.ts";
import { enableResourceVariables } from "../../../build/variables/nodes.ts";
import { ValueError } from "../../../core/error.ts";
import { Estimator } from "../estimator.ts";
import { BinaryHead } from "../head/binary.ts";
import type { WeightColumn } from "../head/checks.ts";
import type { Vocabulary } from "../head/classes.ts";
import type { Head } from "../head/head.ts";
import { MultiClassHead } from "../head/multi_class.ts";
import { RegressionHead } from "../head/regression.ts";
import type { ByName, InputFn, Params, Prediction, PredictOptions } from "../run/functions.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { Mode } from "../run/spec.ts";
import { featureNames, sortedColumns } from "./columns.ts";
import { explained, explanationModel, outputsKey } from "./explanations.ts";
import { treesHead } from "./heads.ts";
import { type Hyperparameters, hyperparameters, type TreeOptions } from "./hyperparameters.ts";
import { featureImportances } from "./importances.ts";
import { type TreesModel, treesModel } from "./model.ts";

interface TreesOptions extends TreeOptions {
  readonly modelDir?: string | null | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly weightColumn?: WeightColumn | undefined;
}

interface InMemory {
  /** All examples come in each batch, and features stay in variables. */
  readonly trainInMemory?: boolean | undefined;
}

export interface BoostedTreesClassifierOptions extends TreesOptions, InMemory {
  /** 2 by default. */
  readonly nClasses?: number | undefined;
  readonly labelVocabulary?: Vocabulary | undefined;
}

export interface BoostedTreesRegressorOptions extends TreesOptions, InMemory {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
}

interface Required {
  readonly featureColumns: readonly FeatureColumn[];
  /** Batches that a layer is grown of. */
  readonly nBatchesPerLayer: number;
}

type Columns<O> = readonly FeatureColumn[] | (Required & O);

const requiredOf = <O extends object>(...given: readonly unknown[]): Required & O =>
  named<Required & O>(
    given.filter((item) => item !== undefined),
    ["featureColumns", "nBatchesPerLayer"] as never,
  );

/** What estimators of trees have in common. They make variables resources from now on, as TensorFlow's do. */
class BoostedTrees extends Estimator {
  readonly #columns: readonly FeatureColumn[];
  readonly #head: Head;
  readonly #params: Hyperparameters;

  constructor(model: TreesModel, { modelDir, config }: TreesOptions) {
    enableResourceVariables();
    const modelFn = (features: InputFeatures, labels: Labels, mode: Mode, _params: Params, own: RunConfig) =>
      treesModel(model, { features, labels, mode }, own);
    super(modelFn, { modelDir, config });
    this.#columns = sortedColumns(model.featureColumns);
    this.#head = model.head;
    this.#params = model.params;
  }

  /**
   * How much the splits by each column's features gained in all trees, the greatest first; shares of 1 when normalized. Throws ValueError
   * before training, and for categorical splits.
   */
  experimentalFeatureImportances(options: { readonly normalize?: boolean } = {}): Map<string, number> {
    return featureImportances(this.modelDir, featureNames(this.#columns), options.normalize ?? false);
  }

  /**
   * Predictions with `bias`, what all examples begin with, and `dfc`, what each column's features add to it for this example, the greatest
   * first. Throws ValueError without centerBias and for more than one logit.
   */
  experimentalPredictWithExplanations(
    inputFn: InputFn | ByName<PredictOptions>,
    options?: PredictOptions,
  ): AsyncGenerator<Prediction>;
  async *experimentalPredictWithExplanations(...given: readonly unknown[]): AsyncGenerator<Prediction> {
    const { inputFn, ...options } = named<ByName<PredictOptions>>(given, [
      "inputFn",
      "predictKeys",
      "hooks",
      "checkpointPath",
    ]);
    if (!this.#params.centerBias) {
      throw new ValueError(
        "center_bias must be enabled during estimator instantiation when using experimental_predict_with_explanations.",
      );
    }
    if (this.#head.logitsDimension > 1) {
      throw new ValueError(
        "experimental_predict_with_explanations does not yet support multi-class classification and multi-label regression.",
      );
    }
    const isClassification = this.#head instanceof BinaryHead || this.#head instanceof MultiClassHead;
    if (this.#head instanceof RegressionHead && this.#head.inverseLinkFn) {
      throw new ValueError(
        "For now only identity inverse_link_fn in regression_head is supported for experimental_predict_with_explanations.",
      );
    }
    const model = new Estimator(
      (features: InputFeatures) =>
        explanationModel(features, this.#head, this.#columns, this.#params.quantileSketchEpsilon),
      { modelDir: this.modelDir, config: this.config },
    );
    const { predictKeys } = options;
    const keys = typeof predictKeys === "string" ? [predictKeys] : predictKeys;
    const wanted = keys ? [...keys, outputsKey] : null;
    const names = featureNames(this.#columns);
    const predictions = model.predict({ ...options, inputFn, predictKeys: wanted, yieldSingleExamples: true });
    for await (const prediction of predictions) yield explained(prediction, names, isClassification);
  }
}

const modelOf = (
  head: Head,
  given: Required & TreesOptions & InMemory,
  params: Hyperparameters,
  closedForm: TreesModel["closedForm"] = null,
): TreesModel => ({
  head,
  closedForm,
  params,
  featureColumns: [...given.featureColumns],
  nBatchesPerLayer: given.nBatchesPerLayer,
  weightColumn: given.weightColumn ?? null,
  trainInMemory: given.trainInMemory ?? false,
});

/** Classes by gradient-boosted trees: `new BoostedTreesClassifier(featureColumns, nBatchesPerLayer, options)`, or all by name. Throws ValueError for options that do not go together. */
export class BoostedTreesClassifier extends BoostedTrees {
  constructor(
    featureColumns: Columns<BoostedTreesClassifierOptions>,
    nBatchesPerLayer?: number,
    options?: BoostedTreesClassifierOptions,
  ) {
    const given = requiredOf<BoostedTreesClassifierOptions>(featureColumns, nBatchesPerLayer, options);
    const { nClasses = 2, weightColumn = null, labelVocabulary = null } = given;
    if (nClasses > 2 && given.centerBias) throw new ValueError("center_bias not yet support with n_classes > 2.");
    const { head, closedForm } = treesHead(nClasses, { weightColumn, labelVocabulary });
    super(modelOf(head, given, hyperparameters(given), closedForm), given);
  }
}

/** Numbers by gradient-boosted trees. */
export class BoostedTreesRegressor extends BoostedTrees {
  constructor(
    featureColumns: Columns<BoostedTreesRegressorOptions>,
    nBatchesPerLayer?: number,
    options?: BoostedTreesRegressorOptions,
  ) {
    const given = requiredOf<BoostedTreesRegressorOptions>(featureColumns, nBatchesPerLayer, options);
    const { labelDimension = 1, weightColumn = null } = given;
    if (labelDimension > 1 && given.centerBias) {
      throw new ValueError("center_bias not yet support with label_dimension > 1.");
    }
    const lossReduction = Reduction.SUM_OVER_BATCH_SIZE;
    const head = new RegressionHead({ labelDimension, weightColumn, lossReduction });
    super(modelOf(head, given, hyperparameters(given)), given);
  }
}

/** Gradient-boosted trees with a head of one's own, all by name. */
export class BoostedTreesEstimator extends BoostedTrees {
  constructor(given: { readonly head: Head } & Required & TreesOptions) {
    super(modelOf(given.head, { ...given, weightColumn: null }, hyperparameters(given)), given);
  }
}
