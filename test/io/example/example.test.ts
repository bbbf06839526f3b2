import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeExample,
  decodeSequenceExample,
  encodeExample,
  encodeSequenceExample,
  type FeatureValue,
} from "../../../src/io/example/example.ts";
import { ExampleScanner } from "../../../src/io/example/scanner.ts";
import { readRecords } from "../../../src/io/record/reader.ts";
import { decode, encode, longToBigInt, pb, toLong } from "../../../src/proto/messages.ts";
import { goldenPath, hasGoldens, readGolden } from "../../golden.ts";

const text = (s: string) => new TextEncoder().encode(s);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The message as protobufjs decodes it, for comparison. */
function judged(bytes: Uint8Array): Map<string, FeatureValue> {
  const feature: Record<string, pb.Feature.$Properties> = decode(pb.Example, bytes).features?.feature ?? {};
  return new Map<string, FeatureValue>(
    Object.entries(feature).map(([key, f]): [string, FeatureValue] => {
      if (f.bytesList) return [key, { kind: "bytes", value: (f.bytesList.value ?? []).map((b) => new Uint8Array(b)) }];
      if (f.floatList) return [key, { kind: "float", value: Float32Array.from(f.floatList.value ?? []) }];
      if (f.int64List)
        return [
          key,
          { kind: "int64", value: BigInt64Array.from((f.int64List.value ?? []).map((v) => longToBigInt(v as never))) },
        ];
      return [key, { kind: "none" }];
    }),
  );
}

const feature: fc.Arbitrary<FeatureValue> = fc.oneof(
  fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }).map((value) => ({ kind: "bytes", value }) as const),
  fc.array(fc.float(), { maxLength: 9 }).map((value) => ({ kind: "float", value: Float32Array.from(value) }) as const),
  fc
    .array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { maxLength: 9 })
    .map((value) => ({ kind: "int64", value: BigInt64Array.from(value) }) as const),
  fc.constant({ kind: "none" } as const),
);
const key = fc.string({ unit: "grapheme", maxLength: 9 });
const features = fc.uniqueArray(fc.tuple(key, feature), { selector: ([k]) => k, maxLength: 6 });

