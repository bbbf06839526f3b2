/** Arrays, archives, images, tables of text, flags. */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import crc from "crc-32";
import { encode, pb } from "../../../src/proto/messages.ts";
import { type HostileFile, joined, latin1, utf8 } from "./builders.ts";

const checksum = (bytes: Uint8Array): number => crc.buf(bytes) >>> 0;
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

const written = (file: string): string[] => ["records", "write", file, "--out", "o.tfrecord", "--json"];
const ofFile = (
  name: string,
  file: string,
  content: Uint8Array | string,
  code: string,
  more: Partial<HostileFile> = {},
): HostileFile => ({
  name,
  files: { [file]: content },
  command: written(file),
  code,
  says: file,
  ...more,
});

function npy(dict: string, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const head = utf8(dict);
  return joined(latin1("\x93NUMPY\x01\0"), Uint8Array.of(head.length & 255, head.length >> 8), head, data);
}
const header = (descr: string, shape: string): Uint8Array =>
  npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`);

const arrays: HostileFile[] = [
  ofFile("npy: 10^15 numbers", "a.npy", header("<f4", "(1000000000000000,)"), "DATA_LOSS"),
  ofFile(
    "npy: a shape that overflows",
    "a.npy",
    header("<f4", "(4294967296, 4294967296, 4294967296, 4294967296)"),
    "DATA_LOSS",
  ),
  ofFile(
    "npy: a shape that overflows before a zero",
    "a.npy",
    header("<f4", `(${"9007199254740991, ".repeat(200)}0)`),
    "DATA_LOSS",
  ),
  ofFile("npy: 5,000 dimensions", "a.npy", header("<f4", `(${"1, ".repeat(5000)})`), "DATA_LOSS"),
  ofFile("npy: 10^15 texts of no bytes", "a.npy", header("|S0", "(1000000000000000,)"), "RESOURCE_EXHAUSTED"),
  ofFile("npy: texts of 10^400 bytes", "a.npy", header(`<U${"9".repeat(400)}`, "(1,)"), "UNIMPLEMENTED"),
  ofFile("npy: objects, which would run code", "a.npy", header("|O", "(1,)"), "UNIMPLEMENTED"),
  ofFile("npy: a header longer than the file", "a.npy", latin1("\x93NUMPY\x01\0\xff\xff{"), "DATA_LOSS"),
  ofFile("npy: a dict that is none", "a.npy", npy("{'descr': __import__('os')}"), "DATA_LOSS"),
  ofFile("npy: a scalar", "a.npy", header("<f8", "()"), "INVALID_ARGUMENT"),
  ofFile(
    "idx: 255 dimensions of 2^32 - 1 and a zero",
    "a.idx",
    joined(Uint8Array.of(0, 0, 8, 255), new Uint8Array(254 * 4).fill(255), new Uint8Array(4)),
    "DATA_LOSS",
  ),
  ofFile("idx: 2^31 images", "a.idx", Uint8Array.of(0, 0, 8, 3, 128, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28), "DATA_LOSS"),
];

interface Member {
  readonly name: string;
  readonly packed: Uint8Array;
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly at: number;
}

const u16 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);
const u32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const localOf = (name: string, packed: Uint8Array): Uint8Array =>
  joined(u32(0x04034b50), u16(20, 0, 8, 0, 0), u32(0, 0, 0), u16(name.length, 0), utf8(name), packed);

/** An archive whose list says what it is told to say. */
function zip(locals: Uint8Array, members: readonly Member[]): Uint8Array {
  const list = joined(
    ...members.map(({ name, packed, size, crc: sum, method, at }) =>
      joined(
        u32(0x02014b50),
        u16(20, 20, 0, method, 0, 0),
        u32(sum, packed.length, size),
        u16(name.length, 0, 0, 0, 0),
        u32(0, at),
        utf8(name),
      ),
    ),
  );
  return joined(
    locals,
    list,
    u32(0x06054b50),
    u16(0, 0, members.length, members.length),
    u32(list.length, locals.length),
    u16(0),
  );
}

const good = header("|u1", "(8,)");
const packedGood = deflateRawSync(good);
const member = (more: Partial<Member> = {}): Member => ({
  name: "a.npy",
  packed: packedGood,
  size: good.length,
  crc: checksum(good),
  method: 8,
  at: 0,
  ...more,
});
const zeros = new Uint8Array(200 * 2 ** 20);

const archives: HostileFile[] = [
  ofFile(
    "npz: 5,000 members over each other",
    "a.npz",
    zip(
      localOf("a.npy", packedGood),
      many(5000, (i) => member({ name: `a${i}.npy`, at: 0 })),
    ),
    "DATA_LOSS",
  ),
  ofFile(
    "npz: a name twice",
    "a.npz",
    zip(joined(localOf("a.npy", packedGood), localOf("a.npy", packedGood)), [
      member(),
      member({ at: 35 + packedGood.length }),
    ]),
    "DATA_LOSS",
  ),
  ofFile(
    "npz: a size of 2^32 - 2",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member({ size: 0xfffffffe })]),
    "RESOURCE_EXHAUSTED",
  ),
  ofFile(
    "npz: zip64 sizes",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member({ size: 0xffffffff })]),
    "UNIMPLEMENTED",
  ),
  ofFile(
    "npz: a member that is not where the list says",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member({ at: 7 })]),
    "DATA_LOSS",
  ),
  ofFile(
    "npz: a member behind the end",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member({ at: 0xfffffff0 })]),
    "DATA_LOSS",
  ),
  ofFile(
    "npz: more than its size says",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member({ size: 4 })]),
    "DATA_LOSS",
  ),
  ofFile("npz: a wrong checksum", "a.npz", zip(localOf("a.npy", packedGood), [member({ crc: 1 })]), "DATA_LOSS"),
  ofFile("npz: compression 99", "a.npz", zip(localOf("a.npy", packedGood), [member({ method: 99 })]), "UNIMPLEMENTED"),
  ofFile(
    "npz: 200 MiB of zeros that are no array",
    "a.npz",
    ((packed) => zip(localOf("a.npy", packed), [member({ packed, size: zeros.length, crc: checksum(zeros) })]))(
      deflateRawSync(zeros, { level: 1 }),
    ),
    "DATA_LOSS",
  ),
  ofFile(
    "npz: a list that is cut",
    "a.npz",
    zip(localOf("a.npy", packedGood), [member()]).subarray(0, -30),
    "DATA_LOSS",
  ),
];

/** A graph that decodes an image. */
function decoded(bytes: Uint8Array, op = "DecodeImage"): Uint8Array {
  const value = { tensor: { dtype: 7, tensorShape: {}, stringVal: [bytes] } };
  return encode(pb.GraphDef, {
    node: [
      { name: "c", op: "Const", attr: { dtype: { type: 7 }, value } },
      { name: "x", op, input: ["c"] },
    ],
    versions: { producer: 1882 },
  });
}

const ofImage = (name: string, bytes: Uint8Array, code = "INVALID_ARGUMENT", op?: string): HostileFile => ({
  name: `image: ${name}`,
  files: { "g.pb": decoded(bytes, op) },
  command: ["graph", "run", "--graph", "g.pb", "--fetch", "x:0", "--json"],
  code,
});

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = joined(latin1(type), body);
  const length = new DataView(new ArrayBuffer(8));
  length.setUint32(0, body.length);
  length.setUint32(4, checksum(bytes));
  return joined(new Uint8Array(length.buffer, 0, 4), bytes, new Uint8Array(length.buffer, 4, 4));
}

function png(width: number, height: number, data: Uint8Array): Uint8Array {
  const size = new DataView(new ArrayBuffer(13));
  size.setUint32(0, width);
  size.setUint32(4, height);
  size.setUint8(8, 8);
  size.setUint8(9, 2);
  return joined(
    latin1("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", new Uint8Array(size.buffer)),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array(0)),
  );
}

const jpeg = (width: number, height: number): Uint8Array =>
  joined(
    latin1("\xff\xd8\xff\xdb\0\x43\0"),
    new Uint8Array(64).fill(1),
    latin1("\xff\xc0\0\x0b\x08"),
    Uint8Array.of(height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0),
    latin1("\xff\xc4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    latin1("\xff\xda\0\x08\x01\x01\0\0\x3f\0"),
    new Uint8Array(32),
    latin1("\xff\xd9"),
  );

const gif = (width: number, height: number, frames: number): Uint8Array =>
  joined(
    latin1("GIF89a"),
    u16(width, height),
    Uint8Array.of(0x80, 0, 0, 0, 0, 0, 255, 255, 255),
    ...many(frames, () => joined(latin1(","), u16(0, 0, width, height), Uint8Array.of(0, 2, 2, 0x4c, 1, 0))),
    latin1(";"),
  );

function bmp(width: number, height: number, bits: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(60));
  view.setUint16(0, 0x424d);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  return new Uint8Array(view.buffer);
}

const images: HostileFile[] = [
  ofImage("PNG of 100,000 x 100,000", png(100_000, 100_000, deflateSync(new Uint8Array(1000)))),
  ofImage("PNG of 9,000 x 9,000 with few bytes", png(9000, 9000, deflateSync(new Uint8Array(10)))),
  ofImage("PNG of 10 x 10 with 300 MiB", png(10, 10, deflateSync(new Uint8Array(300 * 2 ** 20), { level: 1 }))),
  ofImage("JPEG of 65,000 x 65,000", jpeg(65_000, 65_000), "INVALID_ARGUMENT"),
  ofImage(
    "JPEG without its tables",
    latin1("\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\0\0"),
  ),
  ofImage("GIF of 65,000 x 65,000", gif(65_000, 65_000, 1)),
  ofImage("GIF of 3,000 frames of 3,000 x 3,000", gif(3000, 3000, 3000)),
  ofImage("BMP of 2^31 - 1 columns", bmp(0x7fffffff, 0x7fffffff, 24)),
  ofImage("BMP of -2^31 rows", bmp(1, -0x80000000, 24)),
  ofImage("BMP of 77 bits", bmp(1, 1, 77)),
  ofImage("nothing", new Uint8Array(0)),
  {
    ...ofImage("a folder of what are no images", new Uint8Array(0)),
    files: { "d/a.png": "no image" },
    command: ["records", "write", "d", "--out", "o.tfrecord", "--json"],
    says: "a.png",
  },
];

const longLine = Buffer.alloc(80 * 2 ** 20, 97);

const texts: HostileFile[] = [
  ofFile("csv: a line of 80 MiB", "a.csv", longLine, "INVALID_ARGUMENT", { says: "16 MiB" }),
  ofFile(
    "csv: a line of 300 MiB in gzip",
    "a.csv.gz",
    gzipSync(Buffer.alloc(300 * 2 ** 20, 97)),
    "RESOURCE_EXHAUSTED",
    {
      says: "1000 times",
    },
  ),
  ofFile("csv: an open quote over 80 MiB", "a.csv", joined(utf8('a,b\n1,"'), longLine), "INVALID_ARGUMENT", {
    says: "16 MiB",
  }),
  ofFile("csv: rows of different lengths", "a.csv", "a,b\n1\n", "INVALID_ARGUMENT"),
  ofFile("csv: columns called __proto__", "a.csv", "__proto__,constructor\n1,2\n3,4\n", "", { says: "__proto__" }),
  ofFile("csv: a torn gzip file", "a.csv.gz", gzipSync("a,b\n1,2\n".repeat(100)).subarray(0, -5), "DATA_LOSS"),
  ofFile("json: a million brackets", "a.json", "[".repeat(1_000_000) + "]".repeat(1_000_000), "INVALID_ARGUMENT"),
  ofFile(
    "json: objects in objects, 100,000 times",
    "a.json",
    `[${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}]`,
    "INVALID_ARGUMENT",
  ),
  ofFile("json: __proto__", "a.json", '[{"__proto__": 1, "constructor": 2}]', "", { says: "__proto__" }),
  ofFile(
    "ndjson: 60,000 columns in 60,000 rows",
    "a.ndjson",
    many(60_000, (i) => `{"c${i}":1}\n`).join(""),
    "RESOURCE_EXHAUSTED",
    { says: "10000 columns" },
  ),
  ofFile("ndjson: a line of 80 MiB", "a.ndjson", longLine, "INVALID_ARGUMENT", { says: "16 MiB" }),
  ofFile("lines: a line of 80 MiB", "a.txt", longLine, "INVALID_ARGUMENT", { says: "16 MiB" }),
  {
    name: "flagfile: one that names itself",
    files: { "a.flags": "--flagfile=a.flags\n" },
    command: ["records", "info", "--flagfile=a.flags", "x"],
    code: "",
    exit: 4,
  },
  {
    name: "flagfile: a folder",
    files: { "a.flags/x": "" },
    command: ["records", "info", "--flagfile=a.flags", "x", "--json"],
    code: "",
    exit: 2,
    neverSays: /a bug/,
  },
  {
    name: "flagfile: escapes in an unknown flag",
    files: { "a.flags": "--\u001b[2Jx=1\n" },
    command: ["records", "info", "--flagfile=a.flags", "x"],
    code: "",
    exit: 2,
    neverSays: /\u001b/,
  },
  {
    name: "feeds: a file that is no JSON",
    files: { "plan.json": "[[[[" },
    command: ["graph", "run", "--plan", "plan.json", "--json"],
    code: "INVALID_ARGUMENT",
  },
];

export const arrayFiles: readonly HostileFile[] = [...arrays, ...archives, ...images, ...texts];
