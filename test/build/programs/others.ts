import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type X = { readonly x: Tensor };
type XY = X & { readonly y: Tensor };
type XL = X & { readonly l: Tensor };
type I = { readonly i: Tensor };

const sorting: Record<string, Program> = {
  sort: ({ x }: X) => [tf.sort(x), tf.argsort(x, { direction: "DESCENDING" }), tf.sort(x, { axis: 0, name: "s" })],
  sort_ints: ({ x }: X) => [tf.sort(x), tf.argsort(x, { axis: 0 })],
  sort_bytes: ({ x }: X) => [tf.sort(x), tf.sort(x, { direction: "DESCENDING" })],
  sort_unknown: ({ x }: X) => tf.sort(x, { axis: 0 }),
  histogram_bins: ({ x }: X) => tf.histogramFixedWidthBins(x, ndarray([-1, 1], "float32"), { nbins: 5 }),
  zero_fraction: ({ x }: X) => [tf.nn.zeroFraction(tf.nn.relu(x)), tf.math.zeroFraction(x, { name: "z" })],
  scatter_names: ({ x }: X) => [
    tf.tensorScatterUpdate(x, [[0]], [[1, 2, 3, 4]]),
    tf.tensorScatterAdd(x, [[0]], [[1, 2, 3, 4]]),
    tf.reverseV2(x, [1]),
  ],
};

const derivatives: Record<string, Program> = {
  hessians: ({ x }: X) => tf.hessians(tf.reduceSum(x.mul(x).mul(x)), x),
  hessians_two: ({ x, y }: XY) => tf.hessians(tf.reduceSum(tf.square(x).mul(tf.square(y))), [x, y]),
};

const scaled = (v: Tensor): Tensor => v.mul(tf.getVariable("w", { shape: [4], initializer: tf.onesInitializer() }));

const templates: Record<string, Program> = {
  template({ x }: X) {
    const layer = tf.makeTemplate("layer", scaled);
    return [layer(x), layer(x.add(1))];
  },
  template_now({ x }: X) {
    const layer = tf.makeTemplate("layer", scaled, { createScopeNow: true });
    return tf.variableScope("other", () => [layer(x), layer(x)]);
  },
};

const twoElements = () =>
  new tf.SparseTensor({
    indices: [
      [0, 1],
      [2, 0],
    ],
    values: ndarray([1, 2], "float32"),
    denseShape: [4, 5],
  });

const sparse: Record<string, Program> = {
  sparse_shapes() {
    const a = tf.sparseResetShape(twoElements());
    const b = tf.sparseResetShape(twoElements(), [6, 7]);
    const c = tf.sparse.expandDims(twoElements(), { axis: 1 });
    return [a.denseShape, b.denseShape, c.indices, c.denseShape];
  },
  sparse_mask: ({ x }: X) => tf.sparseMask(new tf.IndexedSlices(x, tf.constant([4, 7, 2])), [7]).values,
};

const table = () =>
  tf.getVariable("table", {
    initializer: ndarray(
      Array.from({ length: 6 }, (_, i) => [2 * i, 2 * i + 1]),
      "float32",
    ),
  });

const parted =
  (partitionStrategy: "mod" | "div"): Program =>
  ({ i }: I) => {
    const t = tf.variableScope("p", { partitioner: tf.fixedSizePartitioner(3) }, () =>
      tf.getVariable("table", { shape: [7, 2], initializer: tf.randomUniformInitializer({ seed: 1 }) }),
    );
    const y = tf.nn.embeddingLookup(t, i, { partitionStrategy });
    tf.gradients(y, [...(t as unknown as Iterable<tf.Variable>)]);
    return y;
  };

const indices = [
  [0, 0],
  [0, 2],
  [1, 0],
];

const looked =
  (combiner: "sum" | "mean" | "sqrtn", isWeighted = false, more: { readonly maxNorm?: number } = {}): Program =>
  ({ i }: I) => {
    const ids = new tf.SparseTensor({ indices, values: i, denseShape: [2, 3] });
    const weights = () => new tf.SparseTensor({ indices, values: tf.constant([1, 0.5, 2]), denseShape: [2, 3] });
    return tf.nn.embeddingLookupSparse(...prepared(ids, isWeighted ? weights() : null), { combiner, ...more });
  };

/** Python makes ids and weights before the table. */
const prepared = <A, B>(ids: A, weights: B) => [table(), ids, weights] as const;

const embeddings: Record<string, Program> = {
  embedding: ({ i }: I) => tf.nn.embeddingLookup(table(), i),
  embedding_norm: ({ i }: I) => tf.nn.embeddingLookup(table(), i, { maxNorm: 3 }),
  embedding_parts_mod: parted("mod"),
  embedding_parts_div: parted("div"),
  embedding_sparse_sum: looked("sum"),
  embedding_sparse_mean: looked("mean"),
  embedding_sparse_sqrtn: looked("sqrtn"),
  embedding_sparse_weighted_sum: looked("sum", true),
  embedding_sparse_weighted_mean: looked("mean", true),
  embedding_sparse_weighted_sqrtn: looked("sqrtn", true),
  embedding_sparse_norm: looked("mean", true, { maxNorm: 2 }),
  embedding_safe({ i }: I) {
    const ids = new tf.SparseTensor({
      indices: [
        [0, 0],
        [2, 2],
        [2, 0],
      ],
      values: i,
      denseShape: [3, 3],
    });
    return tf.nn.safeEmbeddingLookupSparse(table(), ids, null, { defaultId: 2 });
  },
};

function weightsAndBiases() {
  const weights = tf.getVariable("w", { shape: [10, 4], initializer: tf.randomNormalInitializer({ seed: 2 }) });
  const biases = tf.getVariable("b", { shape: [10], initializer: tf.zerosInitializer() });
  return { weights, biases };
}

const given = ({ x, l }: XL) => ({ labels: l, inputs: x, numSampled: 5, numClasses: 10 });

const sampled: Record<string, Program> = {
  nce: (places: XL) => tf.nn.nceLoss({ ...weightsAndBiases(), ...given(places), name: "n" }),
  sampled_softmax: (places: XL) => tf.nn.sampledSoftmaxLoss({ ...weightsAndBiases(), ...given(places), seed: 5 }),
  nce_options: (places: XL) =>
    tf.nn.nceLoss({ ...weightsAndBiases(), ...given(places), removeAccidentalHits: true, partitionStrategy: "div" }),
  sampled_parts: (places: XL) =>
    tf.nn.sampledSoftmaxLoss({
      ...tf.variableScope("p", { partitioner: tf.fixedSizePartitioner(2) }, weightsAndBiases),
      ...given(places),
      numSampled: 4,
      seed: 1,
    }),
};

export const others: Readonly<Record<string, Program>> = {
  ...sorting,
  ...derivatives,
  ...templates,
  ...sparse,
  ...embeddings,
  ...sampled,
};
