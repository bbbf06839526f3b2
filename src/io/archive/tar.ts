/**
 * tar archives: for each member a header of 512 bytes (name at 0, size in octal at 124, kind at 156, prefix of the name at 345), then its
 * bytes, filled up to a multiple of 512. Two blocks of zeros end it.
 * Source: POSIX.1-2001 (ustar, pax), GNU tar's long names.
 */
import { gunzipSync } from "node:zlib";
import { DataLossError, UnimplementedError } from "../../core/error.ts";

export interface TarMember {
  readonly name: string;
  readonly isFolder: boolean;
  readonly content: Uint8Array;
}

const block = 512;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isBzip2 = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68;

/** A text of a header: up to the first zero. */
function textAt(header: Uint8Array, at: number, size: number): string {
  const field = header.subarray(at, at + size);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function isHeader(header: Uint8Array): boolean {
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 32 : byte;
  return sum === Number.parseInt(textAt(header, 148, 8).trim(), 8);
}

/** Whether the bytes are an archive, packed by gzip or not. */
export function isTar(bytes: Uint8Array): boolean {
  if (isGzip(bytes) || isBzip2(bytes)) return true;
  return bytes.length >= block && isHeader(bytes.subarray(0, block));
}

/** The files and folders of an archive, in their order. DATA_LOSS for a damaged one, UNIMPLEMENTED for one packed by bzip2. */
export function readTar(packed: Uint8Array, path: string): TarMember[] {
  if (isBzip2(packed)) throw new UnimplementedError(`${path}: archives packed by bzip2 are not read`, { path });
  const bytes = isGzip(packed) ? gunzip(packed, path) : packed;
  const members: TarMember[] = [];
  let longName: string | null = null;
  for (let at = 0; at + block <= bytes.length; ) {
    const header = bytes.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) break;
    if (!isHeader(header)) throw new DataLossError(`${path}: the header at byte ${at} is damaged`, { path });
    const size = Number.parseInt(textAt(header, 124, 12).trim() || "0", 8);
    const kind = String.fromCharCode(header[156]!);
    if (!(size >= 0) || size > bytes.length - at - block)
      throw new DataLossError(`${path}: the member at byte ${at} reaches behind the end`, { path });
    const content = bytes.subarray(at + block, at + block + size);
    at += block + Math.ceil(size / block) * block;
    if (kind === "L") longName = textAt(content, 0, size);
    else if (kind === "x") longName = paxPath(content) ?? longName;
    else {
      const prefix = textAt(header, 257, 5) === "ustar" ? textAt(header, 345, 155) : "";
      const name = longName ?? (prefix ? `${prefix}/` : "") + textAt(header, 0, 100);
      longName = null;
      if (kind === "5") members.push({ name, isFolder: true, content });
      else if (kind === "0" || kind === "\0" || kind === "7") members.push({ name, isFolder: false, content });
    }
  }
  return members;
}

/** The bytes that gzip packed. DATA_LOSS for others. */
export function gunzip(packed: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(packed);
  } catch (cause) {
    throw new DataLossError(`${path}: ${(cause as Error).message}`, { path, cause });
  }
}

/** The name that a pax header gives to the next member: lines of `length key=value`. */
const paxPath = (content: Uint8Array): string | undefined =>
  /^\d+ path=(.*)$/m.exec(new TextDecoder().decode(content))?.[1];
