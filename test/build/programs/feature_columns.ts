/** The programs of test/fixtures/build/feature_columns.py. */
import type { CategoricalColumn } from "../../../src/build/feature_column/column.ts";
import type { SparseTensor } from "../../../src/graph/sparse_tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const fc = tf.featureColumn;

const words = (key = "word", options: Parameters<typeof fc.categoricalColumnWithVocabularyList>[2] = {}) =>
  fc.categoricalColumnWithVocabularyList(key, ["cat", "dog", "ant"], options);
const indicated =
  (column: CategoricalColumn): Program =>
  (features) =>
    fc.inputLayer(features, [fc.indicatorColumn(column)]);

const dense: Record<string, Program> = {
  numeric: ({ age }) => fc.inputLayer({ age }, fc.numericColumn("age")),
  numeric_unknown_batch: ({ age }) => fc.inputLayer({ age }, [fc.numericColumn("age")]),
  numeric_vector: ({ age }) => fc.inputLayer({ age }, [fc.numericColumn({ key: "age" })]),
  numeric_normalized: ({ age, point }) =>
    fc.inputLayer({ point, age }, [
      fc.numericColumn("point", { shape: 2, normalizerFn: (x) => x.div(2) }),
      fc.numericColumn("age", { dtype: tf.int32 }),
    ]),
  numeric_matrix: ({ x }) =>
    fc.inputLayer({ features: { x }, featureColumns: [fc.numericColumn("x", { shape: [2, 2] })] }),
  bucketized: ({ point }) =>
    fc.inputLayer({ point }, [fc.bucketizedColumn(fc.numericColumn("point", [2]), { boundaries: [0, 1, 5] })]),
};

const categorical: Record<string, Program> = {
  indicator_list: indicated(words()),
  indicator_list_unknown: indicated(words()),
  indicator_oov: indicated(words("word", { numOovBuckets: 2 })),
  indicator_default: indicated(words("word", { defaultValue: 1 })),
  list_of_integers: indicated(fc.categoricalColumnWithVocabularyList("i", [5, 2, 0], { dtype: tf.int64 })),
  identity: indicated(fc.categoricalColumnWithIdentity("i", 8)),
  identity_default: indicated(fc.categoricalColumnWithIdentity("i", 3, { defaultValue: 2 })),
  hash: indicated(fc.categoricalColumnWithHashBucket("word", 5)),
  hash_integers: indicated(fc.categoricalColumnWithHashBucket("i", { hashBucketSize: 4, dtype: tf.int32 })),
  weighted: indicated(fc.weightedCategoricalColumn(words(), "weight")),
  crossed: indicated(fc.crossedColumn(["word", fc.bucketizedColumn(fc.numericColumn("age"), [18, 30])], 7)),
  crossed_twice: indicated(
    fc.crossedColumn(
      [fc.crossedColumn(["word", fc.categoricalColumnWithIdentity("i", { numBuckets: 8 })], 10), words("age")],
      { hashBucketSize: 6, hashKey: 5 },
    ),
  ),
  sparse_input: ({ x }) => {
    const word = new tf.SparseTensor({
      indices: [
        [0, 0],
        [0, 1],
        [2, 0],
      ],
      values: tf.constant(["cat", "emu", "dog"]),
      denseShape: [3, 2],
    }) as unknown as SparseTensor;
    return fc.inputLayer({ word, x }, [fc.indicatorColumn(words()), fc.numericColumn("x")]);
  },
};

const embeddings: Record<string, Program> = {
  embedding: ({ word }) => fc.inputLayer({ word }, [fc.embeddingColumn(words(), 3)]),
  embedding_combiners: ({ word, i }) =>
    fc.inputLayer({ word, i }, [
      fc.embeddingColumn(words(), 2, { combiner: "sqrtn", initializer: tf.onesInitializer() }),
      fc.embeddingColumn({
        categoricalColumn: fc.categoricalColumnWithIdentity("i", 6),
        dimension: 2,
        combiner: "sum",
        maxNorm: 0.5,
      }),
    ]),
  embedding_weighted: ({ word, weight }) =>
    fc.inputLayer({ word, weight }, [
      fc.embeddingColumn(fc.weightedCategoricalColumn(words(), { weightFeatureKey: "weight" }), { dimension: 2 }),
    ]),
  embedding_frozen: ({ word }) =>
    fc.inputLayer({ word }, [
      fc.embeddingColumn(words("word", { numOovBuckets: 1 }), 2, { trainable: false, useSafeEmbeddingLookup: false }),
    ]),
  embedding_shared: ({ a, b }) => fc.inputLayer({ a, b }, fc.sharedEmbeddingColumns([words("b"), words("a")], 2)),
  collections: ({ word, age }) =>
    fc.inputLayer({ word, age }, [fc.numericColumn("age"), fc.embeddingColumn(words(), 2)], {
      weightCollections: ["mine"],
      colsToVars: new Map(),
    }),
  scopes: ({ word }) => {
    const column = fc.embeddingColumn(words(), 2);
    const first = tf.variableScope("a", () => fc.inputLayer({ word }, [column]));
    return [first, tf.variableScope("a", { reuse: true }, () => fc.inputLayer({ word }, [column]))];
  },
  partitioned: ({ word }) =>
    tf.variableScope("p", { partitioner: tf.minMaxVariablePartitioner({ maxPartitions: 2, minSliceSize: 8 }) }, () =>
      fc.inputLayer({ word }, [fc.embeddingColumn(words(), 2)]),
    ),
};

const linear: Record<string, Program> = {
  linear: ({ age }) => fc.linearModel({ age }, [fc.numericColumn("age")]),
  linear_units: ({ age, word }) => fc.linearModel({ age, word }, [words(), fc.numericColumn("age")], { units: 3 }),
  linear_many: ({ age, word, i }) =>
    fc.linearModel({
      features: { age, word, i },
      featureColumns: [
        words(),
        fc.bucketizedColumn(fc.numericColumn("age"), [18, 30]),
        fc.crossedColumn(["word", "i"], 5),
        fc.embeddingColumn(fc.categoricalColumnWithIdentity("i", 8), 2),
        fc.numericColumn("age"),
      ],
      sparseCombiner: "mean",
    }),
  linear_twice: ({ age }) => {
    const [a, b] = tf.variableScope("outer", () => [
      fc.linearModel({ age }, [fc.numericColumn("age")]),
      fc.linearModel({ age }, [fc.numericColumn("age")], { trainable: false }),
    ]) as [tf.Tensor, tf.Tensor];
    const loss = tf.reduceSum(a.add(b));
    return [a, b, tf.gradients(loss, tf.trainableVariables())[0] as tf.Tensor];
  },
};

export const featureColumns: Record<string, Program> = { ...dense, ...categorical, ...embeddings, ...linear };
