/**
 * Rows of a source become TFRecord files.
 *
 *     first pass    types of the columns, number of rows
 *     then          split and shard of each row, by the seed
 *     second pass   row ─► Example ─► its file
 *
 * Rows keep their order unless they are shuffled; then all records are held in memory.
 */
import { philoxState, shuffle } from "../../core/philox.ts";
import { encodeExample, encodeSequenceExample, type FeatureValue } from "../example/example.ts";
import { fileSize } from "../paths.ts";
import type { Compression } from "../record/compression.ts";
import { framed } from "../record/framing.ts";
import { RecordWriter } from "../record/writer.ts";
import { type Cell, type Column, ColumnTypes, type FeatureType, type Row, type Source, toValue } from "./rows.ts";

/** A part of the rows, by name; the parts add up to 1. */
export interface Split {
  readonly name: string;
  readonly part: number;
}

export interface WriteOptions {
  readonly sources: readonly Source[];
  readonly out: string;
  readonly splits: readonly Split[];
  readonly shards: number;
  readonly compression: Compression;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly types: ReadonlyMap<string, FeatureType>;
  readonly label?: string;
  /** SequenceExamples: lists become feature lists, single values the context. */
  readonly sequence: boolean;
  /** Takes the framed records instead of files; for one output without compression. */
  readonly sink?: (bytes: Uint8Array) => void;
  /** Goes on behind the records that the file has; for one output. */
  readonly append?: boolean;
  /** The records are the cells of the first column as they are, no Examples. */
  readonly raw: boolean;
}

export interface WrittenFile {
  readonly path: string;
  readonly split: string | null;
  readonly records: number;
  readonly bytes: number;
}

export interface Written {
  readonly files: readonly WrittenFile[];
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Bytes of a torn record that appending has cut off. */
  readonly cutBytes: number;
}

/**
 * The name of one output: `iris.tfrecord` as `iris-train.tfrecord`, `iris-train-00000-of-00004.tfrecord`. A name that ends in a
 * split's name already has the others in its place.
 */
export function outputName(
  out: string,
  split: string | null,
  splits: readonly Split[],
  shard: readonly [number, number],
): string {
  const [, folder, stem, extension] = /^(.*[/\\])?(.*?)((?:\.[A-Za-z]\w*)*)$/s.exec(out)!;
  const named = splits.find(({ name }) => stem!.endsWith(`-${name}`));
  const base = named ? stem!.slice(0, -named.name.length - 1) : stem!;
  const five = (n: number) => String(n).padStart(5, "0");
  const part = split === null ? stem! : `${base}-${split}`;
  const [i, n] = shard;
  return `${folder ?? ""}${part}${n > 1 ? `-${five(i)}-of-${five(n)}` : ""}${extension}`;
}

/** All files that options would write. */
export function outputNames({ out, splits, shards }: Pick<WriteOptions, "out" | "splits" | "shards">): string[] {
  const parts = splits.length === 0 ? [null] : splits.map(({ name }) => name);
  return parts.flatMap((part) => Array.from({ length: shards }, (_, i) => outputName(out, part, splits, [i, shards])));
}

const encoder = new TextEncoder();

/** One row as a record. Throws INVALID_ARGUMENT naming source, row and column for a cell that does not fit. */
function encodeRow(columns: readonly Column[], row: Row, options: WriteOptions, where: string): Uint8Array {
  if (options.raw) {
    const [cell] = row;
    return cell instanceof Uint8Array ? cell : encoder.encode(String(cell));
  }
  const features: [string, FeatureValue][] = [];
  const lists: [string, FeatureValue[]][] = [];
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const cell = row[i];
    if (options.sequence && Array.isArray(cell)) {
      lists.push([
        column.name,
        (cell as readonly Cell[]).map((item) => toValue(column, item, where) ?? { kind: "none" }),
      ]);
      continue;
    }
    const value = toValue(column, cell, where);
    if (value) features.push([column.name, value]);
  }
  return options.sequence ? encodeSequenceExample(features, lists) : encodeExample(features);
}

