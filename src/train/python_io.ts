/** tf.python_io and tf.io: TFRecord files from programs. Source: tensorflow/python/lib/io/tf_record.py. */
import { InvalidArgumentError } from "../core/error.ts";
import type { Compression } from "../io/record/compression.ts";
import { readRecords } from "../io/record/reader.ts";
import { RecordWriter } from "../io/record/writer.ts";

export const TFRecordCompressionType = { NONE: 0, ZLIB: 1, GZIP: 2 } as const;

/** How a file is compressed. */
export class TFRecordOptions {
  readonly compressionType: Compression;
  readonly compressionLevel: number | undefined;

  constructor(compressionType: Compression | "NONE" | 0 | 1 | 2 = "", options: { compressionLevel?: number } = {}) {
    this.compressionType = compressionName(compressionType);
    this.compressionLevel = options.compressionLevel;
  }
}

function compressionName(type: Compression | "NONE" | 0 | 1 | 2): Compression {
  if (typeof type === "number") return (["", "ZLIB", "GZIP"] as const)[type];
  if (type === "" || type === "NONE") return "";
  if (type === "GZIP" || type === "ZLIB") return type;
  throw new InvalidArgumentError(`Unsupported compression type: ${type}`);
}

/** Writes records one after the other. `close` it: what was written is in the file then. */
export class TFRecordWriter {
  readonly #writer: RecordWriter;

  constructor(path: string, options: TFRecordOptions | Compression = "") {
    const { compressionType, compressionLevel } = typeof options === "string" ? new TFRecordOptions(options) : options;
    this.#writer = new RecordWriter(path, {
      compression: compressionType,
      ...(compressionLevel === undefined ? {} : { compressionLevel }),
    });
  }

  write(record: Uint8Array | string): void {
    this.#writer.write(typeof record === "string" ? new TextEncoder().encode(record) : record);
  }

  flush(): void {
    this.#writer.flush();
  }

  close(): void {
    this.#writer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The records of a file. Throws DATA_LOSS with path and offset where a record is damaged. */
export const tfRecordIterator = (
  path: string,
  options: TFRecordOptions | Compression = "",
): Generator<Uint8Array, void, void> =>
  readRecords(path, { compression: typeof options === "string" ? compressionName(options) : options.compressionType });
