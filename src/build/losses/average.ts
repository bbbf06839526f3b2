/** Losses of examples as one number of a whole batch. Source: nn_impl_distribute.py, losses/util.py. */
import { float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  divNoNan,
  equal,
  expandDims,
  multiply,
  rank as rankOf,
  reduceSum,
  shape as shapeOf,
  squeeze,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertGreaterEqual, assertNonNegative } from "../checks/compare.ts";
import { assertInteger, assertScalar } from "../checks/ranks.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { mul, truediv } from "../operators.ts";

export interface AverageLossOptions {
  readonly sampleWeight?: TensorLike | null;
  /** How many examples all batches of a step have; the batch's own number by default. */
  readonly globalBatchSize?: TensorLike | null;
}
const averagePlaces = ["sampleWeight", "globalBatchSize"] as const;

/**
 * The sum of the losses of examples, weighted, over the number of examples of all batches of a step. Throws ValueError for a scalar loss and a
 * batch size that is no whole number.
 */
export function computeAverageLoss(
  perExampleLoss: TensorLike,
  ...rest: Rest<AverageLossOptions, typeof averagePlaces>
): Tensor {
  const { sampleWeight = null, globalBatchSize = null } = byName<AverageLossOptions>(rest, averagePlaces);
  const given = convertToTensor(perExampleLoss);
  const dtype = given.dtype.baseDtype;
  const average = (): Tensor => {
    let losses = given;
    if (sampleWeight !== null) losses = weighted(losses, convertToTensor(sampleWeight));
    losses = cast(losses, dtype) as Tensor;
    const count = globalBatchSize ?? mul(shapeOf(losses).at(0), 1);
    assertScalar(count, { message: "global_batch_size must be scalar." });
    assertInteger(count, { message: "global_batch_size must be an integer." });
    assertNonNegative(count, { message: "global_batch_size must be non-negative." });
    const sum = reduceSum(losses);
    return divNoNan(sum, cast(count as Tensor, dtype) as Tensor);
  };
  if (given.shape?.length === 0)
    throw new ValueError(
      `Invalid value passed for \`per_example_loss\`. Expected a tensor with at least rank 1. Received per_example_loss=${given} with rank 0`,
    );
  if (given.shape !== null) return average();
  const message = "Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1.";
  const check = assertGreaterEqual(rankOf(given), cast(1, int32) as unknown as Tensor, { message });
  return getDefaultGraph().controlDependencies([check], average);
}

function weighted(losses: Tensor, weights: Tensor): Tensor {
  const values = cast(losses, float32) as Tensor;
  const factors = cast(weights, float32) as Tensor;
  const [rank, own] = [values.shape?.length ?? null, factors.shape?.length ?? null];
  if (own === 0) return multiply(values, factors);
  if (rank !== null && own !== null) {
    if (own - rank === 1) return multiply(values, squeeze(factors, { axis: [-1] }));
    return multiply(values, rank - own === 1 ? expandDims(factors, [-1]) : factors);
  }
  const ownRank = rankOf(factors);
  const difference = ownRank.sub(rankOf(values));
  const expanded = (): Tensor =>
    cond(
      equal(difference, -1),
      () => expandDims(factors, [-1]),
      () => factors,
    ) as Tensor;
  const adjusted = (): Tensor => cond(equal(difference, 1), () => squeeze(factors, { axis: [-1] }), expanded) as Tensor;
  return multiply(values, cond(equal(ownRank, 0), () => factors, adjusted) as Tensor);
}

/** The sum of regularization losses, divided by the number of replicas, which is one. */
export const scaleRegularizationLoss = (regularizationLoss: TensorLike): Tensor =>
  truediv(reduceSum(regularizationLoss), 1) as Tensor;
