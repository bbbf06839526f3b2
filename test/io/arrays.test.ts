import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import crc32 from "crc-32";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import { NdArray, ndarray } from "../../src/core/nd_array.ts";
import { isIdx, readIdx, writeIdx } from "../../src/io/idx.ts";
import { encodePng } from "../../src/io/image/png.ts";
import { readNpy, writeNpy } from "../../src/io/npy.ts";
import { readNpz, writeNpz } from "../../src/io/npz.ts";

interface Saved {
  npy: string;
  shape: number[];
  values: unknown[];
}
const saved = JSON.parse(readFileSync(new URL("../fixtures/io/arrays.json", import.meta.url), "utf8")) as Record<
  string,
  Saved
> & {
  npz: string;
  npz_compressed: string;
};
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const names = Object.keys(saved).filter((name) => !name.startsWith("npz"));
const flat = (array: NdArray) => new NdArray(array.dtype, [array.size], array.data).toList() as unknown[];

describe(".npy", () => {
  test.each(names)("%s is what numpy saved", (name) => {
    const { npy, shape, values } = saved[name]!;

    const array = readNpy(bytesOf(npy), name);

    expect(array.shape).toEqual(shape);
    const is64 = array.dtype.sizeBytes === 8 && array.dtype.isInteger;
    expect(flat(array).map((v) => (is64 ? String(v) : v))).toEqual(values);
  });

  test.each(["float32", "scalar", "empty", "bool", "half", "bytes", "uint64"])(
    "%s is written as numpy writes it",
    (name) => {
      const { npy } = saved[name]!;

      expect(Buffer.from(writeNpy(readNpy(bytesOf(npy), name))).toString("base64")).toBe(npy);
    },
  );

  test("widens bfloat16, which numpy lacks", () => {
    const array = readNpy(writeNpy(ndarray([0.5, -2], "bfloat16")), "b");

    expect([array.dtype.name, array.toList()]).toEqual(["float32", [0.5, -2]]);
  });

  const header = (dict: string) =>
    new Uint8Array(
      Buffer.concat([
        Uint8Array.of(0x93),
        Buffer.from("NUMPY"),
        Uint8Array.of(1, 0, dict.length, 0),
        Buffer.from(dict),
      ]),
    );
  const dict = (descr: string, shape: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': (${shape}), }`;

  test.each([
    ["another file", new Uint8Array(20), "DATA_LOSS", "not a .npy file"],
    ["a header that is cut off", header("").slice(0, 9), "DATA_LOSS", "not a .npy file"],
    [
      "a longer header than the file",
      Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 200, 0),
      "DATA_LOSS",
      "ends inside its header",
    ],
    [
      "less data than the shape wants",
      header(dict("'<f4'", "3,")),
      "DATA_LOSS",
      "0 bytes of data, <f4 of shape (3) has 12",
    ],
    [
      "a shape beyond all files",
      header(dict("'<f4'", "1000000000, 1000000000")),
      "DATA_LOSS",
      "has 4000000000000000000",
    ],
    [
      "objects, which would run code",
      header(dict("'|O'", "1,")),
      "UNIMPLEMENTED",
      "arrays of type '|O' are not supported",
    ],
    ["structured arrays", header(dict("[('a', '<f4')]", "1,")), "UNIMPLEMENTED", "structured arrays"],
  ])("refuses %s", (_, bytes, code, message) => {
    expect(() => readNpy(bytes, "a.npy")).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe(".npz", () => {
  test.each(["npz", "npz_compressed"] as const)("%s holds the arrays that numpy saved", (key) => {
    const arrays = readNpz(bytesOf(saved[key]), "a.npz");

    expect([...arrays].map(([name, array]) => [name, flat(array)])).toEqual(
      ["float32", "text"].map((name) => [name, saved[name]!.values]),
    );
  });

  test.each([false, true])("comes back, compressed %s", (compressed) => {
    const arrays = new Map([
      ["a/b", ndarray([[1, 2]], "float32")],
      ["é", ndarray(["x"], "string")],
    ]);

    expect(readNpz(writeNpz(arrays, { compressed }), "a.npz")).toEqual(arrays);
  });

  test("finds damage in any member", () => {
    const bytes = writeNpz([["a", ndarray([1, 2, 3], "float32")]]);
    bytes[40]! ^= 1;

    expect(() => readNpz(bytes, "a.npz")).toThrow("a.npz: the checksum of a.npy does not match");
  });

  test("any prefix is DATA_LOSS", () => {
    const bytes = writeNpz([["a", ndarray([1, 2, 3], "float32")]]);

    for (let length = 0; length < bytes.length; length++) {
      expect(() => readNpz(bytes.slice(0, length), "a.npz")).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    }
  });
});

describe("IDX", () => {
  test("is read as MNIST's files are laid out", () => {
    const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);

    const array = readIdx(bytes, "images");

    expect(isIdx(bytes)).toBe(true);
    expect([array.dtype, array.toList()]).toEqual([dtypeOf("uint8"), [[[1, 2]], [[3, 4]]]]);
  });

  test.each(["uint8", "int8", "int16", "int32", "float32", "float64"])("keeps %s", (dtype) => {
    const array = ndarray(
      [
        [1, 2],
        [3, 100],
      ],
      dtype,
    );

    expect(readIdx(writeIdx(array), "a")).toEqual(array);
  });

  test.each([
    ["another file", Uint8Array.of(1, 2, 3, 4), "not an IDX file"],
    ["a header that is cut off", Uint8Array.of(0, 0, 8, 3, 0), "ends inside its header"],
    ["missing data", Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 5, 1), "1 bytes of data, [5] uint8 has 5"],
    [
      "sizes whose product overflows",
      Uint8Array.of(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255),
      "has 18446744065119617025",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readIdx(bytes, "f")).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: expect.stringContaining(message) }),
    );
  });

  test("refuses dtypes that the format lacks", () => {
    expect(() => writeIdx(ndarray([1], "int64"))).toThrow("IDX files have no type int64");
  });
});

