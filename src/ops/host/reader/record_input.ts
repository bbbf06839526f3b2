/**
 * RecordInput: batches of records from TFRecord files, mixed in a buffer; each epoch gives every record once, files in a new order.
 * Source: tensorflow/core/kernels/record_yielder.cc, record_input_op.cc.
 */
import { string } from "../../../core/dtype.ts";
import { CancelledError, NotFoundError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { wordSource } from "../../../core/philox.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Compression } from "../../../io/record/compression.ts";
import { RecordReader } from "../../../io/record/reader.ts";
import { matchingFiles } from "../../../io/stream/match.ts";
import { defineOp } from "../../define.ts";
import { reshape, split } from "../../index.ts";

interface Settings {
  readonly pattern: string;
  readonly seed: number;
  /** The part of the files that each epoch moves to the end. */
  readonly shiftRatio: number;
  readonly bufferSize: number;
  readonly compression: Compression;
}

class RecordYielder {
  readonly #settings: Settings;
  readonly #permit: (path: string) => void;
  readonly #word: () => number;
  #epoch = 0;
  #files: string[] = [];
  #reader: RecordReader | null = null;
  #buffer: Uint8Array[] = [];
  /** The end of the line of those who take batches. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings, permit: (path: string) => void) {
    this.#settings = settings;
    this.#permit = permit;
    const seed = settings.seed >>> 0;
    this.#word = wordSource({ key0: seed, key1: 0, counter0: 0, counter1: 0, counter2: 0, counter3: 0 });
  }

  /** n records, one batch after another in the order of the calls. */
  take(n: number, signal: AbortSignal): Promise<Uint8Array[]> {
    const result = this.#last.then(async () => {
      const batch: Uint8Array[] = [];
      while (batch.length < n) {
        if (signal.aborted) throw new CancelledError("RecordInput operation was cancelled");
        batch.push(await this.#one());
      }
      return batch;
    });
    this.#last = result.catch(() => {});
    return result;
  }

  async #one(): Promise<Uint8Array> {
    while (this.#buffer.length < this.#settings.bufferSize) {
      const record = await this.#read();
      if (record) this.#buffer.push(record);
      else if (this.#buffer.length > 0) break;
      else this.#startEpoch();
    }
    const buffer = this.#buffer;
    const i = this.#word() % buffer.length;
    const record = buffer[i]!;
    const last = buffer.pop()!;
    if (i < buffer.length) buffer[i] = last;
    return record;
  }

  /** The next record of the epoch; null at its end. */
  async #read(): Promise<Uint8Array | null> {
    for (;;) {
      const record = await this.#reader?.next();
      if (record) return record;
      const path = this.#files.shift();
      if (path === undefined) {
        this.#reader = null;
        return null;
      }
      this.#permit(path);
      this.#reader = new RecordReader(path, { compression: this.#settings.compression });
    }
  }

  #startEpoch(): void {
    const { pattern, shiftRatio } = this.#settings;
    const files = matchingFiles(pattern).sort();
    if (files.length === 0) throw new NotFoundError(`Found no files at ${pattern}`);
    for (let i = files.length - 1; i > 0; i--) {
      const k = this.#word() % (i + 1);
      [files[i], files[k]] = [files[k]!, files[i]!];
    }
    const shift = Math.floor(this.#epoch++ * shiftRatio * files.length) % files.length;
    this.#files = [...files.slice(shift), ...files.slice(0, shift)];
  }

  close(): void {
    this.#reader?.close();
  }
}

/** records = batch_size records, as strings. Throws NOT_FOUND when no file matches. */
export const recordInputOp = defineOp("RecordInput", {
  outputs: ["records: string"],
  attrs: [
    "file_pattern: string",
    "file_random_seed: int = 301",
    "file_shuffle_shift_ratio: float = 0.0",
    "file_buffer_size: int = 10000",
    "file_parallelism: int = 16",
    "batch_size: int = 32",
    "compression_type: string = ''",
  ],
  stateful: true,
  shape: () => [null],
  access: "file",
  async run(op, context) {
    context.permit(op.file_pattern);
    const yielder = context.nodeState(() => {
      const settings: Settings = {
        pattern: op.file_pattern,
        seed: op.file_random_seed,
        shiftRatio: op.file_shuffle_shift_ratio,
        bufferSize: Math.max(op.file_buffer_size, 1),
        compression: op.compression_type as Compression,
      };
      const name = `${context.node.name} ${context.nextId()}`;
      const create = (): RecordYielder => new RecordYielder(settings, context.permit);
      return context.makeResource({ container: "", kind: "record input", name, create }).resource;
    });
    const records = await yielder.take(op.batch_size, context.signal);
    return new NdArray(string, [records.length], records);
  },
  gradient: "unregistered",
});

export interface RecordInputOptions {
  readonly batchSize?: number | undefined;
  /** Records that are mixed. */
  readonly bufferSize?: number | undefined;
  readonly parallelism?: number | undefined;
  readonly shiftRatio?: number | undefined;
  readonly seed?: number | undefined;
  readonly name?: string | undefined;
  /** So many batches at once, as lists of scalars. */
  readonly batches?: number | undefined;
  /** "GZIP" or "ZLIB". */
  readonly compressionType?: string | undefined;
}

/** Records of the files that match a pattern, in random order without end. Source: data_flow_ops.py, RecordInput */
export class RecordInput {
  readonly #filePattern: string;
  readonly #options: RecordInputOptions;

  constructor(filePattern: string, options: RecordInputOptions = {}) {
    this.#filePattern = filePattern;
    this.#options = options;
  }

  /** A vector of batchSize records; with `batches`, a list of lists of scalars. */
  getYieldOp(): Tensor | Tensor[][] {
    const { batchSize = 1, bufferSize = 1, parallelism = 1, shiftRatio = 0, seed = 0, batches, name } = this.#options;
    const size = batchSize * (batches ?? 1);
    const records = recordInputOp(
      {
        file_pattern: this.#filePattern,
        file_buffer_size: bufferSize,
        file_parallelism: parallelism,
        file_shuffle_shift_ratio: shiftRatio,
        batch_size: size,
        file_random_seed: seed,
        compression_type: this.#options.compressionType ?? "",
      },
      name,
    );
    if (batches === undefined) return records;
    return getDefaultGraph().nameScope(name ?? null, () => {
      const lists: Tensor[][] = Array.from({ length: batches }, () => []);
      for (const [i, record] of split(records, size, { axis: 0 }).entries())
        lists[i % batches]!.push(reshape(record, []));
      return lists;
    });
  }
}
