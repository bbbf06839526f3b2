/** Writes TFRecord files, plain or compressed. Whole records reach the disk with one write. */
import { dirname } from "node:path";
import { InvalidArgumentError } from "../../core/error.ts";
import {
  type FileSystem,
  nodeFiles,
  type OpenFile,
  readFully,
  removeQuietly,
  renamePatiently,
  syncFolder,
  temporaryName,
  writeAll,
} from "../file_system.ts";
import { type Compression, Deflater } from "./compression.ts";
import { framed, headerSize, RecordCutter } from "./framing.ts";

export interface RecordWriterOptions {
  readonly compression?: Compression;
  /** zlib's level, 0 to 9; its default otherwise. */
  readonly compressionLevel?: number;
  /** Goes on behind the whole records that are there. A torn tail is cut off first: see `cutBytes`. */
  readonly append?: boolean;
  /** Writes to a temporary name; `close` makes the file durable and gives it its name. */
  readonly atomic?: boolean;
  readonly fs?: FileSystem;
}

const plainBuffer = 2 ** 16;
const readBuffer = 2 ** 20;
const deflateBuffer = 2 ** 20;

/** Records in the order of `write`. They are on their way to the file at the latest with `flush`, and all of them with `close`. */
export class RecordWriter {
  readonly path: string;
  /** Bytes of a torn record that appending has cut off. */
  readonly cutBytes: number;
  readonly #files: FileSystem;
  readonly #file: OpenFile;
  readonly #temporary: string | undefined;
  readonly #deflater: Deflater | undefined;
  /** What the file had before, when it is appended to. */
  readonly #sizeBefore: number | undefined;
  #buffer: Uint8Array[] = [];
  #buffered = 0;
  #isOpen = true;

  constructor(path: string, options: RecordWriterOptions = {}) {
    const { compression = "", compressionLevel, append = false, atomic = false, fs = nodeFiles } = options;
    if (append && atomic) throw new InvalidArgumentError("a record file is either appended to or written anew");
    if (append && compression === "ZLIB") throw new InvalidArgumentError("nothing can be appended to a ZLIB file");
    this.path = path;
    this.#files = fs;
    this.cutBytes = append && compression === "" ? cutTornTail(path, fs) : 0;
    this.#temporary = atomic ? temporaryName(path) : undefined;
    this.#file = fs.open(this.#temporary ?? path, atomic ? "wx" : append ? "a" : "w");
    this.#sizeBefore = append ? this.#file.sizeBytes() : undefined;
    this.#deflater = compression === "" ? undefined : new Deflater(compression, compressionLevel);
    if (this.#deflater) this.#put(this.#deflater.header());
  }

  write(record: Uint8Array): void {
    const bytes = framed(record);
    this.#buffer.push(bytes);
    this.#buffered += bytes.length;
    if (this.#buffered >= (this.#deflater ? deflateBuffer : plainBuffer)) this.flush();
  }

  /** Hands everything written so far to the system. */
  flush(): void {
    if (this.#buffered === 0) return;
    const bytes = joined(this.#buffer, this.#buffered);
    this.#buffer = [];
    this.#buffered = 0;
    this.#put(this.#deflater ? this.#deflater.deflate(bytes) : bytes);
  }

  #put(bytes: Uint8Array): void {
    writeAll(this.#file, bytes);
  }

  close(): void {
    if (!this.#isOpen) return;
    try {
      this.flush();
      if (this.#deflater) this.#put(this.#deflater.trailer());
      if (this.#temporary !== undefined || this.#sizeBefore !== undefined) this.#file.sync();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#isOpen = false;
    this.#file.close();
    if (this.#temporary === undefined) return;
    renamePatiently(this.#files, this.#temporary, this.path);
    syncFolder(this.#files, dirname(this.path));
  }

  /** Gives up: an atomic file leaves nothing behind, one that was appended to is as it was before. */
  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      if (this.#sizeBefore !== undefined) this.#file.truncate(this.#sizeBefore);
    } finally {
      this.#file.close();
    }
    if (this.#temporary !== undefined) removeQuietly(this.#files, this.#temporary);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Cuts what follows the last whole record, if it is the beginning of one; DATA_LOSS for damage before that. */
function cutTornTail(path: string, fs: FileSystem): number {
  if (!fs.stat(path)) return 0;
  const file = fs.open(path, "r+");
  try {
    const size = file.sizeBytes();
    const end = endOfWholeRecords(file, path, size);
    if (end < size) file.truncate(end);
    return size - end;
  } finally {
    file.close();
  }
}

function endOfWholeRecords(file: OpenFile, path: string, size: number): number {
  const cutter = new RecordCutter({ path, maxRecordBytes: Number.POSITIVE_INFINITY });
  const reachesBehind = () => cutter.pending >= headerSize && cutter.wanted > size - cutter.offset;
  for (let position = 0; position < size && !reachesBehind(); ) {
    const piece = new Uint8Array(Math.min(readBuffer, size - position));
    const n = readFully(file, piece, position);
    if (n === 0) break;
    cutter.push(piece.subarray(0, n));
    position += n;
    while (!reachesBehind() && cutter.next());
  }
  return cutter.offset;
}
