/**
 * A TFRecord file is a concatenation of
 *     length      uint64, little-endian
 *     length_crc  uint32, masked crc32c of the 8 bytes of length
 *     data        byte[length]
 *     data_crc    uint32, masked crc32c of data
 * Source: tensorflow/core/lib/io/record_reader.cc, record_writer.h
 */
import { DataLossError, ResourceExhaustedError } from "../../core/error.ts";
import { maskedCrc32c, wholeRecords } from "../crc.ts";
import { BytesPool, smallBytes } from "../stream/bytes_pool.ts";

export const headerSize = 12;
export const footerSize = 4;

export const defaultMaxRecordBytes = 256 * 2 ** 20;
/** A record of more bytes than this is gathered where it stays; smaller ones lie together. */
const largeRecord = 2 ** 22;
/** Records lie together in buffers of at most so many bytes: one that is kept keeps all of its buffer. */
const sharedBytes = 2 ** 18;

/** What a cutter of records must know of where its bytes come from. */
export interface RecordOrigin {
  readonly path: string;
  /** Bytes of the file, if it is not compressed: no record can be longer than what is left. */
  readonly sizeBytes?: number | undefined;
  readonly maxRecordBytes?: number | undefined;
}

/** Cuts a stream of bytes into records, without any input or output of its own: `push` bytes, take records with `next`. */
export class RecordCutter {
  readonly #origin: RecordOrigin;
  /** Bytes in one piece from #at on, then #pieces, which are joined to it only when a record needs them. */
  #buffer: Uint8Array = new Uint8Array(0);
  #at = 0;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  /** A large record that is being gathered, its frame included; bytes are copied into it as they come. */
  #large: Uint8Array<ArrayBuffer> | undefined;
  #largeBytes = 0;
  #offset: number;
  #length = -1;
  /** Lengths of the records that begin here and are known to be whole and undamaged, from #next on. */
  #known: Uint32Array = new Uint32Array(0);
  #next = 0;
  #room: Uint8Array<ArrayBuffer> | undefined;
  readonly #pool = new BytesPool();

  constructor(origin: RecordOrigin, offset = 0) {
    this.#origin = origin;
    this.#offset = offset;
  }

  get path(): string {
    return this.#origin.path;
  }

  /** Where in the (uncompressed) stream the next record begins. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes pushed and not yet part of a record taken. */
  get pending(): number {
    return this.#largeBytes + this.#buffer.length - this.#at + this.#pieceBytes;
  }

  push(bytes: Uint8Array): void {
    let rest = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#large) rest = this.#intoLarge(rest);
    if (rest.length === 0) return;
    this.#pieces.push(rest);
    this.#pieceBytes += rest.length;
  }

