/** Fourier transforms of real numbers: the half of the spectrum that is not the mirror of the other. Source: spectral_ops.cc, fft_ops.cc. */
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Dim, elementCount, type Shape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { type ComplexData, checkRank } from "./fft.ts";
import { transformAxes } from "./fourier.ts";
import { inverseGradient, realGradient } from "./real_fft_gradient.ts";

function spectrumShape(input: Shape, length: Shape, rank: number, isHalf: boolean, context: ShapeContext): Shape[] {
  const shape = withRankAtLeast(input, rank);
  const [count] = withRank(length, 1);
  if (count !== null && count !== rank) throw invalidArgument(`Dimension must be ${rank} but is ${count}`);
  if (shape === null) return [null];
  const value = context.value("fft_length");
  const outer = shape.slice(0, -rank);
  if (!value) return [[...outer, ...new Array<Dim>(rank).fill(null)]];
  const sizes = Array.from(value.data as Int32Array, (n, i): Dim => {
    if (n < 0) return null;
    return isHalf && i === rank - 1 && n !== 0 ? (n >> 1) + 1 : n;
  });
  return [[...outer, ...sizes]];
}

/** The lengths of the transforms; throws what the kernels say of lengths that do not fit. */
function lengthsOf(input: NdArray, fftLength: NdArray, rank: number, isForward: boolean): number[] {
  checkRank(input, rank);
  if (fftLength.shape.length !== 1 || fftLength.size !== rank)
    throw new InvalidArgumentError(`fft_length must have shape [${rank}]`);
  const lengths = Array.from(fftLength.data as Int32Array);
  for (const [i, n] of lengths.entries()) {
    if (n < 0) throw new InvalidArgumentError(`fft_length[${i}] must >= 0, but got: ${n}`);
    const axis = input.shape.length - rank + i;
    const least = !isForward && i === rank - 1 ? (n >> 1) + 1 : n;
    const size = input.shape[axis]!;
    if (size !== 0 && size < least)
      throw new InvalidArgumentError(`Input dimension ${axis} must have length of at least ${least} but got: ${size}`);
  }
  return lengths;
}

/** Calls `visit` with the offsets of each line of the last axis in `input` and in a crop of it whose inner shape is `sizes`. */
function eachLine(
  input: readonly number[],
  sizes: readonly number[],
  visit: (from: number, line: number) => void,
): void {
  const rank = sizes.length;
  const inner = input.slice(-rank);
  const outer = elementCount(input.slice(0, -rank));
  const lines = elementCount(sizes.slice(0, -1));
  for (let o = 0, line = 0; o < outer; o++)
    for (let l = 0; l < lines; l++, line++) {
      let at = 0;
      let rest = l;
      let step = inner[rank - 1]!;
      for (let i = rank - 2; i >= 0; i--) {
        at += (rest % sizes[i]!) * step;
        rest = Math.floor(rest / sizes[i]!);
        step *= inner[i]!;
      }
      visit(o * step + at, line);
    }
}

function forward(input: NdArray, lengths: readonly number[], output: NdArray): void {
  const rank = lengths.length;
  const n = lengths[rank - 1]!;
  const shape = [...input.shape.slice(0, -rank), ...lengths];
  const all = new Float64Array(2 * elementCount(shape));
  const source = input.data as Float32Array | Float64Array;
  eachLine(input.shape, lengths, (from, line) => {
    for (let i = 0; i < n; i++) all[2 * (line * n + i)] = source[from + i]!;
  });
  transformAxes(all, shape, rank, -1);
  const target = output.data as ComplexData;
  const half = (n >> 1) + 1;
  for (let line = 0; line < all.length / 2 / n; line++)
    for (let i = 0; i < 2 * half; i++) target[2 * line * half + i] = all[2 * line * n + i]!;
}

