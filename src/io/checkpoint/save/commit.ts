/**
 * How a checkpoint comes into a folder whole, and older ones go.
 *
 *     .tsflow-intent                     what is being written and what will be deleted: what a start may clean up after a crash
 *     .tsf-tmp-PID-RANDOM-m-40.data-*    tensors, .meta, .state.json, .index, each synced, then read back
 *     m-40.data-*, .meta, .state.json    renamed, the index last: an index means that everything is there
 *     .tsflow-sums                       length and CRC-32C of the files that carry none, where wanted
 *     checkpoint                         names m-40: from here on the save counts
 *     (m-10 goes, index first; then the intent)
 *
 * A name that is used again gets another number of data files, so that one rename of the index switches from the old data to the new.
 */
import { basename, dirname, join } from "node:path";
import { DataLossError, OpError, ResourceExhaustedError } from "../../../core/error.ts";
import {
  checkName,
  type FileSystem,
  nodeFiles,
  removeQuietly,
  renamePatiently,
  syncFolder,
  temporaryName,
  writeAllAsync,
  writeFileAtomic,
} from "../../file_system.ts";
import { decodeHeader, encodeHeader } from "../bundle_entry.ts";
import { BundleReader, dataPath, indexPath } from "../bundle_reader.ts";
import { deleteCheckpoint, readRawCheckpointState } from "../state.ts";
import { readTable } from "../table_reader.ts";
import { buildTable } from "../table_writer.ts";
import { intentPath, listedNames, readIntent } from "./intent.ts";
import { type FileSum, fileSum, writeSums } from "./sums.ts";

export interface CommitOptions {
  /** Prefixes that fall out when this one is there. */
  readonly deletes?: readonly string[] | undefined;
  /** Bytes that the tensors take; a disk with less room is refused before anything is written. */
  readonly expectedBytes?: number | undefined;
  /** Reads everything back before it is renamed; true by default. */
  readonly verify?: boolean | undefined;
  /** Writes `.tsflow-sums`. */
  readonly sums?: boolean | undefined;
  readonly fs?: FileSystem | undefined;
}

const encoder = new TextEncoder();

/** Free bytes without which a save of so many bytes is not begun. */
export const roomFor = (bytes: number): number => 1.1 * bytes + 2 ** 20;

/** One save. `pending` is the prefix to write the tensors to; then `finish`, the state file by the caller, and `close`. */
export class CheckpointCommit {
  readonly prefix: string;
  readonly pending: string;
  readonly #folder: string;
  readonly #deletes: readonly string[];
  readonly #verify: boolean;
  readonly #keepsSums: boolean;
  readonly #fs: FileSystem;
  /** Was there a checkpoint of this name before? */
  readonly #hadIndex: boolean;
  /** Files that have their own names. */
  readonly #moved: string[] = [];
  /** Suffixes of the files beside the tensors, in the order of their renames. */
  readonly #beside: string[] = [];

  /** RESOURCE_EXHAUSTED when the disk has no room for it. */
  constructor(prefix: string, options: CommitOptions = {}) {
    const { deletes = [], expectedBytes, verify = true, sums = false, fs = nodeFiles } = options;
    this.prefix = prefix;
    this.#folder = dirname(prefix);
    this.#fs = fs;
    this.#verify = verify;
    this.#keepsSums = sums;
    checkName(fs, prefix);
    this.#deletes = [...new Set([...this.#leftOver(), ...deletes])];
    this.#hadIndex = fs.stat(indexPath(prefix)) !== null;
    if (expectedBytes !== undefined) this.#checkRoom(expectedBytes);
    this.#writeIntent(this.#deletes);
    this.pending = temporaryName(prefix);
  }

