/** Tables between words and their numbers, from files or tensors, as `tf.contrib.lookup` has them. Source: lookup_ops.py. */
import { type DType, int64, string } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { elementAt } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { cast, range, size } from "../../ops/index.ts";
import {
  KeyValueTensorInitializer,
  TextFileIdTableInitializer,
  TextFileStringTableInitializer,
  type TextFileTableOptions,
} from "./initializers.ts";
import { StaticHashTable } from "./static_table.ts";
import { type DefaultingTable, inScope, type Named } from "./table.ts";
import { type HasherSpec, IdTableWithHashBuckets } from "./vocabulary.ts";

interface BucketOptions {
  /** How many numbers unknown words share; with 0 they have the default value. */
  readonly numOovBuckets?: number | undefined;
  /** -1 by default. */
  readonly defaultValue?: TensorLike | undefined;
  readonly hasherSpec?: HasherSpec | undefined;
}

export interface IndexFileOptions extends TextFileTableOptions, BucketOptions {
  readonly keyDtype?: DType | undefined;
}

const noFile = "`vocabulary_file` must be specified and must not be empty.";

function withBuckets(
  table: DefaultingTable,
  { numOovBuckets = 0, hasherSpec }: BucketOptions,
  keyDtype: DType,
): DefaultingTable | IdTableWithHashBuckets {
  return numOovBuckets > 0 ? new IdTableWithHashBuckets(table, numOovBuckets, { hasherSpec, keyDtype }) : table;
}

function checkBuckets(numOovBuckets: number, parameter: string): void {
  if (numOovBuckets < 0) {
    throw new ValueError(`${parameter} must be greater or equal than 0, got ${numOovBuckets}.`);
  }
}

/** From the lines of a file to their numbers. */
export function indexTableFromFile(
  vocabularyFile: string | Tensor,
  options: IndexFileOptions = {},
): DefaultingTable | IdTableWithHashBuckets {
  const { vocabSize, keyDtype = string, defaultValue = -1, name, numOovBuckets = 0, delimiter } = options;
  const { keyColumnIndex, valueColumnIndex } = options;
  if (!vocabularyFile) throw new ValueError(noFile);
  checkBuckets(numOovBuckets, "num_oov_buckets");
  if (vocabSize !== undefined && vocabSize !== null && vocabSize < 1) {
    throw new ValueError(
      `\`vocab_size\` must be greater than 0, got ${vocabSize} for vocabulary_file: ${shownFile(vocabularyFile)}.`,
    );
  }
  if (!keyDtype.isInteger && keyDtype.baseDtype !== string) {
    throw new TypeError("Dtype for `keys` should be either integer or string.");
  }
  return inScope(name, "string_to_index", () => {
    const table = getDefaultGraph().nameScope("hash_table", () => {
      const init = new TextFileIdTableInitializer(vocabularyFile, {
        vocabSize,
        keyDtype: keyDtype.isInteger ? int64 : keyDtype,
        name: "table_init",
        keyColumnIndex,
        valueColumnIndex,
        delimiter,
      });
      return new StaticHashTable(init, defaultValue);
    });
    return withBuckets(table, options, keyDtype);
  });
}

function shownFile(file: string | Tensor): string {
  if (!(file instanceof Tensor)) return file;
  const known = constantValue(file);
  return known ? `b'${new TextDecoder().decode(elementAt(known, 0) as unknown as Uint8Array)}'` : "?";
}

/** From words (or integers) to their places in a vector. */
export function indexTableFromTensor(
  vocabularyList: TensorLike,
  options: Named & BucketOptions & { readonly dtype?: DType | undefined } = {},
): DefaultingTable | IdTableWithHashBuckets {
  const { dtype = string, defaultValue = -1, name, numOovBuckets = 0 } = options;
  if (vocabularyList === undefined || vocabularyList === null) {
    throw new ValueError("`vocabulary_list` must be specified.");
  }
  checkBuckets(numOovBuckets, "`num_oov_buckets`");
  if (!dtype.isInteger && dtype.baseDtype !== string) {
    throw new TypeError("`dtype` must either be integer or string.");
  }
  return inScope(name, "string_to_index", () => {
    const keys = convertToTensor(vocabularyList);
    if (keys.dtype.isInteger !== dtype.isInteger) {
      const want = dtype.isInteger ? "integer" : "non-integer";
      throw new ValueError(`Invalid \`dtype\`: Expected ${want}, got ${keys.dtype}.`);
    }
    if (!dtype.isInteger && keys.dtype.baseDtype !== dtype) {
      throw new ValueError(`Invalid \`dtype\`: Expected ${dtype}, got ${keys.dtype}.`);
    }
    const values = numbers(keys);
    const table = getDefaultGraph().nameScope("hash_table", () => {
      const own = keys.dtype.isInteger && keys.dtype !== int64 ? cast(keys, int64) : keys;
      const types = { keyDtype: own.dtype.baseDtype, valueDtype: int64 };
      return new StaticHashTable(
        new KeyValueTensorInitializer(own, values, { ...types, name: "table_init" }),
        defaultValue,
      );
    });
    return withBuckets(table, options, dtype);
  });
}

/** 0, 1, 2 … for the elements, int64. */
const numbers = (items: Tensor): Tensor => cast(range(size(items)), int64);

export interface StringFileOptions extends TextFileTableOptions {
  /** "UNK" by default. */
  readonly defaultValue?: TensorLike | undefined;
}

/** From numbers to the lines of a file. */
export function indexToStringTableFromFile(
  vocabularyFile: string | Tensor,
  options: StringFileOptions = {},
): StaticHashTable {
  const { vocabSize, defaultValue = "UNK", name, ...columns } = options;
  if (!vocabularyFile) throw new ValueError(noFile);
  if (vocabSize !== undefined && vocabSize !== null && vocabSize < 1) {
    throw new ValueError(`\`vocab_size\` must be greater than 0, got ${vocabSize}.`);
  }
  return inScope(name, "index_to_string", () => {
    const init = new TextFileStringTableInitializer(vocabularyFile, { ...columns, vocabSize, name: "table_init" });
    return new StaticHashTable(init, defaultValue);
  });
}

/** From numbers to the words of a vector. */
export function indexToStringTableFromTensor(
  vocabularyList: TensorLike,
  options: Named & { readonly defaultValue?: TensorLike | undefined } = {},
): StaticHashTable {
  if (vocabularyList === undefined || vocabularyList === null) {
    throw new ValueError("`vocabulary_list` argument must be specified.");
  }
  return inScope(options.name, "index_to_string", () => {
    const words = convertToTensor(vocabularyList, { dtype: string });
    const types = { keyDtype: int64, valueDtype: string };
    const init = new KeyValueTensorInitializer(numbers(words), words, { ...types, name: "table_init" });
    return new StaticHashTable(init, options.defaultValue ?? "UNK");
  });
}
