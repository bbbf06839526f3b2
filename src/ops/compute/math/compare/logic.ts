/** Logic, and choosing between two values. Source: math_ops.cc, cwise_op_select.cc, math_grad.py. */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { broadcastShapes, formatShape, mergeShapes, type Shape, sameShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword } from "../../../options.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";
import { reduceGradientArgs } from "../elementwise/broadcast_gradient.ts";
import { type BinaryCall, checkBroadcast, type UnaryCall } from "../elementwise/table.ts";

export const logicalAndOp = defineOp("LogicalAnd", {
  inputs: ["x: bool", "y: bool"],
  outputs: ["z: bool"],
  shape: ({ x, y }) => [broadcastShapes(x, y)],
  lower(p, { x, y }) {
    checkBroadcast(x.shape, y.shape);
    return p.logicalAnd(x, y);
  },
  gradient: "none",
});

export const logicalOrOp = defineOp("LogicalOr", {
  inputs: ["x: bool", "y: bool"],
  outputs: ["z: bool"],
  shape: ({ x, y }) => [broadcastShapes(x, y)],
  lower(p, { x, y }) {
    checkBroadcast(x.shape, y.shape);
    return p.logicalOr(x, y);
  },
  gradient: "none",
});

export const logicalNotOp = defineOp("LogicalNot", {
  inputs: ["x: bool"],
  outputs: ["y: bool"],
  shape: ({ x }) => [x],
  lower: (p, { x }) => p.logicalNot(x),
  gradient: "none",
});

export const isNanOp = defineOp("IsNan", {
  inputs: ["x: T"],
  outputs: ["y: bool"],
  attrs: ["T: {bfloat16, half, float, double}"],
  shape: ({ x }) => [x],
  lower: (p, { x }) => p.isNan(x),
  gradient: "unregistered",
});

export const isInfOp = defineOp("IsInf", {
  inputs: ["x: T"],
  outputs: ["y: bool"],
  attrs: ["T: {bfloat16, half, float, double}"],
  shape: ({ x }) => [x],
  lower: (p, { x }) => p.isInf(x),
  gradient: "unregistered",
});

export const isFiniteOp = defineOp("IsFinite", {
  inputs: ["x: T"],
  outputs: ["y: bool"],
  attrs: ["T: {bfloat16, half, float, double}"],
  shape: ({ x }) => [x],
  lower: (p, { x }) => p.isFinite(x),
  gradient: "unregistered",
});

/** output = t where condition, else e: shapes are equal, or the condition is one bool, or one for each row. */
export const selectOp = defineOp("Select", {
  inputs: ["condition: bool", "t: T", "e: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape({ condition, t, e }, context) {
    const data = mergeShapes(t, e);
    return { shapes: [selectShape(condition, data)], handles: [context.handle("t")] };
  },
  lower: (p, { condition, t, e }, node) => p.select(rowCondition(p, condition, t, e, node.name), t, e),
  gradient(tf, { condition, t }, dy) {
    const zeros = tf.zerosLike(t);
    return { t: tf.where(condition, dy!, zeros), e: tf.where(condition, zeros, dy!) };
  },
});

function selectShape(condition: Shape, data: Shape): Shape {
  if (condition === null || data === null || condition.length === 0) return data;
  if (condition.length !== 1 || data.length === 0) return mergeShapes(data, condition);
  return [...mergeShapes([condition[0]!], [data[0]!])!, ...data.slice(1)];
}