/** Which split each row belongs to: exact parts of a permutation that the seed gives. */
function assignSplits(rows: number, splits: readonly Split[], seed: number): Uint8Array {
  const assigned = new Uint8Array(rows);
  if (splits.length < 2) return assigned;
  const order = shuffle(philoxState(seed, 0), rows);
  let from = 0;
  let sum = 0;
  splits.forEach(({ part }, i) => {
    sum += part;
    const to = i === splits.length - 1 ? rows : Math.round(sum * rows);
    for (let k = from; k < to; k++) assigned[order[k]!] = i;
    from = to;
  });
  return assigned;
}

/** The files of one split: records come in order, and go to shards of equal counts. */
class ShardedWriter {
  readonly files: WrittenFile[] = [];
  cutBytes = 0;
  readonly #options: WriteOptions;
  readonly #split: string | null;
  readonly #total: number;
  #writer: RecordWriter | undefined;
  #path = "";
  #shard = -1;
  #inShard = 0;
  #written = 0;

  constructor(options: WriteOptions, split: string | null, total: number) {
    this.#options = options;
    this.#split = split;
    this.#total = total;
  }

  write(record: Uint8Array): void {
    if (this.#options.sink) {
      this.#options.sink(framed(record));
      return;
    }
    while (!this.#writer || this.#written >= Math.floor(((this.#shard + 1) * this.#total) / this.#options.shards))
      this.#next();
    this.#writer.write(record);
    this.#written++;
    this.#inShard++;
  }

  /** Shards that got no record are written empty, so that every name of the set is there. */
  finish(): void {
    if (this.#options.sink) return;
    while (this.#shard < this.#options.shards - 1) this.#next();
    this.#close();
  }

  abort(): void {
    this.#writer?.abort();
  }

  #next(): void {
    this.#close();
    this.#shard++;
    const { out, splits, shards, compression, append = false } = this.#options;
    this.#path = outputName(out, this.#split, splits, [this.#shard, shards]);
    this.#writer = new RecordWriter(this.#path, { compression, atomic: !append, append });
    this.cutBytes += this.#writer.cutBytes;
    this.#inShard = 0;
  }

  #close(): void {
    if (!this.#writer) return;
    this.#writer.close();
    this.#writer = undefined;
    this.files.push({ path: this.#path, split: this.#split, records: this.#inShard, bytes: fileSize(this.#path) });
  }
}

/** Writes all rows. Files appear under their names when they are whole; those of a failed write are removed. */
export async function writeRecords(options: WriteOptions): Promise<Written> {
  const { sources, splits, seed } = options;
  const types = new ColumnTypes(options.types, options.label);
  for (const source of sources) {
    for await (const rows of source.rows()) for (const row of rows) types.add(source.names, row);
  }
  const columns = types.columns(sources[0]!.names);
  const assigned = assignSplits(types.rows, splits, seed);
  const totals = new Array<number>(Math.max(1, splits.length)).fill(0);
  for (const split of assigned) totals[split]!++;
  const names = splits.length === 0 ? [null] : splits.map(({ name }) => name);
  const writers = names.map((name, i) => new ShardedWriter(options, name, totals[i]!));
  try {
    if (options.shuffle) {
      const records: Uint8Array[] = [];
      for await (const record of encoded(columns, options)) records.push(record);
      for (const i of shuffle(philoxState(seed, 1), records.length)) writers[assigned[i]!]!.write(records[i]!);
    } else {
      let i = 0;
      for await (const record of encoded(columns, options)) writers[assigned[i++]!]!.write(record);
    }
    for (const writer of writers) writer.finish();
  } catch (error) {
    for (const writer of writers) writer.abort();
    throw error;
  }
  const cutBytes = writers.reduce((n, writer) => n + writer.cutBytes, 0);
  return { files: writers.flatMap((writer) => writer.files), columns, rows: types.rows, cutBytes };
}

async function* encoded(columns: readonly Column[], options: WriteOptions): AsyncGenerator<Uint8Array> {
  for (const source of options.sources) {
    let n = 0;
    for await (const rows of source.rows()) {
      for (const row of rows) yield encodeRow(columns, row, options, `${source.path}: row ${++n}`);
    }
  }
}
