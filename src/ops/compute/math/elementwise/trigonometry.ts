/** Circular and hyperbolic functions, sigmoid, and the error functions. Source: math_ops.cc, math_grad.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { after } from "./after.ts";
import { callUnary, floats, floatsAndComplex, type UnaryCall, type UnaryOp, type UnaryRecord, unary } from "./table.ts";

type Formula = (tf: GradientTools, x: Tensor, dy: Tensor) => Tensor;

/** A gradient by a formula of the conjugate of the input, built once dy is there. */
const ofInput =
  (formula: Formula) =>
  (tf: GradientTools, { x }: UnaryRecord, dy: Tensor): Tensor =>
    after(dy, () => formula(tf, tf.conj(x), dy));

/** The same, of the conjugate of the output. */
const ofOutput =
  (formula: Formula) =>
  (tf: GradientTools, { y }: UnaryRecord, dy: Tensor): Tensor =>
    after(dy, () => formula(tf, tf.conj(y), dy));

const one = (tf: GradientTools, like: Tensor): Tensor => tf.constant(1, { dtype: like.dtype.baseDtype });

export const sinOp: UnaryOp = unary("Sin", floatsAndComplex, {
  lower: "sin",
  gradient: ofInput((tf, x, dy) => dy.mul(tf.cos(x))),
});
export const cosOp: UnaryOp = unary("Cos", floatsAndComplex, {
  lower: "cos",
  gradient: ofInput((tf, x, dy) => dy.neg().mul(tf.sin(x))),
});
export const tanOp: UnaryOp = unary("Tan", floatsAndComplex, {
  lower: "tan",
  gradient: ofInput((tf, x, dy) => tf.square(tf.reciprocal(tf.cos(x))).mul(dy)),
});

/** 1 / sqrt(1 - x^2). */
function asinSlope(tf: GradientTools, x: Tensor, dy: Tensor): Tensor {
  const x2 = tf.square(x);
  return tf.reciprocal(tf.sqrt(tf.subtract(one(tf, dy), x2)));
}

export const asinOp: UnaryOp = unary("Asin", floatsAndComplex, {
  lower: "asin",
  gradient: ofInput((tf, x, dy) => {
    const slope = asinSlope(tf, x, dy);
    return dy.mul(slope);
  }),
});
export const acosOp: UnaryOp = unary("Acos", floatsAndComplex, {
  lower: "acos",
  gradient: ofInput((tf, x, dy) => {
    const slope = asinSlope(tf, x, dy);
    return dy.neg().mul(slope);
  }),
});
export const atanOp: UnaryOp = unary("Atan", floatsAndComplex, {
  lower: "atan",
  gradient: ofInput((tf, x, dy) => {
    const x2 = tf.square(x);
    const slope = tf.reciprocal(tf.add(one(tf, dy), x2));
    return dy.mul(slope);
  }),
});

export const sinhOp: UnaryOp = unary("Sinh", floatsAndComplex, {
  lower: "sinh",
  gradient: ofInput((tf, x, dy) => dy.mul(tf.cosh(x))),
});
export const coshOp: UnaryOp = unary("Cosh", floatsAndComplex, {
  lower: "cosh",
  gradient: ofInput((tf, x, dy) => dy.mul(tf.sinh(x))),
});
export const tanhOp: UnaryOp = unary("Tanh", floatsAndComplex, {
  lower: "tanh",
  gradient: ofOutput((tf, y, dy) => tf.tanhGradOp({ y, dy })),
});
export const asinhOp: UnaryOp = unary("Asinh", floatsAndComplex, {
  lower: "asinh",
  gradient: ofOutput((tf, y, dy) => dy.div(tf.cosh(y))),
});
export const acoshOp: UnaryOp = unary("Acosh", floatsAndComplex, {
  lower: "acosh",
  gradient: ofOutput((tf, y, dy) => dy.div(tf.sinh(y))),
});
export const atanhOp: UnaryOp = unary("Atanh", floatsAndComplex, {
  lower: "atanh",
  gradient: ofInput((tf, x, dy) => {
    const x2 = tf.square(x);
    const slope = tf.reciprocal(tf.subtract(one(tf, dy), x2));
    return dy.mul(slope);
  }),
});

/** 1 / (1 + exp(-x)). */
export const sigmoidOp: UnaryOp = unary("Sigmoid", floatsAndComplex, {
  lower: "sigmoid",
  gradient: ofOutput((tf, y, dy) => tf.sigmoidGradOp({ y, dy })),
});

/** factor * exp(-x^2), the factor made first. */
const bell =
  (factor: number) =>
  (tf: GradientTools, { x }: UnaryRecord, dy: Tensor): Tensor => {
    const c = tf.constant(factor, { dtype: dy.dtype.baseDtype });
    return after(dy, () => dy.mul(c).mul(tf.exp(tf.square(tf.conj(x)).neg())));
  };

export const erfOp: UnaryOp = unary("Erf", floats, { lower: "erf", gradient: bell(2 / Math.sqrt(Math.PI)) });
export const erfcOp: UnaryOp = unary("Erfc", floats, { lower: "erfc", gradient: bell(-2 / Math.sqrt(Math.PI)) });

/** The sine of x in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const sin: UnaryCall = callUnary(sinOp);
/** The cosine of x in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const cos: UnaryCall = callUnary(cosOp);
/** The tangent of x in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const tan: UnaryCall = callUnary(tanOp);
/** The arc sine in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const asin: UnaryCall = callUnary(asinOp);
/** The arc cosine in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const acos: UnaryCall = callUnary(acosOp);
/** The arc tangent in radians, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const atan: UnaryCall = callUnary(atanOp);
/** The hyperbolic sine, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const sinh: UnaryCall = callUnary(sinhOp);
/** The hyperbolic cosine, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const cosh: UnaryCall = callUnary(coshOp);
/** The hyperbolic tangent, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const tanh: UnaryCall = callUnary(tanhOp);
/** The inverse hyperbolic sine, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const asinh: UnaryCall = callUnary(asinhOp);
/** The inverse hyperbolic cosine, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const acosh: UnaryCall = callUnary(acoshOp);
/** The inverse hyperbolic tangent, element by element; shape and dtype are those of x, of floats or complex numbers. */
export const atanh: UnaryCall = callUnary(atanhOp);
/** 1 / (1 + exp(-x)), element by element; shape and dtype are those of x, of floats or complex numbers. */
export const sigmoid: UnaryCall = callUnary(sigmoidOp);
/** The error function, element by element; shape and dtype are those of x, of floats. */
export const erf: UnaryCall = callUnary(erfOp);
/** 1 - erf(x), element by element; shape and dtype are those of x, of floats. */
export const erfc: UnaryCall = callUnary(erfcOp);
