/** From losses of examples to one that is listed. Source: contrib/losses loss_ops.py. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  div,
  divNoNan,
  equal,
  multiply,
  notEqual,
  ones,
  reduceProd,
  reduceSum,
  reshape,
  shape as shapeOf,
  size,
  slice,
  squeeze,
  where,
} from "../../../ops/index.ts";
import { addLoss } from "../../losses/collection.ts";
import { asFloat } from "../../losses/weights.ts";

const axes = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** The sum of losses [n, …] times weights of a scalar or [n, …]. */
export function scaledLosses(losses: Tensor, weights: Tensor): Tensor {
  const reduced = reduceSum(losses, { axis: axes(weights.shape!.length, losses.shape!.length) });
  return reduceSum(multiply(reduced, weights));
}

/** How many losses have a weight that is not 0: in all, or in each example. */
export function numPresent(losses: Tensor, weights: Tensor, options: { readonly perBatch?: boolean } = {}): Tensor {
  const perBatch = presentPerBatch(losses, weights);
  return options.perBatch ? perBatch : reduceSum(perBatch);
}

function presentPerBatch(losses: Tensor, weights: Tensor): Tensor {
  const rank = weights.shape!.length;
  if (rank === 0) {
    const batch = reshape(slice(shapeOf(losses), [0], [1]), []);
    const all = cast(size(losses), float32);
    const each = div(all, cast(batch, float32));
    const present = where(equal(weights, 0), 0, each);
    return multiply(ones(reshape(batch, [1])), present);
  }
  const present = reduceSum(cast(notEqual(weights, 0), float32), { axis: axes(1, rank) });
  const others = slice(shapeOf(losses), [rank], [-1]);
  return multiply(present, cast(reduceProd(others), float32));
}

/**
 * The mean of the losses whose weight is not 0, listed in LOSSES; of the losses' dtype. Throws ValueError for losses or weights of unknown rank.
 */
export function computeWeightedLoss(losses: TensorLike, weights: TensorLike = 1, scope?: string | null): Tensor {
  return getDefaultGraph().nameScope(scope ?? "weighted_loss", () => {
    const given = convertToTensor(losses);
    const each = cast(given, float32);
    let weight = cast(convertToTensor(asFloat(weights)), float32);
    if (!each.shape) throw new ValueError("losses.get_shape().ndims cannot be None");
    if (!weight.shape) throw new ValueError("weights.get_shape().ndims cannot be None");
    if (weight.shape.length > 1 && (weight.shape.at(-1) ?? 1) === 1) weight = squeeze(weight, [-1]);
    const total = scaledLosses(each, weight);
    const count = numPresent(each, weight);
    const mean = cast(divNoNan(reduceSum(total), count, { name: "value" }), given.dtype.baseDtype);
    addLoss(mean);
    return mean;
  });
}
