/**
 * Reads a checkpoint of Saver version 2: `PREFIX.index`, a table of entries, and `PREFIX.data-00000-of-00001` …, raw tensors.
 * Nothing is believed before it is checked: sizes against the files before memory is taken, a checksum for every tensor.
 * Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, BundleReader
 */
import { DataLossError, InvalidArgumentError, NotFoundError, OpError, UnimplementedError } from "../../core/error.ts";
import { NdArray, viewElements } from "../../core/nd_array.ts";
import { elementCount, formatShape, sameShape } from "../../core/shape.ts";
import { crc32c } from "../crc.ts";
import { type FileSystem, nodeFiles, type OpenFile, readFully } from "../file_system.ts";
import { located } from "../wire.ts";
import { Assembly, cut } from "./assembly.ts";
import { type BundleEntry, decodeEntry, decodeHeader } from "./bundle_entry.ts";
import { fullExtents, parseSliceSpec, type Slice, sliceKey, sliceShape } from "./slice.ts";
import { decodeStrings } from "./string_tensor.ts";
import { readTable } from "./table_reader.ts";

export const indexPath = (prefix: string): string => `${prefix}.index`;

export const dataPath = (prefix: string, shard: number, numShards: number): string =>
  `${prefix}.data-${String(shard).padStart(5, "0")}-of-${String(numShards).padStart(5, "0")}`;

const pieceSize = 4 * 2 ** 20;
/** Checked at once: short enough for others to have a turn. */
const checkedSize = 2 ** 20;
const keyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const byteKey = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");

export class BundleReader {
  readonly prefix: string;
  readonly numShards: number;
  readonly #files: FileSystem;
  readonly #entries = new Map<string, BundleEntry>();
  /** Slices of partitioned tensors, by the bytes of their keys. */
  readonly #slices = new Map<string, BundleEntry>();
  readonly #open = new Map<number, OpenFile>();

  private constructor(prefix: string, files: FileSystem) {
    this.prefix = prefix;
    this.#files = files;
    const path = indexPath(prefix);
    const table = readTable(path, files, (error) => notABundle(path, "failed to seek to header entry", error));
    const [header, ...rest] = table;
    if (!header || header[0].length > 0) throw notABundle(path, "failed to seek to header entry", undefined);
    this.numShards = located(path, () => decodeHeader(header[1]));
    for (const [key, value] of rest) {
      const isSlice = key[0] === 0;
      const name = isSlice ? byteKey(key) : keyDecoder.decode(key);
      const entry = located(path, () => decodeEntry(name, value, this.numShards));
      const entries = isSlice ? this.#slices : this.#entries;
      if (entries.has(name))
        throw new DataLossError(`${path}: two names read as ${name}, which is not UTF-8`, { path });
      entries.set(name, entry);
    }
  }

  /**
   * Reads and checks the index. NOT_FOUND `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for PREFIX`,
   * DATA_LOSS for a damaged index, UNIMPLEMENTED for the single file of Saver version 1.
   */
  static open(prefix: string, files: FileSystem = nodeFiles): BundleReader {
    if (!files.stat(indexPath(prefix))) {
      if (files.stat(prefix)?.isFile) {
        throw new UnimplementedError(
          `${prefix}: checkpoints of Saver version 1 cannot be read, only those of version 2`,
          { path: prefix },
        );
      }
      throw new NotFoundError(
        `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${prefix}`,
        { path: indexPath(prefix) },
      );
    }
    return new BundleReader(prefix, files);
  }

  /** All tensors by name, in the order of their bytes; partitioned ones by their whole name. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** NOT_FOUND `Key v not found in checkpoint`. */
  entry(name: string): BundleEntry {
    const entry = this.#entries.get(name);
    if (!entry) throw new NotFoundError(`Key ${name} not found in checkpoint`, { path: indexPath(this.prefix) });
    return entry;
  }

