/** Values that do not fit when they are run. */
import * as tf from "../../src/index.ts";
import { fed, P, run, run2, type Statements, Z } from "./statement.ts";

const { float32: f32, int32: i32, string: st } = tf;
const ones = [1, 1, 1, 1];
const _bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const feature = { x: new tf.FixedLenFeature([2], f32) };

export const runs: Statements = {
  r_add: () => fed((a, b) => a!.add(b!), [Z(2, 3), Z(4)]),
  r_mul: () => fed((a, b) => tf.multiply(a!, b!), [Z(2), Z(3)]),
  r_less: () => fed((a, b) => tf.less(a!, b!), [Z(2), Z(3)]),
  r_where: () => fed((a, b) => tf.where(a!.greater(0), a!, b!), [Z(2), Z(3)]),
  r_matmul: () => fed((a, b) => tf.matmul(a!, b!), [Z(2, 3), Z(2, 3)]),
  r_batch_matmul: () => fed((a, b) => tf.matmul(tf.reshape(a!, [2, 2, 3]), tf.reshape(b!, [2, 2, 3])), [Z(12), Z(12)]),
  r_bias_add: () => fed((a, b) => tf.nn.biasAdd(a!, b!), [Z(2, 3), Z(2)]),
  r_conv2d: () =>
    fed((a, b) => tf.nn.conv2d(a!, b!, { strides: ones, padding: "SAME" }), [Z(1, 5, 5, 3), Z(3, 3, 2, 1)]),
  r_conv2d_rank: () =>
    fed((a, b) => tf.nn.conv2d(a!, b!, { strides: ones, padding: "SAME" }), [Z(5, 5, 3), Z(3, 3, 3, 1)]),
  r_conv2d_valid: () =>
    fed((a, b) => tf.nn.conv2d(a!, b!, { strides: ones, padding: "VALID" }), [Z(1, 2, 2, 1), Z(3, 3, 1, 1)]),
  r_max_pool: () =>
    fed((a) => tf.nn.maxPool(a!, { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" }), [Z(5, 5, 3)]),
  r_reshape: () => fed((a) => tf.reshape(a!, [4, 2]), [Z(2, 3)]),
  r_reshape_unknown: () => fed((a) => tf.reshape(a!, [4, -1]), [Z(2, 3)]),
  r_reshape_two: () => fed((a, s) => tf.reshape(a!, s!), [Z(2, 3), [-1, -1]], [f32, i32]),
  r_transpose: () => fed((a, p) => tf.transpose(a!, p!), [Z(2, 3), [0, 2]], [f32, i32]),
  r_transpose_rank: () => fed((a, p) => tf.transpose(a!, p!), [Z(2, 3), [0]], [f32, i32]),
  r_concat: () => fed((a, b) => tf.concat([a!, b!], 0), [Z(2, 3), Z(2, 4)]),
  r_concat_rank: () => fed((a, b) => tf.concat([a!, b!], 0), [Z(2, 3), Z(2)]),
  r_concat_axis: () => fed((a, b) => tf.concat([a!, b!], 3), [Z(2, 3), Z(2, 3)]),
  r_stack: () => fed((a, b) => tf.stack([a!, b!]), [Z(2), Z(3)]),
  r_split: () => fed((a) => tf.split(a!, 2), [Z(5)]),
  r_unstack: () => fed((a) => tf.unstack(a!, { num: 2 }), [Z(3)]),
  r_slice: () => fed((a) => tf.slice(a!, [1], [4]), [Z(3)]),
  r_index: () => fed((a) => a!.at(7), [Z(3)]),
  r_index_many: () => fed((a) => a!.at(0, 0), [Z(3)]),
  r_gather: () => fed((a, i) => tf.gather(a!, i!), [Z(3), [0, 5]], [f32, i32]),
  r_gather_negative: () => fed((a, i) => tf.gather(a!, i!), [Z(3), -1], [f32, i32]),
  r_gather_scalar: () => fed((a) => tf.gather(a!, [0]), [1]),
  r_gather_nd: () => fed((a, i) => tf.gatherNd(a!, i!), [Z(2, 2), [[0, 2]]], [f32, i32]),
  r_embedding: () => fed((a, i) => tf.nn.embeddingLookup(a!, i!), [Z(3, 2), [3]], [f32, i32]),
  r_scatter_nd: () => fed((i, u) => tf.scatterNd(i!, u!, [3]), [[[4]], [1]], [i32, f32]),
  r_one_hot_depth: () => fed((i, d) => tf.oneHot(i!, d!), [[0, 1], -1], [i32, i32]),
  r_tile: () => fed((a, m) => tf.tile(a!, m!), [Z(2, 3), [2]], [f32, i32]),
  r_pad: () => fed((a, m) => tf.pad(a!, m!), [Z(2, 3), [[1, 1]]], [f32, i32]),
  r_expand: () => fed((a, i) => tf.expandDims(a!, i!), [Z(2), 4], [f32, i32]),
  r_squeeze: () => fed((a) => tf.squeeze(a!, { axis: [0] }), [Z(2)]),
  r_reduce: () => fed((a) => tf.reduceSum(a!, { axis: 2 }), [Z(2, 3)]),
  r_argmax: () => fed((a) => tf.argmax(a!, 2), [Z(2, 3)]),
  r_argmax_empty: () => fed((a) => tf.argmax(a!, 0), [[]]),
  r_softmax: () => fed((a) => tf.nn.softmax(a!), [1]),
  r_xent: () => fed((a, b) => tf.nn.softmaxCrossEntropyWithLogits({ labels: a!, logits: b! }), [Z(2, 3), Z(2, 4)]),
  r_sparse_xent_label: () =>
    fed((a, b) => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: a!, logits: b! }), [[0, 4], Z(2, 4)], [i32, f32]),
  r_top_k: () => fed((a) => tf.nn.topK(a!, 5).values, [Z(3)]),
  r_in_top_k: () => fed((a, t) => tf.nn.inTopK(a!, t!, 1), [Z(2, 3), [0]], [f32, i32]),
  r_int_division: () => fed((a) => tf.floordiv(3, a!), [0], [i32]),
  r_int_mod: () => fed((a) => a!.mod(0), [3], [i32]),
  r_pow_negative: () => fed((a) => a!.pow(-1), [3], [i32]),
  r_inverse: () => fed((a) => tf.matrixInverse(a!), [Z(2, 2)]),
  r_inverse_shape: () => fed((a) => tf.matrixInverse(a!), [Z(2, 3)]),
  r_fill: () => fed((n) => tf.fill(n!, tf.constant(1, f32)), [[-1]], [i32]),
  r_range: () => fed((d) => tf.range(0, 10, d!), [0], [i32]),
  r_linspace: () => fed((n) => tf.linspace(tf.constant(0, f32), tf.constant(1, f32), n!), [0], [i32]),
  r_random_shape: () => fed((n) => tf.randomUniform(n!), [[-1]], [i32]),
  r_random_range: () => fed((n) => tf.randomUniform([2], { minval: 5, maxval: n!, dtype: i32 }), [5], [i32]),
  r_segment: () => fed((a, s) => tf.segmentSum(a!, s!), [Z(3), [0, 2, 1]], [f32, i32]),
  r_segment_size: () => fed((a, s) => tf.segmentSum(a!, s!), [Z(3), [0, 1]], [f32, i32]),
  r_string_to_number: () => fed((a) => tf.stringToNumber(a!), ["abc"], [st]),
  r_decode_raw: () => fed((a) => tf.decodeRaw(a!, f32), [text("abc")], [st]),
  r_decode_png: () => fed((a) => tf.image.decodePng(a!), [text("abc")], [st]),
  r_decode_csv: () => fed((a) => tf.decodeCsv(a!, defaults()), ["1,2,3"], [st]),
  r_decode_csv_text: () => fed((a) => tf.decodeCsv(a!, defaults()), ["1,x"], [st]),
  r_parse_example: () =>
    fed((a) => tf.parseSingleExample(a!, feature), [new tf.train.Example().serializeToString()], [st]),
  r_read_file: () => fed((a) => tf.readFile(a!), ["/no/such/file"], [st]),
  r_ensure: () => fed((a) => tf.ensureShape(a!, [3]), [Z(2)]),
  r_check_numerics: () => fed((a) => tf.checkNumerics(a!, "here"), [[1, Infinity]]),
  r_check_both: () => fed((a) => tf.checkNumerics(a!, "here"), [[NaN, Infinity]]),
  r_assert_equal: () =>
    fed(
      (a, b) => tf.assertEqual(a!, b!),
      [
        [1, 2],
        [1, 3],
      ],
    ),
  r_assert_less: () =>
    fed(
      (a, b) => tf.assertLess(a!, b!, { message: "too much" }),
      [
        [1, 4],
        [1.5, 3],
      ],
    ),
  r_assert_positive: () => fed((a) => tf.assertPositive(a!), [[0]]),
  r_assert_rank: () => fed((a) => tf.assertRank(a!, 2), [[0]]),
  r_assert_summarize: () =>
    fed((a) => tf.Assert(a!.at(0).greater(0), [a!, "text", a!.at(1)], { summarize: 2 }), [[0, 1.5, 2.5]]),
  r_assign: () => {
    const [v, p] = [tf.getVariable("v", [2]), P()];
    return run(tf.assign(v, p), [[p, Z(3)]]);
  },
  r_histogram_nan: () => fed((a) => tf.summary.histogram("h", a!), [[NaN]]),
  r_scalar_summary: () => fed((a) => tf.summary.scalar("s", a!), [[1, 2]]),
  r_image_summary: () => fed((a) => tf.summary.image("i", a!), [Z(2, 2)]),
  r_queue_enqueue_closed: async () => {
    const q = new tf.FIFOQueue(2, [f32], { shapes: [[]] });
    return run2(q.close(), q.enqueue(1));
  },
  r_queue_dequeue_closed: async () => {
    const q = new tf.FIFOQueue(2, [f32], { shapes: [[]], name: "q" });
    return run2(q.close(), q.dequeue());
  },
  r_queue_shape: () => {
    const [q, p] = [new tf.FIFOQueue(2, [f32], { shapes: [[2]], name: "q" }), P()];
    return run(q.enqueue(p), [[p, Z(3)]]);
  },
  r_iterator_end: () => {
    const next = tf.data.makeOneShotIterator(tf.data.Dataset.range(1)).getNext();
    return run2(next, next);
  },
  r_iterator_unready: () => run(tf.data.makeInitializableIterator(tf.data.Dataset.range(1)).getNext()),
  r_table: () =>
    run(
      new tf.lookup.StaticHashTable(new tf.lookup.KeyValueTensorInitializer(["a"], [1]), -1).lookup(tf.constant(["a"])),
    ),
};

const defaults = (): never => [[tf.constant([1], f32)], [tf.constant([2], f32)]].flat() as never;
