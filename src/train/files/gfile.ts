/** `tf.gfile`: files and folders, in TensorFlow's words. Source: tensorflow/python/lib/io/file_io.py. */
import {
  AlreadyExistsError,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
} from "../../core/error.ts";
import { nodeFiles, type OpenFile, readFile, readFully, writeAll } from "../../io/file_system.ts";
import { expandPaths } from "../../io/paths.ts";
import { byName, type Rest } from "../../ops/options.ts";

export type FileMode =
  | "r"
  | "w"
  | "a"
  | "r+"
  | "w+"
  | "a+"
  | "rb"
  | "wb"
  | "ab"
  | "rb+"
  | "wb+"
  | "ab+"
  | "r+b"
  | "w+b";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const newline = 10;

const missing = (path: string): NotFoundError => new NotFoundError(`${path}; No such file or directory`, { path });
const isFolder = (path: string): FailedPreconditionError =>
  new FailedPreconditionError(`${path}; Is a directory`, { path });

/**
 * A file that is read or written, as text or ("rb", "wb") as bytes. Nothing is opened before the first read or write. Throws
 * INVALID_ARGUMENT for another mode, NOT_FOUND without the file, PERMISSION_DENIED for reading what is written and the other way round.
 */
export class GFile implements Iterable<string | Uint8Array> {
  readonly name: string;
  readonly mode: FileMode;
  readonly #isBinary: boolean;
  readonly #kind: string;
  #bytes: Uint8Array | null = null;
  #at = 0;
  #open: OpenFile | null = null;

  constructor(name: string, mode: FileMode = "r") {
    this.name = name;
    this.mode = mode;
    this.#isBinary = mode.includes("b");
    this.#kind = mode.replace("b", "");
    if (!["r", "w", "a", "r+", "w+", "a+"].includes(this.#kind)) {
      throw new InvalidArgumentError("mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'");
    }
  }

  #content(): Uint8Array {
    if (this.#kind === "w" || this.#kind === "a") throw new PermissionDeniedError("File isn't open for reading");
    this.flush();
    if (!this.#bytes) {
      const stat = nodeFiles.stat(this.name);
      if (!stat) throw missing(this.name);
      if (stat.isDirectory) throw isFolder(this.name);
      this.#bytes = readFile(this.name);
    }
    return this.#bytes;
  }

  #as(bytes: Uint8Array): string | Uint8Array {
    return this.#isBinary ? bytes.slice() : decoder.decode(bytes);
  }

