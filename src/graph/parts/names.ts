/** Names of nodes and scopes: which are valid, which are taken (compared without case). Source: ops.py. */
import { ValueError } from "../../core/error.ts";

const validName = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;
const validScope = /^[A-Za-z0-9_.\\/>-]*$/;

/** Throws ValueError in Python's words. */
export function checkNodeName(name: string): void {
  if (validName.test(name)) return;
  throw new ValueError(
    `\`${name}\` is not a valid node name. Accepted names conform to Regex /re.compile('^[A-Za-z0-9.][A-Za-z0-9_.\\\\\\\\/>-]*$')/`,
  );
}

/** Throws ValueError in Python's words; a scope at the root must begin as a node's name does. */
export function checkScopeName(name: string, isRoot: boolean): void {
  if ((isRoot ? validName : validScope).test(name)) return;
  throw new ValueError(
    isRoot
      ? `'${name}' is not a valid root scope name. A root scope name has to match the following pattern: ^[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*$`
      : `'${name}' is not a valid scope name. A scope name has to match the following pattern: ^[A-Za-z0-9_.\\\\/>-]*$`,
  );
}

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
