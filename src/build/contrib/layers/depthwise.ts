/** `tf.contrib.layers`: convolutions channel by channel. Source: contrib/layers layers.py. */
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { biasAdd, depthwiseConv2d, relu, tile } from "../../../ops/index.ts";
import { zerosInitializer } from "../../initializers.ts";
import { SeparableConv2D } from "../../layers/separable.ts";
import { paddingOf, type Size } from "../../layers/window.ts";
import type { InitializerLike } from "../../variables/store.ts";
import { scoped } from "../framework/arg_scope.ts";
import { modelVariable } from "../framework/variables.ts";
import {
  type Activation,
  addToVariableCollections,
  applied,
  channelsFormat,
  collectionsFor,
  dimension,
  finished,
  imageFormats,
  inLayerScope,
  twoElementTuple,
  type WeightsOptions,
  weightsPlaces,
} from "./common.ts";
import type { ConvolutionOptions, RateOptions } from "./convolution.ts";
import { xavierInitializer } from "./initializers.ts";

interface SeparableOptions extends RateOptions {
  /** Outputs of each channel before they are mixed. */
  readonly depthMultiplier?: number | undefined;
  /** weightsInitializer by default. */
  readonly pointwiseInitializer?: InitializerLike | null | undefined;
}

const [activationFn, normalizerFn, normalizerParams, weightsInitializer, ...others] = weightsPlaces;
const separablePlaces = [
  "depthMultiplier",
  "stride",
  "padding",
  "dataFormat",
  "rate",
  activationFn,
  normalizerFn,
  normalizerParams,
  weightsInitializer,
  "pointwiseInitializer",
  ...others,
] as const;

/** A variable of the layer's inputs' dtype. */
function own(name: string, shape: readonly number[], inputs: Tensor, options: WeightsOptions): Tensor {
  const isBias = name === "biases";
  const {
    weightsInitializer = xavierInitializer(),
    biasesInitializer = zerosInitializer(),
    trainable = true,
  } = options;
  return modelVariable(name, {
    shape,
    dtype: inputs.dtype.baseDtype,
    initializer: isBias ? biasesInitializer : weightsInitializer,
    regularizer: isBias ? options.biasesRegularizer : options.weightsRegularizer,
    trainable,
    collections: collectionsFor(options.variablesCollections, isBias ? "biases" : "weights"),
  }) as unknown as Tensor;
}

const wantsBiases = ({ normalizerFn, biasesInitializer }: WeightsOptions): boolean =>
  !normalizerFn && biasesInitializer !== null;

/**
 * A convolution of each channel by itself, then, unless numOutputs is null, one of 1x1 that mixes them: [n, h, w, c] to
 * [n, h', w', numOutputs], or to c · depthMultiplier channels.
 */
export const separableConvolution2d = scoped<
  [inputs: TensorLike, numOutputs: number | null, kernelSize: Size],
  SeparableOptions,
  typeof separablePlaces,
  Tensor
>("separable_convolution2d", 3, separablePlaces, (given, numOutputs, kernelSize, options) => {
  const { depthMultiplier = 1, stride = 1, padding = "SAME", dataFormat = "NHWC", rate = 1 } = options;
  const { activationFn = relu as Activation, variablesCollections, weightsInitializer = xavierInitializer() } = options;
  const { biasesInitializer = zerosInitializer(), trainable = true } = options;
  const format = channelsFormat(dataFormat, imageFormats);
  const names = { bias: "biases", depthwise_kernel: "depthwise_weights", pointwise_kernel: "pointwise_weights" };
  return inLayerScope("SeparableConv2d", options, names, (scope) => {
    const inputs = convertToTensor(given);
    if (numOutputs !== null) {
      const layer = new SeparableConv2D(numOutputs, kernelSize, {
        strides: stride,
        padding,
        dataFormat: format,
        dilationRate: twoElementTuple(rate),
        depthMultiplier,
        useBias: !options.normalizerFn && Boolean(biasesInitializer),
        depthwiseInitializer: weightsInitializer,
        pointwiseInitializer: options.pointwiseInitializer ?? weightsInitializer,
        biasInitializer: biasesInitializer,
        depthwiseRegularizer: options.weightsRegularizer,
        pointwiseRegularizer: options.weightsRegularizer,
        biasRegularizer: options.biasesRegularizer,
        trainable,
        name: scope.name,
        dtype: inputs.dtype.baseDtype,
        reuse: options.reuse === true,
      });
      const outputs = applied(layer, scope, inputs);
      addToVariableCollections(layer.depthwiseKernel, variablesCollections, "weights");
      addToVariableCollections(layer.pointwiseKernel, variablesCollections, "weights");
      addToVariableCollections(layer.bias, variablesCollections, "biases");
      return finished(outputs, options, activationFn, scope);
    }
    const channels = dimension(inputs.shape, format === "channels_first" ? 1 : -1, 4);
    const weights = own(
      "depthwise_weights",
      [...twoElementTuple(kernelSize), channels, depthMultiplier],
      inputs,
      options,
    );
    const strides = twoElementTuple(stride);
    const imageFormat = dataFormat as "NHWC" | "NCHW";
    let outputs = depthwiseConv2d(inputs, weights, {
      strides: format === "channels_first" ? [1, 1, ...strides] : [1, ...strides, 1],
      padding: paddingOf(padding),
      rate: twoElementTuple(rate),
      dataFormat: imageFormat,
    });
    if (wantsBiases(options)) {
      const biases = own("biases", [depthMultiplier * channels], inputs, options);
      outputs = biasAdd(outputs, biases, { dataFormat: imageFormat });
    }
    return finished(outputs, options, activationFn, scope);
  });
});

export const separableConv2d = separableConvolution2d;

const inPlanePlaces = ["stride", "padding", ...weightsPlaces] as const;

/** One filter for all channels, each by itself: [n, h, w, c] to [n, h', w', c]. */
export const convolution2dInPlane = scoped<
  [inputs: TensorLike, kernelSize: Size],
  Omit<ConvolutionOptions, "dataFormat">,
  typeof inPlanePlaces,
  Tensor
>("convolution2d_in_plane", 2, inPlanePlaces, (given, kernelSize, options) => {
  const { stride = 1, padding = "SAME", activationFn = relu as Activation } = options;
  return inLayerScope("ConvInPlane", options, null, (scope) => {
    const inputs = convertToTensor(given);
    const size = twoElementTuple(kernelSize);
    const strides = twoElementTuple(stride);
    const channels = dimension(inputs.shape, -1, 4);
    const weights = own("weights", [...size, 1, 1], inputs, options);
    let outputs = depthwiseConv2d(inputs, tile(weights, [1, 1, channels, 1]), {
      strides: [1, ...strides, 1],
      padding: paddingOf(padding),
    });
    if (wantsBiases(options)) outputs = biasAdd(outputs, own("biases", [channels], inputs, options));
    return finished(outputs, options, activationFn, scope);
  });
});

export const conv2dInPlane = convolution2dInPlane;
