/**
 * Writes a checkpoint of Saver version 2 (the picture stands in bundle_reader.ts), equal byte for byte to TensorFlow's for equal tensors in
 * equal order. Everything goes to temporary names; the index gets its own name last, so that a checkpoint is complete or absent.
 * Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, BundleWriter and MergeBundles
 */
import { dirname } from "node:path";
import {
  AlreadyExistsError,
  FailedPreconditionError,
  InvalidArgumentError,
  UnimplementedError,
} from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { crc32cInTurns } from "../crc.ts";
import {
  type FileSystem,
  nodeFiles,
  type OpenFile,
  removeQuietly,
  renamePatiently,
  syncFolder,
  temporaryName,
  writeAllAsync,
} from "../file_system.ts";
import { type BundleEntry, decodeEntry, decodeHeader, encodeEntry, encodeHeader } from "./bundle_entry.ts";
import { dataPath, indexPath } from "./bundle_reader.ts";
import { parseSliceSpec, type Slice, sliceKey, sliceShape } from "./slice.ts";
import { encodeStrings } from "./string_tensor.ts";
import { readTable } from "./table_reader.ts";
import { buildTable, compareBytes } from "./table_writer.ts";

export interface BundleFiles {
  /** The files of the checkpoint, the index last. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

type TableRow = readonly [key: Uint8Array, value: Uint8Array];

const encoder = new TextEncoder();
const headerKey = new Uint8Array();

/** Makes the folder of a checkpoint, unless its parent is not there either. */
export function makeFolderOf(prefix: string, fs: FileSystem = nodeFiles): void {
  const folder = dirname(prefix);
  if (!fs.stat(folder) && fs.stat(dirname(folder))?.isDirectory) fs.mkdir(folder);
}

/** One shard. Add tensors (in the order in which their bytes shall lie), then `finish`; after an error or `abort` nothing is left. */
export class BundleWriter {
  readonly prefix: string;
  readonly #files: FileSystem;
  readonly #temporaryData: string;
  readonly #file: OpenFile;
  readonly #entries = new Map<string, Omit<BundleEntry, "name">>();
  readonly #rows: TableRow[] = [];
  #offset = 0;
  #isOpen = true;

  constructor(prefix: string, { fs = nodeFiles }: { readonly fs?: FileSystem } = {}) {
    this.prefix = prefix;
    this.#files = fs;
    makeFolderOf(prefix, fs);
    this.#temporaryData = temporaryName(dataPath(prefix, 0, 1));
    this.#file = fs.open(this.#temporaryData, "wx");
  }

  /** INVALID_ARGUMENT for a name that is empty or there already. */
  async add(name: string, array: NdArray): Promise<void> {
    if (name === "" || this.#entries.has(name)) throw new InvalidArgumentError(`Adding duplicate key: ${name}`);
    this.#entries.set(name, { ...(await this.#append(array)), slices: [] });
  }

  /** A slice of a partitioned tensor; `spec` as in `"4 2 0,2:-"`. All slices of a tensor name the same full shape. */
  async addSlice(name: string, spec: string, array: NdArray): Promise<void> {
    if (spec === "") return this.add(name, array);
    const { fullShape, slice } = parseSliceSpec(spec);
    if (!sameShape(array.shape, sliceShape(fullShape, slice))) {
      throw new InvalidArgumentError(
        `Slice in shape_and_slice specification "${spec}" does not match the shape of the tensor to save: ${formatShape(array.shape)}`,
      );
    }
    const known = this.#entries.get(name);
    if (known && (known.slices.length === 0 || !sameShape(known.shape, fullShape) || known.dtype !== array.dtype)) {
      throw new InvalidArgumentError(`the slices of ${name} do not agree on shape and type`);
    }
    const slices: Slice[] = [...(known?.slices ?? []), slice];
    this.#entries.set(name, {
      dtype: array.dtype,
      shape: fullShape,
      shard: 0,
      offset: 0,
      sizeBytes: 0,
      crc32c: 0,
      slices,
    });
    this.#rows.push([sliceKey(name, slice), encodeEntry({ ...(await this.#append(array)), slices: [] })]);
  }

