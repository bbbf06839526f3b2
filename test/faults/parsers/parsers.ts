/** Every parser of the project with a small file that it reads, and what it says of a file as one comparable text. */
import { gzipSync } from "node:zlib";
import crc32 from "crc-32";
import { KeyError, OpError, TypeError as PythonTypeError, ValueError } from "../../../src/core/error.ts";
import { NdArray, ndarray } from "../../../src/core/nd_array.ts";
import { importGraphDefinition } from "../../../src/graph/def/import.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { encodeEntry, encodeHeader } from "../../../src/io/checkpoint/bundle_entry.ts";
import { BundleReader } from "../../../src/io/checkpoint/bundle_reader.ts";
import { sliceKey } from "../../../src/io/checkpoint/slice.ts";
import { parseCheckpointState } from "../../../src/io/checkpoint/state.ts";
import { encodeStrings } from "../../../src/io/checkpoint/string_tensor.ts";
import { readTable, type TableEntry } from "../../../src/io/checkpoint/table_reader.ts";
import { buildTable } from "../../../src/io/checkpoint/table_writer.ts";
import { encodeData, encodeMeta } from "../../../src/io/checkpoint/v1/messages.ts";
import { SliceFiles } from "../../../src/io/checkpoint/v1/slice_file.ts";
import { crc32c } from "../../../src/io/crc.ts";
import { readEvents } from "../../../src/io/event_file.ts";
import {
  decodeExample,
  decodeSequenceExample,
  encodeExample,
  encodeSequenceExample,
} from "../../../src/io/example/example.ts";
import { ExampleScanner } from "../../../src/io/example/scanner.ts";
import { readIdx, writeIdx } from "../../../src/io/idx.ts";
import { decodeBmp } from "../../../src/io/image/bmp.ts";
import { decodeGif } from "../../../src/io/image/gif.ts";
import { decodeJpeg } from "../../../src/io/image/jpeg/decode.ts";
import { encodeJpeg } from "../../../src/io/image/jpeg/encode.ts";
import { encodePng } from "../../../src/io/image/png.ts";
import { decodePng } from "../../../src/io/image/png_decode.ts";
import { readNpy, writeNpy } from "../../../src/io/npy.ts";
import { readNpz, writeNpz } from "../../../src/io/npz.ts";
import { framed } from "../../../src/io/record/framing.ts";
import { readRecords } from "../../../src/io/record/reader.ts";
import { CsvParser } from "../../../src/io/source/csv.ts";
import { decodeWav, encodeWav } from "../../../src/io/wav.ts";
import { checkGraph, decodeGraphDef } from "../../../src/proto/graph_def.ts";
import { decode, encode, pb } from "../../../src/proto/messages.ts";
import { fromTensorProto } from "../../../src/proto/tensor_proto.ts";
import { parseText, printText } from "../../../src/proto/text_format.ts";
import "../../../src/index.ts";
import { filesOf } from "./files.ts";

export interface Parser {
  readonly name: string;
  readonly seed: Uint8Array;
  /** Throws what it throws for a bad file. */
  readonly parse: (bytes: Uint8Array) => unknown;
  /** Gives a changed file right checksums again, so that what is behind them is reached. */
  readonly mend?: (bytes: Uint8Array) => Uint8Array;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** A value as text: typed arrays and maps too, the first elements of large ones. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return `${item}n`;
    if (typeof item === "number" && !Number.isFinite(item)) return String(item);
    if (Object.is(item, -0)) return "-0";
    if (item instanceof NdArray)
      return { dtype: item.dtype.name, shape: item.shape, data: item.size > 1e6 ? "many" : item.data };
    if (item instanceof Map) return [...item];
    if (ArrayBuffer.isView(item)) return Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString("base64");
    return item;
  });
}

/** The errors that a bad file may give: TensorFlow's codes but INTERNAL, and Python's own. */
export function isExpected(error: unknown): boolean {
  if (error instanceof OpError) return error.code !== "INTERNAL" && error.code !== "UNKNOWN";
  return [ValueError, PythonTypeError, KeyError].some((kind) => error instanceof kind);
}

const floats = ndarray(
  [
    [1, -2.5],
    [3, 0.1],
  ],
  "float32",
);
const words = encodeStrings([utf8("a"), new Uint8Array(0), utf8("h\u00e9llo")]);

