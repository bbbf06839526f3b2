/** `tf.data.experimental.CsvDataset`: the records of comma-separated files. Source: experimental/ops/readers.py */
import { bool, DType, float32, float64, int32, int64, string } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { constant, cSVDatasetV2Op } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { Dataset } from "../dataset.ts";
import { attrsOf, type Nested, type Spec } from "../structure.ts";

export interface CsvOptions {
  readonly compressionType?: TensorLike | null | undefined;
  readonly bufferSize?: TensorLike | undefined;
  /** The first line of each file is left out. */
  readonly header?: boolean | undefined;
  readonly fieldDelim?: string | undefined;
  readonly useQuoteDelim?: boolean | undefined;
  /** Fields of this text have their default, beside empty ones. */
  readonly naValue?: string | undefined;
  /** The numbers of the columns that are read, in order. */
  readonly selectCols?: readonly number[] | null | undefined;
  readonly excludeCols?: readonly number[] | null | undefined;
}
const csvNames = [
  "compressionType",
  "bufferSize",
  "header",
  "fieldDelim",
  "useQuoteDelim",
  "naValue",
  "selectCols",
  "excludeCols",
] as const;

/** A dtype where a field must be there, else its default. */
export type CsvDefault = DType | TensorLike;

const bufferBytes = 4 * 1024 * 1024;

/** Throws TypeError for dtypes that fields cannot have. */
export function defaultOf(value: CsvDefault): TensorLike {
  const isField = value instanceof DType && [float32, float64, int32, int64, string].includes(value);
  if (isField) return constant(new NdArray(value, [0], value === string ? [] : emptyOf(value)));
  return value as TensorLike;
}

const emptyOf = (dtype: DType): NdArray["data"] =>
  dtype === int64
    ? new BigInt64Array(0)
    : dtype === int32
      ? new Int32Array(0)
      : dtype === float64
        ? new Float64Array(0)
        : new Float32Array(0);

/** Elements are lists of scalars, one for each column. */
export class CsvDataset extends Dataset {
  constructor(
    filenames: TensorLike,
    recordDefaults: readonly CsvDefault[],
    ...rest: Rest<CsvOptions, typeof csvNames>
  ) {
    const options: CsvOptions = byName(rest, csvNames);
    const names = convertToTensor(filenames, { dtype: string, name: "filenames" });
    const compression_type = convertToTensor(options.compressionType ?? "", {
      dtype: string,
      name: "compression_type",
    });
    const defaults = recordDefaults.map(defaultOf);
    const record_defaults = defaults.map((value, i) => convertToTensor(value, { name: `record_defaults_${i}` }));
    const specs: Nested<Spec> = record_defaults.map(({ dtype }) => ({ dtype: dtype.baseDtype, shape: [] }));
    const whole = (values: readonly number[] | null | undefined, name: string): Tensor =>
      convertToTensor([...(values ?? [])], { dtype: int64, name });
    const inputs = {
      filenames: names,
      compression_type,
      buffer_size: convertToTensor(options.bufferSize ?? bufferBytes, { dtype: int64, name: "buffer_size" }),
      header: convertToTensor(options.header ?? false, { dtype: bool, name: "header" }),
      field_delim: convertToTensor(options.fieldDelim ?? ",", { dtype: string, name: "field_delim" }),
      use_quote_delim: convertToTensor(options.useQuoteDelim ?? true, { dtype: bool, name: "use_quote_delim" }),
      na_value: convertToTensor(options.naValue ?? "", { dtype: string, name: "na_value" }),
      select_cols: whole(options.selectCols, "select_cols"),
      exclude_cols: whole(options.excludeCols, "exclude_cols"),
      record_defaults,
    };
    super(cSVDatasetV2Op({ ...inputs, output_shapes: attrsOf(specs).output_shapes }), specs, {
      shownAs: "CsvDatasetV2",
    });
  }
}
