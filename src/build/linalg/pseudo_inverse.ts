/** Ranks and pseudo-inverses of matrices, by their singular values. Source: linalg_impl.py. */
import { type DType, float16, float32, float64, int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";

/** The distance from 1 to the next number. */
const epsilonOf = (dtype: DType): number =>
  dtype.baseDtype === float64
    ? 2 ** -52
    : dtype.baseDtype === float32
      ? 2 ** -23
      : dtype === float16
        ? 2 ** -10
        : 2 ** -7;

function checkMatrix(a: Tensor): void {
  if (!a.dtype.isFloating) throw new TypeError(`Input \`a\` must have \`float\`-like \`dtype\` (saw ${a.dtype.name}).`);
  if (a.shape && a.shape.length < 2) {
    throw new ValueError(`Input \`a\` must have at least 2 dimensions (saw: ${a.shape.length}).`);
  }
}

/** The number of singular values above `tol`, by default the rounding error of the largest: [..., m, n] -> int32 [...]. */
export const matrixRank = (a: TensorLike, options: { readonly tol?: TensorLike } & Named = {}): Tensor =>
  inScope(options.name, "matrix_rank", () => {
    const matrix = convertToTensor(a, { preferredDtype: float32, name: "a" });
    checkMatrix(matrix);
    const values = tf.svd(matrix, { computeUv: false });
    const tol = options.tol ?? leastValue(matrix, values);
    return tf.reduceSum(tf.cast(values.greater(tol), int32), { axis: -1 });
  });

function leastValue(matrix: Tensor, values: Tensor): Tensor {
  const dims = matrix.shape?.slice(-2);
  const isKnown = dims?.every((dim) => dim !== null);
  // numpy's maximum of dimensions is an int64.
  const longest = isKnown ? BigInt(Math.max(...(dims as number[]))) : tf.reduceMax(tf.shape(matrix).at("-2:"));
  const scale = tf.cast(longest, matrix.dtype.baseDtype).rmul(epsilonOf(matrix.dtype));
  return scale.mul(tf.reduceMax(values, { axis: -1, keepdims: true }));
}

/** Like numpy's: singular values up to `rcond` times the largest count as zero. [..., m, n] -> [..., n, m]. */
export const pinv = (a: TensorLike, options: { readonly rcond?: TensorLike } & Named = {}): Tensor =>
  inScope(options.name, "pinv", () => {
    const matrix = convertToTensor(a, { name: "a" });
    checkMatrix(matrix);
    const dtype = matrix.dtype.baseDtype;
    const rcond = convertToTensor(options.rcond ?? defaultCutoff(matrix), { dtype, name: "rcond" });
    const { s, u, v } = tf.svd(matrix);
    const cutoff = rcond.mul(tf.reduceMax(s, { axis: -1 }));
    const isLarge = s.greater(tf.expandDims(cutoff, -1));
    const kept = tf.whereV2(isLarge, s, Number.POSITIVE_INFINITY);
    const result = tf.matmul(v.div(tf.expandDims(kept, -2)), u, { adjointB: true });
    const { shape } = matrix;
    if (shape) result.setShape([...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]);
    return result;
  });

function defaultCutoff(matrix: Tensor): TensorLike {
  const dim = (axis: number): TensorLike => matrix.shape?.at(axis) ?? tf.shape(matrix).at(axis);
  const [rows, columns] = [dim(-2), dim(-1)];
  const epsilon = epsilonOf(matrix.dtype);
  if (typeof rows === "number" && typeof columns === "number") return 10 * Math.max(rows, columns) * epsilon;
  return tf.cast(tf.maximum(rows, columns), matrix.dtype.baseDtype).rmul(10).mul(epsilon);
}
