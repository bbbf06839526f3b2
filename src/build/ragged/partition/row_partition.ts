/** How the values of a ragged tensor fall into rows. Source: row_partition.py. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { compatible, type Dim } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import {
  assertEqual,
  assertGreaterEqual,
  assertLess,
  assertLessEqual,
  assertNonNegative,
} from "../../checks/compare.ts";
import { assertRank } from "../../checks/ranks.ts";
import { rowSplitsToSegmentIds } from "./segment_ids.ts";

export interface PartitionOptions {
  /** False leaves out the nodes that check the arguments. */
  readonly validate?: boolean | undefined;
  /** Of whole numbers without one: int64 by default. */
  readonly dtypeHint?: DType | undefined;
}

interface Encodings {
  readonly rowLengths?: Tensor | null;
  readonly valueRowids?: Tensor | null;
  readonly nrows?: Tensor | null;
  readonly uniformRowLength?: Tensor | null;
  readonly nvals?: Tensor | null;
}

/** One of the ways to give rows as a tensor of int32 or int64. Throws ValueError for other dtypes. */
export function partitionTensor(value: TensorLike, name: string, hint: DType = int64): Tensor {
  const tensor = convertToTensor(value, { name, preferredDtype: hint });
  if (tensor.dtype !== int32 && tensor.dtype !== int64) throw new ValueError(`${name} must have dtype int32 or int64`);
  return tensor;
}

const increasing = (tensor: Tensor, message: string) =>
  assertNonNegative(tensor.at("1:").sub(tensor.at(":-1")), { message });
const isZero = (tensor: Tensor, message: string) =>
  assertEqual(tensor, tf.constant(0, { dtype: tensor.dtype }), { message });

const knownNumber = (tensor: Tensor | null | undefined): number | null => {
  const value = tensor ? tf.getStaticValue(tensor) : null;
  return value === null ? null : Number(value.data[0]);
};
const knownNumbers = (tensor: Tensor): number[] | null => {
  const value = tf.getStaticValue(tensor);
  return value === null ? null : Array.from(value.data as ArrayLike<number | bigint>, Number);
};

function needVector(tensor: Tensor): void {
  if (tensor.shape !== null && tensor.shape.length !== 1) {
    throw new ValueError(`Shape ${tensor.getShape()} must have rank 1`);
  }
}

export class RowPartition {
  readonly rowSplits: Tensor;
  readonly given: Encodings;

  constructor(rowSplits: Tensor, given: Encodings = {}) {
    needVector(rowSplits);
    this.rowSplits = rowSplits;
    this.given = given;
  }

  static fromRowSplits(splits: TensorLike, { validate = true, dtypeHint }: PartitionOptions = {}): RowPartition {
    if (Array.isArray(splits) && splits.length === 0) throw new ValueError("row_splits tensor may not be empty.");
    return inScope(undefined, "RowPartitionFromRowSplits", () => {
      let tensor = partitionTensor(splits, "row_splits", dtypeHint);
      needVector(tensor);
      if (validate) {
        const message = "Arguments to from_row_splits do not form a valid RaggedTensor:";
        const checks = [
          assertRank(tensor, 1, { message: `${message}rank` }),
          isZero(tensor.at(0), `${message}zero`),
          increasing(tensor, `${message}monotonic`),
        ];
        tensor = tf.withDependencies(checks, tensor);
      }
      return new RowPartition(tensor);
    });
  }

  static fromRowLengths(lengths: TensorLike, { validate = true, dtypeHint }: PartitionOptions = {}): RowPartition {
    return inScope(undefined, "RowPartitionFromRowLengths", () => {
      let tensor = partitionTensor(lengths, "row_lengths", dtypeHint);
      needVector(tensor);
      if (validate) {
        const message = "Arguments to from_row_lengths do not form a valid RowPartition";
        tensor = tf.withDependencies(
          [assertRank(tensor, 1, { message }), assertNonNegative(tensor, { message })],
          tensor,
        );
      }
      const limits = tf.cumsum(tensor);
      return new RowPartition(tf.concat([[0], limits], 0), { rowLengths: tensor });
    });
  }

  static fromRowStarts(starts: TensorLike, nvals: Tensor, options: PartitionOptions = {}): RowPartition {
    const { validate = true, dtypeHint } = options;
    return inScope(undefined, "RowPartitionFromRowStarts", () => {
      let tensor = partitionTensor(starts, "row_starts", dtypeHint);
      needVector(tensor);
      const count = tf.cast(nvals, tensor.dtype) as Tensor;
      if (validate) {
        const message = "Arguments to from_row_starts do not form a valid RaggedTensor";
        const checks = [
          assertRank(tensor, 1, { message }),
          isZero(tensor.at(":1"), message),
          increasing(tensor, message),
          assertLessEqual(tensor.at("-1:"), count, { message }),
        ];
        tensor = tf.withDependencies(checks, tensor);
      }
      return new RowPartition(tf.concat([tensor, [count]], 0), { nvals: count });
    });
  }

