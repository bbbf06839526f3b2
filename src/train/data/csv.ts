/** `tf.data.experimental.makeCsvDataset`: batches of columns of files, whose names and types are read from the files. Source: experimental/ops/readers.py */
import { gunzipSync } from "node:zlib";
import { Dataset } from "../../build/data/dataset.ts";
import { trace } from "../../build/data/function.ts";
import { made } from "../../build/data/nodes/base.ts";
import { CsvDataset, type CsvDefault, defaultOf } from "../../build/data/source/csv.ts";
import { readSideBySide, type ShuffleAndRepeat, shuffledAndRepeated } from "../../build/data/source/features.ts";
import { type Any, attrsOf } from "../../build/data/structure.ts";
import { type DType, float32, float64, int32, int64, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import { printValue } from "../../core/print.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { constant, mapDatasetOp } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GFile, Glob } from "../files/gfile.ts";
import { csvRows } from "./csv_rows.ts";

export interface CsvDatasetOptions extends ShuffleAndRepeat {
  /** The header's by default. */
  readonly columnNames?: readonly string[] | null | undefined;
  /** A dtype where a field must be there, else its default; by default what the first rows look like. */
  readonly columnDefaults?: readonly CsvDefault[] | null | undefined;
  /** Elements are pairs of features and this column. */
  readonly labelName?: string | null | undefined;
  readonly selectColumns?: readonly (number | string)[] | null | undefined;
  readonly fieldDelim?: string | undefined;
  readonly useQuoteDelim?: boolean | undefined;
  readonly naValue?: string | undefined;
  readonly header?: boolean | undefined;
  readonly numParallelReads?: number | null | undefined;
  readonly sloppy?: boolean | undefined;
  readonly numRowsForInference?: number | null | undefined;
  readonly compressionType?: string | null | undefined;
  readonly ignoreErrors?: boolean | undefined;
}
const names = [
  "columnNames",
  "columnDefaults",
  "labelName",
  "selectColumns",
  "fieldDelim",
  "useQuoteDelim",
  "naValue",
  "header",
  "numEpochs",
  "shuffle",
  "shuffleBufferSize",
  "shuffleSeed",
  "prefetchBufferSize",
  "numParallelReads",
  "sloppy",
  "numRowsForInference",
  "compressionType",
  "ignoreErrors",
] as const;

interface Format {
  readonly delimiter: string;
  readonly quotes: boolean;
  readonly compression: string | null;
}

/** The rows of a file. Throws ValueError for a compression that columns cannot be read through. */
function rowsOf(path: string, { delimiter, quotes, compression }: Format): Generator<string[]> {
  if (compression === "ZLIB")
    throw new ValueError(`\`compression_type\` ${compression} is not supported for probing columns.`);
  if (compression !== null && compression !== "" && compression !== "GZIP")
    throw new ValueError(
      `Received unknown \`compression_type\` ${compression}. Expected: GZIP, ZLIB or  (empty string).`,
    );
  const bytes = new GFile(path, "rb").read() as Uint8Array;
  const text = new TextDecoder().decode(compression === "GZIP" ? gunzipSync(bytes) : bytes);
  return csvRows(text, delimiter, quotes);
}

function headerOf(files: readonly string[], format: Format): string[] {
  const first = (path: string): string[] => {
    const { value } = rowsOf(path, format).next();
    if (!value) throw new ValueError(`Failed when reading the header line of ${path}. Is it an empty file?`);
    return value;
  };
  const header = first(files[0]!);
  for (const path of files.slice(1)) {
    if (printValue(first(path)) !== printValue(header))
      throw new ValueError(
        `All input CSV files should have the same column names in the header row. File ${path} has different column names.`,
      );
  }
  return header;
}

const whole = /^\s*[-+]?\d+(_\d+)*\s*$/;
const isNumber = (text: string): boolean =>
  text.trim() !== "" &&
  !/^\s*[-+]?0[xob]/i.test(text) &&
  (Number.isFinite(Number(text)) || /^\s*(nan|-inf(inity)?)\s*$/i.test(text));

/** From the strictest to the most lenient. */
const types: readonly (readonly [DType, (text: string) => boolean])[] = [
  [int32, (text) => whole.test(text) && BigInt(text) === BigInt.asIntN(32, BigInt(text))],
  [int64, (text) => whole.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text))],
  [
    float32,
    (text) => isNumber(text) && !/nan/i.test(text) && (Number(text) <= 3.4028235677973366e38 || /inf/i.test(text)),
  ],
  [float64, (text) => isNumber(text) && !/nan/i.test(text)],
  [string, () => true],
];

