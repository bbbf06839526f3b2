/**
 * A queue of tuples with a capacity: enqueues wait for room, dequeues for elements. Closing lets waiting enqueues finish (or cancels them);
 * afterwards dequeues take what is left, then fail. Source: queue_base.cc, fifo_queue.cc, random_shuffle_queue_op.cc, padding_fifo_queue.cc.
 */
import type { DType } from "../../../core/dtype.ts";
import { CancelledError, invalidArgument, OutOfRangeError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { compatible, type FullShape, formatShape, type Shape } from "../../../core/shape.ts";
import type { KeepsState, Kept } from "../../../graph/kept.ts";
import { rowOf, stackPadded, stackRows, zeros } from "../arrays.ts";
import { Attempt, Lines, type Progress, type Waiting } from "./attempts.ts";
import { ByteBudget } from "./budget.ts";
import type { Store, Tuple } from "./stores.ts";

export interface QueueOptions {
  /** "FIFOQueue", "RandomShuffleQueue": the type in messages. */
  readonly type: string;
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** Shapes of the components; empty when they may be any. */
  readonly shapes: readonly Shape[];
  /** Negative: any number of elements. */
  readonly capacity: number;
  readonly minAfterDequeue?: number;
  /** Components of a batch may differ in size and are filled up with zeros. */
  readonly isPadding?: boolean;
  readonly store: Store;
  /** Shared by all queues of a session. */
  readonly budget?: ByteBudget;
}

export class Queue implements KeepsState {
  readonly type: string;
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly capacity: number;
  readonly minAfterDequeue: number;
  readonly isPadding: boolean;
  readonly #store: Store;
  readonly #budget: ByteBudget;
  readonly #lines = new Lines();
  #isClosed = false;
  readonly #restored: Promise<void>[] = [];

  constructor(options: QueueOptions) {
    this.type = options.type;
    this.name = options.name;
    this.dtypes = options.dtypes;
    this.shapes = options.shapes;
    this.capacity = options.capacity < 0 ? Number.POSITIVE_INFINITY : options.capacity;
    this.minAfterDequeue = options.minAfterDequeue ?? 0;
    this.isPadding = options.isPadding ?? false;
    this.#budget = options.budget ?? new ByteBudget();
    this.#store = this.#budget.counted(options.store);
  }

  get size(): number {
    return this.#store.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Messages about an element at a time are those of the FIFO queue that a padding queue is. */
  get #single(): string {
    return `${this.isPadding ? "FIFOQueue" : this.type} '${this.name}'`;
  }

  enqueue(tuple: Tuple, run: Waiting): void | Promise<void> {
    for (const [i, component] of tuple.entries()) {
      const want = this.shapes[i];
      if (want !== undefined && !compatible(want, component.shape)) throw mismatch(i, want, component.shape);
    }
    const attempt = new Attempt<void>({
      cancelled: "Enqueue operation was cancelled",
      value: () => {},
      holds: () => [tuple],
      step: () => {
        this.#refuseWhenClosed();
        if (this.#isFull) return "none";
        this.#store.push(tuple);
        return "complete";
      },
    });
    return this.#lines.join(this.#lines.enqueues, attempt, run);
  }

  /** Each row of the components is an element. Rows that found room stay when the rest is cancelled. */
  enqueueMany(components: Tuple, run: Waiting): void | Promise<void> {
    const n = this.#checkBatch(components);
    if (n === 0) return;
    const tupleAt = (i: number): Tuple => components.map((component) => rowOf(component, i));
    return this.#lines.join(this.#lines.enqueues, this.#enqueueing(n, tupleAt), run);
  }

  /** Tuples one after another, as there is room. */
  #enqueueing(n: number, tupleAt: (i: number) => Tuple): Attempt<void> {
    let next = 0;
    return new Attempt<void>({
      cancelled: "Enqueue operation was cancelled",
      value: () => {},
      holds: () => Array.from({ length: n - next }, (_, i) => tupleAt(next + i)),
      step: () => {
        this.#refuseWhenClosed();
        let progress: Progress = "none";
        while (!this.#isFull) {
          this.#store.push(tupleAt(next));
          if (++next === n) return "complete";
          progress = "some";
        }
        return progress;
      },
    });
  }

  /** No room for an element; where bytes are short, only as long as nobody waits for one. */
  get #isFull(): boolean {
    const { size } = this.#store;
    if (size >= this.capacity) return true;
    if (!this.#budget.isSpent || size <= this.#kept || !this.#lines.dequeues.isEmpty) return false;
    this.#budget.whenFreed(this.#flush);
    return true;
  }

  readonly #flush = (): void => this.#lines.flush();

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new CancelledError(`${this.#single} is closed.`);
  }

  /** The number of rows, equal for all components. */
  #checkBatch(components: Tuple): number {
    const n = components[0]!.shape[0] ?? 0;
    for (const [i, { shape }] of components.entries()) {
      const inner = this.shapes[i];
      if (inner !== undefined) {
        const want = inner === null ? null : [n, ...inner];
        if (!compatible(want, shape) || shape.length === 0) throw mismatch(i, want, shape);
      } else if (shape[0] !== n) {
        throw invalidArgument(
          `All input tensors must have the same size in the 0th dimension. Component ${i} has ${shape[0] ?? 0}, and should have ${n}`,
        );
      }
    }
    return n;
  }

  dequeue(run: Waiting): Tuple | Promise<Tuple> {
    let tuple: Tuple = [];
    const attempt = new Attempt<Tuple>({
      cancelled: "Dequeue operation was cancelled",
      value: () => tuple,
      step: () => {
        const { size } = this.#store;
        if (this.#isClosed && size === 0) throw this.#exhausted(this.#single, 1, 0);
        if (size - this.#kept <= 0) return "none";
        tuple = this.#store.pop();
        return "complete";
      },
    });
    return this.#lines.join(this.#lines.dequeues, attempt, run);
  }

  /** Elements that stay so that the next one is well mixed. */
  get #kept(): number {
    return this.#isClosed ? 0 : this.minAfterDequeue;
  }

  /** n elements as batches, one for each component. With `allowSmall`, fewer when the queue is closed and some are left. */
  dequeueMany(n: number, allowSmall: boolean, run: Waiting): Tuple | Promise<Tuple> {
    if (this.shapes.length < this.dtypes.length) {
      throw invalidArgument(
        `${this.type}'s DequeueMany and DequeueUpTo require the components to have specified shapes.`,
      );
    }
    if (n === 0) return this.dtypes.map((dtype, i) => zeros(dtype, [0, ...this.shapes[i]!.map((d) => d ?? 0)]));
    const store = this.#store;
    let wanted = n;
    let taken: Tuple[] = [];
    const restore = (): void => {
      store.putBack(taken);
      taken = [];
    };
    const attempt = new Attempt<Tuple>({
      cancelled: "Dequeue operation was cancelled",
      value: () => this.#batch(taken),
      restore,
      holds: () => taken,
      step: () => {
        const { size } = store;
        if (this.#isClosed && size < wanted) {
          const left = wanted;
          restore();
          if (allowSmall && store.size > 0) wanted = store.size;
          else {
            wanted = n;
            if (allowSmall && !this.#lines.enqueues.isEmpty) return "none";
            throw this.#exhausted(`${this.type} '${this.name}'`, left, size);
          }
        }
        let progress: Progress = "none";
        for (let free = store.size - this.#kept; free > 0; free--) {
          taken.push(store.pop());
          progress = "some";
          if (--wanted === 0) return "complete";
        }
        return progress;
      },
    });
    return this.#lines.join(this.#lines.dequeues, attempt, run);
  }

  #exhausted(what: string, wanted: number, size: number): OutOfRangeError {
    return new OutOfRangeError(
      `${what} is closed and has insufficient elements (requested ${wanted}, current size ${size})`,
    );
  }

  #batch(tuples: readonly Tuple[]): Tuple {
    return this.dtypes.map((dtype, i) => {
      const rows = tuples.map((tuple) => tuple[i]!);
      if (!this.isPadding) return stackRows(dtype, rows[0]!.shape, rows);
      return stackPadded(dtype, largest(rows), rows);
    });
  }

  /** Waits in line behind earlier enqueues; with `cancelPending`, at once, and they are cancelled. */
  closeQueue(cancelPending: boolean, run: Waiting): void | Promise<void> {
    if (cancelPending) {
      this.#isClosed = true;
      this.#lines.enqueues.cancelAll();
      this.#lines.flush();
      return;
    }
    const attempt = new Attempt<void>({
      cancelled: "Enqueue operation was cancelled",
      value: () => {},
      step: () => {
        if (this.#isClosed) throw new CancelledError(`Queue '${this.name}' is already closed.`);
        this.#isClosed = true;
        return "complete";
      },
    });
    return this.#lines.join(this.#lines.enqueues, attempt, run);
  }

  /** How many wait, to put in and to take out. */
  get waiting(): { readonly enqueues: number; readonly dequeues: number } {
    return { enqueues: this.#lines.enqueues.length, dequeues: this.#lines.dequeues.length };
  }

  /** Called whenever somebody begins to wait. */
  watch(onWait: () => void): void {
    this.#lines.onWait = onWait;
  }

  /** Elements, those of enqueues that wait behind them; what dequeues have taken in part is there again. */
  kept(): Kept {
    const taken = this.#lines.dequeues.held().flat();
    const items = [...taken, ...this.#store.items()];
    const waiting = this.#lines.enqueues.held().filter((tuples) => tuples.length > 0);
    const packed = packTuples([...items, ...waiting.flat()], this.dtypes);
    const facts: QueueFacts = {
      isClosed: this.#isClosed,
      items: items.length,
      waiting: waiting.map((tuples) => tuples.length),
      store: this.#store.facts?.() ?? null,
      isStacked: packed.isStacked,
    };
    return { facts, arrays: packed.arrays };
  }

  /** Enqueues of an earlier process that wait again, in their order: each resolves when its elements are in. */
  restoredEnqueues(): readonly Promise<void>[] {
    return this.#restored.splice(0);
  }

  goBackTo({ facts, arrays }: Kept): void {
    const { isClosed, items, waiting, store, isStacked } = facts as QueueFacts;
    const count = waiting.reduce((sum, n) => sum + n, items);
    const tuples = unpackTuples(arrays, this.dtypes.length, count, isStacked);
    for (const tuple of tuples.slice(0, items)) this.#store.push(tuple);
    if (store !== null) this.#store.goBackTo?.(store);
    let at = items;
    for (const n of waiting) {
      const from = at;
      const attempt = this.#enqueueing(n, (i) => tuples[from + i]!);
      this.#lines.enqueues.add(attempt);
      const done = attempt.result() as Promise<void>;
      done.catch(() => {}); // The session closed before there was room.
      this.#restored.push(done);
      at += n;
    }
    this.#isClosed = isClosed;
  }

  /** The session's end: whoever waits is cancelled. */
  close(): void {
    this.#isClosed = true;
    this.#lines.enqueues.cancelAll();
    this.#lines.dequeues.cancelAll();
  }
}

interface QueueFacts {
  readonly isClosed: boolean;
  readonly items: number;
  /** How many elements each waiting enqueue brings. */
  readonly waiting: readonly number[];
  readonly store: unknown;
  readonly isStacked: boolean;
}

/** Components after each other: one array of all rows each where shapes are equal, else an array for each element. */
function packTuples(tuples: readonly Tuple[], dtypes: readonly DType[]): { arrays: NdArray[]; isStacked: boolean } {
  const isStacked =
    tuples.length > 0 &&
    tuples.every((tuple) => tuple.every(({ shape }, i) => formatShape(shape) === formatShape(tuples[0]![i]!.shape)));
  if (!isStacked) return { arrays: tuples.flat(), isStacked };
  const column = (dtype: DType, i: number): NdArray =>
    stackRows(
      dtype,
      tuples[0]![i]!.shape,
      tuples.map((tuple) => tuple[i]!),
    );
  return { arrays: dtypes.map(column), isStacked };
}

function unpackTuples(arrays: readonly NdArray[], width: number, count: number, isStacked: boolean): Tuple[] {
  return Array.from({ length: count }, (_, k) =>
    isStacked ? arrays.map((array) => rowOf(array, k)) : arrays.slice(k * width, (k + 1) * width),
  );
}

function largest(rows: readonly NdArray[]): FullShape {
  const [first, ...others] = rows.map((row) => row.shape);
  return first!.map((d, axis) => others.reduce((most, shape) => Math.max(most, shape[axis]!), d));
}

const mismatch = (i: number, want: Shape, got: FullShape) =>
  invalidArgument(`Shape mismatch in tuple component ${i}. Expected ${formatShape(want)}, got ${formatShape(got)}`);
