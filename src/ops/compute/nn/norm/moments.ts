/** Means, variances and what normalizes by them. Source: nn_impl.py. */
import { float32 } from "../../../../core/dtype.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";

export type Axes = number | readonly number[];

export interface MomentsOptions extends Named {
  /** Subtracted first by sufficientStatistics, for precision; without effect on moments. */
  readonly shift?: TensorLike | null;
  readonly keepdims?: boolean;
}

const momentsPlaces = ["shift", "name", "keepdims"] as const;

/** The mean and the variance of x over axes. float16 is computed in float32. */
export const moments = byKeyword(
  ["x", "axes"],
  function moments(
    x: TensorLike,
    axes: Axes,
    ...rest: Rest<MomentsOptions, typeof momentsPlaces>
  ): [mean: Tensor, variance: Tensor] {
    const options = byName<MomentsOptions>(rest, momentsPlaces);
    const { keepdims = false, name } = options;
    const given = convertToTensor(x);
    return inScope(name, "moments", () => {
      const isHalf = given.dtype.base === "float16";
      const y = isHalf ? tf.cast(given, float32) : given;
      let mean = tf.reduceMean(y, { axis: axes, keepdims: true, name: "mean" });
      const squares = tf.squaredDifference(y, tf.stopGradient(mean));
      let variance = tf.reduceMean(squares, { axis: axes, keepdims: true, name: "variance" });
      if (!keepdims) {
        mean = tf.squeeze(mean, { axis: axes });
        variance = tf.squeeze(variance, { axis: axes });
      }
      const back = (value: Tensor): Tensor => (isHalf ? tf.cast(value, given.dtype.baseDtype) : value);
      return [back(mean), back(variance)];
    });
  },
);

const weightedMomentsPlaces = ["name", "keepdims"] as const;

/** Mean and variance of x over axes where each element counts by its weight, which broadcasts. */
export const weightedMoments = byKeyword(
  ["x", "axes", "frequencyWeights"],
  function weightedMoments(
    x: TensorLike,
    axes: Axes,
    frequencyWeights: TensorLike,
    ...rest: Rest<MomentsOptions, typeof weightedMomentsPlaces>
  ): [Tensor, Tensor] {
    const options = byName<MomentsOptions>(rest, weightedMomentsPlaces);
    const { keepdims = false, name } = options;
    return inScope(name, "weighted_moments", () => {
      const given = convertToTensor(x, { name: "x" });
      const weights = convertToTensor(frequencyWeights, { name: "frequency_weights" });
      const isHalf = given.dtype.base === "float16";
      const y = isHalf ? tf.cast(given, float32) : given;
      const w = weights.dtype.baseDtype === y.dtype.baseDtype ? weights : tf.cast(weights, y.dtype.baseDtype);
      const inputSum = tf.reduceSum(w.mul(y), { axis: axes, keepdims: true, name: "weighted_input_sum" });
      const broadcast = w.add(tf.zerosLike(y));
      const weightSum = tf.reduceSum(broadcast, { axis: axes, keepdims: true, name: "sum_of_weights" });
      let mean = tf.divNoNan(inputSum, weightSum);
      const distances = tf.reduceSum(w.mul(tf.squaredDifference(y, mean)), {
        axis: axes,
        keepdims: true,
        name: "weighted_distsq",
      });
      let variance = tf.divNoNan(distances, weightSum);
      if (!keepdims) {
        mean = tf.squeeze(mean, { axis: axes });
        variance = tf.squeeze(variance, { axis: axes });
      }
      const back = (value: Tensor): Tensor => (isHalf ? tf.cast(value, given.dtype.baseDtype) : value);
      return [back(mean), back(variance)];
    });
  },
);

export interface Statistics {
  readonly counts: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly shift: Tensor | null;
}

/** The count, the sum and the sum of squares of x over axes: what moments are computed from. */
export const sufficientStatistics = byKeyword(
  ["x", "axes"],
  function sufficientStatistics(
    x: TensorLike,
    axes: readonly number[],
    ...rest: Rest<MomentsOptions, typeof momentsPlaces>
  ): Statistics {
    const options = byName<MomentsOptions>(rest, momentsPlaces);
    const { keepdims = false, name } = options;
    const all = [...new Set(axes)];
    return inScope(name, "sufficient_statistics", () => {
      const y = convertToTensor(x, { name: "x" });
      const counts = countOf(y, all);
      const shift =
        options.shift === undefined || options.shift === null
          ? null
          : convertToTensor(options.shift, { name: "shift" });
      const first = shift ? tf.subtract(y, shift) : y;
      const second = shift ? tf.squaredDifference(y, shift) : tf.square(y);
      return {
        counts,
        mean: tf.reduceSum(first, { axis: all, keepdims, name: "mean_ss" }),
        variance: tf.reduceSum(second, { axis: all, keepdims, name: "var_ss" }),
        shift,
      };
    });
  },
);

