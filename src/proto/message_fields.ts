/** Fields of messages: what they hold by their types, and what may be given for them. The texts of errors are those of Python's protobuf. */
import { TypeError, ValueError } from "../core/error.ts";
import type { Message } from "./message.ts";
import { fromLong, type Long } from "./messages.ts";
import { enumNumber, type Field } from "./schema.ts";

/** What a field holds, by the type that the generated classes give it. */
export type Held<V> = [V] extends [Uint8Array]
  ? Uint8Array
  : [V] extends [readonly (infer E)[]]
    ? Repeated<Held<NonNullable<E>>, Given<E>>
    : [V] extends [number | Long]
      ? [V] extends [number]
        ? number
        : number | bigint
      : [V] extends [string | boolean]
        ? V
        : string extends keyof V
          ? Record<string, Held<NonNullable<V[keyof V]>>>
          : Message<V>;

/** What may be given for a field: a message, or its fields; text for bytes; whatever is a number for a number. */
type Given<V> = V extends Uint8Array
  ? Uint8Array | string
  : V extends readonly (infer E)[]
    ? Iterable<Given<E>>
    : V extends number | Long
      ? number | bigint | string | { valueOf(): unknown }
      : V extends string | boolean | null | undefined
        ? V
        : string extends keyof V
          ? Readonly<Record<string, Given<V[keyof V]>>>
          : Fields<V> | Message<V>;

/** The fields of a message by their names in camelCase. */
export type Fields<P> = { readonly [K in keyof P as K extends "$unknowns" ? never : K]?: Given<P[K]> };

/** A list of messages or scalars; what is put into it is checked. */
export class Repeated<E, G = E> extends Array<E> {
  static override get [Symbol.species]() {
    return Array;
  }

  #convert: (item: unknown) => E = (item) => item as E;

  static of_<E, G>(convert: (item: unknown) => E): Repeated<E, G> {
    const list = new Repeated<E, G>();
    list.#convert = convert;
    return list;
  }

  /** A new message at the end, with these fields. */
  add(fields?: G): E {
    const made = this.#convert(fields ?? {});
    super.push(made);
    return made;
  }

  append(item: G): void {
    super.push(this.#convert(item));
  }

  extend(items: Iterable<G>): void {
    for (const item of items) this.append(item);
  }

  override push(...items: E[]): number {
    return super.push(...items.map((item) => this.#convert(item)));
  }
}

/** What a field that was not set holds. */
export function defaultOf({ kind, type }: Field): unknown {
  if (kind === "enum") return 0;
  if (type === "string") return "";
  if (type === "bytes") return new Uint8Array(0);
  return type === "bool" ? false : 0;
}

const kindOf = (value: unknown): string =>
  typeof value === "string" ? "str" : typeof value === "number" ? "float" : Array.isArray(value) ? "list" : "object";

/** A scalar as the field holds it. Throws TypeError and ValueError in the words of Python's protobuf. */
export function scalarOf(field: Field, given: unknown): unknown {
  const { type } = field;
  if (type === "string") {
    if (typeof given === "string") return given;
    if (given instanceof Uint8Array) return new TextDecoder().decode(given);
    throw new TypeError("bad argument type for built-in operation");
  }
  if (type === "bytes") {
    if (given instanceof Uint8Array) return given;
    if (typeof given === "string") return new TextEncoder().encode(given);
    const [held] = ((given as { data?: unknown })?.data ?? []) as unknown[];
    if (held instanceof Uint8Array) return held;
    throw new TypeError("bad argument type for built-in operation");
  }
  if (field.kind === "enum" && typeof given === "string") {
    const number = enumNumber(type, given);
    if (number === undefined) throw new ValueError(`unknown enum label "${given}"`);
    return number;
  }
  const value = typeof given === "object" && given !== null ? numberIn(given) : given;
  if (type === "bool") {
    if (typeof value === "boolean" || typeof value === "number") return Boolean(value);
    throw new TypeError(`'${kindOf(value)}' object cannot be interpreted as an integer`);
  }
  if (type === "float" || type === "double") {
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return Number(value);
    throw new TypeError(`must be real number, not ${kindOf(value)}`);
  }
  if (typeof value === "bigint" || typeof value === "boolean") return wholeNumber(type, BigInt(value));
  if (typeof value !== "number" || !Number.isInteger(value))
    throw new TypeError(`'${kindOf(value)}' object cannot be interpreted as an integer`);
  return wholeNumber(type, BigInt(value));
}

function wholeNumber(type: string, value: bigint): number | bigint {
  const bits = /64/.test(type) ? 64 : 32;
  const wrapped = /^u|^fixed/.test(type) ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
  if (wrapped !== value) throw new ValueError(`Value out of range: ${value}`);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A Long, or an array with one element. */
const numberIn = (given: object): unknown =>
  "low" in given && "high" in given ? fromLong(given as Long) : (given as { valueOf(): unknown }).valueOf();
