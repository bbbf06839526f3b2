/**
 * Finds every damage of a TFRecord file, and what can still be read behind it.
 *
 * Behind a record whose data is wrong stands the next one; behind a wrong length, the next place where a header and the data it
 * promises have right checksums is searched byte by byte.
 */
import { DataLossError } from "../../core/error.ts";
import { maskedCrc32c } from "../crc.ts";
import { ByteStream } from "../stream/byte_stream.ts";
import type { Compression } from "./compression.ts";
import { defaultMaxRecordBytes, footerSize, headerSize, readUint32 } from "./framing.ts";

export interface Damage {
  /** Where the damaged record begins. */
  readonly offset: number;
  /** Its number, if the records before it are whole. */
  readonly record: number;
  readonly what: string;
  /** Where the file can be read again; absent if it cannot. */
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

const windowSize = 2 ** 20;
/** The search behind a damage may read so many bytes for what turns out to be no record; more only a forged file makes it read. */
const searchMin = 256 * 2 ** 20;
const searchRatio = 8;

type Found = { readonly size: number } | { readonly fault: string; readonly size?: number };

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, "0")}`;

const lengthOf = (bytes: Uint8Array, at: number): number => readUint32(bytes, at) + readUint32(bytes, at + 4) * 2 ** 32;

const isHeader = (bytes: Uint8Array, at: number): boolean =>
  readUint32(bytes, at + 8) === maskedCrc32c(bytes.subarray(at, at + 8));

export interface CheckOptions {
  readonly compression: Compression;
  /** The longest record of a compressed file. */
  readonly maxRecordBytes?: number;
  /** Told of every whole record; its bytes are valid until it returns. */
  readonly onRecord?: (data: Uint8Array, offset: number) => void;
}

/** Reads a file to its end, whatever is in it. Throws NOT_FOUND and the like, DATA_LOSS for what cannot be unpacked. */
export async function checkRecords(path: string, options: CheckOptions): Promise<RecordCheck> {
  const { compression, maxRecordBytes = defaultMaxRecordBytes, onRecord } = options;
  const stream = new ByteStream(path, compression, { allowTorn: true });
  try {
    const sizeBytes = compression === "" ? stream.fileBytes : undefined;
    return await new Checker(stream, { sizeBytes, maxRecordBytes, compression }).check(onRecord);
  } finally {
    stream.close();
  }
}

interface Limits {
  /** Undefined where it shows only at the end. */
  readonly sizeBytes: number | undefined;
  readonly maxRecordBytes: number;
  readonly compression: Compression;
}

class Checker {
  readonly #stream: ByteStream;
  readonly #limits: Limits;
  #searched = 0;

  constructor(stream: ByteStream, limits: Limits) {
    this.#stream = stream;
    this.#limits = limits;
  }

  async check(onRecord: CheckOptions["onRecord"]): Promise<RecordCheck> {
    const stream = this.#stream;
    const damages: Damage[] = [];
    let records = 0;
    let goodRecords = 0;
    try {
      while ((await stream.view(1)).length > 0) {
        const offset = stream.position;
        const found = await this.#recordHere();
        if (!("fault" in found)) {
          onRecord?.((await stream.view(found.size)).subarray(headerSize, found.size - footerSize), offset);
          await stream.skip(found.size);
          records++;
          if (damages.length === 0) goodRecords++;
          continue;
        }
        const goesOn = found.size !== undefined && (await this.#goesOnAt(found.size));
        await stream.skip(goesOn ? found.size! : 1);
        if (!goesOn) await this.#search();
        const isEnd = (await stream.view(1)).length === 0;
        damages.push({ offset, record: records, what: found.fault, ...(!isEnd && { resumesAt: stream.position }) });
      }
      if (stream.isTorn) {
        const what = `the ${this.#limits.compression.toLowerCase()} stream is cut off`;
        damages.push({ offset: stream.position, record: records, what });
      }
    } catch (error) {
      if (!(error instanceof DataLossError) || records === 0) throw error;
      damages.push({
        offset: stream.position,
        record: records,
        what: `nothing more can be unpacked: ${error.message}`,
      });
    }
    return { sizeBytes: stream.position, records, goodRecords, damages };
  }

  /** The record that begins here, its frame included, or what is wrong with it. */
  async #recordHere(): Promise<Found> {
    const header = await this.#stream.view(headerSize);
    if (header.length < headerSize)
      return { fault: `the file ends ${header.length} bytes into a header of ${headerSize}` };
    const [stored, computed] = [readUint32(header, 8), maskedCrc32c(header.subarray(0, 8))];
    if (stored !== computed) return { fault: `length checksum is ${hex(computed)}, stored ${hex(stored)}` };
    const length = lengthOf(header, 0);
    const { sizeBytes, maxRecordBytes } = this.#limits;
    const ends = (there: number) => ({
      fault: `the file ends inside a record of ${length} bytes, ${Math.max(0, there - headerSize)} of them there`,
    });
    const size = headerSize + length + footerSize;
    if (sizeBytes !== undefined && size > sizeBytes - this.#stream.position)
      return ends(sizeBytes - this.#stream.position);
    if (sizeBytes === undefined && length > maxRecordBytes)
      return { fault: `the record has ${length} bytes, the most is ${maxRecordBytes} (--max_record_mb)` };
    const record = await this.#stream.view(size);
    if (record.length < size) return ends(record.length);
    const data = record.subarray(headerSize, size - footerSize);
    const [storedData, computedData] = [readUint32(record, size - footerSize), maskedCrc32c(data)];
    if (storedData === computedData) return { size };
    return { fault: `data checksum is ${hex(computedData)}, stored ${hex(storedData)}`, size };
  }

  /** Does the file end behind this record, or another header follow it? */
  async #goesOnAt(size: number): Promise<boolean> {
    const bytes = await this.#stream.view(size + headerSize);
    return bytes.length === size || (bytes.length === size + headerSize && isHeader(bytes, size));
  }

  /** Goes to the next place where a whole record stands, or to the end. */
  async #search(): Promise<void> {
    const stream = this.#stream;
    const highest = Math.floor((this.#limits.sizeBytes ?? this.#limits.maxRecordBytes) / 2 ** 32);
    for (;;) {
      const window = await stream.view(windowSize);
      const last = window.length - headerSize - footerSize;
      let at = 0;
      while (at <= last && !(readUint32(window, at + 4) <= highest && isHeader(window, at))) at++;
      if (at > last) {
        // The rest of a window that is full may be the beginning of a header.
        if (window.length < windowSize) await stream.skip(window.length);
        else await stream.skip(at);
        if (window.length < windowSize) return;
        continue;
      }
      const size = headerSize + lengthOf(window, at) + footerSize;
      await stream.skip(at);
      if (this.#maySearch(size) && !("fault" in (await this.#recordHere()))) return;
      await stream.skip(1);
    }
  }

  #maySearch(size: number): boolean {
    const left = (this.#limits.sizeBytes ?? Number.POSITIVE_INFINITY) - this.#stream.position;
    if (size > left || size > Math.max(this.#limits.maxRecordBytes, this.#limits.sizeBytes ?? 0)) return false;
    this.#searched += size;
    return this.#searched <= Math.max(searchMin, searchRatio * this.#stream.position);
  }
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
