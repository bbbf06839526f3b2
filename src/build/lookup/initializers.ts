/** What fills a table: tensors of keys and values, or the lines of a text file. Source: tensorflow/python/ops/lookup_ops.py. */
import { type DType, int64, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { initializeTableFromTextFileV2Op, lookupTableImportV2Op } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { checkTableDtypes, inScope, type LookupTable, type Named } from "./table.ts";

/** What makes the operation that fills a table, and adds it to TABLE_INITIALIZERS. */
export interface TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  /** Tables of one shared name are one table; "" for a table of its own. */
  readonly sharedName: string;
  initialize(table: LookupTable & { readonly resourceHandle: Tensor }): Operation;
}

export interface KeyValueOptions extends Named {
  readonly keyDtype?: DType | undefined;
  readonly valueDtype?: DType | undefined;
}

/** Keys and values, vectors of one length. */
export class KeyValueTensorInitializer implements TableInitializer {
  readonly sharedName = "";
  readonly #keys: Tensor;
  readonly #values: Tensor;
  readonly #name: string;

  constructor(keys: TensorLike, values: TensorLike, options: KeyValueOptions = {}) {
    const graph = getDefaultGraph();
    const convert = (): [Tensor, Tensor] => [
      convertToTensor(keys, { dtype: options.keyDtype, name: "keys" }),
      convertToTensor(values, { dtype: options.valueDtype, name: "values" }),
    ];
    [this.#keys, this.#values] = graph.controlFlowContext ? graph.initScope(convert) : convert();
    this.#name = options.name ?? "key_value_init";
  }

  get keyDtype(): DType {
    return this.#keys.dtype;
  }

  get valueDtype(): DType {
    return this.#values.dtype;
  }

  initialize(table: LookupTable & { readonly resourceHandle: Tensor }): Operation {
    checkTableDtypes(table, this.keyDtype, this.valueDtype);
    const op = inScope(this.#name, this.#name, () =>
      lookupTableImportV2Op({ table_handle: table.resourceHandle, keys: this.#keys, values: this.#values }),
    );
    getDefaultGraph().addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
    return op;
  }
}

/** In the place of a column: the line as it is, or its number, counted from 0. */
export const TextFileIndex = { WHOLE_LINE: -2, LINE_NUMBER: -1 } as const;

export interface TextFileOptions extends Named {
  /** How many lines there must be; all by default. */
  readonly vocabSize?: number | null | undefined;
  /** Between columns; a tab by default. */
  readonly delimiter?: string | undefined;
  /** Added to line numbers. */
  readonly valueIndexOffset?: number | undefined;
}

function checkIndex(what: "key" | "value", index: number, dtype: DType): void {
  const at = what === "key" ? "if" : "for";
  if (index < -2) {
    throw new ValueError(`\`${what}_index\` should be >= -2, received: ${index}${what === "key" ? "." : ""}`);
  }
  if (index === TextFileIndex.LINE_NUMBER && dtype !== int64) {
    const is = what === "key" ? "is " : "";
    throw new ValueError(`\`${what}_dtype\` must be int64 ${at} \`${what}_index\` ${is}${index}, received: ${dtype}`);
  }
  if (index === TextFileIndex.WHOLE_LINE && !dtype.isInteger && dtype !== string) {
    throw new ValueError(
      `\`${what}_dtype\` should be either integer or string for \`${what}_index\` ${index}, received: ${dtype}`,
    );
  }
}

/** A file's lines: key and value are columns by number, the whole line, or its number. Throws ValueError for what does not go together. */
export class TextFileInitializer implements TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly #filename: Tensor;
  readonly #given: string | Tensor;
  readonly #keyIndex: number;
  readonly #valueIndex: number;
  readonly #options: TextFileOptions;

  constructor(
    filename: string | Tensor,
    keyDtype: DType,
    keyIndex: number,
    valueDtype: DType,
    valueIndex: number,
    options: TextFileOptions = {},
  ) {
    if (!(filename instanceof Tensor) && !filename) {
      throw new ValueError("`filename` argument required for tf.lookup.TextFileInitializer");
    }
    checkIndex("key", keyIndex, keyDtype);
    checkIndex("value", valueIndex, valueDtype);
    const { vocabSize } = options;
    if (vocabSize !== undefined && vocabSize !== null && vocabSize <= 0) {
      throw new ValueError(`\`vocab_size\` should be > 0, received: ${vocabSize}`);
    }
    this.keyDtype = keyDtype;
    this.valueDtype = valueDtype;
    this.#keyIndex = keyIndex;
    this.#valueIndex = valueIndex;
    this.#options = options;
    this.#given = filename;
    const graph = getDefaultGraph();
    this.#filename = graph.initScope(() =>
      graph.device("CPU", () => convertToTensor(filename, { dtype: string, name: "asset_path" })),
    );
  }

  get sharedName(): string {
    const { vocabSize, valueIndexOffset } = this.#options;
    const parts: unknown[] = [this.#given instanceof Tensor ? this.#given.repr() : this.#given];
    if (vocabSize) parts.push(vocabSize);
    parts.push(this.#keyIndex, this.#valueIndex);
    if (valueIndexOffset) parts.push(valueIndexOffset);
    return `hash_table_${parts.join("_")}`;
  }

  initialize(table: LookupTable & { readonly resourceHandle: Tensor }): Operation {
    checkTableDtypes(table, this.keyDtype, this.valueDtype);
    const graph = getDefaultGraph();
    const { vocabSize, delimiter = "\t", valueIndexOffset = 0, name } = this.#options;
    const op = inScope(name, "text_file_init", () =>
      initializeTableFromTextFileV2Op({
        table_handle: table.resourceHandle,
        filename: this.#filename,
        key_index: this.#keyIndex,
        value_index: this.#valueIndex,
        vocab_size: vocabSize ?? -1,
        delimiter,
        offset: valueIndexOffset,
      }),
    );
    graph.addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
    if (this.#filename.op.definition.value) graph.addToCollection(GraphKeys.ASSET_FILEPATHS, this.#filename);
    return op;
  }
}

export interface TextFileTableOptions extends Omit<TextFileOptions, "valueIndexOffset"> {
  readonly keyColumnIndex?: number | undefined;
  readonly valueColumnIndex?: number | undefined;
}

/** From line numbers to lines. */
export class TextFileStringTableInitializer extends TextFileInitializer {
  constructor(filename: string | Tensor, options: TextFileTableOptions = {}) {
    const { keyColumnIndex = TextFileIndex.LINE_NUMBER, valueColumnIndex = TextFileIndex.WHOLE_LINE } = options;
    const name = options.name ?? "text_file_string_table_init";
    super(filename, int64, keyColumnIndex, string, valueColumnIndex, { ...options, name });
  }
}

/** From lines to line numbers. */
export class TextFileIdTableInitializer extends TextFileInitializer {
  constructor(filename: string | Tensor, options: TextFileTableOptions & { readonly keyDtype?: DType } = {}) {
    const { keyColumnIndex = TextFileIndex.WHOLE_LINE, valueColumnIndex = TextFileIndex.LINE_NUMBER } = options;
    const name = options.name ?? "text_file_id_table_init";
    super(filename, options.keyDtype ?? string, keyColumnIndex, int64, valueColumnIndex, { ...options, name });
  }
}
