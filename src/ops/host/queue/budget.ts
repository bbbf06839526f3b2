/** Bytes that the queues of a session may hold together: enqueues wait when they are spent. */
import type { NdArray } from "../../../core/nd_array.ts";
import type { Store, Tuple } from "./stores.ts";

const limitBytes = 2 ** 28;

function bytesOf(array: NdArray): number {
  if (ArrayBuffer.isView(array.data)) return array.data.byteLength;
  let bytes = 0;
  for (const text of array.data) bytes += text.length;
  return bytes;
}

const bytesOfTuple = (tuple: Tuple): number => {
  let bytes = 0;
  for (const array of tuple) bytes += bytesOf(array);
  return bytes;
};

export class ByteBudget {
  readonly #limit: number;
  #bytes = 0;
  #waiting = new Set<() => void>();

  constructor(limit = limitBytes) {
    this.#limit = limit;
  }

  get isSpent(): boolean {
    return this.#bytes >= this.#limit;
  }

  /** Calls this, soon after there is room again. */
  whenFreed(wake: () => void): void {
    this.#waiting.add(wake);
  }

  #take(bytes: number): void {
    const wasSpent = this.isSpent;
    this.#bytes += bytes;
    if (!wasSpent || this.isSpent || this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    queueMicrotask(() => {
      for (const wake of waiting) wake();
    });
  }

  /** The same store, its elements counted. */
  counted(store: Store): Store {
    const add = (tuple: Tuple): void => this.#take(bytesOfTuple(tuple));
    return {
      get size() {
        return store.size;
      },
      push(tuple) {
        add(tuple);
        store.push(tuple);
      },
      pop: () => {
        const tuple = store.pop();
        this.#take(-bytesOfTuple(tuple));
        return tuple;
      },
      putBack(tuples) {
        for (const tuple of tuples) add(tuple);
        store.putBack(tuples);
      },
      items: () => store.items(),
      facts: () => store.facts?.() ?? null,
      goBackTo: (facts) => store.goBackTo?.(facts),
    };
  }
}
