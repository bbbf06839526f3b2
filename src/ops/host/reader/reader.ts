/**
 * Readers take names of files (work) from a queue and give records one by one; one read at a time. What is in a file is up to a source:
 *     start(work)   opens it          next()  a record, and whether the work is done          stop()  closes it
 * Source: tensorflow/core/framework/reader_base.cc
 */
import { invalidArgument, UnimplementedError } from "../../../core/error.ts";
import type { KeepsState, Kept } from "../../../graph/kept.ts";
import { WireReader, WireWriter } from "../../../io/wire.ts";
import type { Waiting } from "../queue/attempts.ts";
import type { Queue } from "../queue/queue.ts";

export interface ReadRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** One file's records. */
export interface RecordSource {
  start(work: string): Promise<void>;
  /** The next record; `isLast` when the work ends with this call. */
  next(): Promise<{ readonly record: ReadRecord | null; readonly isLast: boolean }>;
  /** The next record where it is in memory already; null when `next` has to be asked. */
  atHand?(): ReadRecord | null;
  stop(): void;
  /** Is a started work all that there is to remember? */
  readonly isStateless?: boolean;
}

interface ReaderFacts {
  readonly work: string;
  readonly started: number;
  readonly finished: number;
  readonly produced: number;
  readonly isOpen: boolean;
  readonly inWork: number;
}

export class Reader implements KeepsState {
  readonly name: string;
  readonly #source: RecordSource;
  readonly #permit: (path: string) => void;
  #work = "";
  #started = 0;
  #finished = 0;
  #produced = 0;
  /** The end of the line of those who read. */
  #last: Promise<unknown> = Promise.resolve();
  /** How many are in it. */
  #inLine = 0;
  #isOpen = false;
  /** Records of the open work that were given. */
  #inWork = 0;
  /** The work is to be opened again, and so many records passed over. */
  #owed: { readonly work: string; readonly records: number } | null = null;

  /** `name` as in messages: `IdentityReader 'reader'`; `permit` is asked before a file is opened. */
  constructor(name: string, source: RecordSource, permit: (path: string) => void) {
    this.name = name;
    this.#source = source;
    this.#permit = permit;
  }

  get recordsProduced(): number {
    return this.#produced;
  }

  get workUnitsCompleted(): number {
    return this.#finished;
  }

