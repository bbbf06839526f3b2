/** Precision and recall at evenly spaced thresholds, from counts in buckets. Source: contrib/metrics metric_ops.py. */
import { bool, float64, int32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { cast, cumsum, floor, group, linSpaceOp, maximum, reshape } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { assertType } from "../../checks/ranks.ts";
import { checkProbabilities } from "../../metrics/counts_at.ts";
import { align, metricVariable } from "../../metrics/metric.ts";
import { scatterAdd } from "../../variables/scatter.ts";
import { variableScope } from "../../variables/scope.ts";
import { namedTupleClass } from "../named_tuple.ts";

/** Counts, precision and recall, each [numThresholds] of the predictions' dtype. */
export const PrecisionRecallData = namedTupleClass("PrecisionRecallData", [
  "tp",
  "fp",
  "tn",
  "fn",
  "precision",
  "recall",
  "thresholds",
]);
export type PrecisionRecallData = InstanceType<typeof PrecisionRecallData>;

export interface EqualThresholdsOptions {
  readonly weights?: TensorLike | null | undefined;
  /** 201 by default. */
  readonly numThresholds?: number | null | undefined;
  readonly useLocking?: boolean | null | undefined;
  readonly name?: string | null | undefined;
}

const places = ["weights", "numThresholds", "useLocking", "name"] as const;

/** Precision and recall at 0, 1 / (n - 1), … 1 of boolean labels; fails for predictions outside [0, 1]. */
export function precisionRecallAtEqualThresholds(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<EqualThresholdsOptions, typeof places>
): readonly [PrecisionRecallData, Operation] {
  const options: EqualThresholdsOptions = byName(rest, places);
  const count = options.numThresholds ?? 201;
  const useLocking = options.useLocking ?? true;
  assertType(labels, bool);
  const graph = getDefaultGraph();
  return variableScope(options.name ?? null, { defaultName: "precision_recall_at_equal_thresholds" }, () => {
    const given = convertToTensor(predictions);
    const aligned = graph.controlDependencies(checkProbabilities(given), () =>
      align(given, labels, options.weights ?? 1),
    );
    const label = cast(aligned.labels, float64);
    const weights = cast(aligned.weights!, float64);
    const weighted = [label.mul(weights), label.rsub(1).mul(weights)];
    const prediction = reshape(aligned.predictions, [-1]);
    const [positive, negative] = weighted.map((each) => reshape(each, [-1]));
    const bucket = cast(floor(prediction.mul(count - 1)), int32);
    const [truths, errors] = graph.nameScope("variables", () => [
      metricVariable([count], float64, "tp_buckets"),
      metricVariable([count], float64, "fp_buckets"),
    ]);
    const updates = graph.nameScope("update_op", () => [
      scatterAdd(truths!, bucket, positive!, { useLocking }),
      scatterAdd(errors!, bucket, negative!, { useLocking }),
    ]);
    const tp = cumsum(truths!, { reverse: true, name: "tp" });
    const fp = cumsum(errors!, { reverse: true, name: "fp" });
    const tn = fp.at(0).sub(fp);
    const fn = tp.at(0).sub(tp);
    const epsilon = convertToTensor(1e-7, { dtype: float64 });
    const precision = tp.truediv(maximum(epsilon, tp.add(fp)));
    const recall = tp.truediv(maximum(epsilon, tp.add(fn)));
    const as = (values: Tensor): Tensor => cast(values, prediction.dtype);
    const [tps, fps, tns, fns, precisions, recalls] = [tp, fp, tn, fn, precision, recall].map(as);
    const data = new PrecisionRecallData({
      tp: tps,
      fp: fps,
      tn: tns,
      fn: fns,
      precision: precisions,
      recall: recalls,
      thresholds: as(linSpaceOp({ start: 0, stop: 1, num: count })),
    });
    return [data, group(...(updates as Tensor[]))] as const;
  });
}