  /** The next n bytes, or the rest. */
  read(n = -1): string | Uint8Array {
    const bytes = this.#content();
    const end = n < 0 ? bytes.length : Math.min(bytes.length, this.#at + n);
    const part = bytes.subarray(this.#at, end);
    this.#at = end;
    return this.#as(part);
  }

  /** The next line with its end; empty at the end of the file. */
  readline(): string | Uint8Array {
    const bytes = this.#content();
    const found = bytes.indexOf(newline, this.#at);
    const end = found < 0 ? bytes.length : found + 1;
    const line = bytes.subarray(this.#at, end);
    this.#at = end;
    return this.#as(line);
  }

  readlines(): (string | Uint8Array)[] {
    return [...this];
  }

  *[Symbol.iterator](): Iterator<string | Uint8Array> {
    for (let line = this.readline(); line.length > 0; line = this.readline()) yield line;
  }

  write(content: string | Uint8Array): void {
    if (this.#kind === "r") throw new PermissionDeniedError("File isn't open for writing");
    this.#open ??= nodeFiles.open(this.name, this.#kind.startsWith("a") ? "a" : this.#kind === "r+" ? "r+" : "w");
    writeAll(this.#open, typeof content === "string" ? encoder.encode(content) : content);
    this.#bytes = null;
  }

  size(): number {
    this.flush();
    return Stat(this.name).length;
  }

  seek(offset: number, whence: 0 | 1 | 2 = 0): void {
    const size = this.#content().length;
    const at = offset + (whence === 1 ? this.#at : whence === 2 ? size : 0);
    this.#at = Math.min(size, Math.max(0, at));
  }

  tell(): number {
    return this.#at;
  }

  flush(): void {
    this.#open?.sync();
  }

  close(): void {
    this.#open?.close();
    this.#open = null;
    this.#bytes = null;
    this.#at = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** As GFile. */
export const Open = GFile;
/** As GFile. */
export const FastGFile = GFile;

/** Is there a file or folder at this path? */
export const Exists = (path: string): boolean => nodeFiles.stat(path) !== null;
/** Is there a folder at this path? */
export const IsDirectory = (path: string): boolean => nodeFiles.stat(path)?.isDirectory ?? false;

export interface FileStatistics {
  /** Bytes. */
  readonly length: number;
  readonly mtimeNsec: number;
  readonly isDirectory: boolean;
}

/** Throws NOT_FOUND where nothing is. */
export function Stat(path: string): FileStatistics {
  const stat = nodeFiles.stat(path);
  if (!stat) throw missing(path);
  return { length: stat.sizeBytes, mtimeNsec: stat.mtimeMs * 1e6, isDirectory: stat.isDirectory };
}

/** Names in a folder. Throws NOT_FOUND without it. */
export function ListDirectory(folder: string): string[] {
  if (!IsDirectory(folder)) throw new NotFoundError(`Could not find directory ${folder}`, { path: folder });
  return nodeFiles.readdir(folder).sort();
}

/** Files that match a pattern, or any of several. */
export function Glob(patterns: string | readonly string[]): string[] {
  const all = typeof patterns === "string" ? [patterns] : patterns;
  return all.flatMap((pattern) => {
    try {
      return expandPaths([pattern]);
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  });
}

/** Makes a folder, whose parent must be there. */
export function MkDir(folder: string): void {
  const parent = folder.replace(/\/+$/, "").replace(/\/?[^/]*$/, "") || (folder.startsWith("/") ? "/" : ".");
  if (!IsDirectory(parent)) throw missing(folder);
  nodeFiles.mkdir(folder);
}

/** Makes a folder and those above it. */
export const MakeDirs = (folder: string): void => nodeFiles.mkdir(folder);

/** Deletes a file. Throws NOT_FOUND, or FAILED_PRECONDITION for a folder. */
export function Remove(path: string): void {
  const stat = nodeFiles.stat(path);
  if (!stat) throw missing(path);
  if (stat.isDirectory) throw isFolder(path);
  nodeFiles.unlink(path);
}

/** Deletes a folder with all that is in it. */
export function DeleteRecursively(path: string): void {
  const stat = nodeFiles.stat(path);
  if (!stat) throw new NotFoundError(`${path} not found`, { path });
  if (!stat.isDirectory) {
    nodeFiles.unlink(path);
    return;
  }
  for (const name of nodeFiles.readdir(path)) DeleteRecursively(`${path}/${name}`);
  nodeFiles.rmdir(path);
}

interface OverwriteOptions {
  readonly overwrite?: boolean;
}

const overwritePlaces = ["overwrite"] as const;
type Overwrite = Rest<OverwriteOptions, typeof overwritePlaces>;

function checkTarget(from: string, to: string, given: Overwrite): void {
  const { overwrite = false } = byName<OverwriteOptions>(given, overwritePlaces);
  if (!Exists(from)) throw missing(from);
  if (!overwrite && Exists(to)) throw new AlreadyExistsError("file already exists", { path: to });
}

/** Throws ALREADY_EXISTS where the target is there, unless overwrite is true. */
export function Copy(from: string, to: string, ...overwrite: Overwrite): void {
  checkTarget(from, to, overwrite);
  const file = nodeFiles.open(to, "w");
  try {
    const source = nodeFiles.open(from, "r");
    try {
      const piece = new Uint8Array(2 ** 20);
      for (let at = 0, n = 1; n > 0; at += n) {
        n = readFully(source, piece, at);
        writeAll(file, piece.subarray(0, n));
      }
    } finally {
      source.close();
    }
  } finally {
    file.close();
  }
}

/** Throws ALREADY_EXISTS where the new name is taken, unless overwrite is true. */
export function Rename(from: string, to: string, ...overwrite: Overwrite): void {
  checkTarget(from, to, overwrite);
  nodeFiles.rename(from, to);
}

interface WalkOptions {
  readonly inOrder?: boolean;
}

const walkPlaces = ["inOrder"] as const;

/** A folder with its folders and files, then so for each folder below; `inOrder: false` gives what is below first. */
export function* Walk(
  top: string,
  ...rest: Rest<WalkOptions, typeof walkPlaces>
): Generator<[folder: string, folders: string[], files: string[]]> {
  const { inOrder = true } = byName<WalkOptions>(rest, walkPlaces);
  if (!IsDirectory(top)) return;
  const names = ListDirectory(top);
  const folders = names.filter((name) => IsDirectory(`${top}/${name}`));
  const files = names.filter((name) => !folders.includes(name));
  if (inOrder) yield [top, folders, files];
  for (const folder of folders) yield* Walk(`${top}/${folder}`, { inOrder });
  if (!inOrder) yield [top, folders, files];
}
