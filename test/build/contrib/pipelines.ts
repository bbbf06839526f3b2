/** The programs of test/fixtures/build/contrib/pipelines.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { image, training } = tf.contrib;
// biome-ignore lint/suspicious/noExplicitAny: tensors of many kinds
type Any = any;

/** The graph alone: queues would wait for their runners. */
const built =
  (fn: (places: Any) => unknown): Program =>
  (places) => {
    fn(places);
    return tf.constant(0);
  };

const spline =
  (order: number): Program =>
  ({ p, v, q }) =>
    image.interpolateSpline(p, v, q, order, { regularizationWeight: order % 2 ? 0 : 0.01 });

export const programs: Record<string, Program> = {
  bucket: built(({ n, x }) => training.bucket([n, x], n.mod(2), 4, 2)),
  bucket_padded: built(({ n, x }) =>
    training.bucket({ words: x, label: n }, n, [2, 3], 2, {
      numThreads: 2,
      capacity: 16,
      bucketCapacities: [5, 6],
      dynamicPad: true,
      allowSmallerFinalBatch: true,
      sharedName: "shared",
      name: "mine",
    }),
  ),
  bucket_kept: built(({ n, x }) => training.bucket([x], 0, n, 1, { keepInput: n.greater(2) })),
  bucket_by_length: built(({ n, x }) => training.bucketBySequenceLength(n, [x, n], 4, [2, 5, 9], { dynamicPad: true })),
  rejection: built(({ x, y }) =>
    training.rejectionSample([x, y], ([first]) => tf.reduceMean(first!), 3, { runtimeChecks: true }),
  ),
  rejection_many: built(({ x }) =>
    training.rejectionSample([x, x], ([first]) => first!.mul(0.5), 3, {
      enqueueMany: true,
      queueThreads: 2,
      name: "mine",
    }),
  ),
  stratified: built(({ x, y }) =>
    training.stratifiedSample([x], y, [0.2, 0.3, 0.5], 4, { initProbs: [0.5, 0.4, 0.1] }),
  ),
  stratified_counted: built(({ x, y }) =>
    training.stratifiedSample([x], y, [0.5, 0.5], 4, { enqueueMany: true, queueCapacity: 8 }),
  ),
  resample: ({ x, r }) => training.resampleAtRate([x], r, { seed: 3 }),
  weighted: ({ x, w }) => training.weightedResample([x], w, 2, { seed: 4 }).flat() as Any,
  rotate: ({ x, a }) => [
    image.rotate(x, a),
    image.rotate(x, 0.5, "bilinear"),
    image.rotate(x.at(0), 1),
    image.rotate(x.at(0, ":", ":", 0), 1),
  ],
  translate: ({ x }) => [
    image.translate(x, [1, -2]),
    image.translate(
      x,
      [
        [0.5, 0.5],
        [1, 1],
      ],
      { interpolation: "BILINEAR" },
    ),
  ],
  transform: ({ x, t }) => [
    image.transform(x, t, { outputShape: [3, 3] }),
    tf.gradients(image.transform(x, t, "BILINEAR"), x)[0] as Any,
  ],
  compose: ({ t }) =>
    image.composeTransforms(
      t,
      image.translationsToProjectiveTransforms([1, 2]),
      image.anglesToProjectiveTransforms([0.1], 4, 5),
    ),
  dense_warp: ({ x, f }) => image.denseImageWarp(x, f),
  spline_1: spline(1),
  spline_2: spline(2),
  spline_3: spline(3),
  spline_4: spline(4),
  spline_6: spline(6),
  sparse_warp: ({ x, s }) => image.sparseImageWarp(x, s, s.add(0.4)),
  sparse_warp_still: ({ x, s }) =>
    image.sparseImageWarp(x, s, s.add(0.4), {
      interpolationOrder: 1,
      regularizationWeight: 0.1,
      numBoundaryPoints: 2,
    }),
};
