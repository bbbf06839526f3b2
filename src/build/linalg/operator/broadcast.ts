/** Batches of matrices brought to one batch shape, and checks of their entries. Source: linear_operator_util.py. */

import { ValueError } from "../../../core/error.ts";
import { isFull, type Shape, sameShape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { realDtype } from "../../../ops/compute/math/elementwise/complex.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual, assertLess } from "../../checks/compare.ts";
import { broadcastStaticShape } from "../../tensors/convert.ts";

/** Matrices [..., m, k] with the leading axes that all broadcast to. Throws ValueError for vectors. */
export const broadcastMatrices = (matrices: readonly TensorLike[]): Tensor[] =>
  getDefaultGraph().nameScope("broadcast_matrix_batch_dims", () => {
    const tensors = matrices.map((matrix) => {
      const tensor = convertToTensor(matrix);
      if (tensor.shape !== null && tensor.shape.length < 2) {
        throw new ValueError(`Expected [batch] matrix to have at least two dimensions. Found: ${tensor}.`);
      }
      return tensor;
    });
    if (tensors.length < 2) return tensors;
    const batches: Shape[] = tensors.map(({ shape }) => shape?.slice(0, -2) ?? null);
    const all = batches.reduce((a, b) => broadcastStaticShape(a, b));
    if (isFull(all)) {
      return tensors.map((tensor, i) => {
        const own = batches[i]!;
        if (isFull(own) && sameShape(own, all)) return tensor;
        return tf.broadcastTo(tensor, tf.concat([[...all], tf.shape(tensor).at("-2:")], 0));
      });
    }
    const dynamic = tensors
      .slice(1)
      .reduce(
        (shape, tensor) => tf.broadcastDynamicShape(shape, tf.shape(tensor).at(":-2")),
        tf.shape(tensors[0]!).at(":-2"),
      );
    return tensors.map((tensor) => tf.broadcastTo(tensor, tf.concat([dynamic, tf.shape(tensor).at("-2:")], 0)));
  });

/** X with A X = rhs, their batches broadcast; many right sides of one matrix are solved together. */
export const solveBroadcast = (matrix: TensorLike, rhs: TensorLike, adjoint: boolean): Tensor =>
  getDefaultGraph().nameScope("MatrixSolveWithBroadcast", () => {
    const a = convertToTensor(matrix, { name: "matrix" });
    const b = convertToTensor(rhs, { name: "rhs", dtype: a.dtype });
    const folded = fold(a, b, adjoint);
    const [left, right] = broadcastMatrices([folded?.a ?? a, folded?.b ?? b]);
    const solution = tf.matrixSolve(left!, right!, { adjoint: adjoint && !folded });
    return folded ? folded.unfold(solution) : solution;
  });

/** The leading axes of b that a lacks moved behind its columns, where that saves work; null where it does not. */
function fold(a: Tensor, b: Tensor, adjoint: boolean): { a: Tensor; b: Tensor; unfold: (y: Tensor) => Tensor } | null {
  if (a.shape === null || b.shape === null || a.shape.length >= b.shape.length) return null;
  const extra = b.shape.length - a.shape.length;
  tf.shape(b).at(`:${extra}`);
  tf.shape(b).at(`${extra}:`);
  const [domain, columns] = [a.shape.at(adjoint ? -2 : -1)!, b.shape.at(-1)!];
  const lead: Shape = b.shape.slice(0, extra);
  if (isFull(lead) && domain !== null && columns !== null) {
    const count = lead.reduce((n, d) => n * d, 1);
    if (count < 2 || domain <= columns) return null;
  }
  const left = adjoint ? tf.matrixTranspose(a, { conjugate: true }) : a;
  const extraShape = tf.shape(b).at(`:${extra}`);
  const mainShape = tf.shape(b).at(`${extra}:`);
  const rank = b.shape.length;
  const order = Array.from({ length: rank }, (_, i) => (i + extra) % rank);
  const atEnd = tf.transpose(b, { perm: BigInt64Array.from(order, BigInt) });
  const squashed = tf.reshape(atEnd, tf.concat([mainShape.at(":-1"), [-1]], 0));
  const unfold = (y: Tensor): Tensor => {
    const shape = tf.concat([tf.shape(y).at(":-1"), [mainShape.at(-1)], extraShape], 0);
    const inverse = Array.from({ length: rank }, (_, i) => (i + rank - extra) % rank);
    return tf.transpose(tf.reshape(y, shape), { perm: BigInt64Array.from(inverse, BigInt) });
  };
  return { a: left, b: squashed, unfold };
}

/** An operation that fails where an entry is zero. */
export const assertNoZeros = (x: TensorLike, message: string): Operation =>
  getDefaultGraph().nameScope("assert_no_entries_with_modulus_zero", () => {
    const tensor = convertToTensor(x, { name: "x" });
    const size = tf.abs(tensor);
    return assertLess(tf.constant(0, { dtype: realDtype(tensor.dtype.baseDtype) }), size, { message });
  });

/** An operation that fails where an entry is not real. */
export const assertReal = (x: TensorLike, message: string): Operation =>
  getDefaultGraph().nameScope("assert_zero_imag_part", () => {
    const tensor = convertToTensor(x, { name: "x" });
    if (tensor.dtype.baseDtype.isFloating) return tf.noOp();
    const zero = tf.constant(0, { dtype: realDtype(tensor.dtype.baseDtype) });
    return assertEqual(zero, tf.imag(tensor), { message });
  });