  /** One after another, in the order of the calls. */
  #alone<T>(action: () => Promise<T>): Promise<T> {
    this.#inLine++;
    const result = this.#last.then(action);
    this.#last = result.then(
      () => this.#inLine--,
      () => this.#inLine--,
    );
    return result;
  }

  /** The next record, at once where it is in memory and nobody else waits for one. */
  read(queue: Queue, run: Waiting): ReadRecord | Promise<ReadRecord> {
    if (this.#isOpen && this.#inLine === 0) {
      const record = this.#source.atHand?.();
      if (record) return this.#counted(record);
    }
    return this.#alone(async () => {
      if (this.#owed) await this.#catchUp(this.#owed);
      for (;;) {
        if (!this.#isOpen) await this.#nextWork(queue, run);
        const { record, isLast } = await this.#source.next();
        if (isLast) this.#finish();
        if (record) return this.#counted(record);
      }
    });
  }

  #counted(record: ReadRecord): ReadRecord {
    this.#produced++;
    this.#inWork++;
    return record;
  }

  /** At least one record; fewer than n when a file ends. */
  readUpTo(queue: Queue, n: number, run: Waiting): Promise<readonly ReadRecord[]> {
    return this.#alone(async () => {
      const records: ReadRecord[] = [];
      if (this.#owed) await this.#catchUp(this.#owed);
      while (records.length < n) {
        if (!this.#isOpen) await this.#nextWork(queue, run);
        const { record, isLast } = await this.#source.next();
        if (record) records.push(this.#counted(record));
        if (!isLast) continue;
        this.#finish();
        if (records.length > 0) break;
      }
      return records;
    });
  }

  async #nextWork(queue: Queue, run: Waiting): Promise<void> {
    if (queue.dtypes.length !== 1 || queue.dtypes[0]!.base !== "string") {
      throw invalidArgument("Expected queue with single string component");
    }
    const [work] = await queue.dequeue(run);
    if (work!.size !== 1) throw invalidArgument("Expected to dequeue a one-element string tensor, but it has several");
    this.#work = new TextDecoder().decode((work!.data as readonly Uint8Array[])[0]);
    this.#permit(this.#work);
    await this.#source.start(this.#work);
    this.#started++;
    this.#isOpen = true;
    this.#inWork = 0;
  }

  async #catchUp({ work, records }: { readonly work: string; readonly records: number }): Promise<void> {
    this.#owed = null;
    this.#permit(work);
    await this.#source.start(work);
    this.#isOpen = true;
    for (let i = 0; i < records; i++) await this.#source.next();
  }

  kept(): Kept {
    const isOpen = this.#isOpen || this.#owed !== null;
    const facts: ReaderFacts = {
      work: this.#work,
      started: this.#started,
      finished: this.#finished,
      produced: this.#produced,
      isOpen,
      inWork: isOpen ? this.#inWork : 0,
    };
    return { facts, arrays: [] };
  }

  goBackTo({ facts }: Kept): void {
    const { work, started, finished, produced, isOpen, inWork } = facts as ReaderFacts;
    this.#work = work;
    this.#started = started;
    this.#finished = finished;
    this.#produced = produced;
    this.#inWork = inWork;
    if (isOpen) this.#owed = { work, records: inWork };
  }

  #finish(): void {
    this.#source.stop();
    this.#isOpen = false;
    this.#finished = this.#started;
  }

  reset(): Promise<void> {
    return this.#alone(async () => this.#forget());
  }

  #forget(): void {
    this.#owed = null;
    this.#source.stop();
    this.#isOpen = false;
    this.#started = 0;
    this.#finished = 0;
    this.#produced = 0;
    this.#work = "";
  }

  /** The message ReaderBaseState. Throws UNIMPLEMENTED for readers that stop inside a file. */
  serialize(): Promise<Uint8Array> {
    return this.#alone(async () => {
      if (!this.#source.isStateless) throw new UnimplementedError("Reader SerializeState");
      const writer = new WireWriter();
      for (const [i, n] of [this.#started, this.#finished, this.#produced].entries()) writer.number(i + 1, n);
      if (this.#work) writer.bytes(4, this.#work);
      return writer.finish();
    });
  }

  /** Goes to a serialized state. A reader that cannot is reset. */
  restore(state: Uint8Array): Promise<void> {
    return this.#alone(async () => {
      this.#forget();
      if (!this.#source.isStateless) throw new UnimplementedError("Reader RestoreState");
      const [started, finished, produced, work] = this.#parse(state);
      const text = (): string => `${this.name}: ${JSON.stringify({ started, finished, produced, work })}`;
      if (started < 0 || finished < 0 || produced < 0) {
        throw invalidArgument(`Unexpected negative value when restoring in ${text()}`);
      }
      if (started !== finished) {
        throw invalidArgument(`Inconsistent work started vs. finished when restoring in ${text()}`);
      }
      this.#started = started;
      this.#finished = finished;
      this.#produced = produced;
      this.#work = work;
    });
  }

  #parse(state: Uint8Array): [number, number, number, string] {
    const numbers = [0, 0, 0];
    let work = "";
    try {
      const reader = new WireReader(state);
      while (reader.hasMore) {
        const tag = reader.varint();
        const field = tag >>> 3;
        if (field >= 1 && field <= 3) numbers[field - 1] = reader.signed();
        else if (field === 4) work = new TextDecoder().decode(reader.bytes());
        else reader.skip(tag);
      }
    } catch {
      throw invalidArgument(`Could not parse state for ${this.name}: ${escaped(state)}`);
    }
    return [numbers[0]!, numbers[1]!, numbers[2]!, work];
  }

  /** The session's end. */
  close(): void {
    this.#source.stop();
  }
}

/** Bytes as C writes them in a string: `\377\001`. */
const escaped = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`,
  ).join("");
