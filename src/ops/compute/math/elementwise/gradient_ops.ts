/** Gradients that are ops of their own: the slope of a function from its output. Source: cwise_ops_gradients.h, math_grad.py. */
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { after } from "./after.ts";
import { conjugate } from "./complex.ts";
import { gradientOfOutput, type YdyOp } from "./table.ts";

/** 0 where dy is 0, whatever the slope: no NaN from 0 * infinity. */
const zeroWhereZero = (p: Lowering, dy: Value, result: Value): Value => {
  const zero = p.scalar(0, dy.dtype);
  return p.select(p.eq(dy, zero), zero, result);
};

/** z = dy (1 - y y). */
export const tanhGradOp: YdyOp = gradientOfOutput(
  "TanhGrad",
  (p, y, dy) => p.mul(dy, p.sub(p.scalar(1, y.dtype), p.mul(y, y))),
  (tf, op, grad) =>
    after(grad, () => {
      const a = tf.conj(op.y);
      const b = tf.conj(op.dy);
      return { y: grad.mul(-2).mul(b).mul(a), dy: tf.tanhGradOp({ y: a, dy: grad }) };
    }),
);

/** z = dy y (1 - y). */
export const sigmoidGradOp: YdyOp = gradientOfOutput(
  "SigmoidGrad",
  (p, y, dy) => p.mul(p.mul(dy, y), p.sub(p.scalar(1, y.dtype), y)),
  (tf, op, grad) =>
    after(grad, () => {
      const a = tf.conj(op.y);
      const gb = grad.mul(tf.conj(op.dy));
      return { y: gb.sub(gb.rmul(2).mul(a)), dy: tf.sigmoidGradOp({ y: a, dy: grad }) };
    }),
);

/** z = dy / (2 conj(y)). */
export const sqrtGradOp: YdyOp = gradientOfOutput(
  "SqrtGrad",
  (p, y, dy) => zeroWhereZero(p, dy, p.div(p.mul(p.scalar(0.5, y.dtype), dy), conjugate(p, y))),
  (tf, op, grad) =>
    after(grad, () => {
      const ga = grad.div(op.y);
      return { y: tf.conj(ga).neg().mul(zOf(op)), dy: ga.rmul(0.5) };
    }),
);

const zOf = (op: { readonly op: { readonly outputs: readonly Tensor[] } }): Tensor => op.op.outputs[0]!;

/** z = -dy conj(y)^3 / 2. */
export const rsqrtGradOp: YdyOp = gradientOfOutput(
  "RsqrtGrad",
  (p, y, dy) => {
    const c = conjugate(p, y);
    return zeroWhereZero(p, dy, p.mul(p.mul(p.scalar(-0.5, y.dtype), dy), p.mul(p.mul(c, c), c)));
  },
  (tf, op, grad) =>
    after(grad, () => {
      const ca = tf.conj(op.y);
      const cg = tf.conj(grad);
      const y = cg.rmul(-1.5).mul(op.dy).mul(tf.square(ca));
      return { y, dy: tf.rsqrtGradOp({ y: ca, dy: grad }) };
    }),
);

const reciprocalSlope = (p: Lowering, y: Value, dy: Value): Value => {
  const c = conjugate(p, y);
  return p.neg(p.mul(p.mul(c, dy), c));
};

const reciprocalGradient = (tf: GradientTools, op: { readonly y: Tensor; readonly dy: Tensor }, grad: Tensor) =>
  after(grad, () => {
    const ca = tf.conj(op.y);
    const cg = tf.conj(grad);
    return { y: cg.mul(-2).mul(op.dy).mul(ca), dy: tf.reciprocalGradOp({ y: ca, dy: grad }) };
  });

/** z = -dy conj(y)^2. */
export const reciprocalGradOp: YdyOp = gradientOfOutput("ReciprocalGrad", reciprocalSlope, reciprocalGradient);
export const invGradOp: YdyOp = gradientOfOutput("InvGrad", reciprocalSlope, reciprocalGradient);
