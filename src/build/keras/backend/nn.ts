/** `tf.keras.backend`: activations, convolutions, pooling, normalization, losses. Source: tf_keras/src/backend.py. */
import { int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as ops from "../../../ops/index.ts";
import {
  binaryElements,
  binaryFocalElements,
  categoricalCrossentropy as categorical,
  categoricalFocalCrossentropy as categoricalFocal,
  sparseCategoricalCrossentropy as sparse,
} from "../losses/cross_entropy.ts";
import { imageDataFormat } from "../state.ts";
import { type Axis, axisOf } from "./math.ts";

type Unary = (x: TensorLike) => Tensor;
export const sigmoid: Unary = (x) => ops.sigmoid(x);
export const tanh: Unary = (x) => ops.tanh(x);
export const softplus: Unary = (x) => ops.softplus(x);
export const softsign: Unary = (x) => ops.softsign(x);
/** 0.2 x + 0.5 between 0 and 1. */
export const hardSigmoid: Unary = (x) => ops.clipByValue(ops.add(ops.multiply(x, 0.2), 0.5), 0, 1);
export const softmax = (x: TensorLike, axis?: Axis): Tensor => ops.softmax(x, { axis: axisOf(axis, -1) });
export const elu = (x: TensorLike, alpha = 1): Tensor => {
  const y = ops.elu(x);
  return alpha === 1 ? y : (ops.where(ops.greater(x, 0), y, ops.multiply(alpha, y)) as Tensor);
};

export interface ReluOptions {
  readonly alpha?: number | undefined;
  readonly maxValue?: number | null | undefined;
  readonly threshold?: number | undefined;
}
/** x above the threshold, alpha · (x - threshold) below, at most maxValue. */
export function relu(x: TensorLike, options: ReluOptions = {}): Tensor {
  const { alpha = 0, maxValue = null, threshold = 0 } = options;
  const given = convertToTensor(x);
  const above =
    threshold === 0
      ? ops.relu(given)
      : ops.multiply(given, ops.cast(ops.greater(given, threshold), given.dtype.baseDtype) as Tensor);
  const kept = maxValue === null ? above : ops.clipByValue(above, 0, maxValue);
  return alpha === 0 ? kept : kept.sub(ops.multiply(alpha, ops.relu(given.mul(-1).add(threshold))));
}

/** Zeros a part of x, `level`, and scales the rest. */
export const dropout = (
  x: TensorLike,
  level: number,
  options: { readonly noiseShape?: TensorLike | null; readonly seed?: number | null } = {},
): Tensor => {
  const { noiseShape, seed } = options;
  return ops.dropout(x, { rate: level, ...(noiseShape ? { noiseShape } : {}), ...(seed ? { seed } : {}) });
};

export interface FormatOptions {
  readonly dataFormat?: string | null | undefined;
}
const isFirst = ({ dataFormat }: FormatOptions): boolean => (dataFormat ?? imageDataFormat()) === "channels_first";
const opFormat = (options: FormatOptions, rank: 1 | 2 | 3): string => {
  const spatial = { 1: "W", 2: "HW", 3: "DHW" }[rank];
  return isFirst(options) ? `NC${spatial}` : `N${spatial}C`;
};

/** Adds a bias [c], or one for each place, [..., c]. */
export function biasAdd(x: TensorLike, bias: TensorLike, options: FormatOptions = {}): Tensor {
  const [given, b] = [convertToTensor(x), convertToTensor(bias)];
  const rank = given.shape!.length;
  const first = isFirst(options) && rank > 2;
  if (b.shape!.length === 1) return ops.biasAdd(given, b, { dataFormat: first ? "NCHW" : "NHWC" });
  const shape = b.shape as readonly number[];
  return given.add(ops.reshape(b, first ? [1, shape.at(-1)!, ...shape.slice(0, -1)] : [1, ...shape]));
}

type Size = number | readonly number[];
export interface WindowOptions extends FormatOptions {
  readonly strides?: Size | undefined;
  readonly padding?: "valid" | "same" | "causal" | undefined;
  readonly dilationRate?: Size | undefined;
}
const list = (size: Size | undefined, n: number): number[] =>
  typeof size === "object" ? [...size] : new Array<number>(n).fill(size ?? 1);
const paddingOf = ({ padding = "valid" }: WindowOptions): "SAME" | "VALID" => (padding === "same" ? "SAME" : "VALID");

function convolved(x: TensorLike, kernel: TensorLike, rank: 1 | 2 | 3, options: WindowOptions): Tensor {
  const [strides, dilationRate] = [list(options.strides, rank), list(options.dilationRate, rank)];
  return ops.convolution(x, kernel, {
    strides,
    dilationRate,
    padding: paddingOf(options),
    dataFormat: opFormat(options, rank),
  });
}
/** Sequences [n, t, c] with kernels [k, c, filters]; "causal" looks at no later step. */
export function conv1d(x: TensorLike, kernel: TensorLike, options: WindowOptions = {}): Tensor {
  if (options.padding !== "causal") return convolved(x, kernel, 1, options);
  const [width] = convertToTensor(kernel).shape as readonly number[];
  const before = list(options.dilationRate, 1)[0]! * (width! - 1);
  return convolved(ops.pad(x, [[0, 0], [before, 0], [0, 0]]), kernel, 1, options); // biome-ignore format: as pairs
}
/** Images [n, h, w, c] with kernels [h, w, c, filters]. */
export const conv2d = (x: TensorLike, kernel: TensorLike, options: WindowOptions = {}): Tensor =>
  convolved(x, kernel, 2, options);
/** Volumes [n, d, h, w, c] with kernels [d, h, w, c, filters]. */
export const conv3d = (x: TensorLike, kernel: TensorLike, options: WindowOptions = {}): Tensor =>
  convolved(x, kernel, 3, options);
const strides2 = (options: WindowOptions): number[] => {
  const inner = list(options.strides, 2);
  return isFirst(options) ? [1, 1, ...inner] : [1, ...inner, 1];
};
/** The transpose of conv2d, to images of this shape. */
export const conv2dTranspose = (
  x: TensorLike,
  kernel: TensorLike,
  outputShape: TensorLike,
  options: WindowOptions = {},
): Tensor =>
  ops.conv2dTranspose(x, kernel, outputShape, {
    strides: strides2(options),
    padding: paddingOf(options),
    dataFormat: opFormat(options, 2),
  });
/** A filter for each channel: kernels [h, w, c, multiplier]. */
export const depthwiseConv2d = (x: TensorLike, kernel: TensorLike, options: WindowOptions = {}): Tensor =>
  ops.depthwiseConv2d(x, kernel, {
    strides: strides2(options) as never,
    padding: paddingOf(options),
    dilations: list(options.dilationRate, 2) as never,
    dataFormat: opFormat(options, 2),
  });
/** A filter for each channel, then a mixture of channels. */
export const separableConv2d = (
  x: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  options: WindowOptions = {},
): Tensor => conv2d(depthwiseConv2d(x, depthwiseKernel, options), pointwiseKernel, { dataFormat: options.dataFormat });

export interface PoolOptions extends Omit<WindowOptions, "dilationRate"> {
  readonly poolMode?: "max" | "avg" | undefined;
}
function pooled(x: TensorLike, poolSize: Size, rank: 2 | 3, options: PoolOptions): Tensor {
  const whole = (size: number[]): number[] => (isFirst(options) ? [1, 1, ...size] : [1, ...size, 1]);
  const { poolMode = "max" } = options;
  if (poolMode !== "max" && poolMode !== "avg") throw new ValueError(`Invalid pooling mode: ${poolMode}`);
  const settings = {
    ksize: whole(list(poolSize, rank)),
    strides: whole(list(options.strides, rank)),
    padding: paddingOf(options),
    dataFormat: opFormat(options, rank),
  };
  if (rank === 2) return (poolMode === "max" ? ops.maxPool : ops.avgPool)(x, settings);
  return (poolMode === "max" ? ops.maxPool3d : ops.avgPool3d)(x, settings);
}
export const pool2d = (x: TensorLike, poolSize: Size, options: PoolOptions = {}): Tensor =>
  pooled(x, poolSize, 2, options);
export const pool3d = (x: TensorLike, poolSize: Size, options: PoolOptions = {}): Tensor =>
  pooled(x, poolSize, 3, options);

/** Images, each side times a factor. Throws ValueError for another interpolation. */
export function resizeImages(
  x: TensorLike,
  heightFactor: number,
  widthFactor: number,
  dataFormat: string,
  interpolation: "nearest" | "bilinear" = "nearest",
): Tensor {
  const first = dataFormat === "channels_first";
  const given = first ? ops.transpose(x, { perm: [0, 2, 3, 1] }) : convertToTensor(x);
  const size = ops
    .shape(given)
    .at({ start: 1, stop: 3 })
    .mul(ops.constant([heightFactor, widthFactor]));
  const made =
    interpolation === "nearest"
      ? ops.resizeNearestNeighbor(given, size, {})
      : ops.resizeBilinear(given, size, { halfPixelCenters: true });
  const [n, h, w, c] = given.shape!;
  made.setShape([n!, h ? h * heightFactor : null, w ? w * widthFactor : null, c!]);
  return first ? ops.transpose(made, { perm: [0, 3, 1, 2] }) : made;
}
/** Volumes, each side times a factor. */
export function resizeVolumes(
  x: TensorLike,
  depthFactor: number,
  heightFactor: number,
  widthFactor: number,
  dataFormat: string,
): Tensor {
  const first = dataFormat === "channels_first" ? 2 : 1;
  const factors = [depthFactor, heightFactor, widthFactor];
  return factors.reduce((y: Tensor, factor, i) => ops.repeat(y, factor, { axis: first + i }), convertToTensor(x));
}

export interface NormalizationOptions {
  readonly axis?: number | undefined;
  readonly epsilon?: number | undefined;
}
/** (x - mean) / √(var + epsilon) · gamma + beta, each along an axis (the last one). */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  beta: TensorLike | null,
  gamma: TensorLike | null,
  options: NormalizationOptions = {},
): Tensor {
  const { epsilon = 1e-3 } = options;
  return ops.batchNormalization(x, { mean, variance, offset: beta, scale: gamma, varianceEpsilon: epsilon });
}
/** The batch normalized by its own mean and variance over the given axes, with both of them. */
export function normalizeBatchInTraining(
  x: TensorLike,
  gamma: TensorLike | null,
  beta: TensorLike | null,
  reductionAxes: readonly number[],
  options: { readonly epsilon?: number } = {},
): [normalized: Tensor, mean: Tensor, variance: Tensor] {
  const given = convertToTensor(x);
  const { epsilon = 1e-3 } = options;
  const [mean, variance] = ops.moments(given, reductionAxes);
  const wide = (v: TensorLike | null): Tensor | null =>
    v === null
      ? null
      : ops.reshape(
          v,
          given.shape!.map((_, i) => (reductionAxes.includes(i) ? 1 : -1)),
        );
  const settings = { mean: wide(mean)!, variance: wide(variance)!, offset: wide(beta), scale: wide(gamma) };
  return [ops.batchNormalization(given, { ...settings, varianceEpsilon: epsilon }), mean, variance];
}

