/** Networks of dense layers over feature columns. Source: tensorflow_estimator/python/estimator/canned/dnn.py. */
import { named } from "../../../build/feature_column/arguments.ts";
import type { FeatureColumn, Features } from "../../../build/feature_column/column.ts";
import { denseFeatures } from "../../../build/feature_column/input_layer.ts";
import { glorotUniformInitializer } from "../../../build/initializers.ts";
import { type Activation, Dense, Dropout } from "../../../build/layers/core.ts";
import { BatchNormalization } from "../../../build/layers/normalization.ts";
import type { LossReduction } from "../../../build/losses/weighted.ts";
import { histogram, scalar } from "../../../build/summary.ts";
import { zeroFraction } from "../../../build/tensors/sort.ts";
import { minMaxVariablePartitioner } from "../../../build/variables/partitioned.ts";
import { getVariableScope, variableScope } from "../../../build/variables/scope.ts";
import type { Partitioner } from "../../../build/variables/store.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { relu } from "../../../ops/index.ts";
import { Estimator } from "../estimator.ts";
import type { WeightColumn } from "../head/checks.ts";
import type { Vocabulary } from "../head/classes.ts";
import type { Head } from "../head/head.ts";
import { classificationHead } from "../head/multi_class.ts";
import { RegressionHead } from "../head/regression.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import { type EstimatorSpec, type Mode, ModeKeys } from "../run/spec.ts";
import type { WarmStartSettings } from "../run/warm_start.ts";
import { estimatorOptions, featuresByName, inputPartitioner } from "./linear.ts";
import { type OptimizerLike, optimizerOf } from "./optimizers.ts";

/** Activations of a layer, and how many of them are zero. */
export function summarizeLayer(value: Tensor, tag: string): void {
  scalar(`${tag}/fraction_of_zero_values`, zeroFraction(value));
  histogram(`${tag}/activation`, value);
}

export interface NetworkOptions {
  readonly units: number;
  readonly hiddenUnits: readonly number[];
  readonly activationFn: Activation | null;
  /** The share that is dropped while training, or null. */
  readonly dropout: number | null;
  readonly batchNorm: boolean;
  readonly inputLayerPartitioner: Partitioner;
}

/** The partitioner of all layers but the input's. */
export const layerPartitioner = (): Partitioner => minMaxVariablePartitioner({ maxPartitions: 0 });

interface HiddenLayer {
  readonly dense: Dense;
  readonly scopeName: string;
  readonly dropout: Dropout | null;
  readonly batchNorm: BatchNormalization | null;
}

function hiddenLayer(i: number, units: number, options: NetworkOptions): HiddenLayer {
  const name = `hiddenlayer_${i}`;
  const { activationFn, dropout, batchNorm } = options;
  const kernelInitializer = glorotUniformInitializer();
  const dense = new Dense(units, { activation: activationFn, kernelInitializer, name }).openScope();
  const graph = getDefaultGraph();
  const inside = `${graph.getNameScope()}/${name}/`;
  const normalized = batchNorm
    ? variableScope(name, { auxiliaryNameScope: false }, () =>
        graph.nameScope(inside, () => new BatchNormalization({ momentum: 0.999, name: `batchnorm_${i}` }).openScope()),
      )
    : null;
  return {
    dense,
    scopeName: dense.scopeName,
    dropout: dropout === null ? null : new Dropout({ rate: dropout }),
    batchNorm: normalized,
  };
}

/** Logits [n, units] of a network in the current variable scope, `dnn`; all layers' variables are resources. */
export function networkLogits(
  features: Features,
  featureColumns: readonly FeatureColumn[],
  mode: Mode,
  options: NetworkOptions,
): Tensor {
  const isTraining = mode === ModeKeys.TRAIN;
  const withResources = { useResource: true, auxiliaryNameScope: false } as const;
  const layers = variableScope(getVariableScope(), withResources, () => ({
    hidden: options.hiddenUnits.map((units, i) => hiddenLayer(i, units, options)),
    logits: new Dense(options.units, {
      activation: null,
      kernelInitializer: glorotUniformInitializer(),
      name: "logits",
    }).openScope(),
  }));
  let net = variableScope("input_from_feature_columns", { partitioner: options.inputLayerPartitioner }, () =>
    denseFeatures(features, featureColumns, "input_layer"),
  );
  for (const { dense, dropout, batchNorm, scopeName } of layers.hidden) {
    net = dense.apply(net);
    if (dropout && isTraining) net = dropout.apply(net, { training: true });
    if (batchNorm) net = batchNorm.apply(net, { training: isTraining });
    summarizeLayer(net, scopeName);
  }
  const logits = layers.logits.apply(net);
  summarizeLayer(logits, layers.logits.scopeName);
  return logits;
}

