/** Gradients of the transforms of real numbers. Source: fft_ops.py. */
import { complex64, complex128, float32, int32 } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { getStaticValue } from "../array/basic/static_value.ts";
import { realDtype } from "../math/elementwise/complex.ts";
import { transformSize } from "./fft.ts";

interface Inputs {
  readonly input: Tensor;
  readonly fft_length: Tensor;
}

/** 1, -1, 1, -1, ...: complex. */
const alternating = (tf: GradientTools, length: Tensor, like: Tensor): Tensor =>
  tf.cast(tf.range(length).mod(2).rmul(2).rsub(1), like.dtype);

/** exp(-2 pi i a b / length): [length, length]. */
function rootMatrix(tf: GradientTools, length: Tensor, like: Tensor): Tensor {
  const { dtype } = like;
  const a = tf.tile(tf.expandDims(tf.range(length), 0), [length, 1]);
  const b = tf.transpose(a, { perm: [1, 0] });
  const angle = new NdArray(complex128, [], Float64Array.of(-0, -2 * Math.PI));
  const turns = tf.cast(a.mul(b), dtype).rmul(complexValue(angle, dtype === complex64));
  return tf.exp(turns.div(tf.cast(length, dtype)));
}

const complexValue = (value: NdArray, isSingle: boolean): NdArray =>
  isSingle ? new NdArray(complex64, [], Float32Array.from(value.data as Float64Array)) : value;

function tiledLike(tf: GradientTools, matrix: Tensor, t: Tensor): Tensor {
  const ones = tf.ones([tf.rank(t).sub(2)], int32);
  const expanded = tf.reshape(matrix, tf.concat([ones, tf.shape(matrix)], 0));
  return tf.tile(expanded, tf.concat([tf.shape(t).at({ stop: -2 }), [1, 1]], 0));
}

/** What the half of the spectrum that was dropped adds, of a transform of one axis or two. */
function mirrored(tf: GradientTools, rank: 1 | 2, shape: Tensor, isEven: Tensor, dy: Tensor): Tensor {
  const first = dy.at("...", "0:1");
  if (rank === 1) {
    const last = dy.at("...", "-1:");
    return first.add(isEven.mul(last).mul(alternating(tf, shape.at(-1), dy)));
  }
  const mask = tiledLike(tf, rootMatrix(tf, shape.at(-2), dy), first);
  const firstTerm = tf.matmul(mask, tf.conj(first));
  const last = dy.at("...", "-1:");
  const lastTerm = tf.matmul(mask, tf.conj(last));
  const inner = shape.at(-1);
  const repeats = tf.concat([tf.ones([tf.rank(dy).sub(1)], int32), [inner]], 0);
  const spread = tf.tile(lastTerm, repeats).mul(alternating(tf, inner, dy));
  return firstTerm.add(isEven.mul(spread));
}

export const realGradient =
  (rank: 1 | 2) =>
  (tf: GradientTools, { input, fft_length }: Inputs, ...[dy]: Tensor[]): { input: Tensor } => {
    const shape = tf.shape(input);
    const isEven = tf.cast(fft_length.at(-1).mod(2).rsub(1), dy!.dtype);
    const extra = mirrored(tf, rank, shape, isEven, dy!);
    const size = tf.cast(transformSize(tf, input, rank), realDtype(dy!.dtype));
    const back = rank === 1 ? tf.irfft(dy!, { fftLength: fft_length }) : tf.irfft2d(dy!, { fftLength: fft_length });
    return { input: back.mul(size).add(tf.real(extra)).rmul(0.5) };
  };

export const inverseGradient =
  (rank: 1 | 2) =>
  (tf: GradientTools, { input, fft_length }: Inputs, ...[dy]: Tensor[]): { input: Tensor } => {
    const { dtype } = dy!;
    const known = getStaticValue(fft_length);
    const fftLength = known ?? fft_length;
    const isOdd = known
      ? tf.mod(new NdArray(int32, [], Int32Array.of((known.data as Int32Array).at(-1)!)), 2, { name: "mod" })
      : tf.mod(fft_length.at(-1), 2);
    const width = tf.shape(input).at(-1);
    const doubled = tf.ones([width.sub(2).add(isOdd)], dtype).rmul(2);
    const mask = tf.concat([[1], doubled, tf.ones([isOdd.rsub(1)], dtype)], 0);
    const scale = tf.reciprocal(tf.cast(transformSize(tf, dy!, rank), dtype));
    const transform = rank === 1 ? tf.rfft(dy!, { fftLength }) : tf.rfft2d(dy!, { fftLength });
    const factors = tf.cast(scale.mul(mask), dtype === float32 ? complex64 : complex128);
    return { input: transform.mul(factors) };
  };