  dataFiles(): string[] {
    return Array.from({ length: this.numShards }, (_, i) => dataPath(this.prefix, i, this.numShards));
  }

  /** The whole tensor, put together if it is partitioned. DATA_LOSS for a wrong checksum or a file that is too short, NOT_FOUND for a missing file. */
  readSync(name: string): NdArray {
    const entry = this.entry(name);
    if (entry.slices.length > 0) return this.#assemble(entry, undefined, (piece) => this.#readPiece(piece));
    return this.#readPiece(entry);
  }

  async read(name: string): Promise<NdArray> {
    const entry = this.entry(name);
    if (entry.slices.length === 0) return this.#readPieceAsync(entry);
    return this.#assembleAsync(entry, undefined);
  }

  /** Reads a tensor as `read` does, for its errors alone: the bytes of a whole one are never in memory together. */
  async check(name: string): Promise<void> {
    const entry = this.entry(name);
    if (entry.slices.length > 0 || entry.dtype.base === "string") {
      await this.read(name);
      return;
    }
    const crc = await this.#crcOf(entry);
    if (crc !== entry.crc32c) throw this.#wrongSum(entry, crc);
  }

  async #crcOf(entry: BundleEntry): Promise<number> {
    const file = this.#shard(entry);
    const piece = new Uint8Array(Math.min(checkedSize, entry.sizeBytes));
    let crc = 0;
    for (let done = 0; done < entry.sizeBytes; ) {
      const n = await file.readAsync(piece.subarray(0, entry.sizeBytes - done), entry.offset + done);
      if (n === 0) throw this.#tooShort(entry, file.path);
      crc = crc32c(piece.subarray(0, n), crc);
      done += n;
    }
    return crc;
  }

  /**
   * The slice `"4 2 0,2:-"` of a tensor, or all of it for `""`, wherever the checkpoint's own pieces begin.
   * INVALID_ARGUMENT if the full shape differs.
   */
  async readSlice(name: string, spec: string): Promise<NdArray> {
    if (spec === "") return this.read(name);
    const entry = this.entry(name);
    const { fullShape, slice } = parseSliceSpec(spec);
    if (!sameShape(fullShape, entry.shape)) {
      throw new InvalidArgumentError(
        `tensor_name = ${name}; shape in shape_and_slice spec ${formatShape(fullShape)} does not match the shape stored in checkpoint: ${formatShape(entry.shape)}`,
      );
    }
    const extents = fullExtents(fullShape, slice);
    if (entry.slices.length > 0) return this.#assembleAsync(entry, extents);
    return cut(await this.#readPieceAsync(entry), extents);
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #pieces(entry: BundleEntry): BundleEntry[] {
    return entry.slices.map((slice) => {
      const piece = this.#slices.get(byteKey(sliceKey(entry.name, slice)));
      if (!piece || !sameShape(piece.shape, sliceShape(entry.shape, slice)) || piece.dtype !== entry.dtype) {
        throw new DataLossError(`a slice of ${entry.name} is not in the checkpoint`, { path: indexPath(this.prefix) });
      }
      return piece;
    });
  }

  #assemble(entry: BundleEntry, wanted: Slice | undefined, read: (piece: BundleEntry) => NdArray): NdArray {
    const pieces = this.#pieces(entry);
    const target = new Assembly(entry, wanted, this.#bytesAvailable(pieces));
    for (const [i, piece] of pieces.entries()) {
      if (target.needs(i)) target.put(i, read(piece));
    }
    return target.finish();
  }

  async #assembleAsync(entry: BundleEntry, wanted: Slice | undefined): Promise<NdArray> {
    const pieces = this.#pieces(entry);
    const target = new Assembly(entry, wanted, this.#bytesAvailable(pieces));
    for (const [i, piece] of pieces.entries()) {
      if (target.needs(i)) target.put(i, await this.#readPieceAsync(piece));
    }
    return target.finish();
  }

  /** What the files of these entries hold together: no more memory than that is taken for them. */
  #bytesAvailable(pieces: readonly BundleEntry[]): number {
    const files = new Set(pieces.map((piece) => this.#shard(piece)));
    return [...files].reduce((n, file) => n + file.sizeBytes(), 0);
  }

  #readPiece(entry: BundleEntry): NdArray {
    const file = this.#shard(entry);
    const bytes = new Uint8Array(entry.sizeBytes);
    if (readFully(file, bytes, entry.offset) < bytes.length) throw this.#tooShort(entry, file.path);
    return this.#decode(entry, bytes, entry.dtype.base === "string" ? 0 : crc32c(bytes));
  }

  /** The checksum of one piece is computed while the next is read. */
  async #readPieceAsync(entry: BundleEntry): Promise<NdArray> {
    const file = this.#shard(entry);
    const bytes = new Uint8Array(entry.sizeBytes);
    let crc = 0;
    let done = 0;
    let checked = 0;
    while (done < bytes.length) {
      const reading = file.readAsync(bytes.subarray(done, done + pieceSize), entry.offset + done);
      crc = crc32c(bytes.subarray(checked, done), crc);
      checked = done;
      const n = await reading;
      if (n === 0) throw this.#tooShort(entry, file.path);
      done += n;
    }
    return this.#decode(entry, bytes, crc32c(bytes.subarray(checked), crc));
  }

  #shard(entry: BundleEntry): OpenFile {
    const { dtype, shard, offset, sizeBytes } = entry;
    if (dtype.base === "variant" || dtype.base === "resource") {
      throw new UnimplementedError(`${entry.name}: a checkpoint's tensors of type ${dtype.name} cannot be read`);
    }
    let file = this.#open.get(shard);
    if (!file) {
      file = this.#files.open(dataPath(this.prefix, shard, this.numShards), "r");
      this.#open.set(shard, file);
    }
    if (sizeBytes > file.sizeBytes() - offset) throw this.#tooShort(entry, file.path);
    return file;
  }

  #tooShort(entry: BundleEntry, path: string): DataLossError {
    return new DataLossError(
      `TensorBundle at ${this.prefix} shard ${entry.shard} (${entry.sizeBytes} bytes): Read less bytes than requested`,
      {
        path,
        offset: entry.offset,
      },
    );
  }

  #wrongSum({ shard, sizeBytes, crc32c: stored, offset }: BundleEntry, calculated: number): DataLossError {
    return new DataLossError(
      `TensorBundle at ${this.prefix} shard ${shard} (${sizeBytes} bytes): Checksum does not match: stored ${stored} vs. calculated on the restored bytes ${calculated}`,
      { path: dataPath(this.prefix, shard, this.numShards), offset },
    );
  }

  #decode(entry: BundleEntry, bytes: Uint8Array, crc: number): NdArray {
    const { dtype, shape } = entry;
    const path = dataPath(this.prefix, entry.shard, this.numShards);
    const count = elementCount(shape);
    const strings =
      dtype.base === "string" ? located(path, () => decodeStrings(bytes, count), entry.offset) : undefined;
    const calculated = strings ? strings.crc : crc;
    if (calculated !== entry.crc32c) {
      throw this.#wrongSum(entry, calculated);
    }
    if (strings) return new NdArray(dtype, shape, strings.strings);
    return new NdArray(dtype, shape, viewElements(dtype, bytes.buffer, 0, count));
  }
}

function notABundle(path: string, why: string, cause: unknown): DataLossError {
  const detail = cause instanceof Error ? `: ${cause.message}` : "";
  return new DataLossError(
    `Unable to read file (${path}). Perhaps the file is corrupt or was produced by a newer version of TensorFlow with format changes (${why})${detail}`,
    { path, cause, ...(cause instanceof OpError && cause.offset !== undefined && { offset: cause.offset }) },
  );
}
