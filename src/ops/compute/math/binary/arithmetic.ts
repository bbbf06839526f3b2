/** Sums, differences, products and powers of two numbers. Source: math_ops.cc, math_grad.py. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { elementCount } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { inScope, nameOf } from "../../array/basic/names.ts";
import { after } from "../elementwise/after.ts";
import { reduceGradientArgs, sameStaticShapes } from "../elementwise/broadcast_gradient.ts";
import { conjugate } from "../elementwise/complex.ts";
import { alike, pairsOf } from "../elementwise/operands.ts";
import {
  type BinaryCall,
  type BinaryGradients,
  type BinaryOp,
  type BinaryRecord,
  binary,
  callBinary,
} from "../elementwise/table.ts";

const numbers =
  "bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, complex64, complex128, uint32, uint64";
const products =
  "bfloat16, half, float, double, uint8, int8, uint16, int16, int32, uint32, uint64, int64, complex64, complex128";

function addGradient(tf: GradientTools, { x, y }: BinaryRecord, dy: Tensor): BinaryGradients {
  return sameStaticShapes(x, y, dy) ? { x: dy, y: dy } : reduceGradientArgs(tf, x, y, dy, dy);
}

/** x + y; of strings, the one after the other. */
export const addOp: BinaryOp = binary(
  "Add",
  "bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128, string",
  {
    lower: (p, x, y) => p.add(x, y),
    lowers: (T) => T.base !== "string",
    compute(x, y) {
      const [a, b] = [x.data as readonly Uint8Array[], y.data as readonly Uint8Array[]];
      const { shape, at } = pairsOf(x.shape, y.shape);
      const joined = Array.from({ length: elementCount(shape) }, (_, i) => {
        const [left, right] = at(i);
        return concatenated(a[left]!, b[right]!);
      });
      return new NdArray(x.dtype, shape, joined);
    },
    gradient: addGradient,
  },
);

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** x + y for numbers: what `tf.add` and the operator make. */
export const addV2Op: BinaryOp = binary(
  "AddV2",
  "bfloat16, half, float, double, uint8, uint16, uint32, uint64, int8, int16, int32, int64, complex64, complex128",
  {
    lower: (p, x, y) => p.add(x, y),
    gradient: addGradient,
  },
);

export const subOp: BinaryOp = binary("Sub", numbers, {
  lower: (p, x, y) => p.sub(x, y),
  gradient(tf, { x, y }, dy) {
    const minus = dy.neg();
    return sameStaticShapes(x, y, dy) ? { x: dy, y: minus } : reduceGradientArgs(tf, x, y, dy, minus);
  },
});

export const mulOp: BinaryOp = binary("Mul", products, {
  lower: (p, x, y) => p.mul(x, y),
  gradient(tf, { x, y }, dy) {
    if (sameStaticShapes(x, y, dy) && (dy.dtype.base === "int32" || dy.dtype.base === "float32")) {
      return { x: tf.mulOp({ x: dy, y }), y: tf.mulOp({ x: dy, y: x }) };
    }
    const gx = tf.mulOp({ x: dy, y: tf.conj(y) });
    const gy = tf.mulOp({ x: tf.conj(x), y: dy });
    return reduceGradientArgs(tf, x, y, gx, gy);
  },
});

/** x y, and 0 wherever y is 0, even for an infinite x or NaN. */
export const mulNoNanOp: BinaryOp = binary("MulNoNan", "bfloat16, half, float, double, complex64, complex128", {
  lower: (p, x, y) => p.select(p.eq(y, p.scalar(0, y.dtype)), p.scalar(0, y.dtype), p.mul(x, y)),
  gradient(tf, { x, y }, dy) {
    const gx = tf.mulNoNanOp({ x: dy, y });
    const gy = tf.mulNoNanOp({ x, y: dy });
    return sameStaticShapes(x, y, dy) ? { x: gx, y: gy } : reduceGradientArgs(tf, x, y, gx, gy);
  },
});

/** (x - y) conj(x - y), which is the square for real numbers. */
export const squaredDifferenceOp: BinaryOp = binary(
  "SquaredDifference",
  "bfloat16, half, float, double, int32, int64, complex64, complex128",
  {
    lower(p, x, y) {
      const difference = p.sub(x, y);
      return p.mul(difference, conjugate(p, difference));
    },
    gradient(tf, { x, y }, dy) {
      const gx = after(dy, () => {
        const twice = tf.scalarMul(2, dy) as Tensor;
        return twice.mul(x.sub(y));
      });
      const gy = gx.neg();
      return sameStaticShapes(x, y, dy) ? { x: gx, y: gy } : reduceGradientArgs(tf, x, y, gx, gy);
    },
  },
);

/** x to the power y. Throws INVALID_ARGUMENT for integers with a negative exponent. */
export const powOp: BinaryOp = binary(
  "Pow",
  "bfloat16, float, half, double, int8, int16, int32, int64, complex64, complex128",
  {
    lower: (p, x, y) =>
      p.pow(x, y, () => new InvalidArgumentError("Integers to negative integer powers are not allowed")),
    gradient(tf, { x, y, z }, dy) {
      const cx = tf.conj(x);
      const cy = tf.conj(y);
      const gx = dy.mul(cy).mul(tf.pow(cx, cy.sub(1)));
      const mask = x.dtype.isComplex ? tf.notEqual(cx, 0) : cx.greater(0);
      const safe = tf.where(mask, cx, tf.onesLike(x));
      const logX = tf.where(mask, tf.log(safe), tf.zerosLike(x));
      const gy = dy.mul(tf.conj(z)).mul(logX);
      return reduceGradientArgs(tf, x, y, gx, gy);
    },
  },
);

/** x + y; concatenation of strings. */
export const add: BinaryCall = (x, y, name) =>
  inScope(nameOf(name), "Add", (scope) => {
    const [a, b] = alike(x, y);
    return (a.dtype.base === "string" ? addOp : addV2Op)({ x: a, y: b }, scope);
  });

/** x - y, element by element; shapes broadcast, dtypes are equal: numbers. */
export const subtract: BinaryCall = callBinary(subOp);
/** x * y, element by element; shapes broadcast, dtypes are equal: numbers. */
export const multiply: BinaryCall = callBinary(mulOp);
/** x to the power of y, element by element; shapes broadcast, dtypes are equal: numbers. */
export const pow: BinaryCall = callBinary(powOp);
/** (x - y)²; for complex numbers by the conjugate, element by element; shapes broadcast, dtypes are equal: numbers. */
export const squaredDifference: BinaryCall = callBinary(squaredDifferenceOp);

/** x y, and 0 wherever y is 0. */
export const multiplyNoNan: BinaryCall = (x, y, name) =>
  inScope(nameOf(name), "multiply_no_nan", (scope) => {
    const [a, b] = alike(x, y);
    return mulNoNanOp({ x: a, y: b }, scope);
  });
