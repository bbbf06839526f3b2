/** How many predictions are right and wrong at several thresholds. Source: tensorflow/python/ops/metrics_impl.py. */

import { bool, float32 } from "../../core/dtype.ts";
import { NdArray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  constant,
  expandDims,
  greater,
  logicalAnd,
  logicalNot,
  reduceSum,
  reshape,
  shape as shapeOf,
  stack,
  tile,
  transpose,
} from "../../ops/index.ts";
import { assertGreaterEqual, assertLessEqual } from "../checks/compare.ts";
import { broadcastWeights } from "../losses/weights.ts";
import { assignAdd } from "../variables/state.ts";
import type { Variable } from "../variables/variable.ts";
import { type Aligned, align, checkCompatible, metricVariable } from "./metric.ts";

/** True positives, false negatives, true negatives, false positives. */
export type Kind = "tp" | "fn" | "tn" | "fp";

export const kinds: Readonly<
  Record<Kind, { readonly name: string; readonly label: boolean; readonly prediction: boolean }>
> = {
  tp: { name: "true_positives", label: true, prediction: true },
  fn: { name: "false_negatives", label: true, prediction: false },
  tn: { name: "true_negatives", label: false, prediction: false },
  fp: { name: "false_positives", label: false, prediction: true },
};

export interface Counts<T> {
  readonly tp: T;
  readonly fn: T;
  readonly tn: T;
  readonly fp: T;
}

export interface CountsAt {
  readonly values: Counts<Variable>;
  readonly updates: Counts<Tensor>;
}

export type Operand = Tensor | Variable;

const scalar = (value: number): NdArray => new NdArray(float32, [], Float32Array.of(value));

/** One check each that no prediction lies below 0 or above 1. */
export function checkProbabilities(predictions: Tensor) {
  const message = "predictions must be in [0, 1]";
  const limit = (value: number): Tensor => cast(scalar(value) as unknown as Tensor, predictions.dtype.baseDtype);
  return [assertGreaterEqual(predictions, limit(0), { message }), assertLessEqual(predictions, limit(1), { message })];
}

const all: readonly Kind[] = ["tp", "fn", "tn", "fp"];

/** One count for each threshold, of the kinds asked for. Fails for predictions outside [0, 1]. */
export function countsAt(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  weights: TensorLike | null | undefined,
  wanted: readonly Kind[] = all,
): CountsAt {
  const given = convertToTensor(predictions);
  const aligned = getDefaultGraph().controlDependencies(checkProbabilities(given), () => {
    const prediction = cast(given, float32);
    return align(prediction, cast(labels as Tensor, bool), weights);
  });
  return alignedCountsAt(aligned, thresholds, wanted);
}

/** As countsAt, of what is aligned and may lie anywhere. */
export function alignedCountsAt(
  aligned: Aligned,
  thresholds: readonly number[],
  wanted: readonly Kind[] = all,
): CountsAt {
  const count = thresholds.length;
  const column = reshape(aligned.predictions, [-1, 1]);
  const row = reshape(cast(aligned.labels, bool), [1, -1]);
  const width = column.shape?.[0] ?? shapeOf(column).at(0);
  const tiled = tile(expandDims(constant(thresholds, { dtype: float32 }), [1]), stack([1, width]));
  const has = (...list: readonly Kind[]): boolean => list.some((kind) => wanted.includes(kind));
  const isPositive = greater(tile(transpose(column), [count, 1]), tiled);
  const isNegative = has("fn", "tn") ? logicalNot(isPositive) : isPositive;
  const labelPositive = tile(row, [count, 1]);
  const labelNegative = has("fp", "tn") ? logicalNot(labelPositive) : labelPositive;
  const weight = aligned.weights && tileWeights(aligned.weights, aligned.predictions, count);
  if (weight) checkCompatible(tiled, weight);
  const values: Partial<Record<Kind, Variable>> = {};
  const updates: Partial<Record<Kind, Tensor>> = {};
  for (const kind of Object.keys(kinds) as Kind[]) {
    if (!wanted.includes(kind)) continue;
    const { name, label, prediction } = kinds[kind];
    const variable = metricVariable([count], float32, name);
    const holds = logicalAnd(label ? labelPositive : labelNegative, prediction ? isPositive : isNegative);
    const counted = cast(holds, float32);
    const weighted = weight ? counted.mul(weight) : counted;
    updates[kind] = assignAdd(variable, reduceSum(weighted, { axis: 1 })) as Tensor;
    values[kind] = variable;
  }
  return { values: values as Counts<Variable>, updates: updates as Counts<Tensor> };
}

function tileWeights(weights: Tensor, predictions: Tensor, count: number): Tensor {
  const broadcast = broadcastWeights(cast(weights, float32), predictions);
  return tile(reshape(broadcast, [1, -1]), [count, 1]);
}

/** Thresholds between 0 and 1, and one beyond each end. */
export function evenThresholds(count: number, last = 1 + 1e-7): number[] {
  const inner = Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1));
  return [0 - 1e-7, ...inner, last];
}
