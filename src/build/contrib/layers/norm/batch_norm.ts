/** `tf.contrib.layers.batch_norm`: by `tf.layers` where that does, else fused or node by node. Source: contrib/layers layers.py. */
import { type DType, float32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { compatible, formatShapePython, type Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  constant,
  fusedBatchNorm,
  identity,
  moments,
  batchNormalization as normalize,
  reshape,
  shape as shapeOf,
  weightedMoments,
} from "../../../../ops/index.ts";
import { addToCollections, GraphKeys } from "../../../collections.ts";
import { onesInitializer, zerosInitializer } from "../../../initializers.ts";
import { constantPredicate, smartCond } from "../../../layers/layer.ts";
import { BatchNormalization } from "../../../layers/normalization.ts";
import { assignMovingAverage } from "../../../moving_averages.ts";
import { getVariableScope, type VariableScope, variableScope } from "../../../variables/scope.ts";
import type { InitializerLike, Regularizer } from "../../../variables/store.ts";
import type { Variable } from "../../../variables/variable.ts";
import { scoped } from "../../framework/arg_scope.ts";
import { modelVariable } from "../../framework/variables.ts";
import {
  type Activation,
  addToVariableCollections,
  applied,
  channelsFormat,
  collectionsFor,
  collectNamedOutputs,
  type ImageFormat,
  imageFormats,
  inLayerScope,
  type VariablesOptions,
} from "../common.ts";

/** Initial values of a normalizer's variables, by name. */
export interface ParamInitializers {
  readonly beta?: InitializerLike;
  readonly gamma?: InitializerLike;
  readonly moving_mean?: InitializerLike;
  readonly moving_variance?: InitializerLike;
}

export interface BatchNormOptions extends VariablesOptions {
  /** How slowly the moving averages follow: 0.999. */
  readonly decay?: number | undefined;
  /** False leaves beta out. */
  readonly center?: boolean | undefined;
  /** True adds gamma. */
  readonly scale?: boolean | undefined;
  /** 0.001. */
  readonly epsilon?: number | undefined;
  readonly activationFn?: Activation | null | undefined;
  readonly paramInitializers?: ParamInitializers | null | undefined;
  readonly paramRegularizers?: { readonly beta?: Regularizer; readonly gamma?: Regularizer } | null | undefined;
  /** Where the updates of the moving averages are listed, UPDATE_OPS by default; null: they run before the outputs. */
  readonly updatesCollections?: string | readonly string[] | null | undefined;
  /** True by default: the batch's own mean and variance. */
  readonly isTraining?: boolean | Tensor | undefined;
  /** Weights of the batch's members, [n]. */
  readonly batchWeights?: TensorLike | null | undefined;
  readonly fused?: boolean | null | undefined;
  readonly dataFormat?: ImageFormat | undefined;
  readonly zeroDebiasMovingMean?: boolean | undefined;
}

const places = [
  "decay",
  "center",
  "scale",
  "epsilon",
  "activationFn",
  "paramInitializers",
  "paramRegularizers",
  "updatesCollections",
  "isTraining",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "batchWeights",
  "fused",
  "dataFormat",
  "zeroDebiasMovingMean",
  "scope",
] as const;

interface Params {
  readonly beta: Tensor | Variable | null;
  readonly gamma: Tensor | Variable | null;
  readonly movingMean: Variable;
  readonly movingVariance: Variable;
}

const initial = {
  beta: zerosInitializer,
  gamma: onesInitializer,
  moving_mean: zerosInitializer,
  moving_variance: onesInitializer,
};

/** The variables of a normalizer over channels. Regularizers are for the fused form alone, as in Python. */
function makeParams(shape: Shape, dtype: DType, options: BatchNormOptions, hasRegularizers: boolean): Params {
  const { trainable = true, variablesCollections, paramInitializers, paramRegularizers } = options;
  const make = (name: keyof ParamInitializers, isTrained: boolean, regularizer?: Regularizer): Variable =>
    modelVariable(name, {
      shape,
      dtype,
      initializer: paramInitializers?.[name] ?? initial[name](),
      regularizer: hasRegularizers ? regularizer : undefined,
      collections: collectionsFor(variablesCollections, name),
      trainable: isTrained,
    });
  const beta = options.center === false ? null : make("beta", trainable, paramRegularizers?.beta);
  const plainBeta = beta ?? (hasRegularizers ? constant(0, { dtype, shape: shape as number[] }) : null);
  const gamma = options.scale ? make("gamma", trainable, paramRegularizers?.gamma) : null;
  const plainGamma = gamma ?? (hasRegularizers ? constant(1, { dtype, shape: shape as number[] }) : null);
  return variableScope(getVariableScope(), (local) => {
    local.setPartitioner(null);
    return {
      beta: plainBeta,
      gamma: plainGamma,
      movingMean: make("moving_mean", false),
      movingVariance: make("moving_variance", false),
    };
  });
}

/** Both moving averages' updates. */
function follow(params: Params, mean: Tensor, variance: Tensor, options: BatchNormOptions): [Tensor, Tensor] {
  const { decay = 0.999, zeroDebiasMovingMean = false } = options;
  return [
    assignMovingAverage(params.movingMean, mean, decay, { zeroDebias: zeroDebiasMovingMean }) as unknown as Tensor,
    assignMovingAverage(params.movingVariance, variance, decay, { zeroDebias: false }) as unknown as Tensor,
  ];
}

const asTensors = ({ movingMean, movingVariance }: Params): [Tensor, Tensor] => [
  movingMean as unknown as Tensor,
  movingVariance as unknown as Tensor,
];

/** Lists the updates, or says that they are to run before the outputs (true). */
function delayUpdates(params: Params, mean: Tensor, variance: Tensor, options: BatchNormOptions): void {
  const updates = smartCond<readonly Tensor[]>(
    options.isTraining ?? true,
    () => follow(params, mean, variance, options),
    () => asTensors(params),
  );
  for (const update of updates) addToCollections(options.updatesCollections ?? GraphKeys.UPDATE_OPS, update);
}

const after = <R>(updates: readonly Tensor[], fn: () => R): R => getDefaultGraph().controlDependencies(updates, fn);

function fusedNorm(given: Tensor, options: BatchNormOptions): Tensor {
  const { epsilon = 0.001, isTraining = true, dataFormat = "NHWC", activationFn } = options;
  channelsFormat(dataFormat, imageFormats);
  return inLayerScope("BatchNorm", options, null, (scope) => {
    const shape = given.shape!;
    const isMatrix = shape.length === 2;
    let inputs = given;
    if (isMatrix) {
      const channels = shape[1] ?? null;
      if (channels === null) throw new ValueError("`C` dimension must be known but is None");
      inputs = reshape(inputs, dataFormat === "NCHW" ? [-1, channels, 1, 1] : [-1, 1, 1, channels]);
    }
    const params = makeParams(channelsShape(inputs, dataFormat, "`C` dimension", "."), float32, options, true);
    const normalized = (isTraining: boolean) => () =>
      fusedBatchNorm(inputs, {
        scale: params.gamma!,
        offset: params.beta!,
        ...(isTraining ? {} : { mean: params.movingMean, variance: params.movingVariance, isTraining }),
        epsilon,
        dataFormat,
      });
    const made = smartCond<readonly Tensor[]>(isTraining, normalized(true), normalized(false));
    const [, mean, variance] = made;
    let outputs = made[0]!;
    if (constantPredicate(isTraining) !== false) {
      if (options.updatesCollections === null) {
        const plain = outputs;
        outputs = smartCond<Tensor>(
          isTraining,
          () => after(follow(params, mean!, variance!, options), () => identity(plain)),
          () => plain,
        );
      } else delayUpdates(params, mean!, variance!, options);
    }
    outputs.setShape(inputs.shape);
    if (isMatrix) {
      const unknown = shape.filter((size) => size === null).length;
      outputs = reshape(outputs, unknown > 1 ? shapeOf(given) : shape.map((size) => size ?? -1));
    }
    return collectNamedOutputs(options.outputsCollections, scope.name, activationFn ? activationFn(outputs) : outputs);
  });
}

/** [channels]. Throws ValueError where they are not known. */
function channelsShape(inputs: Tensor, dataFormat: ImageFormat, what: string, end: string): Shape {
  const channels = inputs.shape!.at(dataFormat === "NHWC" ? -1 : 1) ?? null;
  if (channels === null) throw new ValueError(`Inputs ${inputs.name} has undefined ${what} (None,)${end}`);
  return [channels];
}

/** By `tf.layers`' layer, whose variables have the same names. */
function layerNorm(inputs: Tensor, options: BatchNormOptions, scope: VariableScope): Tensor {
  const { dataFormat = "NHWC", decay = 0.999, epsilon = 0.001, center = true, scale = false, fused = true } = options;
  const { paramInitializers, paramRegularizers, variablesCollections, activationFn, trainable = true } = options;
  const layer = new BatchNormalization({
    axis: dataFormat === "NCHW" ? 1 : -1,
    momentum: decay,
    epsilon,
    center,
    scale,
    betaInitializer: paramInitializers?.beta,
    gammaInitializer: paramInitializers?.gamma,
    movingMeanInitializer: paramInitializers?.moving_mean,
    movingVarianceInitializer: paramInitializers?.moving_variance,
    betaRegularizer: paramRegularizers?.beta,
    gammaRegularizer: paramRegularizers?.gamma,
    trainable,
    name: scope.name,
    reuse: options.reuse === true,
    fused,
  });
  const outputs = applied(layer, scope, inputs, { training: options.isTraining ?? true });
  addToVariableCollections(layer.movingMean, variablesCollections, "moving_mean");
  addToVariableCollections(layer.movingVariance, variablesCollections, "moving_variance");
  addToVariableCollections(layer.beta, variablesCollections, "beta");
  addToVariableCollections(layer.gamma, variablesCollections, "gamma");
  return collectNamedOutputs(options.outputsCollections, scope.name, activationFn ? activationFn(outputs) : outputs);
}

/** Mean and variance of the batch [c], weighted where there are weights. */
function batchMoments(inputs: Tensor, weights: Tensor | null, dataFormat: ImageFormat): [Tensor, Tensor] {
  const rank = inputs.shape!.length;
  const isFirst = dataFormat === "NCHW";
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== (isFirst ? 1 : rank - 1));
  const options = isFirst ? { keepdims: true } : {};
  const [mean, variance] = weights ? weightedMoments(inputs, axes, weights, options) : moments(inputs, axes, options);
  return isFirst ? [reshape(mean, [-1]), reshape(variance, [-1])] : [mean, variance];
}

