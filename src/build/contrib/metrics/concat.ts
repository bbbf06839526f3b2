/** All values that were seen, one behind the other, in a variable that grows. Source: contrib/metrics metric_ops.py, streaming_concat. */
import { float32, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { type FullShape, isFull } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  ceil,
  greater,
  log,
  minimum,
  noOp,
  shapeInternal,
  shape as shapeOf,
  stack,
  transpose,
  truediv,
  zeros,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { inMetricScope, type Metric, type MetricOptions, metricVariable } from "../../metrics/metric.ts";
import { assign } from "../../variables/state.ts";
import type { Variable } from "../../variables/variable.ts";

export interface StreamingConcatOptions extends Omit<MetricOptions, "weights"> {
  readonly axis?: number | undefined;
  /** What comes behind so many is left out. */
  readonly maxSize?: number | undefined;
}

const places = ["axis", "maxSize", "metricsCollections", "updatesCollections", "name"] as const;

/** A power of 1.5 that is at least `required`. */
function nextSize(required: Tensor): Tensor {
  const exponent = truediv(log(cast(required, float32)), log(cast(1.5 as unknown as Tensor, float32)));
  return cast(ceil(ceil(exponent).rpow(1.5)), int32);
}

/** Makes the variable longer; its first `size` rows stay. */
function grow(array: Variable, size: Variable, wanted: Tensor, fixed: FullShape): Operation {
  const graph = getDefaultGraph();
  const longer = zeros(stack([nextSize(wanted), ...fixed]), array.dtype.baseDtype);
  const old = array.value();
  const assigned = graph.controlDependencies([old], () => assign(array, longer, { validateShape: false }));
  const rows = { stop: size as unknown as Tensor };
  const copied = graph.controlDependencies([assigned], () => array.at(rows).assign(old.at(rows)));
  return graph.controlDependencies([copied], () => noOp());
}

/**
 * The values of all batches, joined along the axis; the update gives how many there are. Throws ValueError for values whose rank, or whose size
 * along another axis, is not known.
 */
export function streamingConcat(values: TensorLike, ...rest: Rest<StreamingConcatOptions, typeof places>): Metric {
  const options: StreamingConcatOptions = byName(rest, places);
  return inMetricScope("streaming_concat", options, () => {
    const given = convertToTensor(values);
    if (!given.shape) throw new ValueError("`values` must have known statically known rank");
    const rank = given.shape.length;
    const axis = (options.axis ?? 0) + ((options.axis ?? 0) < 0 ? rank : 0);
    if (!(axis >= 0 && axis < rank)) throw new ValueError(`axis = ${axis} not in [0, ${rank})`);
    const fixed = given.shape.filter((_, i) => i !== axis);
    if (!isFull(fixed)) {
      throw new ValueError(
        "all dimensions of `values` other than the dimension to concatenate along must have statically known size",
      );
    }
    return concatenated(given, axis, fixed, options.maxSize);
  });
}

function concatenated(values: Tensor, axis: number, fixed: FullShape, maxSize: number | undefined) {
  const graph = getDefaultGraph();
  const axes = fixed.map((_, i) => (i < axis ? i : i + 1));
  const array = metricVariable([maxSize ?? 0, ...fixed], values.dtype.baseDtype, "array", { validateShape: false });
  const size = metricVariable([], int32, "size");
  const valid = array.at({ stop: size as unknown as Tensor });
  valid.setShape([null, ...fixed]);
  const order = Array.from({ length: fixed.length + 1 }, (_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  const value = transpose(valid, { perm: order, name: "concat" });
  const given = shapeOf(values).at(axis);
  const batch = maxSize === undefined ? given : minimum(given, size.rsub(maxSize));
  const rows = transpose(values, { perm: [axis, ...axes] }).at({ stop: batch });
  const wanted = size.add(batch);
  const capacity = shapeInternal(array, { optimize: false }).at(0);
  const grown = cond(
    greater(wanted, capacity),
    () => grow(array, size, wanted, fixed),
    () => noOp(),
  ) as Tensor;
  const appended = graph.controlDependencies([grown], () =>
    array.at({ start: size as unknown as Tensor, stop: wanted }).assign(rows),
  );
  const update = graph.controlDependencies([appended], () => size.assign(wanted)) as Tensor;
  return { value: () => value, update: () => update };
}
