/**
 * Protobuf's text format, between a message's binary form and its text:
 *     node {
 *       name: "a"
 *       attr {
 *         key: "T"
 *         value { type: DT_FLOAT }
 *       }
 *     }
 * Printed as Python's text_format.MessageToString prints it: fields by number, maps by key, two spaces a level.
 */
import protobuf from "protobufjs/minimal.js";
import { DataLossError, InvalidArgumentError } from "../core/error.ts";
import { formatG, pythonFloat } from "../core/text/float_text.ts";
import { compareUtf8, type Long, longToBigInt, toLong } from "./messages.ts";
import { enumName, enumNumber, type Field, findMessage, type MessageFields, messageOf } from "./schema.ts";
import { concat, escapeBytes, Tokenizer, unquote } from "./text_tokens.ts";

const depthMax = 100;
const anyType = "google.protobuf.Any";

type Scalar = number | bigint | boolean | Uint8Array;
type Values = Map<number, Scalar[]>;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Pieces of a text; is it that of str()? */
interface Text {
  readonly pieces: string[];
  readonly str: boolean;
}

/**
 * The text of a message of this type (`GraphDef`, or a full name) from its binary form. With `str` as Python's str() has it:
 * numbers as C's %g, maps in another order with all their keys; else as text_format has it. DATA_LOSS if the bytes are none; unknown fields are left out.
 */
export function printText(type: string, bytes: Uint8Array, { str = false } = {}): string {
  const text: Text = { pieces: [], str };
  printMessage(messageOf(type), bytes, "", text, 0);
  return text.pieces.join("");
}

function printMessage(message: MessageFields, bytes: Uint8Array, indent: string, out: Text, depth: number): void {
  if (depth > depthMax) throw new DataLossError(`${message.name}: messages are nested deeper than ${depthMax}`);
  const values = readFields(message, bytes);
  if (message.name === anyType && printAny(values, indent, out, depth)) return;
  for (const number of [...values.keys()].sort((a, b) => a - b)) {
    const field = message.byNumber.get(number)!;
    const list = values.get(number)!;
    if (field.kind === "map") printMap(field, list as Uint8Array[], indent, out, depth);
    else if (field.kind === "message") {
      for (const item of field.repeated ? list : [concat(list as Uint8Array[])]) {
        printBlock(field.name, messageOf(field.type), item as Uint8Array, indent, out, depth);
      }
    } else {
      const shown = field.repeated ? list : list.slice(-1).filter((value) => field.oneof !== "" || !isDefault(value));
      for (const value of shown) out.pieces.push(`${indent}${field.name}: ${scalarText(field, value, out.str)}\n`);
    }
  }
}

function printBlock(
  name: string,
  message: MessageFields,
  bytes: Uint8Array,
  indent: string,
  out: Text,
  depth: number,
): void {
  out.pieces.push(`${indent}${name} {\n`);
  printMessage(message, bytes, `${indent}  `, out, depth + 1);
  out.pieces.push(`${indent}}\n`);
}

/** Entries with one key: the last one counts. A value that is a message is printed even if it is empty. */
function printMap(field: Field, entries: readonly Uint8Array[], indent: string, out: Text, depth: number): void {
  const entry = field.entry!;
  const keyField = entry.byName.get("key")!;
  const valueField = entry.byName.get("value")!;
  const items = new Map<string, { key: Scalar; value: Scalar | undefined }>();
  for (const bytes of entries) {
    const values = readFields(entry, bytes);
    const key = values.get(1)?.at(-1) ?? (keyField.type === "string" ? new Uint8Array() : 0);
    const value = valueField.kind === "message" ? concat((values.get(2) ?? []) as Uint8Array[]) : values.get(2)?.at(-1);
    items.set(ArrayBuffer.isView(key) ? decoder.decode(key) : String(key), { key, value });
  }
  const order = out.str ? strOrder(keyField) : textOrder(keyField);
  for (const [, { key, value }] of [...items].sort(([a], [b]) => order(a, b))) {
    out.pieces.push(`${indent}${field.name} {\n`);
    if (out.str || !isDefault(key)) out.pieces.push(`${indent}  key: ${scalarText(keyField, key, out.str)}\n`);
    if (valueField.kind === "message") {
      printBlock("value", messageOf(valueField.type), value as Uint8Array, `${indent}  `, out, depth + 1);
    } else if (out.str || (value !== undefined && !isDefault(value))) {
      const shown = value ?? (valueField.type === "string" ? new Uint8Array() : 0);
      out.pieces.push(`${indent}  value: ${scalarText(valueField, shown, out.str)}\n`);
    }
    out.pieces.push(`${indent}}\n`);
  }
}

