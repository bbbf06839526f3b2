/** `tf.sort`, `tf.argsort`, `tf.histogramFixedWidthBins`, `tf.nn.zeroFraction`. Source: sort_ops.py, histogram_ops.py, nn_impl.py. */

import { type DType, float32, int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  clipByValue,
  floor,
  getStaticValue,
  greater,
  identity,
  notEqual,
  range,
  rank,
  reduceSum,
  reshape,
  shape as shapeOf,
  size,
  tensorScatterNdUpdate,
  topK,
  transpose,
  truediv,
  withDependencies,
  zeros,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { cond } from "../control_flow/branch/cond.ts";

interface Named {
  readonly name?: string | undefined;
}

export interface SortOptions extends Named {
  /** The last one by default. */
  readonly axis?: number;
  readonly direction?: "ASCENDING" | "DESCENDING";
  /** Without effect on argsort: equal values always keep their order. */
  readonly stable?: boolean;
}

const inScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);

/** The largest number of an unsigned dtype. */
const largest: Readonly<Record<string, number | bigint>> = {
  uint8: 255,
  uint16: 65535,
  uint32: 4294967295,
  uint64: 18446744073709551615n,
};

function descending(values: Tensor, axis: number, wantsIndices: boolean): Tensor {
  const k = shapeOf(values).at(axis);
  const n = rank(values);
  const known = values.shape?.length ?? null;
  let perm: Tensor | null = null;
  if (axis !== -1 && axis + 1 !== known) {
    if (known === null) {
      const at = axis < 0 ? n.add(axis) : axis;
      perm = tensorScatterNdUpdate(range(n), [[at], [n.sub(1)]] as TensorLike, [n.sub(1), at] as TensorLike);
    } else {
      const at = axis < 0 ? axis + known : axis;
      const order = Array.from({ length: known }, (_, i) => (i === at ? known - 1 : i === known - 1 ? at : i));
      perm = convertToTensor(ndarray(order, "int64"), { name: "transposition" });
    }
  }
  const sorted = topK(perm ? transpose(values, { perm }) : values, k);
  const result = wantsIndices ? sorted.indices : sorted.values;
  return perm ? transpose(result, { perm }) : result;
}

function ascending(values: Tensor, axis: number, wantsIndices: boolean): Tensor {
  const top = largest[values.dtype.base];
  const turned = (x: Tensor): Tensor =>
    top !== undefined ? x.rsub(top) : values.dtype.isInteger ? x.neg().sub(1) : x.neg();
  const result = descending(turned(values), axis, wantsIndices);
  return wantsIndices ? result : turned(result);
}

function sorted(given: TensorLike, options: SortOptions, wantsIndices: boolean, name: string): Tensor {
  const { direction = "ASCENDING" } = options;
  return inScope(options.name ?? name, () => {
    const order = { ASCENDING: ascending, DESCENDING: descending }[direction];
    if (!order) {
      throw new ValueError(
        `Argument \`direction\` should be one of ASCENDING, DESCENDING. Received: direction=${direction}`,
      );
    }
    const axis = convertToTensor(options.axis ?? -1, { name: "axis" });
    const values = convertToTensor(given, { name: "values" });
    return order(values, Number(getStaticValue(axis)!.item()), wantsIndices);
  });
}

const sortPlaces = ["axis", "direction", "name"] as const;

/** The values in order along an axis. Throws ValueError for another direction. */
export const sort = (values: TensorLike, ...rest: Rest<SortOptions, typeof sortPlaces>): Tensor => {
  const options = byName<SortOptions>(rest, sortPlaces);
  return sorted(values, options, false, "sort");
};

const argsortPlaces = ["axis", "direction", "stable", "name"] as const;

/** Where the values in order lie along an axis, int32. */
export const argsort = (values: TensorLike, ...rest: Rest<SortOptions, typeof argsortPlaces>): Tensor => {
  const options = byName<SortOptions>(rest, argsortPlaces);
  return sorted(values, options, true, "argsort");
};

interface HistogramFixedWidthBinsOptions extends Named {
  readonly nbins?: TensorLike;
  /** Without effect, as in TensorFlow: bins are int32. */
  readonly dtype?: DType;
}

const histogramFixedWidthBinsPlaces = ["nbins", "dtype", "name"] as const;

/** The bin of each value, of nbins (100) bins of equal width over valueRange; values outside are in the first or last. */
export function histogramFixedWidthBins(
  given: TensorLike,
  valueRange: TensorLike,
  ...rest: Rest<HistogramFixedWidthBinsOptions, typeof histogramFixedWidthBinsPlaces>
): Tensor {
  const options = byName<HistogramFixedWidthBinsOptions>(rest, histogramFixedWidthBinsPlaces);
  return inScope(options.name ?? "histogram_fixed_width_bins", () => {
    const all = convertToTensor(given, { name: "values" });
    const shape = shapeOf(all);
    const values = reshape(all, [-1]);
    const ends = convertToTensor(valueRange, { name: "value_range", preferredDtype: values.dtype });
    const count = convertToTensor(options.nbins ?? 100, { dtype: int32, name: "nbins" });
    const check = assertThat(greater(count, 0), [`nbins ${count} must > 0`]);
    const bins = cast(withDependencies([check], count), values.dtype) as Tensor;
    const scaled = truediv(values.sub(ends.at(0)), ends.at(1).sub(ends.at(0)), { name: "scaled_values" });
    const indices = floor(bins.mul(scaled), { name: "indices" });
    return reshape(cast(clipByValue(indices, 0, bins.sub(1)), int32) as Tensor, shape);
  });
}

/** The part of a value's elements that are zero, a float32 scalar. */
export function zeroFraction(given: TensorLike, options: Named = {}): Tensor {
  return inScope(options.name ?? "zero_fraction", () => {
    const value = convertToTensor(given, { name: "value" });
    const total = size(value, { outType: int64 });
    const count = (dtype: typeof int32): Tensor =>
      inScope("count_nonzero", () => {
        const zero = zeros([], value.dtype.baseDtype);
        return reduceSum(cast(notEqual(value, zero), dtype) as Tensor, { name: "nonzero_count" });
      });
    const some = cond(
      total.lessEqual(2147483647),
      () => cast(count(int32), int64),
      () => count(int64),
    ) as Tensor;
    const fraction = inScope("counts_to_fraction", () => {
      const none = total.sub(some);
      const float = (x: Tensor): Tensor => cast(x, float32) as Tensor;
      const top = float(none);
      return top.truediv(float(total));
    });
    return identity(fraction, { name: "fraction" });
  });
}
