/** Fourier transforms of complex numbers over the last one, two or three axes. Source: spectral_ops.cc, fft_ops.cc, fft_ops.py. */
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp, type OpBuilder } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { bracketed, type Named } from "../array/basic/names.ts";
import { realDtype } from "../math/elementwise/complex.ts";
import { transformAxes } from "./fourier.ts";

export type ComplexData = Float32Array | Float64Array;

export function checkRank(input: NdArray, rank: number): void {
  if (input.shape.length < rank)
    throw new InvalidArgumentError(`Input must have rank of at least ${rank} but got: ${bracketed(input.shape)}`);
}

const complexAttrs = ["Tcomplex: {complex64, complex128} = DT_COMPLEX64"] as const;
type ComplexBuilder = OpBuilder<readonly ["input: Tcomplex"], readonly ["output: Tcomplex"], typeof complexAttrs>;

/** How many elements one transform of `rank` axes takes. */
export const transformSize = (tf: GradientTools, x: Tensor, rank: number): Tensor =>
  tf.reduceProd(tf.shape(x).at({ start: -rank }));

function complexTransform(type: string, rank: number, sign: -1 | 1, inverse: () => ComplexBuilder): ComplexBuilder {
  return defineOp(type, {
    inputs: ["input: Tcomplex"],
    outputs: ["output: Tcomplex"],
    attrs: complexAttrs,
    shape: ({ input }) => [withRankAtLeast(input, rank)],
    compute({ input }) {
      checkRank(input, rank);
      const data = Float64Array.from(input.data as ComplexData);
      transformAxes(data, input.shape, rank, sign);
      return new NdArray(input.dtype, input.shape, input.dtype.base === "complex64" ? Float32Array.from(data) : data);
    },
    gradient(tf, _, dy) {
      const size = transformSize(tf, dy!, rank);
      const { dtype } = dy!;
      if (sign === -1) {
        const scale = tf.cast(size, dtype);
        return { input: inverse()({ input: dy! }).mul(scale) };
      }
      const scale = tf.cast(tf.cast(size, realDtype(dtype)).rdiv(1), dtype);
      return { input: inverse()({ input: dy! }).mul(scale) };
    },
  });
}

/** output = the transform of [..., n]. */
export const fftOp: ComplexBuilder = complexTransform("FFT", 1, -1, () => ifftOp);
export const ifftOp: ComplexBuilder = complexTransform("IFFT", 1, 1, () => fftOp);
/** output = the transform of [..., m, n]. */
export const fft2dOp: ComplexBuilder = complexTransform("FFT2D", 2, -1, () => ifft2dOp);
export const ifft2dOp: ComplexBuilder = complexTransform("IFFT2D", 2, 1, () => fft2dOp);
/** output = the transform of [..., l, m, n]. */
export const fft3dOp: ComplexBuilder = complexTransform("FFT3D", 3, -1, () => ifft3dOp);
export const ifft3dOp: ComplexBuilder = complexTransform("IFFT3D", 3, 1, () => fft3dOp);

const wrap =
  (op: ComplexBuilder) =>
  (input: TensorLike, options: Named = {}): Tensor =>
    op({ input: convertToTensor(input, { name: "input" }) }, options.name);

/** X[..., k] = sum over t of x[..., t] exp(-2 pi i k t / n), complex. */
export const fft: (input: TensorLike, options?: Named) => Tensor = wrap(fftOp);
/** The inverse of `fft`: divided by n. */
export const ifft: (input: TensorLike, options?: Named) => Tensor = wrap(ifftOp);
/** The Fourier transform over the last two dimensions, of complex numbers. */
export const fft2d: (input: TensorLike, options?: Named) => Tensor = wrap(fft2dOp);
/** The inverse of fft2d. */
export const ifft2d: (input: TensorLike, options?: Named) => Tensor = wrap(ifft2dOp);
/** The Fourier transform over the last three dimensions, of complex numbers. */
export const fft3d: (input: TensorLike, options?: Named) => Tensor = wrap(fft3dOp);
/** The inverse of fft3d. */
export const ifft3d: (input: TensorLike, options?: Named) => Tensor = wrap(ifft3dOp);
