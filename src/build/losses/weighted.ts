/** From a loss of each example to one number. Source: tensorflow/python/ops/losses/losses_impl.py. */

import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  divNoNan,
  equal,
  multiply,
  onesLike,
  range,
  rank,
  reduceSum,
  size,
  where,
  zerosLike,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GraphKeys } from "../collections.ts";
import { addLoss } from "./collection.ts";
import { asFloat, assertBroadcastable, broadcastWeights } from "./weights.ts";

/** How the losses of the examples become one. */
export const Reduction = {
  NONE: "none",
  SUM: "weighted_sum",
  SUM_OVER_BATCH_SIZE: "weighted_sum_over_batch_size",
  MEAN: "weighted_mean",
  SUM_BY_NONZERO_WEIGHTS: "weighted_sum_by_nonzero_weights",
  SUM_OVER_NONZERO_WEIGHTS: "weighted_sum_by_nonzero_weights",
} as const;

export type LossReduction = (typeof Reduction)[keyof typeof Reduction];

export interface LossOptions {
  /** A number, or a tensor that broadcasts to the losses; 1 by default. */
  readonly weights?: TensorLike | undefined;
  readonly scope?: string | null | undefined;
  /** Where the loss is gathered, LOSSES by default; null for nowhere. */
  readonly lossCollection?: string | null | undefined;
  readonly reduction?: LossReduction | undefined;
}

const safeMean = (losses: Tensor, count: TensorLike): Tensor => divNoNan(reduceSum(losses), count, { name: "value" });

const countOf = (losses: Tensor): Tensor =>
  getDefaultGraph().nameScope("num_elements", (scope) => cast(size(losses, { name: scope }), losses.dtype.baseDtype));

/** How many losses have a weight: in all, or in each example. */
export function numPresent(losses: Tensor, weights: TensorLike, options: { readonly perBatch?: boolean } = {}): Tensor {
  return getDefaultGraph().nameScope("num_present", (scope) => {
    const weight = cast(weights as Tensor, float32);
    const chosen = where(equal(weight, 0), zerosLike(weight), onesLike(weight));
    const present = broadcastWeights(chosen, losses);
    if (!options.perBatch) return reduceSum(present, { name: scope });
    return reduceSum(present, { axis: range(1, rank(present)), keepdims: true, name: scope });
  });
}

const computeWeightedLossPlaces = ["weights", "scope", "lossCollection", "reduction"] as const;

/**
 * losses · weights, reduced: by default their sum divided by the number of weights that are not 0. Throws ValueError for weights that do not
 * broadcast and for an unknown reduction.
 */
export function computeWeightedLoss(
  losses: TensorLike,
  ...rest: Rest<LossOptions, typeof computeWeightedLossPlaces>
): Tensor {
  const options = byName<LossOptions>(rest, computeWeightedLossPlaces);
  const {
    weights = 1,
    scope,
    lossCollection = GraphKeys.LOSSES,
    reduction = Reduction.SUM_BY_NONZERO_WEIGHTS,
  } = options;
  if (!Object.values(Reduction).includes(reduction)) {
    const keys = [...new Set(Object.values(Reduction))].map((key) => `'${key}'`).join(", ");
    throw new ValueError(`Invalid Reduction Key ${reduction}. Key should be one of (${keys}).`);
  }
  const graph = getDefaultGraph();
  return graph.nameScope(scope ?? "weighted_loss", () =>
    graph.controlDependencies([assertBroadcastable(asFloat(weights), losses)], () => {
      const given = convertToTensor(losses);
      const each = cast(given, float32);
      const weight = cast(asFloat(weights) as Tensor, float32);
      const weighted = multiply(each, weight);
      const loss = cast(reduced(each, weight, weighted, reduction), given.dtype.baseDtype);
      addLoss(loss, lossCollection);
      return loss;
    }),
  );
}

function reduced(losses: Tensor, weights: Tensor, weighted: Tensor, reduction: LossReduction): Tensor {
  if (reduction === Reduction.NONE) return weighted;
  const sum = reduceSum(weighted);
  switch (reduction) {
    case Reduction.MEAN:
      return safeMean(sum, reduceSum(multiply(onesLike(losses), weights, { name: "mul" })));
    case Reduction.SUM_BY_NONZERO_WEIGHTS:
      return safeMean(sum, numPresent(losses, weights));
    case Reduction.SUM_OVER_BATCH_SIZE:
      return safeMean(sum, countOf(losses));
    default:
      return sum;
  }
}
