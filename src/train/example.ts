/** tf.train.Example and its parts as messages. Source: tensorflow/core/example/example.proto, feature.proto. */
import { TypeError } from "../core/error.ts";
import {
  decodeExample,
  decodeSequenceExample,
  encodeExample,
  encodeSequenceExample,
  type FeatureValue,
} from "../io/example/example.ts";
import { printText } from "../proto/text_format.ts";

const encoder = new TextEncoder();

/** Bytes; texts become UTF-8. */
export class BytesList {
  readonly value: readonly Uint8Array[];

  constructor({ value = [] }: { value?: Iterable<Uint8Array | string> } = {}) {
    this.value = Array.from(value, (item) => {
      if (typeof item === "string") return encoder.encode(item);
      if (item instanceof Uint8Array) return item;
      throw new TypeError(`${String(item)} has type ${typeof item}, but expected one of: bytes`);
    });
  }
}

export class FloatList {
  readonly value: readonly number[];

  constructor({ value = [] }: { value?: Iterable<number> } = {}) {
    this.value = Array.from(value, (item) => {
      if (typeof item !== "number") throw new TypeError(`must be real number, not ${typeof item}`);
      return Math.fround(item);
    });
  }
}

/** Whole numbers of 64 bits: numbers where safe, bigints beyond. */
export class Int64List {
  readonly value: readonly (number | bigint)[];

  constructor({ value = [] }: { value?: Iterable<number | bigint> } = {}) {
    this.value = Array.from(value, (item) => {
      if (typeof item === "bigint" ? item === BigInt.asIntN(64, item) : Number.isSafeInteger(item)) return item;
      throw new TypeError(`${String(item)} has type ${typeof item}, but expected one of: int`);
    });
  }
}

interface FeatureFields {
  readonly bytesList?: BytesList;
  readonly floatList?: FloatList;
  readonly int64List?: Int64List;
}

/** One list, or none. */
export class Feature {
  readonly bytesList: BytesList | undefined;
  readonly floatList: FloatList | undefined;
  readonly int64List: Int64List | undefined;

  constructor({ bytesList, floatList, int64List }: FeatureFields = {}) {
    if ([bytesList, floatList, int64List].filter(Boolean).length > 1) throw new TypeError("a Feature holds one list");
    this.bytesList = bytesList;
    this.floatList = floatList;
    this.int64List = int64List;
  }
}

export class Features {
  readonly feature: Readonly<Record<string, Feature>>;

  constructor({ feature = {} }: { feature?: Readonly<Record<string, Feature>> } = {}) {
    this.feature = Object.assign(Object.create(null) as Record<string, Feature>, feature);
  }
}

export class Example {
  readonly features: Features;

  constructor({ features = new Features() }: { features?: Features } = {}) {
    this.features = features;
  }

  /** The message's bytes, keys sorted. */
  serializeToString(): Uint8Array {
    return encodeExample(plainFeatures(this.features));
  }

  /** Protobuf's text. */
  toString(): string {
    return printText("Example", this.serializeToString(), { str: true });
  }

  /** Throws DATA_LOSS for bytes that are no Example. */
  static fromString(bytes: Uint8Array): Example {
    return new Example({ features: featuresOf(decodeExample(bytes)) });
  }
}

export class FeatureList {
  readonly feature: readonly Feature[];

  constructor({ feature = [] }: { feature?: Iterable<Feature> } = {}) {
    this.feature = [...feature];
  }
}

export class FeatureLists {
  readonly featureList: Readonly<Record<string, FeatureList>>;

  constructor({ featureList = {} }: { featureList?: Readonly<Record<string, FeatureList>> } = {}) {
    this.featureList = Object.assign(Object.create(null) as Record<string, FeatureList>, featureList);
  }
}

export class SequenceExample {
  readonly context: Features;
  readonly featureLists: FeatureLists;

  constructor({
    context = new Features(),
    featureLists = new FeatureLists(),
  }: { context?: Features; featureLists?: FeatureLists } = {}) {
    this.context = context;
    this.featureLists = featureLists;
  }

  serializeToString(): Uint8Array {
    const lists = Object.entries(this.featureLists.featureList).map(
      ([key, list]) => [key, list.feature.map(plainFeature)] as const,
    );
    return encodeSequenceExample(plainFeatures(this.context), lists);
  }

  toString(): string {
    return printText("SequenceExample", this.serializeToString(), { str: true });
  }

  static fromString(bytes: Uint8Array): SequenceExample {
    const { context, featureLists } = decodeSequenceExample(bytes);
    const lists = [...featureLists].map(
      ([key, features]) => [key, new FeatureList({ feature: features.map(featureOf) })] as const,
    );
    return new SequenceExample({
      context: featuresOf(context),
      featureLists: new FeatureLists({ featureList: Object.fromEntries(lists) }),
    });
  }
}

const plainFeatures = (features: Features): [string, FeatureValue][] =>
  Object.entries(features.feature).map(([key, feature]) => [key, plainFeature(feature)]);

function plainFeature({ bytesList, floatList, int64List }: Feature): FeatureValue {
  if (bytesList) return { kind: "bytes", value: [...bytesList.value] };
  if (floatList) return { kind: "float", value: [...floatList.value] };
  if (int64List) return { kind: "int64", value: [...int64List.value] };
  return { kind: "none" };
}

const featuresOf = (plain: ReadonlyMap<string, FeatureValue>): Features =>
  new Features({ feature: Object.fromEntries([...plain].map(([key, value]) => [key, featureOf(value)])) });

const safe = (value: number | bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function featureOf(plain: FeatureValue): Feature {
  switch (plain.kind) {
    case "bytes":
      return new Feature({ bytesList: new BytesList({ value: plain.value }) });
    case "float":
      return new Feature({ floatList: new FloatList({ value: Array.from(plain.value) }) });
    case "int64":
      return new Feature({
        int64List: new Int64List({ value: Array.from(plain.value, safe) }),
      });
    default:
      return new Feature();
  }
}
