/** QR factors. Source: linalg_ops.cc, qr_op_impl.h, linalg_grad.py. */

import { ValueError } from "../../../../core/error.ts";
import type { Dim } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { checkRank, matrixShape, withBatch } from "../linalg/batch.ts";
import { qr as factorsOf } from "../linalg/householder.ts";
import { leading, matricesOf, packMatrices } from "../linalg/matrix.ts";

/** input = q r with a unitary q and an upper r; full_matrices: q is square. */
export const qrOp = defineOp("Qr", {
  inputs: ["input: T"],
  outputs: ["q: T", "r: T"],
  attrs: ["full_matrices: bool = false", "T: {double, float, half, complex64, complex128}"],
  shape({ input, full_matrices }) {
    const { batch, rows: m, columns: n } = matrixShape(input);
    if (full_matrices) return [withBatch(batch, m, m), withBatch(batch, m, n)];
    const p: Dim = m === null || n === null ? null : Math.min(m, n);
    return [withBatch(batch, m, p), withBatch(batch, p, n)];
  },
  compute({ input, full_matrices }) {
    checkRank(input);
    const [m, n] = input.shape.slice(-2) as [number, number];
    const batch = input.shape.slice(0, -2);
    const p = full_matrices ? m : Math.min(m, n);
    const found = matricesOf(input).map((a) => factorsOf(a));
    return [
      packMatrices(
        input.dtype,
        batch,
        [m, p],
        found.map(({ q }) => leading(q, m, p)),
      ),
      packMatrices(
        input.dtype,
        batch,
        [p, n],
        found.map(({ r }) => leading(r, p, n)),
      ),
    ];
  },
  gradient(tf, { input, q, r }, dq, dr) {
    const [rows, columns] = [q.shape?.at(-2) ?? null, r.shape?.at(-1) ?? null];
    const inner = r.shape?.at(-2) ?? null;
    if (inner === null || columns === null || rows === null) {
      throw new ValueError(`QrGrad not implemented with dynamic shapes. Received r.shape: ${r.shape}`);
    }
    if (inner > columns && rows === q.shape!.at(-1)) {
      throw new ValueError(
        `QrGrad not implemented when nrows > ncols and full_matrices is true. Received r.shape=${r.shape} with nrows=${inner}and ncols=${columns}.`,
      );
    }
    if (rows >= columns) return { input: squareGradient(tf, q, r, dq!, dr!) };
    const y = input.at("...", ":", `${rows}:`);
    const u = r.at("...", ":", `:${rows}`);
    const dv = dr!.at("...", ":", `${rows}:`);
    const du = dr!.at("...", ":", `:${rows}`);
    const right = tf.matmul(q, dv);
    const left = squareGradient(tf, q, u, dq!.add(tf.matmul(y, dv, { adjointB: true })), du);
    return { input: tf.concat([left, right], -1) };
  },
});

/** x times the inverse of r^H. */
const timesInverse = (tf: GradientTools, x: Tensor, r: Tensor): Tensor =>
  tf.adjoint(tf.matrixTriangularSolve(r, tf.adjoint(x), { lower: false, adjoint: false }));

/** For no more columns than rows. */
function squareGradient(tf: GradientTools, q: Tensor, r: Tensor, dq: Tensor, dr: Tensor): Tensor {
  const qdq = tf.matmul(q, dq, { adjointA: true });
  const skewQ = qdq.sub(tf.adjoint(qdq));
  const rdr = tf.matmul(r, dr, { adjointB: true });
  const skewR = rdr.sub(tf.adjoint(rdr));
  const lower = tf.matrixBandPart(skewQ.add(skewR), -1, 0);
  const first = tf.matmul(q, dr.add(timesInverse(tf, lower, r)));
  const second = timesInverse(tf, dq.sub(tf.matmul(q, qdq)), r);
  const grad = first.add(second);
  if (!q.dtype.isComplex) return grad;
  const m = rdr.sub(tf.adjoint(qdq));
  const diagonal = tf.matrixSetDiag(tf.zerosLike(m), tf.matrixDiagPart(m));
  const correction = diagonal.sub(tf.cast(tf.real(diagonal), q.dtype.baseDtype));
  return grad.add(timesInverse(tf, tf.matmul(q, tf.adjoint(correction)), r));
}

export interface QrOptions extends Named {
  readonly fullMatrices?: boolean;
}

const qrPlaces = ["fullMatrices", "name"] as const;

/** q, with orthonormal columns, and upper triangular r of matrices [..., m, n] with q r = input. */
export const qr = (
  input: TensorLike,
  ...rest: Rest<QrOptions, typeof qrPlaces>
): { readonly q: Tensor; readonly r: Tensor } => {
  const options = byName<QrOptions>(rest, qrPlaces);
  return qrOp({ input, full_matrices: options.fullMatrices ?? false }, options.name);
};
