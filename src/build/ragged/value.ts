/** `tf.ragged.RaggedTensorValue`: what a run gives for a ragged tensor. Source: ragged_tensor_value.py. */
import type { DType } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { printValue, reprArray } from "../../core/print.ts";
import type { Shape } from "../../core/shape.ts";
import { inspectKey, isOutermost } from "../../core/text/inspect.ts";

export class RaggedTensorValue {
  readonly values: NdArray | RaggedTensorValue;
  /** int32 or int64 [rows + 1]. */
  readonly rowSplits: NdArray;

  /** Throws TypeError for row splits of another dtype or rank, ValueError for inner ones of another dtype. */
  constructor(values: NdArray | RaggedTensorValue, rowSplits: NdArray) {
    const isWhole = rowSplits instanceof NdArray && /^int(32|64)$/.test(rowSplits.dtype.base);
    if (!isWhole || rowSplits.shape.length !== 1) {
      throw new TypeError("row_splits must be a 1D int32 or int64 numpy array");
    }
    if (!(values instanceof NdArray || values instanceof RaggedTensorValue)) {
      throw new TypeError("values must be a numpy array or a RaggedTensorValue");
    }
    if (values instanceof RaggedTensorValue && values.rowSplits.dtype !== rowSplits.dtype) {
      throw new ValueError("row_splits and values.row_splits must have the same dtype");
    }
    this.values = values;
    this.rowSplits = rowSplits;
  }

  get dtype(): DType {
    return this.values.dtype;
  }

  get flatValues(): NdArray {
    return this.values instanceof RaggedTensorValue ? this.values.flatValues : this.values;
  }

  get nestedRowSplits(): readonly NdArray[] {
    return [this.rowSplits, ...(this.values instanceof RaggedTensorValue ? this.values.nestedRowSplits : [])];
  }

  get raggedRank(): number {
    return this.values instanceof RaggedTensorValue ? this.values.raggedRank + 1 : 1;
  }

  get shape(): Shape {
    return [this.rowSplits.shape[0]! - 1, null, ...this.values.shape!.slice(1)];
  }

  /** The rows as lists. */
  toList(): unknown[] {
    const values = this.values.toList() as unknown[];
    const splits = Array.from(this.rowSplits.data as ArrayLike<number | bigint>, Number);
    return splits.slice(1).map((end, i) => values.slice(splits[i], end));
  }

  /** `<tf.RaggedTensorValue [[1, 2], [3]]>`. */
  toString(): string {
    return `<tf.RaggedTensorValue ${printValue(this.toList())}>`;
  }

  repr(): string {
    const values = this.values instanceof RaggedTensorValue ? this.values.repr() : reprArray(this.values);
    return `tf.RaggedTensorValue(values=${values}, row_splits=${reprArray(this.rowSplits)})`;
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}
