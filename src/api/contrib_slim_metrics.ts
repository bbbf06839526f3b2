/** tf.contrib.slim.metrics. Written by scripts/api.mjs. */
export { confusionMatrix } from "../build/metrics/classes.ts";
export { setDifference, setIntersection, setSize, setUnion } from "../ops/compute/sparse/sets.ts";
export * from "./contrib_metrics_and_contrib_slim_metrics.ts";