/** The type of a column after a further field. */
function inferred(text: string, naValue: string, before: DType | null): DType | null {
  if (text === "" || text === naValue) return before;
  const from = before ? types.findIndex(([dtype]) => dtype === before) : 0;
  return types.slice(from).find(([, fits]) => fits(text))![0];
}

interface Inference {
  readonly files: readonly string[];
  readonly columns: readonly number[];
  readonly width: number;
  readonly header: boolean;
  readonly naValue: string;
  readonly rows: number | null;
}

function inferredDefaults({ files, columns, width, header, naValue, rows }: Inference, format: Format): Tensor[] {
  const found: (DType | null)[] = columns.map(() => null);
  let seen = 0;
  for (const path of files) {
    let number = 0;
    for (const row of rowsOf(path, format)) {
      number++;
      if (header && number === 1) continue;
      if (row.length !== width)
        throw new ValueError(
          `Problem inferring types: CSV row ${number} has ${row.length} number of fields. Expected: ${width}.`,
        );
      if (rows !== null && seen++ >= rows) break;
      for (const [j, column] of columns.entries()) found[j] = inferred(row[column]!, naValue, found[j]!);
    }
  }
  return found.map((dtype) =>
    dtype === null || dtype === string ? constant([""]) : constant(ndarray([0], dtype.name as "float32")),
  );
}

/** The numbers of columns that are given by number or name. Throws ValueError for those that are not there, or twice. */
function columnNumbers(selected: readonly (number | string)[], columns: readonly string[]): number[] {
  const numbers = selected.map((column) => {
    if (typeof column === "number") {
      if (column >= 0 && column < columns.length) return column;
      throw new ValueError(
        `Column index ${column} specified in \`select_columns\` should be > 0  and <= ${columns.length}, which is the number of columns.`,
      );
    }
    const at = columns.lastIndexOf(column);
    if (at >= 0) return at;
    const keys = columns.map((name) => `'${name}'`).join(", ");
    throw new ValueError(
      `Column ${column} specified in \`select_columns\` must be of one of the columns: dict_keys([${keys}]).`,
    );
  });
  const unique = [...new Set(numbers)].sort((a, b) => a - b);
  if (unique.length !== selected.length)
    throw new ValueError("The `select_columns` argument contains duplicate columns: set().");
  return unique;
}

/**
 * Batches of records of columns; with a label's name, pairs of record and label. Throws ValueError where names, types and columns do not go
 * together, or no file matches.
 */
