/** Singular value decomposition. Source: linalg_ops.cc, svd_op_impl.h, linalg_grad.py. */

import { ValueError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, mergeDims, mergeShapes, type Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import * as ops from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { checkRank, matrixShape, withBatch } from "../linalg/batch.ts";
import { leading, matricesOf, packMatrices, zeros } from "../linalg/matrix.ts";
import { singularValues } from "../linalg/svd.ts";
import { differences, safeReciprocal } from "./eigen.ts";

interface Wanted {
  readonly compute_uv: boolean;
  readonly full_matrices: boolean;
}

export function svdShape(input: Shape, { compute_uv, full_matrices }: Wanted): readonly Shape[] {
  const { batch, rows: m, columns: n } = matrixShape(input);
  const p: Dim = m === null || n === null ? null : Math.min(m, n);
  const s = withBatch(batch, p);
  if (!compute_uv) return [s, [0], [0]];
  return full_matrices
    ? [s, withBatch(batch, m, m), withBatch(batch, n, n)]
    : [s, withBatch(batch, m, p), withBatch(batch, n, p)];
}

export function svdAll(input: NdArray, { compute_uv, full_matrices }: Wanted): NdArray[] {
  checkRank(input);
  const [m, n] = input.shape.slice(-2) as [number, number];
  const p = Math.min(m, n);
  const batch = input.shape.slice(0, -2);
  const found = matricesOf(input).map((a) => singularValues(a, compute_uv && full_matrices));
  const values = found.map(({ values: re }) => ({ rows: p, columns: 1, re, im: new Float64Array(p) }));
  const s = packMatrices(input.dtype, batch, [p], values);
  const none = () => packMatrices(input.dtype, [], [], [zeros(1, 1)]);
  if (!compute_uv) return [s, none(), none()];
  const [columnsU, columnsV] = full_matrices ? [m, n] : [p, p];
  return [
    s,
    packMatrices(
      input.dtype,
      batch,
      [m, columnsU],
      found.map(({ u }) => leading(u, m, columnsU)),
    ),
    packMatrices(
      input.dtype,
      batch,
      [n, columnsV],
      found.map(({ v }) => leading(v, n, columnsV)),
    ),
  ];
}

/** input = u diag(s) v^H with singular values s in falling order; u and v have as many columns as s, or are square. */
export const svdOp = defineOp("Svd", {
  inputs: ["input: T"],
  outputs: ["s: T", "u: T", "v: T"],
  attrs: ["compute_uv: bool = true", "full_matrices: bool = false", "T: {double, float, half, complex64, complex128}"],
  shape: ({ input, ...wanted }) => svdShape(input, wanted),
  compute: ({ input, ...wanted }) => svdAll(input, wanted),
  gradient: (tf, op, ds, du, dv): { input: Tensor } => ({ input: svdGradient(tf, op, ds!, du!, dv!) }),
});

interface SvdRecord extends Wanted {
  readonly input: Tensor;
  readonly s: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;
}

function svdGradient(tf: GradientTools, op: SvdRecord, gradS: Tensor, gradU: Tensor, gradV: Tensor): Tensor {
  const { input: a, full_matrices } = op;
  const dtype = a.dtype.baseDtype;
  const ds = tf.cast(gradS, dtype);
  const dsMatrix = tf.matrixDiag(ds);
  if (!op.compute_uv) {
    const { u, v } = tf.svd(a);
    const grad = tf.matmul(u, tf.matmul(dsMatrix, v, { adjointB: true }));
    grad.setShape(a.shape);
    return grad;
  }
  const shape = innerShape(a, gradU, gradV);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const isTall = rows > columns;
  const [m, n] = isTall ? [columns, rows] : [rows, columns];
  const s = tf.cast(op.s, dtype);
  const [u, v, du, dv] = isTall ? [op.v, op.u, gradV, gradU] : [op.u, op.v, gradU, gradV];
  return getDefaultGraph().controlDependencies([ds, du, dv], () => {
    if (full_matrices && Math.abs(m - n) > 1) {
      throw new ValueError(
        `svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True. Received: m=${m} and n=${n} from op input=${a} with shape=${shape}.`,
      );
    }
    const before = unscaled(tf, { a, s, u, v, du, dv, dsMatrix, m, n, isFull: full_matrices });
    const grad = isTall ? tf.matrixTranspose(before, { conjugate: true }) : before;
    grad.setShape(shape);
    return grad;
  });
}

/** The static shape of a, with what the gradients know. Throws ValueError where the matrices have no static shape. */
function innerShape(a: Tensor, du: Tensor, dv: Tensor): readonly Dim[] {
  const [own, left, right] = [matrixShape(a.shape), matrixShape(du.shape), matrixShape(dv.shape)];
  const m = mergeDims(own.rows, left.rows);
  const n = mergeDims(own.columns, right.rows);
  if (m === null || n === null)
    throw new ValueError("SVD gradient has not been implemented for input with unknown inner matrix shape.");
  const batch = mergeShapes(mergeShapes(own.batch, left.batch), right.batch);
  return [...(batch ?? []), m, n];
}

interface Parts {
  readonly a: Tensor;
  readonly s: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;
  readonly du: Tensor;
  readonly dv: Tensor;
  readonly dsMatrix: Tensor;
  readonly m: number;
  readonly n: number;
  readonly isFull: boolean;
}

/** The gradient of a matrix with no more rows than columns. */
function unscaled(tf: GradientTools, { a, s, u, v, du, dv, dsMatrix, m, n, isFull }: Parts): Tensor {
  const sMatrix = tf.matrixDiag(s);
  const squares = tf.square(s);
  const sShape = tf.shape(s);
  const f = differences(tf, squares, s);
  const inverse = tf.matrixDiag(safeReciprocal(tf, s));
  const v1 = v.at("...", ":", `:${m}`);
  const dv1 = dv.at("...", ":", `:${m}`);
  const ugu = tf.matmul(u, du, { adjointA: true });
  const vgv = tf.matmul(v1, dv1, { adjointA: true });
  const fu = f.mul(ugu);
  const fv = f.mul(vgv);
  const left = dsMatrix.add(tf.matmul(fu.add(tf.adjoint(fu)), sMatrix));
  const inner = left.add(tf.matmul(sMatrix, fv.add(tf.adjoint(fv))));
  const first = tf.matmul(u, tf.matmul(inner, v1, { adjointB: true }));
  const second = m === n ? first : first.add(outside(tf, { u, v, v1, dv, dv1, inverse, m, n, isFull }));
  if (!a.dtype.isComplex) return second;
  const eye = tf.eye(sShape.at(-1), { batchShape: sShape.at(":-1"), dtype: a.dtype.baseDtype });
  const l = eye.mul(vgv);
  const third = tf.matmul(inverse, tf.adjoint(l).sub(l));
  return second.add(tf.matmul(u, tf.matmul(third, v1, { adjointB: true })).rmul(0.5));
}

interface Outside {
  readonly u: Tensor;
  readonly v: Tensor;
  readonly v1: Tensor;
  readonly dv: Tensor;
  readonly dv1: Tensor;
  readonly inverse: Tensor;
  readonly m: number;
  readonly n: number;
  readonly isFull: boolean;
}

/** What v contributes outside the span of its first m columns. */
function outside(tf: GradientTools, { u, v, v1, dv, dv1, inverse, m, n, isFull }: Outside): Tensor {
  const transposed = tf.matrixTranspose(dv1, { conjugate: true });
  const projected = tf.matmul(transposed, v1);
  let rest = transposed.sub(tf.matmul(projected, v1, { adjointB: true }));
  if (isFull) {
    const v2 = v.at("...", ":", `${m}:${n}`);
    const dv2 = dv.at("...", ":", `${m}:${n}`);
    const mixed = tf.matmul(v1, dv2, { adjointA: true });
    rest = rest.sub(tf.matmul(mixed, v2, { adjointB: true }));
  }
  const scaled = tf.matmul(u, inverse);
  return tf.matmul(scaled, rest);
}

export interface SvdOptions extends Named {
  readonly fullMatrices?: boolean;
  readonly computeUv?: boolean;
}

const places = ["fullMatrices", "computeUv", "name"] as const;

export interface Svd {
  /** Real, in falling order. */
  readonly s: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;
}

/** The decomposition; with `computeUv: false` the singular values alone. */
export function svd(tensor: TensorLike, options: SvdOptions & { readonly computeUv: false }): Tensor;
export function svd(tensor: TensorLike, fullMatrices: boolean | null, computeUv: false): Tensor;
export function svd(tensor: TensorLike, ...rest: Rest<SvdOptions & { readonly computeUv?: true }, typeof places>): Svd;
export function svd(tensor: TensorLike, ...rest: Rest<SvdOptions, typeof places>): Svd | Tensor {
  const { fullMatrices = false, computeUv = true, name } = byName<SvdOptions>(rest, places);
  const { s, u, v } = svdOp({ input: tensor, compute_uv: computeUv, full_matrices: fullMatrices }, name);
  return computeUv ? { s: ops.real(s), u, v } : ops.real(s);
}