/** Floats, strings, and a tensor of two halves. */
export function smallBundle(): { index: Uint8Array; data: Uint8Array } {
  const half = new Float32Array([1, 2]);
  const [first, second] = [floats.tobytes(), new Uint8Array(half.buffer)];
  const data = Buffer.concat([first, words.bytes, second, second]);
  const at = [0, first.length, first.length + words.bytes.length, first.length + words.bytes.length + 8];
  const slices = [0, 2].map((start) => [{ start, length: 2 }]);
  const float = floats.dtype;
  const whole = { dtype: float, shard: 0, slices: [] };
  const rows: [Uint8Array, Uint8Array][] = [
    ...slices.map((slice, i): [Uint8Array, Uint8Array] => [
      sliceKey("part", slice),
      encodeEntry({ ...whole, shape: [2], offset: at[2 + i]!, sizeBytes: 8, crc32c: crc32c(second) }),
    ]),
    [utf8("f"), encodeEntry({ ...whole, shape: [2, 2], offset: 0, sizeBytes: first.length, crc32c: crc32c(first) })],
    [utf8("part"), encodeEntry({ ...whole, shape: [4], offset: 0, sizeBytes: 0, crc32c: 0, slices })],
    [
      utf8("s"),
      encodeEntry({
        ...whole,
        dtype: ndarray(["a"], "string").dtype,
        shape: [3],
        offset: at[1]!,
        sizeBytes: words.bytes.length,
        crc32c: words.crc,
      }),
    ],
  ];
  return { index: buildTable([[new Uint8Array(0), encodeHeader(1)], ...rows]), data: new Uint8Array(data) };
}

export function readBundle(index: Uint8Array, data: Uint8Array): unknown {
  const reader = BundleReader.open("m", filesOf({ "m.index": index, "m.data-00000-of-00001": data }));
  return reader.names().map((name) => [name, reader.readSync(name)]);
}

const bundle = smallBundle();

/** The values of a table changed, the table itself right: the change is spread over them. */
function mendTable(original: readonly TableEntry[]): (bytes: Uint8Array) => Uint8Array {
  const size = original.reduce((n, [, value]) => n + value.length, 0);
  return (bytes) => {
    let at = 0;
    const scale = bytes.length / Math.max(1, size);
    const rows = original.map(([key, value]): [Uint8Array, Uint8Array] => {
      const end = Math.round(at + value.length * scale);
      const part = bytes.subarray(Math.round(at), end);
      at += value.length * scale;
      return [key, part];
    });
    return buildTable(rows);
  };
}

const valuesOf = (entries: readonly TableEntry[]): Uint8Array =>
  new Uint8Array(Buffer.concat(entries.map(([, value]) => value)));

const bundleTable = readTable("m.index", filesOf({ "m.index": bundle.index }));

const slicesV1 = [
  [
    { start: 0, length: -1 },
    { start: 0, length: -1 },
  ],
];
const firstVersion = buildTable([
  [new Uint8Array(0), encodeMeta([{ name: "f", dtype: floats.dtype, shape: [2, 2], slices: slicesV1 }])],
  [sliceKey("f", slicesV1[0]!), encodeData("f", slicesV1[0]!, floats)],
]);
const firstTable = readTable("m", filesOf({ m: firstVersion }));

function readFirstVersion(bytes: Uint8Array): unknown {
  const reader = SliceFiles.open("m", filesOf({ m: bytes }));
  return reader.names().map((name) => [name, reader.read(name)]);
}

const recordBytes = new Uint8Array(
  Buffer.concat([utf8("one"), new Uint8Array(0), utf8("the third record")].map(framed)),
);
const readRecordBytes = (bytes: Uint8Array, compression: "" | "GZIP" = ""): unknown => [
  ...readRecords("a", { compression, fs: filesOf({ a: bytes }), onTornTail: () => {} }),
];

const eventMessages = [
  encode(pb.Event, { wallTime: 1, fileVersion: "brain.Event:2" }),
  encode(pb.Event, { wallTime: 2, step: 3, summary: { value: [{ tag: "loss", simpleValue: 0.25 }] } }),
  encode(pb.Event, { wallTime: 3, step: 4, sessionLog: { status: 1, checkpointPath: "m-3" } }),
];
const eventBytes = new Uint8Array(Buffer.concat(eventMessages.map(framed)));
const readEventBytes = (bytes: Uint8Array): unknown =>
  Array.from(readEvents("e", { fs: filesOf({ e: bytes }), onDamage: () => {} }), (record) => decode(pb.Event, record));

const example = encodeExample([
  ["a", { kind: "int64", value: [1, -1, 2n ** 62n] }],
  ["b", { kind: "bytes", value: [utf8("x"), new Uint8Array(0)] }],
  ["f", { kind: "float", value: [0.5, -1, 2, 3, 4, 5, 6] }],
  ["n", { kind: "none" }],
]);
const sequence = encodeSequenceExample(
  [["c", { kind: "int64", value: [7] }]],
  [["l", [{ kind: "float", value: [1, 2] }, { kind: "none" }]]],
);

