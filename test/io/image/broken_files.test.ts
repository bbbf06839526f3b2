/** Image files with random damage: they give pixels or INVALID_ARGUMENT, in bounded room. */
import { expect, test } from "vitest";
import { OpError } from "../../../src/core/error.ts";
import { decodeGif } from "../../../src/io/image/gif.ts";
import { decodeJpeg, jpegSize } from "../../../src/io/image/jpeg/decode.ts";
import { encodeJpeg } from "../../../src/io/image/jpeg/encode.ts";
import { encodePng } from "../../../src/io/image/png.ts";
import { decodePng } from "../../../src/io/image/png_decode.ts";
import { readFamily } from "../../conformance/ops.ts";
import { toArray } from "../../conformance/values.ts";

const size = { height: 21, width: 34, channels: 3 };
const pixels = Uint8Array.from({ length: 21 * 34 * 3 }, (_, i) => (i * i * 7 + (i >> 5) * 31) & 255);
const writing = {
  quality: 80,
  isProgressive: false,
  isOptimized: false,
  isHalved: true,
  densityUnit: "in",
  xDensity: 300,
  yDensity: 300,
  xmp: new Uint8Array(),
} as const;
const reading = { channels: 0, ratio: 1, isFancy: true, isFast: true, recovers: false, crop: null };

const { cases } = readFamily(
  new URL("../../fixtures/op_cases/media/image_files.json", import.meta.url).pathname,
) as unknown as { cases: { name: string; feeds: Record<string, Parameters<typeof toArray>[0]> }[] };
const gif = toArray(cases.find(({ name }) => name === "DecodeGif_moving")!.feeds["x:0"]!).data[0] as Uint8Array;

/** 300 copies with a few bytes changed, the same in each run. */
function* damaged(file: Uint8Array): Generator<Uint8Array> {
  let state = 12345;
  const next = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  for (let i = 0; i < 300; i++) {
    const copy = file.slice(0, i % 3 === 0 ? next(file.length) : file.length);
    for (let k = 0; k < 1 + (i % 5); k++) if (copy.length > 0) copy[next(copy.length)] = next(256);
    yield copy;
  }
}

function countGood(file: Uint8Array, decode: (bytes: Uint8Array) => unknown): number {
  let good = 0;
  for (const bytes of damaged(file)) {
    try {
      if (decode(bytes) !== null) good++;
    } catch (error) {
      if (!(error instanceof OpError) || error.code !== "INVALID_ARGUMENT") throw error;
    }
  }
  return good;
}

test.each([false, true])("JPEG, progressive %s", (isProgressive) => {
  const file = encodeJpeg(pixels, size, { ...writing, isProgressive })!;
  expect(decodeJpeg(file, reading)).toMatchObject(size);
  expect(jpegSize(file)).toEqual(size);
  expect(countGood(file, (bytes) => decodeJpeg(bytes, reading))).toBeLessThan(300);
  expect(countGood(file, (bytes) => decodeJpeg(bytes, { ...reading, recovers: true }))).toBeLessThan(300);
});

test("PNG", () => {
  const file = encodePng(pixels, size);
  expect(decodePng(file, { channels: 0, bits: 8 })).toEqual({ ...size, data: pixels });
  expect(countGood(file, (bytes) => decodePng(bytes, { channels: 0, bits: 8 }))).toBeLessThan(300);
});

test("GIF", () => {
  expect(decodeGif(gif, { all: true }).frames).toBe(3);
  expect(countGood(gif, (bytes) => decodeGif(bytes, { all: true }))).toBeLessThan(300);
});

test("a size that the file cannot hold is refused before room is made for it", () => {
  const jpeg = encodeJpeg(pixels, size, writing)!;
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  jpeg.set([0xf0, 0, 0x40, 0], frame + 5);
  expect(decodeJpeg(jpeg, reading)).toBeNull();
  const frameAt = gif.findIndex((byte, i) => byte === 0x2c && i > 13 + 3 * (2 << (gif[10]! & 7)) - 1);
  const large = gif.slice();
  large.set([0xff, 0xff, 0xff, 0xff], frameAt + 5);
  expect(() => decodeGif(large, { all: true })).toThrow("Invalid GIF data");
});