function inverse(input: NdArray, lengths: readonly number[], output: NdArray): void {
  const rank = lengths.length;
  const n = lengths[rank - 1]!;
  const half = (n >> 1) + 1;
  const kept = [...lengths.slice(0, -1), half];
  const outer = input.shape.slice(0, -rank);
  const spectrum = new Float64Array(2 * elementCount([...outer, ...kept]));
  const source = input.data as ComplexData;
  eachLine(input.shape, kept, (from, line) => {
    for (let i = 0; i < 2 * half; i++) spectrum[2 * line * half + i] = source[2 * from + i]!;
  });
  // The outer axes are plain inverse transforms; then each line is completed by its mirror.
  if (rank > 1) transformOuter(spectrum, [...outer, ...kept], rank);
  const lines = spectrum.length / 2 / half;
  const all = new Float64Array(2 * lines * n);
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < n; i++) {
      const k = i < half ? i : n - i;
      const isReal = i === 0 || 2 * i === n;
      all[2 * (line * n + i)] = spectrum[2 * (line * half + k)]!;
      all[2 * (line * n + i) + 1] = isReal ? 0 : spectrum[2 * (line * half + k) + 1]! * (i < half ? 1 : -1);
    }
  transformAxes(all, [lines, n], 1, 1);
  const target = output.data as Float32Array | Float64Array;
  for (let i = 0; i < target.length; i++) target[i] = all[2 * i]!;
}

/** Inverse transforms of the last `rank` axes but the very last. */
function transformOuter(data: Float64Array, shape: readonly number[], rank: number): void {
  const width = shape.at(-1)!;
  const lines = data.length / 2 / width;
  const column = new Float64Array(2 * lines);
  for (let c = 0; c < width; c++) {
    for (let l = 0; l < lines; l++) {
      column[2 * l] = data[2 * (l * width + c)]!;
      column[2 * l + 1] = data[2 * (l * width + c) + 1]!;
    }
    transformAxes(column, shape.slice(0, -1), rank - 1, 1);
    for (let l = 0; l < lines; l++) {
      data[2 * (l * width + c)] = column[2 * l]!;
      data[2 * (l * width + c) + 1] = column[2 * l + 1]!;
    }
  }
}

const realAttrs = ["Treal: {float, double} = DT_FLOAT", "Tcomplex: {complex64, complex128} = DT_COMPLEX64"] as const;

const realTransform = (type: string, rank: 1 | 2 | 3) =>
  defineOp(type, {
    inputs: ["input: Treal", "fft_length: int32"],
    outputs: ["output: Tcomplex"],
    attrs: realAttrs,
    shape: ({ input, fft_length }, context) => spectrumShape(input, fft_length, rank, true, context),
    compute({ input, fft_length, Tcomplex }) {
      const lengths = lengthsOf(input, fft_length, rank, true);
      const n = lengths[rank - 1]!;
      const inner = [...lengths.slice(0, -1), n === 0 ? 0 : (n >> 1) + 1];
      const output = emptyArray(Tcomplex, [...input.shape.slice(0, -rank), ...inner]);
      if (output.size > 0 && input.size > 0) forward(input, lengths, output);
      return output;
    },
    gradient: rank === 3 ? "unregistered" : realGradient(rank),
  });

const inverseTransform = (type: string, rank: 1 | 2 | 3) =>
  defineOp(type, {
    inputs: ["input: Tcomplex", "fft_length: int32"],
    outputs: ["output: Treal"],
    attrs: realAttrs,
    shape: ({ input, fft_length }, context) => spectrumShape(input, fft_length, rank, false, context),
    compute({ input, fft_length, Treal }) {
      const lengths = lengthsOf(input, fft_length, rank, false);
      const output = emptyArray(Treal, [...input.shape.slice(0, -rank), ...lengths]);
      if (output.size > 0 && input.size > 0) inverse(input, lengths, output);
      return output;
    },
    gradient: rank === 3 ? "unregistered" : inverseGradient(rank),
  });

/** output = the first n / 2 + 1 values of the transform of [..., n]; fft_length = [n] crops the input. */
export const rfftOp = realTransform("RFFT", 1);
export const rfft2dOp = realTransform("RFFT2D", 2);
export const rfft3dOp = realTransform("RFFT3D", 3);
/** output = the n real values whose transform starts with [..., n / 2 + 1]. */
export const irfftOp = inverseTransform("IRFFT", 1);
export const irfft2dOp = inverseTransform("IRFFT2D", 2);
export const irfft3dOp = inverseTransform("IRFFT3D", 3);
