import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import { OpError } from "../../../src/core/error.ts";
import { NdArray, ndarray, viewElements } from "../../../src/core/nd_array.ts";
import { elementCount } from "../../../src/core/shape.ts";
import { BundleReader, dataPath, indexPath } from "../../../src/io/checkpoint/bundle_reader.ts";
import { BundleWriter, mergeBundles } from "../../../src/io/checkpoint/bundle_writer.ts";
import { sliceKey } from "../../../src/io/checkpoint/slice.ts";
import { unsnappy } from "../../../src/io/checkpoint/snappy.ts";
import { buildTable } from "../../../src/io/checkpoint/table_writer.ts";
import { WireWriter } from "../../../src/io/wire.ts";
import { temporaryFolder } from "../temporary.ts";

const text = (s: string) => new TextEncoder().encode(s);

async function save(prefix: string, tensors: Record<string, NdArray>) {
  const writer = new BundleWriter(prefix);
  for (const [name, array] of Object.entries(tensors)) await writer.add(name, array);
  return writer.finish();
}

const prototype = {
  b: ndarray(0.3, "float32"),
  gs: ndarray(10, "int64"),
  m: ndarray(0.7, "float32"),
  names: ndarray(["a", "héllo"], "string"),
};

describe("tensor bundle", () => {
  test("is the file that formats.md shows", async () => {
    const prefix = join(temporaryFolder(), "m");

    await save(prefix, prototype);

    expect(readFileSync(dataPath(prefix, 0, 1)).toString("hex")).toBe(
      "9a99993e0a000000000000003333333f01067bed405e6168c3a96c6c6f",
    );
    expect(readFileSync(indexPath(prefix)).toString("hex")).toBe(
      [
        "00000608011a020801",
        "00010b620801120028043554ff648a",
        "00020d67730809120020042808" + "35aea3bf3a",
        "00010d6d08011200200c280435" + "03d6d77e",
        "0005116e616d657308071204120208022010280d35e2f1225e",
        "0000000001000000" + "00d03dadf8",
        "0000000001000000" + "00c0f2a1b0",
        "0001026f005c" + "0000000001000000" + "00bc75fc33",
        `61086e0e${"00".repeat(36)}57fb808b247547db`,
      ].join(""),
    );
  });

  const dtypes: DTypeName[] = [
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "bool",
    "complex64",
    "complex128",
  ];

  test("gives back every dtype and shape, empty and scalar ones too, bit for bit", async () => {
    const folder = temporaryFolder();
    const array = fc
      .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.nat(255)))
      .map(([name, shape, stream]) => {
        const dtype = dtypeOf(name);
        const bytes = Uint8Array.from({ length: elementCount(shape) * dtype.sizeBytes }, () => stream.next().value);
        return new NdArray(dtype, shape, viewElements(dtype, bytes.buffer, 0, elementCount(shape)));
      });
    const strings = fc
      .array(fc.uint8Array({ maxLength: 9 }), { maxLength: 5 })
      .map((s) => new NdArray(dtypeOf("string"), [s.length], s));
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 9 }).filter((s) => s.charCodeAt(0) !== 0);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.oneof(array, strings), { maxKeys: 8 }), async (tensors) => {
        const prefix = join(folder, "p");
        await save(prefix, tensors);
        using reader = BundleReader.open(prefix);
        expect(reader.names().sort()).toEqual(Object.keys(tensors).sort());
        for (const [key, want] of Object.entries(tensors)) {
          const got = reader.readSync(key);
          expect([got.dtype, got.shape]).toEqual([want.dtype, want.shape]);
          if (ArrayBuffer.isView(want.data)) expect(got.tobytes()).toEqual(want.tobytes());
          else expect(got.data).toEqual(want.data);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("puts any slice together from the pieces that were saved", async () => {
    const prefix = join(temporaryFolder(), "p");
    const whole = ndarray(
      Array.from({ length: 4 }, (_, i) => Array.from({ length: 5 }, (_, j) => 10 * i + j)),
      "int32",
    );
    const rows = whole.toList() as number[][];
    const writer = new BundleWriter(prefix);
    await writer.addSlice("v", "4 5 0,2:-", ndarray(rows.slice(0, 2), "int32"));
    await writer.addSlice(
      "v",
      "4 5 2,2:0,3",
      ndarray(
        rows.slice(2).map((r) => r.slice(0, 3)),
        "int32",
      ),
    );
    await writer.addSlice(
      "v",
      "4 5 2,2:3,2",
      ndarray(
        rows.slice(2).map((r) => r.slice(3)),
        "int32",
      ),
    );
    await writer.finish();

    using reader = BundleReader.open(prefix);

    expect((await reader.read("v")).toList()).toEqual(rows);
    expect(reader.readSync("v").toList()).toEqual(rows);
    expect((await reader.readSlice("v", "4 5 1,2:2,3")).toList()).toEqual([rows[1]!.slice(2), rows[2]!.slice(2)]);
    expect(reader.names()).toEqual(["v"]);
    await expect(reader.readSlice("v", "4 6 -:-")).rejects.toThrow(
      "does not match the shape stored in checkpoint: [4,5]",
    );
  });

  test("cuts a slice out of a tensor that was saved whole", async () => {
    const prefix = join(temporaryFolder(), "p");
    await save(prefix, {
      v: ndarray(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        "complex64",
      ),
      s: ndarray(["a", "b", "c"], "string"),
    });
    using reader = BundleReader.open(prefix);

    expect((await reader.readSlice("s", "3 1,2")).toList()).toEqual(["b", "c"]);
    expect((await reader.readSlice("v", "3 1,1")).toList()).toEqual([[3, 4]]);
  });

  test("refuses two tensors of one name, and leaves nothing of an aborted checkpoint", async () => {
    const folder = temporaryFolder();
    const writer = new BundleWriter(join(folder, "p"));
    await writer.add("a", ndarray(1, "int32"));

    await expect(writer.add("a", ndarray(2, "int32"))).rejects.toThrow("Adding duplicate key: a");
    writer.abort();

    expect(readdirSync(folder)).toEqual([]);
  });

  test("merges the parts of a sharded save into one checkpoint", async () => {
    const folder = temporaryFolder();
    const part = (i: number) => join(folder, "m_temp", `part-${i}`);
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(folder, "m_temp"));
    await save(part(0), { a: ndarray(1, "int32"), z: ndarray(["x"], "string") });
    await save(part(1), { b: ndarray(2, "int32") });

    const { files } = await mergeBundles([part(0), part(1)], join(folder, "m"), { deleteOldDirs: true });

    expect(files.map((f) => f.slice(folder.length + 1))).toEqual([
      "m.data-00000-of-00002",
      "m.data-00001-of-00002",
      "m.index",
    ]);
    expect(existsSync(join(folder, "m_temp"))).toBe(false);
    using reader = BundleReader.open(join(folder, "m"));
    expect(["a", "b", "z"].map((name) => reader.readSync(name).toList())).toEqual([1, 2, ["x"]]);
  });

  test("says what the single file of an old Saver is", () => {
    const prefix = join(temporaryFolder(), "model.ckpt-1");
    writeFileSync(prefix, "");

    expect(() => BundleReader.open(prefix)).toThrow("checkpoints of Saver version 1 cannot be read");
  });

  test("says which key is missing", async () => {
    const prefix = join(temporaryFolder(), "p");
    await save(prefix, prototype);
    using reader = BundleReader.open(prefix);

    expect(() => reader.readSync("nope")).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: "Key nope not found in checkpoint" }),
    );
  });
});

