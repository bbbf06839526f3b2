/** tf.featureColumn. Written by scripts/api.mjs. */
export {
  categoricalColumnWithHashBucket,
  categoricalColumnWithIdentity,
  weightedCategoricalColumn,
} from "../build/feature_column/categorical.ts";
export { crossedColumn } from "../build/feature_column/crossed.ts";
export { embeddingColumn } from "../build/feature_column/embedding.ts";
export { indicatorColumn } from "../build/feature_column/indicator.ts";
export { inputLayer, makeParseExampleSpec } from "../build/feature_column/input_layer.ts";
export { linearModel } from "../build/feature_column/linear_model.ts";
export { bucketizedColumn, numericColumn } from "../build/feature_column/numeric.ts";
export {
  sequenceCategoricalColumnWithHashBucket,
  sequenceCategoricalColumnWithIdentity,
  sequenceCategoricalColumnWithVocabularyFile,
  sequenceCategoricalColumnWithVocabularyList,
  sequenceNumericColumn,
} from "../build/feature_column/sequence.ts";
export { sharedEmbeddingColumns } from "../build/feature_column/shared.ts";
export {
  categoricalColumnWithVocabularyFile,
  categoricalColumnWithVocabularyList,
} from "../build/feature_column/vocabulary.ts";
