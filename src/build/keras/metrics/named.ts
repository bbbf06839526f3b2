/** Metrics by name. Source: tf_keras/src/metrics/__init__.py, engine/training_utils_v1.py. */
import type { Tensor } from "../../../graph/tensor.ts";
import { byName, deserializeObject, isSerialized, type Serialized, serializeObject } from "../config/registry.ts";
import { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy } from "../losses/cross_entropy.ts";
import { type LossFunction, lossTable } from "../losses/losses.ts";
import { MeanMetricWrapper, Metric, type MetricFunction } from "./metric.ts";
import * as metricClasses from "./metrics.ts";
import {
  binaryAccuracy,
  categoricalAccuracy,
  cosine,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./metrics.ts";

const table: Readonly<Record<string, MetricFunction>> = {
  ...(lossTable as Readonly<Record<string, LossFunction>>),
  cosine_similarity: cosine,
  cosine_proximity: cosine,
  binary_accuracy: binaryAccuracy as MetricFunction,
  categorical_accuracy: categoricalAccuracy,
  sparse_categorical_accuracy: sparseCategoricalAccuracy,
  top_k_categorical_accuracy: topKCategoricalAccuracy as MetricFunction,
  sparse_top_k_categorical_accuracy: sparseTopKCategoricalAccuracy as MetricFunction,
};

const classes = { ...metricClasses } as unknown as Readonly<Record<string, new (options?: never) => Metric>>;

export type MetricLike = string | MetricFunction | Metric;

/**
 * The metric of a name, a function or an object, for an output that has this loss. "accuracy" is the one that fits: binary for one number
 * and binary losses, sparse for whole labels, else categorical; "crossentropy" likewise. Throws ValueError for names that Keras has not.
 */
export function getMetric(identifier: MetricLike, output: Tensor, loss: string): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier !== "string") return new MeanMetricWrapper(identifier);
  const isAccuracy = identifier === "accuracy" || identifier === "acc";
  if (!isAccuracy && identifier !== "crossentropy" && identifier !== "ce") {
    const found = getMetricObject(identifier);
    return found instanceof Metric ? found : new MeanMetricWrapper(found);
  }
  const isBinary = output.shape?.at(-1) === 1 || loss === "binary_crossentropy";
  const isSparse = loss === "sparse_categorical_crossentropy";
  const [binary, whole, oneHot]: readonly MetricFunction[] = isAccuracy
    ? [binaryAccuracy as MetricFunction, sparseCategoricalAccuracy, categoricalAccuracy]
    : [binaryCrossentropy, sparseCategoricalCrossentropy, categoricalCrossentropy];
  const name = isAccuracy ? "acc" : "ce";
  return new MeanMetricWrapper((isBinary ? binary : isSparse ? whole : oneHot)!, { name });
}

/** The metric of a name or that data describe; a function stays one. Throws ValueError for names that Keras has not. */
export function getMetricObject(identifier: MetricLike | Serialized): Metric | MetricFunction {
  if (isSerialized(identifier)) return deserializeMetric(identifier);
  if (typeof identifier !== "string") return identifier;
  const found = byName<object>("metric function", { ...table, ...classes }, identifier);
  if ((found as { prototype?: unknown }).prototype instanceof Metric) return new (found as new () => Metric)();
  return found as MetricFunction;
}
export const deserializeMetric = (given: Serialized): Metric =>
  deserializeObject("metric function", (name) => classes[name], given);
export const serializeMetric = (metric: Metric | MetricFunction): unknown => serializeObject(metric);