interface Logits {
  readonly fromLogits?: boolean | undefined;
}
/** For each element: targets 0 or 1, outputs probabilities or logits. */
export const binaryCrossentropy = (target: TensorLike, output: TensorLike, options: Logits = {}): Tensor =>
  binaryElements(target, output, options);
export const binaryFocalCrossentropy = (
  target: TensorLike,
  output: TensorLike,
  options: Logits & { readonly applyClassBalancing?: boolean; readonly alpha?: number; readonly gamma?: number } = {},
): Tensor => binaryFocalElements(target, output, options);
export const categoricalCrossentropy = (
  target: TensorLike,
  output: TensorLike,
  options: Logits & { readonly axis?: number } = {},
): Tensor => categorical(target, output, options);
export const categoricalFocalCrossentropy = (
  target: TensorLike,
  output: TensorLike,
  options: Logits & { readonly alpha?: number; readonly gamma?: number; readonly axis?: number } = {},
): Tensor => categoricalFocal(target, output, options);
export const sparseCategoricalCrossentropy = (target: TensorLike, output: TensorLike, options: Logits = {}): Tensor =>
  sparse(target, output, options);

/** Is the target among the k largest predictions? bool [batch]. */
export const inTopK = (predictions: TensorLike, targets: TensorLike, k: number): Tensor =>
  ops.inTopK(predictions, targets, k);