  static fromRowLimits(limits: TensorLike, { validate = true, dtypeHint }: PartitionOptions = {}): RowPartition {
    return inScope(undefined, "RowPartitionFromRowLimits", () => {
      let tensor = partitionTensor(limits, "row_limits", dtypeHint);
      needVector(tensor);
      if (validate) {
        const message = "Arguments to from_row_limits do not form a valid RaggedTensor";
        const checks = [
          assertRank(tensor, 1, { message }),
          assertNonNegative(tensor.at(":1"), { message }),
          increasing(tensor, message),
        ];
        tensor = tf.withDependencies(checks, tensor);
      }
      return new RowPartition(tf.concat([tf.zeros([1], tensor.dtype), tensor], 0));
    });
  }

  static fromValueRowids(
    ids: TensorLike,
    given: TensorLike | null | undefined,
    { validate = true, dtypeHint }: PartitionOptions = {},
  ): RowPartition {
    return inScope(undefined, "RowPartitionFromValueRowIds", () => {
      let rowids = partitionTensor(ids, "value_rowids", dtypeHint);
      const { nrows, known } = rowCount(rowids, given);
      needVector(rowids);
      if (validate) {
        const message = "Arguments to from_value_rowids do not form a valid RowPartition";
        const checks = [
          assertRank(rowids, 1, { message }),
          assertRank(nrows, 0, { message }),
          assertNonNegative(rowids.at(":1"), { message }),
          increasing(rowids, message),
          assertLess(rowids.at("-1:"), nrows, { message }),
        ];
        rowids = tf.withDependencies(checks, rowids);
      }
      const ids32 = tf.cast(rowids, int32) as Tensor;
      const count32 = tf.cast(nrows, int32) as Tensor;
      const rowLengths = tf.bincount(ids32, { minlength: count32, maxlength: count32, dtype: rowids.dtype });
      const rowSplits = tf.concat([[0], tf.cumsum(rowLengths)], 0);
      if (known !== null) {
        rowLengths.setShape([known]);
        rowSplits.setShape([known + 1]);
      }
      return new RowPartition(rowSplits, { rowLengths, valueRowids: rowids, nrows });
    });
  }

  static fromUniformRowLength(
    length: TensorLike,
    sizes: { readonly nvals?: Tensor | null; readonly nrows?: TensorLike | null },
    { validate = true, dtypeHint = int64 }: PartitionOptions = {},
  ): RowPartition {
    return inScope(undefined, "RowPartitionFromUniformRowLength", () => {
      const tensors = [length, sizes.nvals, sizes.nrows].filter((each): each is Tensor => isTensor(each));
      const dtype = tensors[0]?.dtype ?? dtypeHint;
      const uniform = convertToTensor(length, { dtype, name: "uniform_row_length" });
      let nvals = sizes.nvals ?? null;
      let nrows =
        sizes.nrows === null || sizes.nrows === undefined
          ? null
          : convertToTensor(sizes.nrows, { dtype, name: "nrows" });
      const knownLength = knownNumber(uniform);
      if (nrows === null) {
        if (knownLength === 0) nrows = tf.constant(0, { dtype });
        else nrows = nvals!.floordiv(knownLength ?? tf.maximum(uniform, tf.constant(1, { dtype })));
      }
      const knownRows = knownNumber(nrows);
      let knownValues = knownNumber(nvals);
      const checks = [];
      if (knownValues === null && knownRows !== null && knownLength !== null) {
        knownValues = knownRows * knownLength;
        if (nvals !== null && validate) checks.push(assertEqual(nvals, knownValues));
        nvals = tf.constant(knownValues, { dtype });
      }
      nvals ??= nrows.mul(uniform);
      let rowSplits =
        knownRows !== null && knownLength !== null
          ? tf.constant(
              Array.from({ length: knownRows + 1 }, (_, i) => i * knownLength),
              { dtype },
            )
          : tf.range(nrows.add(1), null, { dtype }).mul(uniform);
      if (validate) {
        if (knownRows === null || knownLength === null || knownValues === null) {
          const data = ["uniform_row_length", uniform, "times nrows", nrows, "must equal nvals", nvals];
          checks.push(assertEqual(nrows.mul(uniform), nvals, { data }));
        } else if (knownRows * knownLength !== knownValues) {
          throw new ValueError(
            `uniform_row_length=${knownLength} times nrows=${knownRows} must equal nvals=${knownValues}`,
          );
        }
        if (knownLength === null) {
          const message = "uniform_row_length must be >= 0.";
          checks.push(assertGreaterEqual(uniform, tf.constant(0, { dtype }), { message }));
        } else if (knownLength < 0) throw new ValueError("uniform_row_length must be >= 0.");
        rowSplits = tf.withDependencies(checks, rowSplits);
      }
      return new RowPartition(rowSplits, { uniformRowLength: uniform, nrows, nvals });
    });
  }

