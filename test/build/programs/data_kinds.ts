/** The programs of test/fixtures/build/data_kinds.py. */
import { float32, int32, int64 } from "../../../src/core/dtype.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";

const { Dataset: D, experimental: X } = tf.data;
const R = D.range;
type T = Tensor;
// biome-ignore lint/suspicious/noExplicitAny: elements follow from the program
type Any = any;

const Z = () =>
  new tf.SparseTensor({
    indices: [
      [0, 1],
      [2, 0],
    ],
    values: [5, 6],
    denseShape: [3, 2],
  });
const G = () => tf.ragged.constant([[1, 2], [], [3]]);
const GG = () => tf.ragged.constant([[[1], [2, 3]], [], [[4, 5, 6]]]);
const lengths = () => R(1, 6).map((n: T) => tf.fill([n] as never, n));
const whole = (n: number) => ndarray(n, "int64");
const initialized = (d: tf.data.Dataset) => d.makeInitializableIterator();

function optional() {
  const it = initialized(R(2).repeat());
  return [it.initializer, [X.getNextAsOptional(it).hasValue()]];
}

function optionalValue() {
  const it = initialized(
    R(2)
      .repeat()
      .map((x: T) => [x, { a: tf.cast(x, float32) }]),
  );
  const o = X.getNextAsOptional(it);
  return [it.initializer, [o.hasValue(), o.getValue()]];
}

function options() {
  const o = new tf.data.Options();
  o.deterministic = false;
  o.threading.privateThreadpoolSize = 3;
  o.experimentalOptimization.mapFusion = true;
  o.experimentalDistribute.autoShardPolicy = X.AutoShardPolicy.OFF;
  o.autotune.enabled = false;
  o.autotune.ramBudget = 1000;
  o.experimentalSlack = true;
  o.experimentalExternalStatePolicy = X.ExternalStatePolicy.WARN;
  o.datasetName = "mine";
  return R(3)
    .withOptions(o)
    .map((x: T) => x.add(1));
}

function reducer() {
  const r = new X.Reducer(
    () => [whole(0), whole(0)],
    ([sum, n]: [T, T], x: T) => [sum.add(x), n.add(1)],
    (s: T, n: T) => s.div(n),
  );
  return R(7)
    .apply(X.groupByReducer((x: T) => x.mod(3), r))
    .map((m: T) => m.mul(2));
}

function structureOfSparse() {
  const it = tf.data.Iterator.fromStructure([int64, int32], [[], [null, null]], {
    outputClasses: [tf.Tensor, tf.SparseTensor],
  });
  const n = it.getNext();
  return [it.makeInitializer(D.fromTensors([whole(3), Z()])), n];
}

function table() {
  const keys = D.fromTensorSlices(["a", "b", "c"]);
  const t = X.tableFromDataset(D.zip([keys, R(3)]), { numOovBuckets: 2 });
  return [t.initializer, t.lookup(tf.constant(["b", "zz"]))];
}

function indexTable() {
  const t = X.indexTableFromDataset(D.fromTensorSlices(["a", "b", "c"]), { vocabSize: 2, defaultValue: 9 });
  return [tf.tablesInitializer(), t.lookup(tf.constant(["b", "c"]))];
}

function initializer() {
  const t = new tf.lookup.StaticHashTable(
    new X.DatasetInitializer(D.fromTensorSlices([ndarray([1, 2], "int32"), ["x", "y"]])),
    "none",
  );
  return [t.initializer, t.lookup(tf.constant([2, 5]))];
}

const classOf = (c: T) => c;
const slices = (values: readonly number[]) => D.fromTensorSlices(ndarray([...values], "int32"));