/** The condition in a form that broadcasts. Throws the kernel's INVALID_ARGUMENT. */
function rowCondition(p: Lowering, condition: Value, t: Value, e: Value, name: string): Value {
  const words = (k: number, a: Value, b: Value) =>
    new InvalidArgumentError(
      `Inputs to operation ${name} of type Select must have the same size and shape.  Input 0: ${formatShape(a.shape)} != input ${k}: ${formatShape(b.shape)}`,
    );
  const rank = condition.shape.length;
  if (rank === 1 && t.shape.length !== 1) {
    if (t.shape.length === 0) throw new InvalidArgumentError("'then' must be at least a vector, but saw shape: []");
    if (t.shape[0] !== condition.shape[0]) {
      throw new InvalidArgumentError(
        `Number of batches of 'then' must match size of 'cond', but saw: ${t.shape[0]} vs. ${condition.shape[0]}`,
      );
    }
    if (!sameShape(t.shape, e.shape)) {
      throw new InvalidArgumentError(
        `'then' and 'else' must have the same size.  but received: ${formatShape(t.shape)} vs. ${formatShape(e.shape)}`,
      );
    }
    return p.reshape(condition, [condition.shape[0]!, ...t.shape.slice(1).map(() => 1)]);
  }
  if (rank === 0) {
    if (!sameShape(t.shape, e.shape)) {
      throw new InvalidArgumentError(
        `'then' and 'else' must have the same size.  but received: ${formatShape(t.shape)} vs. ${formatShape(e.shape)}`,
      );
    }
    return condition;
  }
  if (!sameShape(condition.shape, t.shape)) throw words(1, condition, t);
  if (!sameShape(condition.shape, e.shape)) throw words(2, condition, e);
  return condition;
}

/** output = t where condition, else e; all three broadcast. */
export const selectV2Op = defineOp("SelectV2", {
  inputs: ["condition: bool", "t: T", "e: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ condition, t, e }, context) => ({
    shapes: [broadcastShapes(broadcastShapes(t, e), condition)],
    handles: [context.handle("t")],
  }),
  lower(p, { condition, t, e }) {
    try {
      checkBroadcast(t.shape, e.shape);
      checkBroadcast(condition.shape, broadcastShapes(t.shape, e.shape) as readonly number[]);
    } catch (cause) {
      const shapes = [condition, t, e].map((value) => formatShape(value.shape));
      throw invalidArgument(`condition ${shapes[0]}, then ${shapes[1]}, and else ${shapes[2]} must be broadcastable`, {
        cause,
      });
    }
    return p.select(condition, t, e);
  },
  gradient(tf, { condition, t, e, output }, dy) {
    const zeros = tf.zeros([], dy!.dtype.baseDtype);
    const gt = tf.whereV2(condition, dy!, zeros);
    const ge = tf.whereV2(condition, zeros, dy!);
    return { t: reduceGradientArgs(tf, t, output, gt, null).x, e: reduceGradientArgs(tf, e, output, ge, null).x };
  },
});

const callLogic =
  (op: typeof logicalAndOp): BinaryCall =>
  (x, y, name) =>
    op({ x, y }, nameOf(name));

/** x and y, element by element; bools whose shapes broadcast. */
export const logicalAnd: BinaryCall = callLogic(logicalAndOp);
/** x or y, element by element; bools whose shapes broadcast. */
export const logicalOr: BinaryCall = callLogic(logicalOrOp);
/** not x, element by element; bools of any shape. */
export const logicalNot: UnaryCall = (x, name) => logicalNotOp({ x }, nameOf(name));

/** Whether exactly one of x and y is true. */
export const logicalXor = byKeyword(["x", "y"], function logicalXor(x: TensorLike, y: TensorLike, name?: Name): Tensor {
  const either = logicalOrOp({ x, y });
  return logicalAndOp({ x: either, y: logicalNotOp({ x: logicalAndOp({ x, y }) }) }, nameOf(name) || "LogicalXor");
});

/** Is the element NaN? Bools of the shape of x, which holds floats. */
export const isNan: UnaryCall = (x, name) => isNanOp({ x }, nameOf(name));
/** Is the element infinite? Bools of the shape of x, which holds floats. */
export const isInf: UnaryCall = (x, name) => isInfOp({ x }, nameOf(name));
/** Is the element neither infinite nor NaN? Bools of the shape of x, which holds floats. */
export const isFinite: UnaryCall = (x, name) => isFiniteOp({ x }, nameOf(name));
