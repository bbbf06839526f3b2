/**
 * Arrays that never change: each change gives another one, in constant time where the newest one is changed, as loops do. The newest holds
 * the elements; each older one says what differs from the next newer one, and takes the elements back when it is asked.
 * Source: Baker, Shallow binding makes functional arrays fast (1991).
 */

/** Where a place lies behind the end. */
const absent: unique symbol = Symbol("absent");

interface Difference<T> {
  readonly newer: Versions<T>;
  readonly index: number;
  readonly value: T | typeof absent;
}

export class Versions<T> {
  #items: T[] | null;
  #difference: Difference<T> | null = null;

  constructor(items: T[]) {
    this.#items = items;
  }

  get length(): number {
    return this.#own().length;
  }

  get(index: number): T {
    return this.#own()[index]!;
  }

  with(index: number, value: T): Versions<T> {
    const items = this.#own();
    const old = items[index]!;
    items[index] = value;
    return this.#replacedBy(items, index, old);
  }

  pushed(value: T): Versions<T> {
    const items = this.#own();
    items.push(value);
    return this.#replacedBy(items, items.length - 1, absent);
  }

  popped(): Versions<T> {
    const items = this.#own();
    const old = items.pop()!;
    return this.#replacedBy(items, items.length, old);
  }

  toArray(): T[] {
    return [...this.#own()];
  }

  #replacedBy(items: T[], index: number, value: T | typeof absent): Versions<T> {
    const newer = new Versions<T>(items);
    this.#items = null;
    this.#difference = { newer, index, value };
    return newer;
  }

  /** The elements, taken back from a newer version step by step if need be. */
  #own(): T[] {
    if (this.#items) return this.#items;
    const path: Versions<T>[] = [];
    let at: Versions<T> = this;
    while (!at.#items) {
      path.push(at);
      at = at.#difference!.newer;
    }
    for (const older of path.reverse()) {
      const { newer, index, value } = older.#difference!;
      const items = newer.#items!;
      const now = index < items.length ? items[index]! : absent;
      if (value === absent) items.pop();
      else items[index] = value;
      older.#items = items;
      older.#difference = null;
      newer.#items = null;
      newer.#difference = { newer: older, index, value: now };
    }
    return this.#items!;
  }
}
