/** Products of batches of matrices. Source: math_ops.cc, matmul_op_impl.h, math_grad.py. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import {
  broadcastShapes,
  type Dim,
  type FullShape,
  formatShape,
  mergeDims,
  mergeShapes,
  type Shape,
  withRankAtLeast,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { conjugate } from "../../math/elementwise/complex.ts";
import { mayBroadcast } from "../../math/elementwise/table.ts";
import { checkInner, checkSameRank } from "./matmul.ts";

/** The last two dimensions, exchanged where the matrices are taken adjoint. */
function matrixDims(shape: Shape, isAdjoint: boolean): readonly [Dim, Dim] {
  const [rows, columns] = withRankAtLeast(shape, 2)?.slice(-2) ?? [null, null];
  return isAdjoint ? [columns!, rows!] : [rows!, columns!];
}

function batchShape(
  x: Shape,
  y: Shape,
  isXAdjoint: boolean,
  isYAdjoint: boolean,
  join: (a: Shape, b: Shape) => Shape,
): readonly Shape[] {
  const [m, k] = matrixDims(x, isXAdjoint);
  const [k2, n] = matrixDims(y, isYAdjoint);
  const batch = join(x?.slice(0, -2) ?? null, y?.slice(0, -2) ?? null);
  mergeDims(k, k2);
  return [batch && [...batch, m, n]];
}

interface Product {
  readonly x: Value;
  readonly y: Value;
  readonly adj_x: boolean;
  readonly adj_y: boolean;
}

const product = (p: Lowering, { x, y, adj_x, adj_y }: Product): Value =>
  p.matmul(adj_x ? conjugate(p, x) : x, adj_y ? conjugate(p, y) : y, { transposeA: adj_x, transposeB: adj_y });

/** output[i] = x[i] @ y[i] for equal leading dimensions. */
export const batchMatMulOp = defineOp("BatchMatMul", {
  inputs: ["x: T", "y: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
    "adj_x: bool = false",
    "adj_y: bool = false",
    "grad_x: bool = false",
    "grad_y: bool = false",
  ],
  shape: ({ x, y, adj_x, adj_y }) => batchShape(x, y, adj_x, adj_y, mergeShapes),
  lower(p, op) {
    const [a, b] = [op.x.shape, op.y.shape];
    checkSameRank(a, b);
    if (a.length < 2) throw new InvalidArgumentError(`In[0] and In[1] ndims must be >= 2: ${a.length}`);
    for (let i = 0; i < a.length - 2; i++) {
      if (a[i] === b[i]) continue;
      throw new InvalidArgumentError(
        `In[0].dim(${i}) and In[1].dim(${i}) must be the same: ${formatShape(a)} vs ${formatShape(b)}`,
      );
    }
    checkInner(a, b, op.adj_x, op.adj_y);
    return product(p, op);
  },
  gradient: (tf, op, dy) => factors(tf, op, dy!, {}, {}),
});

interface BatchRecord {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly adj_x: boolean;
  readonly adj_y: boolean;
}

interface Factors {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** The gradients of both operands, before batch dimensions that were broadcast are summed. */
function factors(
  tf: GradientTools,
  { x, y, adj_x, adj_y }: BatchRecord,
  dy: Tensor,
  gradX: { gradA?: boolean },
  gradY: { gradB?: boolean },
): Factors {
  const times = (a: Tensor, b: Tensor, adjointA: boolean, adjointB: boolean, mark: object): Tensor =>
    tf.matmul(a, b, { adjointA, adjointB, ...mark });
  if (!adj_x && !adj_y) return { x: times(dy, y, false, true, gradX), y: times(x, dy, true, false, gradY) };
  if (!adj_x) return { x: times(dy, y, false, false, gradX), y: times(dy, x, true, false, gradY) };
  if (!adj_y) return { x: times(y, dy, false, true, gradX), y: times(x, dy, false, false, gradY) };
  return { x: times(y, dy, true, true, gradX), y: times(dy, x, true, true, gradY) };
}

function broadcastFactors(tf: GradientTools, op: BatchRecord, dy: Tensor): Factors {
  const grads = factors(tf, op, dy, { gradA: true }, { gradB: true });
  const { x, y } = op;
  const [sx, sy] = [x.shape, y.shape];
  const isPlain = sx !== null && sx.length <= 2 && sy !== null && sy.length <= 2;
  if (isPlain || sameBatch(sx, sy)) return grads;
  const [shapeX, shapeY] = [tf.shape(x), tf.shape(y)];
  const [batchX, batchY] = [shapeX.at(":-2"), shapeY.at(":-2")];
  const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: batchX, s1: batchY });
  return {
    x: tf.reshape(tf.reduceSum(grads.x, { axis: r0 }), shapeX),
    y: tf.reshape(tf.reduceSum(grads.y, { axis: r1 }), shapeY),
  };
}

