/** The bytes of a file in order, plain or inflated, in as many pieces as are asked for: memory does not grow with the file. */
import { after, flow, type Maybe, mustBeDone, now, type Steps } from "../../core/flow/maybe.ts";
import { type FileSystem, nodeFiles, type OpenFile } from "../file_system.ts";
import { type Compression, compressedPiece, cutOff, inflateOpen, StreamInflater } from "../record/compression.ts";

const pieceSize = 2 ** 18;

export interface StreamOptions {
  readonly files?: FileSystem;
  /** A compressed file without its end mark ends there, and `isTorn` tells; otherwise that is DATA_LOSS behind the last byte. */
  readonly allowTorn?: boolean;
}

export class ByteStream {
  readonly path: string;
  readonly #file: OpenFile;
  readonly #inflater: StreamInflater | undefined;
  readonly #compression: Compression;
  readonly #allowTorn: boolean;
  /** Read and not yet given: from #at on, then #pieces, which are joined to it when they are needed together. */
  #buffer = new Uint8Array(0);
  #at = 0;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #filePosition = 0;
  #position = 0;
  #ended = false;
  #torn = false;

  /** Throws NOT_FOUND and the like. */
  constructor(path: string, compression: Compression = "", options: StreamOptions = {}) {
    const { files = nodeFiles, allowTorn = false } = options;
    this.path = path;
    this.#file = files.open(path, "r");
    this.#compression = compression;
    this.#allowTorn = allowTorn;
    this.#inflater = compression === "" ? undefined : new StreamInflater(compression, path);
  }

  /** Known at the end. */
  get isTorn(): boolean {
    return this.#torn;
  }

  /** Bytes given so far. */
  get position(): number {
    return this.#position;
  }

  /** Length of the file on the disk. */
  get fileBytes(): number {
    return this.#file.sizeBytes();
  }

  /** The next n bytes, fewer at the end; a copy. */
  read(n: number): Maybe<Uint8Array> {
    return flow(this.#read(n));
  }

  *#read(n: number): Steps<Uint8Array> {
    const bytes = yield* now(this.peek(n));
    this.#take(bytes.length);
    return bytes;
  }

  /** The next n bytes without taking them; fewer at the end. A copy. */
  peek(n: number): Maybe<Uint8Array> {
    return after(this.view(n), (bytes) => bytes.slice());
  }

  /** As `peek`, without a copy: valid until the next call. */
  view(n: number): Maybe<Uint8Array> {
    return flow(this.#view(n));
  }

  *#view(n: number): Steps<Uint8Array> {
    while (this.#left < n && (yield* this.#fill()));
    if (this.#buffer.length - this.#at < n && this.#pieces.length > 0) this.#join();
    return this.#buffer.subarray(this.#at, this.#at + n);
  }

  /** Leaves n bytes out; returns how many there were. */
  skip(n: number): Maybe<number> {
    return flow(this.#skip(n));
  }

  *#skip(n: number): Steps<number> {
    let left = n;
    while (left > 0) {
      if (this.#left === 0 && !(yield* this.#fill())) break;
      if (this.#at === this.#buffer.length) this.#join();
      const here = Math.min(left, this.#buffer.length - this.#at);
      this.#take(here);
      left -= here;
    }
    return n - left;
  }

  /** The next line as `readLine` gives it, where it has been read from the disk already; else null. */
  lineAtHand(): Uint8Array | null {
    if (this.#pieces.length > 0) this.#join();
    const at = this.#buffer.indexOf(10, this.#at);
    return at < 0 ? null : this.#line(at);
  }

  /** The next line without its end (`\n` or `\r\n`), or null at the end of the file. */
  readLine(): Maybe<Uint8Array | null> {
    return flow(this.#readLine());
  }

  *#readLine(): Steps<Uint8Array | null> {
    const at = this.#buffer.indexOf(10, this.#at);
    if (at >= 0) return this.#line(at);
    let looked = 0;
    for (;;) {
      const unseen = this.#pieces.slice(looked);
      looked = this.#pieces.length;
      if (unseen.some((piece) => piece.includes(10))) {
        this.#join();
        return this.#line(this.#buffer.indexOf(10, this.#at));
      }
      if (yield* this.#fill()) continue;
      if (this.#left === 0) return null;
      this.#join();
      const line = this.#buffer.slice(this.#at);
      this.#take(line.length);
      return withoutReturn(line);
    }
  }

  close(): void {
    this.#inflater?.close();
    this.#file.close();
  }

  get #left(): number {
    return this.#buffer.length - this.#at + this.#pieceBytes;
  }

  #line(end: number): Uint8Array {
    const line = this.#buffer.slice(this.#at, end);
    this.#take(end + 1 - this.#at);
    return withoutReturn(line);
  }

  #take(n: number): void {
    this.#at += n;
    this.#position += n;
  }

  /** Brings more bytes, or at least reads on; false at the end. */
  *#fill(): Steps<boolean> {
    if (this.#ended) {
      if (this.#torn && !this.#allowTorn) throw cutOff(this.#compression as "GZIP" | "ZLIB", this.path);
      return false;
    }
    if (this.#inflater && this.#filePosition === 0 && mustBeDone()) return this.#inflateWhole();
    const piece = new Uint8Array(this.#inflater ? compressedPiece : pieceSize);
    const n = yield* now(
      mustBeDone() ? this.#file.read(piece, this.#filePosition) : this.#file.readAsync(piece, this.#filePosition),
    );
    this.#filePosition += n;
    if (!this.#inflater) {
      this.#ended = n === 0;
      if (n > 0) this.#append([piece.subarray(0, n)]);
      return n > 0;
    }
    if (n > 0) this.#append(yield* now(this.#inflater.push(piece.subarray(0, n))));
    else {
      const last = yield* now(this.#inflater.end());
      this.#ended = true;
      this.#torn = last.torn;
      this.#append(last.bytes);
    }
    return true;
  }

  /** The file at once, where nothing of it has been read. */
  #inflateWhole(): boolean {
    const { bytes, torn } = inflateOpen(this.#file, this.#compression, this.path);
    this.#filePosition = this.fileBytes;
    this.#ended = true;
    this.#torn = torn;
    this.#append([bytes]);
    return true;
  }

  #append(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#pieces.push(part);
      this.#pieceBytes += part.length;
    }
  }

  #join(): void {
    const joined = new Uint8Array(this.#left);
    let at = 0;
    for (const part of [this.#buffer.subarray(this.#at), ...this.#pieces]) {
      joined.set(part, at);
      at += part.length;
    }
    [this.#buffer, this.#at, this.#pieces, this.#pieceBytes] = [joined, 0, [], 0];
  }
}

const withoutReturn = (line: Uint8Array): Uint8Array =>
  line.length > 0 && line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
