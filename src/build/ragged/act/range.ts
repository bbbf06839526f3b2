/** `tf.ragged.range`: one row of numbers for each start and limit. Source: ragged_math_ops.py. */
import { type DType, float32, float64, int32, int64 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { RaggedTensor } from "../ragged_tensor.ts";

export interface RaggedRangeOptions extends Named {
  /** Without them the first argument is the limits, and rows begin at 0. */
  readonly limits?: TensorLike | null | undefined;
  /** 1 by default. */
  readonly deltas?: TensorLike | undefined;
  readonly dtype?: DType | undefined;
  readonly rowSplitsDtype?: DType | undefined;
}

const widths = [int32, int64, float32, float64];

/** Rows start, start + delta, … before limit, for vectors or scalars that serve all. */
export function raggedRange(given: TensorLike, options: RaggedRangeOptions = {}): RaggedTensor {
  const { deltas = 1, dtype, rowSplitsDtype = int64, name } = options;
  const isSingle = options.limits === undefined || options.limits === null;
  const [from, to] = isSingle ? [0, given] : [given, options.limits as TensorLike];
  return inScope(name, "RaggedRange", (scope) => {
    const named = { starts: from, limits: to, deltas };
    let tensors = Object.entries(named).map(([key, value]) => convertToTensor(value, { dtype, name: key }));
    if (!dtype) {
      const widest = widths[Math.max(...tensors.map((tensor) => widths.indexOf(tensor.dtype)))]!;
      tensors = tensors.map((tensor) => tf.cast(tensor, widest) as Tensor);
    }
    const [starts, limits, by] = tensors as [Tensor, Tensor, Tensor];
    const result = tf.raggedRangeOp({ starts, limits, deltas: by, Tsplits: rowSplitsDtype }, scope);
    return RaggedTensor.fromRowSplits(result.rt_dense_values, result.rt_nested_splits, { validate: false });
  });
}
