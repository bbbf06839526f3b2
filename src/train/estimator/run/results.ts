/** What an estimator's runs give: metrics of an evaluation, predictions example by example. Source: estimator.py. */
import { GraphKeys } from "../../../build/collections.ts";
import { mean } from "../../../build/metrics/means.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { group } from "../../../ops/index.ts";
import type { Prediction, PredictOptions } from "./functions.ts";
import type { EstimatorSpec } from "./spec.ts";

/** The update of all metrics in one, and their values; the loss's mean is one of them. Throws ValueError for names of the estimator's own. */
export function metricNodes(spec: EstimatorSpec): { updateOp: Operation; values: Record<string, Tensor> } {
  const taken = (name: string): ValueError =>
    new ValueError(
      `Metric with name ${name} is not allowed, because Estimator already defines a default metric with the same name.`,
    );
  if ("loss" in spec.evalMetricOps) throw taken('"loss"');
  const metrics = { ...spec.evalMetricOps, loss: mean(spec.loss!) };
  const sorted = Object.entries(metrics).sort(([a], [b]) => (a < b ? -1 : 1));
  const updateOp = group(...sorted.map(([, [, update]]) => update));
  if (GraphKeys.GLOBAL_STEP in metrics) throw taken("`global_step`");
  return { updateOp, values: Object.fromEntries(sorted.map(([name, [value]]) => [name, value])) };
}

/** The predictions of the keys that are asked for. Throws ValueError for one tensor, and where no key is there. */
export function chosen(predictions: EstimatorSpec["predictions"], keys: PredictOptions["predictKeys"]) {
  if (keys === null || keys === undefined || keys.length === 0) return predictions;
  if (predictions instanceof Tensor) {
    throw new ValueError("predict_keys argument is not valid in case of non-dict predictions.");
  }
  const wanted = typeof keys === "string" ? [keys] : keys;
  const kept = Object.entries(predictions).filter(([key]) => wanted.includes(key));
  if (kept.length > 0) return Object.fromEntries(kept);
  const existing = Object.keys(predictions).map((key) => `'${key}'`);
  const asked = typeof keys === "string" ? keys : `[${keys.map((key) => `'${key}'`).join(", ")}]`;
  throw new ValueError(
    `Expected to run at least one output from dict_keys([${existing.join(", ")}]), provided ${asked}.`,
  );
}

/** One prediction for each example. Throws ValueError for batches of different lengths. */
export function* rowsOf(values: NdArray | Readonly<Record<string, NdArray>>): Generator<Prediction> {
  if (values instanceof NdArray) {
    for (let i = 0; i < values.shape[0]!; i++) yield rowOf(values, i);
    return;
  }
  const entries = Object.entries(values);
  const length = entries[0]?.[1].shape[0] ?? 0;
  for (const [key, value] of entries) {
    if (value.shape[0] === length) continue;
    throw new ValueError(`Batch length of predictions should be same. ${key} has different batch length than others.`);
  }
  for (let i = 0; i < length; i++) yield Object.fromEntries(entries.map(([key, value]) => [key, rowOf(value, i)]));
}

/** Element i of an array's first axis. */
function rowOf({ dtype, shape, data }: NdArray, i: number): NdArray {
  const inner = shape.slice(1);
  const size = elementCount(inner) * (dtype.isComplex ? 2 : 1);
  const from = i * size;
  const row = ArrayBuffer.isView(data)
    ? (data as Float32Array).slice(from, from + size)
    : data.slice(from, from + size);
  return new NdArray(dtype, inner, row);
}
