/** Functions of square matrices: exponential, logarithm, square root. Source: linalg_ops.cc, linalg_grad.py. */
import type { NdArray } from "../../../../core/nd_array.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";
import { checkSquare, squareShape, withBatch } from "../linalg/batch.ts";
import { type Matrix, matricesOf, packMatrices } from "../linalg/matrix.ts";
import { exponential, logarithm, squareRoot } from "../linalg/schur.ts";

const sameSquare = ({ input }: { readonly input: Shape }): readonly Shape[] => {
  const { batch, n } = squareShape(input);
  return [withBatch(batch, n, n)];
};

function eachMatrix(input: NdArray, f: (a: Matrix) => Matrix): NdArray {
  checkSquare(input);
  return packMatrices(input.dtype, input.shape.slice(0, -2), input.shape.slice(-2), matricesOf(input).map(f));
}

export const matrixExponentialOp = defineOp("MatrixExponential", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, half, complex64, complex128}"],
  shape: sameSquare,
  compute: ({ input }) => eachMatrix(input, exponential),
  gradient: "unregistered",
});

/** The principal logarithm. */
export const matrixLogarithmOp = defineOp("MatrixLogarithm", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {complex64, complex128}"],
  shape: sameSquare,
  compute: ({ input }) => eachMatrix(input, logarithm),
  gradient: "unregistered",
});

/** The principal square root; for real matrices without negative eigenvalues. */
export const matrixSquareRootOp = defineOp("MatrixSquareRoot", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, half, complex64, complex128}"],
  shape: sameSquare,
  compute: ({ input }) => eachMatrix(input, squareRoot),
  gradient: (tf, { output }, dy) => ({ input: rootGradient(tf, output, dy!) }),
});

/** The Kronecker product of two batches of square matrices. */
function kronecker(tf: GradientTools, a: Tensor, b: Tensor): Tensor {
  const [shapeA, shapeB] = [tf.shape(a), tf.shape(b)];
  const [orderA, orderB] = [shapeA.at(-1), shapeB.at(-1)];
  const batch = batchOf(tf, shapeA);
  const spreadA = tf.concat([batch, [orderA], [1], [orderA], [1]], 0);
  const spreadB = tf.concat([batch, [1], [orderB], [1], [orderB]], 0);
  const left = tf.reshape(a, spreadA);
  const right = tf.reshape(b, spreadB);
  const order = orderA.mul(orderB);
  const shape = tf.concat([batch, [order], [order]], 0);
  return tf.reshape(left.mul(right), shape);
}

const batchOf = (tf: GradientTools, shape: Tensor): Tensor => tf.slice(shape, [0], [tf.subtract(tf.size(shape), 2)]);

/** Solves R dR + dR R = dA as one system, with R the root. */
function rootGradient(tf: GradientTools, root: Tensor, dy: Tensor): Tensor {
  const shape = tf.shape(root);
  const order = shape.at(-1);
  const count = tf.reduceProd(shape.at("0:-2"));
  const eye = tf.eye(order, { dtype: root.dtype.baseDtype });
  const tiled = tf.tile(tf.reshape(eye, [-1]), [count]);
  const ones = tf.reshape(tiled, shape);
  const transposed = tf.matrixTranspose(root);
  const k1 = kronecker(tf, ones, transposed);
  const k2 = kronecker(tf, root, ones);
  const sum = tf.add(k1, k2);
  const batch = batchOf(tf, shape);
  const vectorShape = tf.concat([batch, [order.mul(order)], [1]], 0);
  const vector = tf.reshape(tf.matrixTranspose(dy), vectorShape);
  const solved = tf.matrixSolve(sum, vector);
  return tf.matrixTranspose(tf.reshape(solved, shape));
}

/** The logarithm of matrices [..., m, m] of complex numbers. */
export const logm = (input: TensorLike, name?: Name): Tensor => matrixLogarithmOp({ input }, nameOf(name));
/** The matrix whose product with itself is the input, [..., m, m]. */
export const matrixSquareRoot = (input: TensorLike, name?: Name): Tensor => matrixSquareRootOp({ input }, nameOf(name));
/** The matrix whose product with itself is the input, [..., m, m]. */
export const sqrtm: typeof matrixSquareRoot = matrixSquareRoot;
