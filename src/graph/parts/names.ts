/** Names that are taken, compared without case. Source: ops.py, unique_name. */

export class NamesInUse {
  /** Names in lower case, with the next suffix to try. */
  readonly #next = new Map<string, number>();

  /** The name itself when it is free, else the first free one of `name_1`, `name_2`, … */
  unique(name: string, markAsUsed: boolean): string {
    const key = name.toLowerCase();
    let i = this.#next.get(key) ?? 0;
    if (markAsUsed) this.#next.set(key, i + 1);
    if (i === 0) return name;
    let unique = name;
    let uniqueKey = key;
    while (this.#next.has(uniqueKey)) {
      unique = `${name}_${i}`;
      uniqueKey = `${key}_${i}`;
      i++;
    }
    if (markAsUsed) {
      this.#next.set(key, i);
      this.#next.set(uniqueKey, 1);
    }
    return unique;
  }

  /** A name that was given whole. */
  mark(name: string): void {
    const key = name.toLowerCase();
    if (!this.#next.has(key)) this.#next.set(key, 1);
  }
}
