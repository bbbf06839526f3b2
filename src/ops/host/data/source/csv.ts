/** Rows of comma-separated files, each field with a dtype and a default. Source: csv_dataset_op.cc */
import { type DType, string } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { flow, type Maybe, now, type Steps } from "../../../../core/flow/maybe.ts";
import { allocateElements, NdArray } from "../../../../core/nd_array.ts";
import { cppName } from "../../../../graph/def/node_text.ts";
import type { Compression } from "../../../../io/record/compression.ts";
import { ByteStream } from "../../../../io/stream/byte_stream.ts";
import { parseNumber } from "../../../compute/string/number.ts";
import { bytesOfText, textOf } from "../../arrays.ts";
import { type DataIterator, type Element, unknown } from "../runtime/dataset.ts";
import { type Behaviour, defineDataset, typed } from "../runtime/define.ts";
import { flag } from "../runtime/element.ts";
import { compressionOf, pathsOf } from "./records.ts";

const [quote, newline, carriageReturn] = [34, 10, 13];
const pieceSize = 2 ** 18;

interface Field {
  readonly bytes: Uint8Array;
  readonly error: string | null;
}

/** The fields of a file, record by record. A record ends with \n, \r or \r\n outside quotes, or with the file. */
class CsvRecords {
  readonly #stream: ByteStream;
  readonly #delimiter: number;
  readonly #quotes: boolean;
  #buffer = new Uint8Array(0);
  #at = 0;
  #isWhole = false;

  constructor(path: string, compression: Compression, delimiter: number, quotes: boolean) {
    this.#stream = new ByteStream(path, compression);
    this.#delimiter = delimiter;
    this.#quotes = quotes;
  }

