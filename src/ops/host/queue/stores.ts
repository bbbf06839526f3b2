/** What queues keep, by the order in which they give it back. */
import type { NdArray } from "../../../core/nd_array.ts";
import { wordSource } from "../../../core/philox.ts";

/** One element of a queue: an array for each component. */
export type Tuple = readonly NdArray[];

export interface Store {
  readonly size: number;
  push(tuple: Tuple): void;
  pop(): Tuple;
  /** Gives back what was popped, in the order in which it was. */
  putBack(tuples: readonly Tuple[]): void;
}

/** First in, first out. */
export class FifoStore implements Store {
  #items: Tuple[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(tuple: Tuple): void {
    this.#items.push(tuple);
  }

  pop(): Tuple {
    const tuple = this.#items[this.#first]!;
    this.#items[this.#first++] = gone;
    if (this.#first > 64 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return tuple;
  }

  putBack(tuples: readonly Tuple[]): void {
    this.#items = [...tuples, ...this.#items.slice(this.#first)];
    this.#first = 0;
  }
}

const gone: Tuple = [];

/** Any of them, each as likely: Philox words choose. Source: random_shuffle_queue_op.cc */
export class ShuffledStore implements Store {
  readonly #items: Tuple[] = [];
  readonly #word: () => number;

  constructor(state: Parameters<typeof wordSource>[0]) {
    this.#word = wordSource(state);
  }

  get size(): number {
    return this.#items.length;
  }

  push(tuple: Tuple): void {
    this.#items.push(tuple);
  }

  pop(): Tuple {
    const items = this.#items;
    const i = this.#word() % items.length;
    const tuple = items[i]!;
    const last = items.pop()!;
    if (i < items.length) items[i] = last;
    return tuple;
  }

  putBack(tuples: readonly Tuple[]): void {
    this.#items.push(...tuples);
  }
}

/** The smallest first component (an int64 scalar) first; equal ones in the order in which they came. */
export class PriorityStore implements Store {
  readonly #heap: { readonly key: bigint; readonly order: number; readonly tuple: Tuple }[] = [];
  #pushed = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(tuple: Tuple): void {
    this.#add(tuple, this.#pushed++);
  }

  pop(): Tuple {
    const heap = this.#heap;
    const { tuple } = heap[0]!;
    const last = heap.pop()!;
    if (heap.length) {
      heap[0] = last;
      this.#sink();
    }
    return tuple;
  }

  putBack(tuples: readonly Tuple[]): void {
    for (const [i, tuple] of tuples.entries()) this.#add(tuple, i - tuples.length);
  }

  #add(tuple: Tuple, order: number): void {
    const heap = this.#heap;
    const item = { key: (tuple[0]!.data as BigInt64Array)[0]!, order, tuple };
    let i = heap.length;
    heap.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(item, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = item;
  }

  #sink(): void {
    const heap = this.#heap;
    const item = heap[0]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, item)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = item;
  }
}

const isBefore = (
  a: { readonly key: bigint; readonly order: number },
  b: { readonly key: bigint; readonly order: number },
): boolean => a.key < b.key || (a.key === b.key && a.order < b.order);
