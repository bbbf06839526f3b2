/** Named lists of a graph. */

/** Lists by name, in the order of their first use. */
export class Collections {
  readonly #lists = new Map<string, unknown[]>();

  add(name: string, value: unknown): void {
    this.list(name).push(value);
  }

  /** The list itself, made when missing. */
  list<T>(name: string): T[] {
    let list = this.#lists.get(name);
    if (!list) {
      list = [];
      this.#lists.set(name, list);
    }
    return list as T[];
  }

  /** A copy; with a scope, the items whose `name` begins with a match of it. */
  matching<T>(name: string, scope?: string): T[] {
    const list = (this.#lists.get(name) ?? []) as T[];
    if (scope === undefined) return [...list];
    const pattern = new RegExp(`^(?:${scope})`);
    return list.filter((item) => {
      const own = (item as { name?: unknown }).name;
      return typeof own === "string" && pattern.test(own);
    });
  }

  keys(): string[] {
    return [...this.#lists.keys()];
  }

  delete(name: string): void {
    this.#lists.delete(name);
  }
}
