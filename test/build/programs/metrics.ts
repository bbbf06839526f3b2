import { float32, int64 } from "../../../src/core/dtype.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Places, Programs } from "./program.ts";

const floats = (values: unknown): Tensor => tf.constant(ndarray(values, "float32"));
const column = (): Tensor => floats([[1], [0], [2]]);
/** The labels plus one. */
const normalizer = (): Tensor =>
  floats([
    [1, 1, 2, 2],
    [2, 2, 1, 2],
    [1, 2, 1, 1],
  ]);
const M = tf.metrics;

export const metrics: Programs = {
  metric_mean: ({ x }: Places) => M.mean(x!, { metricsCollections: ["m"], updatesCollections: ["u"] }),
  metric_mean_weighted: ({ x }: Places) => M.mean(x!, { weights: column() }),
  metric_mean_vector_weights: ({ x }: Places) => M.mean(x!, { weights: floats([1, 0, 2]), name: "mine" }),
  metric_mean_tensor: ({ x }: Places) => M.meanTensor(x!, { weights: column() }),
  metric_accuracy: ({ k, p }: Places) => M.accuracy(k!, p!),
  metric_accuracy_column: ({ k, p }: Places) => M.accuracy(k!, p!, { weights: floats([1, 2, 3]) }),
  metric_mae: ({ x, l }: Places) => M.meanAbsoluteError(l!, x!),
  metric_mse: ({ x, l }: Places) => M.meanSquaredError(l!, x!, { weights: 2 }),
  metric_rmse: ({ x, l }: Places) => M.rootMeanSquaredError(l!, x!),
  metric_mre: ({ x, l }: Places) => M.meanRelativeError(l!, x!, normalizer()),
  metric_cosine: ({ x, l }: Places) => M.meanCosineDistance(l!, x!, 1),
  metric_percentage: ({ x }: Places) => M.percentageBelow(x!, 0.5),
  metric_true_positives: ({ p, l }: Places) => M.truePositives(l!, p!),
  metric_false_negatives: ({ p, l }: Places) => M.falseNegatives(l!, p!, { weights: floats([1, 2, 3, 4]) }),
  metric_precision: ({ p, l }: Places) => M.precision(l!, p!),
  metric_recall: ({ p, l }: Places) => M.recall(l!, p!, { weights: 0.5 }),
  metric_true_negatives_at: ({ p, l }: Places) => M.trueNegativesAtThresholds(l!, p!, [0.25, 0.5]),
  metric_precision_at: ({ p, l }: Places) =>
    M.precisionAtThresholds(l!, p!, [0.25, 0.5], { weights: floats([1, 2, 3]) }),
  metric_recall_at: ({ p, l }: Places) => M.recallAtThresholds(l!, p!, [0.25, 0.5]),
  metric_auc: ({ p, l }: Places) => M.auc(l!, p!, { numThresholds: 5 }),
  metric_auc_pr: ({ p, l }: Places) =>
    M.auc(l!, p!, { numThresholds: 5, curve: "PR", summationMethod: "careful_interpolation" }),
  metric_auc_minoring: ({ p, l }: Places) =>
    M.auc(l!, p!, { thresholds: [0.7, 0.3], curve: "PR", summationMethod: "minoring" }),
  metric_sensitivity: ({ p, l }: Places) => M.sensitivityAtSpecificity(l!, p!, 0.5, { numThresholds: 5 }),
  metric_specificity: ({ p, l }: Places) => M.specificityAtSensitivity(l!, p!, 0.5, { numThresholds: 5 }),
  confusion_matrix: ({ k, p }: Places) => tf.confusionMatrix(k!, p!),
  confusion_matrix_weighted: ({ k, p }: Places) =>
    tf.confusionMatrix(k!, p!, { numClasses: 4, dtype: float32, weights: floats([1, 2, 3, 4]) }),
  metric_per_class: ({ k, p }: Places) => M.meanPerClassAccuracy(k!, p!, 3),
  metric_iou: ({ k, p }: Places) => M.meanIou(k!, p!, 3),
  metric_recall_at_k: ({ x, k }: Places) => M.recallAtK(k!, x!, 2),
  metric_recall_at_k_class: ({ x, k }: Places) => M.recallAtK(k!, x!, 2, { classId: 1 }),
  metric_precision_at_k: ({ x, k }: Places) => M.precisionAtK(k!, x!, 2, { weights: floats([1, 0, 2]) }),
  metric_precision_at_top_k: ({ k }: Places) => {
    const indices = tf.constant(
      [
        [1, 2],
        [3, 0],
        [0, 1],
      ],
      { dtype: int64 },
    );
    return M.precisionAtTopK(k!, indices);
  },
  metric_average_precision: ({ x, k }: Places) => M.averagePrecisionAtK(k!, x!, 3),
};