function plainNorm(inputs: Tensor, options: BatchNormOptions, scope: VariableScope): Tensor {
  const { dataFormat = "NHWC", epsilon = 0.001, isTraining = true, activationFn, updatesCollections } = options;
  const { shape } = inputs;
  if (!shape) throw new ValueError(`Inputs ${inputs.name} has undefined rank.`);
  let weights: Tensor | null = null;
  if (options.batchWeights !== undefined && options.batchWeights !== null) {
    weights = convertToTensor(options.batchWeights);
    if (!compatible([shape[0]!], weights.shape)) {
      throw new ValueError(
        `Shapes ${formatShapePython([shape[0]!])} and ${formatShapePython(weights.shape)} are incompatible`,
      );
    }
    weights = reshape(weights, [-1, ...new Array<number>(shape.length - 1).fill(1)]);
  }
  const channels = channelsShape(inputs, dataFormat, "channels dimension", ".");
  const params = makeParams(channels, inputs.dtype.baseDtype, options, false);
  let [mean, variance] = asTensors(params);
  if (constantPredicate(isTraining) !== false) {
    const [own, ownVariance] = batchMoments(inputs, weights, dataFormat);
    if (updatesCollections === null) {
      [mean, variance] = smartCond<readonly Tensor[]>(
        isTraining,
        () => after(follow(params, own, ownVariance, options), () => [identity(own), identity(ownVariance)]),
        () => asTensors(params),
      ) as [Tensor, Tensor];
    } else {
      delayUpdates(params, own, ownVariance, options);
      [mean, variance] = smartCond<readonly Tensor[]>(
        isTraining,
        () => [own, ownVariance],
        () => asTensors(params),
      ) as [Tensor, Tensor];
    }
  }
  const spread = <T extends Tensor | Variable | null>(x: T): T | Tensor =>
    x !== null && dataFormat === "NCHW"
      ? reshape(x as Tensor, [1, channels![0] as number, ...new Array<number>(shape.length - 2).fill(1)])
      : x;
  const [m, v, offset, scale] = [spread(mean), spread(variance), spread(params.beta), spread(params.gamma)];
  const outputs = normalize(inputs, { mean: m, variance: v, offset, scale, varianceEpsilon: epsilon });
  outputs.setShape(shape);
  return collectNamedOutputs(options.outputsCollections, scope.name, activationFn ? activationFn(outputs) : outputs);
}

