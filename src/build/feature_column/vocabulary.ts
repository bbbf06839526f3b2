/** Ids by vocabulary: a list, or the lines of a file. Source: feature_column_v2.py. */
import { type DType, int64, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import { cast, lineCount } from "../../ops/index.ts";
import { indexTableFromFile, indexTableFromTensor } from "../lookup/index_tables.ts";
import { type FeatureSpec, VarLenFeature } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import { checkSameKind, KeyedCategoricalColumn } from "./categorical.ts";
import { assertKeyIsString, assertStringOrInteger, representation } from "./column.ts";

type Fields = readonly (readonly [string, unknown])[];
type Word = string | number | bigint;

interface OutOfVocabulary {
  /** How many ids words outside the vocabulary share. */
  readonly numOovBuckets?: number | null | undefined;
  /** The id of words outside the vocabulary: -1, which is no id, by default. */
  readonly defaultValue?: number | null | undefined;
}

/** A column whose table is made with its first use in a graph. */
abstract class VocabularyColumn extends KeyedCategoricalColumn {
  readonly dtype: DType;
  readonly numOovBuckets: number;
  readonly defaultValue: number;

  constructor(key: string, options: { dtype: DType; numOovBuckets: number; defaultValue: number }) {
    super(key);
    this.dtype = options.dtype;
    this.numOovBuckets = options.numOovBuckets;
    this.defaultValue = options.defaultValue;
  }

  override get parseExampleSpec(): FeatureSpec {
    return { [this.key]: new VarLenFeature(this.dtype) };
  }

  protected abstract tableOf(keyDtype: DType, name: string): { lookup(keys: SparseTensor): SparseTensor };

  protected override idsOf(input: SparseTensor): SparseTensor {
    checkSameKind(this.key, this.dtype, input);
    assertStringOrInteger(input.dtype, `column_name: ${this.key} input_tensor`);
    const isInteger = input.dtype.isInteger;
    const keys = isInteger ? cast(input, int64) : input;
    const table = getDefaultGraph().initScope(() => this.tableOf(isInteger ? int64 : this.dtype, `${this.key}_lookup`));
    return table.lookup(keys);
  }
}

/** A list of words or integers. */
class VocabularyListCategoricalColumn extends VocabularyColumn {
  protected override readonly kind = "VocabularyListCategoricalColumn";
  readonly vocabularyList: readonly Word[];

  constructor(
    key: string,
    vocabularyList: readonly Word[],
    options: { dtype: DType; numOovBuckets: number; defaultValue: number },
  ) {
    super(key, options);
    this.vocabularyList = vocabularyList;
  }

  protected override get fields(): Fields {
    return [
      ["key", this.key],
      ["vocabulary_list", this.vocabularyList],
      ["dtype", this.dtype],
      ["default_value", this.defaultValue],
      ["num_oov_buckets", this.numOovBuckets],
    ];
  }

  override get numBuckets(): number {
    return this.vocabularyList.length + this.numOovBuckets;
  }

  protected override tableOf(dtype: DType, name: string): { lookup(keys: SparseTensor): SparseTensor } {
    const { defaultValue, numOovBuckets } = this;
    return indexTableFromTensor(this.vocabularyList, { defaultValue, numOovBuckets, dtype, name });
  }
}

interface VocabularyListOptions extends OutOfVocabulary {
  readonly vocabularyList: readonly Word[];
  /** int64 for integers and string for words by default. */
  readonly dtype?: DType | null | undefined;
}

function checkBuckets(key: string, buckets: number | null | undefined, hasDefault: boolean): void {
  if (!buckets) return;
  if (hasDefault) throw new ValueError(`Can't specify both num_oov_buckets and default_value in ${key}.`);
  if (buckets < 0) throw new ValueError(`Invalid num_oov_buckets ${buckets} in ${key}.`);
}

const listed = (words: readonly Word[]): string => `[${words.map(representation).join(", ")}]`;

/** The place of a word in a list. Throws ValueError for an empty list, a word that is in it twice, and another dtype than its. */
export function categoricalColumnWithVocabularyList(
  options: { readonly key: string } & VocabularyListOptions,
): VocabularyListCategoricalColumn;
export function categoricalColumnWithVocabularyList(
  key: string,
  vocabularyList: readonly Word[] | VocabularyListOptions,
  options?: Omit<VocabularyListOptions, "vocabularyList">,
): VocabularyListCategoricalColumn;
export function categoricalColumnWithVocabularyList(...given: readonly unknown[]): VocabularyListCategoricalColumn {
  type All = { readonly key: string } & VocabularyListOptions;
  const names = ["key", "vocabularyList", "dtype", "defaultValue", "numOovBuckets"] as const;
  const { key, vocabularyList: words, numOovBuckets, ...rest } = named<All>(given, names);
  const defaultValue = rest.defaultValue ?? -1;
  if (!words || words.length < 1) {
    throw new ValueError(`vocabulary_list ${words ? listed(words) : "None"} must be non-empty, column_name: ${key}`);
  }
  if (new Set(words).size !== words.length) {
    throw new ValueError(`Duplicate keys in vocabulary_list ${listed(words)}, column_name: ${key}`);
  }
  const isNumeric = words.every((word) => typeof word !== "string");
  const own = isNumeric ? int64 : string;
  checkBuckets(key, numOovBuckets, defaultValue !== -1);
  if (isNumeric && words.some((word) => typeof word === "number" && !Number.isInteger(word))) {
    throw new ValueError(`column_name: ${key} vocabulary dtype must be string or integer. dtype: <dtype: 'float64'>.`);
  }
  const dtype = rest.dtype ?? own;
  if (dtype.isInteger !== own.isInteger) {
    throw new ValueError(`dtype ${dtype} and vocabulary dtype ${own} do not match, column_name: ${key}`);
  }
  assertStringOrInteger(dtype, `column_name: ${key}`);
  assertKeyIsString(key);
  return new VocabularyListCategoricalColumn(key, [...words], {
    dtype,
    defaultValue,
    numOovBuckets: numOovBuckets ?? 0,
  });
}

/** The lines of a file. */
class VocabularyFileCategoricalColumn extends VocabularyColumn {
  protected override readonly kind = "VocabularyFileCategoricalColumn";
  readonly vocabularyFile: string;
  readonly vocabularySize: number;

  constructor(
    key: string,
    file: { readonly path: string; readonly size: number },
    options: { dtype: DType; numOovBuckets: number; defaultValue: number },
  ) {
    super(key, options);
    this.vocabularyFile = file.path;
    this.vocabularySize = file.size;
  }

  protected override get fields(): Fields {
    return [
      ["key", this.key],
      ["vocabulary_file", this.vocabularyFile],
      ["vocabulary_size", this.vocabularySize],
      ["num_oov_buckets", this.numOovBuckets],
      ["dtype", this.dtype],
      ["default_value", this.defaultValue],
      ["file_format", null],
    ];
  }

  override get numBuckets(): number {
    return this.vocabularySize + this.numOovBuckets;
  }

  protected override tableOf(keyDtype: DType, name: string): { lookup(keys: SparseTensor): SparseTensor } {
    const { defaultValue, numOovBuckets, vocabularySize: vocabSize } = this;
    return indexTableFromFile(this.vocabularyFile, { defaultValue, numOovBuckets, vocabSize, keyDtype, name });
  }
}

interface VocabularyFileOptions extends OutOfVocabulary {
  readonly vocabularyFile: string;
  /** How many lines count; all of them by default. */
  readonly vocabularySize?: number | null | undefined;
  readonly dtype?: DType | undefined;
}

/** The number of a word's line in a file. Throws ValueError without the file when no size is given, and for a size below 1. */
export function categoricalColumnWithVocabularyFile(
  options: { readonly key: string } & VocabularyFileOptions,
): VocabularyFileCategoricalColumn;
export function categoricalColumnWithVocabularyFile(
  key: string,
  vocabularyFile: string | VocabularyFileOptions,
  options?: Omit<VocabularyFileOptions, "vocabularyFile">,
): VocabularyFileCategoricalColumn;
export function categoricalColumnWithVocabularyFile(...given: readonly unknown[]): VocabularyFileCategoricalColumn {
  type All = { readonly key: string } & VocabularyFileOptions;
  const names = ["key", "vocabularyFile", "vocabularySize", "numOovBuckets", "defaultValue", "dtype"] as const;
  const { key, vocabularyFile: path, vocabularySize, numOovBuckets, ...rest } = named<All>(given, names);
  if (!path) throw new ValueError(`Missing vocabulary_file in ${key}.`);
  const size = vocabularySize ?? lineCount(path);
  if (size === null) throw new ValueError(`vocabulary_file in ${key} does not exist.`);
  if (size < 1) throw new ValueError(`Invalid vocabulary_size in ${key}.`);
  checkBuckets(key, numOovBuckets, rest.defaultValue !== undefined && rest.defaultValue !== null);
  const { dtype = string } = rest;
  assertStringOrInteger(dtype, `column_name: ${key}`);
  assertKeyIsString(key);
  const options = { dtype, defaultValue: rest.defaultValue ?? -1, numOovBuckets: numOovBuckets ?? 0 };
  return new VocabularyFileCategoricalColumn(key, { path, size }, options);
}
