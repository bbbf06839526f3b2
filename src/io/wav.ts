/**
 * WAV files of 16-bit samples:
 *     "RIFF"  uint32 size of what follows  "WAVE"
 *     "fmt "  uint32 16 or 18  | uint16 1 (PCM) | uint16 channels | uint32 samples a second | uint32 bytes a second | uint16 bytes a frame | uint16 16
 *     "data"  uint32 size      | int16 samples, channel by channel in each frame
 * Other chunks may stand between. Source: wav_io.cc.
 */
import { InvalidArgumentError } from "../core/error.ts";

export interface Sound {
  /** [frames, channels], -1 to 1. */
  readonly samples: Float32Array;
  readonly channels: number;
  readonly sampleRate: number;
}

/** Chunks that may stand before the format. */
const skipped = ["JUNK", "bext", "iXML", "qlty", "mext", "levl", "link", "axml"];

class Cursor {
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#view.byteLength;
  }

  take(count: number): number {
    if (this.at + count > this.#view.byteLength)
      throw new InvalidArgumentError("Data too short when trying to read string");
    this.at += count;
    return this.at - count;
  }

  /** Room for `count` bytes, from here on. */
  expect(count: number): void {
    this.take(count);
    this.at -= count;
  }

  text(): string {
    const at = this.take(4);
    return Array.from({ length: 4 }, (_, i) => String.fromCharCode(this.#view.getUint8(at + i))).join("");
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  uint16(): number {
    return this.#view.getUint16(this.take(2), true);
  }

  int16(): number {
    return this.#view.getInt16(this.take(2), true);
  }
}

function expectText(cursor: Cursor, expected: string): void {
  const found = cursor.text();
  if (found !== expected) throw new InvalidArgumentError(`Header mismatch: Expected ${expected} but found ${found}`);
}

/** Reads the format; bytes a frame. */
function readFormat(cursor: Cursor): { channels: number; sampleRate: number; frameSize: number } {
  for (let found = cursor.text(); found !== "fmt "; found = cursor.text()) {
    if (!skipped.includes(found)) throw new InvalidArgumentError(`Unexpected field ${found}`);
    cursor.take(cursor.uint32());
  }
  const size = cursor.uint32();
  if (size !== 16 && size !== 18)
    throw new InvalidArgumentError(`Bad format chunk size for WAV: Expected 16 or 18, but got${size}`);
  const format = cursor.uint16();
  if (format !== 1) throw new InvalidArgumentError(`Bad audio format for WAV: Expected 1 (PCM), but got${format}`);
  const channels = cursor.uint16();
  if (channels < 1)
    throw new InvalidArgumentError(`Bad number of channels for WAV: Expected at least 1, but got ${channels}`);
  const [sampleRate, bytesPerSecond] = [cursor.uint32(), cursor.uint32()];
  const [frameSize, bits] = [cursor.uint16(), cursor.uint16()];
  if (bits !== 16) throw new InvalidArgumentError(`Can only read 16-bit WAV files, but received ${bits}`);
  if (frameSize !== 2 * channels)
    throw new InvalidArgumentError(`Bad bytes per sample in WAV header: Expected ${2 * channels} but got ${frameSize}`);
  const perSecond = frameSize * sampleRate;
  if (bytesPerSecond !== perSecond)
    throw new InvalidArgumentError(
      `Bad bytes per second in WAV header: Expected ${perSecond} but got ${bytesPerSecond} (sample_rate=${sampleRate}, bytes_per_sample=${frameSize})`,
    );
  if (size === 18) cursor.take(2);
  return { channels, sampleRate, frameSize };
}

/** The samples of a file. Throws TensorFlow's INVALID_ARGUMENT when it is broken or of another kind. */
export function decodeWav(bytes: Uint8Array): Sound {
  const cursor = new Cursor(bytes);
  expectText(cursor, "RIFF");
  cursor.uint32();
  expectText(cursor, "WAVE");
  const { channels, sampleRate, frameSize } = readFormat(cursor);
  let samples: Float32Array | null = null;
  while (!cursor.isAtEnd) {
    const id = cursor.text();
    const size = cursor.uint32();
    if (size > 0x7fffffff)
      throw new InvalidArgumentError(
        `WAV data chunk '${id}' is too large: ${size} bytes, but the limit is ${0x7fffffff}`,
      );
    if (id !== "data") {
      cursor.at += size;
      continue;
    }
    if (samples) throw new InvalidArgumentError("More than one data chunk found in WAV");
    const count = Math.floor(size / frameSize) * channels;
    cursor.expect(2 * count);
    samples = Float32Array.from({ length: count }, () => cursor.int16() / 32768);
  }
  if (!samples) throw new InvalidArgumentError("No data chunk found in WAV");
  return { samples, channels, sampleRate };
}

/** Half a step away from zero, as C rounds. */
const round = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/** The file of a sound; samples beyond -1 and 1 are cut. */
export function encodeWav({ samples, channels, sampleRate }: Sound): Uint8Array {
  const file = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(file.buffer);
  const text = (at: number, value: string): void => file.set(new TextEncoder().encode(value), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) {
    const value = round(Math.fround(samples[i]! * 32768));
    view.setInt16(44 + 2 * i, Math.min(Math.max(value, -32768), 32767), true);
  }
  return file;
}
