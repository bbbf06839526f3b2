/** What all metrics share: their variables, options, and how values and updates are gathered. Source: tensorflow/python/ops/metrics_impl.py. */

import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatible, type FullShape, formatShapePython } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { equal, expandDims, rank as rankOf, squeeze, zeros } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { addToCollections, GraphKeys } from "../collections.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { removeSqueezableDimensions } from "../losses/squeeze.ts";
import { asFloat } from "../losses/weights.ts";
import { variableScope } from "../variables/scope.ts";
import { Variable, VariableAggregation, VariableSynchronization } from "../variables/variable.ts";

export interface MetricOptions {
  /** A number, or a tensor that broadcasts to the values. */
  readonly weights?: TensorLike | null | undefined;
  /** Where the metric's value is gathered, and where its update. */
  readonly metricsCollections?: string | readonly string[] | null | undefined;
  readonly updatesCollections?: string | readonly string[] | null | undefined;
  readonly name?: string | null | undefined;
}

const places = ["weights", "metricsCollections", "updatesCollections", "name"] as const;
/** A metric's last arguments, by place or by name. */
export type MetricRest = Rest<MetricOptions, typeof places>;
export const metricOptions = (rest: MetricRest): MetricOptions => byName<MetricOptions>(rest, places);

/** The metric over all that was seen, and what takes a batch in (its value is the metric after it). */
export type Metric = readonly [value: Tensor, update: Tensor];

/** A sum that local_variables_initializer sets to 0. */
export const metricVariable = (
  shape: FullShape,
  dtype: DType,
  name: string,
  options: { readonly validateShape?: boolean } = {},
): Variable =>
  new Variable(() => zeros(shape, dtype), {
    trainable: false,
    collections: [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
    validateShape: options.validateShape ?? true,
    synchronization: VariableSynchronization.ON_READ,
    aggregation: VariableAggregation.SUM,
    name,
  });

function gather(keys: MetricOptions["metricsCollections"], tensor: Tensor): Tensor {
  if (keys?.length) addToCollections(keys, tensor);
  return tensor;
}

/** A metric within its scope; `build` gives its value, then its update. */
export function inMetricScope(
  defaultName: string,
  options: MetricOptions,
  build: () => { readonly value: () => Tensor; readonly update: () => Tensor },
): Metric {
  return variableScope(options.name ?? null, { defaultName }, () => {
    const parts = build();
    const value = gather(options.metricsCollections, parts.value());
    return [value, gather(options.updatesCollections, parts.update())] as const;
  });
}

/** As gathered by other metrics: value and update into their collections. */
export function gathered(metric: Metric, options: MetricOptions): Metric {
  gather(options.metricsCollections, metric[0]);
  gather(options.updatesCollections, metric[1]);
  return metric;
}

export function checkCompatible(a: Tensor, b: Tensor): void {
  if (!compatible(a.shape, b.shape)) {
    throw new ValueError(`Shapes ${formatShapePython(a.shape)} and ${formatShapePython(b.shape)} are incompatible`);
  }
}

export interface Aligned {
  readonly predictions: Tensor;
  readonly labels: Tensor;
  readonly weights: Tensor | null;
}

/** Predictions and labels of one rank, weights of theirs. Throws ValueError when their shapes contradict each other. */
export function align(predictions: TensorLike, labels: TensorLike, weights: TensorLike | null | undefined): Aligned {
  const prediction = convertToTensor(predictions);
  const [label, aligned] = removeSqueezableDimensions(labels, prediction);
  checkCompatible(aligned, label);
  return { predictions: aligned, labels: label, weights: alignWeights(weights, aligned) };
}

/** Weights of the values' rank; scalars stay. */
export function alignWeights(given: TensorLike | null | undefined, values: Tensor): Tensor | null {
  if (given === null || given === undefined) return null;
  const weights = convertToTensor(asFloat(given));
  const rank = weights.shape?.length;
  if (rank === 0) return weights;
  const expanded = (): Tensor => expandDims(weights, [-1]);
  const squeezed = (): Tensor => squeeze(weights, { axis: [-1] });
  if (values.shape && rank !== undefined) {
    if (rank - values.shape.length === 1) return squeezed();
    return values.shape.length - rank === 1 ? expanded() : weights;
  }
  const weightsRank = rankOf(weights);
  const difference = weightsRank.sub(rankOf(values));
  const last = weights.shape?.at(-1);
  const maySqueeze = weights.shape === null || last === null || last === 1;
  const choose = (condition: Tensor, yes: () => Tensor, no: () => Tensor): Tensor => cond(condition, yes, no) as Tensor;
  const adjusted = (): Tensor =>
    choose(equal(difference, 1), maySqueeze ? squeezed : () => weights, () =>
      choose(equal(difference, -1), expanded, () => weights),
    );
  return choose(equal(weightsRank, 0), () => weights, adjusted);
}
