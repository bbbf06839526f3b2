/** Mel-frequency cepstral coefficients. Source: audio_ops.cc, mfcc_op.cc, mfcc.cc, mfcc_mel_filterbank.cc, mfcc_dct.cc. */
import { float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { bracketed } from "../array/basic/names.ts";
import { scalarRate } from "./wav.ts";

const mel = (frequency: number): number => 1127 * Math.log1p(frequency / 700);
const floor = 1e-12;

interface Settings {
  readonly width: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly coefficients: number;
  readonly lower: number;
  readonly upper: number;
}

/** Energies of a spectrum's mel bands: overlapping triangles, the amplitude of each bin shared by two. */
function filterbank({ width, sampleRate, channels, lower, upper }: Settings): (spectrum: Float64Array) => Float64Array {
  const low = mel(lower);
  const spacing = (mel(upper) - low) / (channels + 1);
  const centers = Float64Array.from({ length: channels + 1 }, (_, i) => low + spacing * (i + 1));
  const step = (0.5 * sampleRate) / (width - 1);
  const first = Math.trunc(1.5 + lower / step);
  const last = Math.trunc(upper / step);
  const bands = new Int32Array(width).fill(-2);
  const weights = new Float64Array(width);
  let channel = 0;
  for (let i = first; i <= Math.min(last, width - 1); i++) {
    const at = mel(i * step);
    while (channel < channels && centers[channel]! < at) channel++;
    const band = channel - 1;
    bands[i] = band;
    const below = band < 0 ? low : centers[band]!;
    weights[i] = (centers[band + 1]! - at) / (centers[band + 1]! - below);
  }
  return (spectrum) => {
    if (width <= last) return new Float64Array();
    const energies = new Float64Array(channels);
    for (let i = first; i <= last; i++) {
      const value = Math.sqrt(spectrum[i]!);
      const shared = value * weights[i]!;
      const band = bands[i]!;
      if (band >= 0) energies[band] = energies[band]! + shared;
      if (band + 1 < channels) energies[band + 1] = energies[band + 1]! + value - shared;
    }
    return energies;
  };
}

const isPossible = ({ width, sampleRate, channels, coefficients, lower, upper }: Settings): boolean =>
  channels >= 1 &&
  sampleRate > 0 &&
  width >= 2 &&
  lower >= 0 &&
  upper > lower &&
  coefficients >= 1 &&
  coefficients <= channels;

/** output = [channels, frames, coefficients] of a spectrogram [channels, frames, frequencies] that holds squares of amplitudes. */
export const mfccOp = defineOp("Mfcc", {
  inputs: ["spectrogram: float", "sample_rate: int32"],
  outputs: ["output: float"],
  attrs: [
    "upper_frequency_limit: float = 4000.0",
    "lower_frequency_limit: float = 20.0",
    "filterbank_channel_count: int = 40",
    "dct_coefficient_count: int = 13",
  ],
  shape({ spectrogram, sample_rate, dct_coefficient_count }) {
    const [channels, frames] = withRank(spectrogram, 3);
    withRank(sample_rate, 0);
    return [[channels ?? null, frames ?? null, dct_coefficient_count]];
  },
  compute({ spectrogram, sample_rate, ...attrs }) {
    if (spectrogram.shape.length !== 3)
      throw new InvalidArgumentError(`spectrogram must be 3-dimensional${bracketed(spectrogram.shape)}`);
    const [outer, frames, width] = spectrogram.shape as [number, number, number];
    const sampleRate = scalarRate(sample_rate);
    const channels = attrs.filterbank_channel_count;
    const coefficients = attrs.dct_coefficient_count;
    const [lower, upper] = [attrs.lower_frequency_limit, attrs.upper_frequency_limit];
    const settings: Settings = { width, sampleRate, channels, coefficients, lower, upper };
    if (!isPossible(settings))
      throw new InvalidArgumentError(
        `Mfcc initialization failed for channel count ${width}, sample rate ${sampleRate} and filterbank_channel_count ${channels}`,
      );
    const energiesOf = filterbank(settings);
    const scale = Math.sqrt(2 / channels);
    const output = new Float32Array(outer * frames * coefficients);
    const data = spectrogram.data as Float32Array;
    for (let row = 0; row < outer * frames; row++) {
      const energies = energiesOf(Float64Array.from(data.subarray(row * width, (row + 1) * width)));
      const logs = energies.map((value) => Math.log(Math.max(value, floor)));
      for (let i = 0; i < coefficients; i++) {
        let sum = 0;
        for (let j = 0; j < logs.length; j++)
          sum += scale * Math.cos(((i * Math.PI) / channels) * (j + 0.5)) * logs[j]!;
        output[row * coefficients + i] = sum;
      }
    }
    return new NdArray(float32, [outer, frames, coefficients], output);
  },
  gradient: "unregistered",
});
