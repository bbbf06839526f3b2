/**
 * TensorFlow's messages as objects that programs hold, with the manners of Python's: fields have defaults, messages inside are there as soon
 * as they are looked at, lists have `add`, str() is protobuf's text.
 *
 *     const summary = new tf.Summary();
 *     summary.value.add({ tag: "loss", simpleValue: 0.5 });
 *
 * Source: google/protobuf/message.py; the texts of its errors are upb's.
 */
import { AttributeError, TypeError, ValueError } from "../core/error.ts";
import { inspectKey } from "../core/text/inspect.ts";
import { defaultOf, type Fields, type Held, Repeated, scalarOf } from "./message_fields.ts";
import { bytesOf, decode, encode, type MessageBytes, pb } from "./messages.ts";
import { enumsOf, type Field, type MessageFields, messageOf, messagesIn } from "./schema.ts";
import { parseText, printText } from "./text_format.ts";

/** Methods under the names that they have in Python. */
const pythonNames = {
  SerializeToString: "serializeToString",
  ParseFromString: "parseFromString",
  MergeFrom: "mergeFrom",
  CopyFrom: "copyFrom",
  HasField: "hasField",
  ClearField: "clearField",
  Clear: "clear",
  WhichOneof: "whichOneof",
  ListFields: "listFields",
  ByteSize: "byteSize",
  IsInitialized: "isInitialized",
} as const;

/** A message: its fields, and what Python's messages can do. */
export type Message<P> = MessageBase<P> & {
  readonly [K in keyof typeof pythonNames]: MessageBase<P>[(typeof pythonNames)[K]];
} & {
  -readonly [K in keyof P as K extends "$unknowns" ? never : K]-?: Held<NonNullable<P[K]>>;
};

export interface MessageClass<P> {
  new (fields?: Fields<P>): Message<P>;
  /** The message in bytes, or in a string tensor's value. Throws DATA_LOSS for bytes that are no such message, TypeError for what has none. */
  fromString(bytes: MessageBytes): Message<P>;
  FromString(bytes: MessageBytes): Message<P>;
  /** Reads protobuf's text form. Throws INVALID_ARGUMENT with line and column for a text that is none. */
  fromText(text: string): Message<P>;
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const shortName = (full: string): string => full.slice(full.lastIndexOf(".") + 1);

const unknownField = (type: string, name: string): ValueError =>
  new ValueError(`Protocol message ${shortName(type)} has no "${name}" field.`);

interface Layout extends MessageFields {
  readonly byCamel: ReadonlyMap<string, Field>;
}

/** All messages' common part. */
class MessageBase<P> {
  readonly #layout: Layout;
  /** What was set, or looked at: a message inside counts as set once it holds something. */
  readonly #values = new Map<string, unknown>();
  readonly #present = new Set<string>();
  /** Tells the message that this one lies in, where that was made by looking at it, of the first change. */
  #onChange: (() => void) | null = null;
  /** Fields that our schema does not have, as they were read. */
  #unknowns: readonly Uint8Array[] = [];

  constructor(layout: Layout, fields: Fields<P> = {}) {
    this.#layout = layout;
    Object.preventExtensions(this);
    for (const [name, value] of Object.entries(fields)) {
      if (name === "$unknowns") {
        this.#unknowns = value as Uint8Array[];
        continue;
      }
      const field = this.#field(name);
      if (value === undefined || value === null) continue;
      if (field.kind === "map") Object.assign(this.get(field) as object, value);
      else if (field.repeated) (this.get(field) as Repeated<unknown>).extend(value as Iterable<unknown>);
      else this.set(field, value);
    }
  }

  #field(name: string): Field {
    const field = this.#layout.byCamel.get(name) ?? this.#layout.byName.get(name);
    if (!field) throw unknownField(this.#layout.name, name);
    return field;
  }

