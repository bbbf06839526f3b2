/**
 * The lock of a model's folder: `.tsflow.lock`, linked into place from a private file, so that of many writers one wins. A holder that
 * is gone (same host and boot, no such process or another one of its number; or another boot) is taken over at once.
 */
import fs from "node:fs";
import { join } from "node:path";
import { FailedPreconditionError, OpError } from "../core/error.ts";
import { hostname, isRunning, nowMs, onExit, pid, randomHex } from "../core/host.ts";
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
/** How long a start waits for others that take a stale lock over. */
const contestedMs = 2000;
/** Without hard links, a lock that does not parse may be one that is being written. */
const writtenMs = 1000;

const lockPath = (folder: string): string => join(folder, ".tsflow.lock");

/** A name that the sweep of another start leaves alone while this process lives. */
const privateName = (path: string): string => `${path}-${pid()}-${randomHex(12)}`;

/** Was a file of this name left by a process that is gone? The holder of the lock asks. */
export function isStrayLock(name: string): boolean {
  if (name.startsWith(".tsflow.lock-take-")) return true;
  const owner = /^\.tsflow\.lock-(\d+)-[0-9a-f]+(-link)?$/.exec(name)?.[1];
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
  readonly #forgetExit: () => void;
  #isReleased = false;
  #isLost = false;

  private constructor(path: string, nonce: string, files: FileSystem, made: string | null) {
    this.#made = made;
    this.#path = path;
    this.#nonce = nonce;
    this.#fs = files;
    this.#timer = setInterval(() => this.#beat(), heartbeatMs);
    this.#timer.unref();
    // A process that leaves at once takes its lock with it.
    this.#forgetExit = onExit(() => {
      try {
        this.release();
      } catch {
        // a lock that stays is taken over by the next start: its process is gone
      }
    });
  }

  /** Makes the folder and takes its lock. FAILED_PRECONDITION naming the holder when there is one. */
  static take(folder: string, options: LockOptions = {}): FolderLock {
    const { fs: files = nodeFiles } = options;
    const made = files.stat(folder) ? null : folder;
    files.mkdir(folder);
    const path = lockPath(folder);
    const nonce = randomHex(16);
    const own: LockHolder = {
      pid: pid(),
      started: startOf(pid()),
      boot: bootId(),
      host: hostname(),
      nonce,
      since: new Date(nowMs()).toISOString(),
    };
    const mine = privateName(path);
    try {
      writeNew(files, mine, new TextEncoder().encode(`${JSON.stringify(own)}\n`));
      const until = nowMs() + contestedMs;
      for (;;) {
        if (claim(files, mine, path)) return new FolderLock(path, nonce, files, made);
        if (!removeStale(folder, path, mine, options)) continue;
        if (nowMs() > until) throw inUse(folder, readHolder(path, files));
        files.pause?.(5);
      }
    } finally {
      removeQuietly(files, mine);
    }
  }

  /** Did a heartbeat find another process's lock? */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** FAILED_PRECONDITION when another process took the lock. */
  assertHeld(): void {
    const holder = readHolder(this.#path, this.#fs);
    if (holder?.nonce === this.#nonce) return;
    const by = holder ? `pid ${holder.pid} on host ${holder.host}` : "somebody, who left again";
    const message = `${this.#path}: the lock was taken by ${by}; nothing more is saved`;
    throw Object.assign(new FailedPreconditionError(message, { path: this.#path }), { exit: 2 });
  }

  #beat(): void {
    try {
      const now = nowMs() / 1000;
      if (readHolder(this.#path, this.#fs)?.nonce === this.#nonce) fs.utimesSync(this.#path, now, now);
      else this.#isLost = true;
    } catch (error) {
      if (!(error instanceof OpError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      // A disk that fails now will fail the next save, which tells.
    }
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#forgetExit();
    clearInterval(this.#timer);
    if (readHolder(this.#path, this.#fs)?.nonce === this.#nonce) removeQuietly(this.#fs, this.#path);
    if (this.#made && this.#fs.readdir(this.#made).length === 0) this.#fs.rmdir(this.#made);
  }
}

/**
 * Removes a stale lock. Throws for one that is alive. Of many that found the same stale lock, the one that links `take-NONCE` removes it;
 * nobody else may, so that it is not another's that goes. True when somebody else is about it.
 */
function removeStale(
  folder: string,
  path: string,
  mine: string,
  { steal = false, fs: files = nodeFiles }: LockOptions,
): boolean {
  const stat = files.stat(path);
  if (!stat) return false;
  const holder = readHolder(path, files);
  if (holder) {
    const verdict = judge(holder, stat.mtimeMs);
    if (verdict === "alive" || (verdict === "silent" && !steal)) throw inUse(folder, holder);
  } else if (nowMs() - stat.mtimeMs < writtenMs && !canLink(files, mine)) return true; // It is being written.
  const take = `${path}-take-${holder?.nonce ?? "torn"}`;
  if (!claim(files, mine, take)) {
    const other = readHolder(take, files);
    if (other && judge(other, nowMs()) === "gone") removeQuietly(files, take);
    return true;
  }
  try {
    if (readHolder(path, files)?.nonce === holder?.nonce) removeQuietly(files, path);
  } finally {
    removeQuietly(files, take);
  }
  return false;
}

/** What file systems without hard links answer. */
const noLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EXDEV", "EMLINK"]);

function canLink(files: FileSystem, mine: string): boolean {
  const probe = `${mine}-link`;
  try {
    files.link(mine, probe);
    files.unlink(probe);
    return true;
  } catch {
    return false;
  }
}

/** Gives the private file another name that nobody has; without hard links, writes it there. False when somebody has it. */
function claim(files: FileSystem, mine: string, path: string): boolean {
  try {
    files.link(mine, path);
    return true;
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (errno === "EEXIST") return false;
    if (!noLinks.has(errno)) throw error;
  }
  try {
    writeNew(files, path, readFile(mine, files));
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

function writeNew(files: FileSystem, path: string, bytes: Uint8Array): void {
  const file = files.open(path, "wx");
  try {
    writeAll(file, bytes);
    file.sync();
  } finally {
    file.close();
  }
}

function inUse(folder: string, holder: LockHolder | null): FailedPreconditionError {
  const by = holder
    ? `pid ${holder.pid} on host ${holder.host} since ${holder.since.slice(11, 16)}`
    : "another process";
  const way = holder && holder.host !== hostname() ? " (use --steal_lock when that host does not answer any more)" : "";
  const error = new FailedPreconditionError(`${folder} is in use by ${by}${way}`, {
    path: lockPath(folder),
    hint: "Wait for it or stop it; --steal_lock takes the lock of a host that has been silent for a minute",
  });
  return Object.assign(error, { exit: 2 });
}
