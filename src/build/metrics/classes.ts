/** Metrics of several classes, and confusion matrices. Source: metrics_impl.py, confusion_matrix.py. */
import { type DType, float32, float64, int32, int64 } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  diagPart,
  divide,
  divNoNan,
  equal,
  greater,
  maximum,
  notEqual,
  onesLike,
  ones as onesOf,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  scatterNd,
  size,
  stack,
  where,
  withDependencies,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertLess, assertNonNegative } from "../checks/compare.ts";
import { removeSqueezableDimensions } from "../losses/squeeze.ts";
import { scatterAdd } from "../variables/scatter.ts";
import { assignAdd } from "../variables/state.ts";
import {
  checkCompatible,
  inMetricScope,
  type Metric,
  type MetricRest,
  metricOptions,
  metricVariable,
} from "./metric.ts";

export interface ConfusionMatrixOptions {
  /** One more than the largest class that is there by default. */
  readonly numClasses?: TensorLike | null | undefined;
  readonly dtype?: DType | undefined;
  readonly name?: string | null | undefined;
  readonly weights?: TensorLike | null | undefined;
}

const places = ["numClasses", "dtype", "name", "weights"] as const;

/** How often class i (row) was predicted as class j (column): [n, n]. Fails for classes that are negative or too large. */
export const confusionMatrix = byKeyword(
  ["labels", "predictions"],
  function confusionMatrix(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<ConfusionMatrixOptions, typeof places>
  ): Tensor {
    const options: ConfusionMatrixOptions = byName(rest, places);
    const { numClasses, dtype = int32 } = options;
    return getDefaultGraph().nameScope(options.name ?? "confusion_matrix", () => {
      const given = [
        convertToTensor(labels, { name: "labels" }),
        convertToTensor(predictions, { name: "predictions" }),
      ];
      const [first, second] = removeSqueezableDimensions(given[0]!, given[1]!);
      let prediction = cast(second, int64);
      let label = cast(first, int64);
      label = withDependencies([assertNonNegative(label, { message: "`labels` contains negative values" })], label);
      const check = assertNonNegative(prediction, { message: "`predictions` contains negative values" });
      prediction = withDependencies([check], prediction);
      let count: TensorLike;
      if (numClasses === null || numClasses === undefined) {
        count = maximum(reduceMax(prediction), reduceMax(label)).add(1);
      } else {
        count = numClasses;
        const limit = cast(numClasses as Tensor, int64);
        label = withDependencies([assertLess(label, limit, { message: "`labels` out of bound" })], label);
        const below = assertLess(prediction, limit, { message: "`predictions` out of bound" });
        prediction = withDependencies([below], prediction);
      }
      const weights = weightsAs(options.weights, prediction, dtype);
      const shape = stack([count, count]);
      const indices = stack([label, prediction], { axis: 1 });
      const updates = weights ?? onesLike(prediction, { dtype });
      return scatterNd(indices, updates, cast(shape, int64));
    });
  },
);

function weightsAs(given: TensorLike | null | undefined, predictions: Tensor, dtype: DType): Tensor | null {
  if (given === null || given === undefined) return null;
  const weights = convertToTensor(given, { name: "weights" });
  checkCompatible(predictions, weights);
  return cast(weights, dtype);
}

const flat = (tensor: Tensor): Tensor => ((tensor.shape?.length ?? 0) > 1 ? reshape(tensor, [-1]) : tensor);

/** The mean over classes of how many of each were found. */
export const meanPerClassAccuracy = byKeyword(
  ["labels", "predictions", "numClasses"],
  function meanPerClassAccuracy(
    labels: TensorLike,
    predictions: TensorLike,
    numClasses: number,
    ...rest: MetricRest
  ): Metric {
    const options = metricOptions(rest);
    return inMetricScope("mean_accuracy", options, () => {
      const label = flat(cast(labels as Tensor, int64));
      let prediction = flat(convertToTensor(predictions));
      checkCompatible(prediction, label);
      const total = metricVariable([numClasses], float32, "total");
      const count = metricVariable([numClasses], float32, "count");
      let ones = onesOf([size(label)], float32);
      if (prediction.dtype !== label.dtype) prediction = cast(prediction, label.dtype);
      let isCorrect = cast(equal(prediction, label), float32);
      if (options.weights !== null && options.weights !== undefined) {
        const weights = cast(flat(convertToTensor(options.weights)), float32);
        isCorrect = isCorrect.mul(weights);
        ones = ones.mul(weights);
      }
      const updateTotal = scatterAdd(total, label, ones) as Tensor;
      const updateCount = scatterAdd(count, label, isCorrect) as Tensor;
      return {
        value: () => reduceMean(divNoNan(count, maximum(total, 0)), { name: "mean_accuracy" }),
        update: () => divNoNan(updateCount, maximum(updateTotal, 0), { name: "update_op" }),
      };
    });
  },
);

/** The mean over classes of intersection over union; its update is the confusion matrix. */
export const meanIou = byKeyword(
  ["labels", "predictions", "numClasses"],
  function meanIou(labels: TensorLike, predictions: TensorLike, numClasses: number, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    return inMetricScope("mean_iou", options, () => {
      const [givenLabel, givenPrediction] = [convertToTensor(labels), convertToTensor(predictions)];
      checkCompatible(givenPrediction, givenLabel);
      const total = metricVariable([numClasses, numClasses], float64, "total_confusion_matrix");
      const casts = [cast(givenPrediction, int64), cast(givenLabel, int64)];
      const count = cast(numClasses as unknown as Tensor, int64);
      const [prediction, label] = casts.map(flat);
      const { weights } = options;
      const weight = weights === null || weights === undefined ? null : flat(convertToTensor(weights));
      const matrix = confusionMatrix(label!, prediction!, { numClasses: count, dtype: float64, weights: weight });
      const update = assignAdd(total, matrix) as Tensor;
      return { value: () => intersectionOverUnion(total.value()), update: () => update };
    });
  },
);

function intersectionOverUnion(matrix: Tensor): Tensor {
  const rows = cast(reduceSum(matrix, { axis: 0 }), float32);
  const columns = cast(reduceSum(matrix, { axis: 1 }), float32);
  const diagonal = cast(diagPart(matrix), float32);
  const union = rows.add(columns).sub(diagonal);
  const present = reduceSum(cast(notEqual(union, 0), float32));
  const divisor = where(greater(union, 0), union, onesLike(union));
  const iou = divide(diagonal, divisor) as Tensor;
  return where(greater(present, 0), reduceSum(iou, { name: "mean_iou" }).truediv(present), 0);
}