  /** Null at the end of the file. */
  next(): Maybe<readonly Field[] | null> {
    return flow(this.#next());
  }

  *#next(): Steps<readonly Field[] | null> {
    for (;;) {
      const fields = this.#record();
      if (fields !== undefined) return fields;
      const more = yield* now(this.#stream.read(pieceSize));
      if (more.length === 0) this.#isWhole = true;
      const joined = new Uint8Array(this.#buffer.length - this.#at + more.length);
      joined.set(this.#buffer.subarray(this.#at));
      joined.set(more, this.#buffer.length - this.#at);
      this.#buffer = joined;
      this.#at = 0;
    }
  }

  /** Undefined when the record's end has not been read yet. */
  #record(): readonly Field[] | null | undefined {
    const end = this.#buffer.length;
    if (this.#at >= end) return this.#isWhole ? null : undefined;
    const fields: Field[] = [];
    for (let at = this.#at; ; ) {
      const field = this.#quotes && this.#buffer[at] === quote ? this.#quoted(at) : this.#plain(at);
      if (field === undefined) return undefined;
      fields.push({ bytes: field.bytes, error: field.error });
      at = field.end;
      // The byte after "\r" says whether it belongs to the line's end.
      if (at < end && this.#buffer[at] === carriageReturn && at + 1 === end && !this.#isWhole) return undefined;
      if (at < end && this.#buffer[at] === this.#delimiter) {
        at++;
        if (at === end && !this.#isWhole) return undefined;
        continue;
      }
      this.#at = this.#buffer[at] === carriageReturn && this.#buffer[at + 1] === newline ? at + 2 : at + 1;
      return fields;
    }
  }

  /** A field up to a delimiter or line end, or the end of the file. */
  #plain(from: number): (Field & { readonly end: number }) | undefined {
    const buffer = this.#buffer;
    let at = from;
    let error: string | null = null;
    for (; at < buffer.length; at++) {
      const byte = buffer[at]!;
      if (byte === this.#delimiter || byte === newline || byte === carriageReturn) break;
      if (byte === quote && this.#quotes) error = "Unquoted fields cannot have quotes inside";
    }
    if (at === buffer.length && !this.#isWhole) return undefined;
    return { bytes: buffer.slice(from, at), error, end: at };
  }

  #quoted(from: number): (Field & { readonly end: number }) | undefined {
    const buffer = this.#buffer;
    const bytes: number[] = [];
    let error: string | null = null;
    for (let at = from + 1; ; at++) {
      if (at >= buffer.length) {
        if (!this.#isWhole) return undefined;
        return {
          bytes: new Uint8Array(0),
          error: "Reached end of file without closing quoted field in record",
          end: at,
        };
      }
      const byte = buffer[at]!;
      if (byte !== quote) {
        bytes.push(byte);
        continue;
      }
      at++;
      if (at >= buffer.length && !this.#isWhole) return undefined;
      const next = buffer[at];
      if (next === undefined || next === this.#delimiter || next === newline || next === carriageReturn)
        return { bytes: Uint8Array.from(bytes), error, end: at };
      if (next !== quote) error ??= "Quote inside a string has to be escaped by another quote";
      bytes.push(quote);
    }
  }

  close(): void {
    this.#stream.close();
  }
}

interface CsvOp {
  readonly filenames: NdArray;
  readonly compression_type: NdArray;
  readonly header: NdArray;
  readonly field_delim: NdArray;
  readonly use_quote_delim: NdArray;
  readonly na_value: NdArray;
  readonly select_cols: NdArray;
  readonly record_defaults: Element;
  readonly output_types: readonly DType[];
}

const ascending = (columns: readonly number[]): boolean => columns.every((c, i) => i === 0 || columns[i - 1]! < c);

function columnsOf(array: NdArray, name: string): readonly number[] {
  if (array.shape.length !== 1) throw invalidArgument(`\`${name}\` must be a vector.`);
  const columns = Array.from(array.data as BigInt64Array, Number);
  if (!ascending(columns)) throw invalidArgument(`${name} should be strictly increasing indices`);
  if (columns.some((c) => c < 0)) throw invalidArgument(`${name} should be non-negative indices`);
  return columns;
}

function scalarOf(field: Uint8Array, byDefault: NdArray, i: number, dtype: DType, missing: string): NdArray {
  if (field.length === 0 || (missing !== "" && new TextDecoder().decode(field) === missing)) {
    if (byDefault.size === 0) throw invalidArgument(`Field ${i} is required but missing in record!`);
    return new NdArray(dtype, [], byDefault.data.slice(0, 1) as NdArray["data"]);
  }
  if (dtype === string) return new NdArray(string, [], [field]);
  const value = parseNumber(field, dtype);
  if (value === null)
    throw invalidArgument(`Field ${i} in record is not a valid ${cppName(dtype)}: ${new TextDecoder().decode(field)}`);
  const data = allocateElements(dtype, 1);
  (data as Float64Array)[0] = value as number;
  return new NdArray(dtype, [], data);
}

function csv(op: CsvOp, excludeCols: NdArray | null, permit: (path: string) => void): Behaviour {
  const paths = pathsOf(op.filenames);
  const compression = compressionOf(op.compression_type);
  const delimiter = bytesOfText(textOf(op.field_delim));
  if (delimiter.length !== 1) throw invalidArgument("field_delim should be only 1 char");
  const missing = textOf(op.na_value);
  const selected = columnsOf(op.select_cols, "select_cols");
  const excluded = excludeCols ? columnsOf(excludeCols, "exclude_cols") : [];
  if (selected.length > 0 && excluded.length > 0)
    throw invalidArgument("Either select_cols or exclude_cols should be empty");
  if (selected.length > 0 && selected.length !== op.output_types.length)
    throw invalidArgument("select_cols should match output size");
  for (const value of op.record_defaults) {
    if (value.shape.length > 1) throw invalidArgument("Each record default should be at most rank 1");
    if (value.size > 1) throw invalidArgument("There should only be 1 default per field but field has more");
  }
  const { output_types } = op;
  const chosen = (i: number): boolean =>
    selected.length > 0 ? selected.includes(i) : excluded.length === 0 || !excluded.includes(i);
  const element = (fields: readonly Field[]): Element => {
    const result: NdArray[] = [];
    let wrong: unknown = null;
    for (const [i, field] of fields.entries()) {
      if (field.error !== null && wrong === null) wrong = invalidArgument(field.error);
      if (!chosen(i) || wrong !== null) continue;
      const k = result.length;
      if (k >= output_types.length) {
        wrong = invalidArgument(`Expect ${output_types.length} fields but have more in record`);
        continue;
      }
      try {
        result.push(scalarOf(field.bytes, op.record_defaults[k]!, k, output_types[k]!, missing));
      } catch (error) {
        wrong = error;
      }
    }
    if (wrong !== null) throw wrong;
    if (result.length !== output_types.length)
      throw invalidArgument(`Expect ${output_types.length} fields but have ${result.length} in record`);
    return result;
  };
  return {
    cardinality: () => unknown,
    iterate(): DataIterator {
      let file: CsvRecords | null = null;
      let i = 0;
      return {
        next: () =>
          flow(function* (): Steps<Element | null> {
            for (;;) {
              if (!file) {
                if (i === paths.length) return null;
                const path = paths[i++]!;
                permit(path);
                file = new CsvRecords(path, compression, delimiter[0]!, flag(op.use_quote_delim));
                if (flag(op.header) && (yield* now(file.next())) === null)
                  throw invalidArgument("Can't read header of file");
              }
              const fields: readonly Field[] | null = yield* now(file.next());
              if (fields) return element(fields);
              file.close();
              file = null;
            }
          }),
        close: () => file?.close(),
      };
    },
  };
}

const inputs = [
  "filenames: string",
  "compression_type: string",
  "buffer_size: int64",
  "header: bool",
  "field_delim: string",
  "use_quote_delim: bool",
  "na_value: string",
  "select_cols: int64",
  "record_defaults: output_types",
] as const;
const attrs = ["output_types: list({float, double, int32, int64, string}) >= 1", typed[1]] as const;

export const cSVDatasetOp = defineDataset("CSVDataset", {
  inputs,
  attrs,
  stateful: true,
  access: "input",
  make: (op, _, context) => csv(op, null, context.permit),
});

export const experimentalCSVDatasetOp = defineDataset("ExperimentalCSVDataset", {
  inputs,
  attrs,
  stateful: true,
  access: "input",
  make: (op, _, context) => csv(op, null, context.permit),
});

export const cSVDatasetV2Op = defineDataset("CSVDatasetV2", {
  inputs: [...inputs, "exclude_cols: int64"],
  attrs,
  stateful: true,
  access: "input",
  make: (op, _, context) => csv(op, op.exclude_cols, context.permit),
});