describe("a damaged bundle", () => {
  const readAll = (prefix: string) => {
    using reader = BundleReader.open(prefix);
    return reader.names().map((name) => [name, reader.readSync(name).toList()]);
  };

  test.each(["index", "data"] as const)("with one flipped bit in its %s is detected, or harmless", async (part) => {
    const prefix = join(temporaryFolder(), "p");
    await save(prefix, prototype);
    const good = readAll(prefix);
    const path = part === "index" ? indexPath(prefix) : dataPath(prefix, 0, 1);
    const whole = readFileSync(path);
    let detected = 0;

    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      try {
        expect(readAll(prefix)).toEqual(good);
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        expect(["DATA_LOSS", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"]).toContain(error.code);
        detected++;
      }
    }

    // What is harmless: the padding of the footer and the metaindex block, which nobody reads.
    expect(whole.length * 8 - detected).toBeLessThanOrEqual(part === "index" ? (38 + 15) * 8 : 0);
  });

  test.each(["index", "data"] as const)("with any prefix of its %s is an error", async (part) => {
    const prefix = join(temporaryFolder(), "p");
    await save(prefix, prototype);
    const path = part === "index" ? indexPath(prefix) : dataPath(prefix, 0, 1);
    const whole = readFileSync(path);

    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => readAll(prefix)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    }
  });

  const header = new WireWriter().number(1, 1).finish();
  const entry = (fields: {
    dtype?: number;
    dims?: (number | bigint)[];
    shard?: number;
    offset?: number | bigint;
    size?: number | bigint;
  }) => {
    const shape = new WireWriter();
    for (const dim of fields.dims ?? []) shape.bytes(2, new WireWriter().number(1, dim).finish());
    const out = new WireWriter().number(1, fields.dtype ?? 1).bytes(2, shape.finish());
    return out
      .number(3, fields.shard ?? 0)
      .number(4, fields.offset ?? 0)
      .number(5, fields.size ?? 4)
      .tag(6, 5)
      .fixed32(0)
      .finish();
  };

  test.each([
    ["dimensions whose product overflows", { dims: [2 ** 40, 2 ** 40] }],
    ["a dimension of -1", { dims: [-1] }],
    ["300 dimensions", { dims: new Array(300).fill(1) }],
    ["dtype 9999", { dtype: 9999 }],
    ["a shard that there is not", { shard: 7 }],
    ["a size that does not fit the shape", { size: 5 }],
    ["2^60 bytes", { dims: [2 ** 50], size: 2n ** 60n }],
    ["an offset behind the end", { offset: 2 ** 50 }],
    ["a negative offset", { offset: -1 }],
    ["a wrong checksum of none", {}],
    ["more strings than bytes", { dtype: 7, dims: [2 ** 40], size: 4 }],
  ])("with %s is DATA_LOSS", (_, fields) => {
    const prefix = join(temporaryFolder(), "p");
    writeFileSync(
      indexPath(prefix),
      buildTable([
        [text(""), header],
        [text("v"), entry(fields)],
      ]),
    );
    writeFileSync(dataPath(prefix, 0, 1), new Uint8Array(4));

    expect(() => readAll(prefix)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  test.each([
    [
      "keys in the wrong order",
      [
        [text(""), header],
        [text("b"), entry({})],
        [text("a"), entry({})],
      ],
    ],
    ["no header", [[text("a"), entry({})]]],
    ["no shards", [[text(""), new WireWriter().number(1, 0).finish()]]],
    ["a million shards", [[text(""), new WireWriter().number(1, 1e6).finish()]]],
    ["a message that ends early", [[text(""), Uint8Array.of(0x1a, 9)]]],
  ] as [string, [Uint8Array, Uint8Array][]][])("with %s is DATA_LOSS", (_, entries) => {
    const prefix = join(temporaryFolder(), "p");
    writeFileSync(indexPath(prefix), buildTable(entries));

    expect(() => BundleReader.open(prefix)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", path: indexPath(prefix) }),
    );
  });

  test("in another byte order or of a later version is UNIMPLEMENTED", () => {
    const prefix = join(temporaryFolder(), "p");
    for (const bytes of [
      new WireWriter().number(1, 1).number(2, 1).finish(),
      new WireWriter().number(1, 1).bytes(3, new WireWriter().number(2, 9).finish()).finish(),
    ]) {
      writeFileSync(indexPath(prefix), buildTable([[text(""), bytes]]));
      expect(() => BundleReader.open(prefix)).toThrow(expect.objectContaining({ code: "UNIMPLEMENTED" }));
    }
  });

  test("with a block handle far outside the file is DATA_LOSS", async () => {
    const prefix = join(temporaryFolder(), "p");
    await save(prefix, prototype);
    const whole = readFileSync(indexPath(prefix));
    const handles = new WireWriter()
      .varint(0)
      .varint(8)
      .varint(2 ** 50)
      .varint(2 ** 50)
      .finish();
    const footer = Buffer.alloc(40);
    footer.set(handles);
    footer.copy(whole, whole.length - 48);
    writeFileSync(indexPath(prefix), whole);

    expect(() => BundleReader.open(prefix)).toThrow("it lies outside the file");
  });
});

describe("slice keys", () => {
  test.each([
    [
      "part",
      [
        { start: 0, length: 2 },
        { start: 0, length: 2 },
      ],
      "0070617274000101028082" + "8082",
    ],
    [
      "part",
      [
        { start: 2, length: 2 },
        { start: 0, length: 2 },
      ],
      "0070617274000101028282" + "8082",
    ],
    ["p", [{ start: 0, length: -1 }], "007000010101807f"],
    ["p", [{ start: 70, length: 5000 }], "0070000101" + "01c046d388"],
    ["p", [{ start: 10000, length: 15000 }], "0070000101" + "01e02710e03a98"],
  ])("of %s %j are those of TensorFlow", (name, slice, hex) => {
    expect(Buffer.from(sliceKey(name, slice)).toString("hex")).toBe(hex);
  });
});

describe("snappy", () => {
  test("reads literals and copies", () => {
    const compressed = Uint8Array.of(11, 2 << 2, 0x61, 0x62, 0x63, ((5 - 4) << 2) | 1, 3, 2 << 2, 0x78, 0x79, 0x7a);

    expect(new TextDecoder().decode(unsnappy(compressed, 100))).toBe("abcabcabxyz");
  });

  test.each([
    ["a claim beyond 255 times the data", Uint8Array.of(0xff, 0xff, 0x03, 0, 0x61), "RESOURCE_EXHAUSTED"],
    ["a copy from before the start", Uint8Array.of(4, (0 << 2) | 1, 9), "DATA_LOSS"],
    ["a literal past the end", Uint8Array.of(4, 3 << 2, 0x61), "DATA_LOSS"],
    ["fewer bytes than claimed", Uint8Array.of(4, 0, 0x61), "DATA_LOSS"],
  ])("refuses %s", (_, bytes, code) => {
    expect(() => unsnappy(bytes, 2 ** 20)).toThrow(expect.objectContaining({ code }));
  });
});