describe("PNG", () => {
  test.each([1, 2, 3, 4])("of %d channels has the picture's sizes, checksums and rows", (channels) => {
    const pixels = Uint8Array.from({ length: 2 * 3 * channels }, (_, i) => 7 * i);

    const png = encodePng(pixels, { height: 2, width: 3, channels });

    const chunks = chunksOf(png);
    expect(chunks.map((c) => c.type)).toEqual(["IHDR", "IDAT", "IEND"]);
    const view = new DataView(chunks[0]!.data.buffer, chunks[0]!.data.byteOffset);
    expect([view.getUint32(0), view.getUint32(4), view.getUint8(8), view.getUint8(9)]).toEqual([
      3,
      2,
      8,
      [0, 4, 2, 6][channels - 1],
    ]);
    const row = (y: number) => [0, ...pixels.subarray(y * 3 * channels, (y + 1) * 3 * channels)];
    expect([...inflateSync(chunks[1]!.data)]).toEqual([...row(0), ...row(1)]);
  });

  test("refuses other channel counts and sizes", () => {
    expect(() => encodePng(new Uint8Array(5), { height: 1, width: 1, channels: 5 })).toThrow(
      "image must have 1, 2, 3, or 4 channels, has 5",
    );
    expect(() => encodePng(new Uint8Array(5), { height: 2, width: 3, channels: 1 })).toThrow(
      "5 samples are no image of 2 x 3 x 1",
    );
  });
});

function chunksOf(png: Uint8Array): { type: string; data: Uint8Array }[] {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks = [];
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at);
    expect(view.getInt32(at + 8 + length)).toBe(crc32.buf(png.subarray(at + 4, at + 8 + length)));
    chunks.push({
      type: Buffer.from(png.subarray(at + 4, at + 8)).toString(),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}
