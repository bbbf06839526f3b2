/** Wide and deep: a linear model and a network together. Source: canned/dnn_linear_combined.py. */
import { GraphKeys } from "../../../build/collections.ts";
import type { FeatureColumn } from "../../../build/feature_column/column.ts";
import { getGlobalStep } from "../../../build/global_step.ts";
import type { Activation } from "../../../build/layers/core.ts";
import type { LossReduction } from "../../../build/losses/weighted.ts";
import type { Optimizer } from "../../../build/optimizers/optimizer.ts";
import { variableScope } from "../../../build/variables/scope.ts";
import { assignAdd } from "../../../build/variables/state.ts";
import type { Partitioner } from "../../../build/variables/store.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { add, type Combiner, group, relu } from "../../../ops/index.ts";
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
import { layerPartitioner, networkLogits, summarizeLayer } from "./dnn.ts";
import { estimatorOptions, featuresByName, inputPartitioner, linearLogits } from "./linear.ts";
import { type OptimizerLike, optimizerOf } from "./optimizers.ts";

interface CombinedOptions {
  readonly modelDir?: string | null | undefined;
  readonly linearFeatureColumns?: readonly FeatureColumn[] | null | undefined;
  /** FTRL with a learning rate of at most 0.005 by default. */
  readonly linearOptimizer?: OptimizerLike | undefined;
  readonly dnnFeatureColumns?: readonly FeatureColumn[] | null | undefined;
  /** Adagrad with a learning rate of 0.001 by default. */
  readonly dnnOptimizer?: OptimizerLike | undefined;
  readonly dnnHiddenUnits?: readonly number[] | null | undefined;
  /** ReLU by default. */
  readonly dnnActivationFn?: Activation | null | undefined;
  readonly dnnDropout?: number | null | undefined;
  readonly weightColumn?: WeightColumn | undefined;
  readonly inputLayerPartitioner?: Partitioner | null | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly warmStartFrom?: string | WarmStartSettings | null | undefined;
  readonly lossReduction?: LossReduction | undefined;
  readonly batchNorm?: boolean | undefined;
  readonly linearSparseCombiner?: Combiner | undefined;
}

export interface CombinedClassifierOptions extends CombinedOptions {
  /** 2 by default. */
  readonly nClasses?: number | undefined;
  readonly labelVocabulary?: Vocabulary | undefined;
}

export interface CombinedRegressorOptions extends CombinedOptions {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
}

const dnnLearningRate = 0.001;
const linearLearningRate = (columns: number): number => Math.min(0.005, 1 / Math.sqrt(columns));

/** One half of the model: its logits, and the step that trains its variables. */
interface Half {
  readonly logits: Tensor;
  readonly optimizer: Optimizer;
  readonly scope: string;
}

function deepHalf(raw: InputFeatures, mode: Mode, head: Head, options: CombinedOptions): Half | null {
  const columns = options.dnnFeatureColumns ?? [];
  if (columns.length === 0) return null;
  const optimizer = optimizerOf(options.dnnOptimizer ?? "Adagrad", dnnLearningRate);
  if (!options.dnnHiddenUnits?.length) {
    throw new ValueError("dnn_hidden_units must be defined when dnn_feature_columns is specified.");
  }
  const { dnnHiddenUnits: hiddenUnits, dnnActivationFn: activationFn = relu, dnnDropout: dropout = null } = options;
  return variableScope("dnn", { partitioner: layerPartitioner() }, ({ name }) => {
    const logits = networkLogits(featuresByName(raw), columns, mode, {
      units: head.logitsDimension,
      hiddenUnits,
      activationFn,
      dropout,
      batchNorm: options.batchNorm ?? false,
      inputLayerPartitioner: inputPartitioner(options.inputLayerPartitioner),
    });
    return { logits, optimizer, scope: name };
  });
}

function wideHalf(raw: InputFeatures, head: Head, options: CombinedOptions): Half | null {
  const columns = options.linearFeatureColumns ?? [];
  if (columns.length === 0) return null;
  const optimizer = optimizerOf(options.linearOptimizer ?? "Ftrl", linearLearningRate(columns.length));
  const partitioner = inputPartitioner(options.inputLayerPartitioner);
  return variableScope("linear", { partitioner }, ({ name }) => {
    const sparseCombiner = options.linearSparseCombiner ?? "sum";
    const logits = linearLogits(featuresByName(raw), columns, { units: head.logitsDimension, sparseCombiner });
    summarizeLayer(logits, name);
    return { logits, optimizer, scope: name };
  });
}

/** Each half is trained by its own optimizer; then the global step grows by one. */
function trainHalves(halves: readonly Half[], loss: Tensor): Operation {
  const graph = getDefaultGraph();
  const globalStep = getGlobalStep()!;
  const steps = halves.map(({ optimizer, scope }) =>
    optimizer.minimize(loss, { varList: graph.getCollection<Variable>(GraphKeys.TRAINABLE_VARIABLES, scope) }),
  );
  return graph.controlDependencies([group(...steps)], () => {
    const counted = assignAdd(globalStep, 1);
    return counted instanceof Tensor ? counted.op : (counted as unknown as { readonly op: Operation }).op;
  });
}

function combinedModelFn(head: Head, options: CombinedOptions) {
  const { linearFeatureColumns, dnnFeatureColumns } = options;
  if (!linearFeatureColumns?.length && !dnnFeatureColumns?.length) {
    throw new ValueError("Either linear_feature_columns or dnn_feature_columns must be defined.");
  }
  return (raw: InputFeatures, labels: Labels, mode: Mode): EstimatorSpec => {
    const features = featuresByName(raw);
    const deep = deepHalf(raw, mode, head, options);
    const wide = wideHalf(raw, head, options);
    const halves = [deep, wide].filter((half) => half !== null);
    const logits = deep && wide ? add(deep.logits, wide.logits, { name: "add" }) : halves[0]!.logits;
    const trainOpFn = (loss: Tensor): Operation => trainHalves(halves, loss);
    return head.createEstimatorSpec({ features, mode, labels, trainOpFn, logits });
  };
}

/** Classes by a linear model and a network, whose logits are added. Throws ValueError without any columns. */
export class DNNLinearCombinedClassifier extends Estimator {
  constructor(options: CombinedClassifierOptions = {}) {
    const head = classificationHead(options.nClasses ?? 2, options);
    super(combinedModelFn(head, options), estimatorOptions(options));
  }
}

/** Numbers by a linear model and a network. */
export class DNNLinearCombinedRegressor extends Estimator {
  constructor(options: CombinedRegressorOptions = {}) {
    super(combinedModelFn(new RegressionHead(options), options), estimatorOptions(options));
  }
}

/** A linear model and a network with a head of one's own. */
export class DNNLinearCombinedEstimator extends Estimator {
  constructor(options: { readonly head: Head } & CombinedOptions) {
    super(combinedModelFn(options.head, options), estimatorOptions(options));
  }
}
