/**
 * The area under the ROC curve by placement values, with its confidence interval. Source: contrib/metrics metric_ops.py, after Hanley and
 * Hajian-Tilaki, 1997.
 */
import { float32, int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  cast,
  constant,
  cumsum,
  equal,
  exp,
  gather,
  less,
  log,
  logicalOr,
  negative,
  onesLike,
  reduceSum,
  reverse,
  segmentSum,
  size as sizeOf,
  sqrt,
  square,
  squaredDifference,
  topK,
  unique,
  where,
  zeros,
  zerosLike,
} from "../../../ops/index.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { Normal } from "../../distributions/continuous/normal.ts";
import { namedTupleClass } from "../named_tuple.ts";

/** The area, and the ends of its interval. */
export const AucData = namedTupleClass("AucData", ["auc", "lower", "upper"]);
export type AucData = InstanceType<typeof AucData>;

interface Seen {
  readonly labels: Tensor;
  readonly predictions: Tensor;
  readonly weights: Tensor;
}

interface Interval {
  readonly alpha: number;
  readonly logitTransformation: boolean;
  readonly isValid: Tensor;
}

const epsilon = 1e-7;

/** Where each value of one class lies among those of the other: 0 below all, 1 above all. */
function placements(others: Tensor, segments: Tensor) {
  const totals = segmentSum(others, segments);
  return { totals, before: () => cumsum(totals, { exclusive: true }) };
}

export function placementAuc({ labels, predictions, weights }: Seen, interval: Interval): AucData {
  const size = sizeOf(predictions, { outType: int32 });
  const sumOf = (each: Tensor): Tensor => reduceSum(cast(each, weights.dtype).mul(weights));
  const total0 = sumOf(labels.rsub(1));
  const total1 = sumOf(labels);
  const sorted = topK(predictions, size, { sorted: true });
  const ascending = (values: Tensor): Tensor => reverse(values, zeros(1, int32));
  const orderedPredictions = ascending(sorted.values);
  const indices = ascending(sorted.indices);
  const orderedLabels = gather(labels, indices);
  const orderedWeights = gather(weights, indices);
  const { idx } = unique(orderedPredictions);
  const isTrue = cast(orderedLabels, float32);
  const isFalse = isTrue.rsub(1);
  const [weightsTrue, weightsFalse] = [orderedWeights.mul(isTrue), orderedWeights.mul(isFalse)];
  const forTrue = placements(weightsFalse, idx);
  const forFalse = placements(weightsTrue, idx);
  const [beforeTrue, beforeFalse] = [forTrue.before(), forFalse.before()];
  const placed = (before: Tensor, totals: Tensor): Tensor =>
    before.add(totals.truediv(2)).truediv(reduceSum(totals).add(epsilon));
  const [sharesTrue, sharesFalse] = [placed(beforeTrue, forTrue.totals), placed(beforeFalse, forFalse.totals)];
  const [eachTrue, eachFalse] = [gather(sharesTrue, idx), gather(sharesFalse, idx)];
  const values = eachTrue.mul(isTrue).add(eachFalse.mul(isFalse));
  const ofClass = (isOne: boolean): readonly [values: Tensor, weights: Tensor] => {
    const mask = (): Tensor => cast(isOne ? orderedLabels : orderedLabels.rsub(1), weights.dtype);
    return [values.mul(mask()), orderedWeights.mul(mask())];
  };
  const [values0, weights0] = ofClass(false);
  const [values1, weights1] = ofClass(true);
  const auc0 = reduceSum(weights0.mul(values0.rsub(1))).truediv(total0.add(epsilon));
  const auc1 = reduceSum(weights1.mul(values1)).truediv(total1.add(epsilon));
  const auc = where(less(total0, total1), auc1, auc0);
  const squares0 = square(values0.rsub(1).sub(auc0));
  const var0 = reduceSum(weights0.mul(squares0)).truediv(total0.sub(1).add(epsilon));
  const squares1 = squaredDifference(values1, auc1);
  const var1 = reduceSum(weights1.mul(squares1)).truediv(total1.sub(1).add(epsilon));
  const error = sqrt(var0.truediv(total0.add(epsilon)).add(var1.truediv(total1.add(epsilon))));
  const z = new Normal(0, 1).quantile((1 - interval.alpha) / 2);
  const [low, high] = interval.logitTransformation ? logitEnds(auc, error, z) : ends(auc, error, z);
  const isTrivial = (): Tensor => logicalOr(equal(auc, onesLike(auc)), equal(auc, zerosLike(auc)));
  const [lower, upper] = [where(isTrivial(), auc, low), where(isTrivial(), auc, high)];
  const trivial = constant(0, { dtype: float32 });
  const [area, from, to] = cond(
    interval.isValid,
    () => [auc, lower, upper],
    () => [trivial, trivial, trivial],
  ) as Tensor[];
  return new AucData({ auc: area, lower: from, upper: to });
}

const ends = (estimate: Tensor, error: Tensor, z: Tensor): readonly [Tensor, Tensor] => [
  estimate.add(z.mul(error)),
  estimate.sub(z.mul(error)),
];

function logitEnds(auc: Tensor, error: Tensor, z: Tensor): readonly [Tensor, Tensor] {
  const estimate = log(auc.truediv(auc.rsub(1).add(epsilon)));
  const standard = error.truediv(auc.mul(auc.rsub(1).add(epsilon)));
  const [lower, upper] = ends(estimate, standard, z);
  const inverse = (x: Tensor): Tensor => exp(negative(x)).radd(1).add(epsilon).rtruediv(1);
  return [inverse(lower), inverse(upper)];
}
