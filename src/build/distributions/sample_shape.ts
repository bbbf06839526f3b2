/** Shapes of samples: sample dimensions, then the batch, then the event. Source: distribution.py, util.py. */
import { int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import { type ConvertOptions, convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";

const numbers = (array: NdArray): number[] => Array.from(array.data as ArrayLike<number>, Number);

/** A vector for a sample shape that may be a number, and how many samples that are. Throws ValueError for a matrix. */
export function asVector(given: TensorLike): { shape: Tensor; count: TensorLike } {
  const options: ConvertOptions = { dtype: int32, name: "sample_shape" };
  const x = convertToTensor(given, options);
  const known = constantValue(x);
  const count = known ? numbers(known).reduce((a, b) => a * b, 1) : tf.reduceProd(x);
  const rank = x.shape?.length ?? null;
  if (rank === 1) return { shape: x, count };
  if (rank === 0) return { shape: known ? convertToTensor(numbers(known), options) : tf.reshape(x, [1]), count };
  if (rank !== null) throw new ValueError("Input is neither scalar nor vector.");
  const isScalar = tf.equal(tf.rank(x), 0);
  return { shape: tf.reshape(x, eitherVector(isScalar, x)), count };
}

/** [1] or the shape of x, as the bool says in the run: a slice of both, one behind the other. */
function eitherVector(isScalar: Tensor, x: Tensor): Tensor {
  const dims = tf.shape(x);
  return getDefaultGraph().nameScope("pick_vector", () => {
    const one = convertToTensor([1], { dtype: int32, name: "true_vector" });
    const n = tf.shape(one).at(0);
    const both = tf.concat([one, dims], 0);
    return tf.slice(both, [tf.whereV2(isScalar, 0, n)], [tf.where(isScalar, n, -1)]);
  });
}

const unknown = (rank: number): Dim[] => new Array<Dim>(rank).fill(null);

/** Tells a tensor of samples what is known of its shape. */
export function refineSamples(x: Tensor, sampleShape: Tensor, batch: TensorShape, event: TensorShape): Tensor {
  const known = constantValue(sampleShape);
  const sample = new TensorShape(known ? numbers(known) : null);
  const merge = (shape: TensorShape): void => x.setShape(x.getShape().mergeWith(shape));
  let [rank, sampleRank, eventRank] = [x.getShape().ndims, sample.ndims, event.ndims];
  const batchRank = batch.ndims;
  if (rank === null && sampleRank !== null && batchRank !== null && eventRank !== null) {
    rank = sampleRank + batchRank + eventRank;
    x.setShape(unknown(rank));
  }
  if (rank !== null && sampleRank !== null) merge(sample.concatenate(unknown(rank - sampleRank)));
  if (rank !== null && eventRank !== null) merge(new TensorShape(unknown(rank - eventRank)).concatenate(event));
  if (batchRank === null) return x;
  if (rank !== null) {
    if (sampleRank === null && eventRank !== null) sampleRank = rank - batchRank - eventRank;
    else if (eventRank === null && sampleRank !== null) eventRank = rank - batchRank - sampleRank;
  }
  if (sampleRank !== null && eventRank !== null)
    merge(new TensorShape(unknown(sampleRank)).concatenate(batch).concatenate(unknown(eventRank)));
  return x;
}
