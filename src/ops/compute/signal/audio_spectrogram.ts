/** Spectrograms of sound. Source: audio_ops.cc, spectrogram.cc, spectrogram_op.cc. */
import { float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { bracketed } from "../array/basic/names.ts";
import { transformOf } from "./fourier.ts";

const frequencies = (windowSize: number): number => 1 + 2 ** Math.ceil(Math.log2(windowSize)) / 2;
const frameCount = (samples: number, windowSize: number, stride: number): number =>
  samples < windowSize ? 0 : 1 + Math.floor((samples - windowSize) / stride);

/**
 * spectrogram = [channels, frames, frequencies]: amplitudes (or their squares) of input [samples, channels] in periodic Hann windows, `stride`
 * apart, padded with zeros to a power of two.
 */
export const audioSpectrogramOp = defineOp("AudioSpectrogram", {
  inputs: ["input: float"],
  outputs: ["spectrogram: float"],
  attrs: ["window_size: int", "stride: int", "magnitude_squared: bool = false"],
  shape({ input, window_size, stride }) {
    const [samples, channels] = withRank(input, 2);
    if (window_size <= 1) throw invalidArgument(`window size must be > 1, got ${window_size}`);
    if (stride <= 0) throw invalidArgument(`stride must be strictly positive, got ${stride}`);
    const frames = samples === null || samples === undefined ? null : frameCount(samples, window_size, stride);
    return [[channels ?? null, frames, frequencies(window_size)]];
  },
  compute({ input, window_size, stride, magnitude_squared }) {
    if (input.shape.length !== 2)
      throw new InvalidArgumentError(`input must be 2-dimensional${bracketed(input.shape)}`);
    const [samples, channels] = input.shape as [number, number];
    const width = frequencies(window_size);
    const frames = frameCount(samples, window_size, stride);
    const data = input.data as Float32Array;
    const output = new Float32Array(channels * frames * width);
    const hann = Float64Array.from(
      { length: window_size },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window_size),
    );
    const size = 2 * (width - 1);
    const transform = transformOf(size, -1);
    const line = new Float64Array(2 * size);
    for (let c = 0, at = 0; c < channels; c++)
      for (let f = 0; f < frames; f++) {
        line.fill(0);
        for (let i = 0; i < window_size; i++) line[2 * i] = data[(f * stride + i) * channels + c]! * hann[i]!;
        transform(line);
        for (let k = 0; k < width; k++, at++) {
          const power = line[2 * k]! ** 2 + line[2 * k + 1]! ** 2;
          output[at] = magnitude_squared ? power : Math.sqrt(power);
        }
      }
    return new NdArray(float32, [channels, frames, width], output);
  },
  gradient: "unregistered",
});
