/** What is written is read: records, tensors of all types, rows of features, every message of the schema. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import { allocateElements, NdArray, viewElements } from "../../src/core/nd_array.ts";
import { elementCount } from "../../src/core/shape.ts";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { BundleWriter } from "../../src/io/checkpoint/bundle_writer.ts";
import { SliceFiles, writeSliceFile } from "../../src/io/checkpoint/v1/slice_file.ts";
import { decodeExample, encodeExample, type FeatureValue } from "../../src/io/example/example.ts";
import { readNpy, writeNpy } from "../../src/io/npy.ts";
import { readNpz, writeNpz } from "../../src/io/npz.ts";
import { readRecords, readRecordsAsync } from "../../src/io/record/reader.ts";
import { RecordWriter } from "../../src/io/record/writer.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";
import { fromTensorProto, toTensorProto } from "../../src/proto/tensor_proto.ts";
import { parseText, printText } from "../../src/proto/text_format.ts";
import { canonicalMessages } from "./parsers/messages.ts";
import { shown } from "./parsers/parsers.ts";

const folder = mkdtempSync(join(tmpdir(), "tsflow-properties-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const fresh = (): string => join(folder, String(made++));

const dtypes = [
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
  "string",
  "complex64",
  "complex128",
];

/** NUL, lone surrogates as bytes, line ends, what is no UTF-8. */
const text = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xff, 0xfe), Uint8Array.of(13, 10)),
  fc.string({ unit: "binary", maxLength: 12 }).map((s) => new TextEncoder().encode(s)),
);

/** Scalars, empty tensors, and others; any bits, NaN with a payload too. */
const arrayOf = (name: string): fc.Arbitrary<NdArray> =>
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
    const dtype = dtypeOf(name);
    const count = elementCount(shape);
    if (name === "string")
      return fc.array(text, { minLength: count, maxLength: count }).map((data) => new NdArray(dtype, shape, data));
    const size = count * dtype.sizeBytes;
    return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => {
      if (count === 0) return new NdArray(dtype, shape, allocateElements(dtype, 0));
      const own = name === "bool" ? bytes.map((byte) => byte & 1) : bytes;
      return new NdArray(dtype, shape, viewElements(dtype, own.slice().buffer, 0, count));
    });
  });

const runs = { numRuns: 60 };
fc.configureGlobal({ ...(process.env.TSFLOW_NIGHTLY === "1" ? {} : { seed: 1 }) });

