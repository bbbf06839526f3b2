/** The programs of test/fixtures/build/data_more.py. */
import { float32, float64, int32, int64, string } from "../../../src/core/dtype.ts";
import type { NdArray } from "../../../src/core/nd_array.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";

const { Dataset: D, experimental: X } = tf.data;
const R = D.range;
type T = Tensor;

function* counted(n?: NdArray) {
  for (let i = 0; i < Number(n ?? 3); i++) yield [i, Array(i).fill(i)];
}

async function* records() {
  yield { a: 1, b: ["x", [1.5, 2]] };
  yield { a: 2, b: ["y", [3, 4]] };
}

const lengths = (end = 9) => R(1, end).map((n: T) => tf.fill([n] as never, n));
const two = () => [R(3), R(10, 13)];
const size = (x: T) => tf.size(x);

// biome-ignore lint/suspicious/noExplicitAny: a dataset or fetches
export const more: Readonly<Record<string, () => any>> = {
  generator: () => D.fromGenerator(counted, [int64, int64], [[], [null]]),
  generator_scalar: () => D.fromGenerator(() => [1, 2, 3], float32).repeat(2),
  generator_args: () => D.fromGenerator(counted, { outputTypes: [int32, int32], args: [2] }).take(1),
  generator_records: () => D.fromGenerator(records, { a: int32, b: [string, float64] }, { a: [], b: [[], [2]] }),
  generator_signature: () =>
    D.fromGenerator(() => [[1], [2]], { outputSignature: new tf.TensorSpec([1], int64) }).batch(2),
  generator_one_shot: () => tf.data.makeOneShotIterator(D.fromGenerator(() => ["a", "b"], string, [])).getNext(),
  counter: () => X.Counter(3, 2).take(3),
  counter_type: () => X.Counter(0, 1, int32).take(2),
  applied: () =>
    R(9)
      .apply(X.enumerateDataset(2))
      .apply(X.takeWhile((_: T, x: T) => tf.less(x, 3))),
  applied_scan: () => R(4).apply(X.scan(tf.constant(1, int64), (s: T, x: T) => [s.add(x), s.mul(10)])),
  applied_unbatch: () => R(4).batch(2).apply(X.unbatch()),
  applied_unique: () => D.fromTensorSlices([1, 2, 1]).apply(X.unique()),
  buckets: () => lengths().apply(X.bucketBySequenceLength(size, [3, 6], [2, 2, 1])),
  buckets_to_boundary: () =>
    lengths(5).apply(
      X.bucketBySequenceLength(size, [3, 6], [2, 2, 1], {
        padToBucketBoundary: true,
        paddingValues: tf.constant(-1, int64),
      }),
    ),
  buckets_no_padding: () =>
    D.fromTensorSlices(
      ndarray(
        [
          [1, 2],
          [3, 4],
        ],
        "int32",
      ),
    ).apply(X.bucketBySequenceLength(size, [3], [2, 2], { noPadding: true })),
  sample: () => X.sampleFromDatasets(two(), [0.3, 0.7], 4),
  sample_evenly: () => X.sampleFromDatasets(two(), { seed: 4 }),
  sample_zero: () => X.sampleFromDatasets([...two(), R(20, 22)], [0.5, 0, 0.5], 1),
  sample_one: () => X.sampleFromDatasets(two(), [1, 0]),
  sample_by_dataset: () => X.sampleFromDatasets(two(), D.fromTensors(ndarray([0.5, 0.5], "float32")).repeat(), 2),
  parallel_interleave: () =>
    R(1, 4).apply(X.parallelInterleave((x: T) => D.fromTensors(x).repeat(3), 2, { blockLength: 2 })),
};
