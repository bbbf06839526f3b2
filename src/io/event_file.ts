/**
 * Event files: TFRecords of Event messages, `events.out.tfevents.<10 digits of seconds>.<host>.<pid>.<n><suffix>`. The first record is the file's
 * version, `Event{wall_time=1 double, file_version=3 "brain.Event:2"}`; what follows comes serialized from the caller.
 * Source: tensorflow/core/util/events_writer.cc
 */
import { join } from "node:path";
import { OpError } from "../core/error.ts";
import { hostname, log, nowSeconds, onExit, pid } from "../core/host.ts";
import { errnoOf, type FileSystem, nodeFiles, type OpenFile, readFully, removeQuietly } from "./file_system.ts";
import { framed, headerSize, RecordCutter } from "./record/framing.ts";
import { WireWriter } from "./wire.ts";

export interface EventFileOptions {
  /** Behind the name, as FileWriter's filename_suffix. */
  readonly suffix?: string;
  /** Events kept before they are written. */
  readonly maxQueue?: number;
  /** Events older than this are written without being asked. */
  readonly flushSeconds?: number;
  /** A file that has grown beyond this is followed by another. */
  readonly maxBytes?: number;
  readonly fs?: FileSystem;
}

/** Numbers the files of this process, so that two writers of one second have two names. */
let filesMade = 0;

/** Writers with events that are not written yet; the process's end writes them. */
const unwritten = new Set<EventFileWriter>();
let isHooked = false;

const encodeVersion = (): Uint8Array =>
  new WireWriter().tag(1, 1).double(nowSeconds()).bytes(3, "brain.Event:2").finish();

/**
 * Writes events to a file of its own in a folder. The file is made with the first write. Whole records go out with one write call; nothing is
 * lost when the process ends without `close`. A full disk never stops the caller: events are dropped and counted, with one warning.
 */
export class EventFileWriter {
  readonly folder: string;
  readonly #files: FileSystem;
  readonly #suffix: string;
  readonly #maxQueue: number;
  readonly #flushSeconds: number;
  readonly #maxBytes: number;
  #queue: Uint8Array[] = [];
  #file: OpenFile | undefined;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  /** Has any event come into a file? The first ones, which say where the curves go on, wait for space. */
  #hasWritten = false;
  #isClosed = false;

  constructor(folder: string, options: EventFileOptions = {}) {
    const {
      suffix = "",
      maxQueue = 10,
      flushSeconds = 120,
      maxBytes = Number.POSITIVE_INFINITY,
      fs = nodeFiles,
    } = options;
    this.folder = folder;
    this.#files = fs;
    this.#suffix = suffix;
    this.#maxQueue = maxQueue;
    this.#flushSeconds = flushSeconds;
    this.#maxBytes = maxBytes;
  }

  /** Null until the first write. */
  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** Events that a full disk has cost. */
  get droppedEvents(): number {
    return this.#dropped;
  }

  /** A serialized Event. After `close` it is dropped with a warning, as in TensorFlow. */
  add(event: Uint8Array): void {
    if (this.#isClosed) {
      log(
        "WARNING",
        "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is explicitly reopened.",
      );
      return;
    }
    this.#queue.push(event);
    if (this.#queue.length > this.#maxQueue) {
      this.flush();
      return;
    }
    unwritten.add(this);
    if (!isHooked) {
      isHooked = true;
      onExit(() => {
        for (const writer of unwritten) writer.#flushQuietly();
      });
    }
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.#flushQuietly(), this.#flushSeconds * 1000);
    this.#timer.unref();
  }

