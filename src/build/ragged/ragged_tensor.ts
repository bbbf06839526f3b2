/**
 * `tf.RaggedTensor`: rows of different lengths. The values of all rows stand in one tensor (or ragged tensor, for more ragged axes), and a
 * partition says which of them form a row. Source: ragged_tensor.py.
 */
import { type DType, int32, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { Dim, Shape } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import { asTensor, type Composite, composite, type Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { assertEqual } from "../checks/compare.ts";
import { assertRankAtLeast } from "../checks/ranks.ts";
import { installOperators } from "./act/functional.ts";
import { raggedGetItem } from "./act/getitem.ts";
import { type FromTensorOptions, raggedFromTensor, withoutGaps } from "./from_tensor.ts";
import { type PartitionOptions, partitionTensor, RowPartition } from "./partition/row_partition.ts";
import { positiveAxis, RaggedRows } from "./ragged_rows.ts";
import { RaggedTensorValue } from "./value.ts";

/** A tensor or a ragged one. */
export type RaggedOrDense = Tensor | RaggedTensor;
/** What becomes one of them. */
export type RaggedLike = TensorLike | RaggedTensor | RaggedTensorValue;

export interface FromRowsOptions extends Named {
  /** False leaves out the nodes that check the arguments. */
  readonly validate?: boolean | undefined;
}

interface RowsOptions extends FromRowsOptions {
  readonly nrows?: TensorLike | null | undefined;
}

export interface ToTensorOptions extends Named {
  /** Zero (or the empty string, or false) by default. */
  readonly defaultValue?: TensorLike | undefined;
  /** The shape wanted, null where the longest row decides. */
  readonly shape?: Shape | Tensor | undefined;
}

export const isRagged = (value: unknown): value is RaggedTensor => value instanceof RaggedTensor;

export interface ConvertOptions extends Named {
  readonly dtype?: DType | undefined;
  readonly preferredDtype?: DType | undefined;
}

/** A ragged tensor as it is, everything else as a tensor. Throws ValueError for another dtype than wanted. */
export function toTensorOrRagged(value: RaggedLike, options: ConvertOptions = {}): RaggedOrDense {
  if (isRagged(value)) {
    if (options.dtype && options.dtype !== value.dtype) {
      throw new ValueError(
        `Tensor conversion requested dtype ${options.dtype.name} for RaggedTensor with dtype ${value.dtype.name}: ${value}.`,
      );
    }
    return value;
  }
  if (!(value instanceof RaggedTensorValue)) return convertToTensor(value, options);
  return inScope(options.name, "ConvertToTensorOrRaggedTensor", () => {
    const flat = convertToTensor(value.flatValues, { dtype: options.dtype, name: "flat_values" });
    return RaggedTensor.fromNestedRowSplits(flat, value.nestedRowSplits, { validate: false });
  });
}

const valuesOf = (value: RaggedLike): RaggedOrDense =>
  isTensor(value) || isRagged(value) ? value : toTensorOrRagged(value, { name: "values" });

const hintOf = (values: RaggedLike): PartitionOptions =>
  isRagged(values) ? { dtypeHint: values.rowPartition.dtype } : {};

const rowsOf = (values: RaggedOrDense, outType: DType = int32): Tensor =>
  isRagged(values) ? values.nrows({ outType }) : tf.shape(values, { outType }).at(0);

export class RaggedTensor extends RaggedRows implements Composite, TensorConvertible {
  declare readonly values: RaggedOrDense;

  static #from(given: RaggedLike, partition: RowPartition, validate: boolean): RaggedTensor {
    const values = matched(valuesOf(given), partition.dtype);
    if (!validate) return new RaggedTensor(values, partition);
    const message = "Arguments to _from_row_partition do not form a valid RaggedTensor";
    const n = rowsOf(values, partition.dtype);
    const checks = [assertEqual(tf.cast(partition.nvals(), partition.dtype) as Tensor, n, { message })];
    if (!isRagged(values)) checks.push(assertRankAtLeast(values, 1));
    return new RaggedTensor(values, partition.withDependencies(checks));
  }

  /** Row i has the values rowSplits[i] up to rowSplits[i + 1]. Throws ValueError for empty splits. */
  static fromRowSplits(values: RaggedLike, rowSplits: TensorLike, options: FromRowsOptions = {}): RaggedTensor {
    const { validate = true } = options;
    return inScope(options.name, "RaggedFromRowSplits", () => {
      const partition = RowPartition.fromRowSplits(rowSplits, { validate, ...hintOf(values) });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  static fromRowLengths(values: RaggedLike, rowLengths: TensorLike, options: FromRowsOptions = {}): RaggedTensor {
    const { validate = true } = options;
    return inScope(options.name, "RaggedFromRowLengths", () => {
      const partition = RowPartition.fromRowLengths(rowLengths, { validate, ...hintOf(values) });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  static fromRowStarts(given: RaggedLike, rowStarts: TensorLike, options: FromRowsOptions = {}): RaggedTensor {
    const { validate = true } = options;
    return inScope(options.name, "RaggedFromRowStarts", () => {
      const values = valuesOf(given);
      const partition = RowPartition.fromRowStarts(rowStarts, rowsOf(values), { validate, ...hintOf(values) });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  static fromRowLimits(given: RaggedLike, rowLimits: TensorLike, options: FromRowsOptions = {}): RaggedTensor {
    const { validate = true } = options;
    return inScope(options.name, "RaggedFromRowLimits", () => {
      const values = valuesOf(given);
      const partition = RowPartition.fromRowLimits(rowLimits, { validate, ...hintOf(values) });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  /** Value i stands in row valueRowids[i]; the ids do not decrease. */
  static fromValueRowids(values: RaggedLike, valueRowids: TensorLike, options: RowsOptions = {}): RaggedTensor {
    const { validate = true } = options;
    return inScope(options.name, "RaggedFromValueRowIds", () => {
      const partition = RowPartition.fromValueRowids(valueRowids, options.nrows, { validate, ...hintOf(values) });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  static fromUniformRowLength(given: RaggedLike, rowLength: TensorLike, options: RowsOptions = {}): RaggedTensor {
    const { validate = true, nrows = null } = options;
    return inScope(options.name, "RaggedFromUniformRowLength", () => {
      const values = valuesOf(given);
      const hint = hintOf(values);
      const length = partitionTensor(rowLength, "UniformRowLength", hint.dtypeHint);
      const n = values.shape?.[0] ?? null;
      const nvals = n === null ? rowsOf(values, length.dtype) : tf.constant(n, { dtype: length.dtype });
      const partition = RowPartition.fromUniformRowLength(length, { nvals, nrows }, { validate, ...hint });
      return RaggedTensor.#from(values, partition, validate);
    });
  }

  static #nested(
    flatValues: RaggedLike,
    levels: readonly TensorLike[],
    argument: string,
    options: FromRowsOptions,
    make: (values: RaggedLike, level: TensorLike) => RaggedTensor,
  ): RaggedTensor {
    if (isTensor(levels))
      throw new TypeError(`Argument \`${argument}\` must be a list of Tensors. Received ${levels}.`);
    const scope = {
      nested_row_splits: "RowSplits",
      nested_row_lengths: "Rowlengths",
      nested_value_rowids: "ValueRowIds",
    };
    return inScope(options.name, `RaggedFromNested${scope[argument as keyof typeof scope]}`, () =>
      [...levels].reverse().reduce<RaggedLike>((values, level) => make(values, level), flatValues),
    ) as RaggedTensor;
  }

  /** Several ragged axes, the outermost first. */
  static fromNestedRowSplits(
    flat: RaggedLike,
    splits: readonly TensorLike[],
    options: FromRowsOptions = {},
  ): RaggedTensor {
    const { validate } = options;
    return RaggedTensor.#nested(flat, splits, "nested_row_splits", options, (values, level) =>
      RaggedTensor.fromRowSplits(values, level, { validate }),
    );
  }

  static fromNestedRowLengths(
    flat: RaggedLike,
    lengths: readonly TensorLike[],
    options: FromRowsOptions = {},
  ): RaggedTensor {
    const { validate } = options;
    return RaggedTensor.#nested(flat, lengths, "nested_row_lengths", options, (values, level) =>
      RaggedTensor.fromRowLengths(values, level, { validate }),
    );
  }

  static fromNestedValueRowids(
    flat: RaggedLike,
    ids: readonly TensorLike[],
    options: FromRowsOptions & { readonly nestedNrows?: readonly TensorLike[] | undefined } = {},
  ): RaggedTensor {
    const { validate, nestedNrows } = options;
    if (nestedNrows && nestedNrows.length !== ids.length) {
      throw new ValueError(
        `Argument \`nested_nrows\` must have the same length as argument \`nested_value_rowids\`. len(nested_nrows) = ${nestedNrows.length} vs. len(nested_values_rowids) = ${ids.length}.`,
      );
    }
    let i = ids.length;
    return RaggedTensor.#nested(flat, ids, "nested_value_rowids", options, (values, level) =>
      RaggedTensor.fromValueRowids(values, level, { nrows: nestedNrows?.[--i], validate }),
    );
  }

  /** The rows of a dense tensor: all of its columns, the first `lengths`, or those before the padding. */
  static fromTensor(tensor: TensorLike, options: FromTensorOptions = {}): RaggedTensor {
    return raggedFromTensor(tensor, options);
  }

  /** Throws ValueError for another rank than 2; a run fails when rows have gaps. */
  static fromSparse(
    sparse: SparseTensor,
    options: Named & { readonly rowSplitsDtype?: DType | undefined } = {},
  ): RaggedTensor {
    const { rowSplitsDtype = int64 } = options;
    return inScope(options.name, "RaggedFromSparse", () => {
      const { indices, denseShape } = sparse;
      if (denseShape.shape?.[0] !== 2 && indices.shape?.[1] !== 2) throw new ValueError("rank(st_input) must be 2.");
      return withoutGaps(indices, () => {
        const ids = tf.cast(indices.at(":", 0), rowSplitsDtype) as Tensor;
        const nrows = tf.cast(denseShape.at(0), rowSplitsDtype) as Tensor;
        return RaggedTensor.fromValueRowids(sparse.values, ids, { nrows, validate: false });
      });
    });
  }

  /** The lengths of the rows: of axis 1, or ragged ones of an inner axis. */
  rowLengths(options: (Named & { readonly axis?: number | undefined }) | number = {}): RaggedOrDense {
    const { axis = 1, name } = typeof options === "number" ? { axis: options, name: undefined } : options;
    if (axis === 0) return this.rowPartition.nrows();
    if (axis === 1) return this.rowPartition.rowLengths();
    return inScope(name, "RaggedRowLengths", () => {
      const place = positiveAxis(axis, this.shape.rank, "axis", "rank(self)");
      if (place === 0) return this.nrows();
      if (place === 1) return this.rowSplits.at("1:").sub(this.rowSplits.at(":-1"));
      if (isRagged(this.values)) return this.withValues(this.values.rowLengths(place - 1));
      const shape = tf.shape(this.values, { outType: this.rowPartition.dtype });
      return this.withValues(tf.ones(shape.at(`:${place - 1}`), this.rowPartition.dtype).mul(shape.at(place - 1)));
    });
  }

  /** Other values in the same rows. */
  withValues(given: RaggedLike): RaggedTensor {
    const values = matched(valuesOf(given), this.rowPartition.dtype);
    const [a, b] = [this.values.shape?.[0] ?? null, values.shape?.[0] ?? null];
    if (a !== null && b !== null && a !== b) throw new ValueError(`Shapes (${a},) and (${b},) are incompatible`);
    return new RaggedTensor(values, this.rowPartition);
  }

  withFlatValues(values: RaggedLike): RaggedTensor {
    return this.withValues(isRagged(this.values) ? this.values.withFlatValues(values) : values);
  }

  /** Throws ValueError for other dtypes than int32 and int64. */
  withRowSplitsDtype(dtype: DType): RaggedTensor {
    if (dtype !== int32 && dtype !== int64) {
      throw new ValueError(`Argument \`row_splits\` dtype must be int32 or int64. Received ${dtype}.`);
    }
    if (this.rowPartition.dtype === dtype) return this;
    const values = isRagged(this.values) ? this.values.withRowSplitsDtype(dtype) : this.values;
    return new RaggedTensor(values, this.rowPartition.withDtype(dtype));
  }

  /** As a dense tensor, rows filled up with the default value. */
  toTensor(options: ToTensorOptions = {}): Tensor {
    const { defaultValue, name } = options;
    return inScope(name, "RaggedToTensor", () => {
      const given =
        defaultValue === undefined ? null : convertToTensor(defaultValue, { name: "default_value", dtype: this.dtype });
      const [first, ...others] = this.nestedPartitions;
      const pairs: [string, Tensor][] = first!.given.valueRowids
        ? [
            ["FIRST_DIM_SIZE", first!.nrows()],
            ["VALUE_ROWIDS", first!.given.valueRowids],
          ]
        : [["ROW_SPLITS", first!.rowSplits]];
      for (const { given: own, rowSplits } of others) {
        pairs.push(own.valueRowids ? ["VALUE_ROWIDS", own.valueRowids] : ["ROW_SPLITS", rowSplits]);
      }
      const filling = given ?? tf.zeros([], this.dtype);
      const { shape } = options;
      const result = tf.raggedTensorToTensorOp({
        shape: shapeTensor(shape, pairs[0]![1].dtype),
        values: this.flatValues,
        default_value: filling,
        row_partition_types: pairs.map(([type]) => type),
        row_partition_tensors: pairs.map(([, tensor]) => tensor),
      });
      const own = this.shape;
      if (own.ndims !== null && !isTensor(shape)) {
        result.setShape(shape ? own.map((d, i) => (shape as readonly Dim[])[i] ?? d) : own);
      }
      return result;
    });
  }

  toSparse(options: Named = {}): SparseTensor {
    return inScope(options.name, "RaggedToSparse", () => {
      const sparse = tf.raggedTensorToSparseOp(
        { rt_nested_splits: this.nestedRowSplits, rt_dense_values: this.flatValues },
        options.name,
      );
      return new tf.SparseTensor({
        indices: sparse.sparse_indices,
        values: sparse.sparse_values,
        denseShape: sparse.sparse_dense_shape,
      });
    });
  }

  /** Throws TypeError: a ragged tensor is no tensor. */
  [asTensor](): never {
    throw new TypeError(
      `Failed to convert elements of ${this} to Tensor. Consider casting elements to a supported type. See https://www.tensorflow.org/api_docs/python/tf/dtypes for supported TF dtypes.`,
    );
  }

  /** Python's `rt[…]`: rows first, then columns. An index of a ragged column is an error, a range of it is not. */
  at(...entries: readonly tf.SliceEntry[]): RaggedOrDense {
    return raggedGetItem(this, entries);
  }

  static {
    installOperators(RaggedTensor.prototype);
  }

  [composite](): ReturnType<Composite[typeof composite]> {
    const splits = this.nestedRowSplits;
    return {
      tensors: [...splits, this.flatValues],
      rebuild: (values: readonly NdArray[]) =>
        values
          .slice(0, -1)
          .reduceRight<NdArray | RaggedTensorValue>(
            (inner, each) => new RaggedTensorValue(inner, each),
            values.at(-1)!,
          ),
      feeds: (value: unknown) => {
        if (!(value instanceof RaggedTensorValue)) throw new TypeError("A RaggedTensor is fed a RaggedTensorValue");
        return [...value.nestedRowSplits, value.flatValues];
      },
    };
  }

  /** The values of a ragged tensor of eager execution. */
  numpy(): RaggedTensorValue {
    return this[composite]().rebuild(
      [...this.nestedRowSplits, this.flatValues].map((each) => each.numpy()),
    ) as RaggedTensorValue;
  }

  toList(): unknown[] {
    return this.numpy().toList();
  }

  override toString(): string {
    if (this.flatValues.knownValue) return `<tf.RaggedTensor ${this.numpy().toString().slice(22)}`;
    return `tf.RaggedTensor(values=${this.values}, row_splits=${this.rowSplits})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** Values whose own splits have the dtype of the outer ones. */
function matched(values: RaggedOrDense, dtype: DType): RaggedOrDense {
  if (!isRagged(values) || values.rowPartition.dtype === dtype) return values;
  throw new ValueError(
    `Argument \`row_partition\` of RaggedTensor with name: partition must have same dtype as Argument \`values\`. (${dtype} vs. ${values.rowPartition.dtype}).`,
  );
}

function shapeTensor(shape: Shape | Tensor | undefined, dtype: DType): Tensor {
  if (isTensor(shape)) return /^int(32|64)$/.test(shape.dtype.base) ? shape : (tf.cast(shape, dtype) as Tensor);
  return shape
    ? tf.constant(
        shape.map((d) => d ?? -1),
        { dtype },
      )
    : tf.constant(-1, { dtype });
}

/** Throws ValueError when some of them have row splits of int32 and others of int64. */
export function matchSplits(...tensors: readonly RaggedOrDense[]): DType | null {
  const dtypes = new Set(tensors.filter(isRagged).map(({ rowPartition }) => rowPartition.dtype));
  if (dtypes.size <= 1) return [...dtypes][0] ?? null;
  throw new ValueError(
    "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert them to compatible dtypes.",
  );
}
