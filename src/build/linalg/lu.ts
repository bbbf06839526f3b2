/** What LU factors are for: solving, inverting, multiplying them out. Source: linalg_impl.py. */
import { float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatibleDims, isFull } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { mapFn } from "../control_flow/functional.ts";

interface Factors {
  /** The unit lower factor below the diagonal, the upper one on and above it: [..., n, n]. */
  readonly both: Tensor;
  /** Row i of the product is row permutation[i] of the factored matrix: [..., n]. */
  readonly permutation: Tensor;
}

/** Throws ValueError for factors of wrong shapes. */
function factorsOf(lowerUpper: TensorLike, perm: TensorLike): Factors {
  const both = convertToTensor(lowerUpper, { preferredDtype: float32, name: "lower_upper" });
  const permutation = convertToTensor(perm, { preferredDtype: int32, name: "perm" });
  const { shape } = both;
  if (shape && shape.length < 2) throw new ValueError("Input `lower_upper` must have at least 2 dimensions.");
  if (shape && permutation.shape && shape.length !== permutation.shape.length + 1) {
    throw new ValueError("`rank(lower_upper)` must equal `rank(perm) + 1`");
  }
  if (shape && isFull(shape.slice(0, -2)) && shape.at(-1) !== shape.at(-2)) {
    throw new ValueError("`lower_upper` must be square.");
  }
  return { both, permutation };
}

function unitLower(both: Tensor, shape?: Tensor): Tensor {
  const below = tf.matrixBandPart(both, -1, 0);
  const ones = tf.ones((shape ?? tf.shape(both)).at(":-1"), both.dtype.baseDtype);
  return tf.matrixSetDiag(below, ones);
}

/** x with A x = rhs, given lu and p of `lu(A)`. */
export const luSolve = (lowerUpper: TensorLike, perm: TensorLike, rhs: TensorLike, options: Named = {}): Tensor =>
  inScope(options.name, "lu_solve", () => {
    const { both, permutation } = factorsOf(lowerUpper, perm);
    const right = convertToTensor(rhs, { preferredDtype: both.dtype.baseDtype, name: "rhs" });
    if (right.shape && right.shape.length < 2) throw new ValueError("Input `rhs` must have at least 2 dimensions.");
    if (both.shape && right.shape && !compatibleDims(both.shape.at(-1)!, right.shape.at(-2)!)) {
      throw new ValueError("`lower_upper.shape[-1]` must equal `rhs.shape[-1]`.");
    }
    const isSingle = right.shape?.length === 2 && permutation.shape?.length === 1;
    const permuted = isSingle ? tf.gather(right, permutation, { axis: -2 }) : permutedRows(right, permutation);
    const lower = unitLower(both);
    return tf.matrixTriangularSolve(both, tf.matrixTriangularSolve(lower, permuted), { lower: false });
  });

/** The rows of each matrix in the order of its permutation, both broadcast over their batches. */
function permutedRows(rhs: Tensor, permutation: Tensor): Tensor {
  const shape = tf.shape(rhs);
  const batch = tf.broadcastDynamicShape(shape.at(":-2"), tf.shape(permutation).at(":-1"));
  const [d, m] = [shape.at(-2), shape.at(-1)];
  const wanted = tf.concat([batch, [d, m]], 0);
  const rows = tf.reshape(tf.broadcastTo(rhs, wanted), [-1, d, m]);
  const order = tf.reshape(tf.broadcastTo(permutation, wanted.at(":-1")), [-1, d]);
  const count = tf.reduceProd(batch);
  const places = tf.broadcastTo(tf.range(count).at(":", null), [count, d]);
  return tf.reshape(tf.gatherNd(rows, tf.stack([places, order], { axis: -1 })), wanted);
}

/** The inverse of A, given lu and p of `lu(A)`. */
export const luMatrixInverse = (lowerUpper: TensorLike, perm: TensorLike, options: Named = {}): Tensor =>
  inScope(options.name, "lu_matrix_inverse", () => {
    const { both, permutation } = factorsOf(lowerUpper, perm);
    const shape = tf.shape(both);
    const rows = shape.at(-1);
    const one = tf.eye(rows, { batchShape: shape.at(":-2"), dtype: both.dtype.baseDtype });
    return luSolve(both, permutation, one);
  });

/** A, given lu and p of `lu(A)`. */
export const luReconstruct = (lowerUpper: TensorLike, perm: TensorLike, options: Named = {}): Tensor =>
  inScope(options.name, "lu_reconstruct", () => {
    const { both, permutation } = factorsOf(lowerUpper, perm);
    const shape = tf.shape(both);
    const lower = unitLower(both, shape);
    const product = tf.matmul(lower, tf.matrixBandPart(both, 0, -1));
    const result =
      both.shape?.length === 2
        ? tf.gather(product, tf.invertPermutation(permutation))
        : unpermuted(product, permutation, shape);
    result.setShape(both.shape);
    return result;
  });

function unpermuted(product: Tensor, permutation: Tensor, shape: Tensor): Tensor {
  const count = tf.reduceProd(shape.at(":-2"));
  const d = shape.at(-1);
  const rows = tf.reshape(product, [count, d, d]);
  const orders = tf.reshape(permutation, [count, d]);
  const inverse = mapFn((order) => tf.invertPermutation(order as Tensor), orders) as Tensor;
  const places = tf.broadcastTo(tf.range(count).at(":", null), [count, d]);
  return tf.reshape(tf.gatherNd(rows, tf.stack([places, inverse], { axis: -1 })), shape);
}
