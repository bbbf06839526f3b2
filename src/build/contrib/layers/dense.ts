/** `tf.contrib.layers`: fully connected layers and biases. Source: contrib/layers layers.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  biasAdd as addBiases,
  elu as eluOf,
  matmul,
  relu6 as relu6Of,
  relu as reluOf,
  reshape,
  shape as shapeOf,
  stack,
  unstack,
} from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { GraphKeys } from "../../collections.ts";
import { zerosInitializer } from "../../initializers.ts";
import { Dense } from "../../layers/core.ts";
import { getVariable, variableScope } from "../../variables/scope.ts";
import type { InitializerLike, Regularizer } from "../../variables/store.ts";
import { scoped } from "../framework/arg_scope.ts";
import { modelVariable } from "../framework/variables.ts";
import {
  type Activation,
  activated,
  addToVariableCollections,
  applied,
  channelsFormat,
  collectionsFor,
  collectNamedOutputs,
  finished,
  type ImageFormat,
  imageFormats,
  inLayerScope,
  type VariablesOptions,
  type WeightsOptions,
  weightsPlaces,
} from "./common.ts";
import { xavierInitializer } from "./initializers.ts";

/**
 * activation(inputs · weights + biases): [..., m] to [..., n]; with a normalizer no biases. Throws ValueError for a count of outputs that
 * is no whole number.
 */
export const fullyConnected = scoped<
  [inputs: TensorLike, numOutputs: number],
  WeightsOptions,
  typeof weightsPlaces,
  Tensor
>("fully_connected", 2, weightsPlaces, (given, numOutputs, options) => {
  const {
    activationFn = reluOf as Activation,
    weightsInitializer = xavierInitializer(),
    biasesInitializer = zerosInitializer(),
    reuse,
    trainable = true,
  } = options;
  if (!Number.isInteger(numOutputs)) {
    throw new ValueError(`num_outputs type should be one of [<class 'int'>], got ${typeof numOutputs}.`);
  }
  return inLayerScope("fully_connected", options, { bias: "biases", kernel: "weights" }, (scope) => {
    const inputs = convertToTensor(given);
    const layer = new Dense(numOutputs, {
      useBias: !options.normalizerFn && Boolean(biasesInitializer),
      kernelInitializer: weightsInitializer,
      biasInitializer: biasesInitializer,
      kernelRegularizer: options.weightsRegularizer,
      biasRegularizer: options.biasesRegularizer,
      trainable,
      name: scope.name,
      dtype: inputs.dtype.baseDtype,
      reuse: reuse === true,
    });
    const outputs = applied(layer, scope, inputs);
    addToVariableCollections(layer.kernel, options.variablesCollections, "weights");
    addToVariableCollections(layer.bias, options.variablesCollections, "biases");
    return finished(outputs, options, activationFn, scope);
  });
});

type FullyConnected = (
  inputs: TensorLike,
  numOutputs: number,
  ...rest: Rest<WeightsOptions, typeof weightsPlaces>
) => Tensor;

/** A fully connected layer of this activation, unless a call names another. */
const connected =
  (activationFn: Activation | null): FullyConnected =>
  (inputs, numOutputs, ...rest) => {
    const last = rest.at(-1);
    const options = (last ?? {}) as WeightsOptions;
    return fullyConnected(inputs, numOutputs, { activationFn, ...options });
  };

/** A fully connected layer with relu. */
export const relu = connected(reluOf as Activation);
/** A fully connected layer with relu6. */
export const relu6 = connected(relu6Of as Activation);
/** A fully connected layer with elu. */
export const elu = connected(eluOf as Activation);
/** A fully connected layer without activation. */
export const linear = connected(null);

interface BiasOptions extends VariablesOptions {
  readonly activationFn?: Activation | null | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  readonly regularizer?: Regularizer | null | undefined;
  readonly dataFormat?: ImageFormat | undefined;
}

const biasPlaces = [
  "activationFn",
  "initializer",
  "regularizer",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "dataFormat",
  "scope",
] as const;

