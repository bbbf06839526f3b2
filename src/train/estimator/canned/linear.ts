/** Linear models of feature columns. Source: tensorflow_estimator/python/estimator/canned/linear.py. */
import { cond } from "../../../build/control_flow/branch/cond.ts";
import { named } from "../../../build/feature_column/arguments.ts";
import type { FeatureColumn, Features } from "../../../build/feature_column/column.ts";
import { linearLayer } from "../../../build/feature_column/linear_model.ts";
import type { LossReduction } from "../../../build/losses/weighted.ts";
import { histogram, scalar } from "../../../build/summary.ts";
import { zeroFraction } from "../../../build/tensors/sort.ts";
import { minMaxVariablePartitioner } from "../../../build/variables/partitioned.ts";
import { variableScope } from "../../../build/variables/scope.ts";
import type { Partitioner } from "../../../build/variables/store.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { float32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import { Tensor } from "../../../graph/tensor.ts";
import {
  addN,
  type Combiner,
  cast,
  constant,
  equal,
  identity,
  multiply,
  realdiv,
  size as sizeOf,
} from "../../../ops/index.ts";
import { Estimator } from "../estimator.ts";
import type { WeightColumn } from "../head/checks.ts";
import type { Vocabulary } from "../head/classes.ts";
import type { Head } from "../head/head.ts";
import { classificationHead } from "../head/multi_class.ts";
import { RegressionHead } from "../head/regression.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { EstimatorSpec, Mode } from "../run/spec.ts";
import type { WarmStartSettings } from "../run/warm_start.ts";
import { type OptimizerLike, optimizerOf } from "./optimizers.ts";

/** Tables of this size and more are cut up where there are parameter servers. */
const minSliceBytes = 64 * 2 ** 20;

/** Features by name. Throws ValueError for one tensor. */
export function featuresByName(features: InputFeatures): Features {
  const isDict = typeof features === "object" && features !== null && !(features instanceof Tensor);
  if (isDict && !((features as unknown) instanceof SparseTensor) && !Array.isArray(features))
    return features as Features;
  throw new ValueError(
    `features should be a dictionary of \`Tensor\`s. Given type: ${features instanceof Tensor ? "<class 'tensorflow.python.framework.ops.Tensor'>" : typeof features}`,
  );
}

/** The partitioner of input layers: one part unless there are parameter servers. */
export const inputPartitioner = (given: Partitioner | null | undefined): Partitioner =>
  given ?? minMaxVariablePartitioner({ maxPartitions: 0, minSliceSize: minSliceBytes });

/** The share of zeros in all weights together. */
function shareOfZeros(variables: readonly Variable[]): Tensor {
  const graph = getDefaultGraph();
  return graph.nameScope("zero_fraction", () => {
    const sizes: Tensor[] = [];
    const total = graph.nameScope("total_size", () => {
      for (const variable of variables) sizes.push(sizeOf(variable, { outType: int64 }));
      return addN(sizes);
    });
    const zeros = graph.nameScope("total_zero", () =>
      addN(
        variables.map(
          (variable, i) =>
            cond(
              equal(sizes[i]!, constant(0, { dtype: int64 })),
              () => constant(0, { dtype: float32 }),
              () => multiply(zeroFraction(variable), cast(sizes[i]!, float32), { name: "mul" }),
              { name: "zero_count" },
            ) as Tensor,
        ),
      ),
    );
    const share = graph.nameScope("compute", () =>
      realdiv(zeros, cast(total, float32, { name: "float32_size" }), { name: "truediv" }),
    );
    return identity(share, { name: "zero_fraction_or_nan" });
  });
}

/** Logits [n, units] of a linear model in the current variable scope, with summaries of its weights. */
export function linearLogits(
  features: Features,
  featureColumns: readonly FeatureColumn[],
  { units, sparseCombiner }: { readonly units: number; readonly sparseCombiner: Combiner },
): Tensor {
  const { logits, bias, weights } = linearLayer(features, featureColumns, {
    name: "linear_model",
    units,
    sparseCombiner,
  });
  if (units > 1) histogram("bias", [...bias]);
  else scalar("bias", bias[0]!.at(0));
  scalar("fraction_of_zero_weights", shareOfZeros(weights));
  return logits;
}

