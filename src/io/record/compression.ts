/** gzip and zlib streams around whole files of records: read in pieces, written in pieces, bounded in memory both ways. */
import {
  createGunzip,
  createInflate,
  deflateRawSync,
  type Gunzip,
  gunzipSync,
  type Inflate,
  inflateSync,
  constants as z,
} from "node:zlib";
import crc32 from "crc-32";
import { DataLossError, ResourceExhaustedError } from "../../core/error.ts";
import type { OpenFile } from "../file_system.ts";

/** TFRecordOptions' names; the empty one is a plain file. Nothing in a file tells which it is. */
export type Compression = "" | "GZIP" | "ZLIB";

const ratioMax = 1000;
const slack = 2 ** 16;

const tooMuch = (path: string) =>
  new ResourceExhaustedError(`${path}: more than ${ratioMax} times as long uncompressed as on the disk`, { path });

function inflateError(error: unknown, path: string): DataLossError {
  const { errno = -3, message } = error as { errno?: number; message: string };
  return new DataLossError(`inflate() failed with error ${errno}: ${message}`, { path, cause: error });
}

/** The error of a stream that ends before its end mark. */
export const cutOff = (compression: "GZIP" | "ZLIB", path: string): DataLossError =>
  new DataLossError(`${path}: the ${compression.toLowerCase()} stream is cut off`, { path });

const endsEarly = (error: unknown): boolean => (error as { code?: string }).code === "Z_BUF_ERROR";

/** What came out of a compressed file; `torn` says that the stream ended before its end mark. */
export interface Inflated {
  readonly bytes: Uint8Array;
  readonly torn: boolean;
}

/** So many bytes of a file are enough to see whether it begins as it must. */
const startBytes = 2 ** 15;

/** What the beginning of a compressed file gives; errors are left to the reading of the whole. */
export function inflateStart(compressed: Uint8Array, compression: "GZIP" | "ZLIB"): Uint8Array {
  const inflate = compression === "GZIP" ? gunzipSync : inflateSync;
  try {
    return inflate(compressed.subarray(0, startBytes), { finishFlush: z.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/** A whole compressed file at once. DATA_LOSS for damaged streams, RESOURCE_EXHAUSTED for more than 1000 times its size. */
export function inflateFile(compressed: Uint8Array, compression: "GZIP" | "ZLIB", path: string): Inflated {
  const inflate = compression === "GZIP" ? gunzipSync : inflateSync;
  const options = { maxOutputLength: compressed.length * ratioMax + slack };
  try {
    return { bytes: inflate(compressed, options), torn: false };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooMuch(path);
    if (!endsEarly(error)) throw inflateError(error, path);
    return { bytes: inflate(compressed, { ...options, finishFlush: z.Z_SYNC_FLUSH }), torn: true };
  }
}

/** An open file at once, of which nothing has been read. */
export function inflateOpen(file: OpenFile, compression: Compression, path: string): Inflated {
  const compressed = new Uint8Array(file.sizeBytes());
  const n = file.read(compressed, 0);
  return inflateFile(compressed.subarray(0, n), compression as "GZIP" | "ZLIB", path);
}

/** Bytes of a compressed file that are inflated at once: they give at most a thousand times as many. */
export const compressedPiece = 2 ** 14;

/** Inflates piece by piece: give it the pieces of the file in order, take what has come out after each. */
export class StreamInflater {
  readonly #path: string;
  readonly #stream: Gunzip | Inflate;
  #out: Uint8Array[] = [];
  #bytesIn = 0;
  #bytesOut = 0;
  #error: unknown;
  /** The end mark of a zlib stream has come; what follows it is left out, as in TensorFlow. */
  #isComplete = false;

  constructor(compression: "GZIP" | "ZLIB", path: string) {
    this.#path = path;
    this.#stream = compression === "GZIP" ? createGunzip() : createInflate();
    this.#stream.on("data", (bytes: Uint8Array) => {
      this.#bytesOut += bytes.length;
      if (this.#bytesOut > this.#bytesIn * ratioMax + slack) this.#stream.destroy(tooMuch(this.#path));
      else this.#out.push(bytes);
    });
    this.#stream.on("end", () => {
      this.#isComplete = true;
    });
    this.#stream.on("error", (error) => {
      this.#error ??= error;
    });
  }

  /** All that this piece gives. An error of the stream is thrown by the call after the one that gave the last good bytes. */
  async push(piece: Uint8Array): Promise<Uint8Array[]> {
    if (this.#error !== undefined) throw this.#failure();
    if (this.#isComplete) return [];
    this.#bytesIn += piece.length;
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.write(piece, () => {
        this.#stream.off("close", resolve);
        resolve();
      });
    });
    const out = this.#take();
    if (out.length === 0 && this.#error !== undefined) throw this.#failure();
    return out;
  }

  /** What is left at the end of the file; `torn` if the stream wanted more. */
  async end(): Promise<{ readonly bytes: Uint8Array[]; readonly torn: boolean }> {
    if (this.#error !== undefined) throw this.#failure();
    if (this.#isComplete) return { bytes: this.#take(), torn: false };
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.end();
    });
    const torn = endsEarly(this.#error ?? {});
    if (this.#error !== undefined && !torn) throw this.#failure();
    return { bytes: this.#take(), torn };
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #failure(): unknown {
    return this.#error instanceof ResourceExhaustedError ? this.#error : inflateError(this.#error, this.#path);
  }
}

/**
 * One gzip or zlib stream written in pieces: each piece is deflated by itself and ends on a byte (a full flush), so that pieces laid end to
 * end are one deflate stream; the checksum runs over all of them.
 *     gzip  1f 8b 08 00 00000000 00 ff | deflate | crc32 | length mod 2^32        zlib  78 9c | deflate | adler32, big-endian
 */
export class Deflater {
  readonly #compression: "GZIP" | "ZLIB";
  readonly #level: number;
  #checksum: number;
  #length = 0;

  constructor(compression: "GZIP" | "ZLIB", level: number = z.Z_DEFAULT_COMPRESSION) {
    this.#compression = compression;
    this.#level = level;
    this.#checksum = compression === "GZIP" ? 0 : 1;
  }

  header(): Uint8Array {
    return this.#compression === "GZIP"
      ? Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
      : Uint8Array.of(0x78, 0x9c);
  }

  deflate(piece: Uint8Array): Uint8Array {
    this.#length += piece.length;
    this.#checksum = this.#compression === "GZIP" ? crc32.buf(piece, this.#checksum) : adler32(piece, this.#checksum);
    return deflateRawSync(piece, { level: this.#level, finishFlush: z.Z_FULL_FLUSH });
  }

  /** An empty last block, and the checksum. */
  trailer(): Uint8Array {
    if (this.#compression === "GZIP") {
      const bytes = new Uint8Array(10);
      bytes.set([0x03, 0x00]);
      const view = new DataView(bytes.buffer);
      view.setInt32(2, this.#checksum, true);
      view.setUint32(6, this.#length % 2 ** 32, true);
      return bytes;
    }
    const bytes = new Uint8Array(6);
    bytes.set([0x03, 0x00]);
    new DataView(bytes.buffer).setUint32(2, this.#checksum);
    return bytes;
  }
}

/** Adler-32, in runs so short that the sums stay below 2^32. */
function adler32(bytes: Uint8Array, seed: number): number {
  let a = seed & 0xffff;
  let b = seed >>> 16;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + 3800, bytes.length);
    for (; at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}
