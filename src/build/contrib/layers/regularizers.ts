/** `tf.contrib.layers`: losses of weights. Source: contrib/layers regularizers.py. */

import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { abs, addN, constant, l2Loss, multiply, reduceSum } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { addToCollection, GraphKeys, getCollection } from "../../collections.ts";
import type { Regularizer } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";

/** A loss of weights, or null for none. */
export type WeightsLoss = (weights: Variable | Tensor) => Tensor | null;

/** Throws ValueError below zero. True where there is nothing to add. */
function disables(scale: TensorLike, end: string): boolean {
  if (typeof scale !== "number") return false;
  if (scale < 0) throw new ValueError(`Setting a scale less than 0 on a regularizer: ${scale}${end}`);
  if (scale === 0) logging.info("Scale of 0 disables regularizer.");
  return scale === 0;
}

const scaled =
  (scale: TensorLike, scope: string, penalty: (weights: Tensor) => Tensor): WeightsLoss =>
  (weights) =>
    getDefaultGraph().nameScope(scope, (name) => {
      const factor = convertToTensor(scale, { dtype: weights.dtype.baseDtype, name: "scale" });
      return multiply(factor, penalty(weights as Tensor), { name });
    });

/** scale · sum(|weights|). Throws ValueError for a scale below 0; 0 makes no loss. */
export function l1Regularizer(scale: TensorLike, scope?: string | null): WeightsLoss {
  if (disables(scale, "")) return () => null;
  return scaled(scale, scope || "l1_regularizer", (weights) => reduceSum(abs(weights)));
}

/** scale · sum(weights²) / 2. Throws ValueError for a scale below 0; 0 makes no loss. */
export function l2Regularizer(scale: TensorLike, scope?: string | null): WeightsLoss {
  if (disables(scale, ".")) return () => null;
  return scaled(scale, scope || "l2_regularizer", (weights) => l2Loss(weights));
}

interface BothOptions {
  readonly scaleL1?: TensorLike | undefined;
  readonly scaleL2?: TensorLike | undefined;
  readonly scope?: string | null | undefined;
}

/** Both losses, each of scale 1 by default. */
export function l1L2Regularizer(...rest: Rest<BothOptions, ["scaleL1", "scaleL2", "scope"]>): WeightsLoss {
  const options: BothOptions = byName(rest, ["scaleL1", "scaleL2", "scope"]);
  const { scaleL1 = 1, scaleL2 = 1 } = options;
  const scope = options.scope || "l1_l2_regularizer";
  if (scaleL1 === 0) return l2Regularizer(scaleL2, scope);
  if (scaleL2 === 0) return l1Regularizer(scaleL1, scope);
  return sumRegularizer([l1Regularizer(scaleL1), l2Regularizer(scaleL2)], scope)!;
}

/** The sum of the losses that are there; null for none. */
export function sumRegularizer(
  regularizers: readonly (WeightsLoss | Regularizer | null)[],
  scope?: string | null,
): WeightsLoss | null {
  const all = regularizers.filter((each) => each !== null);
  if (all.length === 0) return null;
  return (weights) =>
    getDefaultGraph().nameScope(scope || "sum_regularizer", (name) => {
      const losses = all.map((each) => each(weights as Variable)).filter((loss) => loss !== null);
      return losses.length > 0 ? addN(losses, { name }) : null;
    });
}

/**
 * The losses of the weights (WEIGHTS by default), summed and added to REGULARIZATION_LOSSES. Throws ValueError for no weights, and for a
 * loss that is no scalar.
 */
export function applyRegularization(
  regularizer: WeightsLoss | Regularizer,
  weightsList?: readonly (Variable | Tensor)[] | null,
): Tensor {
  const weights = weightsList?.length ? weightsList : getCollection<Variable | Tensor>(GraphKeys.WEIGHTS);
  if (weights.length === 0) throw new ValueError("No weights to regularize.");
  return getDefaultGraph().nameScope("get_regularization_penalty", (name) => {
    const found = weights.map((each) => regularizer(each as Variable));
    const penalties = found.map((penalty) => penalty ?? constant(0, { dtype: float32 }));
    for (const { shape } of penalties) {
      if (shape && shape.length !== 0) {
        throw new ValueError(`regularizer must return a scalar Tensor instead of a Tensor with rank ${shape.length}.`);
      }
    }
    const sum = addN(penalties, { name });
    addToCollection(GraphKeys.REGULARIZATION_LOSSES, sum);
    return sum;
  });
}