  /** Room for n more bytes, or fewer; once they are read there, and nothing else is done meanwhile, `filled` says how many there are. */
  room(n: number): Uint8Array<ArrayBuffer> {
    if (this.#large) return this.#large.subarray(this.#largeBytes, this.#largeBytes + n);
    const { pending } = this;
    this.#room = new Uint8Array(Buffer.allocUnsafeSlow(pending + n).buffer as ArrayBuffer);
    this.#join(this.#room);
    return this.#room.subarray(pending);
  }

  filled(n: number): void {
    if (this.#large) this.#largeBytes += n;
    else this.#begin(this.#room!.subarray(0, this.pending + n));
    this.#room = undefined;
  }

  /** How many bytes must be pending for `next` to give a record, as far as its length is known. DATA_LOSS, RESOURCE_EXHAUSTED for that length. */
  get wanted(): number {
    if (this.#length < 0) {
      if (this.pending < headerSize) return headerSize;
      this.#gather(headerSize);
      if (this.#next === this.#known.length) this.#look();
      this.#length = this.#known[this.#next] ?? this.#readLength();
    }
    return headerSize + this.#length + footerSize;
  }

  /** The next record as a view on what was pushed, or null if more bytes are needed. DATA_LOSS for wrong checksums. */
  next(): Uint8Array | null {
    const framed = this.#nextFramed();
    return framed?.subarray(headerSize, framed.length - footerSize) ?? null;
  }

  /** As `next`, with bytes that belong to the caller, small ones beside others in one buffer. */
  take(): Uint8Array | null {
    const data = this.next();
    if (!data || data.buffer.byteLength === data.length + headerSize + footerSize) return data;
    return data.length <= smallBytes && data.buffer.byteLength <= sharedBytes ? data : this.#pool.copy(data);
  }

  #nextFramed(): Uint8Array | null {
    const framed = this.#framed();
    if (!framed) return null;
    const end = framed.length - footerSize;
    const isKnown = this.#next < this.#known.length;
    if (!isKnown && readUint32(framed, end) !== maskedCrc32c(framed.subarray(headerSize, end)))
      throw this.corrupted(headerSize);
    this.#pass(framed.length);
    return framed;
  }

  /** Checks the records that begin here and are all there, as many as can be at once. */
  #look(): void {
    const [bytes, at] = [this.#buffer, this.#at];
    const size = headerSize + readUint32(bytes, at) + footerSize;
    if (size > bytes.length - at) return;
    const { sizeBytes, maxRecordBytes = defaultMaxRecordBytes } = this.#origin;
    this.#known = wholeRecords(bytes, at, sizeBytes === undefined ? maxRecordBytes : Number.POSITIVE_INFINITY);
    this.#next = 0;
  }

  /** The record that begins here with its frame, its data not checked; null if it is not all there. */
  #framed(): Uint8Array | null {
    const size = this.wanted;
    if (this.#length < 0) return null;
    if (size > largeRecord) this.#beginLarge(size);
    if (this.pending < size) return null;
    if (this.#large) return this.#large;
    this.#gather(size);
    return this.#buffer.subarray(this.#at, this.#at + size);
  }

  /** Passes over the record that begins here, whatever its data; false if it is not all there. */
  skipDamaged(): boolean {
    const framed = this.#framed();
    if (framed) this.#pass(framed.length);
    return framed !== null;
  }

  #pass(size: number): void {
    if (this.#large) {
      this.#large = undefined;
      this.#largeBytes = 0;
    } else this.#at += size;
    this.#offset += size;
    this.#length = -1;
    if (this.#next < this.#known.length) this.#next++;
  }

  #beginLarge(size: number): void {
    if (this.#large) return;
    this.#large = new Uint8Array(size);
    const parts = [this.#buffer.subarray(this.#at), ...this.#pieces];
    [this.#buffer, this.#at, this.#pieces, this.#pieceBytes] = [new Uint8Array(0), 0, [], 0];
    for (const part of parts) this.push(part);
  }

  /** What the record does not need. */
  #intoLarge(bytes: Uint8Array<ArrayBufferLike>): Uint8Array<ArrayBuffer> {
    const large = this.#large!;
    const part = bytes.subarray(0, large.length - this.#largeBytes);
    large.set(part, this.#largeBytes);
    this.#largeBytes += part.length;
    return bytes.subarray(part.length) as Uint8Array<ArrayBuffer>;
  }

  #gather(size: number): void {
    if (this.#buffer.length - this.#at >= size) return;
    const isOne = this.#at === this.#buffer.length && this.#pieces.length === 1;
    const joined = isOne ? this.#pieces[0]! : new Uint8Array(this.pending);
    if (!isOne) this.#join(joined);
    this.#begin(joined);
  }

  /** Copies what is pending. */
  #join(into: Uint8Array): void {
    let to = 0;
    for (const piece of [this.#buffer.subarray(this.#at), ...this.#pieces]) {
      into.set(piece, to);
      to += piece.length;
    }
  }

  /** Goes on with all that is pending in one buffer. */
  #begin(bytes: Uint8Array): void {
    this.#buffer = bytes;
    this.#at = 0;
    this.#pieces = [];
    this.#pieceBytes = 0;
  }

  /** The length of the record that begins here, its checksum and its limits checked before anyone allocates for it. */
  #readLength(): number {
    const at = this.#at;
    if (readUint32(this.#buffer, at + 8) !== maskedCrc32c(this.#buffer.subarray(at, at + 8))) throw this.corrupted(0);
    const length = readUint32(this.#buffer, at) + readUint32(this.#buffer, at + 4) * 2 ** 32;
    const { sizeBytes, path, maxRecordBytes = defaultMaxRecordBytes } = this.#origin;
    if (sizeBytes !== undefined) {
      if (length > sizeBytes - this.#offset - headerSize - footerSize)
        throw this.truncated("Read less bytes than requested");
    } else if (length > maxRecordBytes) {
      throw new ResourceExhaustedError(
        `${path}: the record at ${this.#offset} has ${length} bytes, the most is ${maxRecordBytes} (--max_record_mb)`,
        { path, offset: this.#offset },
      );
    }
    return length;
  }

  corrupted(within: number): DataLossError {
    const offset = this.#offset + within;
    const hint = offset === 0 ? " (Is this even a TFRecord file?)" : "";
    return new DataLossError(`corrupted record at ${offset}${hint}`, { path: this.#origin.path, offset });
  }

  truncated(why: string): DataLossError {
    return new DataLossError(`truncated record at ${this.#offset}' failed with ${why}`, {
      path: this.#origin.path,
      offset: this.#offset,
    });
  }
}

export const readUint32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/** The 12 bytes before and the 4 bytes behind the data of a record. */
export function frame(data: Uint8Array): { readonly header: Uint8Array; readonly footer: Uint8Array } {
  const header = new Uint8Array(headerSize);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(header.subarray(0, 8)), true);
  const footer = new Uint8Array(footerSize);
  new DataView(footer.buffer).setUint32(0, maskedCrc32c(data), true);
  return { header, footer };
}

/** One record with its frame. */
export function framed(data: Uint8Array): Uint8Array {
  const { header, footer } = frame(data);
  const record = new Uint8Array(headerSize + data.length + footerSize);
  record.set(header);
  record.set(data, headerSize);
  record.set(footer, headerSize + data.length);
  return record;
}