  protected get(field: Field): unknown {
    const held = this.#values.get(field.name);
    if (held !== undefined) return held;
    if (field.kind !== "message" && !field.repeated) return defaultOf(field);
    const made =
      field.kind === "map"
        ? mapOf(field, {}, () => this.#touched())
        : field.repeated
          ? Repeated.of_((item) => {
              this.#touched();
              return converted(field, item);
            })
          : converted(field, {});
    if (made instanceof MessageBase) made.#onChange = () => this.#choose(field);
    this.#values.set(field.name, made);
    return made;
  }

  /** The message, which is kept as soon as it holds something. */
  static awaiting<M extends MessageBase<object>>(message: M, keep: (message: M) => void): M {
    message.#onChange = () => keep(message);
    return message;
  }

  protected set(field: Field, value: unknown): void {
    if (field.repeated || field.kind === "map") {
      throw new AttributeError(
        `Assignment not allowed to map, or repeated field "${field.name}" in protocol message object.`,
      );
    }
    const made = converted(field, value);
    this.#values.set(field.name, made);
    this.#choose(field);
  }

  /** The field is set: the others of its oneof are not, and the message that this one lies in holds something. */
  #choose(field: Field): void {
    if (field.oneof) {
      for (const other of this.#layout.byName.values())
        if (other.oneof === field.oneof && other !== field) this.#remove(other);
    }
    this.#present.add(field.name);
    this.#touched();
  }

  #touched(): void {
    const onChange = this.#onChange;
    this.#onChange = null;
    onChange?.();
  }

  #remove(field: Field): void {
    this.#values.delete(field.name);
    this.#present.delete(field.name);
  }

  #holds(field: Field): boolean {
    const value = this.#values.get(field.name);
    if (value === undefined) return false;
    if (this.#present.has(field.name)) return true;
    if (value instanceof MessageBase) return !value.isEmpty;
    return Array.isArray(value) ? value.length > 0 : Object.keys(value as object).length > 0;
  }

  get isEmpty(): boolean {
    return !this.#held().length;
  }

  #held(): Field[] {
    return [...this.#layout.byNumber.values()].filter((field) => this.#holds(field));
  }

  /** Is the field set? Throws ValueError for lists, and for single values outside a oneof: those always have a value. */
  hasField(name: string): boolean {
    const field = this.#field(name);
    if (field.repeated || (field.kind !== "message" && !field.oneof))
      throw new ValueError(`Field ${this.#layout.name}.${field.name} does not have presence.`);
    return this.#holds(field);
  }

