/** Smooth functions of TensorFlow's nn module that are elementwise. Source: nn_ops.cc, nn_grad.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { after } from "./after.ts";
import { checkBroadcast } from "./table.ts";
import { negOp } from "./unary.ts";

/** log(1 + exp(x)). */
export const softplusOp = defineOp("Softplus", {
  inputs: ["features: T"],
  outputs: ["activations: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape: ({ features }) => [features],
  lower: (p, { features }) => p.softplus(features),
  gradient: (tf, { features }, dy) => ({ features: dy!.mul(tf.sigmoid(features)) }),
});

/** backprops = gradients / (1 + exp(-features)). */
export const softplusGradOp = defineOp("SoftplusGrad", {
  inputs: ["gradients: T", "features: T"],
  outputs: ["backprops: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape: ({ gradients }) => [gradients],
  lower(p, { gradients, features }) {
    checkBroadcast(gradients.shape, features.shape);
    return p.div(gradients, p.add(p.exp(p.neg(features)), p.scalar(1, features.dtype)));
  },
  gradient: (tf, op, dy): { gradients: Tensor; features: Tensor } =>
    after(dy!, () => {
      const x = op.features;
      const gradients: Tensor = tf.softplusGradOp({ gradients: dy!, features: x });
      const numerator = dy!.mul(op.gradients);
      return { gradients, features: numerator.div(tf.exp(x.neg()).add(2).add(tf.exp(x))) };
    }),
});

/** x / (1 + |x|). */
export const softsignOp = defineOp("Softsign", {
  inputs: ["features: T"],
  outputs: ["activations: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape: ({ features }) => [features],
  lower: (p, { features }) => p.div(features, p.add(p.abs(features), p.scalar(1, features.dtype))),
  gradient: (tf, { features }, dy) => ({ features: tf.softsignGradOp({ gradients: dy!, features }) }),
});

/** backprops = gradients / (1 + |features|)^2. */
export const softsignGradOp = defineOp("SoftsignGrad", {
  inputs: ["gradients: T", "features: T"],
  outputs: ["backprops: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape: ({ gradients }) => [gradients],
  lower(p, { gradients, features }) {
    checkBroadcast(gradients.shape, features.shape);
    return p.div(gradients, p.square(p.add(p.abs(features), p.scalar(1, features.dtype))));
  },
  gradient: "unregistered",
});

/** log(1 + exp(features)). */
export const softplus = (features: TensorLike, name?: Name): Tensor => softplusOp({ features }, nameOf(name));

/** features / (1 + |features|). */
export const softsign = (features: TensorLike, name?: Name): Tensor => softsignOp({ features }, nameOf(name));

/** log(sigmoid(x)) = -softplus(-x). */
export const logSigmoid = (x: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "LogSigmoid", (scope) =>
    negOp({ x: softplusOp({ features: convertToTensor(x, { name: "x" }).neg() }) }, scope),
  );