export const kinds: Readonly<Record<string, () => Any>> = {
  sparse: () => D.fromTensors(Z()),
  sparse_map: () => D.fromTensors({ a: Z(), b: 1.5 }).map((e: Any) => [e.b, tf.sparse.toDense(e.a), e.a]),
  sparse_slices: () => D.fromTensorSlices([Z(), ndarray([1, 2, 3], "int32")]),
  sparse_batch: () => D.fromTensorSlices(Z()).batch(2),
  sparse_batch_exact: () =>
    D.fromTensorSlices(Z())
      .batch(3, { dropRemainder: true })
      .map((z: Any) => z),
  sparse_unbatch: () => D.fromTensors([Z(), ndarray([7, 8, 9], "int32")]).unbatch(),
  sparse_one_shot: () => tf.data.makeOneShotIterator(D.fromTensors(Z())).getNext(),
  sparse_structure: structureOfSparse,
  sparse_triples: () => D.fromSparseTensorSlices(Z()),
  sparse_filter: () =>
    D.fromTensorSlices(Z())
      .filter((z: Any) => tf.size(z.values).greater(0))
      .repeat(2),
  sparse_zip: () => D.zip([R(2), D.fromTensorSlices(Z())]).shuffle(2, 1),
  sparse_flat_map: () => R(2).flatMap(() => D.fromTensors(Z())),
  dense_to_sparse: () => lengths().apply(X.denseToSparseBatch(2, [6])),
  sparse_batch_method: () => lengths().sparseBatch(3, [null]),
  ragged: () => D.fromTensors(G()),
  ragged_map: () => D.fromTensors([G(), 1]).map((g: Any, x: T) => [g.add(x), g.toTensor()]),
  ragged_slices: () => D.fromTensorSlices(G()),
  ragged_slices_batch: () => D.fromTensorSlices(G()).batch(2),
  ragged_two: () => D.fromTensorSlices(GG()),
  ragged_two_batch: () => D.fromTensorSlices(GG()).batch(3, true),
  ragged_two_batch_map: () =>
    D.fromTensorSlices(GG())
      .batch(2)
      .map((g: Any) => g),
  ragged_unbatch: () => D.fromTensors(G()).unbatch(),
  dense_to_ragged: () => lengths().apply(X.denseToRaggedBatch(2)),
  ragged_batch_method: () =>
    lengths()
      .map((x: T) => [x, tf.size(x)])
      .raggedBatch(2, { dropRemainder: true }),
  ragged_batch_matrix: () =>
    lengths()
      .map((x: T) => tf.tile(x.at(":", null), [1, 2]))
      .raggedBatch(2),
  optional,
  optional_value: optionalValue,
  optional_from_value: () => X.Optional.fromValue([tf.constant(1), tf.constant("a")]).getValue(),
  optional_empty: () => [X.Optional.empty(new tf.TensorSpec([], int32)).hasValue()],
  optional_component: () =>
    R(3)
      .map((x: T) => X.Optional.fromValue(x))
      .map((o: Any) => o.getValue()),
  options,
  options_default: () => R(2).withOptions(new tf.data.Options()),
  reducer,
  resample: () =>
    slices([0, 0, 1, 0])
      .repeat(8)
      .apply(X.rejectionResample(classOf, [0.5, 0.5], [0.75, 0.25], 3)),
  resample_method: () =>
    D.fromTensorSlices([ndarray([0, 0, 1, 0], "int32"), ndarray([1, 2, 3, 4], "float32")]).rejectionResample(
      classOf,
      ndarray([0, 1], "float32"),
      { initialDist: [0.5, 0.5], seed: 3 },
    ),
  resample_estimate: () => slices([0, 1, 1]).repeat().rejectionResample(classOf, [0.5, 0.5], { seed: 3 }),
  table,
  index_table: indexTable,
  initializer,
  pad: () => D.fromTensorSlices({ a: ndarray([1, 2], "int32") }).apply(X.padToCardinality(4)),
  variants: () => {
    const d = R(4);
    return X.fromVariant(X.toVariant(d), d.elementSpec).batch(3);
  },
  from_list: () =>
    X.fromList([
      [tf.constant(1), tf.constant("a")],
      [tf.constant(2), tf.constant("b")],
    ]),
  from_list_shapes: () => X.fromList([[1], [1, 2]]),
  rebatch: () => R(8).batch(4).rebatch(2),
  rebatch_sizes: () => R(8).batch(4).rebatch([1, 3], true),
  random: () => D.random(3).take(2),
  random_again: () => D.random({ seed: 3, rerandomizeEachIteration: true }).take(1).repeat(2),
  counter: () => D.counter(2, 3).take(2),
  choose: () => D.chooseFromDatasets([R(3), R(10, 12)], D.fromTensorSlices(ndarray([0, 1, 1, 1, 0], "int64"))),
  sample: () => D.sampleFromDatasets([R(3), R(10, 12)], { seed: 2, stopOnEmptyDataset: true }),
  parallel_batch: () => R(5).batch(2, { numParallelCalls: 2, deterministic: true }),
  named: () =>
    R(4, { name: "r" })
      .map((x: T) => x.add(1), { name: "m" })
      .filter((x: T) => x.greater(1), "f")
      .batch(2, { name: "b" })
      .take(1, { name: "t" }),
  synchronous: () => R(2).map((x: T) => x, { synchronous: true }),
  scan_map: () =>
    R(3)
      .scan(whole(1), (s: T, x: T) => [s.add(x), s])
      .map((x: T) => x)
      .batch(2)
      .map((x: T) => x),
  take_while_prefetch: () =>
    R(9)
      .takeWhile((x: T) => x.less(3))
      .prefetch(2),
  group_by_window: () =>
    R(7)
      .groupByWindow(
        (x: T) => x.mod(2),
        (_: T, d) => d.batch(2),
        { windowSize: 2 },
      )
      .map((x: T) => x),
  bucket_method: () => lengths().bucketBySequenceLength((x: T) => tf.size(x), [3], [2, 2]),
  ignore_errors: () =>
    R(3)
      .map((x: T) => tf.debugging.checkNumerics(tf.cast(x, float32).rdiv(1), "bad"))
      .ignoreErrors(),
  unbatch_records: () => D.fromTensors({ a: ndarray([1, 2], "int32"), b: ndarray([[1], [2]], "float32") }).unbatch(),
  window_sparse: () =>
    D.fromTensorSlices([Z(), ndarray([1, 2, 3], "int32")])
      .window(2)
      .flatMap((z: Any, x: Any) => D.zip([z, x])),
  single_element: () => D.fromTensors([Z(), G()]).getSingleElement(),
  reduce_sparse: () => R(3).reduce([whole(0), Z()], ([sum, z]: [T, Any], x: T) => [sum.add(x), z]),
  concatenate_ragged: () => D.fromTensorSlices(G()).concatenate(D.fromTensorSlices(G())).skip(2).take(2),
  map_and_batch: () => R(5).apply(X.mapAndBatch((x: T) => [x, x.mul(2)], 2, 2, true)),
  shuffle_and_repeat: () => R(4).apply(X.shuffleAndRepeat(4, 2, 3)),
  padded_tensor_shape: () => lengths().paddedBatch(2, { paddedShapes: tf.constant([5], int64) }),
  padded_one_value: () =>
    lengths()
      .map((x: T) => [x, x])
      .paddedBatch(2, { paddingValues: tf.constant(-1, int64) }),
};

/** The graph's seed where a program sets one. */
export const kindSeeds: Readonly<Record<string, number>> = {
  sparse_zip: 3,
  resample: 5,
  resample_method: 5,
  resample_estimate: 5,
  shuffle_and_repeat: 2,
};
