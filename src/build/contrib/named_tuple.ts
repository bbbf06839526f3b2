/** Lists whose elements have names, as Python's named tuples: what decoders and their cells give. */
import { namedTuple } from "../../core/print.ts";
import { inspectKey } from "../../core/text/inspect.ts";

/** A class of such lists: the fields in order, each under its name too. */
// biome-ignore lint/suspicious/noExplicitAny: elements are tensors, arrays of tensors, sizes or dtypes
export type Fields<N extends string> = Readonly<Record<N, any>>;

/** The base of a list of named fields; `map` keeps the class, so that control flow does. */
// biome-ignore lint/suspicious/noExplicitAny: elements are tensors, arrays of tensors, sizes or dtypes
export class NamedTuple extends Array<any> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Names of the fields in TensorFlow's spelling and ours. */
  protected fieldNames(): { readonly type: string; readonly names: readonly string[] } {
    return { type: "NamedTuple", names: [] };
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  override map<U>(fn: (value: any, index: number, array: any[]) => U): U[] {
    const { names } = this.fieldNames();
    const values = Array.from(this, (value, i) => fn(value, i, this));
    const Own = this.constructor as new (fields: Record<string, unknown>) => unknown;
    return new Own(Object.fromEntries(names.map((name, i) => [name, values[i]]))) as U[];
  }

  override toString(): string {
    const { type, names } = this.fieldNames();
    const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return namedTuple(type, Object.fromEntries(names.map((name, i) => [snake(name), this[i]])));
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** A class of named tuples with these fields. */
export function namedTupleClass<const N extends string>(
  type: string,
  names: readonly N[],
): new (
  fields: Fields<N>,
) => NamedTuple & Fields<N> {
  class Tuple extends NamedTuple {
    constructor(fields: Fields<N>) {
      super();
      for (const name of names) this.push(fields[name]);
    }

    protected override fieldNames() {
      return { type, names };
    }
  }
  Object.defineProperty(Tuple, "name", { value: type });
  for (const [i, name] of names.entries()) {
    Object.defineProperty(Tuple.prototype, name, {
      get(this: NamedTuple) {
        return this[i];
      },
    });
  }
  return Tuple as unknown as new (
    fields: Fields<N>,
  ) => NamedTuple & Fields<N>;
}
