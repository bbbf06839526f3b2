/** Functions of one number: signs, rounding, powers, exponentials and logarithms. Source: math_ops.cc, math_grad.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { after } from "./after.ts";
import { callUnary, floats, floatsAndComplex, signed, type UnaryCall, type UnaryOp, unary, wholes } from "./table.ts";

/** |x|; of complex numbers see ComplexAbs. */
export const absOp: UnaryOp = unary("Abs", "bfloat16, half, float, double, int8, int16, int32, int64", {
  lower: "abs",
  gradient: (tf, { x }, dy) => dy.mul(tf.sign(x)),
});

export const negOp: UnaryOp = unary("Neg", signed, { lower: "neg", gradient: (_, __, dy) => dy.neg() });

/** -1, 0 or 1; x / |x| of complex numbers. */
export const signOp: UnaryOp = unary("Sign", signed, { lower: "sign", gradient: (tf, { x }) => tf.zerosLike(x) });

export const floorOp: UnaryOp = unary("Floor", floats, { lower: "floor", gradient: () => null });
export const ceilOp: UnaryOp = unary("Ceil", floats, { lower: "ceil", gradient: () => null });
/** To the nearest whole number, halves to the even one. */
export const roundOp: UnaryOp = unary("Round", signed, { lower: "round", gradient: () => null });
export const rintOp: UnaryOp = unary("Rint", floats, { lower: "round", gradient: () => null });

export const squareOp: UnaryOp = unary("Square", `bfloat16, half, float, double, ${wholes}, complex64, complex128`, {
  lower: "square",
  gradient: (tf, { x }, dy) =>
    after(dy, () => {
      const c = tf.conj(x);
      const two = tf.constant(2, { dtype: c.dtype.baseDtype });
      return tf.multiply(dy, tf.multiply(c, two));
    }),
});

export const sqrtOp: UnaryOp = unary("Sqrt", floatsAndComplex, {
  lower: "sqrt",
  gradient: (tf, { y }, dy) => tf.sqrtGradOp({ y, dy }),
});

/** 1 / sqrt(x). */
export const rsqrtOp: UnaryOp = unary("Rsqrt", floatsAndComplex, {
  lower: "rsqrt",
  gradient: (tf, { y }, dy) => tf.rsqrtGradOp({ y, dy }),
});

export const reciprocalOp: UnaryOp = unary("Reciprocal", signed, {
  lower: "reciprocal",
  gradient: (tf, { y }, dy) => tf.reciprocalGradOp({ y, dy }),
});

/** The same as Reciprocal, under its older name. */
export const invOp: UnaryOp = unary("Inv", signed, {
  lower: "reciprocal",
  gradient: (tf, { y }, dy) => tf.reciprocalGradOp({ y, dy }),
});

export const expOp: UnaryOp = unary("Exp", floatsAndComplex, {
  lower: "exp",
  gradient: (tf, { y }, dy) => after(dy, () => dy.mul(tf.conj(y))),
});

/** exp(x) - 1, exact near 0. */
export const expm1Op: UnaryOp = unary("Expm1", floatsAndComplex, {
  lower: "expm1",
  gradient: (tf, { x }, dy) => after(dy, () => dy.mul(tf.exp(tf.conj(x)))),
});

export const logOp: UnaryOp = unary("Log", floatsAndComplex, {
  lower: "log",
  gradient: (tf, { x }, dy) => after(dy, () => dy.mul(tf.reciprocal(tf.conj(x)))),
});

/** log(1 + x), exact near 0. */
export const log1pOp: UnaryOp = unary("Log1p", floatsAndComplex, {
  lower: "log1p",
  gradient: (tf, { x }, dy) => after(dy, () => dy.mul(tf.reciprocal(tf.conj(x).radd(1)))),
});

/** |x|; the modulus of complex numbers, as real ones. */
export function abs(x: TensorLike, name?: Name): Tensor {
  const tensor = convertToTensor(x, { name: "x" });
  return tensor.dtype.isComplex
    ? ops.complexAbs(tensor, { name: nameOf(name) || "Abs" })
    : absOp({ x: tensor }, nameOf(name));
}

/** -x, element by element; shape and dtype are those of x, of numbers with a sign. */
export const negative: UnaryCall = callUnary(negOp);
/** -1, 0 or 1; x / |x| for complex numbers, element by element; shape and dtype are those of x, of numbers with a sign. */
export const sign: UnaryCall = (x, name) => {
  const tensor = convertToTensor(x);
  if (!tensor.dtype.isComplex) return signOp({ x: tensor }, nameOf(name));
  return ops.divNoNanOp({ x: tensor, y: ops.cast(ops.complexAbs(tensor), tensor.dtype) }, nameOf(name));
};
/** The greatest whole number not above x, element by element; shape and dtype are those of x, of floats. */
export const floor: UnaryCall = callUnary(floorOp);
/** The least whole number not below x, element by element; shape and dtype are those of x, of floats. */
export const ceil: UnaryCall = callUnary(ceilOp);
/** The nearest whole number, ties to the even one, element by element; shape and dtype are those of x, of floats. */
export const rint: UnaryCall = callUnary(rintOp);

/** To the nearest whole number, halves to the even one; integers stay as they are, without a node. */
export function round(x: TensorLike, name?: Name): Tensor {
  const tensor = convertToTensor(x, { name: "x" });
  return tensor.dtype.isInteger ? tensor : roundOp({ x: tensor }, nameOf(name));
}

/** x * x, element by element; shape and dtype are those of x, of numbers. */
export const square: UnaryCall = callUnary(squareOp);
/** The square root, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const sqrt: UnaryCall = callUnary(sqrtOp);
/** 1 / sqrt(x), element by element; shape and dtype are those of x, of floats or complex numbers. */
export const rsqrt: UnaryCall = callUnary(rsqrtOp);
/** 1 / x, element by element; shape and dtype are those of x, of numbers with a sign. */
export const reciprocal: UnaryCall = callUnary(reciprocalOp);
/** e to the power of x, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const exp: UnaryCall = callUnary(expOp);
/** exp(x) - 1, exact for small x, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const expm1: UnaryCall = callUnary(expm1Op);
/** The natural logarithm, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const log: UnaryCall = callUnary(logOp);
/** log(1 + x), exact for small x, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const log1p: UnaryCall = callUnary(log1pOp);

/** 1 / x, and 0 where x is 0. */
export function reciprocalNoNan(x: TensorLike, name?: Name): Tensor {
  return inScope(nameOf(name), "reciprocal_no_nan", (scope) => {
    const y = convertToTensor(x, { name: "x" });
    const one = constant(1, { dtype: y.dtype.baseDtype, name: "one" });
    return ops.divNoNanOp({ x: one, y }, scope);
  });
}