function countOf(x: Tensor, axes: readonly number[]): Tensor {
  const dims = x.shape && axes.map((axis) => x.shape!.at(axis) ?? null);
  if (dims?.every((d) => d !== null))
    return constant(
      dims.reduce((n, d) => n * d, 1),
      { dtype: x.dtype.baseDtype },
    );
  const rank = tf.rank(x);
  const positive = axes.map((axis) => (axis < 0 ? rank.add(axis) : axis));
  return tf.reduceProd(tf.gather(tf.cast(tf.shape(x), x.dtype.baseDtype), positive), { name: "count" });
}

/** Mean and variance from sufficientStatistics. */
export function normalizeMoments(
  counts: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  shift: TensorLike | null,
  name?: Name,
): [Tensor, Tensor] {
  return inScope(nameOf(name), "normalize", () => {
    const divisor = tf.reciprocal(counts, { name: "divisor" });
    const shifted = tf.multiply(mean, divisor, { name: shift === null ? "mean" : "shifted_mean" });
    const center = shift === null ? shifted : tf.add(shifted, shift, { name: "mean" });
    return [center, tf.subtract(tf.multiply(variance, divisor), tf.square(shifted), { name: "variance" })];
  });
}

export interface BatchNormalizationOptions extends Named {
  readonly mean: TensorLike;
  readonly variance: TensorLike;
  readonly offset: TensorLike | null;
  readonly scale: TensorLike | null;
  /** Added to the variance, so that nothing is divided by zero. */
  readonly varianceEpsilon: number | Tensor;
}

/** (x - mean) / sqrt(variance + epsilon) * scale + offset; all broadcast to x. */
export function batchNormalization(
  x: TensorLike,
  ...rest: Rest<BatchNormalizationOptions, ["mean", "variance", "offset", "scale", "varianceEpsilon", "name"]>
): Tensor {
  const options: BatchNormalizationOptions = byName(rest, [
    "mean",
    "variance",
    "offset",
    "scale",
    "varianceEpsilon",
    "name",
  ]);
  const { offset = null, scale = null, varianceEpsilon, name } = options;
  const [given, mean, variance] = [
    convertToTensor(x),
    convertToTensor(options.mean),
    convertToTensor(options.variance),
  ];
  return inScope(name, "batchnorm", () => {
    let inverse = tf.rsqrt(variance.add(varianceEpsilon));
    if (scale !== null) inverse = inverse.mul(scale);
    const dtype = given.dtype.baseDtype;
    const product = given.mul(tf.cast(inverse, dtype));
    const shift = offset === null ? mean.neg().mul(inverse) : convertToTensor(offset).sub(mean.mul(inverse));
    return product.add(tf.cast(shift, dtype));
  });
}

export interface GlobalNormalizationOptions extends Named {
  readonly mean: TensorLike;
  readonly variance: TensorLike;
  readonly beta: TensorLike | null;
  readonly gamma: TensorLike | null;
  readonly varianceEpsilon: number | Tensor;
  readonly scaleAfterNormalization: boolean;
}

const globalPlaces = [
  "mean",
  "variance",
  "beta",
  "gamma",
  "varianceEpsilon",
  "scaleAfterNormalization",
  "name",
] as const;

/** batchNormalization under its first name; gamma counts with scaleAfterNormalization only. */
export function batchNormWithGlobalNormalization(
  x: TensorLike,
  ...rest: Rest<GlobalNormalizationOptions, typeof globalPlaces>
): Tensor {
  const options = byName<GlobalNormalizationOptions>(rest, globalPlaces);
  const { mean, variance, beta, gamma, varianceEpsilon, scaleAfterNormalization, name } = options;
  return batchNormalization(x, {
    mean,
    variance,
    offset: beta,
    scale: scaleAfterNormalization ? gamma : null,
    varianceEpsilon,
    name,
  });
}

export interface NormalizeOptions extends Named {
  readonly axis?: Axes | null;
  readonly epsilon?: number;
}

const l2NormalizePlaces = ["axis", "epsilon", "name"] as const;

/** x / sqrt(max(sum(x ** 2), epsilon)) along axis. */
export function l2Normalize(x: TensorLike, ...rest: Rest<NormalizeOptions, typeof l2NormalizePlaces>): Tensor {
  const { axis = null, epsilon = 1e-12, name } = byName<NormalizeOptions>(rest, l2NormalizePlaces);
  return inScope(name, "l2_normalize", (scope) => {
    const y = convertToTensor(x, { name: "x" });
    const reduce = (squares: Tensor): Tensor =>
      tf.reduceSum(squares, { axis: axis === null ? null : axis, keepdims: true });
    if (y.dtype.isComplex) {
      const squares = tf.square(tf.real(y)).add(tf.square(tf.imag(y)));
      const inverse = tf.rsqrt(tf.maximum(tf.real(reduce(squares)), epsilon));
      return tf.complex(tf.multiply(tf.real(y), inverse), tf.multiply(tf.imag(y), inverse), { name: scope });
    }
    const inverse = tf.rsqrt(tf.maximum(reduce(tf.square(y)), epsilon));
    return tf.multiply(y, inverse, { name: scope });
  });
}
