/** Points of the curves of precision, recall and false positives. Source: contrib/metrics metric_ops.py, classification.py. */
import { int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  abs,
  argmax,
  argmin,
  cast,
  div,
  greaterEqual,
  group,
  reduceMax,
  reduceSum,
  stack,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { addToCollections } from "../../collections.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { type Counts, countsAt, evenThresholds, type Operand } from "../../metrics/counts_at.ts";
import { align, inMetricScope, type Metric, type MetricOptions } from "../../metrics/metric.ts";
import type { CurvePointOptions } from "../../metrics/thresholds.ts";
import { variableScope } from "../../variables/scope.ts";
import { streamingCountsAt } from "./rates.ts";

export interface StreamingCurveOptions extends MetricOptions {
  readonly numThresholds?: number | undefined;
  readonly curve?: "ROC" | "PR" | undefined;
}

const curvePlaces = ["weights", "numThresholds", "metricsCollections", "updatesCollections", "curve", "name"] as const;

/** Points of a curve, [numThresholds, 2]: false and true positive rates (ROC) or recall and precision (PR). */
export function streamingCurvePoints(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<StreamingCurveOptions, typeof curvePlaces>
): readonly [points: Tensor, update: Operation] {
  const options: StreamingCurveOptions = byName(rest, curvePlaces);
  const { curve = "ROC", numThresholds = 200, metricsCollections, updatesCollections } = options;
  return variableScope(options.name ?? null, { defaultName: "curve_points" }, () => {
    if (curve !== "ROC" && curve !== "PR") {
      throw new ValueError(`curve must be either ROC or PR, ${String(curve)} unknown`);
    }
    const thresholds = evenThresholds(numThresholds);
    const { values, updates } = streamingCountsAt(predictions, labels, thresholds, options.weights);
    const { tp, fn, tn, fp } = values;
    const recall = div(tp.add(1e-6), tp.add(fn).add(1e-6));
    const other =
      curve === "ROC" ? div(fp as unknown as Tensor, fp.add(tn).add(1e-6)) : div(tp.add(1e-6), tp.add(fp).add(1e-6));
    const points = stack(curve === "ROC" ? [other, recall] : [recall, other], { axis: 1 });
    const update = group(...Object.values(updates as Counts<Tensor>));
    if (metricsCollections?.length) addToCollections(metricsCollections, points);
    if (updatesCollections?.length) addToCollections(updatesCollections, update);
    return [points, update] as const;
  });
}

export interface RecallAtPrecisionOptions extends CurvePointOptions {
  /** Only a threshold whose precision is at least the one wanted counts; 0 where there is none. */
  readonly strictMode?: boolean | undefined;
}

const pointPlaces = ["weights", "numThresholds", "metricsCollections", "updatesCollections", "name"] as const;
const recallPlaces = [...pointPlaces, "strictMode"] as const;

function recallAt({ tp, fp, fn }: Counts<Operand>, precision: number, isStrict: boolean, name: string): Tensor {
  const precisions = div(tp as Tensor, tp.add(fp).add(1e-7));
  const recall = (i: Tensor): Tensor => div(tp.at(i), tp.at(i).add(fn.at(i)).add(1e-7), { name });
  if (!isStrict) return recall(argmin(abs(precisions.sub(precision)), 0, { outputType: int32 }));
  const i = argmax(div(1, precisions.sub(precision).add(1e-7)), 0, { outputType: int32 });
  return cond(
    precisions.at(i).greaterEqual(precision),
    () => recall(i),
    () => convertToTensor(0, { dtype: precisions.dtype }),
  ) as Tensor;
}

/** The recall at the threshold whose precision is nearest to the one wanted. Throws ValueError for a precision outside [0, 1]. */
export function recallAtPrecision(
  labels: TensorLike,
  predictions: TensorLike,
  precision: number,
  ...rest: Rest<RecallAtPrecisionOptions, typeof recallPlaces>
): Metric {
  const options: RecallAtPrecisionOptions = byName(rest, recallPlaces);
  if (!(precision >= 0 && precision <= 1)) throw new ValueError("`precision` must be in the range [0, 1].");
  const isStrict = options.strictMode ?? false;
  return inMetricScope("recall_at_precision", options, () => {
    const thresholds = evenThresholds(options.numThresholds ?? 200);
    const { values, updates } = streamingCountsAt(predictions, labels, thresholds, options.weights);
    return {
      value: () => recallAt(values, precision, isStrict, "value"),
      update: () => recallAt(updates, precision, isStrict, "update_op"),
    };
  });
}

/** The precision at the largest threshold that has the recall wanted. Throws ValueError for a recall outside [0, 1]. */
export function precisionAtRecall(
  labels: TensorLike,
  predictions: TensorLike,
  targetRecall: number,
  ...rest: Rest<CurvePointOptions, typeof pointPlaces>
): Metric {
  const options = byName<CurvePointOptions>(rest, pointPlaces);
  if (targetRecall < 0 || targetRecall > 1) throw new ValueError("`target_recall` must be in the range [0, 1].");
  return inMetricScope("precision_at_recall", options, () => {
    const thresholds = evenThresholds(options.numThresholds ?? 200);
    const { values, updates } = streamingCountsAt(predictions, labels, thresholds, options.weights);
    const compute = ({ tp, fp, fn }: Counts<Operand>, name: string): Tensor => {
      const recalls = div(tp as Tensor, tp.add(fn).add(1e-7));
      const i = reduceSum(cast(greaterEqual(recalls, targetRecall), int64)).sub(1);
      return div(tp.at(i).add(1e-7), tp.at(i).add(fp.at(i)).add(1e-7), { name });
    };
    return { value: () => compute(values, "value"), update: () => compute(updates, "update_op") };
  });
}

/** The best harmonic mean of precision and recall among the thresholds. Fails for predictions outside [0, 1]. */
export function f1Score(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<CurvePointOptions, typeof pointPlaces>
): Metric {
  const options = byName<CurvePointOptions>(rest, pointPlaces);
  return inMetricScope("f1", options, () => {
    const aligned = align(predictions, labels, options.weights);
    const thresholds = evenThresholds(options.numThresholds ?? 200);
    const wanted = ["tp", "fp", "fn"] as const;
    const counts = countsAt(aligned.labels, aligned.predictions, thresholds, aligned.weights, wanted);
    const best = ({ tp, fp, fn }: Counts<Operand>, name: string): Tensor => {
      const precision = div(tp as Tensor, tp.radd(1e-7).add(fp), { name: `precision_${name}` });
      const recall = div(tp as Tensor, tp.radd(1e-7).add(fn), { name: `recall_${name}` });
      return reduceMax(precision.rmul(2).mul(recall).truediv(precision.add(recall).add(1e-7)));
    };
    return { value: () => best(counts.values, "value"), update: () => best(counts.updates, "update") };
  });
}
