/** Activations that are made of other ops. Source: nn_ops.py, nn_impl.py. */

import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { customGradient } from "../../../custom_gradient.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";

export interface CreluOptions extends Named {
  readonly axis?: number;
}

const creluPlaces = ["name", "axis"] as const;

/** relu of the features and of minus the features, side by side along axis: twice as many of them. */
export const crelu = (features: TensorLike, ...rest: Rest<CreluOptions, typeof creluPlaces>): Tensor => {
  const options = byName<CreluOptions>(rest, creluPlaces);
  return inScope(options.name, "CRelu", (scope) => {
    const x = convertToTensor(features, { name: "features" });
    return tf.reluOp({ features: tf.concat([x, x.neg()], options.axis ?? -1, { name: scope }) });
  });
};

export interface SwishOptions {
  readonly beta?: TensorLike;
}

const swishPlaces = ["beta"] as const;

/** features * sigmoid(beta * features). The gradient computes the sigmoid again, so that it need not be kept. */
export function swish(features: TensorLike, ...rest: Rest<SwishOptions, typeof swishPlaces>): Tensor {
  const options = byName<SwishOptions>(rest, swishPlaces);
  const x = convertToTensor(features, { name: "features" });
  const beta = tf.cast(convertToTensor(options.beta ?? 1, { name: "beta" }), x.dtype.baseDtype);
  return swishOf(x, beta);
}

const swishOf = customGradient((x, beta) => {
  const gradient = (dy: Tensor): readonly [Tensor, Tensor] => {
    const sigmoid = getDefaultGraph().controlDependencies([dy], () => tf.sigmoid(beta!.mul(x!)));
    const product = beta!.mul(x!);
    const slope = sigmoid.mul(oneAnd(tf.addV2Op, product.mul(oneAnd(tf.subOp, sigmoid))));
    const weighted = dy.mul(tf.square(x!)).mul(sigmoid);
    const betaGradient = tf.reduceSum(weighted.mul(oneAnd(tf.subOp, sigmoid)));
    return [dy.mul(slope), betaGradient];
  };
  return [x!.mul(tf.sigmoid(beta!.mul(x!))), gradient];
});

/** 1 + x or 1 - x, with Python's nodes for an operator whose left side is a number. */
const oneAnd = (op: typeof tf.addV2Op | typeof tf.subOp, x: Tensor): Tensor =>
  inScope(null, op === tf.subOp ? "sub" : "add", (scope) =>
    op({ x: convertToTensor(1, { dtype: x.dtype.baseDtype, name: "x" }), y: x }, scope),
  );

/** swish by its other name. */
export const silu = swish;
