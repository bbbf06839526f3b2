/** Row splits as row numbers of values, and back: `tf.ragged.rowSplitsToSegmentIds`. Source: segment_id_ops.py. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";

interface SegmentOptions {
  readonly name?: string | undefined;
  /** int32 or int64: the argument's by default. */
  readonly outType?: DType | undefined;
}

/** [0, 2, 3] -> [0, 0, 1]: the row of each value. Throws ValueError for other dtypes than int32 and int64, and for no splits. */
export const rowSplitsToSegmentIds = (splits: TensorLike, options: SegmentOptions = {}): Tensor =>
  inScope(options.name, "RaggedSplitsToSegmentIds", () => {
    const tensor = convertToTensor(splits, { name: "splits", preferredDtype: int64 });
    if (tensor.dtype !== int32 && tensor.dtype !== int64) throw new ValueError("splits must have dtype int32 or int64");
    if (tensor.shape?.[0] === 0) throw new ValueError("Invalid row_splits: []");
    const lengths = tensor.at("1:").sub(tensor.at(":-1"));
    const rows = tf
      .shape(tensor, { outType: options.outType ?? tensor.dtype })
      .at(-1)
      .sub(1);
    return tf.repeat(tf.range(rows), lengths, { axis: 0 });
  });

/** [0, 0, 1] -> [0, 2, 3]. */
export function segmentIdsToRowSplits(
  segmentIds: TensorLike,
  options: SegmentOptions & { readonly numSegments?: TensorLike | undefined } = {},
): Tensor {
  const { numSegments } = options;
  const outType =
    options.outType ?? (isTensor(segmentIds) ? segmentIds.dtype : isTensor(numSegments) ? numSegments.dtype : int64);
  return inScope(options.name, "SegmentIdsToRaggedSplits", () => {
    const whole = (value: TensorLike, name: string): Tensor =>
      tf.castOp({ x: convertToTensor(value, { name, preferredDtype: int32 }), DstT: int32 });
    const ids = whole(segmentIds, "segment_ids");
    const count = numSegments === undefined ? undefined : whole(numSegments, "num_segments");
    const lengths = tf.bincount(ids, { minlength: count, maxlength: count, dtype: outType });
    const splits = tf.concat([[0], tf.cumsum(lengths)], 0);
    const known = count ? tf.getStaticValue(count) : null;
    if (known) splits.setShape([Number(known.data[0]) + 1]);
    return splits;
  });
}