type Order = (a: string, b: string) => number;

const textOrder = (key: Field): Order => (key.type === "string" ? compareUtf8 : (a, b) => Number(a) - Number(b));

/** Texts backwards, but one that begins another one before it; numbers as unsigned ones. */
function strOrder(key: Field): Order {
  if (key.type !== "string") return (a, b) => Number(BigInt.asUintN(64, BigInt(a)) - BigInt.asUintN(64, BigInt(b)));
  return (a, b) => (a.startsWith(b) || b.startsWith(a) ? compareUtf8(a, b) : compareUtf8(b, a));
}

function printAny(values: Values, indent: string, out: Text, depth: number): boolean {
  const url = decoder.decode(values.get(1)?.at(-1) as Uint8Array | undefined);
  const packed = findMessage(url.slice(url.lastIndexOf("/") + 1));
  if (!url.includes("/") || !packed) return false;
  printBlock(
    `[${url}]`,
    packed,
    (values.get(2)?.at(-1) as Uint8Array | undefined) ?? new Uint8Array(),
    indent,
    out,
    depth,
  );
  return true;
}

const isDefault = (value: Scalar): boolean =>
  ArrayBuffer.isView(value) ? value.length === 0 : Object.is(value, 0) || value === 0n || value === false;

function scalarText(field: Field, value: Scalar, str: boolean): string {
  if (ArrayBuffer.isView(value)) return `"${escapeBytes(value, field.type === "string")}"`;
  if (field.kind === "enum") return enumName(field.type, value as number) ?? String(value);
  if (str && (field.type === "float" || field.type === "double")) return strFloat(field.type, value as number);
  if (field.type === "double") return pythonFloat(value as number);
  return field.type === "float" ? pythonFloat(shortFloat(value as number)) : String(value);
}

/** C's %g with as few digits as are needed: 6 or 9 for a float, 15 or 17 for a double. */
function strFloat(type: "float" | "double", value: number): string {
  if (!Number.isFinite(value)) return pythonFloat(value);
  const [few, all] = type === "float" ? [6, 9] : [15, 17];
  const short = formatG(value, few);
  const read = type === "float" ? Math.fround(Number(short)) : Number(short);
  return Object.is(read, value) ? short : formatG(value, all);
}

/** The float32 as the double of its decimal of six or more digits. */
function shortFloat(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  for (let precision = 6; precision < 9; precision++) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

const wireTypes: Readonly<Record<string, number>> = {
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
  string: 2,
  bytes: 2,
};

const wireTypeOf = (field: Field): number =>
  field.kind === "message" || field.kind === "map" ? 2 : field.kind === "enum" ? 0 : (wireTypes[field.type] ?? 0);

/** All known fields of a message in their order, packed lists taken apart; messages stay bytes. */
function readFields(message: MessageFields, bytes: Uint8Array): Values {
  const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const values: Values = new Map();
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = message.byNumber.get(tag >>> 3);
      const wireType = tag & 7;
      const expected = field ? wireTypeOf(field) : -1;
      const packed = field?.repeated && wireType === 2 && expected !== 2;
      if (!field || (wireType !== expected && !packed)) {
        reader.skipType(wireType);
        continue;
      }
      const list = listOf(values, field);
      if (!packed) {
        list.push(readValue(reader, field));
        continue;
      }
      const end = reader.uint32() + reader.pos;
      if (end > reader.len) throw new RangeError("index out of range");
      while (reader.pos < end) list.push(readValue(reader, field));
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataLossError(`Error parsing message with type '${message.name}': ${why}`, { cause });
  }
  return values;
}

