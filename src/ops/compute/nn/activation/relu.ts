/** The relu family: activations and the ops of their gradients. Source: nn_ops.cc, relu_op_functor.h, nn_grad.py. */
import { float32 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { mergeShapes, sameShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import * as ops from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";

const floats = "{half, bfloat16, float, double}";

/** Selu's constants. Source: "Self-Normalizing Neural Networks", Klambauer et al., 2017. */
const seluScale = 1.0507009873554805;
const seluScaleAlpha = 1.7580993408473768;

type Activation = OpBuilder<readonly ["features: T"], readonly ["activations: T"], readonly ["T: type"]>;

const activation = (
  type: string,
  dtypes: string,
  lower: (p: Lowering, x: Value) => Value,
  gradient: (tf: GradientTools, dy: Tensor, activations: Tensor) => Tensor,
): Activation =>
  defineOp(type, {
    inputs: ["features: T"],
    outputs: ["activations: T"],
    attrs: [`T: ${dtypes}` as "T: type"],
    shape: ({ features }) => [features],
    lower: (p, { features }) => lower(p, features),
    gradient: (tf, { activations }, dy) => ({ features: gradient(tf, dy!, activations) }),
  });

/** max(x, 0). */
export const reluOp = activation(
  "Relu",
  "{float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8}",
  (p, x) => p.max(x, p.scalar(0, x.dtype)),
  (tf, gradients, features) => tf.reluGradOp({ gradients, features }),
);

/** min(max(x, 0), 6). */
export const relu6Op = activation(
  "Relu6",
  "realnumbertype",
  (p, x) => p.min(p.max(x, p.scalar(0, x.dtype)), p.scalar(6, x.dtype)),
  (tf, gradients, features) => tf.relu6GradOp({ gradients, features }),
);

/** x, or exp(x) - 1 below zero. */
export const eluOp = activation(
  "Elu",
  floats,
  (p, x) => p.select(p.lt(x, p.scalar(0, x.dtype)), p.expm1(x), x),
  (tf, gradients, outputs) => tf.eluGradOp({ gradients, outputs }),
);

/** Elu scaled so that activations keep mean 0 and variance 1. */
export const seluOp = activation(
  "Selu",
  floats,
  (p, x) =>
    p.select(
      p.lt(x, p.scalar(0, x.dtype)),
      p.mul(p.scalar(seluScaleAlpha, x.dtype), p.expm1(x)),
      p.mul(p.scalar(seluScale, x.dtype), x),
    ),
  (tf, gradients, outputs) => tf.seluGradOp({ gradients, outputs }),
);

type Backprop<Second extends string> = OpBuilder<
  readonly ["gradients: T", `${Second}: T`],
  readonly ["backprops: T"],
  readonly ["T: type"]
>;

interface BackpropRecord {
  readonly gradients: Tensor;
  readonly second: Tensor;
}

/** backprops = gradients times the derivative at x (or as it follows from the output). Both have one shape. */
const backprop = <Second extends "features" | "outputs">(
  type: string,
  second: Second,
  dtypes: string,
  lower: (p: Lowering, dy: Value, x: Value) => Value,
  gradient: (tf: GradientTools, op: BackpropRecord, dy: Tensor) => readonly [Tensor, Tensor],
): Backprop<Second> =>
  defineOp<readonly string[], readonly string[], readonly string[]>(type, {
    inputs: ["gradients: T", `${second}: T`],
    outputs: ["backprops: T"],
    attrs: [`T: ${dtypes}`],
    shape(op) {
      const shapes = op as unknown as Record<string, readonly (number | null)[] | null>;
      return [mergeShapes(shapes.gradients!, shapes[second]!)];
    },
    lower(p, op) {
      const values = op as unknown as Record<string, Value>;
      const [dy, x] = [values.gradients!, values[second]!];
      if (!sameShape(dy.shape, x.shape)) throw invalidArgument("g and a must be the same size");
      return lower(p, dy, x);
    },
    gradient(tf, op, dy) {
      const tensors = op as unknown as Record<string, Tensor>;
      const [gradients, other] = gradient(tf, { gradients: tensors.gradients!, second: tensors[second]! }, dy!);
      return { gradients, [second]: other };
    },
  }) as unknown as Backprop<Second>;

/** gradients where the mask is true. A product and not a choice, so that infinities and NaN spread as in TensorFlow. */
const masked = (p: Lowering, dy: Value, mask: Value): Value => p.mul(dy, p.cast(mask, dy.dtype));

export const reluGradOp: Backprop<"features"> = backprop(
  "ReluGrad",
  "features",
  "realnumbertype",
  (p, dy, x) => masked(p, dy, p.gt(x, p.scalar(0, x.dtype))),
  (tf, { second }, dy) => [tf.reluGradOp({ gradients: dy, features: second }), tf.zerosLike(second)],
);

export const relu6GradOp: Backprop<"features"> = backprop(
  "Relu6Grad",
  "features",
  "realnumbertype",
  (p, dy, x) => masked(p, dy, p.logicalAnd(p.gt(x, p.scalar(0, x.dtype)), p.lt(x, p.scalar(6, x.dtype)))),
  (tf, { second }, dy) => [tf.relu6GradOp({ gradients: dy, features: second }), tf.zerosLike(second)],
);

/** The second gradient of elu and selu: where the output is negative, the product of both gradients. */
const belowZero = (tf: GradientTools, { gradients, second }: BackpropRecord, dy: Tensor): Tensor => {
  const isNegative = tf.less(second, 0);
  const product = tf.mulOp({ x: dy, y: gradients }, "mul");
  return tf.where(isNegative, product, tf.zerosLike(second));
};

export const eluGradOp: Backprop<"outputs"> = backprop(
  "EluGrad",
  "outputs",
  floats,
  (p, dy, y) => p.select(p.lt(y, p.scalar(0, y.dtype)), p.mul(p.add(y, p.scalar(1, y.dtype)), dy), dy),
  (tf, op, dy) => [tf.eluGradOp({ gradients: dy, outputs: op.second }), belowZero(tf, op, dy)],
);

export const seluGradOp: Backprop<"outputs"> = backprop(
  "SeluGrad",
  "outputs",
  floats,
  (p, dy, y) =>
    p.select(
      p.lt(y, p.scalar(0, y.dtype)),
      p.mul(dy, p.add(y, p.scalar(seluScaleAlpha, y.dtype))),
      p.mul(dy, p.scalar(seluScale, y.dtype)),
    ),
  (tf, op, dy) => [tf.seluGradOp({ gradients: dy, outputs: op.second }), belowZero(tf, op, dy)],
);

/** x, or alpha * x where x is not positive. */
export const leakyReluOp = defineOp("LeakyRelu", {
  inputs: ["features: T"],
  outputs: ["activations: T"],
  attrs: ["alpha: float = 0.20000000298023224", "T: {half, bfloat16, float, double} = DT_FLOAT"],
  shape: ({ features }) => [features],
  lower: (p, { features: x, alpha }) =>
    p.select(p.gt(x, p.scalar(0, x.dtype)), x, p.mul(x, p.scalar(Math.fround(alpha), x.dtype))),
  gradient: (tf, { features, alpha }, dy) => ({ features: tf.leakyReluGradOp({ gradients: dy!, features, alpha }) }),
});

export const leakyReluGradOp = defineOp("LeakyReluGrad", {
  inputs: ["gradients: T", "features: T"],
  outputs: ["backprops: T"],
  attrs: ["alpha: float = 0.20000000298023224", "T: {half, bfloat16, float, double} = DT_FLOAT"],
  shape: ({ gradients, features }) => [mergeShapes(gradients, features)],
  lower(p, { gradients: dy, features: x, alpha }) {
    if (!sameShape(dy.shape, x.shape)) throw invalidArgument("g and a must be the same size");
    return p.select(p.gt(x, p.scalar(0, x.dtype)), dy, p.mul(dy, p.scalar(Math.fround(alpha), dy.dtype)));
  },
  gradient: (tf, { features, alpha }, dy) => ({ ...leakySecond(tf, features, alpha, dy!) }),
});

function leakySecond(
  tf: GradientTools,
  features: Tensor,
  alpha: number,
  dy: Tensor,
): { gradients: Tensor; features: Tensor } {
  return { gradients: tf.leakyReluGradOp({ gradients: dy, features, alpha }), features: tf.zerosLike(features) };
}

/** max(x, 0). */
export const relu = (features: TensorLike, name?: Name): Tensor => reluOp({ features }, nameOf(name));

/** exp(x) - 1 below zero, x from there on. */
export const elu = (features: TensorLike, name?: Name): Tensor => eluOp({ features }, nameOf(name));

/** Scaled elu. */
export const selu = (features: TensorLike, name?: Name): Tensor => seluOp({ features }, nameOf(name));

/** min(max(x, 0), 6). Source: nn_ops.py. */
export const relu6 = (features: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "Relu6", (scope) =>
    relu6Op({ features: convertToTensor(features, { name: "features" }) }, scope),
  );

export interface LeakyReluOptions extends Named {
  readonly alpha?: number;
}

/** x where it is positive, alpha * x elsewhere. Whole numbers become float32. Source: nn_ops.py. */
export const leakyRelu = (features: TensorLike, ...rest: Rest<LeakyReluOptions, ["alpha", "name"]>): Tensor => {
  const options: LeakyReluOptions = byName(rest, ["alpha", "name"]);
  return inScope(options.name, "LeakyRelu", (scope) => {
    const x = convertToTensor(features, { name: "features" });
    return leakyReluOp({ features: x.dtype.isInteger ? ops.cast(x, float32) : x, alpha: options.alpha ?? 0.2 }, scope);
  });
};
