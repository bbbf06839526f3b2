/** Windows of tf.signal: weights for the samples of a frame. Source: tensorflow/python/ops/signal/window_ops.py. */

import { type DType, float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { cast, constant, cos, div, maximum, mod, multiply, range, sin, square, subtract } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";

export interface WindowOptions {
  /** The window of a period, for spectra (true, by default); else a symmetric one. */
  readonly periodic?: boolean | undefined;
  /** float32 if not given. */
  readonly dtype?: DType | undefined;
  readonly name?: string | undefined;
}

/** a - b cos(2 pi i / n) for i below the length, where n is the length or one less: [length]. */
function raisedCosine(length: TensorLike, options: WindowOptions, otherwise: string, [a, b]: [number, number]): Tensor {
  const { periodic = true, dtype = float32, name } = options;
  if (!dtype.isFloating) throw new ValueError(`dtype must be a floating point type. Found ${dtype}`);
  return getDefaultGraph().nameScope(name ?? otherwise, () => {
    const count = convertToTensor(length, { dtype: int32, name: "window_length" });
    // A periodic window of even length has a period of one sample more.
    const more = periodic ? subtract(1, mod(count, 2)) : constant(0);
    const period = cast(maximum(count.add(more).sub(1), 1), dtype) as Tensor;
    const turn = div(multiply(constant(2 * Math.PI, dtype), cast(range(count), dtype) as Tensor), period);
    const window = subtract(constant(a, dtype), multiply(constant(b, dtype), cos(turn)));
    // One sample alone has the weight 1.
    const alone = cast(count.equal(1), dtype) as Tensor;
    return window.mul(subtract(constant(1, dtype), alone)).add(alone);
  });
}

/** The window of Hann, 0.5 - 0.5 cos: [windowLength]. Throws ValueError for a dtype that is no float. */
export const hannWindow = (
  windowLength: TensorLike,
  ...rest: Rest<WindowOptions, typeof hammingWindowPlaces>
): Tensor => {
  const options = byName<WindowOptions>(rest, hammingWindowPlaces);
  return raisedCosine(windowLength, options, "hann_window", [0.5, 0.5]);
};

const hammingWindowPlaces = ["periodic", "dtype", "name"] as const;

/** The window of Hamming, 0.54 - 0.46 cos: [windowLength]. Throws ValueError for a dtype that is no float. */
export const hammingWindow = (
  windowLength: TensorLike,
  ...rest: Rest<WindowOptions, typeof hammingWindowPlaces>
): Tensor => {
  const options = byName<WindowOptions>(rest, hammingWindowPlaces);
  return raisedCosine(windowLength, options, "hamming_window", [0.54, 0.46]);
};

type VorbisWindowOptions = { readonly dtype?: DType | undefined; readonly name?: string | undefined };
const vorbisWindowPlaces = ["dtype", "name"] as const;

/** The power-complementary window of Vorbis: [windowLength]. */
export function vorbisWindow(
  windowLength: TensorLike,
  ...rest: Rest<VorbisWindowOptions, typeof vorbisWindowPlaces>
): Tensor {
  const options = byName<VorbisWindowOptions>(rest, vorbisWindowPlaces);
  const { dtype = float32, name } = options;
  return getDefaultGraph().nameScope(name ?? "vorbis_window", () => {
    const count = convertToTensor(windowLength, { dtype: int32, name: "window_length" });
    const place = (cast(range(count), dtype) as Tensor).add(constant(0.5, dtype));
    const angle = div(multiply(constant(Math.PI, dtype), place), cast(count, dtype) as Tensor);
    return sin(multiply(constant(Math.PI / 2, dtype), square(sin(angle))));
  });
}
