/** Sound from and to WAV files. Source: audio_ops.cc, decode_wav_op.cc, encode_wav_op.cc. */

import { float32, int32, string } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Dim, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { decodeWav as readWav, encodeWav as writeWav } from "../../../io/wav.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { integerArray } from "../array/basic/elements.ts";
import { bracketed, type Name, type Named, nameOf } from "../array/basic/names.ts";

function wantedDim(wanted: number, what: string): Dim {
  if (wanted === -1) return null;
  if (wanted < 0) throw invalidArgument(`${what} must be non-negative, got ${wanted}`);
  return wanted;
}

/** audio = [frames, channels] of the file, -1 to 1; frames wanted beyond it are 0, channels repeat the last one. */
export const decodeWavOp = defineOp("DecodeWav", {
  inputs: ["contents: string"],
  outputs: ["audio: float", "sample_rate: int32"],
  attrs: ["desired_channels: int = -1", "desired_samples: int = -1"],
  shape({ contents, desired_channels, desired_samples }) {
    withRank(contents, 0);
    const channels = wantedDim(desired_channels, "channels");
    return [[wantedDim(desired_samples, "samples"), channels], []];
  },
  compute({ contents, desired_channels, desired_samples }) {
    if (contents.shape.length !== 0)
      throw new InvalidArgumentError(`contents must be scalar, got shape ${bracketed(contents.shape)}`);
    const sound = readWav(contents.data[0] as Uint8Array);
    const frames = desired_samples === -1 ? sound.samples.length / sound.channels : desired_samples;
    const channels = desired_channels === -1 ? sound.channels : desired_channels;
    const audio = new Float32Array(frames * channels);
    for (let i = 0; i < Math.min(frames, sound.samples.length / sound.channels); i++)
      for (let c = 0; c < channels; c++)
        audio[i * channels + c] = sound.samples[i * sound.channels + Math.min(c, sound.channels - 1)]!;
    return [new NdArray(float32, [frames, channels], audio), integerArray(int32, [sound.sampleRate], [])];
  },
  gradient: "unregistered",
});

/** The only number of a scalar input. */
export function scalarRate(rate: NdArray): number {
  if (rate.shape.length !== 0)
    throw new InvalidArgumentError(
      `Input sample_rate should be a scalar tensor, got ${bracketed(rate.shape)} instead.`,
    );
  return rate.data[0] as number;
}

/** contents = a WAV file of audio [frames, channels] with 16 bits a sample. */
export const encodeWavOp = defineOp("EncodeWav", {
  inputs: ["audio: float", "sample_rate: int32"],
  outputs: ["contents: string"],
  shape({ audio, sample_rate }) {
    withRank(audio, 2);
    withRank(sample_rate, 0);
    return [[]];
  },
  compute({ audio, sample_rate }) {
    if (audio.shape.length !== 2)
      throw new InvalidArgumentError(`audio must be 2-dimensional${bracketed(audio.shape)}`);
    const sampleRate = scalarRate(sample_rate);
    if (sampleRate <= 0)
      throw new InvalidArgumentError(
        `sample_rate must be in (0, 2^32), got: ${BigInt.asUintN(64, BigInt(sampleRate))}`,
      );
    const channels = audio.shape[1]!;
    if (channels < 1 || channels >= 65536)
      throw new InvalidArgumentError(`num_channels must be in (0, 2^16), got: ${channels}`);
    const file = writeWav({ samples: audio.data as Float32Array, channels, sampleRate });
    return new NdArray(string, [], [file]);
  },
  gradient: "unregistered",
});

interface WavDecoding extends Named {
  /** -1: as the file has them. */
  readonly desiredChannels?: number;
  readonly desiredSamples?: number;
}

const decodeWavPlaces = ["desiredChannels", "desiredSamples", "name"] as const;

/** The sound of a WAV file: [frames, channels], -1 to 1, and its sample rate. */
export const decodeWav = (
  contents: TensorLike,
  ...rest: Rest<WavDecoding, typeof decodeWavPlaces>
): { readonly audio: Tensor; readonly sample_rate: Tensor } => {
  const options = byName<WavDecoding>(rest, decodeWavPlaces);
  const { desiredChannels = -1, desiredSamples = -1, name } = options;
  return decodeWavOp({ contents, desired_channels: desiredChannels, desired_samples: desiredSamples }, name);
};

/** The WAV file of audio [frames, channels], -1 to 1. */
export const encodeWav = (audio: TensorLike, sampleRate: TensorLike, name?: Name): Tensor =>
  encodeWavOp({ audio, sample_rate: sampleRate }, nameOf(name));