describe("Example", () => {
  test("is written as formats.md shows, keys sorted", () => {
    const bytes = encodeExample([
      ["s", { kind: "bytes", value: [text("hi")] }],
      ["f", { kind: "float", value: [0.5] }],
      ["a", { kind: "int64", value: [1, -1] }],
    ]);

    expect(hex(bytes)).toBe(
      [
        "0a32",
        "0a140a0161120f1a0d0a0b01ffffffffffffffffff01",
        "0a0d0a016612081206" + "0a040000003f",
        "0a0b0a0173120" + "60a040a026869",
      ].join(""),
    );
  });

  test("comes back whatever the features are, and protobufjs reads the same", () => {
    fc.assert(
      fc.property(features, (entries) => {
        const bytes = encodeExample(entries);

        expect(decodeExample(bytes)).toEqual(new Map(entries));
        expect(judged(bytes)).toEqual(new Map(entries));
      }),
    );
  });

  test("is read as protobufjs writes it", () => {
    const bytes = encode(pb.Example, {
      features: { feature: { i: { int64List: { value: [toLong(-(2n ** 63n)), 5] } }, none: {} } },
    });

    expect(decodeExample(bytes)).toEqual(
      new Map<string, FeatureValue>([
        ["i", { kind: "int64", value: BigInt64Array.of(-(2n ** 63n), 5n) }],
        ["none", { kind: "none" }],
      ]),
    );
  });

  test("is read with a tag before each number too, and with unknown fields", () => {
    const floats = "0d0000003f" + "0d0000803f" + "0a0400000040";
    const ints = "0801" + "08ffffffffffffffffff01" + "0a0205" + "07";
    const entry = (name: string, kind: string, list: string) => {
      const message = (tag: string, body: string) => tag + (body.length / 2).toString(16).padStart(2, "0") + body;
      return message("0a", message("0a", Buffer.from(name).toString("hex")) + message("12", message(kind, list)));
    };
    const map = `${entry("f", "12", floats)}${entry("i", "1a", ints)}7a0100800105`;
    const bytes = new Uint8Array(Buffer.from(`0a${(map.length / 2).toString(16)}${map}1a0100`, "hex"));

    const wanted = new Map<string, FeatureValue>([
      ["f", { kind: "float", value: Float32Array.of(0.5, 1, 2) }],
      ["i", { kind: "int64", value: BigInt64Array.of(1n, -1n, 5n, 7n) }],
    ]);

    expect(decodeExample(bytes)).toEqual(wanted);
    const scanner = new ExampleScanner(["f", "i"]);
    scanner.scan(bytes);
    const floatsOut = new Float32Array(scanner.count(0));
    const intsOut = new BigInt64Array(scanner.count(1));
    scanner.floatsInto(0, floatsOut, 0);
    scanner.int64sInto(1, intsOut, 0);
    expect([floatsOut, intsOut]).toEqual([Float32Array.of(0.5, 1, 2), BigInt64Array.of(1n, -1n, 5n, 7n)]);
  });

  test.each([
    ["a fraction", 0.5, "0.5 is no whole number"],
    ["a number beyond 2^53", 2 ** 53, "use a bigint for an int64 feature"],
    ["a bigint beyond 64 bits", 2n ** 63n, "does not fit into int64"],
  ])("refuses %s in an int64 feature", (_, value, message) => {
    expect(() => encodeExample([["a", { kind: "int64", value: [value] }]])).toThrow(message);
  });

  test("any damage is DATA_LOSS or another Example, never anything else", () => {
    const good = encodeExample([
      ["a", { kind: "int64", value: [1, -1] }],
      ["f", { kind: "float", value: [1, 2, 3, 4, 5, 6] }],
      ["s", { kind: "bytes", value: [text("x")] }],
    ]);
    const scanner = new ExampleScanner(["a", "f", "s"]);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const bad = good.slice(0, length);
        if (at < length) bad[at] = byte;
        for (const read of [() => decodeExample(bad), () => scanner.scan(bad), () => decodeSequenceExample(bad)]) {
          try {
            read();
          } catch (error) {
            expect(error).toMatchObject({ code: "DATA_LOSS" });
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("SequenceExample", () => {
  test("comes back whatever the features are", () => {
    fc.assert(
      fc.property(
        features,
        fc.uniqueArray(fc.tuple(key, fc.array(feature, { maxLength: 4 })), { selector: ([k]) => k, maxLength: 4 }),
        (context, lists) => {
          expect(decodeSequenceExample(encodeSequenceExample(context, lists))).toEqual({
            context: new Map(context),
            featureLists: new Map(lists),
          });
        },
      ),
    );
  });
});

describe("ExampleScanner", () => {
  test("finds what decodeExample finds, and where other keys are absent", () => {
    fc.assert(
      fc.property(features, key, (entries, other) => {
        const bytes = encodeExample(entries);
        const all = new Map(entries);
        const keys = [...all.keys()];
        if (!all.has(other)) keys.push(other);
        const scanner = new ExampleScanner(keys);

        scanner.scan(Buffer.concat([Uint8Array.of(9, 9), bytes, Uint8Array.of(9)]), 2, 2 + bytes.length);

        for (const [i, name] of keys.entries()) {
          const want = all.get(name) ?? { kind: "none" };
          expect([scanner.has(i), scanner.kind(i)]).toEqual([all.has(name), want.kind]);
          if (want.kind === "none") continue;
          expect(scanner.count(i)).toBe(want.value.length);
          if (want.kind === "bytes") expect(scanner.bytes(i)).toEqual(want.value);
          if (want.kind === "float") {
            const got = new Float32Array(want.value.length + 1);
            expect(scanner.floatsInto(i, got, 1)).toBe(want.value.length);
            expect(got.subarray(1)).toEqual(want.value);
          }
          if (want.kind === "int64") {
            const got = new BigInt64Array(want.value.length + 1);
            expect(scanner.int64sInto(i, got, 1)).toBe(want.value.length);
            expect(got.subarray(1)).toEqual(want.value);
          }
        }
      }),
    );
  });
});

interface GoldenFeature {
  kind: string | null;
  value: (string | number | { b64: string })[];
}
interface GoldenRecords {
  compression: "" | "GZIP" | "ZLIB";
  kind: string;
  records: {
    example?: Record<string, GoldenFeature>;
    sequence_example?: { context: Record<string, GoldenFeature>; feature_lists: Record<string, GoldenFeature[]> };
  }[];
}

describe.skipIf(!hasGoldens)("TensorFlow's Examples", () => {
  const names: Record<string, number> = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    "-Infinity": Number.NEGATIVE_INFINITY,
  };
  const wanted = ({ kind, value }: GoldenFeature): FeatureValue => {
    if (kind === null) return { kind: "none" };
    if (kind === "int64_list") return { kind: "int64", value: BigInt64Array.from(value as string[], BigInt) };
    if (kind === "float_list")
      return { kind: "float", value: Float32Array.from(value as number[], (v) => names[v] ?? v) };
    return {
      kind: "bytes",
      value: value.map((v) =>
        typeof v === "object" ? new Uint8Array(Buffer.from(v.b64, "base64")) : text(v as string),
      ),
    };
  };
  const mapOf = (features: Record<string, GoldenFeature>) =>
    new Map(Object.entries(features).map(([k, f]) => [k, wanted(f)]));
  /** Long values are digests in the goldens. */
  const isDigest = (f: GoldenFeature) =>
    f.kind === "bytes_list" && typeof f.value[0] === "string" && f.value[0].startsWith("sha256:");

  test.each(["examples.tfrecord", "examples.tfrecord.gz", "cifar_like.tfrecord", "ctr_like.tfrecord"])(
    "%s has the features that TensorFlow sees",
    (file) => {
      const golden = readGolden<GoldenRecords>("tfrecords", `${file}.expected.json`);
      const records = [...readRecords(goldenPath("tfrecords", file), { compression: golden.compression })];

      for (const [i, { example }] of golden.records.entries()) {
        if (!example) continue;
        const got = decodeExample(records[i]!);
        for (const [k, f] of Object.entries(example)) if (!isDigest(f)) expect([k, got.get(k)]).toEqual([k, wanted(f)]);
        expect([...got.keys()].sort()).toEqual(Object.keys(example).sort());
        expect(decodeExample(encodeExample(got))).toEqual(got);
        expect(got).toEqual(judged(records[i]!));
      }
    },
  );

  test("sequences.tfrecord has the lists that TensorFlow sees, and is written as the same bytes", () => {
    const golden = readGolden<GoldenRecords>("tfrecords", "sequences.tfrecord.expected.json");
    const records = [...readRecords(goldenPath("tfrecords", "sequences.tfrecord"))];

    for (const [i, { sequence_example }] of golden.records.entries()) {
      const got = decodeSequenceExample(records[i]!);
      const lists = Object.entries(sequence_example!.feature_lists).map(([k, list]): [string, FeatureValue[]] => [
        k,
        list.map(wanted),
      ]);
      expect(got).toEqual({ context: mapOf(sequence_example!.context), featureLists: new Map(lists) });
      expect(encodeSequenceExample(got.context, got.featureLists)).toEqual(records[i]);
    }
  });
});

describe("one scanner over many Examples", () => {
  const keys = ["image", "label", "name", "absent"];
  const example = (i: number, size = 5): Uint8Array =>
    encodeExample([
      ["image", { kind: "float", value: Float32Array.from({ length: size }, (_, k) => i + k / 8) }],
      ["label", { kind: "int64", value: [i % 100] }],
      ["name", { kind: "bytes", value: [text(`n${i % 10}`), text("x")] }],
      ["other", { kind: "float", value: [1, 2, 3] }],
    ]);

  /** All that a scanner gives, or the error's words. */
  function scanned(scanner: ExampleScanner, bytes: Uint8Array, start: number, end: number): unknown {
    try {
      scanner.scan(bytes, start, end);
      return keys.map((_, i) => {
        const count = scanner.count(i);
        const kind = scanner.kind(i);
        const facts = [scanner.has(i), kind, count];
        if (kind === "float") {
          const floats = new Float32Array(count + 2);
          return [...facts, scanner.floatsInto(i, floats, 1), [...new Uint8Array(floats.buffer)]];
        }
        if (kind === "int64") {
          const integers = new BigInt64Array(count);
          return [...facts, scanner.int64sInto(i, integers, 0), [...integers].map(String)];
        }
        return kind === "bytes" ? [...facts, scanner.bytes(i).map(hex)] : facts;
      });
    } catch (error) {
      return String(error);
    }
  }

  test("gives what a scanner of each alone gives", () => {
    const records = Array.from({ length: 60 }, (_, i) => example(i, i % 20 < 15 ? 5 : 6));
    const buffer = new Uint8Array(records.reduce((sum, { length }) => sum + length + 3, 0));
    const scanner = new ExampleScanner(keys);
    let at = 0;
    for (const record of records) {
      at += 3;
      buffer.set(record, at);
      const alone = scanned(new ExampleScanner(keys), record, 0, record.length);
      expect(scanned(scanner, buffer, at, at + record.length)).toEqual(alone);
      at += record.length;
    }
  });

  test("with any byte changed in one of them, whatever came before", () => {
    const good = example(7);
    const scanner = new ExampleScanner(keys);
    for (let at = 0; at < good.length; at++) {
      for (const bit of [0, 1, 3, 7]) {
        const changed = good.slice();
        changed[at]! ^= 1 << bit;
        for (const record of [good, good, changed, good]) {
          const alone = scanned(new ExampleScanner(keys), record, 0, record.length);
          expect(scanned(scanner, record, 0, record.length)).toEqual(alone);
        }
      }
    }
  });
});
