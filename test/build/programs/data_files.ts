/** The programs of test/fixtures/build/data_files.py. */
import { float32, float64, int64, string } from "../../../src/core/dtype.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";

const X = tf.data.experimental;
const { FixedLenFeature, VarLenFeature, SparseFeature, RaggedFeature: RF, parseExample, parseSingleExample } = tf.io;
type T = Tensor;

const F = "test/fixtures/build/files/";
const fixed = {
  x: new FixedLenFeature([2], float32),
  y: new FixedLenFeature([], int64),
  tags: new VarLenFeature(string),
};
const read = () => new tf.data.TFRecordDataset(`${F}examples.tfrecord`);
const inOrder = { numEpochs: 1, shuffle: false };

const parts = () => ({
  plain: new RF(int64, "ids"),
  lengths: new RF(float32, "vals", [new RF.RowLengths("lens")]),
  splits: new RF(float32, "vals", [new RF.RowSplits("splits")]),
  limits: new RF(float32, "vals", [new RF.RowLimits("limits")]),
  starts: new RF(float32, "vals", [new RF.RowStarts("starts")]),
  rowids: new RF(float32, "vals", [new RF.ValueRowIds("rows")]),
  uniform: new RF(float32, "x", [new RF.UniformRowLength(2)]),
  two: new RF(float32, {
    valueKey: "vals",
    partitions: [new RF.RowLengths("lens"), new RF.UniformRowLength(1)],
    validate: true,
  }),
});
const ragged = (name: keyof ReturnType<typeof parts>) => () =>
  read()
    .batch(4)
    .map((r: T) => parseExample(r, { f: parts()[name] }));

// biome-ignore lint/suspicious/noExplicitAny: a dataset or fetches
export const files: Readonly<Record<string, () => any>> = {
  csv: () =>
    new X.CsvDataset(`${F}a.csv`, [string, tf.constant(ndarray([5], "int32")), float32, int64, tf.constant(["none"])], {
      header: true,
    }),
  csv_columns: () =>
    new X.CsvDataset([`${F}a.csv`, `${F}b.csv`], [string, float64], { header: true, selectCols: [0, 2] }),
  csv_map: () =>
    new X.CsvDataset(`${F}b.csv`, [string, float32], { header: true, selectCols: [0, 1] })
      .map((n: T, a: T) => ({ n, a: a.mul(2) }))
      .batch(2),
  csv_na: () => new X.CsvDataset(`${F}a.csv`, [tf.constant(["?"])], { header: true, selectCols: [4], naValue: "NA" }),
  make: () => X.makeCsvDataset(`${F}a.csv`, 2, inOrder),
  make_label: () =>
    X.makeCsvDataset([`${F}*.csv`], 2, { ...inOrder, labelName: "age", selectColumns: ["age", "score", "name"] }),
  make_defaults: () =>
    X.makeCsvDataset(`${F}a.csv`, 3, {
      ...inOrder,
      columnDefaults: [string, tf.constant(ndarray([-1], "int64")), float32, float64, tf.constant([""])],
    }),
  make_names: () =>
    X.makeCsvDataset(`${F}b.csv`, 1, { ...inOrder, columnNames: ["a", "b", "c", "d", "e"], header: false }),
  make_shuffled: () => X.makeCsvDataset(`${F}a.csv`, 2, { shuffleSeed: 3, shuffleBufferSize: 4 }),
  make_errors: () =>
    X.makeCsvDataset(`${F}b.csv`, 1, { ...inOrder, ignoreErrors: true, numParallelReads: 2, prefetchBufferSize: 1 }),
  make_autotune: () => X.makeCsvDataset(`${F}b.csv`, 1, { ...inOrder, numParallelReads: -1 }),
  parse: () => read().batch(2).apply(X.parseExampleDataset(fixed)),
  parse_sparse: () =>
    read()
      .batch(4)
      .apply(X.parseExampleDataset({ s: new SparseFeature("ids", "vals", float32, 9), y: fixed.y }, 2)),
  parse_ragged: () =>
    read()
      .batch(4)
      .apply(X.parseExampleDataset({ ids: new RF(int64), tags: new RF(string, { rowSplitsDtype: int64 }) })),
  batched: () => X.makeBatchedFeaturesDataset(`${F}examples.tfrecord`, 2, fixed, inOrder),
  batched_label: () =>
    X.makeBatchedFeaturesDataset(`${F}examples.tfrecord`, 3, fixed, {
      ...inOrder,
      labelKey: "y",
      readerNumThreads: 2,
      dropFinalBatch: true,
    }),
  batched_shuffled: () =>
    X.makeBatchedFeaturesDataset(`${F}examples.tfrecord`, 2, fixed, { shuffleBufferSize: 3, shuffleSeed: 1 }),
  mapped: () =>
    read()
      .map((r: T) => parseSingleExample(r, fixed))
      .batch(2),
  mapped_batch: () =>
    read()
      .batch(2)
      .map((r: T) => parseExample(r, fixed)),
  ragged_plain: ragged("plain"),
  ragged_lengths: ragged("lengths"),
  ragged_splits: ragged("splits"),
  ragged_limits: ragged("limits"),
  ragged_starts: ragged("starts"),
  ragged_rowids: ragged("rowids"),
  ragged_uniform: ragged("uniform"),
  ragged_two: ragged("two"),
  ragged_single: () =>
    read()
      .map((r: T) => {
        const { plain, lengths, splits, uniform } = parts();
        return parseSingleExample(r, { plain, lengths, splits, uniform });
      })
      .skip(2),
};

/** The graph's seed where a program sets one. */
export const fileSeeds: Readonly<Record<string, number>> = { make_shuffled: 1, batched_shuffled: 4 };
