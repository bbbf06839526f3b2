/** `tf.contrib.layers`: convolutions and their transposes. Source: contrib/layers layers.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { relu } from "../../../ops/index.ts";
import { zerosInitializer } from "../../initializers.ts";
import { Conv1D, Conv2D, Conv3D } from "../../layers/convolution.ts";
import type { DataFormat } from "../../layers/core.ts";
import { Conv2DTranspose, Conv3DTranspose } from "../../layers/transpose.ts";
import type { Padding, Size } from "../../layers/window.ts";
import type { VariableScope } from "../../variables/scope.ts";
import { scoped } from "../framework/arg_scope.ts";
import {
  type Activation,
  addToVariableCollections,
  applied,
  channelsFormat,
  finished,
  imageFormats,
  inLayerScope,
  volumeFormats,
  type WeightsOptions,
  weightsPlaces,
} from "./common.ts";
import { xavierInitializer } from "./initializers.ts";

export interface ConvolutionOptions extends WeightsOptions {
  readonly stride?: Size | undefined;
  /** SAME by default. */
  readonly padding?: Padding | undefined;
  /** Channels last by default. */
  readonly dataFormat?: string | null | undefined;
}

export interface RateOptions extends ConvolutionOptions {
  /** Distance between the filter's taps. */
  readonly rate?: Size | undefined;
}

const windowPlaces = ["stride", "padding", "dataFormat"] as const;
const convolutionPlaces = [...windowPlaces, "rate", ...weightsPlaces] as const;
const transposePlaces = [...windowPlaces, ...weightsPlaces] as const;
type Arguments = [inputs: TensorLike, numOutputs: number, kernelSize: Size];

const formats = ["NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"];

/** What the layers take from these options. */
const layerOptions = (options: ConvolutionOptions, inputs: Tensor, scope: VariableScope, dataFormat: DataFormat) => {
  const { stride = 1, padding = "SAME", weightsInitializer = xavierInitializer() } = options;
  const { biasesInitializer = zerosInitializer(), trainable = true } = options;
  return {
    strides: stride,
    padding,
    dataFormat,
    useBias: !options.normalizerFn && Boolean(biasesInitializer),
    kernelInitializer: weightsInitializer,
    biasInitializer: biasesInitializer,
    kernelRegularizer: options.weightsRegularizer,
    biasRegularizer: options.biasesRegularizer,
    trainable,
    name: scope.name,
    dtype: inputs.dtype.baseDtype,
    reuse: options.reuse === true,
  };
};

type ConvolutionLayer = Conv1D | Conv2D | Conv3D | Conv2DTranspose | Conv3DTranspose;

function outputsOf(layer: ConvolutionLayer, inputs: Tensor, options: ConvolutionOptions, scope: VariableScope): Tensor {
  const { activationFn = relu as Activation, variablesCollections } = options;
  const outputs = applied(layer, scope, inputs);
  addToVariableCollections(layer.kernel, variablesCollections, "weights");
  addToVariableCollections(layer.bias, variablesCollections, "biases");
  return finished(outputs, options, activationFn, scope);
}

const renamed = { bias: "biases", kernel: "weights" };
const classes = { 3: Conv1D, 4: Conv2D, 5: Conv3D } as const;

function convolved(
  given: TensorLike,
  numOutputs: number,
  kernelSize: Size,
  options: RateOptions,
  axes?: number,
): Tensor {
  const { dataFormat, rate = 1 } = options;
  if (dataFormat !== undefined && dataFormat !== null && !formats.includes(dataFormat)) {
    throw new ValueError(`Invalid data_format: '${dataFormat}'`);
  }
  return inLayerScope("Conv", options, renamed, (scope) => {
    const inputs = convertToTensor(given);
    const rank = inputs.shape?.length;
    if (axes !== undefined && axes + 2 !== rank) {
      throw new ValueError(`Convolution expects input with rank ${axes + 2}, got ${rank ?? "None"}`);
    }
    const ConvolutionClass = classes[rank as keyof typeof classes];
    if (!ConvolutionClass) throw new ValueError(`('Convolution not supported for input with rank', ${rank ?? "None"})`);
    const layer = new ConvolutionClass(numOutputs, kernelSize, {
      ...layerOptions(options, inputs, scope, dataFormat?.startsWith("NC") ? "channels_first" : "channels_last"),
      dilationRate: rate,
    });
    return outputsOf(layer, inputs, options, scope);
  });
}

/**
 * activation(convolution of inputs with weights, plus biases): [n, ..., c] to [n, ..., numOutputs]; one, two or three spatial axes by the
 * inputs' rank. Throws ValueError for other ranks and formats.
 */
export const convolution = scoped<Arguments, RateOptions, typeof convolutionPlaces, Tensor>(
  "convolution",
  3,
  convolutionPlaces,
  convolved,
);

const ofRank = (python: string, axes: number) =>
  scoped<Arguments, RateOptions, typeof convolutionPlaces, Tensor>(
    python,
    3,
    convolutionPlaces,
    (inputs, numOutputs, kernelSize, options) => convolved(inputs, numOutputs, kernelSize, options, axes),
  );

/** As `convolution`, of sequences [n, w, c]. */
export const convolution1d = ofRank("convolution1d", 1);
/** As `convolution`, of images [n, h, w, c]. */
export const convolution2d = ofRank("convolution2d", 2);
/** As `convolution`, of volumes [n, d, h, w, c]. */
export const convolution3d = ofRank("convolution3d", 3);

const transposed = (python: string, defaultName: string, allowed: readonly string[], isVolume: boolean) =>
  scoped<Arguments, ConvolutionOptions, typeof transposePlaces, Tensor>(
    python,
    3,
    transposePlaces,
    (given, numOutputs, kernelSize, options) =>
      inLayerScope(defaultName, options, renamed, (scope) => {
        const format = channelsFormat(options.dataFormat, allowed);
        const inputs = convertToTensor(given);
        const own = layerOptions(options, inputs, scope, format);
        const layer = isVolume
          ? new Conv3DTranspose(numOutputs, kernelSize, own)
          : new Conv2DTranspose(numOutputs, kernelSize, own);
        return outputsOf(layer, inputs, options, scope);
      }),
  );

/** activation(transpose of a convolution of images, plus biases): [n, h, w, c] to [n, h · stride, w · stride, numOutputs] with SAME. */
export const convolution2dTranspose = transposed("convolution2d_transpose", "Conv2d_transpose", imageFormats, false);
/** As convolution2dTranspose, of volumes. */
export const convolution3dTranspose = transposed("convolution3d_transpose", "Conv3d_transpose", volumeFormats, true);

export const conv1d = convolution1d;
export const conv2d = convolution2d;
export const conv3d = convolution3d;
export const conv2dTranspose = convolution2dTranspose;
export const conv3dTranspose = convolution3dTranspose;