interface LinearOptions {
  readonly modelDir?: string | null | undefined;
  readonly weightColumn?: WeightColumn | undefined;
  /** FTRL with a learning rate of 0.2 by default. */
  readonly optimizer?: OptimizerLike | null | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly partitioner?: Partitioner | null | undefined;
  readonly warmStartFrom?: string | WarmStartSettings | null | undefined;
  readonly lossReduction?: LossReduction | undefined;
  /** How weights of several ids of one column become one: "sum" by default. */
  readonly sparseCombiner?: Combiner | undefined;
}

export interface LinearClassifierOptions extends LinearOptions {
  /** 2 by default. */
  readonly nClasses?: number | undefined;
  readonly labelVocabulary?: Vocabulary | undefined;
}

export interface LinearRegressorOptions extends LinearOptions {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
}

type WithColumns = { readonly featureColumns: readonly FeatureColumn[] };

const learningRate = 0.2;

function linearModelFn(head: Head, { featureColumns, ...options }: WithColumns & LinearOptions) {
  const columns = [...(featureColumns ?? [])];
  const { optimizer = "Ftrl", partitioner, sparseCombiner = "sum" } = options;
  return (given: InputFeatures, labels: Labels, mode: Mode): EstimatorSpec => {
    const features = featuresByName(given);
    return variableScope("linear", { partitioner: inputPartitioner(partitioner) }, () => {
      const logits = linearLogits(features, columns, { units: head.logitsDimension, sparseCombiner });
      const own = optimizerOf(optimizer ?? "Ftrl", rateFor(optimizer, columns.length));
      return head.createEstimatorSpec({ features, mode, labels, optimizer: own, logits });
    });
  };
}

/** Without any optimizer the learning rate falls with the number of columns. */
const rateFor = (optimizer: OptimizerLike | null | undefined, columns: number): number =>
  optimizer === null ? Math.min(learningRate, 1 / Math.sqrt(columns)) : learningRate;

/** What estimators of all kinds hand on. */
export const estimatorOptions = ({
  modelDir,
  config,
  warmStartFrom,
}: Pick<LinearOptions, "modelDir" | "config" | "warmStartFrom">) => ({ modelDir, config, warmStartFrom });

/** Classes by a linear model of feature columns. Variables `linear/linear_model/<column>/weights` and `linear/linear_model/bias_weights`. */
export class LinearClassifier extends Estimator {
  constructor(
    featureColumns: readonly FeatureColumn[] | (WithColumns & LinearClassifierOptions),
    options?: LinearClassifierOptions,
  ) {
    const given = named<WithColumns & LinearClassifierOptions>(options ? [featureColumns, options] : [featureColumns], [
      "featureColumns",
    ]);
    const head = classificationHead(given.nClasses ?? 2, given);
    super(linearModelFn(head, given), estimatorOptions(given));
  }
}

/** Numbers by a linear model of feature columns. */
export class LinearRegressor extends Estimator {
  constructor(
    featureColumns: readonly FeatureColumn[] | (WithColumns & LinearRegressorOptions),
    options?: LinearRegressorOptions,
  ) {
    const given = named<WithColumns & LinearRegressorOptions>(options ? [featureColumns, options] : [featureColumns], [
      "featureColumns",
    ]);
    super(linearModelFn(new RegressionHead(given), given), estimatorOptions(given));
  }
}

/** A linear model with a head of one's own. */
export class LinearEstimator extends Estimator {
  constructor(
    head: Head | ({ readonly head: Head } & WithColumns & LinearOptions),
    featureColumns?: readonly FeatureColumn[] | (WithColumns & LinearOptions),
    options?: LinearOptions,
  ) {
    const all = [head, featureColumns, options].filter((item) => item !== undefined);
    const given = named<{ readonly head: Head } & WithColumns & LinearOptions>(all, ["head", "featureColumns"]);
    super(linearModelFn(given.head, given), estimatorOptions(given));
  }
}
