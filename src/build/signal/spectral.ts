/** Frames of signals and their spectra. Source: tensorflow/python/ops/signal/{shape_ops,reconstruction_ops,spectral_ops,dct_ops}.py. */

import { type DType, float32, int32 } from "../../core/dtype.ts";
import { UnimplementedError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  concat,
  constant,
  gather,
  irfft,
  matmul,
  maximum,
  pad,
  range,
  rank,
  reshape,
  rfft,
  shape,
  stack,
  transpose,
  unsortedSegmentSum,
  zeros,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { hannWindow, type WindowOptions } from "./window.ts";

interface Named {
  readonly name?: string | undefined;
}

export interface FrameOptions extends Named {
  /** Fills a last frame that reaches past the end. */
  readonly padEnd?: boolean | undefined;
  /** 0 by default. */
  readonly padValue?: TensorLike | undefined;
}

/** [n, length]: the samples of frame i are i * step, i * step + 1, … */
const positions = (n: Tensor, length: Tensor, step: Tensor): Tensor =>
  reshape(range(n).mul(step), [-1, 1]).add(reshape(range(length), [1, -1]));

const scalar = (value: TensorLike, name: string): Tensor => convertToTensor(value, { dtype: int32, name });

const framePlaces = ["padEnd", "padValue"] as const;

/** Frames of `frameLength` samples, one every `frameStep`, of a signal [..., samples]: [..., frames, frameLength]. */
export function frame(
  signal: TensorLike,
  frameLength: TensorLike,
  frameStep: TensorLike,
  ...rest: Rest<FrameOptions, typeof framePlaces>
): Tensor {
  const options = byName<FrameOptions>(rest, framePlaces);
  const { padEnd = false, padValue = 0, name } = options;
  return getDefaultGraph().nameScope(name ?? "frame", () => {
    let samples = convertToTensor(signal, { name: "signal" });
    const [length, step] = [scalar(frameLength, "frame_length"), scalar(frameStep, "frame_step")];
    let n = shape(samples).at(-1);
    let frames = maximum(0, n.sub(length).floordiv(step).add(1));
    if (padEnd) {
      frames = n.add(step).sub(1).floordiv(step);
      const missing = maximum(0, frames.sub(1).mul(step).add(length).sub(n));
      const before = zeros(stack([rank(samples).sub(1), 2]), int32);
      const value = convertToTensor(padValue, { dtype: samples.dtype.baseDtype });
      samples = pad(samples, concat([before, stack([stack([constant(0), missing])])], 0), { constantValues: value });
      n = shape(samples).at(-1);
    }
    return gather(samples, positions(frames, length, step), { axis: -1 });
  });
}

/** The signal [..., samples] of frames [..., frames, length] laid `frameStep` apart, where they overlap added. */
export function overlapAndAdd(signal: TensorLike, frameStep: TensorLike, options: Named = {}): Tensor {
  return getDefaultGraph().nameScope(options.name ?? "overlap_and_add", () => {
    const frames = convertToTensor(signal, { name: "signal" });
    if (frames.shape !== null && frames.shape.length < 2)
      throw new ValueError(`Shape ${frames.getShape()} must have rank at least 2`);
    const step = scalar(frameStep, "frame_step");
    const sizes = shape(frames);
    const [n, length] = [sizes.at(-2), sizes.at(-1)];
    const total = n.sub(1).mul(step).add(length);
    const rows = transpose(reshape(frames, stack([constant(-1), n.mul(length)])));
    const sums = unsortedSegmentSum(rows, reshape(positions(n, length, step), [-1]), total);
    return reshape(transpose(sums), concat([sizes.at(":-2"), stack([total])], 0));
  });
}

export interface StftOptions extends Named {
  /** The smallest power of two that holds a frame, by default. */
  readonly fftLength?: number | undefined;
  /** Hann's by default; null for none. */
  readonly windowFn?: ((length: number, options: WindowOptions) => Tensor) | null | undefined;
  readonly padEnd?: boolean | undefined;
}

const enclosingPowerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(n));

const stftPlaces = ["fftLength", "windowFn", "padEnd", "name"] as const;

