/** tf.contrib.eager.metrics. Written by scripts/api.mjs. */
export {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  Mean,
  Metric,
  SparseAccuracy,
} from "../build/contrib/eager/metrics.ts";