function listOf(values: Values, field: Field): Scalar[] {
  const list = values.get(field.number) ?? [];
  values.set(field.number, list);
  return list;
}

type ReaderMethod = "double" | "float" | "int32" | "uint32" | "sint32" | "fixed32" | "sfixed32" | "bool";

function readValue(reader: protobuf.Reader, field: Field): Scalar {
  if (wireTypeOf(field) === 2) return reader.bytes();
  if (field.kind === "enum") return reader.int32();
  if (field.type.endsWith("64")) return longToBigInt(reader[field.type as "int64"]() as Long);
  return reader[field.type as ReaderMethod]();
}

/**
 * The binary form of a text. INVALID_ARGUMENT with `file: line:column : why` for anything that is not such a message.
 */
export function parseText(type: string, text: string, path?: string): Uint8Array {
  const tokens = new Tokenizer(text, path);
  const bytes = parseMessage(messageOf(type), tokens, "", 0);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function parseMessage(message: MessageFields, tokens: Tokenizer, close: string, depth: number): Uint8Array {
  if (depth > depthMax) throw tokens.error(tokens.token.at, `messages are nested deeper than ${depthMax}`);
  const values: Values = new Map();
  while (close === "" ? tokens.token.kind !== "end" : !tokens.accept(close)) {
    const at = tokens.token.at;
    if (message.name === anyType && tokens.accept("[")) {
      parseAny(values, tokens, depth);
      continue;
    }
    const name = tokens.token.text;
    if (tokens.token.kind !== "name") throw tokens.error(at, `Expected identifier, got: ${name || "end of text"}`);
    const field = message.byName.get(name);
    if (!field) throw tokens.error(at, `Message type "${message.name}" has no field named "${name}".`);
    tokens.advance();
    if (values.has(field.number) && !field.repeated) {
      throw tokens.error(at, `Message type "${message.name}" should not have multiple "${name}" fields.`);
    }
    parseValues(field, listOf(values, field), tokens, depth);
    if (!tokens.accept(",")) tokens.accept(";");
  }
  return writeFields(message, values);
}

function parseValues(field: Field, list: Scalar[], tokens: Tokenizer, depth: number): void {
  const block = field.kind === "message" || field.kind === "map";
  if (!tokens.accept(":") && !block) throw tokens.error(tokens.token.at, `Expected ":", found "${tokens.token.text}".`);
  const one = () => list.push(block ? parseBlock(field, tokens, depth) : parseScalar(field, tokens));
  if (!field.repeated || !tokens.accept("[")) {
    one();
    return;
  }
  if (tokens.accept("]")) return;
  do one();
  while (tokens.accept(","));
  tokens.expect("]");
}

function parseBlock(field: Field, tokens: Tokenizer, depth: number): Uint8Array {
  const angle = tokens.accept("<");
  if (!angle) tokens.expect("{");
  return parseMessage(field.entry ?? messageOf(field.type), tokens, angle ? ">" : "}", depth + 1);
}

function parseAny(values: Values, tokens: Tokenizer, depth: number): void {
  const { at } = tokens.token;
  let url = "";
  while (!tokens.accept("]")) {
    if (tokens.token.kind === "end") throw tokens.error(at, 'Expected "]"');
    url += tokens.advance().text;
  }
  const packed = findMessage(url.slice(url.lastIndexOf("/") + 1));
  if (!packed) throw tokens.error(at, `Type ${url} packed in an Any is not known.`);
  tokens.accept(":");
  const angle = tokens.accept("<");
  if (!angle) tokens.expect("{");
  values.set(1, [encoder.encode(url)]);
  values.set(2, [parseMessage(packed, tokens, angle ? ">" : "}", depth + 1)]);
}

function parseScalar(field: Field, tokens: Tokenizer): Scalar {
  const { at } = tokens.token;
  if (field.type === "string" || field.type === "bytes") {
    const parts: Uint8Array[] = [];
    while (tokens.token.kind === "string") {
      const bytes = unquote(tokens.token.text);
      if (!bytes) throw tokens.error(tokens.token.at, "Invalid escape in a string");
      parts.push(bytes);
      tokens.advance();
    }
    if (parts.length === 0) throw tokens.error(at, `Expected string but found: '${tokens.token.text}'`);
    return concat(parts);
  }
  const negative = tokens.accept("-");
  const { kind, text } = tokens.advance();
  const value = kind === "name" || kind === "number" ? scalarOf(field, text, negative) : undefined;
  if (value === undefined) {
    throw tokens.error(at, `"${negative ? "-" : ""}${text}" is not a value of field "${field.name}" (${field.type})`);
  }
  return value;
}

function scalarOf(field: Field, text: string, negative: boolean): Scalar | undefined {
  const sign = negative ? -1 : 1;
  if (field.kind === "enum") {
    const number = enumNumber(field.type, text) ?? (/^\d+$/.test(text) ? Number(text) : undefined);
    return number === undefined || number > 0x7fffffff ? undefined : sign * number;
  }
  if (field.type === "bool") {
    if (negative) return undefined;
    if (["true", "True", "t", "1"].includes(text)) return true;
    return ["false", "False", "f", "0"].includes(text) ? false : undefined;
  }
  if (field.type === "float" || field.type === "double") {
    if (/^(inf|infinity)f?$/i.test(text)) return sign * Number.POSITIVE_INFINITY;
    if (/^nanf?$/i.test(text)) return Number.NaN;
    return /^[\d.]/.test(text) ? sign * Number(text.replace(/[fF]$/, "")) : undefined;
  }
  if (!/^(0[xX][0-9A-Fa-f]+|\d+)$/.test(text)) return undefined;
  const octal = /^0[0-7]+$/.test(text);
  if (/^0\d/.test(text) && !octal) return undefined;
  const value = BigInt(octal ? `0o${text.slice(1)}` : text) * BigInt(sign);
  const width = field.type.endsWith("64") ? 64 : 32;
  const unsigned = field.type.startsWith("uint") || field.type.startsWith("fixed");
  if ((unsigned ? BigInt.asUintN(width, value) : BigInt.asIntN(width, value)) !== value) return undefined;
  return width === 64 ? value : Number(value);
}

/** Fields by number, lists of numbers packed, defaults left out where the format leaves them out. */
function writeFields(message: MessageFields, values: Values): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const number of [...values.keys()].sort((a, b) => a - b)) {
    const field = message.byNumber.get(number)!;
    const list = values.get(number)!;
    const wireType = wireTypeOf(field);
    if (field.repeated && wireType !== 2) {
      if (list.length === 0) continue;
      writer.uint32((number << 3) | 2).fork();
      for (const value of list) writeValue(writer, field, value);
      writer.ldelim();
      continue;
    }
    for (const value of list) {
      if (!field.repeated && field.oneof === "" && field.kind !== "message" && isDefault(value)) continue;
      writeValue(writer.uint32((number << 3) | wireType), field, value);
    }
  }
  return writer.finish();
}

function writeValue(writer: protobuf.Writer, field: Field, value: Scalar): void {
  if (ArrayBuffer.isView(value)) writer.bytes(value);
  else if (field.kind === "enum") writer.int32(value as number);
  else if (typeof value === "bigint") writer[field.type as "int64"](toLong(value, !field.type.startsWith("int")));
  else if (typeof value === "boolean") writer.bool(value);
  else writer[field.type as Exclude<ReaderMethod, "bool">](value);
}

/** The text of a file, for `parseText`. INVALID_ARGUMENT if it is not UTF-8. */
export function textOfBytes(bytes: Uint8Array, path?: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidArgumentError(`${path === undefined ? "" : `${path}: `}the text is not UTF-8`, { cause });
  }
}
