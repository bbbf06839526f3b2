/** Eigenvalues and eigenvectors. Source: linalg_ops.cc, self_adjoint_eig_v2_op_impl.h, eig_op_impl.h, linalg_grad.py. */
import { complex64, complex128, type DType, float64 } from "../../../../core/dtype.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { convertToTensor } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { type Name, type Named, nameOf } from "../../array/basic/names.ts";
import { checkSquare, squareShape, withBatch } from "../linalg/batch.ts";
import { type Matrix, matricesOf, packMatrices, zeros } from "../linalg/matrix.ts";
import { eigenvectors, schur } from "../linalg/schur.ts";
import { selfAdjointEigen } from "../linalg/symmetric.ts";

const column = (values: Float64Array): Matrix => ({
  rows: values.length,
  columns: 1,
  re: values,
  im: new Float64Array(values.length),
});

const isSingle = ({ dtype }: NdArray): boolean => dtype !== float64 && dtype !== complex128;

/** e: rising, [..., n]; v: [..., n, n], or one 0 without vectors. */
export function selfAdjointAll(input: NdArray, hasVectors: boolean): [NdArray, NdArray] {
  checkSquare(input);
  const n = input.shape.at(-1)!;
  const batch = input.shape.slice(0, -2);
  const found = matricesOf(input).map((a) => selfAdjointEigen(a, isSingle(input)));
  const values = packMatrices(
    input.dtype,
    batch,
    [n],
    found.map((each) => column(each.values)),
  );
  if (!hasVectors) return [values, packMatrices(input.dtype, [], [], [zeros(1, 1)])];
  const vectors = packMatrices(
    input.dtype,
    batch,
    [n, n],
    found.map((each) => each.vectors),
  );
  return [values, vectors];
}

/** x / (x^2 + epsilon): the reciprocal, and 0 at 0. */
export const safeReciprocal = (tf: GradientTools, x: Tensor): Tensor => x.mul(tf.reciprocal(x.mul(x).add(1e-20)));

/** The matrix of 1 / (values[j] - values[i]), with zeros on the diagonal. */
export function differences(tf: GradientTools, values: Tensor, like: Tensor = values): Tensor {
  const gaps = tf.expandDims(values, -2).sub(tf.expandDims(values, -1));
  return tf.matrixSetDiag(safeReciprocal(tf, gaps), tf.zerosLike(like));
}

/** e, v = eigenvalues and eigenvectors of self-adjoint matrices, of which the lower part is read. */
export const selfAdjointEigV2Op = defineOp("SelfAdjointEigV2", {
  inputs: ["input: T"],
  outputs: ["e: T", "v: T"],
  attrs: ["compute_v: bool = true", "T: {double, float, half, complex64, complex128}"],
  shape({ input, compute_v }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n), compute_v ? withBatch(batch, n, n) : [0]];
  },
  compute: ({ input, compute_v }) => selfAdjointAll(input, compute_v),
  gradient: (tf, { input, e, v, compute_v }, de, dv): { input: Tensor } =>
    getDefaultGraph().controlDependencies([de!, dv!], () => {
      const grad = compute_v ? withVectors(tf, e, v, de!, dv!) : withoutVectors(tf, input, de!);
      const lower = tf.matrixBandPart(grad.add(tf.adjoint(grad)), -1, 0);
      return { input: tf.matrixSetDiag(lower, tf.matrixDiagPart(lower).rmul(0.5)) };
    }),
});

function withVectors(tf: GradientTools, e: Tensor, v: Tensor, de: Tensor, dv: Tensor): Tensor {
  const f = differences(tf, e);
  const middle = tf.matrixDiag(de).add(f.mul(tf.matmul(v, dv, { adjointA: true })));
  return tf.matmul(v, tf.matmul(middle, v, { adjointB: true }));
}

function withoutVectors(tf: GradientTools, input: Tensor, de: Tensor): Tensor {
  const { v } = tf.selfAdjointEig(input);
  return tf.matmul(v, tf.matmul(tf.matrixDiag(de), v, { adjointB: true }));
}

/** The older form: eigenvalues in the first row of the output, eigenvectors below. */
export const selfAdjointEigOp = defineOp("SelfAdjointEig", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, half}"],
  shape({ input }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n === null ? null : n + 1, n)];
  },
  compute: ({ input }) => stackedEigen(input),
  gradient: "unregistered",
});