/** activation(inputs + biases), a bias for each channel. Throws ValueError where the channels are not known. */
export const biasAdd = scoped<[inputs: TensorLike], BiasOptions, typeof biasPlaces, Tensor>(
  "bias_add",
  1,
  biasPlaces,
  (given, options) => {
    const {
      activationFn,
      initializer = zerosInitializer(),
      regularizer,
      dataFormat = "NHWC",
      trainable = true,
    } = options;
    channelsFormat(dataFormat, imageFormats);
    return inLayerScope("BiasAdd", options, null, (scope) => {
      const inputs = convertToTensor(given);
      const { shape } = inputs;
      if (!shape) throw new ValueError("Dims of shape must be known but is None");
      if (shape.length !== 4 && dataFormat === "NCHW") throw new ValueError("Data format NCHW only supports 4D Tensor");
      const size = shape.at(dataFormat === "NCHW" ? 1 : -1) ?? null;
      if (size === null) throw new ValueError("`C` dimension must be known but is None");
      const biases = modelVariable("biases", {
        shape: [size],
        dtype: inputs.dtype.baseDtype,
        initializer,
        regularizer,
        collections: collectionsFor(options.variablesCollections, "biases"),
        trainable,
      });
      const outputs = addBiases(inputs, biases, { dataFormat });
      return collectNamedOutputs(
        options.outputsCollections,
        scope.name,
        activationFn ? activationFn(outputs) : outputs,
      );
    });
  },
);

interface LegacyOptions {
  readonly activationFn?: Activation | null | undefined;
  readonly weightInit?: InitializerLike | null | undefined;
  readonly biasInit?: InitializerLike | null | undefined;
  readonly name?: string | undefined;
  readonly weightCollections?: readonly string[] | undefined;
  readonly biasCollections?: readonly string[] | undefined;
  readonly outputCollections?: readonly string[] | undefined;
  readonly trainable?: boolean | undefined;
  readonly weightRegularizer?: Regularizer | null | undefined;
  readonly biasRegularizer?: Regularizer | null | undefined;
}

/** As fullyConnected was at first: variables `weights` and `bias`, in WEIGHTS and BIASES, no activation. */
export function legacyFullyConnected(given: TensorLike, numOutputUnits: number, options: LegacyOptions = {}): Tensor {
  const {
    activationFn,
    weightInit = xavierInitializer(),
    biasInit = zerosInitializer(),
    name,
    trainable = true,
  } = options;
  const { weightCollections = [GraphKeys.WEIGHTS], biasCollections = [GraphKeys.BIASES] } = options;
  const { outputCollections = [GraphKeys.ACTIVATIONS] } = options;
  return variableScope(name ?? null, { defaultName: "fully_connected" }, () => {
    const x = convertToTensor(given);
    const { shape } = x;
    if (!shape) throw new ValueError("dims of x must be known but is None");
    if (shape.length < 2) throw new ValueError(`rank of x must be at least 2 not: ${shape.length}`);
    const inputs = shape.at(-1) ?? null;
    if (inputs === null) throw new ValueError("last dimension of x must be known but is None");
    const own = (
      name: string,
      size: number[],
      initializer: InitializerLike | null,
      collections: readonly string[],
      regularizer?: Regularizer | null,
    ) =>
      getVariable(name, {
        shape: size,
        dtype: x.dtype.baseDtype,
        initializer,
        collections: [...new Set([...collections, GraphKeys.GLOBAL_VARIABLES])],
        regularizer,
        trainable,
      });
    const weights = own("weights", [inputs, numOutputUnits], weightInit, weightCollections, options.weightRegularizer);
    let y = matmul(shape.length <= 2 ? x : reshape(x, [-1, inputs]), weights);
    if (biasInit) y = addBiases(y, own("bias", [numOutputUnits], biasInit, biasCollections, options.biasRegularizer));
    if (shape.length > 2) {
      const sizes: TensorLike[] = unstack(shapeOf(x));
      sizes[sizes.length - 1] = numOutputUnits;
      y = reshape(y, stack(sizes));
      y.setShape([...shape.slice(0, -1), numOutputUnits]);
    }
    return activated(y, activationFn, outputCollections);
  });
}

/** legacyFullyConnected with relu. */
export const legacyRelu = (x: TensorLike, numOutputUnits: number, options: LegacyOptions = {}): Tensor =>
  legacyFullyConnected(x, numOutputUnits, { activationFn: reluOf as Activation, ...options });

/** legacyFullyConnected without activation. */
export const legacyLinear = (x: TensorLike, numOutputUnits: number, options: LegacyOptions = {}): Tensor =>
  legacyFullyConnected(x, numOutputUnits, { activationFn: null, ...options });
