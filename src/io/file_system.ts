/**
 * The disk, as the rest of `io` sees it: a small interface, so that tests can put a layer between which fails or stops at any operation.
 * All operations throw an OpError with the code and the words that TensorFlow gives for the system's error.
 */
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Code, FailedPreconditionError, OpError, opError } from "../core/error.ts";
import { log, pid, platform, randomHex } from "../core/host.ts";

export interface FileStat {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/** As Node's flags: `x` refuses a file that is there, `a` writes at the end whatever was cut off before. */
export type OpenMode = "r" | "r+" | "w" | "wx" | "a" | "ax";

/** An open file. Reads and writes may be short, as the system's are: `readFully` and `writeAll` go on. */
export interface OpenFile {
  readonly path: string;
  read(into: Uint8Array, position: number): number;
  readAsync(into: Uint8Array, position: number): Promise<number>;
  /** Writes where the last write ended (or at the end, mode `a`). */
  write(bytes: Uint8Array): number;
  writeAsync(bytes: Uint8Array): Promise<number>;
  sync(): void;
  syncAsync(): Promise<void>;
  truncate(sizeBytes: number): void;
  sizeBytes(): number;
  close(): void;
}

export interface FileSystem {
  open(path: string, mode: OpenMode): OpenFile;
  /** Null where nothing is. */
  stat(path: string): FileStat | null;
  readdir(path: string): string[];
  /** With its parents; nothing happens if it is there. */
  mkdir(path: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  link(existing: string, path: string): void;
  /** Makes renames and new names in a folder durable; `syncFolder` is for systems that cannot. */
  syncDirectory(path: string): void;
  freeBytes(path: string): number;
  realpath(path: string): string;
  /** Files that somebody has open cannot be renamed or removed, folders cannot be synced, some names are taken. */
  readonly isWindows?: boolean;
  /** Holds the thread. */
  pause?(ms: number): void;
}

const words: Readonly<Record<string, readonly [Code, string]>> = {
  ENOENT: ["NOT_FOUND", "No such file or directory"],
  EEXIST: ["ALREADY_EXISTS", "File exists"],
  EACCES: ["PERMISSION_DENIED", "Permission denied"],
  EPERM: ["PERMISSION_DENIED", "Operation not permitted"],
  EROFS: ["PERMISSION_DENIED", "Read-only file system"],
  ENOSPC: ["RESOURCE_EXHAUSTED", "No space left on device"],
  EDQUOT: ["RESOURCE_EXHAUSTED", "Disk quota exceeded"],
  EMFILE: ["RESOURCE_EXHAUSTED", "Too many open files"],
  ENFILE: ["RESOURCE_EXHAUSTED", "Too many open files in system"],
  ENOMEM: ["RESOURCE_EXHAUSTED", "Cannot allocate memory"],
  EIO: ["DATA_LOSS", "Input/output error"],
  EISDIR: ["FAILED_PRECONDITION", "Is a directory"],
  ENOTDIR: ["FAILED_PRECONDITION", "Not a directory"],
  ENOTEMPTY: ["FAILED_PRECONDITION", "Directory not empty"],
  EBUSY: ["FAILED_PRECONDITION", "Device or resource busy"],
  EXDEV: ["FAILED_PRECONDITION", "Invalid cross-device link"],
  ENAMETOOLONG: ["INVALID_ARGUMENT", "File name too long"],
  EINVAL: ["INVALID_ARGUMENT", "Invalid argument"],
  ELOOP: ["INVALID_ARGUMENT", "Too many levels of symbolic links"],
  EFBIG: ["OUT_OF_RANGE", "File too large"],
  ENOTSUP: ["UNIMPLEMENTED", "Operation not supported"],
  EINTR: ["UNAVAILABLE", "Interrupted system call"],
};

/** What a system error means in TensorFlow: `NOT_FOUND: a.txt; No such file or directory`. Source: tensorflow/core/platform/errors.cc */
export function fileError(error: unknown, path: string): OpError {
  if (error instanceof OpError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const [status, text] = words[code] ?? ["UNKNOWN", message];
  return opError(status, `${path}; ${text}`, { path, cause: error });
}

/** The errno name behind an error of the file system, `ENOSPC` for one; undefined for others. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof OpError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;

const readAt = promisify(fs.read);
const writeAt = promisify(fs.write);
const fsync = promisify(fs.fsync);

function guarded<T>(path: string, action: () => T): T {
  for (;;) {
    try {
      return action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EINTR") throw fileError(error, path);
    }
  }
}

async function guardedAsync<T>(path: string, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EINTR") throw fileError(error, path);
    }
  }
}

/** Paths of files that were opened to read, as long as somebody asks for them. */
let pathsRead: Set<string> | null = null;

/** From here on files that are opened to read are noted; the set of their paths. */
export function noteFilesRead(): ReadonlySet<string> {
  pathsRead = new Set();
  return pathsRead;
}

function openFile(path: string, mode: OpenMode): OpenFile {
  if (mode === "r") pathsRead?.add(path);
  const fd = guarded(path, () => fs.openSync(path, mode));
  let isOpen = true;
  return {
    path,
    read: (into, position) => guarded(path, () => fs.readSync(fd, into, 0, into.length, position)),
    readAsync: (into, position) =>
      guardedAsync(path, async () => (await readAt(fd, into, 0, into.length, position)).bytesRead),
    write: (bytes) => guarded(path, () => fs.writeSync(fd, bytes)),
    writeAsync: (bytes) => guardedAsync(path, async () => (await writeAt(fd, bytes)).bytesWritten),
    sync: () => guarded(path, () => fs.fsyncSync(fd)),
    syncAsync: () => guardedAsync(path, () => fsync(fd)),
    truncate: (sizeBytes) => guarded(path, () => fs.ftruncateSync(fd, sizeBytes)),
    sizeBytes: () => guarded(path, () => fs.fstatSync(fd).size),
    close() {
      if (!isOpen) return;
      isOpen = false;
      guarded(path, () => fs.closeSync(fd));
    },
  };
}

function syncDirectory(path: string): void {
  guarded(path, () => {
    const fd = fs.openSync(path, "r");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** What file systems (of networks, in user space) answer that have no fsync of folders. */
const noFolderSync: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);
/** What a folder answers that may be written and not be opened. */
const unreadable: ReadonlySet<string> = new Set(["EPERM", "EISDIR", "EACCES", "EBADF"]);
let hasToldOfSync = false;

/** Makes renames and new names in a folder durable, where the system can; where it cannot, that is said once. */
export function syncFolder(files: FileSystem, path: string): void {
  if (files.isWindows) return;
  try {
    files.syncDirectory(path);
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (unreadable.has(errno)) return;
    if (!noFolderSync.has(errno)) throw error;
    if (!hasToldOfSync)
      log("WARNING", `${path}: this file system cannot sync folders: files are as durable as it makes them`);
    hasToldOfSync = true;
  }
}

/** What Windows answers while somebody has a file open: a virus scanner, TensorBoard. */
const heldOpen: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EBUSY"]);
const patienceMs = 10_000;

/** Renames; on Windows again and again for 10 s while the file is held open. Throws FAILED_PRECONDITION naming the file then. */
export function renamePatiently(files: FileSystem, from: string, to: string): void {
  for (let waited = 0, wait = 10; ; wait *= 2) {
    try {
      files.rename(from, to);
      return;
    } catch (error) {
      if (!files.isWindows || !heldOpen.has(errnoOf(error) ?? "")) throw error;
      if (waited >= patienceMs) {
        const message = `${to}: another program has held the file open for ${patienceMs / 1000} s`;
        throw new FailedPreconditionError(message, { path: to, cause: error });
      }
      const next = Math.min(wait, patienceMs - waited);
      files.pause?.(next);
      waited += next;
    }
  }
}

const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** Throws INVALID_ARGUMENT for a name that Windows gives to a device, or cannot have. */
export function checkName(files: FileSystem, path: string): void {
  if (!files.isWindows) return;
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  if (!reserved.test(name) && !/[<>:"|?*]/.test(name) && !/[. ]$/.test(name)) return;
  throw opError("INVALID_ARGUMENT", `${path}: Windows cannot have a file of this name`, { path });
}

function statOf(path: string): FileStat | null {
  try {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (!stat) return null;
    return { sizeBytes: stat.size, mtimeMs: stat.mtimeMs, isFile: stat.isFile(), isDirectory: stat.isDirectory() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw fileError(error, path);
  }
}

/** The real disk. */
export const nodeFiles: FileSystem = {
  open: openFile,
  stat: statOf,
  readdir: (path) => guarded(path, () => fs.readdirSync(path)),
  mkdir: (path) => guarded(path, () => void fs.mkdirSync(path, { recursive: true })),
  rename: (from, to) => guarded(from, () => fs.renameSync(from, to)),
  unlink: (path) => guarded(path, () => fs.unlinkSync(path)),
  rmdir: (path) => guarded(path, () => fs.rmdirSync(path)),
  link: (existing, path) => guarded(path, () => fs.linkSync(existing, path)),
  syncDirectory,
  freeBytes(path) {
    const { bavail, bsize } = guarded(path, () => fs.statfsSync(path));
    return bavail * bsize;
  },
  realpath: (path) => guarded(path, () => fs.realpathSync(path)),
  isWindows: platform().system === "win32",
  pause: (ms) => void Atomics.wait(sleeper, 0, 0, ms),
};

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Reads until `into` is full or the file ends; the bytes read. */
export function readFully(file: OpenFile, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const n = file.read(into.subarray(done), position + done);
    if (n === 0) break;
    done += n;
  }
  return done;
}

export function writeAll(file: OpenFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += file.write(bytes.subarray(done));
}

export async function writeAllAsync(file: OpenFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += await file.writeAsync(bytes.subarray(done));
}

/** All bytes of a file. NOT_FOUND, PERMISSION_DENIED and the like. */
export function readFile(path: string, files: FileSystem = nodeFiles): Uint8Array {
  const file = files.open(path, "r");
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    return bytes.subarray(0, readFully(file, bytes, 0));
  } finally {
    file.close();
  }
}

/** A name in the same folder for what will be renamed to `path`; a start-up may remove such files. */
export const temporaryName = (path: string): string =>
  join(dirname(path), `.tsf-tmp-${pid()}-${randomHex(12)}-${basename(path)}`);

const temporaryPart = /\.tsf-tmp-\d+-[0-9a-f]+-/;
const atStart = new RegExp(`^${temporaryPart.source}`);
const anywhere = new RegExp(temporaryPart, "g");

export const isTemporaryName = (name: string): boolean => atStart.test(name);

/** The file name that a temporary one is for; other names as they are. */
export const finalName = (name: string): string => name.replace(atStart, "");

/** A text with the final names in place of temporary ones. */
export const withoutTemporaryNames = (text: string): string => text.replace(anywhere, "");

/** Puts a whole file in place of `path`: temporary name, fsync, rename, fsync of the folder. After an error the old file is there as it was. */
export function writeFileAtomic(path: string, bytes: Uint8Array, files: FileSystem = nodeFiles): void {
  const temporary = temporaryName(path);
  const file = files.open(temporary, "wx");
  try {
    try {
      writeAll(file, bytes);
      file.sync();
    } finally {
      file.close();
    }
    renamePatiently(files, temporary, path);
  } catch (error) {
    removeQuietly(files, temporary);
    throw error;
  }
  syncFolder(files, dirname(path));
}

/** For cleaning up after an error that is reported already. */
export function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.unlink(path);
  } catch {
    // the first error is the one to tell; a start-up removes what is left
  }
}
