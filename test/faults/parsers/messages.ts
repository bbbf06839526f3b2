/** Messages of the schema in the one form that every writer gives them: fields by number, numbers packed, no defaults. */
import fc from "fast-check";
import { WireWriter } from "../../../src/io/wire.ts";
import { type encode, pb } from "../../../src/proto/messages.ts";
import { type Field, type MessageFields, messageOf } from "../../../src/proto/schema.ts";

type MessageType = Parameters<typeof encode>[0];

const depthMax = 3;

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).map((s) => new TextEncoder().encode(s));
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 6 });
const varints: Readonly<Record<string, fc.Arbitrary<bigint>>> = {
  int32: fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint32: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  bool: fc.constant(1n),
};

/** One number without its tag, never a default. */
function scalar(type: string): fc.Arbitrary<Uint8Array> {
  const of = (write: (out: WireWriter) => WireWriter): Uint8Array => write(new WireWriter()).finish();
  if (type === "float") return fc.integer({ min: 1, max: 1000 }).map((n) => of((out) => out.float(n / 8)));
  if (type === "double") return fc.integer({ min: 1, max: 1000 }).map((n) => of((out) => out.double(n / 8)));
  if (type.endsWith("fixed64"))
    return fc.uint8Array({ minLength: 8, maxLength: 8 }).filter((bytes) => bytes.some((byte) => byte !== 0));
  if (type === "fixed32" || type === "sfixed32")
    return fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((n) => of((out) => out.fixed32(n)));
  const values = varints[type] ?? fc.constant(1n);
  return values.filter((value) => value !== 0n).map((value) => of((out) => out.int64(value)));
}

const wireTypeOf = (type: string): 0 | 1 | 2 | 5 =>
  type === "double" || type.endsWith("fixed64")
    ? 1
    : type === "float" || type.endsWith("fixed32")
      ? 5
      : type === "string" || type === "bytes"
        ? 2
        : 0;

const isNumber = (field: Field): boolean =>
  field.kind === "enum" || (field.kind === "scalar" && field.type !== "string" && field.type !== "bytes");

function content(field: Field, depth: number): fc.Arbitrary<Uint8Array> {
  if (field.kind === "message") return messageBytes(messageOf(field.type), depth + 1);
  if (field.type === "string") return text;
  if (field.type === "bytes") return someBytes;
  return field.kind === "enum" ? fc.constant(Uint8Array.of(1)) : scalar(field.type);
}

/** One occurrence of a field, tag included. */
function fieldBytes(field: Field, depth: number): fc.Arbitrary<Uint8Array> {
  const { number } = field;
  if (field.kind === "map") {
    const [key, value] = [field.entry!.byNumber.get(1)!, field.entry!.byNumber.get(2)!];
    return fc
      .tuple(fieldBytes(key, depth), fieldBytes(value, depth))
      .map((parts) => new WireWriter().bytes(number, new Uint8Array(Buffer.concat(parts))).finish());
  }
  if (isNumber(field) && field.repeated) {
    return fc
      .array(content(field, depth), { minLength: 1, maxLength: 3 })
      .map((items) => new WireWriter().bytes(number, new Uint8Array(Buffer.concat(items))).finish());
  }
  if (isNumber(field))
    return content(field, depth).map((bytes) =>
      new WireWriter().tag(number, wireTypeOf(field.type)).raw(bytes).finish(),
    );
  const one = content(field, depth).map((bytes) => new WireWriter().bytes(number, bytes).finish());
  return field.repeated
    ? fc.array(one, { minLength: 1, maxLength: 2 }).map((parts) => new Uint8Array(Buffer.concat(parts)))
    : one;
}

/** Some fields of a message, of each oneof at most one. */
function messageBytes(message: MessageFields, depth: number): fc.Arbitrary<Uint8Array> {
  const fields = [...message.byNumber.values()]
    .filter(({ kind }) => depth < depthMax || (kind !== "message" && kind !== "map"))
    .sort((a, b) => a.number - b.number);
  if (fields.length === 0) return fc.constant(new Uint8Array(0));
  return fc.subarray(fields, { maxLength: Math.min(4, fields.length) }).chain((chosen) => {
    const oneofs = new Set<string>();
    const kept = chosen.filter(({ oneof }) => {
      if (oneof === "") return true;
      const isFirst = !oneofs.has(oneof);
      oneofs.add(oneof);
      return isFirst;
    });
    if (kept.length === 0) return fc.constant(new Uint8Array(0));
    return fc
      .tuple(...kept.map((field) => fieldBytes(field, depth)))
      .map((parts) => new Uint8Array(Buffer.concat(parts)));
  });
}

/** Name, class and bytes of each message of package tensorflow. */
export const canonicalMessages: readonly (readonly [string, MessageType, fc.Arbitrary<Uint8Array>])[] = Object.entries(
  pb,
)
  .filter(([name, type]) => /^[A-Z]/.test(name) && typeof (type as { decode?: unknown }).decode === "function")
  .map(([name, type]) => [name, type as unknown as MessageType, messageBytes(messageOf(name), 0)]);