  /** The field of this oneof that is set, in TensorFlow's spelling; null for none. */
  whichOneof(oneof: string): string | null {
    const fields = [...this.#layout.byNumber.values()].filter((field) => field.oneof === oneof);
    if (!fields.length)
      throw new ValueError(`Protocol message ${shortName(this.#layout.name)} has no oneof "${oneof}" field.`);
    return fields.find((field) => this.#holds(field))?.name ?? null;
  }

  clearField(name: string): void {
    this.#remove(this.#field(name));
  }

  clear(): void {
    this.#values.clear();
    this.#present.clear();
  }

  /** The fields that are set, by number, in TensorFlow's spelling, with their values. */
  listFields(): [string, unknown][] {
    return this.#held()
      .sort((a, b) => a.number - b.number)
      .map((field) => [field.name, this.#values.get(field.name)]);
  }

  /** Adds the other's lists to ours and takes its values over ours. */
  mergeFrom(other: MessageBase<P>): void {
    this.parse(concatenated(this.serializeToString(), this.#same("MergeFrom", other)));
  }

  copyFrom(other: MessageBase<P>): void {
    this.parse(this.#same("CopyFrom", other));
  }

  #same(method: string, other: MessageBase<P>): Uint8Array {
    if (!(other instanceof MessageBase) || other.#layout.name !== this.#layout.name) {
      const [wanted, got] = [shortName(this.#layout.name), (other as object)?.constructor?.name ?? typeof other];
      throw new TypeError(`Parameter to ${method}() must be instance of same class: expected ${wanted} got ${got}.`);
    }
    return other.serializeToString();
  }

  protected parse(bytes: Uint8Array): void {
    const made = new (classOf(this.#layout.name))(decode(typeOf(this.#layout.name), bytes) as object);
    this.clear();
    this.#touched();
    for (const [name, value] of (made as unknown as MessageBase<P>).#values) this.#values.set(name, value);
    for (const name of (made as unknown as MessageBase<P>).#present) this.#present.add(name);
    this.#unknowns = (made as unknown as MessageBase<P>).#unknowns;
  }

  /** Becomes what the bytes say; those of a string tensor's value, too. */
  parseFromString(bytes: MessageBytes): void {
    this.parse(bytesOf(bytes));
  }

  /** The fields that are set, as plain values. */
  toPlain(): P {
    const entries = this.#held().map((field) => [camel(field.name), plain(this.#values.get(field.name))]);
    return Object.fromEntries([...entries, ...(this.#unknowns.length ? [["$unknowns", this.#unknowns]] : [])]) as P;
  }

  /** The message's bytes. */
  serializeToString(): Uint8Array {
    return encode(typeOf(this.#layout.name), this.toPlain());
  }

  byteSize(): number {
    return this.serializeToString().length;
  }

  isInitialized(): boolean {
    return true;
  }

  /** Do both say the same? */
  equals(other: MessageBase<P>): boolean {
    return other instanceof MessageBase && other.toString() === this.toString();
  }

  toString(): string {
    return printText(this.#layout.name, this.serializeToString(), { str: true });
  }

  [inspectKey](): string {
    return this.toString();
  }
}

for (const [name, method] of Object.entries(pythonNames))
  Object.defineProperty(MessageBase.prototype, name, { value: MessageBase.prototype[method] });

const concatenated = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

function plain(value: unknown): unknown {
  if (value instanceof MessageBase) return value.toPlain();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, plain(item)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))); // equal maps give equal bytes
}

/** A message of this schema's generated class. */
interface Generated {
  encode(message: unknown, writer?: never): never;
  decode(reader: never, length?: number): object;
}

function typeOf(full: string): Generated {
  let found: unknown = pb;
  for (const part of full.split(".").slice(1)) found = (found as Record<string, unknown>)[part];
  return found as Generated;
}

/** What promises and printing look for: no key that a message is made for. */
const notKeys = new Set(["then", "toJSON", "constructor", "toString", "valueOf", "inspect", "$$typeof", "nodeType"]);

/** Values by key. A message that is not there yet is when it is looked at, and is kept once it holds something. */
const mapOf = (field: Field, entries: object, touched: () => void): Record<string, unknown> => {
  const value = field.entry!.byName.get("value")!;
  const made = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(entries)) made[key] = converted(value, item);
  const put = (map: typeof made, key: string, item: unknown): boolean => {
    map[key] = item;
    touched();
    return true;
  };
  return new Proxy(made, {
    get(map, key) {
      if (typeof key === "symbol" || key in map || value.kind !== "message" || notKeys.has(key))
        return map[key as string];
      return MessageBase.awaiting(converted(value, {}) as MessageBase<object>, (message) => put(map, key, message));
    },
    set: (map, key, item) => put(map, key as string, converted(value, item)),
  });
};

const converted = (field: Field, given: unknown): unknown =>
  field.kind === "message" ? messageFrom(field, given) : scalarOf(field, given);

function messageFrom({ type }: Field, given: unknown): unknown {
  if (given instanceof MessageBase) {
    if (given.constructor !== classOf(type)) {
      throw new TypeError(`Parameter to initialize message field must be dict or instance of same class`);
    }
    return given;
  }
  if (typeof given !== "object" || given === null)
    throw new TypeError(`Expected a message object, but got ${String(given)}.`);
  const held = given as { serializeToString?: () => Uint8Array };
  const bytes = typeof held.serializeToString === "function" ? held.serializeToString() : null;
  return new (classOf(type))((bytes ? decode(typeOf(type), bytes) : given) as object);
}

const classes = new Map<string, MessageClass<object>>();

function classOf(full: string): MessageClass<object> {
  const known = classes.get(full);
  if (known) return known;
  const fields = messageOf(full);
  const layout: Layout = {
    ...fields,
    byCamel: new Map([...fields.byName.values()].map((field) => [camel(field.name), field])),
  };
  const made = class extends MessageBase<object> {
    constructor(given: object = {}) {
      super(layout, given);
    }

    static fromString(bytes: MessageBytes) {
      return new made(decode(typeOf(full), bytesOf(bytes)) as object);
    }

    static FromString(bytes: MessageBytes) {
      return made.fromString(bytes);
    }

    static fromText(text: string) {
      return made.fromString(parseText(full, text));
    }
  };
  Object.defineProperty(made, "name", { value: shortName(full) });
  for (const [name, field] of layout.byCamel) {
    Object.defineProperty(made.prototype, name, {
      get(this: { get(field: Field): unknown }) {
        return this.get(field);
      },
      set(this: { set(field: Field, value: unknown): void }, value: unknown) {
        this.set(field, value);
      },
      enumerable: true,
      configurable: true,
    });
  }
  classes.set(full, made as unknown as MessageClass<object>);
  for (const [name, values] of enumsOf(full)) Object.assign(made, { [name]: values }, values);
  for (const inner of messagesIn(full))
    Object.defineProperty(made, shortName(inner), { get: () => classOf(inner), enumerable: true });
  return made as unknown as MessageClass<object>;
}

/** The class of a message of package tensorflow, with the classes of the messages and the enum values that are declared inside. */
export const messageClass = <P, Inside = object>(name: string): MessageClass<P> & Inside =>
  classOf(`tensorflow.${name}`) as unknown as MessageClass<P> & Inside;
