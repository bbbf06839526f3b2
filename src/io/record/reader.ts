/** Reads TFRecord files, plain or compressed, at once or while other work goes on. */

import { flow, type Maybe, mustBeDone, now, type Steps } from "../../core/flow/maybe.ts";
import { log } from "../../core/host.ts";
import { type FileSystem, nodeFiles, type OpenFile, readFile } from "../file_system.ts";
import {
  type Compression,
  compressedPiece,
  inflateFile,
  inflateOpen,
  inflateStart,
  StreamInflater,
} from "./compression.ts";
import { headerSize, RecordCutter } from "./framing.ts";

export interface RecordOptions {
  readonly compression?: Compression;
  /** A file that ends inside a 12-byte header is DATA_LOSS; otherwise it ends there, as in TensorFlow. */
  readonly strict?: boolean;
  /** The longest record of a compressed file (a plain file bounds it by its size). */
  readonly maxRecordBytes?: number;
  /** Told of the 1 to 11 bytes of a header at the end of a file; a warning by default. */
  readonly onTornTail?: (bytes: number, offset: number) => void;
  readonly fs?: FileSystem;
}

const pieceSize = 2 ** 17;
const pieceMax = 2 ** 22;

/** What readers take where they are not told otherwise. */
const standard: { strict: boolean; maxRecordBytes: number | undefined } = { strict: false, maxRecordBytes: undefined };

/** For the flags `--strict_records` and `--max_record_mb` of a command: for all readers of the process. */
export function setRecordDefaults(defaults: Partial<typeof standard>): void {
  Object.assign(standard, defaults);
}

/**
 * The records of a file, each a copy of its bytes. DATA_LOSS `corrupted record at 28` or `truncated record at 50…` with path and offset,
 * NOT_FOUND and the like for the file.
 */
export function* readRecords(path: string, options: RecordOptions = {}): Generator<Uint8Array, void, void> {
  const { compression = "", fs = nodeFiles, maxRecordBytes = standard.maxRecordBytes } = options;
  if (compression !== "") {
    const compressed = readFile(path, fs);
    const start = new RecordCutter({ path, maxRecordBytes });
    start.push(inflateStart(compressed, compression));
    start.wanted; // throws before much is unpacked of what holds no records
    const { bytes, torn } = inflateFile(compressed, compression, path);
    const cutter = new RecordCutter({ path, maxRecordBytes });
    cutter.push(bytes);
    for (let record = cutter.next(); record; record = cutter.next()) yield record.slice();
    finish(cutter, options, torn);
    return;
  }
  const file = fs.open(path, "r");
  try {
    const cutter = new RecordCutter({ path, sizeBytes: file.sizeBytes() });
    for (let position = 0; ; ) {
      for (let record = cutter.take(); record; record = cutter.take()) yield record;
      const n = file.read(cutter.room(pieceFor(cutter)), position);
      cutter.filled(n);
      if (n === 0) break;
      position += n;
    }
    finish(cutter, options, undefined);
  } finally {
    file.close();
  }
}

const pieceFor = (cutter: RecordCutter): number =>
  Math.min(pieceMax, Math.max(pieceSize, cutter.wanted - cutter.pending));

/** `torn` is undefined for a plain file. */
function finish(cutter: RecordCutter, options: RecordOptions, torn: boolean | undefined): void {
  const { strict = standard.strict, onTornTail = warnOf(cutter.path) } = options;
  const why = torn === undefined ? "Read less bytes than requested" : "EOF reached";
  if (cutter.pending >= headerSize || torn) throw cutter.truncated(why);
  if (cutter.pending === 0) return;
  if (strict) throw cutter.truncated(why);
  onTornTail(cutter.pending, cutter.offset);
}

const warnOf = (path: string) => (bytes: number, offset: number) =>
  log("WARNING", `${path}: ends ${bytes} bytes into the header of a record at ${offset}; what comes before is read`);

/** As `readRecords`, without holding the thread while the disk works, and in pieces for compressed files too. */
export async function* readRecordsAsync(
  path: string,
  options: RecordOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const reader = new RecordReader(path, options);
  try {
    for (let record = await reader.next(); record; record = await reader.next()) yield record;
  } finally {
    reader.close();
  }
}