interface DnnOptions {
  readonly modelDir?: string | null | undefined;
  readonly weightColumn?: WeightColumn | undefined;
  /** Adagrad with a learning rate of 0.05 by default. */
  readonly optimizer?: OptimizerLike | undefined;
  /** ReLU by default. */
  readonly activationFn?: Activation | null | undefined;
  readonly dropout?: number | null | undefined;
  readonly inputLayerPartitioner?: Partitioner | null | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly warmStartFrom?: string | WarmStartSettings | null | undefined;
  readonly lossReduction?: LossReduction | undefined;
  readonly batchNorm?: boolean | undefined;
}

export interface DnnClassifierOptions extends DnnOptions {
  /** 2 by default. */
  readonly nClasses?: number | undefined;
  readonly labelVocabulary?: Vocabulary | undefined;
}

export interface DnnRegressorOptions extends DnnOptions {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
}

interface Layers {
  /** The sizes of the hidden layers. */
  readonly hiddenUnits: readonly number[];
  readonly featureColumns: readonly FeatureColumn[];
}

const learningRate = 0.05;

function dnnModelFn(head: Head, given: Layers & DnnOptions) {
  const columns = [...(given.featureColumns ?? [])];
  const { optimizer = "Adagrad", activationFn = relu, dropout = null, batchNorm = false, hiddenUnits } = given;
  if (!Array.isArray(hiddenUnits)) throw new ValueError("hidden_units must be a list of layer sizes.");
  return (raw: InputFeatures, labels: Labels, mode: Mode): EstimatorSpec => {
    const own = optimizerOf(optimizer, learningRate);
    const features = featuresByName(raw);
    return variableScope("dnn", { partitioner: layerPartitioner() }, () => {
      const logits = networkLogits(features, columns, mode, {
        units: head.logitsDimension,
        hiddenUnits,
        activationFn,
        dropout,
        batchNorm,
        inputLayerPartitioner: inputPartitioner(given.inputLayerPartitioner),
      });
      return head.createEstimatorSpec({ features, mode, labels, optimizer: own, logits });
    });
  };
}

type HiddenUnits<O> = readonly number[] | (Layers & O);
type Columns<O> = readonly FeatureColumn[] | ({ readonly featureColumns: readonly FeatureColumn[] } & O);

const layersOf = <O extends object>(...given: readonly unknown[]): Layers & O =>
  named<Layers & O>(
    given.filter((item) => item !== undefined),
    ["hiddenUnits", "featureColumns"] as never,
  );

/** Classes by a network: `new DNNClassifier(hiddenUnits, featureColumns, options)`, or all by name. Variables `dnn/hiddenlayer_0/kernel` and so on. */
export class DNNClassifier extends Estimator {
  constructor(
    hiddenUnits: HiddenUnits<DnnClassifierOptions>,
    featureColumns?: Columns<DnnClassifierOptions>,
    options?: DnnClassifierOptions,
  ) {
    const given = layersOf<DnnClassifierOptions>(hiddenUnits, featureColumns, options);
    const head = classificationHead(given.nClasses ?? 2, given);
    super(dnnModelFn(head, given), estimatorOptions(given));
  }
}

/** Numbers by a network. */
export class DNNRegressor extends Estimator {
  constructor(
    hiddenUnits: HiddenUnits<DnnRegressorOptions>,
    featureColumns?: Columns<DnnRegressorOptions>,
    options?: DnnRegressorOptions,
  ) {
    const given = layersOf<DnnRegressorOptions>(hiddenUnits, featureColumns, options);
    super(dnnModelFn(new RegressionHead(given), given), estimatorOptions(given));
  }
}

/** A network with a head of one's own, all by name. */
export class DNNEstimator extends Estimator {
  constructor(given: { readonly head: Head } & Layers & DnnOptions) {
    super(dnnModelFn(given.head, given), estimatorOptions(given));
  }
}
