/** Reads TFRecord files, plain or compressed, at once or while other work goes on. */
import { type FileSystem, nodeFiles, type OpenFile, readFile } from "../file_system.ts";
import { type Compression, inflateFile, StreamInflater } from "./compression.ts";
import { headerSize, RecordCutter } from "./framing.ts";

export interface RecordOptions {
  readonly compression?: Compression;
  /** A file that ends inside a 12-byte header is DATA_LOSS; otherwise it ends there, as in TensorFlow. */
  readonly strict?: boolean;
  /** The longest record of a compressed file (a plain file bounds it by its size). */
  readonly maxRecordBytes?: number;
  /** Told of the 1 to 11 bytes of a header at the end of a file. */
  readonly onTornTail?: (bytes: number, offset: number) => void;
  readonly fs?: FileSystem;
}

const pieceSize = 2 ** 18;

/**
 * The records of a file, each a copy of its bytes. DATA_LOSS `corrupted record at 28` or `truncated record at 50…` with path and offset,
 * NOT_FOUND and the like for the file.
 */
export function* readRecords(path: string, options: RecordOptions = {}): Generator<Uint8Array, void, void> {
  const { compression = "", fs = nodeFiles, maxRecordBytes } = options;
  if (compression !== "") {
    const { bytes, torn } = inflateFile(readFile(path, fs), compression, path);
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
      for (let record = cutter.next(); record; record = cutter.next()) yield record.slice();
      const piece = new Uint8Array(Math.max(pieceSize, cutter.wanted - cutter.pending));
      const n = file.read(piece, position);
      if (n === 0) break;
      cutter.push(piece.subarray(0, n));
      position += n;
    }
    finish(cutter, options, undefined);
  } finally {
    file.close();
  }
}

/** `torn` is undefined for a plain file. */
function finish(cutter: RecordCutter, { strict = false, onTornTail }: RecordOptions, torn: boolean | undefined): void {
  const why = torn === undefined ? "Read less bytes than requested" : "EOF reached";
  if (cutter.pending >= headerSize || torn) throw cutter.truncated(why);
  if (cutter.pending === 0) return;
  if (strict) throw cutter.truncated(why);
  onTornTail?.(cutter.pending, cutter.offset);
}

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
  async next(): Promise<Uint8Array | null> {
    const cutter = this.#open();
    for (;;) {
      const record = cutter.next();
      if (record) return record.slice();
      if (this.#isDone || !(await this.#fill(cutter))) return null;
    }
  }

  /** Opens the file, if it is not open. Throws NOT_FOUND and the like. */
  open(): void {
    this.#open();
  }

  /** The next record as `next` gives it, where it has been read from the disk already; else null. */
  atHand(): Uint8Array | null {
    return this.#cutter?.next()?.slice() ?? null;
  }

  /** Goes to an offset that an earlier reading of this file gave. */
  async skipTo(offset: number): Promise<void> {
    if (!this.#options.compression) {
      this.close();
      this.#open(offset);
      return;
    }
    while (this.offset < offset && (await this.next()));
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
    const { compression = "", maxRecordBytes, fs = nodeFiles } = this.#options;
    this.#file = fs.open(this.path, "r");
    this.#position = offset;
    this.#inflater = compression === "" ? undefined : new StreamInflater(compression, this.path);
    const sizeBytes = compression === "" ? this.#file.sizeBytes() : undefined;
    this.#cutter = new RecordCutter({ path: this.path, sizeBytes, maxRecordBytes }, offset);
    return this.#cutter;
  }

  /** Brings more bytes; false at the end. */
  async #fill(cutter: RecordCutter): Promise<boolean> {
    if (this.#ended) {
      finish(cutter, this.#options, this.#torn);
      this.#isDone = true;
      return false;
    }
    const wanted = this.#inflater ? pieceSize / 4 : Math.max(pieceSize, cutter.wanted - cutter.pending);
    const piece = new Uint8Array(wanted);
    const n = await this.#file!.readAsync(piece, this.#position);
    this.#position += n;
    if (!this.#inflater) {
      cutter.push(piece.subarray(0, n));
      this.#ended = n === 0;
      return true;
    }
    let parts: readonly Uint8Array[];
    if (n > 0) parts = await this.#inflater.push(piece.subarray(0, n));
    else {
      const last = await this.#inflater.end();
      this.#ended = true;
      this.#torn = last.torn;
      parts = last.bytes;
    }
    for (const part of parts) cutter.push(part);
    return true;
  }
}