function scan(bytes: Uint8Array): unknown {
  const scanner = new ExampleScanner(["a", "b", "f"]);
  scanner.scan(bytes);
  const numbers = new BigInt64Array(scanner.kind(0) === "int64" ? scanner.count(0) : 0);
  if (numbers.length > 0) scanner.int64sInto(0, numbers, 0);
  const reals = new Float32Array(scanner.kind(2) === "float" ? scanner.count(2) : 0);
  if (reals.length > 0) scanner.floatsInto(2, reals, 0);
  return [numbers, scanner.kind(1) === "bytes" ? scanner.bytes(1) : [], reals];
}

const float = { type: 1 };
/** Placeholders, a constant, a loop's nodes, a list attr, a function. */
export const smallGraph: pb.GraphDef.$Properties = {
  node: [
    { name: "p", op: "Placeholder", attr: { dtype: float, shape: { shape: { dim: [{ size: -1 }, { size: 2 }] } } } },
    {
      name: "c",
      op: "Const",
      attr: {
        dtype: float,
        value: { tensor: { dtype: 1, tensorShape: { dim: [{ size: 2 }, { size: 2 }] }, floatVal: [1, 2] } },
      },
    },
    {
      name: "m",
      op: "MatMul",
      input: ["p", "c"],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: true } },
    },
    { name: "k", op: "Pack", input: ["m", "p", "^c"], attr: { T: float, N: { i: 2 }, axis: { i: 0 } } },
    { name: "s", op: "Squeeze", input: ["k"], attr: { T: float, squeeze_dims: { list: { i: [] } } } },
    { name: "call", op: "f", input: ["s"] },
  ],
  library: {
    function: [
      {
        signature: { name: "f", inputArg: [{ name: "a", type: 1 }], outputArg: [{ name: "r", type: 1 }] },
        nodeDef: [{ name: "i", op: "Identity", input: ["a"], attr: { T: float } }],
        ret: { r: "i:output:0" },
      },
    ],
  },
  versions: { producer: 1882 },
};
const graphBytes = encode(pb.GraphDef, smallGraph);

export function readGraph(bytes: Uint8Array): unknown {
  const definition = decodeGraphDef(bytes, "g.pb");
  checkGraph(definition);
  const graph = new Graph();
  importGraphDefinition(definition, { name: "", graph });
  return definition;
}

const metaBytes = encode(pb.MetaGraphDef, {
  metaInfoDef: { tags: ["serve"], tensorflowVersion: "1.15" },
  graphDef: { node: smallGraph.node!.slice(0, 2) },
  saverDef: { filenameTensorName: "save/Const:0", version: 2 },
  collectionDef: { losses: { nodeList: { value: ["m:0"] } }, v: { bytesList: { value: [utf8("x")] } } },
  signatureDef: { serving_default: { inputs: { x: { name: "p:0", dtype: 1 } }, methodName: "predict" } },
});

const tensor = encode(pb.TensorProto, {
  dtype: 9,
  tensorShape: { dim: [{ size: 2 }, { size: 3 }] },
  int64Val: [1, 2, 3],
});

const stateText = utf8(
  'model_checkpoint_path: "m-20"\n# a comment\nall_model_checkpoint_paths: "m-\\061\\x30"\nall_model_checkpoint_paths: \'m-20\'\nall_model_checkpoint_timestamps: 1.5e9\n',
);
const csvText = utf8('a,b,"c ""d""\n"\n1,2.5,x\r\n"",,\n');

const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) & 255);
const jpegBytes = encodeJpeg(
  pixels,
  { height: 8, width: 8, channels: 3 },
  {
    quality: 90,
    isProgressive: false,
    isOptimized: false,
    isHalved: true,
    densityUnit: "in",
    xDensity: 300,
    yDensity: 300,
    xmp: new Uint8Array(0),
  },
)!;
const pngBytes = encodePng(pixels, { height: 8, width: 8, channels: 3 });

