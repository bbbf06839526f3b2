/** What queues keep, by the order in which they give it back. */
import type { NdArray } from "../../../core/nd_array.ts";
import { type PhiloxState, wordSource } from "../../../core/philox.ts";

/** One element of a queue: an array for each component. */
export type Tuple = readonly NdArray[];

export interface Store {
  readonly size: number;
  push(tuple: Tuple): void;
  pop(): Tuple;
  /** Gives back what was popped, in the order in which it was. */
  putBack(tuples: readonly Tuple[]): void;
  /** All elements, so that pushing them into a fresh store of this kind makes the same one. */
  items(): readonly Tuple[];
  /** What there is beside the elements, as JSON, and back to it. */
  facts?(): unknown;
  goBackTo?(facts: unknown): void;
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

  items(): readonly Tuple[] {
    return this.#items.slice(this.#first);
  }
}

const gone: Tuple = [];

/** Any of them, each as likely: Philox words choose. Source: random_shuffle_queue_op.cc */
export class ShuffledStore implements Store {
  readonly #items: Tuple[] = [];
  #start: PhiloxState;
  #drawn = 0;
  #word: () => number;

  constructor(state: PhiloxState) {
    this.#start = { ...state };
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
    this.#drawn++;
    const tuple = items[i]!;
    const last = items.pop()!;
    if (i < items.length) items[i] = last;
    return tuple;
  }

  putBack(tuples: readonly Tuple[]): void {
    this.#items.push(...tuples);
  }

  items(): readonly Tuple[] {
    return [...this.#items];
  }

  facts(): unknown {
    return { start: this.#start, drawn: this.#drawn };
  }

  goBackTo(facts: unknown): void {
    const { start, drawn } = facts as { start: PhiloxState; drawn: number };
    this.#start = { ...start };
    this.#drawn = drawn;
    const state = { ...start };
    skipBlocks(state, Math.floor(drawn / 4));
    this.#word = wordSource(state);
    for (let i = 0; i < drawn % 4; i++) this.#word();
  }
}

/** Counts a Philox counter up by n < 2^53 blocks. */
function skipBlocks(state: PhiloxState, n: number): void {
  let carry = n;
  for (const word of ["counter0", "counter1", "counter2", "counter3"] as const) {
    carry += state[word];
    state[word] = carry % 2 ** 32;
    carry = Math.floor(carry / 2 ** 32);
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

  items(): readonly Tuple[] {
    return this.#heap.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ tuple }) => tuple);
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
