/**
 * tf.train.Example and SequenceExample, between bytes and maps of features:
 *     Example          {features=1: Features{feature=1: map<string, Feature>}}
 *     SequenceExample  {context=1: Features, feature_lists=2: {feature_list=1: map<string, {feature=1 repeated Feature}>}}
 *     Feature          oneof {bytes_list=1 {value=1 bytes}, float_list=2 {value=1 packed float}, int64_list=3 {value=1 packed int64}}
 * Keys are written in the order of their bytes, so that equal features give equal records.
 * Source: tensorflow/core/example/example.proto, feature.proto
 */
import { InvalidArgumentError } from "../../core/error.ts";
import { WireReader, WireWriter } from "../wire.ts";
import { countFloats, countInt64s, readFloats, readInt64s } from "./scanner.ts";

/** The values of one feature; `none` is a feature without a kind. Numbers of int64 features are exact as bigints or safe numbers. */
export type FeatureValue =
  | { readonly kind: "bytes"; readonly value: readonly Uint8Array[] }
  | { readonly kind: "float"; readonly value: ArrayLike<number> }
  | { readonly kind: "int64"; readonly value: ArrayLike<number | bigint> }
  | { readonly kind: "none" };

export type Features = Iterable<readonly [key: string, value: FeatureValue]>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function writeFeature(out: WireWriter, feature: FeatureValue): void {
  if (feature.kind === "none") return;
  const list = out.begin(feature.kind === "bytes" ? 1 : feature.kind === "float" ? 2 : 3);
  if (feature.kind === "bytes") for (const value of feature.value) out.bytes(1, value);
  else if (feature.value.length > 0) {
    const { value } = feature;
    const packed = out.begin(1);
    if (feature.kind === "float") for (let i = 0; i < value.length; i++) out.float(value[i] as number);
    else for (let i = 0; i < value.length; i++) out.int64(checkedInt64(value[i]!));
    out.end(packed);
  }
  out.end(list);
}

function checkedInt64(value: number | bigint): number | bigint {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(
      `${value} is no whole number that a double holds exactly: use a bigint for an int64 feature`,
    );
  }
  if (BigInt.asIntN(64, value) !== value) throw new InvalidArgumentError(`${value} does not fit into int64`);
  return value;
}

/** Sorted by the bytes of their keys; the last of equal keys counts, as in a map. */
function sorted<T>(entries: Iterable<readonly [string, T]>): [Uint8Array, T][] {
  const byKey = new Map(entries as Iterable<[string, T]>);
  return [...byKey]
    .map(([key, value]): [Uint8Array, T] => [encoder.encode(key), value])
    .sort(([a], [b]) => Buffer.compare(a, b));
}

function writeMap<T>(out: WireWriter, entries: Iterable<readonly [string, T]>, write: (value: T) => void): void {
  for (const [key, value] of sorted(entries)) {
    const entry = out.begin(1);
    if (key.length > 0) out.bytes(1, key);
    const content = out.begin(2);
    write(value);
    out.end(content).end(entry);
  }
}

/** The bytes of an Example. INVALID_ARGUMENT for numbers that an int64 feature cannot hold. */
export function encodeExample(features: Features): Uint8Array {
  const out = new WireWriter();
  const map = out.begin(1);
  writeMap(out, features, (feature) => writeFeature(out, feature));
  return out.end(map).finish();
}

/** The bytes of a SequenceExample; parts without entries are left out. */
export function encodeSequenceExample(
  context: Features,
  featureLists: Iterable<readonly [string, readonly FeatureValue[]]>,
): Uint8Array {
  const out = new WireWriter();
  const [contexts, lists] = [[...context], [...featureLists]];
  if (contexts.length > 0) {
    const map = out.begin(1);
    writeMap(out, contexts, (feature) => writeFeature(out, feature));
    out.end(map);
  }
  if (lists.length > 0) {
    const map = out.begin(2);
    writeMap(out, lists, (list) => {
      for (const feature of list) {
        const item = out.begin(1);
        writeFeature(out, feature);
        out.end(item);
      }
    });
    out.end(map);
  }
  return out.finish();
}

/** Reads the fields of a message by number; others are passed over. */
function fields(reader: WireReader, read: Readonly<Record<number, (field: WireReader) => void>>): void {
  while (reader.hasMore) {
    const tag = reader.varint();
    const take = (tag & 7) === 2 ? read[tag >>> 3] : undefined;
    if (take) take(reader.message());
    else reader.skip(tag);
  }
}

function decodeFeature(reader: WireReader): FeatureValue {
  let feature: FeatureValue = { kind: "none" };
  fields(reader, {
    1: (list) => {
      const value: Uint8Array[] = [];
      fields(list, { 1: (item) => value.push(item.buffer.slice(item.at, item.end)) });
      feature = { kind: "bytes", value };
    },
    2: (list) => {
      const value = new Float32Array(countFloats(new WireReader(list.buffer, list.at, list.end)));
      readFloats(list, value, 0);
      feature = { kind: "float", value };
    },
    3: (list) => {
      const value = new BigInt64Array(countInt64s(new WireReader(list.buffer, list.at, list.end)));
      readInt64s(list, value, 0);
      feature = { kind: "int64", value };
    },
  });
  return feature;
}

function decodeMap<T>(
  reader: WireReader,
  decodeValue: (value: WireReader) => T,
  absent: () => T,
  into: Map<string, T>,
): void {
  fields(reader, {
    1: (entry) => {
      let key = "";
      let value: T | undefined;
      fields(entry, {
        1: (text) => {
          key = decoder.decode(text.buffer.subarray(text.at, text.end));
        },
        2: (message) => {
          value = decodeValue(message);
        },
      });
      into.set(key, value ?? absent());
    },
  });
}

/** The features of an Example, values copied: Float32Array, BigInt64Array, lists of bytes. DATA_LOSS for bytes that are none. */
export function decodeExample(bytes: Uint8Array): Map<string, FeatureValue> {
  const features = new Map<string, FeatureValue>();
  fields(new WireReader(plain(bytes)), {
    1: (map) => decodeMap<FeatureValue>(map, decodeFeature, () => ({ kind: "none" }), features),
  });
  return features;
}

export interface SequenceExample {
  readonly context: Map<string, FeatureValue>;
  readonly featureLists: Map<string, FeatureValue[]>;
}

/** As `decodeExample`, with the lists of features. */
export function decodeSequenceExample(bytes: Uint8Array): SequenceExample {
  const context = new Map<string, FeatureValue>();
  const featureLists = new Map<string, FeatureValue[]>();
  const decodeList = (reader: WireReader) => {
    const list: FeatureValue[] = [];
    fields(reader, { 1: (feature) => list.push(decodeFeature(feature)) });
    return list;
  };
  fields(new WireReader(plain(bytes)), {
    1: (map) => decodeMap<FeatureValue>(map, decodeFeature, () => ({ kind: "none" }), context),
    2: (map) => decodeMap<FeatureValue[]>(map, decodeList, () => [], featureLists),
  });
  return { context, featureLists };
}

/** `slice` of a Buffer would not copy. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