  /** Where nobody could catch an error it is told on standard error. */
  #flushQuietly(): void {
    try {
      this.flush();
    } catch (error) {
      log("ERROR", `events are lost: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Writes what is waiting. Throws what the folder's system says, but for a full disk. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    unwritten.delete(this);
    if (this.#queue.length === 0) return;
    const events = this.#queue;
    this.#queue = [];
    try {
      if (this.#size > this.#maxBytes) this.#release();
      const file = this.#open();
      this.#write(file, Buffer.concat(events.map(framed)));
      this.#hasWritten = true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ENOSPC" && errno !== "EDQUOT") throw error;
      if (this.#dropped === 0) log("WARNING", `${(error as OpError).message}: events are dropped until there is space`);
      this.#queue = this.#hasWritten ? [] : firstOf(events, firstBytes);
      this.#dropped += events.length - this.#queue.length;
    }
  }

  /** Makes what was written durable, where the disk can. */
  sync(): void {
    this.flush();
    try {
      this.#file?.sync();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ENOSPC" && errno !== "EDQUOT") throw error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    try {
      this.flush();
    } finally {
      this.#isClosed = true;
      this.#release();
    }
  }

  /** Goes on after `close`, with a new file. */
  reopen(): void {
    this.#isClosed = false;
  }

  #release(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#size = 0;
  }

  #open(): OpenFile {
    if (this.#file) return this.#file;
    this.#files.mkdir(this.folder);
    const seconds = String(Math.floor(nowSeconds())).padStart(10, "0");
    for (;;) {
      const name = `events.out.tfevents.${seconds}.${hostname()}.${pid()}.${filesMade++}${this.#suffix}`;
      try {
        this.#file = this.#files.open(join(this.folder, name), "ax");
        break;
      } catch (error) {
        if (!(error instanceof OpError) || error.code !== "ALREADY_EXISTS") throw error;
      }
    }
    this.#size = 0;
    this.#write(this.#file, framed(encodeVersion()));
    return this.#file;
  }

  /** All of it or nothing: a write that fails half-way is cut off again. */
  #write(file: OpenFile, bytes: Uint8Array): void {
    let done = 0;
    try {
      while (done < bytes.length) done += file.write(bytes.subarray(done));
      this.#size += bytes.length;
    } catch (error) {
      if (done > 0) file.truncate(this.#size);
      if (this.#size === 0) this.#abandon(file);
      throw error;
    }
  }

  /** A file without its version is no event file. */
  #abandon(file: OpenFile): void {
    this.#release();
    removeQuietly(this.#files, file.path);
  }
}

const firstBytes = 2 ** 16;

/** The first events, as many as these bytes hold. */
function firstOf(events: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  return events.filter(({ length }) => {
    left -= length;
    return left >= 0;
  });
}

export interface ReadEventsOptions {
  /** Told of each event that is damaged and passed over. */
  readonly onDamage?: (error: OpError) => void;
  readonly fs?: FileSystem;
}

const pieceSize = 2 ** 16;
const pieceMax = 2 ** 22;

/**
 * The serialized events of a file, its version first. A torn tail ends it quietly; an event whose data are damaged is told and passed over as
 * long as lengths are right; a damaged length is DATA_LOSS.
 */
export function* readEvents(
  path: string,
  { onDamage, fs = nodeFiles }: ReadEventsOptions = {},
): Generator<Uint8Array, void, void> {
  const file = fs.open(path, "r");
  try {
    const size = file.sizeBytes();
    const cutter = new RecordCutter({ path, maxRecordBytes: Number.POSITIVE_INFINITY });
    for (let position = 0; position < size; ) {
      const wanted = Math.min(pieceMax, Math.max(pieceSize, cutter.wanted - cutter.pending));
      const piece = new Uint8Array(Math.min(wanted, size - position));
      const n = readFully(file, piece, position);
      if (n === 0) return;
      cutter.push(piece.subarray(0, n));
      position += n;
      if (reachesBehind(cutter, size)) return;
      yield* events(cutter, onDamage, size);
    }
  } finally {
    file.close();
  }
}

/** The event that begins here is not all in the file: its end is still to be written, or lost. */
const reachesBehind = (cutter: RecordCutter, size: number): boolean =>
  cutter.pending >= headerSize && cutter.wanted > size - cutter.offset;

function* events(
  cutter: RecordCutter,
  onDamage: ((error: OpError) => void) | undefined,
  size: number,
): Generator<Uint8Array, void, void> {
  while (!reachesBehind(cutter, size)) {
    const before = cutter.offset;
    let event: Uint8Array | null;
    try {
      event = cutter.take();
    } catch (error) {
      // The length was right if the data are what is wrong: the fault lies behind the header.
      if (!(error instanceof OpError) || error.offset !== before + headerSize || !cutter.skipDamaged()) throw error;
      onDamage?.(error);
      continue;
    }
    if (!event) return;
    yield event;
  }
}

/** The event files of a folder, in the order of their names: that of time for files of one host. */
export const eventFiles = (folder: string, fs: FileSystem = nodeFiles): string[] =>
  fs
    .readdir(folder)
    .filter((name) => name.includes("tfevents"))
    .sort()
    .map((name) => join(folder, name));
