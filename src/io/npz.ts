/**
 * numpy's .npz files: a ZIP archive of .npy files, one for each array.
 * Source: PKWARE's APPNOTE.TXT, as far as numpy.savez goes: stored or deflated members, no encryption
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import crc32 from "crc-32";
import { DataLossError, ResourceExhaustedError, UnimplementedError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { readNpy, writeNpy } from "./npy.ts";

const endSize = 22;
const endMagic = 0x06054b50;
const centralMagic = 0x02014b50;
const localMagic = 0x04034b50;
const zip64Magic = 0x06064b50;
const zip64LocatorMagic = 0x07064b50;
const ratioMax = 1100;

/** The arrays of a .npz file by name. DATA_LOSS for a damaged archive. */
export function readNpz(bytes: Uint8Array, path: string): Map<string, NdArray> {
  const bad = (why: string) => new DataLossError(`${path}: ${why}`, { path });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - endSize;
  while (end >= 0 && end > bytes.length - endSize - 0x10000 && view.getUint32(end, true) !== endMagic) end--;
  if (end < 0 || view.getUint32(end, true) !== endMagic) throw bad("not a .npz file");
  const count = view.getUint16(end + 10, true);
  if (count !== view.getUint16(end + 8, true)) throw bad("its list of members is damaged");
  let at = view.getUint32(end + 16, true);
  const arrays = new Map<string, NdArray>();
  let packedBytes = 0;
  for (let i = 0; i < count; i++) {
    if (at > end - 46 || view.getUint32(at, true) !== centralMagic) throw bad("its list of members is damaged");
    const entry = at;
    const [method, crc] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    if (nameLength > end - at - 46) throw bad("its list of members is damaged");
    const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at + 46, at + 46 + nameLength));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (packed === 0xffffffff || size === 0xffffffff)
      throw new UnimplementedError(`${path}: members of 4 GiB and more are not supported`, { path });
    if (local > bytes.length - 30 || view.getUint32(local, true) !== localMagic)
      throw bad(`${name} is not where the list says`);
    const localName = local + 30;
    const isNamed = nameLength === view.getUint16(local + 26, true) && nameLength <= bytes.length - localName;
    if (!isNamed || !sameBytes(bytes, entry + 46, localName, nameLength))
      throw bad(`${name} has another name where it lies`);
    const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (packed > bytes.length - data) throw bad(`${name} reaches behind the end`);
    packedBytes += packed;
    if (packedBytes > bytes.length) throw bad("its members lie over each other");
    const content = unpack(bytes.subarray(data, data + packed), method, size, `${path}: ${name}`);
    if (content.length !== size || crc32.buf(content) >>> 0 !== crc)
      throw bad(`the checksum of ${name} does not match`);
    const key = name.replace(/\.npy$/, "");
    if (arrays.has(key)) throw bad(`it has two arrays ${key}`);
    arrays.set(key, readNpy(content, `${path}: ${name}`));
  }
  // Behind the list comes the end, or what zip64 puts before it.
  const isWhole = at === end || (at < end && [zip64Magic, zip64LocatorMagic].includes(view.getUint32(at, true)));
  if (!isWhole) throw bad("its list of members is damaged");
  return arrays;
}

const sameBytes = (bytes: Uint8Array, a: number, b: number, length: number): boolean =>
  bytes.subarray(a, a + length).every((byte, i) => byte === bytes[b + i]);

function unpack(packed: Uint8Array, method: number, size: number, where: string): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw new UnimplementedError(`${where}: compression method ${method} is not supported`);
  if (size > packed.length * ratioMax + 64)
    throw new ResourceExhaustedError(`${where}: ${size} bytes from ${packed.length}`);
  try {
    const out = inflateRawSync(packed, { maxOutputLength: size + 1 });
    return new Uint8Array(out.buffer, out.byteOffset, out.length);
  } catch (cause) {
    throw new DataLossError(`${where}: ${(cause as Error).message}`, { cause });
  }
}

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
