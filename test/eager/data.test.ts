/** What programs over tf.data print in eager execution and in graphs, as Python prints it (test/fixtures/eager/data_words.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { float32, int32, int64 } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { ndarray } from "../../src/core/nd_array.ts";
import { printValue } from "../../src/core/print.ts";
import { eagerMode } from "../../src/eager/mode.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";

const path = join(import.meta.dirname, "../fixtures/eager/data_words.json");
const expected = JSON.parse(readFileSync(path, "utf8")) as Record<"eager" | "graph", Record<string, string>>;

const { Dataset: D, experimental: X } = tf.data;
const R = D.range;
type T = Tensor;
// biome-ignore lint/suspicious/noExplicitAny: what is printed
type Any = any;

const lists = (values: Iterable<Any>, of: (value: Any) => unknown) => [...values].map(of);
const listOf = (x: T) => x.numpy().toList();
const whole = (n: number) => ndarray(n, "int64");
const dense = () =>
  tf.sparse.fromDense(
    ndarray(
      [
        [1, 0],
        [0, 2],
      ],
      "int32",
    ),
  );

const eager: Record<string, () => unknown> = {
  rows: () => lists(R(5).batch(2), listOf),
  numpy: () => lists(R(3).asNumpyIterator(), (x: NdArray) => x.item()),
  sparse: () => lists(D.fromTensorSlices(dense()).batch(2), (x) => listOf(tf.sparse.toDense(x))),
  ragged: () => lists(D.fromTensorSlices(tf.ragged.constant([[1], [2, 3], []])).batch(2), (x) => x.toList()),
  ragged_batch: () =>
    lists(
      R(1, 4)
        .map((n: T) => tf.fill([n] as never, n))
        .raggedBatch(2),
      (x) => x.toList(),
    ),
  optional: () => X.Optional.fromValue(3).getValue().numpy().item(),
  optional_none: () => X.Optional.empty(new tf.TensorSpec([], int32)).hasValue().numpy().item(),
  length: () => R(7).batch(2).length,
  length_infinite: () => R(7).repeat().length,
  length_unknown: () => R(7).filter((x: T) => x.greater(2)).length,
  single: () => D.fromTensors(5).getSingleElement().numpy().item(),
  cardinality: () => R(7).batch(2).cardinality().numpy().item(),
  reduce: () =>
    R(5)
      .reduce(whole(0), (s: T, x: T) => s.add(x))
      .numpy()
      .item(),
  pad_unknown: () =>
    D.fromTensorSlices({ a: ndarray([1, 2, 3], "int32") })
      .filter(() => tf.constant(true))
      .apply(X.padToCardinality(2)),
  initializable: () => R(3).makeInitializableIterator(),
  from_list: () => lists(X.fromList([[1], [2]]), listOf),
};

const sparseRow = () => tf.sparse.fromDense(ndarray([1, 0], "int32"));
let iterator: tf.data.Iterator;
const walked = () => {
  iterator = tf.data.Iterator.fromStructure(int64, []);
  return iterator;
};

const graphs: Record<string, () => unknown> = {
  flat_map: () => R(3).flatMap((x: T) => x as never),
  interleave: () => R(3).interleave((x: T) => [x, x] as never),
  filter: () => R(3).filter((x: T) => x),
  take_while: () => R(3).takeWhile((x: T) => x),
  scan_type: () => R(3).scan(0, (_: T, x: T) => [x, x]),
  scan_pair: () => R(3).scan(0, (_: T, x: T) => x as never),
  reduce: () => R(3).reduce(0, (_: T, x: T) => x),
  unbatch: () => R(3).unbatch(),
  unbatch_rows: () => D.fromTensors([tf.zeros([2, 3]), tf.zeros([3])]).unbatch(),
  rebatch: () => R(3).rebatch(2),
  pad_rank: () => R(3).paddedBatch(2, [3]),
  pad_small: () => D.fromTensorSlices(ndarray([[1, 2, 3]], "int32")).paddedBatch(2, [2]),
  pad_window: () => R(3).window(2).paddedBatch(2),
  pad_sparse: () => D.fromTensors(sparseRow()).paddedBatch(2),
  sparse_two: () => D.zip([R(3), R(3)]).sparseBatch(2, [3]),
  slices: () => D.fromTensorSlices(tf.constant(3)),
  spec_sparse: () => D.fromTensors(sparseRow()).elementSpec,
  spec_ragged: () => D.fromTensors(tf.ragged.constant([[1], [2, 3]])).elementSpec,
  spec_window: () => R(3).window(2),
  spec: () => R(3).elementSpec,
  concatenate: () => R(3).concatenate(D.fromTensors([tf.constant(1), tf.constant(2)])),
  iterate_types: () => walked().makeInitializer(D.fromTensors("a")),
  iterate_shapes: () => walked().makeInitializer(D.fromTensors(tf.constant([1], int64))),
  iterate_classes: () => walked().makeInitializer(D.fromTensors(tf.sparse.fromDense(ndarray([1], "int64")))),
  initializer: () => walked().initializer,
  one_shot_placeholder: () => D.range(tf.placeholder(int64, [], { name: "p" })).makeOneShotIterator(),
  one_shot_random: () => {
    const r = tf.randomUniform([], { name: "r" });
    return R(3)
      .map((x: T) => [x, r])
      .makeOneShotIterator();
  },
  reduce_func: () =>
    R(3).apply(
      X.groupByWindow(
        (x: T) => x,
        (k: T, _: Any) => k as never,
        3,
      ),
    ),
  window_size: () =>
    R(3).apply(
      X.groupByWindow(
        (x: T) => x,
        (_: T, d) => d.batch(2),
      ),
    ),
  map_and_batch: () => R(3).apply(X.mapAndBatch((x: T) => x, 2, { numParallelCalls: 3, numParallelBatches: 2 })),
  apply: () => R(3).apply(() => 3 as never),
  option_type: () => Object.assign(new tf.data.Options(), { deterministic: 3 }),
  option_record: () => Object.assign(new tf.data.Options(), { threading: 3 }),
  option_enum: () => Object.assign(new tf.data.Options(), { experimentalExternalStatePolicy: 3 }),
  option_frozen: () => Object.assign(R(3).options(), { deterministic: true }),
  numpy_iterator: () => R(3).asNumpyIterator(),
  length: () => R(3).length,
  weights: () => X.sampleFromDatasets([R(3)], [0.5, 0.5]),
  triples: () => D.fromSparseTensorSlices(3 as never),
  synchronous: () => R(3).map((x: T) => x, { numParallelCalls: 2, synchronous: true }),
  list_files: () => D.listFiles("/nonexistent/*"),
  choice: () => X.chooseFromDatasets([R(3)], D.fromTensors("a")),
  no_files: () => X.makeCsvDataset("/nonexistent/*.csv", 2),
  from_list_empty: () => X.fromList([]),
  csv: () => new X.CsvDataset("a.csv", [int32, float32].slice(0, 1)),
};

function outcome(make: () => unknown): string {
  try {
    const value = make();
    return Array.isArray(value) || typeof value !== "object" ? printValue([value]).slice(1, -1) : String(value);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe("tf.data in eager execution", () => {
  test.each(Object.entries(eager))("%s", (name, make) => {
    expect(eagerMode(() => outcome(make))).toBe(expected.eager[name]);
  });
});

describe("tf.data in a graph", () => {
  test.each(Object.entries(graphs))("%s", (name, make) => {
    expect(new Graph().asDefault(() => outcome(make))).toBe(expected.graph[name]);
  });
});
