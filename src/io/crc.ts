/** CRC-32C, and the masked form in which TensorFlow stores it beside the data. Source: tensorflow/core/lib/hash/crc32c.h */
import crc32cModule from "crc-32/crc32c.js";
import { createMachine, dataAt, dataBytes, type Machine, maskDelta, maxRecords } from "./checksum/machine.ts";

/** Made when it pays; null where there is none. */
let machine: Machine | null | undefined;
/** Fewer bytes than this are done before they were brought to the machine; so many are worth to make it. */
const [machineBytes, firstBytes] = [256, 2 ** 14];

function machineFor(sizeBytes: number): Machine | null {
  if (machine === undefined && sizeBytes >= firstBytes) machine = createMachine();
  return sizeBytes >= machineBytes ? (machine ?? null) : null;
}

/** The checksum of these bytes; with a seed, of all bytes so far and these. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const by = machineFor(bytes.length);
  if (!by) return crc32cModule.buf(bytes, seed) >>> 0;
  let state = ~seed;
  for (let at = 0; at < bytes.length; at += dataBytes) {
    const size = Math.min(dataBytes, bytes.length - at);
    by.bytes.set(size === bytes.length ? bytes : bytes.subarray(at, at + size), dataAt);
    state = by.crc(dataAt, size, state);
  }
  return ~state >>> 0;
}

/** The lengths of the whole and undamaged records that stand one behind another from `at` on: some of them, or none, whatever comes behind. */
export function wholeRecords(bytes: Uint8Array, at: number, longest: number): Uint32Array {
  const size = Math.min(dataBytes, bytes.length - at);
  const by = machineFor(size);
  if (!by) return none;
  by.bytes.set(bytes.subarray(at, at + size), dataAt);
  return by.lengths.slice(0, by.records(dataAt, dataAt + size, Math.min(longest, dataBytes), maxRecords));
}

const none = new Uint32Array(0);

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
export const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;

export function unmask(masked: number): number {
  const rotated = (masked - maskDelta) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

export const maskedCrc32c = (bytes: Uint8Array, seed = 0): number => mask(crc32c(bytes, seed));
