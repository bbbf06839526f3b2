/**
 * String tensors in a bundle's data file:
 *     varint length of each element | uint32 masked crc32c of the lengths | the bytes of all elements
 * where the checksum takes each length as 4 little-endian bytes (8 beyond 2^32 - 1), and the entry's checksum goes on from it
 * over the word and the bytes. Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, WriteStringTensor
 */
import { DataLossError } from "../../core/error.ts";
import { crc32c, mask } from "../crc.ts";
import { WireReader, WireWriter } from "../wire.ts";

function lengthsChecksum(lengths: readonly number[]): number {
  const out = new WireWriter();
  for (const length of lengths) {
    out.fixed32(length % 2 ** 32);
    if (length >= 2 ** 32) out.fixed32(Math.floor(length / 2 ** 32));
  }
  return crc32c(out.finish());
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The bytes of the elements in the file, and their checksum for the entry. */
export function encodeStrings(strings: readonly Uint8Array[]): { readonly bytes: Uint8Array; readonly crc: number } {
  const lengths = strings.map((s) => s.length);
  const out = new WireWriter();
  for (const length of lengths) out.varint(length);
  const checksum = lengthsChecksum(lengths);
  const checksumWord = word(mask(checksum));
  out.raw(checksumWord);
  let crc = crc32c(checksumWord, checksum);
  for (const s of strings) {
    out.raw(s);
    crc = crc32c(s, crc);
  }
  return { bytes: out.finish(), crc };
}

/** `count` elements and the checksum that the entry must have. DATA_LOSS for lengths beyond the bytes or a wrong checksum of the lengths. */
export function decodeStrings(
  bytes: Uint8Array,
  count: number,
): { readonly strings: Uint8Array[]; readonly crc: number } {
  const reader = new WireReader(bytes);
  const lengths: number[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    total += length;
    if (total > bytes.length) throw new DataLossError("string lengths are longer than the entry");
    lengths.push(length);
  }
  const checksum = lengthsChecksum(lengths);
  const stored = reader.fixed32();
  if (stored !== mask(checksum)) {
    throw new DataLossError(`The length checksum does not match: expected ${stored} but actual is ${mask(checksum)}`);
  }
  if (reader.at + total !== bytes.length) throw new DataLossError("string lengths do not add up to the entry");
  const content = bytes.subarray(reader.at);
  let at = reader.at;
  const strings = lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at); // the bytes belong to this tensor alone
  });
  return { strings, crc: crc32c(content, crc32c(word(stored), checksum)) };
}