/** Short-time Fourier transform of signals [..., samples]: complex [..., frames, fftLength / 2 + 1]. */
export function stft(
  signals: TensorLike,
  frameLength: number,
  frameStep: number,
  ...rest: Rest<StftOptions, typeof stftPlaces>
): Tensor {
  const options = byName<StftOptions>(rest, stftPlaces);
  const { fftLength = enclosingPowerOfTwo(frameLength), windowFn = hannWindow, padEnd = false, name } = options;
  return getDefaultGraph().nameScope(name ?? "stft", () => {
    const frames = frame(signals, frameLength, frameStep, { padEnd });
    const weighted = windowFn ? frames.mul(windowFn(frameLength, { dtype: frames.dtype.baseDtype })) : frames;
    return rfft(weighted, { fftLength: [fftLength] });
  });
}

const inverseStftPlaces = ["fftLength", "windowFn", "name"] as const;

/** The signals [..., samples] of spectra [..., frames, fftLength / 2 + 1]: exact where the windows' products add up to 1. */
export function inverseStft(
  stfts: TensorLike,
  frameLength: number,
  frameStep: number,
  ...rest: Rest<Omit<StftOptions, "padEnd">, typeof inverseStftPlaces>
): Tensor {
  const options = byName<Omit<StftOptions, "padEnd">>(rest, inverseStftPlaces);
  const { fftLength = enclosingPowerOfTwo(frameLength), windowFn = hannWindow, name } = options;
  return getDefaultGraph().nameScope(name ?? "inverse_stft", () => {
    const real = irfft(convertToTensor(stfts, { name: "stfts" }), { fftLength: [fftLength] });
    const kept = Math.min(frameLength, fftLength);
    const cut = real.at("...", `:${kept}`);
    const weighted = windowFn ? cut.mul(windowFn(frameLength, { dtype: real.dtype.baseDtype }).at(`:${kept}`)) : cut;
    return overlapAndAdd(weighted, frameStep);
  });
}

export interface DctOptions extends Named {
  /** 2 by default. */
  readonly type?: 1 | 2 | 3 | 4 | undefined;
  /** The length that the last axis is cut or padded with zeros to. */
  readonly n?: number | null | undefined;
  /** Only the last one, -1, can be transformed. */
  readonly axis?: number | undefined;
  /** "ortho" for a transform that keeps lengths. */
  readonly norm?: "ortho" | null | undefined;
}

/** The matrix [n, n] of a discrete cosine transform, for rows from the left. */
function cosines(n: number, type: 1 | 2 | 3 | 4, norm: "ortho" | null, dtype: DType): Tensor {
  const cell = (i: number, k: number): number => {
    if (type === 1) return (i === 0 || i === n - 1 ? 1 : 2) * Math.cos((Math.PI * i * k) / (n - 1));
    if (type === 4) {
      const wave = Math.cos((Math.PI * (2 * i + 1) * (2 * k + 1)) / (4 * n));
      return (norm === "ortho" ? Math.sqrt(2 / n) : 2) * wave;
    }
    const [sample, wave] = type === 2 ? [i, k] : [k, i];
    const scale = norm === "ortho" ? Math.sqrt((wave === 0 ? 1 : 2) / n) : type === 3 && wave === 0 ? 1 : 2;
    return scale * Math.cos((Math.PI * wave * (2 * sample + 1)) / (2 * n));
  };
  return constant(
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, k) => cell(i, k))),
    dtype,
  );
}

/** x with its last axis cut, or padded with zeros, to n. */
function resized(x: Tensor, n: number | null): Tensor {
  const size = x.shape?.at(-1);
  if (n !== null && n < 1) throw new ValueError("n should be a positive integer or None");
  if (n === null || n === size || typeof size !== "number") return x;
  if (n < size) return x.at("...", `:${n}`);
  const before = x.shape!.slice(0, -1).map(() => [0, 0]);
  return pad(x, [...before, [0, n - size]]);
}

const dctPlaces = ["type", "n", "axis", "norm", "name"] as const;

