/** CRC-32C, and the masked form in which TensorFlow stores it beside the data. Source: tensorflow/core/lib/hash/crc32c.h */
import crc32cModule from "crc-32/crc32c.js";

const delta = 0xa282ead8;

/** The checksum of these bytes; with a seed, of all bytes so far and these. */
export const crc32c = (bytes: Uint8Array, seed = 0): number => crc32cModule.buf(bytes, seed) >>> 0;

/** Rotated and shifted, so that a checksum of data that holds checksums stays useful. */
export const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + delta) >>> 0;

export function unmask(masked: number): number {
  const rotated = (masked - delta) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

export const maskedCrc32c = (bytes: Uint8Array, seed = 0): number => mask(crc32c(bytes, seed));