/** Chunks of a PNG with right checksums. */
function mendPng(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length; ) {
    const length = view.getUint32(at);
    if (length > out.length - at - 12) break;
    view.setInt32(at + 8 + length, crc32.buf(out.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return out;
}

const gifBytes = latin1(
  "GIF89a\x02\0\x02\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\x01\0,\0\0\0\0\x02\0\x02\0\0\x02\x03D\x02\x05\0,\0\0\0\0\x02\0\x02\0\x40\x02\x03D\x02\x05\0;",
);
const bmpBytes = latin1(
  `BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0\0\0\0\0\x10\0\0\0${"\0".repeat(16)}${"\x01\x02\x03\x04\x05\x06\0\0".repeat(2)}`,
);
const npyBytes = writeNpy(floats);

/** Records cut anew: what is left of a changed file as the data of records. */
const mendRecords = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.concat([framed(bytes.subarray(0, bytes.length >> 1)), framed(bytes.subarray(bytes.length >> 1))]),
  );

export const parsers: readonly Parser[] = [
  { name: "index", seed: bundle.index, parse: (bytes) => readBundle(bytes, bundle.data) },
  {
    name: "entries of an index",
    seed: valuesOf(bundleTable),
    parse: (bytes) => readBundle(bytes, bundle.data),
    mend: mendTable(bundleTable),
  },
  { name: "data", seed: bundle.data, parse: (bytes) => readBundle(bundle.index, bytes) },
  { name: "checkpoint of version 1", seed: firstVersion, parse: readFirstVersion },
  { name: "messages of version 1", seed: valuesOf(firstTable), parse: readFirstVersion, mend: mendTable(firstTable) },
  { name: "records", seed: recordBytes, parse: (bytes) => readRecordBytes(bytes) },
  {
    name: "records in gzip",
    seed: new Uint8Array(gzipSync(recordBytes)),
    parse: (bytes) => readRecordBytes(bytes, "GZIP"),
  },
  { name: "events", seed: eventBytes, parse: readEventBytes },
  {
    name: "messages of events",
    seed: new Uint8Array(Buffer.concat(eventMessages)),
    parse: readEventBytes,
    mend: mendRecords,
  },
  { name: "Example", seed: example, parse: decodeExample },
  { name: "Example by keys", seed: example, parse: scan },
  { name: "SequenceExample", seed: sequence, parse: decodeSequenceExample },
  { name: "GraphDef", seed: graphBytes, parse: readGraph },
  { name: "MetaGraphDef", seed: metaBytes, parse: (bytes) => decode(pb.MetaGraphDef, bytes, "m.meta") },
  { name: "GraphDef printed", seed: graphBytes, parse: (bytes) => printText("GraphDef", bytes) },
  {
    name: "pbtxt",
    seed: utf8(printText("GraphDef", graphBytes)),
    parse: (bytes) => parseText("GraphDef", new TextDecoder().decode(bytes), "g.pbtxt"),
  },
  { name: "TensorProto", seed: tensor, parse: (bytes) => tensorOf(fromTensorProto(decode(pb.TensorProto, bytes))) },
  { name: "checkpoint text", seed: stateText, parse: (bytes) => parseCheckpointState(bytes, "checkpoint") },
  { name: "CSV", seed: csvText, parse: parseCsv },
  { name: "npy", seed: npyBytes, parse: (bytes) => readNpy(bytes, "a.npy") },
  {
    name: "npz",
    seed: writeNpz(
      [
        ["a", floats],
        ["b", ndarray(["x"], "string")],
      ],
      { compressed: true },
    ),
    parse: (bytes) => readNpz(bytes, "a.npz"),
  },
  {
    name: "IDX",
    seed: writeIdx(
      ndarray(
        [
          [1, 2],
          [3, 4],
        ],
        "uint8",
      ),
    ),
    parse: (bytes) => readIdx(bytes, "a.idx"),
  },
  { name: "PNG", seed: pngBytes, parse: (bytes) => decodePng(bytes, { channels: 0, bits: 8 }), mend: mendPng },
  {
    name: "JPEG",
    seed: jpegBytes,
    parse: (bytes) =>
      decodeJpeg(bytes, { channels: 0, ratio: 1, isFancy: true, isFast: true, recovers: false, crop: null }),
  },
  { name: "GIF", seed: gifBytes, parse: (bytes) => decodeGif(bytes, { all: true }) },
  { name: "BMP", seed: bmpBytes, parse: (bytes) => decodeBmp(bytes, 0) },
  {
    name: "WAV",
    seed: encodeWav({ samples: Float32Array.of(0, 0.5, -0.5, 1), channels: 2, sampleRate: 8000 }),
    parse: decodeWav,
  },
];

/** Without the elements of what is one value many times. */
const tensorOf = (array: NdArray): unknown => (array.size > 1000 ? [array.dtype.name, array.shape] : array);

function parseCsv(bytes: Uint8Array): unknown {
  const parser = new CsvParser(",", "a.csv");
  const text = new TextDecoder().decode(bytes);
  return [
    ...parser.push(text.slice(0, text.length >> 1)),
    ...parser.push(text.slice(text.length >> 1)),
    ...parser.end(),
  ];
}
