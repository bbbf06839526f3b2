/** What the text format must know of a message: its fields by name and by number, and the names of enum values. */
import { type SchemaField, schema } from "./generated/schema.js";

export interface Field {
  readonly number: number;
  readonly name: string;
  /** A scalar's name, or the full name of a message or an enum. */
  readonly type: string;
  readonly kind: "scalar" | "enum" | "message" | "map";
  readonly repeated: boolean;
  readonly oneof: string;
  /** For a map: the fields `key` and `value` of its entries. */
  readonly entry: MessageFields | undefined;
}

export interface MessageFields {
  readonly name: string;
  readonly byNumber: ReadonlyMap<number, Field>;
  readonly byName: ReadonlyMap<string, Field>;
}

const messages = new Map<string, MessageFields>();

/** The fields of a message of this full name, or of package tensorflow; undefined if there is none. */
export function findMessage(name: string): MessageFields | undefined {
  const full = Object.hasOwn(schema.messages, name) ? name : `tensorflow.${name}`;
  const known = messages.get(full);
  if (known) return known;
  if (!Object.hasOwn(schema.messages, full)) return undefined;
  const made = fieldsOf(full, schema.messages[full]!.map(fieldOf));
  messages.set(full, made);
  return made;
}

export function messageOf(name: string): MessageFields {
  const found = findMessage(name);
  if (!found) throw new Error(`bug: no message ${name}`);
  return found;
}

const fieldsOf = (name: string, fields: readonly Field[]): MessageFields => ({
  name,
  byNumber: new Map(fields.map((field) => [field.number, field])),
  byName: new Map(fields.map((field) => [field.name, field])),
});

function fieldOf([number, name, type, rule, keyType, oneof]: SchemaField): Field {
  if (rule === "map") {
    const key = fieldOf([1, "key", keyType, "", "", ""]);
    const value = fieldOf([2, "value", type, "", "", ""]);
    const entry = fieldsOf(`${name} entry`, [key, value]);
    return { number, name, type, kind: "map", repeated: true, oneof: "", entry };
  }
  const kind = Object.hasOwn(schema.enums, type) ? "enum" : Object.hasOwn(schema.messages, type) ? "message" : "scalar";
  return { number, name, type, kind, repeated: rule === "repeated", oneof, entry: undefined };
}

/** The number of an enum value, or undefined. */
export function enumNumber(type: string, name: string): number | undefined {
  const values = schema.enums[type]!;
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The first name of a number in an enum, or undefined. */
export const enumName = (type: string, number: number): string | undefined =>
  Object.entries(schema.enums[type]!).find(([, value]) => value === number)?.[0];

/** Full names by the one that they are declared inside of. */
function byParent(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const name of names) {
    const parent = name.slice(0, name.lastIndexOf("."));
    const known = children.get(parent);
    if (known) known.push(name);
    else children.set(parent, [name]);
  }
  return children;
}

let messagesByParent: ReadonlyMap<string, readonly string[]> | undefined;
let enumsByParent: ReadonlyMap<string, readonly string[]> | undefined;

/** Full names of the messages that are declared inside this one. */
export function messagesIn(full: string): readonly string[] {
  messagesByParent ??= byParent(Object.keys(schema.messages));
  return messagesByParent.get(full) ?? [];
}

/** The enums that are declared inside a message, by their short names. */
export function enumsOf(full: string): (readonly [string, Readonly<Record<string, number>>])[] {
  enumsByParent ??= byParent(Object.keys(schema.enums));
  return (enumsByParent.get(full) ?? []).map((name) => [name.slice(full.length + 1), schema.enums[name]!] as const);
}
