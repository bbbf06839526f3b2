/** Larger and smaller, and functions of two numbers that take care of zeros. Source: math_ops.cc, math_grad.py. */
import { float64 } from "../../../../core/dtype.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { broadcastShapes, elementCount } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword } from "../../../options.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { floatLiteral } from "../cast.ts";
import { after } from "../elementwise/after.ts";
import { broadcastReducers, reduceGradientArgs } from "../elementwise/broadcast_gradient.ts";
import { pairsOf } from "../elementwise/operands.ts";
import {
  type BinaryCall,
  type BinaryGradient,
  type BinaryOp,
  type BinaryRecord,
  binary,
  callBinary,
  checkBroadcast,
} from "../elementwise/table.ts";

const ordered = "bfloat16, half, float, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64";

/** The gradient goes to x where `chooses(x, y)`, to y elsewhere. */
const chosen =
  (chooses: (tf: GradientTools, x: Tensor, y: Tensor) => Tensor): BinaryGradient =>
  (tf, { x, y }, dy) => {
    const zeros = tf.zerosLike(dy);
    const mask = chooses(tf, x, y);
    const gx = tf.whereV2(mask, dy, zeros);
    const gy = tf.whereV2(mask, zeros, dy);
    return reduceGradientArgs(tf, x, y, gx, gy);
  };

export const maximumOp: BinaryOp = binary("Maximum", ordered, {
  lower: (p, x, y) => p.max(x, y),
  gradient: chosen((tf, x, y) => tf.greaterEqual(x, y)),
});

export const minimumOp: BinaryOp = binary("Minimum", ordered, {
  lower: (p, x, y) => p.min(x, y),
  gradient: chosen((tf, x, y) => tf.lessEqual(x, y)),
});

/** The angle of the point (x, y). */
export const atan2Op = defineOp("Atan2", {
  inputs: ["y: T", "x: T"],
  outputs: ["z: T"],
  attrs: ["T: {bfloat16, half, float, double}"],
  shape: ({ y, x }) => [broadcastShapes(y, x)],
  lower(p, { y, x }) {
    checkBroadcast(y.shape, x.shape);
    return p.atan2(y, x);
  },
  gradient: (tf, { y, x }, dy) =>
    after(dy!, () => {
      const inverse = dy!.div(tf.square(y).add(tf.square(x)));
      const gy = x.mul(inverse);
      const gx = y.neg().mul(inverse);
      const reduced = reduceGradientArgs(tf, y, x, gy, gx);
      return { y: reduced.x, x: reduced.y };
    }),
});

const guarded = "half, bfloat16, float, double, complex64, complex128";

/** 0 wherever x is 0, whatever y is. */
const zeroAtZero =
  (f: (p: Lowering, x: Value, y: Value) => Value) =>
  (p: Lowering, x: Value, y: Value): Value => {
    const zero = p.scalar(0, x.dtype);
    return p.select(p.eq(x, zero), zero, f(p, x, y));
  };

