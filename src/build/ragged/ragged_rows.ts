/** What ragged tensors know of their rows. Source: ragged_tensor.py. */
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import * as tf from "../../ops/index.ts";
import type { RowPartition } from "./partition/row_partition.ts";

export class RaggedRows {
  readonly values: Tensor | RaggedRows;
  readonly rowPartition: RowPartition;

  /** For the functions of this folder; users take one of the `from…` functions. */
  constructor(values: Tensor | RaggedRows, rowPartition: RowPartition) {
    this.values = values;
    this.rowPartition = rowPartition;
  }

  get dtype(): DType {
    return this.values.dtype;
  }

  /** null for ragged axes. */
  get shape(): TensorShape {
    const rest = this.values.shape?.slice(1) ?? null;
    const { staticRows, staticRowLength } = this.rowPartition;
    return new TensorShape(rest === null || isUnknown(this.values) ? null : [staticRows, staticRowLength, ...rest]);
  }

  getShape(): TensorShape {
    return this.shape;
  }

  get raggedRank(): number {
    return this.values instanceof RaggedRows ? this.values.raggedRank + 1 : 1;
  }

  get rowSplits(): Tensor {
    return this.rowPartition.rowSplits;
  }

  get uniformRowLength(): Tensor | null {
    return this.rowPartition.given.uniformRowLength ?? null;
  }

  get flatValues(): Tensor {
    return this.values instanceof RaggedRows ? this.values.flatValues : this.values;
  }

  get nestedRowSplits(): readonly Tensor[] {
    return [this.rowSplits, ...(this.values instanceof RaggedRows ? this.values.nestedRowSplits : [])];
  }

  get nestedPartitions(): readonly RowPartition[] {
    return [this.rowPartition, ...(this.values instanceof RaggedRows ? this.values.nestedPartitions : [])];
  }

  get graph(): Graph {
    return this.flatValues.graph;
  }

  valueRowids(options: Named = {}): Tensor {
    return inScope(options.name, "RaggedValueRowIds", () => this.rowPartition.valueRowids());
  }

  nestedValueRowids(options: Named = {}): readonly Tensor[] {
    return inScope(options.name, "RaggedNestedValueRowIds", () => this.#levels().map((level) => level.valueRowids()));
  }

  #levels(): readonly RaggedRows[] {
    return [this, ...(this.values instanceof RaggedRows ? this.values.#levels() : [])];
  }

  nrows(options: Named & { readonly outType?: DType | undefined } = {}): Tensor {
    const { outType, name } = options;
    return inScope(name, "RaggedNRows", () => {
      const n = this.rowPartition.nrows();
      return outType ? (tf.cast(n, outType) as Tensor) : n;
    });
  }

  rowStarts(options: Named = {}): Tensor {
    return inScope(options.name, "RaggedRowStarts", () => this.rowPartition.rowStarts());
  }

  rowLimits(options: Named = {}): Tensor {
    return inScope(options.name, "RaggedRowLimits", () => this.rowPartition.rowLimits());
  }

  nestedRowLengths(options: Named = {}): readonly Tensor[] {
    return inScope(options.name, "RaggedNestedRowLengths", () =>
      this.#levels().map((level) => level.rowPartition.rowLengths()),
    );
  }

  /** The smallest dense shape that holds it, or one dimension of it. */
  boundingShape(
    options: Named & { readonly axis?: number | undefined; readonly outType?: DType | undefined } = {},
  ): Tensor {
    const { axis, outType = this.rowPartition.dtype, name } = options;
    return inScope(name, "RaggedBoundingBox", () => {
      const cast = (tensor: Tensor): Tensor =>
        outType === this.rowPartition.dtype ? tensor : (tf.cast(tensor, outType) as Tensor);
      const splits = this.nestedRowSplits;
      if (axis === 0) return tf.shape(splits[0]!, { outType }).at(0).sub(1);
      if (axis === 1) return cast(tf.maximum(tf.reduceMax(this.rowPartition.rowLengths()), 0));
      const shape = tf.shape(this.rowSplits, { outType });
      const inner = tf.shape(this.flatValues, { outType });
      const rows = shape.at(0).sub(1);
      const longest = splits.map((each) => tf.maximum(tf.reduceMax(each.at("1:").sub(each.at(":-1"))), 0));
      const rest = inner.at("1:");
      const box = tf.concat([tf.stack([rows, ...longest].map(cast)), rest], 0);
      return axis === undefined ? box : tf.gather(box, axis);
    });
  }
}

const isUnknown = (values: Tensor | RaggedRows): boolean => values.getShape().ndims === null;

/** An axis counted from the front. Throws ValueError where it is out of bounds, or the rank is unknown. */
export function positiveAxis(axis: number, rank: number | null, axisName = "axis", ranksName = "ndims"): number {
  if (rank !== null) {
    if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
    throw new ValueError(`${axisName}=${axis} out of bounds: expected ${-rank}<=${axisName}<${rank}`);
  }
  if (axis < 0) throw new ValueError(`${axisName}=${axis} may only be negative if ${ranksName} is statically known.`);
  return axis;
}
