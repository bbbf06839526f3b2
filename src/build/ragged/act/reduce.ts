/** Sums and other reductions of ragged tensors along an axis or all. Source: ragged_math_ops.py. */
import { bool, int32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual } from "../../checks/compare.ts";
import { rowSplitsToSegmentIds } from "../partition/segment_ids.ts";
import { positiveAxis } from "../ragged_rows.ts";
import { isRagged, type RaggedOrDense, RaggedTensor } from "../ragged_tensor.ts";
import { raggedRange } from "./range.ts";
import { raggedExpandDims } from "./shape.ts";

export interface RaggedReduceOptions extends Named {
  /** All axes by default, which gives a scalar. */
  readonly axis?: number | readonly number[] | null | undefined;
  readonly keepdims?: boolean | undefined;
}

interface Way {
  readonly reduce: (
    x: Tensor,
    options: { axis?: number | readonly number[] | null; keepdims?: boolean; name?: string },
  ) => Tensor;
  readonly segment: (data: Tensor, ids: Tensor, count: Tensor) => Tensor;
}

function segments(
  data: RaggedOrDense,
  ids: RaggedOrDense,
  count: Tensor,
  way: Way,
  name = "RaggedSegment",
): RaggedOrDense {
  if (!isRagged(data)) return way.segment(data, ids as Tensor, count);
  return inScope(name, name, () => {
    if (isRagged(ids)) {
      const message = "segment_ids.shape must be a prefix of data.shape";
      const check = assertEqual(ids.rowSplits, data.rowSplits, { message });
      return getDefaultGraph().controlDependencies([check], () => segments(data.values, ids.values, count, way));
    }
    const lengths = data.rowSplits.at("1:").sub(data.rowSplits.at(":-1"));
    const longest = tf.maximum(tf.unsortedSegmentMax(lengths, ids, count), 0);
    const splits = tf.concat([tf.zeros([1], longest.dtype), tf.cumsum(longest)], 0);
    const starts = tf.gather(splits, ids);
    const places = raggedRange(starts, { limits: starts.add(lengths) }).values;
    const values = segments(data.values, places, splits.at(-1), way);
    return RaggedTensor.fromRowSplits(values, splits, { validate: false });
  });
}

function reduced(input: RaggedOrDense, options: RaggedReduceOptions, way: Way): RaggedOrDense {
  const { axis, keepdims = false, name } = options;
  const named = name === undefined ? {} : { name };
  if (!isRagged(input)) return way.reduce(input, { axis: axis ?? null, keepdims, ...named });
  if (axis === null || axis === undefined) {
    let result = way.reduce(input.flatValues, { keepdims, ...named });
    if (keepdims) for (const _ of input.shape.slice(1)) result = tf.expandDims(result, 0);
    return result;
  }
  return inScope(name, "RaggedReduce", () => {
    if (typeof axis !== "number") {
      if (axis.length === 0) return input;
      if (axis.length > 1) {
        const sorted = axis
          .map((a, i) => positiveAxis(a, input.shape.ndims, `axis[${i}]`, "rank(input_tensor)"))
          .sort((a, b) => a - b);
        const inner = reduced(input, { axis: sorted.at(-1)!, keepdims }, way);
        return reduced(inner, { axis: sorted.slice(0, -1), keepdims }, way);
      }
    }
    const place = positiveAxis(
      typeof axis === "number" ? axis : axis[0]!,
      input.shape.ndims,
      "axis",
      "rank(input_tensor)",
    );
    if (place > 1) return input.withValues(reduced(input.values, { axis: place - 1, keepdims }, way));
    let ids: RaggedOrDense;
    let count: Tensor;
    if (place === 0) {
      const lengths = input.rowSplits.at("1:").sub(input.rowSplits.at(":-1"));
      count = tf.maximum(tf.reduceMax(lengths), 0);
      ids = raggedRange(lengths).values;
    } else {
      count = tf.shape(input.rowSplits).at(0).sub(1);
      ids = rowSplitsToSegmentIds(input.rowSplits);
    }
    const result = segments(input.values, ids, count, way);
    if (!keepdims) return result;
    return isRagged(result) ? raggedExpandDims(result, place) : tf.expandDims(result, place);
  });
}

type Reduce = (input: RaggedOrDense, options?: RaggedReduceOptions) => RaggedOrDense;
const reduction =
  (name: string, way: Way): Reduce =>
  (input, options = {}) =>
    reduced(input, { ...options, name: options.name ?? name }, way);

export const raggedReduceSum: Reduce = reduction("RaggedReduceSum", {
  reduce: (x, options) => tf.reduceSum(x, options),
  segment: (data, ids, count) => tf.unsortedSegmentSum(data, ids, count),
});
export const raggedReduceProd: Reduce = reduction("RaggedReduceProd", {
  reduce: (x, options) => tf.reduceProd(x, options),
  segment: (data, ids, count) => tf.unsortedSegmentProd(data, ids, count),
});
export const raggedReduceMin: Reduce = reduction("RaggedReduceMin", {
  reduce: (x, options) => tf.reduceMin(x, options),
  segment: (data, ids, count) => tf.unsortedSegmentMin(data, ids, count),
});
export const raggedReduceMax: Reduce = reduction("RaggedReduceMax", {
  reduce: (x, options) => tf.reduceMax(x, options),
  segment: (data, ids, count) => tf.unsortedSegmentMax(data, ids, count),
});

export const raggedReduceMean: Reduce = (input, options = {}) =>
  inScope(options.name, "RaggedReduceMean", () => {
    const { axis, keepdims } = options;
    const total = raggedReduceSum(input, { axis, keepdims });
    const ones = isRagged(input)
      ? RaggedTensor.fromNestedRowSplits(tf.onesLike(input.flatValues), input.nestedRowSplits, { validate: false })
      : tf.onesLike(input);
    const count = raggedReduceSum(ones, { axis, keepdims });
    if (!isRagged(total)) return total.div(count as Tensor);
    const mean = total.flatValues.div((count as RaggedTensor).flatValues);
    return RaggedTensor.fromNestedRowSplits(mean, total.nestedRowSplits, { validate: false });
  });

const casted = (value: RaggedOrDense, dtype: typeof bool): RaggedOrDense =>
  isRagged(value)
    ? value.withFlatValues(tf.cast(value.flatValues, dtype) as Tensor)
    : (tf.cast(value, dtype) as Tensor);

export const raggedReduceAll: Reduce = (input, { axis, keepdims, name } = {}) =>
  inScope(name, "RaggedReduceAll", () => casted(raggedReduceProd(casted(input, int32), { axis, keepdims }), bool));

export const raggedReduceAny: Reduce = (input, { axis, keepdims, name } = {}) =>
  inScope(name, "RaggedReduceAny", () => casted(raggedReduceSum(casted(input, int32), { axis, keepdims }), bool));
