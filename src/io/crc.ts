/** CRC-32C, and the masked form in which TensorFlow stores it beside the data. Source: tensorflow/core/lib/hash/crc32c.h */
import crc32cModule from "crc-32/crc32c.js";

const delta = 0xa282ead8;

/** The checksum of these bytes; with a seed, of all bytes so far and these. */
export const crc32c = (bytes: Uint8Array, seed = 0): number => crc32cModule.buf(bytes, seed) >>> 0;

const pieceBytes = 2 ** 20;

/** As `crc32c`, piece by piece: whoever else waits for the event loop has a turn after each. */
export async function crc32cInTurns(bytes: Uint8Array, seed = 0): Promise<number> {
  let crc = seed;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    crc = crc32c(bytes.subarray(at, at + pieceBytes), crc);
  }
  return crc;
}

/** Rotated and shifted, so that a checksum of data that holds checksums stays useful. */
export const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + delta) >>> 0;

export function unmask(masked: number): number {
  const rotated = (masked - delta) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

export const maskedCrc32c = (bytes: Uint8Array, seed = 0): number => mask(crc32c(bytes, seed));
