/** Sound of a summary, as 16-bit WAV. Source: tensorflow/core/kernels/summary_audio_op.cc, lib/wav/wav_io.cc. */
import { invalidArgument } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShape } from "../../core/shape.ts";
import type { pb } from "../../proto/messages.ts";

type Value = pb.Summary.Value.$Properties;

/** `<tag>/audio` when at most one is kept, else `<tag>/audio/<i>`. Throws INVALID_ARGUMENT for other ranks or a rate that is not positive. */
export function audioValues(tag: string, tensor: NdArray, sampleRate: number, maxOutputs: number): Value[] {
  const rank = tensor.shape.length;
  if (rank < 2 || rank > 3) throw invalidArgument(`Tensor must be 3-D or 2-D, got: ${formatShape(tensor.shape)}`);
  if (!(sampleRate > 0)) throw invalidArgument("sample_rate must be > 0");
  const [n, frames, channels = 1] = tensor.shape as [number, number, number?];
  const size = frames * channels;
  return Array.from({ length: Math.min(n, maxOutputs) }, (_, i) => {
    const samples = (tensor.data as Float32Array).subarray(i * size, (i + 1) * size);
    const name = maxOutputs > 1 ? `${tag}/audio/${i}` : `${tag}/audio`;
    const audio = {
      sampleRate,
      numChannels: channels,
      lengthFrames: frames,
      encodedAudioString: encodeWav(samples, sampleRate, channels),
      contentType: "audio/wav",
    };
    return { tag: name, audio };
  });
}

/**
 *     "RIFF" uint32 size - 8  "WAVE"
 *     "fmt " uint32 16  uint16 1 (PCM)  uint16 channels  uint32 rate  uint32 bytes a second  uint16 bytes a frame  uint16 16 bits
 *     "data" uint32 bytes  int16 samples
 */
function encodeWav(samples: Float32Array, sampleRate: number, channels: number): Uint8Array {
  const dataBytes = 2 * samples.length;
  const file = new Uint8Array(44 + dataBytes);
  const view = new DataView(file.buffer);
  const rate = Math.round(sampleRate);
  const word = (at: number, text: string): void => {
    for (let i = 0; i < 4; i++) file[at + i] = text.charCodeAt(i);
  };
  word(0, "RIFF");
  view.setUint32(4, file.length - 8, true);
  word(8, "WAVE");
  word(12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, dataBytes, true);
  for (const [i, x] of samples.entries()) {
    const scaled = Math.fround(x * 32768);
    const rounded = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    view.setInt16(44 + 2 * i, Math.min(32767, Math.max(-32768, rounded)), true);
  }
  return file;
}