describe("properties", () => {
  test.each(dtypes)("a checkpoint gives %s tensors back, bit for bit", async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.array(arrayOf(name), { minLength: 1, maxLength: 4 }), async (arrays) => {
        const prefix = fresh();
        const writer = new BundleWriter(prefix);
        for (const [i, array] of arrays.entries()) await writer.add(`v\ufeff${i}\u0000`, array);
        await writer.finish();
        const reader = BundleReader.open(prefix);
        for (const [i, array] of arrays.entries()) {
          const found = await reader.read(`v\ufeff${i}\u0000`);
          expect(shown(found)).toBe(shown(array));
          expect(shown(reader.readSync(`v\ufeff${i}\u0000`))).toBe(shown(array));
        }
        reader.close();
      }),
      runs,
    );
  });

  test.each(dtypes)("a checkpoint of the first version gives %s tensors back", (name) => {
    fc.assert(
      fc.property(arrayOf(name), (array) => {
        const path = fresh();
        writeSliceFile(path, [{ name: "v", spec: "", array }]);
        expect(shown(SliceFiles.open(path).read("v"))).toBe(shown(array));
      }),
      runs,
    );
  });

  test.each(dtypes)("a TensorProto gives %s tensors back", (name) => {
    fc.assert(
      fc.property(arrayOf(name), (array) => {
        // A single number travels as a JavaScript number, which has but one NaN.
        const numbers: unknown = array.data;
        if (numbers instanceof Float32Array || numbers instanceof Float64Array)
          for (let i = 0; i < numbers.length; i++) if (Number.isNaN(numbers[i])) numbers[i] = Number.NaN;
        const bytes = encode(pb.TensorProto, toTensorProto(array));
        expect(shown(fromTensorProto(decode(pb.TensorProto, bytes)))).toBe(shown(array));
      }),
      runs,
    );
  });

  test.each(dtypes.filter((name) => name !== "bfloat16" && name !== "string"))(
    ".npy and .npz files give %s arrays back",
    (name) => {
      fc.assert(
        fc.property(arrayOf(name), fc.boolean(), (array, compressed) => {
          expect(shown(readNpy(writeNpy(array), "a.npy"))).toBe(shown(array));
          expect(shown(readNpz(writeNpz([["__proto__", array]], { compressed }), "a.npz").get("__proto__"))).toBe(
            shown(array),
          );
        }),
        runs,
      );
    },
  );

  test.each(["", "GZIP", "ZLIB"] as const)(
    "record files (%s) give their records back, empty ones too",
    async (compression) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), async (records) => {
          const path = fresh();
          const writer = new RecordWriter(path, { compression, atomic: true });
          for (const record of records) writer.write(record);
          writer.close();
          const found: Uint8Array[] = [];
          for await (const record of readRecordsAsync(path, { compression })) found.push(record);
          expect(shown(found)).toBe(shown(records));
          expect(shown([...readRecords(path, { compression })])).toBe(shown(records));
        }),
        runs,
      );
    },
  );

  test("large records among small ones come back", async () => {
    const sizes = [3, 5 * 2 ** 20, 0, 2 ** 22 + 1, 17, 9 * 2 ** 20];
    for (const compression of ["", "GZIP"] as const) {
      const path = fresh();
      const writer = new RecordWriter(path, { compression });
      for (const size of sizes)
        writer.write(Uint8Array.from({ length: size }, (_, i) => (i === size - 1 ? size : i * 31 + (i >> 9)) & 255));
      writer.close();
      const found: [number, number | undefined][] = [];
      for await (const record of readRecordsAsync(path, { compression })) found.push([record.length, record.at(-1)]);
      expect(found).toEqual(sizes.map((size) => [size, size === 0 ? undefined : size & 255]));
    }
  });

  test("Examples give their features back, whatever their names", () => {
    const feature: fc.Arbitrary<FeatureValue> = fc.oneof(
      fc.record({ kind: fc.constant("bytes" as const), value: fc.array(text, { maxLength: 4 }) }),
      fc.record({ kind: fc.constant("float" as const), value: fc.float32Array({ maxLength: 9 }) }),
      fc.record({ kind: fc.constant("int64" as const), value: fc.bigInt64Array({ maxLength: 9 }) }),
      fc.constant({ kind: "none" as const }),
    );
    const name = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "", "\ufeffbom", "\u0000"),
      fc.string({ unit: "grapheme", maxLength: 8 }),
    );
    const features = fc.uniqueArray(fc.tuple(name, feature), { selector: ([key]) => key, maxLength: 6 });
    fc.assert(
      fc.property(features, (entries) => {
        const found = decodeExample(encodeExample(entries));
        expect(found.size).toBe(entries.length);
        for (const [key, value] of entries) expect(shown(found.get(key))).toBe(shown(value));
      }),
      { numRuns: 500 },
    );
  });

  test.each(canonicalMessages)("%s: encode(decode(x)) = x, and the text form says the same", (name, type, bytesOf) => {
    fc.assert(
      fc.property(bytesOf, (bytes) => {
        const again = encode(type, decode(type, bytes));
        expect(Buffer.from(again).toString("hex")).toBe(Buffer.from(bytes).toString("hex"));
        const printed = printText(name, bytes);
        expect(printText(name, parseText(name, printed))).toBe(printed);
      }),
      { numRuns: 40 },
    );
  });
});
