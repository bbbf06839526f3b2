/**
 * Finds every damage of a TFRecord file, and what can still be read behind it.
 *
 * Behind a record whose data is wrong stands the next one; behind a wrong length, the next place where a header and the data it
 * promises have right checksums is searched byte by byte.
 */
import { maskedCrc32c } from "../crc.ts";
import { nodeFiles, type OpenFile, readFile, readFully } from "../file_system.ts";
import { type Compression, inflateFile } from "./compression.ts";
import { footerSize, headerSize, readUint32 } from "./framing.ts";

export interface Damage {
  /** Where the damaged record begins. */
  readonly offset: number;
  /** Its number, if the records before it are whole. */
  readonly record: number;
  readonly what: string;
  /** Where whole records go on; absent if none follow. */
  readonly resumesAt?: number;
}

export interface RecordCheck {
  readonly sizeBytes: number;
  /** All records that can be read. */
  readonly records: number;
  /** Those before the first damage. */
  readonly goodRecords: number;
  readonly damages: readonly Damage[];
}

const windowSize = 4 * 2 ** 20;

/** Bytes of a file through a window, or of memory. */
class Bytes {
  readonly size: number;
  readonly #file: OpenFile | undefined;
  #window: Uint8Array;
  #from = 0;

  constructor(content: OpenFile | Uint8Array) {
    this.#file = content instanceof Uint8Array ? undefined : content;
    this.#window = content instanceof Uint8Array ? content : new Uint8Array(0);
    this.size = content instanceof Uint8Array ? content.length : content.sizeBytes();
  }

  /** n bytes at a position; both lie within the size. */
  slice(at: number, n: number): Uint8Array {
    if (at < this.#from || at + n > this.#from + this.#window.length) {
      const window = new Uint8Array(Math.min(this.size - at, Math.max(n, windowSize)));
      readFully(this.#file!, window, at);
      [this.#window, this.#from] = [window, at];
    }
    return this.#window.subarray(at - this.#from, at - this.#from + n);
  }
}

type Found = { readonly data: Uint8Array; readonly next: number } | { readonly fault: string; readonly next?: number };

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, "0")}`;

/** The record at a position, or what is wrong with it. */
function recordAt(bytes: Bytes, at: number): Found {
  const left = bytes.size - at;
  if (left < headerSize) return { fault: `the file ends ${left} bytes into a header of ${headerSize}` };
  const header = bytes.slice(at, headerSize);
  const [stored, computed] = [readUint32(header, 8), maskedCrc32c(header.subarray(0, 8))];
  if (stored !== computed) return { fault: `length checksum is ${hex(computed)}, stored ${hex(stored)}` };
  const length = readUint32(header, 0) + readUint32(header, 4) * 2 ** 32;
  if (length > left - headerSize - footerSize) {
    return {
      fault: `the file ends inside a record of ${length} bytes, ${Math.max(0, left - headerSize)} of them there`,
    };
  }
  const body = bytes.slice(at + headerSize, length + footerSize);
  const next = at + headerSize + length + footerSize;
  const data = body.subarray(0, length);
  const [storedData, computedData] = [readUint32(body, length), maskedCrc32c(data)];
  if (storedData !== computedData)
    return { fault: `data checksum is ${hex(computedData)}, stored ${hex(storedData)}`, next };
  return { data, next };
}

/** The next place from which a whole record can be read. */
function resync(bytes: Bytes, from: number): number | undefined {
  const last = bytes.size - headerSize - footerSize;
  const highest = Math.floor(bytes.size / 2 ** 32);
  for (let at = from; at <= last; at++) {
    const header = bytes.slice(at, headerSize);
    if (readUint32(header, 4) > highest || readUint32(header, 8) !== maskedCrc32c(header.subarray(0, 8))) continue;
    if ("data" in recordAt(bytes, at)) return at;
  }
  return undefined;
}

export interface CheckOptions {
  readonly compression: Compression;
  /** Told of every whole record. */
  readonly onRecord?: (data: Uint8Array, offset: number) => void;
}

/** Reads a file to its end, whatever is in it. Throws NOT_FOUND and the like, DATA_LOSS for what cannot be unpacked. */
export function checkRecords(path: string, { compression, onRecord }: CheckOptions): RecordCheck {
  if (compression !== "") {
    const { bytes, torn } = inflateFile(readFile(path), compression, path);
    const check = checkBytes(new Bytes(bytes), onRecord);
    if (!torn) return check;
    const what = `the ${compression.toLowerCase()} stream is cut off`;
    return { ...check, damages: [...check.damages, { offset: bytes.length, record: check.records, what }] };
  }
  const file = nodeFiles.open(path, "r");
  try {
    return checkBytes(new Bytes(file), onRecord);
  } finally {
    file.close();
  }
}

function checkBytes(bytes: Bytes, onRecord: CheckOptions["onRecord"]): RecordCheck {
  const damages: Damage[] = [];
  let records = 0;
  let goodRecords = 0;
  for (let at = 0; at < bytes.size; ) {
    const found = recordAt(bytes, at);
    if ("data" in found) {
      onRecord?.(found.data, at);
      records++;
      if (damages.length === 0) goodRecords++;
      at = found.next;
      continue;
    }
    const follows = found.next !== undefined && found.next < bytes.size && "data" in recordAt(bytes, found.next);
    const resumesAt =
      found.next !== undefined && (follows || found.next === bytes.size) ? found.next : resync(bytes, at + 1);
    const isEnd = resumesAt === undefined || resumesAt === bytes.size;
    damages.push({ offset: at, record: records, what: found.fault, ...(!isEnd && { resumesAt }) });
    at = resumesAt ?? bytes.size;
  }
  return { sizeBytes: bytes.size, records, goodRecords, damages };
}

const signatures: readonly (readonly [string, readonly number[]])[] = [
  ["a PNG image", [0x89, 0x50, 0x4e, 0x47]],
  ["a JPEG image", [0xff, 0xd8, 0xff]],
  ["a zip or .npz archive", [0x50, 0x4b, 3, 4]],
  ["a numpy array (.npy)", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ["an HDF5 file", [0x89, 0x48, 0x44, 0x46]],
  ["a Parquet file", [0x50, 0x41, 0x52, 0x31]],
  ["an SQLite database", [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65]],
  ["a zstd stream", [0x28, 0xb5, 0x2f, 0xfd]],
  ["a bzip2 stream", [0x42, 0x5a, 0x68]],
  ["an IDX file", [0, 0, 8]],
];

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);

/** How a record file is compressed, by its first bytes: a right header is plain, else the marks of gzip and zlib count. */
export function detectCompression(head: Uint8Array): Compression {
  if (head.length >= headerSize && readUint32(head, 8) === maskedCrc32c(head.subarray(0, 8))) return "";
  if (startsWith(head, [0x1f, 0x8b])) return "GZIP";
  const isZlib = (head[0]! & 0x0f) === 8 && head[0]! >> 4 <= 7 && ((head[0]! << 8) | head[1]!) % 31 === 0;
  return head.length >= 2 && isZlib ? "ZLIB" : "";
}

/** What a file is that is not a TFRecord file: `a PNG image`, `a text file`; undefined if nothing is known. */
export function looksLike(head: Uint8Array): string | undefined {
  const known = signatures.find(([, bytes]) => startsWith(head, bytes));
  if (known) return known[0];
  const text = new TextDecoder().decode(head);
  const isText = head.length > 0 && !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, -4));
  if (!isText) return undefined;
  return /^\s*[[{]/.test(text) ? "a JSON file" : /^[^\n]*[,\t][^\n]*\n/.test(text) ? "a CSV file" : "a text file";
}
