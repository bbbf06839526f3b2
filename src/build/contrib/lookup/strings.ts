/** `tf.contrib.lookup`: words to places and back under their old names. Source: contrib/lookup lookup_ops.py. */
import { string } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { indexTableFromFile, indexTableFromTensor, indexToStringTableFromTensor } from "../../lookup/index_tables.ts";

type FileOptions = NonNullable<Parameters<typeof indexTableFromFile>[1]>;
type TensorOptions = NonNullable<Parameters<typeof indexTableFromTensor>[1]>;

const filePlaces = ["numOovBuckets", "vocabSize", "defaultValue", "hasherSpec", "name"] as const;

/** From the lines of a file to their numbers. */
export const stringToIndexTableFromFile = (
  vocabularyFile: string,
  ...rest: Rest<Pick<FileOptions, (typeof filePlaces)[number]>, typeof filePlaces>
): ReturnType<typeof indexTableFromFile> =>
  indexTableFromFile(vocabularyFile, { ...byName<FileOptions>(rest, filePlaces), keyDtype: string } as FileOptions);

const tensorPlaces = ["numOovBuckets", "defaultValue", "hasherSpec", "name"] as const;

/** From the words of a vector to their places. Throws ValueError for what are no strings. */
export function stringToIndexTableFromTensor(
  mapping: TensorLike,
  ...rest: Rest<Pick<TensorOptions, (typeof tensorPlaces)[number]>, typeof tensorPlaces>
): ReturnType<typeof indexTableFromTensor> {
  const { name, ...options } = byName<TensorOptions>(rest, tensorPlaces);
  const graph = getDefaultGraph();
  const [words, scope] = graph.nameScope(name ?? "string_to_index", (own) => [convertToTensor(mapping), own] as const);
  if (words.dtype.baseDtype !== string) throw new ValueError("string_to_index_table_from_tensor requires string.");
  return indexTableFromTensor(words, { ...options, name: scope });
}

interface IndexOptions {
  readonly defaultValue?: number | undefined;
  readonly name?: string | undefined;
}

const indexPlaces = ["defaultValue", "name"] as const;

/** The places of words in a vector of words, int64; defaultValue for others. */
export const stringToIndex = (
  tensor: TensorLike,
  mapping: TensorLike,
  ...rest: Rest<IndexOptions, typeof indexPlaces>
): Tensor => indexTableFromTensor(mapping, byName<IndexOptions>(rest, indexPlaces)).lookup(tensor as Tensor) as Tensor;

interface WordOptions {
  readonly defaultValue?: TensorLike | undefined;
  readonly name?: string | undefined;
}

/** The words at places of a vector of words; defaultValue ("UNK") elsewhere. */
export const indexToString = (
  tensor: TensorLike,
  mapping: TensorLike,
  ...rest: Rest<WordOptions, typeof indexPlaces>
): Tensor =>
  indexToStringTableFromTensor(mapping, byName<WordOptions>(rest, indexPlaces)).lookup(tensor as Tensor) as Tensor;
