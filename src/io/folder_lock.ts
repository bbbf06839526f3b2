/**
 * The lock of a model's folder: `.tsflow.lock`, linked into place from a private file, so that of many writers one wins. A holder that
 * is gone (same host and boot, no such process or another one of its number; or another boot) is taken over at once.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { FailedPreconditionError, OpError } from "../core/error.ts";
import { hostname, isRunning, nowMs, pid } from "../core/host.ts";
import { errnoOf, type FileSystem, nodeFiles, readFile, removeQuietly, writeAll } from "./file_system.ts";

export interface LockHolder {
  readonly pid: number;
  /** Start of the process in the system's ticks, where the system tells. */
  readonly started: string | null;
  readonly boot: string | null;
  readonly host: string;
  readonly nonce: string;
  /** ISO time. */
  readonly since: string;
}

export interface LockOptions {
  /** Takes the lock of a holder on another host that has not shown itself for a minute. */
  readonly steal?: boolean;
  readonly fs?: FileSystem;
}

const heartbeatMs = 10_000;
const silenceMs = 60_000;

const lockPath = (folder: string): string => join(folder, ".tsflow.lock");

/** A name that the sweep of another start leaves alone while this process lives. */
const privateName = (path: string): string => `${path}-${pid()}-${randomBytes(6).toString("hex")}`;

/** Was a file of this name left by a process that is gone? */
export function isStrayLock(name: string): boolean {
  const owner = /^\.tsflow\.lock-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
  return owner !== undefined && !isRunning(Number(owner));
}

function systemText(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
function startOf(process: number): string | null {
  const text = systemText(`/proc/${process}/stat`);
  return text === null ? null : (text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null);
}

const bootId = (): string | null => systemText("/proc/sys/kernel/random/boot_id")?.trim() ?? null;

/** The holder that a folder names, null without one or for a file that is not a lock's. */
function readHolder(path: string, files: FileSystem): LockHolder | null {
  try {
    const holder = JSON.parse(new TextDecoder().decode(readFile(path, files))) as LockHolder;
    return typeof holder.pid === "number" && typeof holder.nonce === "string" ? holder : null;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

type Verdict = "alive" | "gone" | "silent";

function judge(holder: LockHolder, mtimeMs: number): Verdict {
  if (holder.host !== hostname()) return nowMs() - mtimeMs > silenceMs ? "silent" : "alive";
  if (holder.boot !== null && holder.boot !== bootId()) return "gone";
  if (!isRunning(holder.pid)) return "gone";
  const started = startOf(holder.pid);
  return holder.started !== null && started !== null && started !== holder.started ? "gone" : "alive";
}

/** The right to write into a folder. */
export class FolderLock {
  readonly #path: string;
  readonly #nonce: string;
  readonly #fs: FileSystem;
  readonly #timer: NodeJS.Timeout;
  /** The folder, when it was made for the lock: it goes again if nothing came into it. */
  readonly #made: string | null;

  private constructor(path: string, nonce: string, files: FileSystem, made: string | null) {
    this.#made = made;
    this.#path = path;
    this.#nonce = nonce;
    this.#fs = files;
    this.#timer = setInterval(() => this.#beat(), heartbeatMs);
    this.#timer.unref();
  }

  /** Makes the folder and takes its lock. FAILED_PRECONDITION naming the holder when there is one. */
  static take(folder: string, options: LockOptions = {}): FolderLock {
    const { steal = false, fs: files = nodeFiles } = options;
    const made = files.stat(folder) ? null : folder;
    files.mkdir(folder);
    const path = lockPath(folder);
    const nonce = randomBytes(8).toString("hex");
    const own: LockHolder = {
      pid: pid(),
      started: startOf(pid()),
      boot: bootId(),
      host: hostname(),
      nonce,
      since: new Date(nowMs()).toISOString(),
    };
    const mine = privateName(path);
    const file = files.open(mine, "wx");
    try {
      writeAll(file, new TextEncoder().encode(`${JSON.stringify(own)}\n`));
      file.sync();
    } finally {
      file.close();
    }
    try {
      for (let attempt = 0; attempt < 10; attempt++) {
        try {
          files.link(mine, path);
          return new FolderLock(path, nonce, files, made);
        } catch (error) {
          if (errnoOf(error) !== "EEXIST") throw error;
        }
        removeStale(folder, path, steal, files);
      }
      throw inUse(folder, readHolder(path, files));
    } finally {
      removeQuietly(files, mine);
    }
  }

  /** FAILED_PRECONDITION when another process took the lock. */
  assertHeld(): void {
    const holder = readHolder(this.#path, this.#fs);
    if (holder?.nonce === this.#nonce) return;
    const by = holder ? `pid ${holder.pid} on host ${holder.host}` : "somebody, who left again";
    throw new FailedPreconditionError(`${this.#path}: the lock was taken by ${by}; nothing more is saved`, {
      path: this.#path,
    });
  }

  #beat(): void {
    try {
      const now = nowMs() / 1000;
      if (readHolder(this.#path, this.#fs)?.nonce === this.#nonce) fs.utimesSync(this.#path, now, now);
    } catch (error) {
      if (!(error instanceof OpError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      // A disk that fails now will fail the next save, which tells.
    }
  }

  release(): void {
    clearInterval(this.#timer);
    if (readHolder(this.#path, this.#fs)?.nonce === this.#nonce) removeQuietly(this.#fs, this.#path);
    if (this.#made && this.#fs.readdir(this.#made).length === 0) this.#fs.rmdir(this.#made);
  }
}

/** Moves a stale lock away, after a look at whether it is still the one that was judged. Throws for one that is alive. */
function removeStale(folder: string, path: string, steal: boolean, files: FileSystem): void {
  const stat = files.stat(path);
  if (!stat) return;
  const holder = readHolder(path, files);
  if (holder) {
    const verdict = judge(holder, stat.mtimeMs);
    if (verdict === "alive" || (verdict === "silent" && !steal)) throw inUse(folder, holder);
  }
  const aside = privateName(path);
  try {
    files.rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  const moved = readHolder(aside, files);
  if (moved?.nonce === holder?.nonce) {
    removeQuietly(files, aside);
    return;
  }
  // Another process was quicker: its lock goes back.
  try {
    files.link(aside, path);
  } finally {
    removeQuietly(files, aside);
  }
}

function inUse(folder: string, holder: LockHolder | null): FailedPreconditionError {
  const by = holder
    ? `pid ${holder.pid} on host ${holder.host} since ${holder.since.slice(11, 16)}`
    : "another process";
  const error = new FailedPreconditionError(`${folder} is in use by ${by}`, {
    path: lockPath(folder),
    hint: "Wait for it or stop it; --steal_lock takes the lock of a host that does not answer any more",
  });
  return Object.assign(error, { exit: 2 });
}
