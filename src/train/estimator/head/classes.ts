/** What heads of classifications have in common: classes, and words for them. Source: canned/head.py. */
import { indexToStringTableFromTensor } from "../../../build/lookup/index_tables.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { argmax, asString, expandDims, range, shape as shapeOf, tile } from "../../../ops/index.ts";

export type Vocabulary = readonly string[] | null;

/** Throws for what is no list. */
export function checkedVocabulary(vocabulary: Vocabulary | undefined, isBinary: boolean): Vocabulary {
  if (vocabulary === null || vocabulary === undefined) return null;
  if (Array.isArray(vocabulary)) return vocabulary;
  const given = `Given type: ${typeof vocabulary}`;
  if (isBinary) throw new TypeError(`label_vocabulary should be a list or tuple. ${given}`);
  throw new ValueError(`label_vocabulary should be a list or a tuple. ${given}`);
}

const repeated = (row: Tensor | readonly string[], batchSize: Tensor): Tensor =>
  tile(expandDims(row, 0), [batchSize, 1]);

/** The numbers of all classes, for each example: int32 [n, classes]. */
export function allClassIds(logits: Tensor, classes: number): Tensor {
  const batchSize = shapeOf(logits).at(0);
  return repeated(range(classes), batchSize);
}

/** The words of all classes, for each example: string [n, classes]. */
export function allClasses(logits: Tensor, classes: number, vocabulary: Vocabulary): Tensor {
  const batchSize = shapeOf(logits).at(0);
  return repeated(vocabulary ?? asString(range(classes)), batchSize);
}

/** The number of the class of the largest logit, int64 [n, 1]. */
export const classIds = (logits: Tensor): Tensor => expandDims(argmax(logits, -1, { name: "class_ids" }), -1);

/** Words for class numbers. */
export const classWords = (ids: Tensor, vocabulary: Vocabulary): Tensor =>
  vocabulary
    ? (indexToStringTableFromTensor([...vocabulary], { name: "class_string_lookup" }).lookup(ids) as Tensor)
    : asString(ids, { name: "str_classes" });
