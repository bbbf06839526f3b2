/**
 * A disk in memory that remembers what is durable: bytes by fsync of the file, names by fsync of the folder. It counts operations and
 * can fail at any of them.
 */
import { basename, dirname } from "node:path";
import {
  type FileStat,
  type FileSystem,
  fileError,
  nodeFiles,
  type OpenFile,
  type OpenMode,
} from "../../src/io/file_system.ts";

interface Inode {
  bytes: Uint8Array;
  durable: Uint8Array;
}

/** What a power cut may leave. */
export const cuts = ["all", "names without bytes", "zeros", "names lost", "early deletes"] as const;
export type Cut = (typeof cuts)[number];

export interface Fault {
  /** Number of the operation, counted from 0. */
  readonly at: number;
  /** A short write, or the name of an error. */
  readonly kind: "short" | "ENOSPC" | "EIO" | "EACCES" | "EMFILE" | "EINVAL" | "ENOTSUP";
  /** Every operation of the same kind fails from there on. */
  readonly isSticky?: boolean;
}

const errno = (code: string): Error => Object.assign(new Error(code), { code });
const fail = (code: string, path: string): never => {
  throw fileError(errno(code), path);
};

export class MemoryFiles implements FileSystem {
  readonly #names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  readonly #folders = new Set<string>(["/"]);
  operations = 0;
  fault: Fault | null = null;
  /** Called before each operation, and in the middle of each write. */
  onOperation: (() => void) | null = null;
  #stickyKind: string | null = null;
  /** Files that somebody has open: they are neither renamed nor removed. */
  readonly heldOpen = new Set<string>();
  isWindows = false;
  /** Milliseconds that were waited. */
  waitedMs = 0;
  onPause: (() => void) | null = null;

  pause(ms: number): void {
    this.waitedMs += ms;
    this.onPause?.();
  }

  /** The disk after a power cut now. */
  afterCut(cut: Cut): MemoryFiles {
    const disk = new MemoryFiles();
    for (const folder of this.#folders) disk.#folders.add(folder);
    const lost = cut === "names lost" || cut === "early deletes";
    const names = lost ? this.#durableNames : this.#names;
    for (const [path, inode] of names) {
      if (cut === "early deletes" && !this.#names.has(path)) continue;
      disk.#put(path, this.#bytesAfter(inode, cut));
    }
    return disk;
  }

  #bytesAfter(inode: Inode, cut: Cut): Uint8Array {
    if (cut === "all") return inode.bytes;
    const rest = inode.bytes.length - inode.durable.length;
    if (cut === "zeros" && rest > 0) return Buffer.concat([inode.durable, new Uint8Array(rest)]);
    return inode.durable;
  }

  #put(path: string, bytes: Uint8Array): void {
    const inode = { bytes: Uint8Array.from(bytes), durable: Uint8Array.from(bytes) };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** All paths of files. */
  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  #count(kind: string, path: string): "short" | void {
    this.onOperation?.();
    const number = this.operations++;
    const { fault } = this;
    if (!fault) return;
    const isHit = number === fault.at || (fault.isSticky && this.#stickyKind === kind && number > fault.at);
    if (!isHit) return;
    this.#stickyKind = kind;
    if (fault.kind === "short") return "short";
    fail(fault.kind, path);
  }

  #inode(path: string): Inode {
    return this.#names.get(path) ?? fail("ENOENT", path);
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#count("open", path);
    if (mode.includes("x") && this.#names.has(path)) fail("EEXIST", path);
    if (mode.startsWith("w") || mode.startsWith("a")) {
      if (!this.#folders.has(dirname(path))) fail("ENOENT", path);
      if (!this.#names.has(path) || mode.startsWith("w"))
        this.#names.set(path, { bytes: new Uint8Array(), durable: new Uint8Array() });
    }
    return this.#file(path, this.#inode(path));
  }

  #file(path: string, inode: Inode): OpenFile {
    const read = (into: Uint8Array, position: number): number => {
      const piece = inode.bytes.subarray(position, position + into.length);
      into.set(piece);
      return piece.length;
    };
    const write = (bytes: Uint8Array): number => {
      const isShort = this.#count("write", path) === "short" && bytes.length > 1;
      const part = isShort ? bytes.subarray(0, bytes.length >> 1) : bytes;
      const before = inode.bytes;
      inode.bytes = new Uint8Array(Buffer.concat([before, part.subarray(0, part.length >> 1)]));
      this.onOperation?.();
      inode.bytes = new Uint8Array(Buffer.concat([before, part]));
      return part.length;
    };
    const sync = (): void => {
      this.#count("sync", path);
      inode.durable = inode.bytes;
    };
    return {
      path,
      read,
      readAsync: async (into, position) => read(into, position),
      write,
      writeAsync: async (bytes) => write(bytes),
      sync,
      syncAsync: async () => sync(),
      truncate: (sizeBytes) => {
        this.#count("truncate", path);
        inode.bytes = inode.bytes.slice(0, sizeBytes);
      },
      sizeBytes: () => inode.bytes.length,
      close: () => {
        this.#count("close", path);
      },
    };
  }

  stat(path: string): FileStat | null {
    const inode = this.#names.get(path);
    if (inode) return { sizeBytes: inode.bytes.length, mtimeMs: 0, isFile: true, isDirectory: false };
    return this.#folders.has(path) ? { sizeBytes: 0, mtimeMs: 0, isFile: false, isDirectory: true } : null;
  }

  readdir(path: string): string[] {
    if (!this.#folders.has(path)) fail("ENOENT", path);
    return this.paths()
      .filter((each) => dirname(each) === path)
      .map((each) => basename(each));
  }

  mkdir(path: string): void {
    for (let folder = path; !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder);
  }

  rename(from: string, to: string): void {
    this.#count("rename", from);
    if (this.heldOpen.has(from) || this.heldOpen.has(to)) fail("EPERM", to);
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
  }

  unlink(path: string): void {
    this.#count("unlink", path);
    if (this.heldOpen.has(path)) fail("EBUSY", path);
    if (!this.#names.delete(path)) fail("ENOENT", path);
  }

  rmdir(path: string): void {
    this.#folders.delete(path);
  }

  link(existing: string, path: string): void {
    this.#count("link", path);
    if (this.#names.has(path)) fail("EEXIST", path);
    this.#names.set(path, this.#inode(existing));
  }

  syncDirectory(path: string): void {
    this.#count("syncDirectory", path);
    if (this.isWindows) fail("EPERM", path);
    for (const name of [...this.#durableNames.keys()])
      if (dirname(name) === path && !this.#names.has(name)) this.#durableNames.delete(name);
    for (const [name, inode] of this.#names) if (dirname(name) === path) this.#durableNames.set(name, inode);
  }

  freeBytes(): number {
    return 2 ** 40;
  }

  realpath(path: string): string {
    return path;
  }
}

/** Puts a disk in place of the real one while `action` runs. */
export async function onDisk<T>(disk: FileSystem, action: () => Promise<T>): Promise<T> {
  const real = { ...nodeFiles };
  const own = disk as never as Record<string, unknown>;
  const layer = Object.fromEntries(
    Object.entries(real).map(([name, value]) => [
      name,
      typeof value === "function"
        ? (...args: never[]) => (own[name] as (...a: never[]) => unknown).apply(disk, args)
        : own[name],
    ]),
  );
  Object.assign(nodeFiles, layer);
  try {
    return await action();
  } finally {
    Object.assign(nodeFiles, real);
  }
}
