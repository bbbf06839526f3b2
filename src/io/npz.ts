/**
 * numpy's .npz files: a ZIP archive of .npy files, one for each array.
 * Source: PKWARE's APPNOTE.TXT, as far as numpy.savez goes: stored or deflated members, no encryption
 */
import { deflateRawSync } from "node:zlib";
import crc32 from "crc-32";
import { DataLossError, UnimplementedError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { centralMagic, endMagic, localMagic, readZip } from "./archive/zip.ts";
import { readNpy, writeNpy } from "./npy.ts";

/** Each array of a .npz file, made from its member by `read`, by name. DATA_LOSS for a damaged archive. */
export function npzMembers<T>(
  bytes: Uint8Array,
  path: string,
  read: (content: Uint8Array, where: string) => T,
): Map<string, T> {
  const arrays = new Map<string, T>();
  for (const [name, content] of readZip(bytes, path, ".npz")) {
    const key = name.replace(/\.npy$/, "");
    if (arrays.has(key)) throw new DataLossError(`${path}: it has two arrays ${key}`, { path });
    arrays.set(key, read(content, `${path}: ${name}`));
  }
  return arrays;
}

/** The arrays of a .npz file by name. DATA_LOSS for a damaged archive. */
export const readNpz = (bytes: Uint8Array, path: string): Map<string, NdArray> => npzMembers(bytes, path, readNpy);

/** The bytes of a .npz file, as numpy.savez writes it, or numpy.savez_compressed. */
export function writeNpz(
  arrays: Iterable<readonly [name: string, array: NdArray]>,
  { compressed = false } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, array] of arrays) {
    const file = new TextEncoder().encode(`${name}.npy`);
    const content = writeNpy(array);
    const packed = compressed ? deflateRawSync(content) : content;
    if (content.length >= 0xffffffff)
      throw new UnimplementedError(`${name}: arrays of 4 GiB and more are not supported`);
    // version, flags (names in UTF-8), method, time and date (1980-01-01), crc32, sizes, name length, no extra field
    const shared = new Uint8Array(26);
    const view = new DataView(shared.buffer);
    const fields16 = [20, 0x800, compressed ? 8 : 0, 0, 0x21];
    for (const [i, field] of fields16.entries()) view.setUint16(2 * i, field, true);
    view.setInt32(10, crc32.buf(content), true);
    view.setUint32(14, packed.length, true);
    view.setUint32(18, content.length, true);
    view.setUint16(22, file.length, true);
    parts.push(uint32(localMagic), shared, file, packed);
    const tail = new Uint8Array(14);
    new DataView(tail.buffer).setUint32(10, offset, true);
    central.push(uint32(centralMagic), Uint8Array.of(20, 0), shared, tail, file);
    offset += 4 + shared.length + file.length + packed.length;
  }
  const members = central.length / 5;
  const centralSize = central.reduce((n, part) => n + part.length, 0);
  const end = new Uint8Array(18);
  const view = new DataView(end.buffer);
  view.setUint16(4, members, true);
  view.setUint16(6, members, true);
  view.setUint32(8, centralSize, true);
  view.setUint32(12, offset, true);
  return new Uint8Array(Buffer.concat([...parts, ...central, uint32(endMagic), end]));
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