export function makeCsvDataset(
  filePattern: string | readonly string[],
  batchSize: number,
  ...rest: Rest<CsvDatasetOptions, typeof names>
): Dataset {
  const options: CsvDatasetOptions = byName(rest, names);
  const { fieldDelim = ",", useQuoteDelim = true, naValue = "", header = true, shuffle = true } = options;
  const files = filesOf(filePattern);
  let dataset = Dataset.fromTensorSlices([...files]);
  if (shuffle) dataset = dataset.shuffle(files.length, { seed: options.shuffleSeed });
  const format: Format = {
    delimiter: fieldDelim,
    quotes: useQuoteDelim,
    compression: options.compressionType ?? null,
  };
  const { columns, selected, defaults } = columnsOf(files, format, { ...options, naValue, header });
  const label = options.labelName ?? null;
  if (label !== null && !columns.includes(label))
    throw new ValueError(
      `\`label_name\` provided must be one of the columns: ${printValue([...columns])}. Received: ${label}.`,
    );
  const read = Object.defineProperty(
    (filename: Tensor): Dataset => {
      const rows = new CsvDataset(filename, defaults, {
        header,
        fieldDelim,
        useQuoteDelim,
        naValue,
        selectCols: selected,
        compressionType: options.compressionType,
      });
      return options.ignoreErrors ? rows.ignoreErrors() : rows;
    },
    "name",
    { value: "filename_to_dataset" },
  );
  const threads = options.numParallelReads ?? 1;
  const rows = readSideBySide(dataset, read, { threads, sloppy: options.sloppy ?? false });
  const isEndless = options.numEpochs === undefined || options.numEpochs === null;
  const batches = shuffledAndRepeated(rows, options).batch(batchSize, { dropRemainder: isEndless });
  return inRecords(batches, columns, label).prefetch(options.prefetchBufferSize ?? -1);
}

function filesOf(pattern: string | readonly string[]): string[] {
  if (Array.isArray(pattern) && pattern.length === 0)
    throw new ValueError("Argument `file_pattern` should not be empty.");
  const files = (Array.isArray(pattern) ? pattern : [pattern as string]).flatMap((each: string) => Glob(each));
  if (files.length === 0)
    throw new ValueError(
      `No files match \`file_pattern\` ${Array.isArray(pattern) ? printValue([...pattern]) : pattern}.`,
    );
  return files.sort();
}

interface Columns {
  readonly columns: readonly string[];
  readonly selected: readonly number[] | null;
  readonly defaults: readonly CsvDefault[];
}

function columnsOf(
  files: readonly string[],
  format: Format,
  options: CsvDatasetOptions & { readonly naValue: string; readonly header: boolean },
): Columns {
  const { header, naValue, columnDefaults, selectColumns } = options;
  if (!options.columnNames && !header)
    throw new ValueError("Expected `column_names` or `header` arguments. Neither is provided.");
  const all = options.columnNames ?? headerOf(files, format);
  const twice = [...new Set(all.filter((name, i) => all.indexOf(name) !== i))];
  if (twice.length > 0)
    throw new ValueError(
      `Either \`column_names\` argument or CSV header row contains duplicate column names: {${twice.map((name) => `'${name}'`).join(", ")}}.`,
    );
  const selected = selectColumns ? columnNumbers(selectColumns, all) : null;
  const defaults = columnDefaults
    ? columnDefaults.map(defaultOf)
    : inferredDefaults(
        {
          files,
          columns: selected ?? all.map((_, i) => i),
          width: all.length,
          header,
          naValue,
          rows: options.numRowsForInference === undefined ? 100 : options.numRowsForInference,
        },
        format,
      );
  if (selected && defaults.length !== selected.length)
    throw new ValueError(
      `If specified, \`column_defaults\` and \`select_columns\` must have the same length: \`column_defaults\` has length ${defaults.length}, \`select_columns\` has length ${selected.length}.`,
    );
  const isPart = selected !== null && all.length > selected.length;
  return { columns: isPart ? selected.map((i) => all[i]!) : all, selected, defaults };
}

/** Lists of columns as records by name. */
function inRecords(batches: Dataset, columns: readonly string[], label: string | null): Dataset {
  const mapFn = Object.defineProperty(
    (...values: Any[]): Any => {
      const features = Object.fromEntries(columns.map((name, i) => [name, values[i]]));
      if (label === null) return features;
      const { [label]: own, ...others } = features;
      return [others, own];
    },
    "name",
    { value: "map_fn" },
  );
  const { fn, captured, output } = trace(mapFn, batches.elementSpec, "Dataset_map");
  const variant = mapDatasetOp({
    input_dataset: batches.variantTensor,
    other_arguments: captured,
    f: fn,
    use_inter_op_parallelism: false,
    preserve_cardinality: true,
    ...attrsOf(output),
  });
  return made(variant, output, { isFirst: false });
}
