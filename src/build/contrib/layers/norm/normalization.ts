/** `tf.contrib.layers`: normalization of each example by itself. Source: contrib/layers layers.py, normalization.py. */
import { float16 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { formatShapePython, isFull, type Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  moments,
  batchNormalization as normalize,
  normalizeMoments,
  reshape,
  rsqrt,
  shape as shapeOf,
  sufficientStatistics,
} from "../../../../ops/index.ts";
import { onesInitializer, zerosInitializer } from "../../../initializers.ts";
import { add, mul, neg } from "../../../operators.ts";
import type { Variable } from "../../../variables/variable.ts";
import { scoped } from "../../framework/arg_scope.ts";
import { modelVariable } from "../../framework/variables.ts";
import {
  type Activation,
  channelsFormat,
  collectionsFor,
  collectNamedOutputs,
  type ImageFormat,
  imageFormats,
  inLayerScope,
  type VariablesOptions,
} from "../common.ts";
import type { ParamInitializers } from "./batch_norm.ts";

interface NormOptions extends VariablesOptions {
  /** False leaves beta out. */
  readonly center?: boolean | undefined;
  /** False leaves gamma out. */
  readonly scale?: boolean | undefined;
  readonly activationFn?: Activation | null | undefined;
}

interface EpsilonOptions extends NormOptions {
  /** 1e-6. */
  readonly epsilon?: number | undefined;
  readonly paramInitializers?: ParamInitializers | null | undefined;
}

/** beta and gamma of this shape, each spread to another one where that is given. */
function betaAndGamma(
  shape: Shape,
  inputs: Tensor,
  options: EpsilonOptions,
  spread: readonly number[] | null,
): { beta: Tensor | Variable | null; gamma: Tensor | Variable | null } {
  const { center = true, scale = true, trainable = true, paramInitializers } = options;
  const make = (name: "beta" | "gamma"): Tensor | Variable => {
    const variable = modelVariable(name, {
      shape,
      dtype: inputs.dtype.baseDtype,
      initializer: paramInitializers?.[name] ?? (name === "beta" ? zerosInitializer() : onesInitializer()),
      collections: collectionsFor(options.variablesCollections, name),
      trainable,
    });
    return spread ? reshape(variable, spread) : variable;
  };
  const beta = center ? make("beta") : null;
  return { beta, gamma: scale ? make("gamma") : null };
}

interface LayerNormOptions extends NormOptions {
  /** The first axis that is normalized over: 1. */
  readonly beginNormAxis?: number | undefined;
  /** The first axis with parameters of its own: -1. */
  readonly beginParamsAxis?: number | undefined;
}

const layerPlaces = [
  "center",
  "scale",
  "activationFn",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "beginNormAxis",
  "beginParamsAxis",
  "scope",
] as const;

/** Mean 0 and variance 1 over the axes from beginNormAxis, then · gamma + beta. Throws ValueError for unknown ranks and sizes. */
export const layerNorm = scoped<[inputs: TensorLike], LayerNormOptions, typeof layerPlaces, Tensor>(
  "layer_norm",
  1,
  layerPlaces,
  (given, options) =>
    inLayerScope("LayerNorm", options, null, (scope) => {
      const { beginNormAxis = 1, beginParamsAxis = -1, activationFn } = options;
      const inputs = convertToTensor(given);
      const { shape } = inputs;
      if (!shape) throw new ValueError(`Inputs ${inputs.name} has undefined rank.`);
      const begin = beginNormAxis < 0 ? shape.length + beginNormAxis : beginNormAxis;
      if (beginParamsAxis >= shape.length || begin >= shape.length) {
        throw new ValueError(
          `begin_params_axis (${beginParamsAxis}) and begin_norm_axis (${begin}) must be < rank(inputs) (${shape.length})`,
        );
      }
      const paramsShape = shape.slice(beginParamsAxis);
      if (!isFull(paramsShape)) {
        throw new ValueError(
          `Inputs ${inputs.name}: shape(inputs)[${beginParamsAxis}:] is not fully defined: ${formatShapePython(shape)}`,
        );
      }
      const { beta, gamma } = betaAndGamma(paramsShape, inputs, options, null);
      const axes = Array.from({ length: shape.length - begin }, (_, i) => begin + i);
      const [mean, variance] = moments(inputs, axes, { keepdims: true });
      const varianceEpsilon = inputs.dtype.baseDtype === float16 ? 1e-3 : 1e-12;
      const outputs = normalize(inputs, { mean, variance, offset: beta, scale: gamma, varianceEpsilon });
      outputs.setShape(shape);
      return collectNamedOutputs(
        options.outputsCollections,
        scope.name,
        activationFn ? activationFn(outputs) : outputs,
      );
    }),
);

const instancePlaces = [
  "center",
  "scale",
  "epsilon",
  "activationFn",
  "paramInitializers",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "dataFormat",
  "scope",
] as const;

/** Mean 0 and variance 1 over height and width, for each example and channel, then · gamma + beta. */
export const instanceNorm = scoped<
  [inputs: TensorLike],
  EpsilonOptions & { readonly dataFormat?: ImageFormat | undefined },
  typeof instancePlaces,
  Tensor
>("instance_norm", 1, instancePlaces, (given, options) => {
  const { epsilon = 1e-6, dataFormat = "NHWC", activationFn } = options;
  const inputs = convertToTensor(given);
  const { shape } = inputs;
  if (!shape) throw new ValueError(`Inputs ${inputs.name} has undefined rank.`);
  channelsFormat(dataFormat, imageFormats);
  return inLayerScope("InstanceNorm", options, null, (scope) => {
    const rank = shape.length;
    const axis = dataFormat === "NCHW" ? 1 : rank - 1;
    const channels = shape[axis] ?? null;
    if (channels === null) throw new ValueError(`Inputs ${inputs.name} has undefined channels dimension (None,).`);
    const spread = dataFormat === "NCHW" ? [1, channels, ...new Array<number>(rank - 2).fill(1)] : null;
    const { beta, gamma } = betaAndGamma([channels], inputs, options, spread);
    const axes = shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
    const [mean, variance] = moments(inputs, axes, { keepdims: true });
    const outputs = normalize(inputs, {
      mean,
      variance,
      offset: beta,
      scale: gamma,
      varianceEpsilon: epsilon,
      name: "instancenorm",
    });
    return collectNamedOutputs(options.outputsCollections, scope.name, activationFn ? activationFn(outputs) : outputs);
  });
});

interface GroupOptions extends EpsilonOptions {
  /** 32. */
  readonly groups?: number | undefined;
  readonly channelsAxis?: number | undefined;
  /** The axes that are normalized over beside a group's channels: [-3, -2]. */
  readonly reductionAxes?: readonly number[] | undefined;
  /** True: sums of squares without taking a mean off first. */
  readonly meanCloseToZero?: boolean | undefined;
}

const groupPlaces = [
  "groups",
  "channelsAxis",
  "reductionAxes",
  "center",
  "scale",
  "epsilon",
  "activationFn",
  "paramInitializers",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "scope",
  "meanCloseToZero",
] as const;

/** The axes of a group norm. Throws ValueError for those that are not there, or not known. */
function groupAxes(inputs: Tensor, options: GroupOptions): { axis: number; reduced: number[]; channels: number } {
  const { groups = 32, channelsAxis = -1, reductionAxes = [-3, -2] } = options;
  const { shape, name } = inputs;
  if (!shape) throw new ValueError(`Inputs ${name} has undefined rank.`);
  const rank = shape.length;
  if (channelsAxis > rank - 1) throw new ValueError("Axis is out of bounds.");
  const axis = channelsAxis < 0 ? rank + channelsAxis : channelsAxis;
  const channels = shape[axis] ?? null;
  if (channels === null) throw new ValueError(`Inputs ${name} has undefined channel dimension: ${axis}.`);
  const reduced = reductionAxes.map((each) => (each < 0 ? each + rank : each));
  for (const each of reduced) {
    if (each > rank) throw new ValueError("Axis is out of bounds.");
    if ((shape[each] ?? null) === null) throw new ValueError(`Inputs ${name} has undefined dimensions ${each}.`);
    if (each === axis) throw new ValueError("reduction_axis must be mutually exclusive with channels_axis");
  }
  if (groups > channels) throw new ValueError(`Invalid groups ${groups} for ${channels} channels.`);
  if (channels % groups !== 0) throw new ValueError(`${channels} channels is not commensurate with ${groups} groups.`);
  return { axis, reduced, channels };
}

/** Mean 0 and variance 1 over groups of channels and the axes of reductionAxes, then · gamma + beta. */
export const groupNorm = scoped<[inputs: TensorLike], GroupOptions, typeof groupPlaces, Tensor>(
  "group_norm",
  1,
  groupPlaces,
  (given, options) => {
    const { groups = 32, epsilon = 1e-6, activationFn, meanCloseToZero = false } = options;
    const original = convertToTensor(given);
    const { axis, reduced, channels } = groupAxes(original, options);
    const dims = shapeOf(original);
    const sizes: TensorLike[] = original.shape!.map((size, i): TensorLike => size ?? dims.at(i));
    const grouped = [groups, channels / groups];
    const [before, behind] = [sizes.slice(0, axis), sizes.slice(axis + 1)];
    const inputs = reshape(original, [...before, ...grouped, ...behind]);
    const spread = [...before.map(() => 1), ...grouped, ...behind.map(() => 1)];
    const axes = [axis + 1, ...reduced.map((each) => (each > axis ? each + 1 : each))];
    return inLayerScope("GroupNorm", options, null, (scope) => {
      const { beta, gamma } = betaAndGamma([channels], inputs, options, spread);
      const [mean, variance] = meanCloseToZero ? closeToZero(inputs, axes) : moments(inputs, axes, { keepdims: true });
      let gain = rsqrt(add(variance, epsilon));
      let offset = mul(neg(mean), gain);
      if (gamma) {
        gain = mul(gain, gamma as Tensor);
        offset = mul(offset, gamma as Tensor);
      }
      if (beta) offset = add(offset, beta as Tensor);
      const outputs = reshape(add(mul(inputs, gain), offset), sizes);
      return collectNamedOutputs(
        options.outputsCollections,
        scope.name,
        activationFn ? activationFn(outputs) : outputs,
      );
    });
  },
);

function closeToZero(inputs: Tensor, axes: readonly number[]): [Tensor, Tensor] {
  const { counts, mean, variance } = sufficientStatistics(
    inputs,
    axes.toSorted((a, b) => a - b),
    { keepdims: true },
  );
  return normalizeMoments(counts, mean, variance, null);
}
