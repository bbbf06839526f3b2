/**
 * Snappy's raw format, to read only: the length as a varint, then pieces, each begun by a byte whose two low bits tell literals from copies.
 * Source: google/snappy, format_description.txt
 */
import { DataLossError, ResourceExhaustedError } from "../../core/error.ts";
import { WireReader } from "../wire.ts";

const ratioMax = 255;

/** The bytes; DATA_LOSS for what is malformed, RESOURCE_EXHAUSTED beyond `sizeMax` or 255 times the compressed size. */
export function unsnappy(compressed: Uint8Array, sizeMax: number): Uint8Array {
  const bad = () => new DataLossError("its snappy data is malformed");
  const reader = new WireReader(compressed);
  const size = reader.varint();
  if (size > sizeMax || size > ratioMax * compressed.length) {
    throw new ResourceExhaustedError(`a block would have ${size} bytes uncompressed`);
  }
  const out = new Uint8Array(size);
  let to = 0;
  let at = reader.at;
  const little = (n: number): number => {
    if (n > compressed.length - at) throw bad();
    let value = 0;
    for (let i = 0; i < n; i++) value += compressed[at++]! * 256 ** i;
    return value;
  };
  while (at < compressed.length) {
    const tag = compressed[at++]!;
    const high = tag >> 2;
    if ((tag & 3) === 0) {
      const length = (high < 60 ? high : little(high - 59)) + 1;
      if (length > compressed.length - at || length > size - to) throw bad();
      out.set(compressed.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const length = (tag & 3) === 1 ? (high & 7) + 4 : high + 1;
    const distance = (tag & 3) === 1 ? (tag >> 5) * 256 + little(1) : little((tag & 3) === 2 ? 2 : 4);
    if (distance === 0 || distance > to || length > size - to) throw bad();
    for (let i = 0; i < length; i++, to++) out[to] = out[to - distance]!;
  }
  if (to !== size) throw bad();
  return out;
}