export function stackedEigen(input: NdArray): NdArray {
  checkSquare(input);
  const n = input.shape.at(-1)!;
  const stacked = matricesOf(input).map((a) => {
    const { values, vectors } = selfAdjointEigen(a, isSingle(input));
    const m = zeros(n + 1, n);
    m.re.set(values);
    m.re.set(vectors.re, n);
    return m;
  });
  return packMatrices(input.dtype, input.shape.slice(0, -2), [n + 1, n], stacked);
}

/** e, v = eigenvalues and eigenvectors of any square matrices, as complex numbers. */
export const eigOp = defineOp("Eig", {
  inputs: ["input: T"],
  outputs: ["e: Tout", "v: Tout"],
  attrs: ["compute_v: bool = true", "T: {float, double, complex64, complex128}", "Tout: {complex64, complex128}"],
  shape({ input, compute_v }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n), compute_v ? withBatch(batch, n, n) : [0]];
  },
  compute({ input, compute_v, Tout }) {
    checkSquare(input);
    const n = input.shape.at(-1)!;
    const batch = input.shape.slice(0, -2);
    const forms = matricesOf(input).map(schur);
    const values = forms.map(({ t }) => {
      const e = zeros(n, 1);
      for (let i = 0; i < n; i++) {
        e.re[i] = t.re[i * n + i]!;
        e.im[i] = t.im[i * n + i]!;
      }
      return e;
    });
    const vectors = compute_v
      ? packMatrices(Tout, batch, [n, n], forms.map(eigenvectors))
      : packMatrices(Tout, [], [], [zeros(1, 1)]);
    return [packMatrices(Tout, batch, [n], values), vectors];
  },
  gradient: (tf, op, de, dv): { input: Tensor } =>
    getDefaultGraph().controlDependencies([de!, dv!], () => {
      const grad = op.compute_v ? generalGradient(tf, op, de!, dv!) : generalValuesGradient(tf, op.input, de!);
      return { input: tf.cast(grad, op.input.dtype.baseDtype) };
    }),
});

function generalGradient(
  tf: GradientTools,
  { e, v }: { readonly e: Tensor; readonly v: Tensor },
  de: Tensor,
  dv: Tensor,
): Tensor {
  const vt = tf.adjoint(v);
  const f = tf.conj(differences(tf, e));
  const vgv = tf.matmul(vt, dv);
  const values = tf.matrixDiag(de);
  const lengths = tf.matrixDiag(tf.matrixDiagPart(tf.cast(tf.real(vgv), vgv.dtype.baseDtype)));
  const middle = values.add(f.mul(vgv.sub(tf.matmul(tf.matmul(vt, v), lengths))));
  return tf.matrixSolve(vt, tf.matmul(middle, vt));
}

function generalValuesGradient(tf: GradientTools, input: Tensor, de: Tensor): Tensor {
  const { v } = tf.eig(input);
  const vt = tf.adjoint(v);
  return tf.matrixSolve(vt, tf.matmul(tf.matrixDiag(de), vt));
}

export interface Eigen {
  readonly e: Tensor;
  readonly v: Tensor;
}

/** Eigenvalues in rising order and eigenvectors (as columns) of self-adjoint matrices. */
export const selfAdjointEig = (tensor: TensorLike, name?: Name): Eigen =>
  selfAdjointEigV2Op({ input: tensor, compute_v: true }, nameOf(name));

/** The eigenvalues, [..., m] rising, of symmetric matrices [..., m, m]. */
export const selfAdjointEigvals = (tensor: TensorLike, name?: Name): Tensor =>
  selfAdjointEigV2Op({ input: tensor, compute_v: false }, nameOf(name)).e;

/** Eigenvalues, [..., m] rising, and eigenvectors in columns, [..., m, m], of symmetric matrices. */
export const eigh: typeof selfAdjointEig = selfAdjointEig;
/** The eigenvalues, [..., m] rising, of symmetric matrices [..., m, m]. */
export const eigvalsh: typeof selfAdjointEigvals = selfAdjointEigvals;

const complexOf = (dtype: DType): DType =>
  dtype.base === "float64" || dtype.base === "complex128" ? complex128 : complex64;

/** Eigenvalues and eigenvectors of any square matrices, complex. */
export function eig(tensor: TensorLike, options: Named = {}): Eigen {
  const input = convertToTensor(tensor);
  return eigOp({ input, Tout: complexOf(input.dtype), compute_v: true }, options.name);
}

export function eigvals(tensor: TensorLike, options: Named = {}): Tensor {
  const input = convertToTensor(tensor);
  return eigOp({ input, Tout: complexOf(input.dtype), compute_v: false }, options.name).e;
}