/** Discrete cosine transform of the last axis, whose size is known: [..., n]. Throws ValueError for other types and unknown sizes. */
export function dct(input: TensorLike, ...rest: Rest<DctOptions, typeof dctPlaces>): Tensor {
  const options = byName<DctOptions>(rest, dctPlaces);
  const { type = 2, norm = null, axis = -1, name } = options;
  if (axis !== -1) throw new UnimplementedError(`axis must be -1. Got: ${axis}`);
  if (![1, 2, 3, 4].includes(type)) throw new ValueError("Types I, II, III and IV (I)DCT are supported.");
  if (type === 1 && norm === "ortho") throw new ValueError("Normalization is not supported for the Type-I DCT.");
  return getDefaultGraph().nameScope(name ?? "dct", () => {
    const x = resized(convertToTensor(input, { preferredDtype: float32 }), options.n ?? null);
    const n = x.shape?.at(-1);
    if (type === 1 && typeof n === "number" && n < 2) {
      throw new ValueError("Type-I DCT requires the dimension to be greater than one.");
    }
    if (typeof n !== "number") throw new ValueError("dct needs a last axis of known size");
    const rows = matmul(reshape(x, [-1, n]), cosines(n, type, norm, x.dtype.baseDtype));
    return reshape(rows, shape(x));
  });
}

/** The inverse of `dct` of the same type and norm, up to the factor that TensorFlow leaves: 2 n without "ortho". */
export const idct = (input: TensorLike, ...rest: Rest<DctOptions, typeof dctPlaces>): Tensor => {
  const options = byName<DctOptions>(rest, dctPlaces);
  return dct(input, { name: "idct", ...options, type: inverseTypes[options.type ?? 2] });
};

const inverseTypes = { 1: 1, 2: 3, 3: 2, 4: 4 } as const;

/** Mel-frequency cepstral coefficients of log-mel spectrograms [..., bins]. */
export function mfccsFromLogMelSpectrograms(spectrograms: TensorLike, options: Named = {}): Tensor {
  const x = convertToTensor(spectrograms);
  const n = x.shape?.at(-1);
  if (n === 0) throw new ValueError("num_mel_bins must be positive. Got: 0");
  return getDefaultGraph().nameScope(options.name ?? "mfccs_from_log_mel_spectrograms", () =>
    dct(x, { type: 2 }).mul(1 / Math.sqrt(2 * (n as number))),
  );
}

export interface MelOptions extends Named {
  readonly numMelBins?: number | undefined;
  readonly numSpectrogramBins?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly lowerEdgeHertz?: number | undefined;
  readonly upperEdgeHertz?: number | undefined;
  readonly dtype?: DType | undefined;
}

const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

const linearToMelWeightMatrixPlaces = [
  "numMelBins",
  "numSpectrogramBins",
  "sampleRate",
  "lowerEdgeHertz",
  "upperEdgeHertz",
  "dtype",
  "name",
] as const;

/** [numSpectrogramBins, numMelBins]: triangles, evenly spaced in mel, that turn linear spectra into mel spectra. */
export function linearToMelWeightMatrix(...rest: Rest<MelOptions, typeof linearToMelWeightMatrixPlaces>): Tensor {
  const options = byName<MelOptions>(rest, linearToMelWeightMatrixPlaces);
  const { numMelBins = 20, numSpectrogramBins = 129, sampleRate = 8000, dtype = float32, name } = options;
  const { lowerEdgeHertz: lower = 125, upperEdgeHertz: upper = 3800 } = options;
  if (numMelBins <= 0) throw new ValueError(`num_mel_bins must be positive. Got: ${numMelBins}`);
  if (lower < 0) throw new ValueError(`lower_edge_hertz must be non-negative. Got: ${lower}`);
  if (lower >= upper) throw new ValueError(`lower_edge_hertz ${lower} >= upper_edge_hertz ${upper}`);
  if (upper > sampleRate / 2)
    throw new ValueError(
      `upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). Got ${upper} for sample_rate: ${sampleRate}`,
    );
  const edges = Array.from(
    { length: numMelBins + 2 },
    (_, i) => mel(lower) + ((mel(upper) - mel(lower)) * i) / (numMelBins + 1),
  );
  const weight = (bin: number, i: number): number => {
    if (bin === 0) return 0; // the constant part belongs to no band
    const place = mel((bin * sampleRate) / 2 / (numSpectrogramBins - 1));
    const [left, center, right] = [edges[i]!, edges[i + 1]!, edges[i + 2]!];
    return Math.max(0, Math.min((place - left) / (center - left), (right - place) / (right - center)));
  };
  const rows = Array.from({ length: numSpectrogramBins }, (_, bin) =>
    Array.from({ length: numMelBins }, (__, i) => weight(bin, i)),
  );
  return constant(rows, { dtype, name: name ?? "linear_to_mel_weight_matrix" });
}
