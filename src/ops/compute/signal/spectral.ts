/** `tf.signal`'s transforms of real numbers: lengths inferred, inputs padded to them; shifts. Source: fft_ops.py. */
import { complex64, complex128, type DType, float32, float64, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Dim, isFull, type Shape, withRankAtLeast } from "../../../core/shape.ts";
import { constantValueAsShape } from "../../../graph/infer.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import * as ops from "../../index.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { getStaticValue } from "../array/basic/static_value.ts";
import { realDtype } from "../math/elementwise/complex.ts";
import { irfft2dOp, irfft3dOp, irfftOp, rfft2dOp, rfft3dOp, rfftOp } from "./real_fft.ts";

export interface FftLength extends Named {
  /** [n], [m, n] or [l, m, n]: the input is cropped to it or padded with zeros. */
  readonly fftLength?: TensorLike | null;
}

function inferredLength(input: Tensor, rank: number, isInverse: boolean): Tensor {
  const shape: Shape = input.shape?.slice(-rank) ?? null;
  if (shape && isFull(shape)) {
    const sizes = isInverse ? [...shape.slice(0, -1), Math.max(0, 2 * (shape.at(-1)! - 1))] : shape;
    return convertToTensor(sizes, { dtype: int32 });
  }
  const inner = ops.shape(input).at({ start: -rank });
  if (!isInverse) return inner;
  const sizes = ops.unstack(inner, shape ? { num: rank } : {});
  const last = ops.maximum(0, sizes.at(-1)!.sub(1).rmul(2));
  return ops.stack([...sizes.slice(0, -1), last]);
}

/** `input` with zeros after its last axes, as many as the transform needs. */
export function padded(input: Tensor, rank: number, length: Tensor, isInverse: boolean): Tensor {
  if (input.shape?.some((size) => size === 0)) return input;
  const wanted: Shape = constantValueAsShape(length);
  if (wanted && isFull(wanted) && input.shape) {
    const sizes = isInverse ? [...wanted.slice(0, -1), Math.floor(wanted.at(-1)! / 2) + 1] : wanted;
    const inner: readonly Dim[] = input.shape.slice(-wanted.length);
    if (isFull(inner)) {
      const pads = sizes.map((size, i) => [0, Math.max(size - inner[i]!, 0)]);
      if (pads.every(([, pad]) => pad === 0)) return input;
      const outer = Array.from({ length: Math.max(input.shape.length - wanted.length, 0) }, () => [0, 0]);
      return ops.pad(input, [...outer, ...pads]);
    }
  }
  const inputRank = ops.rank(input);
  const inner = ops.shape(input).at({ start: -rank });
  const outer = ops.zeros([ops.maximum(0, inputRank.sub(rank))], length.dtype);
  const sizes = isInverse ? ops.concat([length.at(":-1"), length.at("-1:").floordiv(2).add(1)], 0) : length;
  const pads = ops.concat([outer, ops.maximum(0, sizes.sub(inner))], 0);
  return ops.pad(input, ops.stack([ops.zerosLike(pads), pads], { axis: 1 }));
}

const asLength = (length: Tensor): Tensor | NdArray => getStaticValue(length) ?? length;

type RealBuilder = typeof rfftOp;
type InverseBuilder = typeof irfftOp;

const forward =
  (op: RealBuilder, rank: number, byDefault: string) =>
  (input: TensorLike, options: FftLength = {}): Tensor =>
    inScope(options.name, byDefault, (scope) => {
      let x = convertToTensor(input, { preferredDtype: float32 });
      if (x.dtype !== float32 && x.dtype !== float64)
        throw new ValueError(`RFFT requires tf.float32 or tf.float64 inputs, got: ${x}`);
      const Tcomplex: DType = x.dtype === float32 ? complex64 : complex128;
      withRankAtLeast(x.shape, rank);
      const given = options.fftLength ?? null;
      const length = given === null ? inferredLength(x, rank, false) : convertToTensor(given, { dtype: int32 });
      x = padded(x, rank, length, false);
      return op({ input: x, fft_length: asLength(length), Tcomplex }, scope);
    });

const inverse =
  (op: InverseBuilder, rank: number, byDefault: string) =>
  (input: TensorLike, options: FftLength = {}): Tensor =>
    inScope(options.name, byDefault, (scope) => {
      let x = convertToTensor(input, { preferredDtype: complex64 });
      withRankAtLeast(x.shape, rank);
      if (!x.dtype.isComplex) throw new ValueError(`IRFFT requires tf.complex64 or tf.complex128 inputs, got: ${x}`);
      const given = options.fftLength ?? null;
      const length = given === null ? inferredLength(x, rank, true) : convertToTensor(given, { dtype: int32 });
      const Treal = realDtype(x.dtype);
      x = padded(x, rank, length, true);
      return op({ input: x, fft_length: asLength(length), Treal }, scope);
    });

type Spectral = (input: TensorLike, options?: FftLength) => Tensor;

/** The first n / 2 + 1 values of the transform of real numbers [..., n]. */
export const rfft: Spectral = forward(rfftOp, 1, "rfft");
/** fft2d of real numbers: of the last dimension, its first half and the middle. */
export const rfft2d: Spectral = forward(rfft2dOp, 2, "rfft2d");
/** fft3d of real numbers: of the last dimension, its first half and the middle. */
export const rfft3d: Spectral = forward(rfft3dOp, 3, "rfft3d");
/** The real numbers whose transform starts with [..., n / 2 + 1]. */
export const irfft: Spectral = inverse(irfftOp, 1, "irfft");
/** The inverse of rfft2d, real numbers. */
export const irfft2d: Spectral = inverse(irfft2dOp, 2, "irfft2d");
/** The inverse of rfft3d, real numbers. */
export const irfft3d: Spectral = inverse(irfft3dOp, 3, "irfft3d");

type Axes = number | readonly number[] | null;

const shifted =
  (byDefault: string, isInverse: boolean) =>
  (x: TensorLike, options: { readonly axes?: Axes } & Named = {}): Tensor =>
    inScope(options.name, byDefault, (scope) => {
      const input = convertToTensor(x);
      const axes = options.axes ?? null;
      const half = (size: Tensor): Tensor => (isInverse ? size.floordiv(2).neg() : size.floordiv(2));
      if (axes === null) {
        const all = Array.from({ length: input.shape!.length }, (_, i) => i);
        return ops.roll(input, half(ops.shape(input)), all, { name: scope });
      }
      if (typeof axes === "number") return ops.roll(input, half(ops.shape(input).at(axes)), axes, { name: scope });
      const rank = ops.rank(input);
      const given = convertToTensor(axes, { dtype: int32 });
      const positive = ops.where(ops.less(axes, 0), convertToTensor(axes, { dtype: int32 }).add(rank), given);
      return ops.roll(input, half(ops.gather(ops.shape(input), positive)), positive, { name: scope });
    });

/** Puts the zero frequency in the middle of the axes (all by default). */
export const fftshift: (x: TensorLike, options?: { readonly axes?: Axes } & Named) => Tensor = shifted(
  "fftshift",
  false,
);
/** The inverse of `fftshift`. */
export const ifftshift: (x: TensorLike, options?: { readonly axes?: Axes } & Named) => Tensor = shifted(
  "ifftshift",
  true,
);