  #writeIntent(deletes: readonly string[]): void {
    const names = { writes: basename(this.prefix), deletes: deletes.map((each) => basename(each)) };
    writeFileAtomic(intentPath(this.#folder), encoder.encode(`${JSON.stringify(names)}\n`), this.#fs);
  }

  /** Older checkpoints that could not be deleted: the intent of the last save names them still. */
  #leftOver(): string[] {
    const intent = readIntent(this.#folder, this.#fs);
    if (!intent) return [];
    const listed = listedNames(this.#folder, this.#fs);
    return intent.deletes
      .filter((name) => name !== basename(this.prefix) && !listed.has(name))
      .map((name) => join(this.#folder, name));
  }

  #checkRoom(bytes: number): void {
    const free = this.#fs.freeBytes(this.#folder);
    if (free >= roomFor(bytes)) return;
    throw new ResourceExhaustedError(
      `${this.prefix}: the checkpoint takes ${bytes} bytes, ${this.#folder} has ${free} bytes left`,
      { path: this.prefix },
    );
  }

  /** A file that belongs to the checkpoint: `.meta`, `.state.json`. */
  async addBeside(suffix: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fs.open(this.pending + suffix, "wx");
    this.#beside.push(suffix);
    try {
      await writeAllAsync(file, bytes);
      await file.syncAsync();
    } finally {
      file.close();
    }
  }

  /** Gives everything its own name. The files of the checkpoint, the index last; none when no tensors were written. */
  async finish(): Promise<readonly string[]> {
    const fs = this.#fs;
    if (!fs.stat(indexPath(this.pending))) return this.#finishWithoutIndex();
    if (this.#verify) await verifyBundle(this.pending, fs);
    const written = decodeHeader(readTable(indexPath(this.pending), fs)[0]![1]);
    const shards = freeCount(this.prefix, written, fs);
    if (shards !== written) await this.#addEmptyShard(written, shards);
    const sums = new Map<string, FileSum>();
    const move = async (from: string, to: string): Promise<void> => {
      if (this.#keepsSums && to !== indexPath(this.prefix)) sums.set(basename(to), await fileSum(from, fs));
      renamePatiently(fs, from, to);
      this.#moved.push(to);
    };
    for (let i = 0; i < shards; i++) {
      const from = dataPath(this.pending, i, i < written ? written : shards);
      await move(from, dataPath(this.prefix, i, shards));
    }
    for (const suffix of this.#beside) {
      await move(this.pending + suffix, this.prefix + suffix);
    }
    syncFolder(fs, this.#folder);
    await move(indexPath(this.pending), indexPath(this.prefix));
    syncFolder(fs, this.#folder);
    const deleted = this.#deletes.map((each) => basename(each));
    if (this.#keepsSums) writeSums(this.#folder, sums, deleted, fs);
    return this.#moved;
  }

  /** No tensors, or those of the first format: files of the prefix's own name, which come last. */
  #finishWithoutIndex(): readonly string[] {
    const fs = this.#fs;
    const start = basename(this.pending);
    const isBeside = (suffix: string): boolean => this.#beside.includes(suffix);
    const suffixes = fs
      .readdir(this.#folder)
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length))
      .sort((a, b) => Number(isBeside(b)) - Number(isBeside(a)));
    for (const suffix of suffixes) {
      renamePatiently(fs, this.pending + suffix, this.prefix + suffix);
      this.#moved.push(this.prefix + suffix);
    }
    syncFolder(fs, this.#folder);
    return this.#moved;
  }

  /** The index says that there is one file more, which is empty. */
  async #addEmptyShard(written: number, shards: number): Promise<void> {
    const fs = this.#fs;
    for (let i = written; i < shards; i++) {
      const file = fs.open(dataPath(this.pending, i, shards), "wx");
      try {
        await file.syncAsync();
      } finally {
        file.close();
      }
    }
    const [, ...rows] = readTable(indexPath(this.pending), fs);
    writeFileAtomic(indexPath(this.pending), buildTable([[new Uint8Array(), encodeHeader(shards)], ...rows]), fs);
  }

  /** After the state file is written: what fell out goes, then what was left of an older save under this name, then the intent. */
  close(warn: (error: unknown) => void): void {
    const fs = this.#fs;
    const left: string[] = [];
    for (const prefix of this.#deletes) {
      try {
        deleteCheckpoint(prefix, fs);
      } catch (error) {
        left.push(prefix);
        warn(error);
      }
    }
    try {
      removeOtherData(this.prefix, fs);
      syncFolder(fs, this.#folder);
      if (left.length === 0) removeQuietly(fs, intentPath(this.#folder));
      else this.#writeIntent(left);
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      warn(error); // The save counts; the intent says what a start has to do.
    }
  }

  /**
   * After an error: nothing of this save stays, but what an older checkpoint of the name or the state file relies on: a checkpoint that
   * has taken the older one's place, or that is listed already, is whole. The intent stays where something is left to do: a start does it.
   */
  abort(latestFilename?: string): void {
    const fs = this.#fs;
    const pending = basename(this.pending);
    const isPlaced = this.#moved.includes(indexPath(this.prefix));
    const stays = isPlaced && (this.#hadIndex || safely(() => this.#isListed(latestFilename), true));
    const isOurs = (path: string): boolean => !this.#hadIndex || path.startsWith(`${this.prefix}.data-`);
    const names = safely(() => fs.readdir(this.#folder), []).filter((name) => name.startsWith(pending));
    const moved = stays ? [] : this.#moved.filter(isOurs).toReversed();
    const paths = [...moved, ...names.map((name) => join(this.#folder, name))];
    for (const path of paths) removeQuietly(fs, path);
    const isLeft = paths.some((path) => safely(() => fs.stat(path) !== null, true));
    if (!stays && !isLeft) removeQuietly(fs, intentPath(this.#folder));
  }

  #isListed(latestFilename = "checkpoint"): boolean {
    const state = readRawCheckpointState(this.#folder, { latestFilename, fs: this.#fs });
    const paths = state ? [state.modelCheckpointPath, ...state.allModelCheckpointPaths] : [];
    return paths.some((path) => basename(path) === basename(this.prefix));
  }
}

function safely<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}

/** Reads every tensor of a checkpoint. Throws DATA_LOSS and the like for the first that does not read. */
export async function verifyBundle(prefix: string, fs: FileSystem = nodeFiles): Promise<void> {
  const reader = BundleReader.open(prefix, fs);
  try {
    for (const name of reader.names()) await reader.check(name);
  } finally {
    reader.close();
  }
}

/** A number of data files under which the prefix has none: the wanted one, else one more. */
function freeCount(prefix: string, wanted: number, fs: FileSystem): number {
  return fs.stat(dataPath(prefix, 0, wanted)) ? wanted + 1 : wanted;
}

/** Removes data files of a prefix whose count is not that of its index. */
export function removeOtherData(prefix: string, fs: FileSystem): string[] {
  if (!fs.stat(indexPath(prefix))) return [];
  const header = readTable(indexPath(prefix), fs)[0];
  if (!header) throw new DataLossError(`${indexPath(prefix)}: no header`, { path: indexPath(prefix) });
  const shards = decodeHeader(header[1]);
  const removed: string[] = [];
  for (const count of [shards - 1, shards + 1]) {
    for (let i = 0; i < count; i++) {
      const path = dataPath(prefix, i, count);
      if (!fs.stat(path)) continue;
      fs.unlink(path);
      removed.push(path);
    }
  }
  return removed;
}