/** Records of one file on demand, with the place where the next one begins. Opens the file at the first `next`. */
export class RecordReader {
  readonly path: string;
  readonly #options: RecordOptions;
  #file: OpenFile | undefined;
  #cutter: RecordCutter | undefined;
  #inflater: StreamInflater | undefined;
  #position = 0;
  /** The end of the file is reached; for a compressed one, whether its stream was torn. */
  #ended = false;
  #torn: boolean | undefined;
  #isDone = false;

  constructor(path: string, options: RecordOptions = {}) {
    this.path = path;
    this.#options = options;
  }

  /** Bytes of the (uncompressed) stream before the next record. */
  get offset(): number {
    return this.#cutter?.offset ?? 0;
  }

  /** A copy of the next record, or null at the end of the file. */
  next(): Maybe<Uint8Array | null> {
    return flow(this.#next());
  }

  *#next(): Steps<Uint8Array | null> {
    const cutter = this.#open();
    for (;;) {
      const record = cutter.take();
      if (record) return record;
      if (this.#isDone || !(yield* this.#fill(cutter))) return null;
    }
  }

  /** Opens the file, if it is not open. Throws NOT_FOUND and the like. */
  open(): void {
    this.#open();
  }

  /** The next record as `next` gives it, where nothing has to be inflated or reported for it; else null. Reads from the disk where it must. */
  atHand(): Uint8Array | null {
    const cutter = this.#cutter;
    if (!cutter) return null;
    for (;;) {
      const record = cutter.take();
      if (record) return record;
      if (this.#inflater || this.#ended) return null;
      this.#took(cutter, this.#file!.read(cutter.room(pieceFor(cutter)), this.#position));
    }
  }

  /** Goes to an offset that an earlier reading of this file gave. */
  skipTo(offset: number): Maybe<void> {
    return flow(this.#skipTo(offset));
  }

  *#skipTo(offset: number): Steps<void> {
    if (!this.#options.compression) {
      this.close();
      this.#open(offset);
      return;
    }
    while (this.offset < offset && (yield* this.#next()));
  }

  close(): void {
    this.#inflater?.close();
    this.#file?.close();
    this.#file = undefined;
    this.#cutter = undefined;
    this.#inflater = undefined;
    this.#ended = false;
    this.#torn = undefined;
    this.#isDone = false;
  }

  #open(offset = 0): RecordCutter {
    if (this.#cutter) return this.#cutter;
    const { compression = "", maxRecordBytes = standard.maxRecordBytes, fs = nodeFiles } = this.#options;
    this.#file = fs.open(this.path, "r");
    this.#position = offset;
    this.#inflater = compression === "" ? undefined : new StreamInflater(compression, this.path);
    const sizeBytes = compression === "" ? this.#file.sizeBytes() : undefined;
    this.#cutter = new RecordCutter({ path: this.path, sizeBytes, maxRecordBytes }, offset);
    return this.#cutter;
  }

  /** n bytes of a plain file are there. */
  #took(cutter: RecordCutter, n: number): void {
    this.#position += n;
    this.#ended = n === 0;
    cutter.filled(n);
  }

  /** Brings more bytes; false at the end. */
  *#fill(cutter: RecordCutter): Steps<boolean> {
    if (this.#ended) {
      finish(cutter, this.#options, this.#torn);
      this.#isDone = true;
      return false;
    }
    if (!this.#inflater) {
      const room = cutter.room(pieceFor(cutter));
      const file = this.#file!;
      this.#took(
        cutter,
        yield* now(mustBeDone() ? file.read(room, this.#position) : file.readAsync(room, this.#position)),
      );
      return true;
    }
    if (this.#position === 0 && mustBeDone()) return this.#inflateWhole(cutter);
    const piece = new Uint8Array(compressedPiece);
    const n = yield* now(this.#file!.readAsync(piece, this.#position));
    this.#position += n;
    let parts: readonly Uint8Array[];
    if (n > 0) parts = yield* now(this.#inflater.push(piece.subarray(0, n)));
    else {
      const last = yield* now(this.#inflater.end());
      this.#ended = true;
      this.#torn = last.torn;
      parts = last.bytes;
    }
    for (const part of parts) cutter.push(part);
    return true;
  }

  /** The file at once, where nothing of it has been read. */
  #inflateWhole(cutter: RecordCutter): boolean {
    const { bytes, torn } = inflateOpen(this.#file!, this.#options.compression!, this.path);
    this.#position = this.#file!.sizeBytes();
    this.#ended = true;
    this.#torn = torn;
    cutter.push(bytes);
    return true;
  }
}