  withDependencies(checks: Parameters<typeof tf.withDependencies>[0]): RowPartition {
    return new RowPartition(tf.withDependencies(checks, this.rowSplits), { ...this.given, nvals: null });
  }

  get dtype(): DType {
    return this.rowSplits.dtype;
  }

  valueRowids(): Tensor {
    return this.given.valueRowids ?? rowSplitsToSegmentIds(this.rowSplits);
  }

  nvals(): Tensor {
    return this.rowSplits.at(-1);
  }

  nrows(): Tensor {
    if (this.given.nrows) return this.given.nrows;
    const n = this.rowSplits.shape?.[0] ?? null;
    if (n === null) return tf.shape(this.rowSplits, { outType: this.dtype }).at(0).sub(1);
    return tf.constant(n - 1, { dtype: this.dtype });
  }

  rowStarts(): Tensor {
    return this.rowSplits.at(":-1");
  }

  rowLimits(): Tensor {
    return this.rowSplits.at("1:");
  }

  rowLengths(): Tensor {
    return this.given.rowLengths ?? this.rowSplits.at("1:").sub(this.rowSplits.at(":-1"));
  }

  get staticRows(): Dim {
    const n = this.rowSplits.shape?.[0] ?? null;
    if (n !== null) return n - 1;
    return this.given.rowLengths?.shape?.[0] ?? knownNumber(this.given.nrows);
  }

  get staticRowLength(): Dim {
    return knownNumber(this.given.uniformRowLength);
  }

  withDtype(dtype: DType): RowPartition {
    if (dtype === this.dtype) return this;
    const cast = (tensor: Tensor | null | undefined): Tensor | null =>
      tensor ? (tf.cast(tensor, dtype) as Tensor) : null;
    const splits = cast(this.rowSplits)!;
    const { rowLengths, valueRowids, nrows, uniformRowLength } = this.given;
    return new RowPartition(splits, {
      rowLengths: cast(rowLengths),
      valueRowids: cast(valueRowids),
      nrows: cast(nrows),
      uniformRowLength: cast(uniformRowLength),
    });
  }

  /** Both, once they are known to be equal. Throws ValueError where they cannot be. */
  mergedWith(other: RowPartition): RowPartition {
    if (this === other) return this;
    let checks = true;
    const merge = (
      a: Tensor | null | undefined,
      b: Tensor | null | undefined,
      name: string,
    ): [Tensor | null, boolean] => {
      if (!a || !b || a === b) return [a ?? b ?? null, a === b && Boolean(a)];
      const message = `RowPartition._merge_precomputed_encodings: partitions have incompatible ${name}`;
      if (!compatible(a.shape, b.shape)) throw new ValueError(message);
      return checks ? [tf.withDependencies([assertEqual(a, b, { message })], a), true] : [a, false];
    };
    const [own, others] = [this.given, other.given];
    const [nrows, hasRows] = merge(own.nrows, others.nrows, "nrows");
    const [nvals] = merge(own.nvals, others.nvals, "nvals");
    const [uniformRowLength, hasLength] = merge(own.uniformRowLength, others.uniformRowLength, "uniform_row_length");
    if (hasLength && hasRows) checks = false;
    const [splits, hasSplits] = merge(this.rowSplits, other.rowSplits, "row_splits");
    if (hasSplits) checks = false;
    const [rowLengths, hasLengths] = merge(own.rowLengths, others.rowLengths, "row_lengths");
    if (hasLengths) checks = false;
    const [valueRowids] = merge(own.valueRowids, others.valueRowids, "value_rowids");
    return new RowPartition(splits!, { rowLengths, valueRowids, nrows, uniformRowLength, nvals });
  }
}

/** The number of rows: given, or one more than the last id. Throws ValueError where ids are known not to fit. */
function rowCount(rowids: Tensor, given: TensorLike | null | undefined): { nrows: Tensor; known: number | null } {
  const ids = knownNumbers(rowids);
  if (given === null || given === undefined) {
    if (ids === null) {
      return {
        nrows: tf
          .concat([rowids.at("-1:"), [-1]], 0)
          .at(0)
          .add(1),
        known: null,
      };
    }
    const known = ids.length ? ids.at(-1)! + 1 : 0;
    return { nrows: tf.constant(known, { dtype: rowids.dtype, name: "nrows" }), known };
  }
  const nrows = convertToTensor(given, { dtype: rowids.dtype, name: "nrows" });
  const known = knownNumber(nrows);
  if (known !== null && known < 0) throw new ValueError(`Expected nrows >= 0; got ${known}`);
  if (known !== null && ids?.length && known < ids.at(-1)! + 1) {
    throw new ValueError(`Expected nrows >= value_rowids[-1] + 1; got nrows=${known}, value_rowids[-1]=${ids.at(-1)}`);
  }
  return { nrows, known };
}
