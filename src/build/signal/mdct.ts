/** The modified cosine transform, and windows that undo others: `tf.signal.mdct`, `kaiserWindow`. Source: spectral_ops.py, window_ops.py. */

import { type DType, float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { dct, frame, overlapAndAdd } from "./spectral.ts";
import { hannWindow, vorbisWindow, type WindowOptions } from "./window.ts";

type WindowFn = (length: number, options: WindowOptions) => Tensor;

export interface KaiserOptions extends Named {
  /** 12 by default: larger ones are narrower. */
  readonly beta?: TensorLike | undefined;
  readonly dtype?: DType | undefined;
}

function windowLengthOf(length: TensorLike, dtype: DType): Tensor {
  if (!dtype.isFloating) throw new ValueError(`dtype must be a floating point type. Found ${dtype}`);
  return convertToTensor(length, { dtype: int32 });
}

/** The window of Kaiser: [windowLength]. Throws ValueError for a dtype that is no float. */
export const kaiserWindow = (windowLength: TensorLike, options: KaiserOptions = {}): Tensor =>
  inScope(options.name, "kaiser_window", () => {
    const { beta = 12, dtype = float32 } = options;
    const length = windowLengthOf(windowLength, dtype);
    if (Number(tf.getStaticValue(length)?.data[0]) === 1) return tf.ones([1], dtype);
    const half = (tf.cast(length, float32) as Tensor).sub(1).div(2);
    const places = tf.cast(tf.range(half.neg(), half.add(0.1), { dtype: float32 }), dtype) as Tensor;
    const width = convertToTensor(beta, { dtype });
    const rest = tf.square(places.div(tf.cast(half, dtype))).rsub(1);
    const top = width.mul(tf.sqrt(tf.relu(rest)));
    return tf.exp(top.sub(width)).mul(tf.besselI0e(top).div(tf.besselI0e(width)));
  });

const kaiserBesselDerivedWindowPlaces = ["beta", "dtype", "name"] as const;

/** The power-complementary window made of Kaiser's: [windowLength], an even number. */
export const kaiserBesselDerivedWindow = (
  windowLength: TensorLike,
  ...rest: Rest<KaiserOptions, typeof kaiserBesselDerivedWindowPlaces>
): Tensor => {
  const options = byName<KaiserOptions>(rest, kaiserBesselDerivedWindowPlaces);
  return inScope(options.name, "kaiser_bessel_derived_window", () => {
    const { beta = 12, dtype = float32 } = options;
    const length = windowLengthOf(windowLength, dtype);
    const sums = tf.cumsum(kaiserWindow(length.floordiv(2).add(1), { beta, dtype }));
    const half = tf.sqrt(sums.at(":-1").div(sums.at(-1)));
    return tf.concat([half, tf.reverse(half, [0])], 0);
  });
};

type InverseStftWindowFnOptions = Named & { readonly forwardWindowFn?: WindowFn | undefined };
const inverseStftWindowFnPlaces = ["forwardWindowFn", "name"] as const;

/** The window for `inverseStft` that undoes `forwardWindowFn` where frames are `frameStep` apart. */
export function inverseStftWindowFn(
  frameStep: number,
  ...rest: Rest<InverseStftWindowFnOptions, typeof inverseStftWindowFnPlaces>
): WindowFn {
  const options = byName<InverseStftWindowFnOptions>(rest, inverseStftWindowFnPlaces);
  const { forwardWindowFn = hannWindow, name } = options;
  return (length, windowOptions) =>
    inScope(name, "inverse_stft_window_fn", () => {
      const forward = forwardWindowFn(length, windowOptions);
      const overlaps = Math.ceil(length / frameStep);
      const padded = tf.pad(tf.square(forward), [[0, overlaps * frameStep - length]]);
      const sums = tf.reduceSum(tf.reshape(padded, [overlaps, frameStep]), { axis: 0, keepdims: true });
      const all = tf.reshape(tf.tile(sums, [overlaps, 1]), [overlaps * frameStep]).at(`:${length}`);
      return tf.where(tf.equal(all, 0), tf.zerosLike(forward), forward.div(all)) as Tensor;
    });
}

export interface MdctOptions extends Named {
  /** Vorbis' by default; null for none. */
  readonly windowFn?: WindowFn | null | undefined;
  readonly norm?: "ortho" | null | undefined;
}

const windowed = (frames: Tensor, windowFn: WindowFn | null, length: number): Tensor =>
  windowFn ? frames.mul(windowFn(length, { dtype: frames.dtype.baseDtype })) : frames.mul(Math.SQRT1_2);

/** Modified discrete cosine transform of signals [..., samples]: [..., frames, frameLength / 2]. Throws ValueError for lengths that 4 does not divide. */
export const mdct = (
  signals: TensorLike,
  frameLength: number,
  options: MdctOptions & { readonly padEnd?: boolean | undefined } = {},
): Tensor =>
  inScope(options.name, "mdct", () => {
    const { windowFn = vorbisWindow, norm = null, padEnd = false } = options;
    if (frameLength % 4 !== 0) throw new ValueError("The frame length must be a multiple of 4.");
    const frames = frame(convertToTensor(signals, { name: "signals" }), frameLength, frameLength / 2, { padEnd });
    const [shape] = [frames.shape];
    if (shape !== null) frames.setShape([...shape.slice(0, -1), frameLength]);
    const weighted = windowed(frames, windowFn, frameLength);
    const [a, b, c, d] = tf.split(weighted, 4, { axis: -1 }) as [Tensor, Tensor, Tensor, Tensor];
    const first = tf.reverse(c, [-1]).neg().sub(d);
    return dct(tf.concat([first, a.sub(tf.reverse(b, [-1]))], -1), { type: 4, norm });
  });

const inverseMdctPlaces = ["windowFn", "norm", "name"] as const;

/** The signals [..., samples] of transforms [..., frames, n], whose last axis has a known size. */
export const inverseMdct = (mdcts: TensorLike, ...rest: Rest<MdctOptions, typeof inverseMdctPlaces>): Tensor => {
  const options = byName<MdctOptions>(rest, inverseMdctPlaces);
  return inScope(options.name, "inverse_mdct", () => {
    const { windowFn = vorbisWindow, norm = null } = options;
    const x = convertToTensor(mdcts, { name: "mdcts" });
    const n = x.shape?.at(-1);
    if (typeof n !== "number") throw new ValueError("inverse_mdct needs a last axis of known size");
    const back = norm === "ortho" ? dct(x, { type: 4, norm }) : dct(x, { type: 4 }).mul(0.5 / n);
    const [a, b] = tf.split(back, 2, { axis: -1 }) as [Tensor, Tensor];
    const frames = tf.concat([b, tf.reverse(b, [-1]).neg(), tf.reverse(a, [-1]).neg(), a.neg()], -1);
    return overlapAndAdd(windowed(frames, windowFn, 2 * n), n);
  });
};
