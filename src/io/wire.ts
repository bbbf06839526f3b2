/**
 * Protobuf's wire format for the few messages that files of `io` are made of: tags of (field number, wire type), varints, fixed words, and
 * bytes with their length before them. Every length is checked against the bytes that are left.
 */
import { DataLossError, OpError } from "../core/error.ts";

const malformed = (why: string) => new DataLossError(`malformed message: ${why}`);

/** Adds the file to errors of parsing that do not know it. */
export function located<T>(path: string, parse: () => T, offset?: number): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OpError) || error.path !== undefined) throw error;
    const Class = error.constructor as new (message: string, facts: object) => OpError;
    throw new Class(`${path}: ${error.message}`, { path, offset, cause: error });
  }
}

const groupsMax = 100;

/** Reads fields one after another from a part of a buffer. `at` may be moved freely. DATA_LOSS for what is malformed. */
export class WireReader {
  buffer: Uint8Array;
  at: number;
  end: number;
  #lazyView: DataView | undefined;

  constructor(buffer: Uint8Array, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = start;
    this.end = end;
  }

  /** Another part of a buffer from here on. */
  reset(buffer: Uint8Array, start: number, end: number): this {
    if (this.buffer !== buffer) this.#lazyView = undefined;
    this.buffer = buffer;
    this.at = start;
    this.end = end;
    return this;
  }

  /** Made when the first fixed word is read: most messages have none. */
  get #view(): DataView {
    this.#lazyView ??= new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.byteLength);
    return this.#lazyView;
  }

  get hasMore(): boolean {
    return this.at < this.end;
  }

  /** A varint of at most 53 bits; wider ones (negative int64 too) are DATA_LOSS. */
  varint(): number {
    const { at } = this;
    if (at < this.end && this.buffer[at]! < 0x80) {
      this.at = at + 1;
      return this.buffer[at]!;
    }
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw malformed("ends inside a number");
      const byte = this.buffer[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed("a number is out of range");
        return value;
      }
      factor *= 128;
    }
    throw malformed("a number has more than 10 bytes");
  }

  /** Any varint, its 64 bits as a signed number. */
  int64(): bigint {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw malformed("ends inside a number");
      const byte = this.buffer[this.at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
    }
    throw malformed("a number has more than 10 bytes");
  }

  /** A signed 64-bit varint as a number; DATA_LOSS beyond 2^53 - 1. */
  signed(): number {
    const value = Number(this.int64());
    if (!Number.isSafeInteger(value)) throw malformed("a number is out of range");
    return value;
  }

  fixed32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  float(): number {
    const at = this.#take(4);
    return this.#view.getFloat32(at, true);
  }

  double(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, true);
  }

  /** A view on the bytes of a length-delimited field. */
  bytes(): Uint8Array {
    const length = this.varint();
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** Bounds of a length-delimited field, as a reader over the same buffer. */
  message(): WireReader {
    const length = this.varint();
    const at = this.#take(length);
    return new WireReader(this.buffer, at, at + length);
  }

  /** Passes over a field of this tag; groups without recursion. */
  skip(tag: number): void {
    for (let depth = 0, current = tag; ; current = this.varint()) {
      const wireType = current & 7;
      if (current >>> 3 === 0) throw malformed("field number 0");
      if (wireType === 0) this.int64();
      else if (wireType === 1) this.#take(8);
      else if (wireType === 2) this.#take(this.varint());
      else if (wireType === 5) this.#take(4);
      else if (wireType === 3) depth++;
      else if (wireType === 4) depth--;
      else throw malformed(`wire type ${wireType}`);
      if (depth < 0 || depth > groupsMax) throw malformed("groups do not match");
      if (depth === 0) return;
    }
  }

  #take(length: number): number {
    const { at } = this;
    if (length > this.end - at) throw malformed(`${length} bytes wanted, ${this.end - at} left`);
    this.at = at + length;
    return at;
  }
}

const encoder = new TextEncoder();

/** Writes fields into a buffer that grows. */
export class WireWriter {
  #buffer = new Uint8Array(256);
  #lazyView: DataView | undefined;
  #length = 0;

  get #view(): DataView {
    this.#lazyView ??= new DataView(this.#buffer.buffer);
    return this.#lazyView;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#lazyView = undefined;
  }

  /** A whole number of at most 53 bits, not negative. */
  varint(value: number): this {
    this.#room(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  int64(value: number | bigint): this {
    if (typeof value === "number" && value >= 0) return this.varint(value);
    this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
    return this;
  }

  tag(field: number, wireType: 0 | 1 | 2 | 5): this {
    return this.varint(field * 8 + wireType);
  }

  fixed32(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  float(value: number): this {
    this.#room(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  double(value: number): this {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A length-delimited field, empty ones too. */
  bytes(field: number, value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return this.tag(field, 2).varint(bytes.length).raw(bytes);
  }

  /** Opens a length-delimited field whose length is not known yet; what is written until `end(mark)` is its content. */
  begin(field: number): number {
    this.tag(field, 2);
    this.#room(1);
    this.#length++;
    return this.#length;
  }

  /** Closes the field that `begin` opened. One byte was kept for the length; a longer one moves the content. */
  end(mark: number): this {
    const size = this.#length - mark;
    if (size < 0x80) {
      this.#buffer[mark - 1] = size;
      return this;
    }
    const moved = Math.ceil(Math.log2(size + 1) / 7) - 1;
    this.#room(moved + 10);
    this.#buffer.copyWithin(mark + moved, mark, this.#length);
    const end = this.#length + moved;
    this.#length = mark - 1;
    this.varint(size);
    this.#length = end;
    return this;
  }

  /** A number field, left out if it is 0. */
  number(field: number, value: number | bigint): this {
    return Number(value) === 0 ? this : this.tag(field, 0).int64(value);
  }

  get length(): number {
    return this.#length;
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }
}