interface Partials {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Gradients of the three functions below: `partials` gets 1 where x is not 0. */
const partialGradient =
  (partials: (tf: GradientTools, notZero: Tensor, op: BinaryRecord) => Partials): BinaryGradient =>
  (tf, op, dy) => {
    const reduce = broadcastReducers(tf, op.x, op.y);
    return after(dy, () => {
      const { dtype } = op.x;
      const notZero = tf.cast(tf.notEqual(op.x, tf.cast(floatLiteral(0), dtype)), dtype);
      const { x, y } = partials(tf, notZero, op);
      return { x: reduce.x(x.mul(dy)), y: reduce.y(y.mul(dy)) };
    });
  };

/** x log(y). */
export const xlogyOp: BinaryOp = binary("Xlogy", guarded, {
  lower: zeroAtZero((p, x, y) => p.mul(x, p.log(y))),
  gradient: partialGradient((tf, notZero, { x, y }) => ({ x: tf.xlogyOp({ x: notZero, y }), y: tf.xdivyOp({ x, y }) })),
});

/** x log(1 + y). */
export const xlog1pyOp: BinaryOp = binary("Xlog1py", guarded, {
  lower: zeroAtZero((p, x, y) => p.mul(x, p.log1p(y))),
  gradient: partialGradient((tf, notZero, { x, y }) => ({
    x: tf.xlog1pyOp({ x: notZero, y }),
    y: tf.xdivyOp({ x, y: y.add(1) }),
  })),
});

/** x / y. */
export const xdivyOp: BinaryOp = binary("Xdivy", guarded, {
  lower: zeroAtZero((p, x, y) => p.div(x, y)),
  gradient: partialGradient((tf, notZero, { x, y }) => ({
    x: tf.xdivyOp({ x: notZero, y }),
    y: tf.xdivyOp({ x: tf.negative(x), y: y.pow(2) }),
  })),
});

/** The next value after x on the way to y. */
function nextAfter(x: number, y: number, isDouble: boolean): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x === y) return y;
  const buffer = new ArrayBuffer(8);
  const view = new DataView(buffer);
  const read = (): number => (isDouble ? view.getFloat64(0) : view.getFloat32(0));
  if (x === 0) {
    if (isDouble) view.setBigInt64(0, 1n);
    else view.setInt32(0, 1);
    return y > 0 ? read() : -read();
  }
  const by = x < y === x > 0 ? 1 : -1;
  if (isDouble) {
    view.setFloat64(0, x);
    view.setBigInt64(0, view.getBigInt64(0) + BigInt(by));
  } else {
    view.setFloat32(0, x);
    view.setInt32(0, view.getInt32(0) + by);
  }
  return read();
}

export const nextAfterOp = defineOp("NextAfter", {
  inputs: ["x1: T", "x2: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float} = DT_FLOAT"],
  shape: ({ x1, x2 }) => [broadcastShapes(x1, x2)],
  compute({ x1, x2, T }) {
    checkBroadcast(x1.shape, x2.shape);
    const { shape, at } = pairsOf(x1.shape, x2.shape);
    const [a, b] = [x1.data as Float64Array, x2.data as Float64Array];
    const data = new (T === float64 ? Float64Array : Float32Array)(elementCount(shape));
    for (let i = 0; i < data.length; i++) {
      const [left, right] = at(i);
      data[i] = nextAfter(a[left]!, b[right]!, T === float64);
    }
    return new NdArray(T, shape, data);
  },
  gradient(tf, { x1, x2 }, dy) {
    const s1 = tf.shape(x1);
    const s2 = tf.shape(x2);
    const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: s1, s1: s2 });
    return after(dy!, () => {
      const ones = tf.ones(s1, x1.dtype);
      const zeros = tf.zeros(s2, x2.dtype);
      return {
        x1: tf.reshape(tf.reduceSum(ones.mul(dy!), { axis: r0 }), s1),
        x2: tf.reshape(tf.reduceSum(zeros.mul(dy!), { axis: r1 }), s2),
      };
    });
  },
});

/** The greater of x and y, element by element; shapes broadcast, dtypes are equal: real numbers. */
export const maximum: BinaryCall = callBinary(maximumOp);
/** The less of x and y, element by element; shapes broadcast, dtypes are equal: real numbers. */
export const minimum: BinaryCall = callBinary(minimumOp);
/** The angle of the point (x, y) in radians, element by element; shapes broadcast, dtypes are equal: floats. */
export const atan2 = byKeyword(["y", "x"], function atan2(y: TensorLike, x: TensorLike, name?: Name): Tensor {
  return atan2Op({ y, x }, nameOf(name));
});
/** The float next to x1 towards x2, element by element; shapes broadcast, dtypes are equal: float32 or float64. */
export const nextafter = (x1: TensorLike, x2: TensorLike, name?: Name): Tensor => nextAfterOp({ x1, x2 }, nameOf(name));

/** x * log(y), 0 where x is 0, element by element; shapes broadcast, dtypes are equal: floats or complex numbers. */
export const xlogy: BinaryCall = callBinary(xlogyOp);
/** x / y, 0 where x is 0, element by element; shapes broadcast, dtypes are equal: floats or complex numbers. */
export const xdivy: BinaryCall = (x, y, name) => inScope(nameOf(name), "xdivy", () => xdivyOp({ x, y }));
/** x * log(1 + y), 0 where x is 0, element by element; shapes broadcast, dtypes are equal: floats or complex numbers. */
export const xlog1py: BinaryCall = (x, y, name) => inScope(nameOf(name), "xlog1py", () => xlog1pyOp({ x, y }));