/**
 * (x - mean) / sqrt(variance + epsilon) [· gamma] + beta over all axes but the channels: with the batch's moments while training, the
 * moving ones else. Updates of the moving averages are in UPDATE_OPS unless `updatesCollections` says otherwise.
 */
export const batchNorm = scoped<[inputs: TensorLike], BatchNormOptions, typeof places, Tensor>(
  "batch_norm",
  1,
  places,
  (given, options) => {
    const {
      fused,
      dataFormat = "NHWC",
      zeroDebiasMovingMean = false,
      updatesCollections = GraphKeys.UPDATE_OPS,
    } = options;
    const inputs = convertToTensor(given);
    const rank = inputs.shape?.length;
    const hasWeights = options.batchWeights !== undefined && options.batchWeights !== null;
    const isDelayed = updatesCollections === GraphKeys.UPDATE_OPS;
    const canFuse = (fused ?? true) && !hasWeights && (rank === 2 || rank === 4);
    if (canFuse && (zeroDebiasMovingMean || rank === 2 || !isDelayed)) return fusedNorm(inputs, options);
    channelsFormat(dataFormat, imageFormats);
    return inLayerScope("BatchNorm", options, {}, (scope) =>
      !hasWeights && isDelayed && !zeroDebiasMovingMean
        ? layerNorm(inputs, { ...options, fused: fused ?? true }, scope)
        : plainNorm(inputs, options, scope),
    );
  },
);
