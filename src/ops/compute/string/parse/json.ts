/** Examples written as JSON: DecodeJSONExample. Source: decode_json_example_op.cc (protobuf's JSON form). */
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";
import { mapStrings, toBytes, toText } from "../bytes.ts";

/** Bytes of a message as it is written. */
class Writer {
  readonly #bytes: number[] = [];

  varint(value: bigint): this {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.#bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#bytes.push(Number(rest));
    return this;
  }

  tag(field: number, wireType: number): this {
    return this.varint(BigInt((field << 3) | wireType));
  }

  message(field: number, bytes: Uint8Array): this {
    this.tag(field, 2).varint(BigInt(bytes.length));
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  float(field: number, value: number): this {
    this.tag(field, 5);
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.#bytes.push(view.getUint8(i));
    return this;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const bad = (what: string): InvalidArgumentError => new InvalidArgumentError(`Error while parsing JSON: ${what}`);

function objectOf(value: Json | undefined, what: string): Readonly<Record<string, Json>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw bad(`invalid JSON in type.googleapis.com/tensorflow.Example @ ${what}: expected '{'`);
  return value as Readonly<Record<string, Json>>;
}

/** A field by its JSON name or its name in the message definition. */
const field = (value: Readonly<Record<string, Json>>, name: string): Json | undefined =>
  value[name] ?? value[name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)];

function listOf(value: Json, what: string): readonly Json[] {
  const list = field(objectOf(value, what), "value");
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw bad(`${what}: expected a list`);
  return list;
}

function int64Of(value: Json, what: string): bigint {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
  throw bad(`${what}: invalid number ${JSON.stringify(value)}`);
}

function floatOf(value: Json, what: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity" || value === "-Infinity") return Number(value);
  if (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) return Number(value);
  throw bad(`${what}: invalid number ${JSON.stringify(value)}`);
}

function bytesOf(value: Json, what: string): Uint8Array {
  if (typeof value !== "string") throw bad(`${what}: expected a string`);
  return new Uint8Array(Buffer.from(value, "base64"));
}

function featureOf(value: Json, what: string): Uint8Array {
  const feature = objectOf(value, what);
  const out = new Writer();
  const bytes = field(feature, "bytesList");
  const floats = field(feature, "floatList");
  const ints = field(feature, "int64List");
  const list = new Writer();
  if (bytes !== undefined && bytes !== null) {
    for (const item of listOf(bytes, what)) list.message(1, bytesOf(item, what));
    out.message(1, list.bytes);
  } else if (floats !== undefined && floats !== null) {
    for (const item of listOf(floats, what)) list.float(1, floatOf(item, what));
    out.message(2, list.bytes);
  } else if (ints !== undefined && ints !== null) {
    for (const item of listOf(ints, what)) list.tag(1, 0).varint(int64Of(item, what));
    out.message(3, list.bytes);
  }
  return out.bytes;
}

function exampleOf(text: string): Uint8Array {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw bad((error as Error).message);
  }
  const features = field(objectOf(json, ""), "features");
  if (features === undefined || features === null) return new Uint8Array();
  const map = field(objectOf(features, "features"), "feature");
  const all = new Writer();
  for (const [key, value] of Object.entries(
    map === undefined || map === null ? {} : objectOf(map, "features.feature"),
  )) {
    const entry = new Writer().message(1, toBytes(key)).message(2, featureOf(value, `features.feature["${key}"]`));
    all.message(1, entry.bytes);
  }
  return new Writer().message(1, all.bytes).bytes;
}

/** binary_examples = the same Examples as bytes. */
export const decodeJSONExampleOp = defineOp("DecodeJSONExample", {
  inputs: ["json_examples: string"],
  outputs: ["binary_examples: string"],
  shape: ({ json_examples }) => [json_examples],
  compute: ({ json_examples }) => mapStrings(json_examples, (bytes) => exampleOf(toText(bytes))),
  gradient: "unregistered",
});

/** Examples written as JSON, as bytes. */
export const decodeJsonExample = (jsonExamples: TensorLike, name?: Name): Tensor =>
  decodeJSONExampleOp({ json_examples: jsonExamples }, nameOf(name));