/** Labels [batch, length] as a sparse matrix of those before each row's length. */
export function ctcLabelDenseToSparse(labels: TensorLike, labelLengths: TensorLike): SparseTensor {
  const dense = convertToTensor(labels);
  const sizes = ops.shape(dense);
  const places = ops.range(0, sizes.at(1), 1);
  const lengths = ops.expandDims(ops.cast(ops.reshape(labelLengths, [-1]), int32) as Tensor, 1);
  const indices = ops.where(ops.less(ops.expandDims(places, 0), lengths)) as Tensor;
  return new SparseTensor({
    indices,
    values: ops.gatherNd(dense, indices),
    denseShape: ops.cast(sizes, int64) as Tensor,
  });
}
/** The CTC loss of each example: labels [batch, length], probabilities [batch, time, classes]; [batch, 1]. */
export function ctcBatchCost(
  yTrue: TensorLike,
  yPred: TensorLike,
  inputLength: TensorLike,
  labelLength: TensorLike,
): Tensor {
  const labels = ctcLabelDenseToSparse(ops.cast(convertToTensor(yTrue), int32) as Tensor, labelLength);
  const inputs = ops.log(ops.transpose(yPred, { perm: [1, 0, 2] }).add(1e-7)) as Tensor;
  const sequenceLength = ops.cast(ops.reshape(inputLength, [-1]), int32) as Tensor;
  return ops.expandDims(ops.ctcLoss({ inputs, labels, sequenceLength }), 1);
}
/** The likeliest labels [batch, length] (-1 after their ends), best first, and their log probabilities. */
export function ctcDecode(
  yPred: TensorLike,
  inputLength: TensorLike,
  options: { readonly greedy?: boolean; readonly beamWidth?: number; readonly topPaths?: number } = {},
): [decoded: Tensor[], logProbabilities: Tensor] {
  const { greedy = true, beamWidth = 100, topPaths = 1 } = options;
  const inputs = ops.log(ops.transpose(yPred, { perm: [1, 0, 2] }).add(1e-7)) as Tensor;
  const lengths = ops.cast(ops.reshape(inputLength, [-1]), int32) as Tensor;
  const [decoded, probabilities] = greedy
    ? ops.ctcGreedyDecoder(inputs, lengths)
    : ops.ctcBeamSearchDecoder(inputs, lengths, { beamWidth, topPaths });
  return [decoded.map((each) => ops.sparseTensorToDense(each, { defaultValue: -1 })), probabilities];
}
