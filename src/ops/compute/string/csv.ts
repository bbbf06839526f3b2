/** Lines of comma-separated values: DecodeCSV. Source: decode_csv_op.cc. */

import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { formatShape } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { copyElements, emptyArray } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { stringsOf, toBytes, toText } from "./bytes.ts";
import { parseNumber } from "./number.ts";

interface CsvRules {
  readonly delimiter: number;
  readonly useQuotes: boolean;
}

const quote = 34;
const isLineEnd = (byte: number): boolean => byte === 10 || byte === 13;

/** The fields of a record. Throws INVALID_ARGUMENT for stray quotes and line ends. */
function fieldsOf(record: Uint8Array, { delimiter, useQuotes }: CsvRules): Uint8Array[] {
  const fields: Uint8Array[] = [];
  const end = record.length;
  let at = 0;
  while (at < end) {
    if (isLineEnd(record[at]!)) {
      at++;
      continue;
    }
    const field: number[] = [];
    if (useQuotes && record[at] === quote) {
      at++;
      while (at < end - 1 && (record[at] !== quote || record[at + 1] !== delimiter)) {
        if (record[at] === quote) {
          if (record[at + 1] !== quote)
            throw new InvalidArgumentError("Quote inside a string has to be escaped by another quote");
          at++;
        }
        field.push(record[at++]!);
      }
      if (at >= end || record[at] !== quote || (at < end - 1 && record[at + 1] !== delimiter)) {
        throw new InvalidArgumentError("Quoted field has to end with quote followed by delim or end");
      }
      at += 2;
    } else {
      while (at < end && record[at] !== delimiter) {
        if ((useQuotes && record[at] === quote) || isLineEnd(record[at]!)) {
          throw new InvalidArgumentError("Unquoted fields cannot have quotes/CRLFs inside");
        }
        field.push(record[at++]!);
      }
      at++;
    }
    fields.push(Uint8Array.from(field));
  }
  if (end > 0 && record[end - 1] === delimiter) fields.push(new Uint8Array());
  return fields;
}

/** output[i] = field i of every record; an empty field takes its default, and is an error without one. */
export const decodeCSVOp = defineOp("DecodeCSV", {
  inputs: ["records: string", "record_defaults: OUT_TYPE"],
  outputs: ["output: OUT_TYPE"],
  attrs: [
    "OUT_TYPE: list({float, double, int32, int64, string}) >= 1",
    "field_delim: string = ','",
    "use_quote_delim: bool = true",
    "na_value: string = ''",
    "select_cols: list(int) = []",
  ],
  shape({ records, record_defaults }) {
    for (const [i, shape] of record_defaults.entries()) {
      if (shape === null) continue;
      if (shape.length > 1)
        throw invalidArgument(
          `Shape of default must be a length-0 or length-1 vector, or a scalar. for input ${i + 1}`,
        );
      if (shape.length === 1 && shape[0] !== null && shape[0]! > 1)
        throw invalidArgument("Shape of a default must be a length-0 or length-1 vector, or a scalar.");
    }
    return record_defaults.map(() => records);
  },
  compute({ records, record_defaults, OUT_TYPE, field_delim, use_quote_delim, na_value, select_cols }) {
    const delimiter = toBytes(field_delim);
    if (delimiter.length !== 1) throw new InvalidArgumentError("field_delim should be only 1 char");
    for (const [i, value] of record_defaults.entries()) {
      if (value.size > 1)
        throw new InvalidArgumentError(`There should only be 1 default per field but field ${i} has ${value.size}`);
    }
    const outputs = OUT_TYPE.map((dtype) => emptyArray(dtype, records.shape));
    const missing = toText(toBytes(na_value));
    for (const [row, record] of stringsOf(records).entries()) {
      const all = fieldsOf(record, { delimiter: delimiter[0]!, useQuotes: use_quote_delim });
      const fields = select_cols.length
        ? select_cols.flatMap((column) => (column < all.length ? [all[column]!] : []))
        : all;
      if (fields.length !== OUT_TYPE.length) {
        throw new InvalidArgumentError(`Expect ${OUT_TYPE.length} fields but have ${fields.length} in record ${row}`);
      }
      for (const [f, field] of fields.entries()) {
        if (field.length === 0 || (missing !== "" && toText(field) === missing))
          takeDefault(record_defaults[f]!, outputs[f]!, f, row);
        else setField(outputs[f]!, field, f, row);
      }
    }
    return outputs;
  },
  gradient: "unregistered",
});

function takeDefault(value: NdArray, output: NdArray, f: number, row: number): void {
  if (value.size !== 1) throw new InvalidArgumentError(`Field ${f} is required but missing in record ${row}!`);
  copyElements(output.dtype, value.data, 0, output.data, row, 1);
}

function setField(output: NdArray, field: Uint8Array, f: number, row: number): void {
  const { dtype } = output;
  if (dtype.base === "string") {
    (output.data as Uint8Array[])[row] = field;
    return;
  }
  const value = parseNumber(field, dtype);
  if (value === null)
    throw new InvalidArgumentError(`Field ${f} in record ${row} is not a valid ${cppName(dtype)}: ${toText(field)}`);
  (output.data as Float64Array)[row] = value as number;
}

export interface CsvOptions extends Named {
  readonly fieldDelim?: string;
  readonly useQuoteDelim?: boolean;
  readonly naValue?: string;
  readonly selectCols?: readonly number[] | null;
}

const decodeCsvPlaces = ["fieldDelim", "useQuoteDelim", "name", "naValue", "selectCols"] as const;

/** One tensor a column; each default gives the column's dtype, an empty list makes it required. Source: parsing_ops.py. */
export const decodeCsv = byKeyword(
  ["records", "recordDefaults"],
  function decodeCsv(
    records: TensorLike,
    recordDefaults: readonly TensorLike[],
    ...rest: Rest<CsvOptions, typeof decodeCsvPlaces>
  ): Tensor[] {
    const options = byName<CsvOptions>(rest, decodeCsvPlaces);
    const { fieldDelim = ",", useQuoteDelim = true, naValue = "", selectCols, name } = options;
    const columns = selectCols ?? [];
    if (columns.some((column, i) => i > 0 && column <= columns[i - 1]!))
      throw new InvalidArgumentError(`select_cols is not strictly increasing.`);
    if (columns.some((column) => column < 0)) throw new InvalidArgumentError(`select_cols contains negative values.`);
    if (columns.length && columns.length !== recordDefaults.length) {
      throw new InvalidArgumentError(
        `Length of select_cols and record_defaults do not match: ${formatShape([columns.length])} ${formatShape([recordDefaults.length])}`,
      );
    }
    return decodeCSVOp(
      {
        records,
        record_defaults: recordDefaults,
        field_delim: fieldDelim,
        use_quote_delim: useQuoteDelim,
        na_value: naValue,
        select_cols: columns,
      },
      name,
    ) as unknown as Tensor[];
  },
);
