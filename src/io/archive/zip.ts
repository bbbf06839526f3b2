/**
 * ZIP archives, as far as numpy.savez and common packers go: stored or deflated members, no encryption, less than 4 GiB.
 *     local header, data | … | central directory: one entry a member | end record, which says where the directory lies
 * Source: PKWARE's APPNOTE.TXT
 */
import { inflateRawSync } from "node:zlib";
import crc32 from "crc-32";
import { DataLossError, ResourceExhaustedError, UnimplementedError } from "../../core/error.ts";

const endSize = 22;
export const endMagic = 0x06054b50;
export const centralMagic = 0x02014b50;
export const localMagic = 0x04034b50;
const zip64Magic = 0x06064b50;
const zip64LocatorMagic = 0x07064b50;
const ratioMax = 1100;

/** The members of an archive by name, whole and checked; `kind` is what messages call the file. DATA_LOSS for a damaged archive. */
export function readZip(bytes: Uint8Array, path: string, kind = ".zip"): Map<string, Uint8Array> {
  const bad = (why: string) => new DataLossError(`${path}: ${why}`, { path });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - endSize;
  while (end >= 0 && end > bytes.length - endSize - 0x10000 && view.getUint32(end, true) !== endMagic) end--;
  if (end < 0 || view.getUint32(end, true) !== endMagic) throw bad(`not a ${kind} file`);
  const count = view.getUint16(end + 10, true);
  if (count !== view.getUint16(end + 8, true)) throw bad("its list of members is damaged");
  let at = view.getUint32(end + 16, true);
  const members = new Map<string, Uint8Array>();
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
    if (members.has(name)) throw bad(`it has two members ${name}`);
    members.set(name, content);
  }
  // Behind the list comes the end, or what zip64 puts before it.
  const isWhole = at === end || (at < end && [zip64Magic, zip64LocatorMagic].includes(view.getUint32(at, true)));
  if (!isWhole) throw bad("its list of members is damaged");
  return members;
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