  async #append({ dtype, shape, data }: NdArray): Promise<Omit<BundleEntry, "name" | "slices">> {
    if (!this.#isOpen) throw new FailedPreconditionError(`${this.prefix}: the checkpoint is finished`);
    if (dtype.base === "resource" || dtype.base === "variant") {
      throw new UnimplementedError(`tensors of type ${dtype.name} cannot be saved`);
    }
    const strings = ArrayBuffer.isView(data) ? undefined : encodeStrings(data as readonly Uint8Array[]);
    const view = data as Uint8Array;
    const bytes = strings?.bytes ?? new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const offset = this.#offset;
    this.#offset += bytes.length;
    try {
      const writing = writeAllAsync(this.#file, bytes);
      // A failure is thrown by the await below; the checksum runs meanwhile.
      writing.catch(() => undefined);
      const crc = strings?.crc ?? (await crc32cInTurns(bytes));
      await writing;
      return { dtype, shape, shard: 0, offset, sizeBytes: bytes.length, crc32c: crc };
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Makes the checkpoint durable: syncs the data, writes and syncs the index, renames data, then index, and syncs the folder. */
  async finish(): Promise<BundleFiles> {
    if (!this.#isOpen) throw new FailedPreconditionError(`${this.prefix}: the checkpoint is finished`);
    const [data, index] = [dataPath(this.prefix, 0, 1), indexPath(this.prefix)];
    const rows: TableRow[] = [...this.#rows];
    for (const [name, entry] of this.#entries) rows.push([encoder.encode(name), encodeEntry(entry)]);
    try {
      await this.#file.syncAsync();
      this.#file.close();
      const sizeBytes = await writeIndex(index, rows, 1, this.#files, () =>
        renamePatiently(this.#files, this.#temporaryData, data),
      );
      this.#isOpen = false;
      return { files: [data, index], sizeBytes: sizeBytes + this.#offset };
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Removes what was written. */
  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
    removeQuietly(this.#files, this.#temporaryData);
  }
}

/** Writes an index durably; `beforeRename` moves the data, so that the index comes last. The bytes written. */
async function writeIndex(
  path: string,
  rows: readonly TableRow[],
  numShards: number,
  files: FileSystem,
  beforeRename: () => void,
): Promise<number> {
  const sorted = [...rows].sort(([a], [b]) => compareBytes(a, b));
  const table = buildTable([[headerKey, encodeHeader(numShards)], ...sorted]);
  const temporary = temporaryName(path);
  const file = files.open(temporary, "wx");
  try {
    try {
      await writeAllAsync(file, table);
      await file.syncAsync();
    } finally {
      file.close();
    }
    beforeRename();
    renamePatiently(files, temporary, path);
  } catch (error) {
    removeQuietly(files, temporary);
    throw error;
  }
  syncFolder(files, dirname(path));
  return table.length;
}

export interface MergeOptions {
  /** Removes the folders of the parts once they are empty. */
  readonly deleteOldDirs?: boolean;
  readonly fs?: FileSystem;
}

/**
 * Makes one checkpoint of several (the parts of a sharded save): data files are renamed in order, their entries go into one index.
 * ALREADY_EXISTS for a tensor that two parts hold whole; slices of one tensor are joined.
 */
export async function mergeBundles(
  parts: readonly string[],
  target: string,
  options: MergeOptions = {},
): Promise<BundleFiles> {
  const { deleteOldDirs = false, fs = nodeFiles } = options;
  const shardsOf = parts.map((part) => readTable(indexPath(part), fs));
  const shardCounts = shardsOf.map((table) => decodeHeader(table[0]![1]));
  const numShards = shardCounts.reduce((a, b) => a + b, 0);
  const rows = new Map<string, TableRow>();
  let firstShard = 0;
  for (const [i, table] of shardsOf.entries()) {
    for (const [key, value] of table.slice(1)) {
      const name = key[0] === 0 ? "a slice" : new TextDecoder().decode(key);
      const entry = decodeEntry(name, value, shardCounts[i]!);
      const id = Buffer.from(key).toString("latin1");
      const known = rows.get(id);
      if (known && entry.slices.length === 0)
        throw new AlreadyExistsError(`${name} is in more than one part of ${target}`);
      const before = known ? decodeEntry(name, known[1], numShards).slices : [];
      const shard = entry.slices.length > 0 ? 0 : entry.shard + firstShard;
      rows.set(id, [key, encodeEntry({ ...entry, shard, slices: [...before, ...entry.slices] })]);
    }
    firstShard += shardCounts[i]!;
  }
  fs.mkdir(dirname(target));
  const files: string[] = [];
  const sizeBytes = await writeIndex(indexPath(target), [...rows.values()], numShards, fs, () => {
    for (const [i, part] of parts.entries()) {
      for (let shard = 0; shard < shardCounts[i]!; shard++) {
        const to = dataPath(target, files.length, numShards);
        renamePatiently(fs, dataPath(part, shard, shardCounts[i]!), to);
        files.push(to);
      }
    }
  });
  for (const part of parts) fs.unlink(indexPath(part));
  if (deleteOldDirs) {
    for (const folder of new Set(parts.map((part) => dirname(part)))) {
      if (fs.readdir(folder).length === 0) fs.rmdir(folder);
    }
  }
  const dataBytes = files.reduce((n, file) => n + (fs.stat(file)?.sizeBytes ?? 0), 0);
  return { files: [...files, indexPath(target)], sizeBytes: sizeBytes + dataBytes };
}