function sameBatch(x: Shape, y: Shape): boolean {
  const [a, b] = [x?.slice(0, -2), y?.slice(0, -2)];
  return a !== undefined && b !== undefined && a.length === b.length && a.every((d, i) => d !== null && d === b[i]);
}

/** Throws the kernels' words for operands that are no matrices or whose leading dimensions do not broadcast. */
function checkBatches(a: FullShape, b: FullShape): void {
  for (const [i, shape] of [a, b].entries()) {
    if (shape.length < 2) throw new InvalidArgumentError(`In[${i}] ndims must be >= 2: ${shape.length}`);
  }
  if (mayBroadcast(a.slice(0, -2), b.slice(0, -2))) return;
  throw new InvalidArgumentError(
    `In[0] and In[1] must have compatible batch dimensions: ${formatShape(a)} vs. ${formatShape(b)}`,
  );
}

/** output[i] = x[i] @ y[i]; leading dimensions broadcast. */
export const batchMatMulV2Op = defineOp("BatchMatMulV2", {
  inputs: ["x: T", "y: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {bfloat16, half, float, double, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128}",
    "adj_x: bool = false",
    "adj_y: bool = false",
    "grad_x: bool = false",
    "grad_y: bool = false",
  ],
  shape: ({ x, y, adj_x, adj_y }) => batchShape(x, y, adj_x, adj_y, broadcastShapes),
  lower(p, op) {
    checkBatches(op.x.shape, op.y.shape);
    checkInner(op.x.shape, op.y.shape, op.adj_x, op.adj_y);
    return product(p, op);
  },
  gradient: (tf, op, dy) => broadcastFactors(tf, op, dy!),
});

const operand = "{bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128}";

export type BatchMatMulV3 = OpBuilder<
  readonly ["x: Ta", "y: Tb"],
  readonly ["output: Tout"],
  readonly [
    "Ta: type",
    "Tb: type",
    "Tout: type",
    "adj_x: bool = false",
    "adj_y: bool = false",
    "grad_x: bool = false",
    "grad_y: bool = false",
  ]
>;

/** The same for operands of different dtypes; the sums are made in Tout. */
export const batchMatMulV3Op: BatchMatMulV3 = defineOp("BatchMatMulV3", {
  inputs: ["x: Ta", "y: Tb"],
  outputs: ["output: Tout"],
  attrs: [
    `Ta: ${operand}` as "Ta: type",
    `Tb: ${operand}` as "Tb: type",
    "Tout: {bfloat16, half, float, double, int16, int32, int64, complex64, complex128}" as "Tout: type",
    "adj_x: bool = false",
    "adj_y: bool = false",
    "grad_x: bool = false",
    "grad_y: bool = false",
  ],
  shape: ({ x, y, adj_x, adj_y }) => batchShape(x, y, adj_x, adj_y, broadcastShapes),
  lower(p, { x, y, adj_x, adj_y, Tout }) {
    checkBatches(x.shape, y.shape);
    checkInner(x.shape, y.shape, adj_x, adj_y);
    return product(p, { x: p.cast(x, Tout.base), y: p.cast(y, Tout.base), adj_x, adj_y });
  },
  gradient: (tf, op, dy) => broadcastFactors(tf, op, dy!),
});
