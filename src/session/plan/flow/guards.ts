/**
 * Which branches a node is in. A guard is a set of literals (a predicate, and the value it must have); a node runs when all hold. What
 * waits for guarded nodes is guarded as they are; a switch adds a literal, a merge of both sides takes it away.
 */
import type { Tensor } from "../../../graph/tensor.ts";

export interface Literal {
  readonly predicate: Tensor;
  readonly value: boolean;
}

export interface Guard {
  /** Equal guards are one object; the key tells them apart in texts. */
  readonly key: string;
  readonly literals: readonly Literal[];
}

/** All guards of one region. */
export class Guards {
  readonly none: Guard = { key: "", literals: [] };
  readonly #known = new Map<string, Guard>([["", this.none]]);
  readonly #numbers = new Map<Tensor, number>();

  #of(literals: readonly Literal[]): Guard {
    const named = literals.map((literal) => ({ literal, name: this.#nameOf(literal) }));
    named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const distinct = named.filter(({ name }, i) => i === 0 || name !== named[i - 1]!.name);
    const key = distinct.map(({ name }) => name).join("&");
    let guard = this.#known.get(key);
    if (!guard) {
      guard = { key, literals: distinct.map(({ literal }) => literal) };
      this.#known.set(key, guard);
    }
    return guard;
  }

  #nameOf({ predicate, value }: Literal): string {
    let number = this.#numbers.get(predicate);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(predicate, number);
    }
    return `${number}${value ? "t" : "f"}`;
  }

  with(guard: Guard, predicate: Tensor, value: boolean): Guard {
    return this.#of([...guard.literals, { predicate, value }]);
  }

  both(a: Guard, b: Guard): Guard {
    if (a === b || b === this.none) return a;
    if (a === this.none) return b;
    return this.#of([...a.literals, ...b.literals]);
  }

  /** Can it ever hold? */
  isPossible({ literals }: Guard): boolean {
    return literals.every(
      ({ predicate, value }) => !literals.some((other) => other.predicate === predicate && other.value !== value),
    );
  }

  /** What a merge of two sides is guarded by, and the literal that tells which side it takes; null where they are not two sides of one switch. */
  merge(a: Guard, b: Guard): { readonly guard: Guard; readonly literal: Literal } | null {
    if (a.literals.length !== b.literals.length) return null;
    const literal = a.literals.find(({ predicate, value }) =>
      b.literals.some((other) => other.predicate === predicate && other.value !== value),
    );
    if (!literal) return null;
    const rest = (guard: Guard) => this.#of(guard.literals.filter(({ predicate }) => predicate !== literal.predicate));
    const guard = rest(a);
    return guard === rest(b) ? { guard, literal } : null;
  }

  contains(guard: Guard, part: Guard): boolean {
    return this.both(guard, part) === guard;
  }
}
