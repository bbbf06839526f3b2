/** GraphDefs, MetaGraphDefs, SavedModels: as messages and as text; and what nodes of untrusted graphs read. */
import { gzipSync } from "node:zlib";
import { encode, pb } from "../../../src/proto/messages.ts";
import { type HostileFile, joined, latin1, utf8, wire } from "./builders.ts";

type Node = pb.NodeDef.$Properties;
type Attrs = Record<string, pb.AttrValue.$Properties>;

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const float = { type: 1 };
const placeholder = (name: string): Node => ({ name, op: "Placeholder", attr: { dtype: float } });
const identity = (name: string, input: string): Node => ({ name, op: "Identity", input: [input], attr: { T: float } });
const node = (name: string, op: string, input: readonly string[] = [], attr: Attrs = {}): Node => ({
  name,
  op,
  input: [...input],
  attr,
});
const text = (name: string, ...values: readonly (string | Uint8Array)[]): Node => ({
  name,
  op: "Const",
  attr: {
    dtype: { type: 7 },
    value: {
      tensor: {
        dtype: 7,
        tensorShape: values.length === 1 ? {} : { dim: [{ size: values.length }] },
        stringVal: values.map((value) => (typeof value === "string" ? utf8(value) : value)),
      },
    },
  },
});
const constant = (tensor: pb.TensorProto.$Properties, name = "c"): Node => ({
  name,
  op: "Const",
  attr: { dtype: { type: tensor.dtype ?? 1 }, value: { tensor } },
});

const graph = (nodes: readonly Node[], library?: pb.FunctionDefLibrary.$Properties): Uint8Array =>
  encode(pb.GraphDef, { node: [...nodes], versions: { producer: 1882 }, ...(library ? { library } : {}) });

const ofGraph = (name: string, bytes: Uint8Array, code: string, more: Partial<HostileFile> = {}): HostileFile => ({
  name: `graph: ${name}`,
  files: { "g.pb": bytes },
  command: ["graph", "run", "--graph", "g.pb", "--fetch", "x:0", "--json"],
  code,
  ...more,
});

const check = (more: Partial<HostileFile> = {}): Partial<HostileFile> => ({
  command: ["graph", "check", "g.pb", "--json"],
  exit: 7,
  ...more,
});

/** A message in a message, 5,000 times. */
function nested(depth: number): Uint8Array {
  let bytes: Uint8Array = wire().bytes(1, "f").finish();
  for (let i = 0; i < depth; i++) {
    const entry = wire().bytes(1, "a").bytes(2, wire().bytes(10, bytes).finish()).finish();
    bytes = wire().bytes(1, "f").bytes(2, entry).finish();
  }
  const attr = wire().bytes(1, "a").bytes(2, wire().bytes(10, bytes).finish()).finish();
  return wire().bytes(1, wire().bytes(1, "n").bytes(2, "NoOp").bytes(5, attr).finish()).finish();
}

const shape = (...sizes: readonly number[]) => ({ dim: sizes.map((size) => ({ size })) });

const structure: HostileFile[] = [
  ofGraph("a cycle", graph([identity("x", "y"), identity("y", "x")]), "INVALID_ARGUMENT", {
    says: "2 nodes in a cycle",
  }),
  ofGraph("a node that feeds itself", graph([identity("x", "x")]), "INVALID_ARGUMENT", { says: "1 nodes in a cycle" }),
  ofGraph("a cycle of control", graph([node("x", "NoOp", ["^y"]), node("y", "NoOp", ["^x"])]), "INVALID_ARGUMENT"),
  ofGraph("a node twice", graph([placeholder("x"), placeholder("x")]), "INVALID_ARGUMENT", { says: "is not unique" }),
  ofGraph("an input that is not there", graph([identity("x", "nothing")]), "INVALID_ARGUMENT", { says: "nothing" }),
  ofGraph("output 7 of a node with one", graph([placeholder("p"), identity("x", "p:7")]), "INVALID_ARGUMENT", {
    says: "invalid output 7",
  }),
  ofGraph("output 999,999,999", graph([placeholder("p"), identity("x", "p:999999999")]), "INVALID_ARGUMENT"),
  ofGraph("names that write to the terminal", graph([placeholder("a\u001b[2Jb")]), "INVALID_ARGUMENT", {
    neverSays: /\u001b/,
    says: "\\x1b[2J",
  }),
  ofGraph("names that write to the terminal, shown", graph([placeholder("a\u001b[2J\u009bb")]), "", {
    command: ["graph", "show", "g.pb"],
    says: "a\\x1b[2J\\x9bb",
    neverSays: /[\u001b\u009b]/,
  }),
  ofGraph("a name with spaces", graph([placeholder("a b")]), "INVALID_ARGUMENT"),
  ofGraph("no name", graph([placeholder("")]), "INVALID_ARGUMENT"),
  ofGraph(
    "names of prototypes",
    graph([
      placeholder("constructor"),
      identity("toString", "constructor"),
      node("x", "Identity", ["toString"], { T: float }),
    ]),
    "",
    {
      command: ["graph", "run", "--graph", "g.pb", "--feed", "constructor:0=2.5", "--fetch", "x:0", "--json"],
      says: "2.5",
    },
  ),
  ofGraph(
    "attrs called __proto__",
    ((attr: Attrs) => {
      Object.defineProperty(attr, "__proto__", { value: { i: 1 }, enumerable: true });
      return graph([{ name: "x", op: "NoOp", attr }]);
    })({}),
    "",
    { command: ["graph", "show", "g.pb", "--format", "pbtxt"], says: 'key: "__proto__"' },
  ),
  ofGraph("an op that does not exist", graph([node("x", "__proto__")]), "", check({ says: "__proto__" })),
  ofGraph("an op called constructor", graph([node("x", "constructor")]), "NOT_FOUND", { says: "constructor" }),
  ofGraph(
    "a version of the future",
    encode(pb.GraphDef, { versions: { producer: 99999, minConsumer: 99998 } }),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "1,000,001 nodes",
    new Uint8Array(2_000_002).map((_, i) => (i % 2 === 0 ? 10 : 0)),
    "RESOURCE_EXHAUSTED",
    {
      says: "1000001 nodes",
    },
  ),
  ofGraph("messages nested 5,000 times", nested(5000), "DATA_LOSS", { says: "g.pb" }),
  ofGraph("100,000 groups", new Uint8Array(100_000).fill(0x0b), "DATA_LOSS"),
  ofGraph("a length of 2^63", joined(Uint8Array.of(10), new Uint8Array(9).fill(0xff), Uint8Array.of(1)), "DATA_LOSS"),
  ofGraph(
    "a chain of 50,000 nodes",
    graph([
      placeholder("p"),
      ...many(50_000, (i) => identity(i === 49_999 ? "x" : `n${i}`, i === 0 ? "p" : `n${i - 1}`)),
    ]),
    "",
    {
      command: ["graph", "show", "g.pb", "--path", "x:0"],
      says: "needs feeds: p",
    },
  ),
];

const attrs: HostileFile[] = [
  ofGraph("a number for a type", graph([node("x", "Placeholder", [], { dtype: { i: 1 } })]), "INVALID_ARGUMENT", {
    says: "type 'int' when 'type' expected",
  }),
  ofGraph("an attr without a value", graph([node("x", "Placeholder", [], { dtype: {} })]), "INVALID_ARGUMENT", {
    says: "missing value",
  }),
  ofGraph("a missing attr", graph([node("x", "Placeholder")]), "INVALID_ARGUMENT", { says: "missing attr" }),
  ofGraph(
    "a list for a type",
    graph([node("x", "Placeholder", [], { dtype: { list: { type: [1] } } })]),
    "INVALID_ARGUMENT",
  ),
  ofGraph("dtype 9999", graph([node("x", "Placeholder", [], { dtype: { type: 9999 as 1 } })]), "INVALID_ARGUMENT"),
  ofGraph(
    "-1 inputs",
    graph([placeholder("p"), node("x", "Pack", ["p"], { T: float, N: { i: -1 } })]),
    "INVALID_ARGUMENT",
    { says: "at least minimum 1" },
  ),
  ofGraph(
    "10^12 inputs",
    graph([placeholder("p"), node("x", "Pack", ["p"], { T: float, N: { i: 1e12 } })]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "10^12 outputs",
    graph([
      constant({ dtype: 3, intVal: [0] }, "d"),
      placeholder("p"),
      node("x", "Split", ["d", "p"], { T: float, num_split: { i: 1e12 } }),
    ]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a shape of 300 dimensions",
    graph([node("x", "Placeholder", [], { dtype: float, shape: { shape: shape(...many(300, () => 1)) } })]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a shape with -7",
    graph([node("x", "Placeholder", [], { dtype: float, shape: { shape: shape(-7) } })]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a Const of 16 GiB in 60 bytes, shown",
    graph([constant({ dtype: 1, tensorShape: shape(2 ** 32), floatVal: [1] }, "x")]),
    "",
    {
      command: ["graph", "show", "g.pb", "--json"],
      says: "Const",
    },
  ),
  ofGraph(
    "a Const of 16 TiB in 60 bytes",
    graph([constant({ dtype: 1, tensorShape: shape(2 ** 42), floatVal: [1] }, "x")]),
    "RESOURCE_EXHAUSTED",
  ),
  ofGraph(
    "a Const whose shape overflows",
    graph([constant({ dtype: 1, tensorShape: shape(2 ** 40, 2 ** 40), floatVal: [1] }, "x")]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a Const of too few bytes",
    graph([constant({ dtype: 1, tensorShape: shape(4), tensorContent: new Uint8Array(4) }, "x")]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a Const of too many values",
    graph([constant({ dtype: 1, tensorShape: shape(1), floatVal: [1, 2, 3] }, "x")]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "strings whose lengths reach behind their bytes",
    graph([constant({ dtype: 7, tensorShape: shape(2), tensorContent: Uint8Array.of(200, 1, 1) }, "x")]),
    "INVALID_ARGUMENT",
  ),
  ofGraph(
    "a Fill of 2^60",
    graph([
      constant({ dtype: 9, tensorShape: shape(1), int64Val: [2 ** 53 - 1] }, "d"),
      constant({ dtype: 1, floatVal: [1] }),
      node("x", "Fill", ["d", "c"], { T: float, index_type: { type: 9 } }),
    ]),
    "",
    { exit: 1 },
  ),
];

const fn = (name: string, calls: string): pb.FunctionDef.$Properties => ({
  signature: { name, inputArg: [{ name: "a", type: 1 }], outputArg: [{ name: "constructor", type: 1 }] },
  nodeDef: [node("c", calls, ["a"])],
  ret: { other: "c:constructor:0" },
});

const functions: HostileFile[] = [
  ofGraph(
    "a function without its result",
    graph([placeholder("p"), node("x", "f", ["p"])], { function: [fn("f", "f")] }),
    "",
    check(),
  ),
  ofGraph(
    "a function that calls itself",
    graph([placeholder("p"), node("x", "f", ["p"])], {
      function: [{ ...fn("f", "f"), ret: { constructor: "c:constructor:0" } }],
    }),
    "",
    {
      command: ["graph", "show", "g.pb"],
    },
  ),
];

const textual = (name: string, content: string, code: string, more: Partial<HostileFile> = {}): HostileFile => ({
  name: `pbtxt: ${name}`,
  files: { "g.pbtxt": content },
  command: ["graph", "show", "g.pbtxt", "--json"],
  code,
  ...more,
});

const texts: HostileFile[] = [
  textual("a number of a million digits", `node { name: ${"1".repeat(1_000_000)}x }`, "INVALID_ARGUMENT", {
    says: "g.pbtxt",
  }),
  textual("four million comments", "#\n".repeat(4_000_000), "", {}),
  textual(
    "braces nested 100,000 times",
    `node { attr { value { func { ${"attr { value { func { ".repeat(100_000)}`,
    "INVALID_ARGUMENT",
  ),
  textual("an unclosed string", `node { name: "${"a".repeat(1_000_000)}`, "INVALID_ARGUMENT", {
    says: "missing ending quote",
  }),
  textual("unknown fields", "constructor { }", "INVALID_ARGUMENT", { says: 'no field named "constructor"' }),
  textual("keys called __proto__", 'node { name: "a" op: "NoOp" attr { key: "__proto__" value { i: 1 } } }', "", {
    says: "NoOp",
  }),
];

const metaGraph = (more: pb.MetaGraphDef.$Properties): Uint8Array =>
  encode(pb.MetaGraphDef, { metaInfoDef: {}, ...more });
const variables = (bytes: Uint8Array) => ({ variables: { bytesList: { value: [bytes] } } });

const metas: HostileFile[] = [
  ofGraph("a collection of broken variables", new Uint8Array(0), "DATA_LOSS", {
    files: {
      "g.meta": metaGraph({ graphDef: { node: [placeholder("p")] }, collectionDef: variables(utf8("\xff\xff")) }),
    },
    command: ["graph", "run", "--meta", "g.meta", "--fetch", "p:0", "--json"],
  }),
  ofGraph("a collection called __proto__", new Uint8Array(0), "", {
    files: {
      "g.meta": joined(
        metaGraph({ graphDef: { node: [constant({ dtype: 1, floatVal: [2] }, "x")] } }),
        wire()
          .bytes(
            4,
            wire()
              .bytes(1, "__proto__")
              .bytes(2, wire().bytes(1, wire().bytes(1, "x").finish()).finish())
              .finish(),
          )
          .finish(),
      ),
    },
    command: ["graph", "run", "--meta", "g.meta", "--fetch", "x:0", "--json"],
    says: "2",
  }),
  ofGraph("a saver whose nodes are not there", new Uint8Array(0), "", {
    files: {
      "g.meta": metaGraph({
        graphDef: { node: [constant({ dtype: 1, floatVal: [2] }, "x")] },
        saverDef: { filenameTensorName: "no:0", saveTensorName: "no:0", restoreOpName: "no", version: 2 },
      }),
    },
    command: ["graph", "run", "--meta", "g.meta", "--checkpoint", "nothing", "--fetch", "x:0", "--json"],
    exit: 1,
    neverSays: /a bug in tsflow/,
  }),
  ofGraph("a SavedModel without graphs", new Uint8Array(0), "INVALID_ARGUMENT", {
    files: { "model/saved_model.pb": encode(pb.SavedModel, { savedModelSchemaVersion: 1 }) },
    command: ["graph", "show", "model", "--json"],
  }),
  ofGraph("a SavedModel that is none", new Uint8Array(0), "DATA_LOSS", {
    files: { "model/saved_model.pb": latin1("\xff\xff\xff\xff") },
    command: ["graph", "show", "model", "--json"],
  }),
];

/** A graph that opens a file which no graph of a stranger may open. */
const refused = (name: string, nodes: readonly Node[], more: Partial<HostileFile> = {}): HostileFile =>
  ofGraph(`trust: ${name}`, graph(nodes), "PERMISSION_DENIED", { exit: 1, neverSays: /root:/, ...more });

const readFile = (path: string): Node[] => [text("f", path), node("x", "ReadFile", ["f"])];
const table = (path: string): Node[] => [
  node("t", "HashTableV2", [], { key_dtype: { type: 7 }, value_dtype: { type: 9 } }),
  text("f", path),
  node("i", "InitializeTableFromTextFileV2", ["t", "f"], { key_index: { i: -2 }, value_index: { i: -1 } }),
];
const run = (target: string) => ({ command: ["graph", "run", "--graph", "g.pb", "--target", target, "--json"] });

const trust: HostileFile[] = [
  refused("ReadFile", readFile("/etc/passwd")),
  refused("ReadFile inside the folder", readFile("g.pb")),
  refused(
    "ReadFile of a path that is fed",
    [node("f", "Placeholder", [], { dtype: { type: 7 } }), node("x", "ReadFile", ["f"])],
    {
      command: ["graph", "run", "--graph", "g.pb", "--feed", "f:0=/etc/passwd", "--fetch", "x:0", "--json"],
    },
  ),
  refused("ReadFile of a path that is computed", [
    text("a", "/etc/"),
    text("b", "passwd"),
    node("f", "StringJoin", ["a", "b"], { N: { i: 2 } }),
    node("x", "ReadFile", ["f"]),
  ]),
  refused("WriteFile", [text("f", "written"), text("c", "data"), node("w", "WriteFile", ["f", "c"])], run("w")),
  refused("MatchingFiles", [text("f", "/etc/*"), node("x", "MatchingFiles", ["f"])]),
  refused("a table from outside", table("/etc/passwd"), run("i")),
  refused("a table from above", table("../../../../../../etc/passwd"), run("i")),
  refused("RestoreV2", [
    text("p", "/tmp/other"),
    text("n", "a", "b"),
    text("s", "", ""),
    node("x", "RestoreV2", ["p", "n", "s"], { dtypes: { list: { type: [1, 1] } } }),
  ]),
  refused(
    "SaveV2",
    [
      text("p", "made"),
      text("n", "a", "b"),
      text("s", "", ""),
      constant({ dtype: 1, floatVal: [1] }),
      node("v", "SaveV2", ["p", "n", "s", "c", "c"], { dtypes: { list: { type: [1, 1] } } }),
    ],
    run("v"),
  ),
  refused("PyFunc", [
    node("x", "PyFunc", [], { token: { s: utf8("pyfunc_0") }, Tin: { list: {} }, Tout: { list: { type: [1] } } }),
  ]),
  refused("a reader from outside", [
    node("r", "TextLineReaderV2"),
    node("q", "FIFOQueueV2", [], { component_types: { list: { type: [7] } } }),
    text("f", "/etc/passwd"),
    node("e", "QueueEnqueueV2", ["q", "f"], { Tcomponents: { list: { type: [7] } } }),
    node("v", "ReaderReadV2", ["r", "q", "^e"]),
    node("x", "Identity", ["v:1"], { T: { type: 7 } }),
  ]),
  refused(
    "PrintV2 into a file",
    [text("t", "text"), node("w", "PrintV2", ["t"], { output_stream: { s: utf8("file://made") } })],
    { ...run("w"), code: "", exit: 1 },
  ),
  refused(
    "a summary writer",
    [
      node("h", "SummaryWriter"),
      text("d", "/tmp/elsewhere"),
      constant({ dtype: 3, intVal: [1] }, "n"),
      text("s", ".v2"),
      node("w", "CreateSummaryFileWriter", ["h", "d", "n", "n", "s"]),
    ],
    run("w"),
  ),
];

const decoding = (name: string, op: string, bytes: Uint8Array, attr: Attrs, code: string): HostileFile =>
  ofGraph(`decode: ${name}`, graph([text("c", bytes), node("x", op, ["c"], attr)]), code);

const decoders: HostileFile[] = [
  decoding(
    "a gzip bomb in DecodeCompressed",
    "DecodeCompressed",
    gzipSync(new Uint8Array(100 * 2 ** 20), { level: 9 }),
    { compression_type: { s: utf8("GZIP") } },
    "RESOURCE_EXHAUSTED",
  ),
  decoding(
    "a torn stream in DecodeCompressed",
    "DecodeCompressed",
    gzipSync(new Uint8Array(100)).subarray(0, -4),
    { compression_type: { s: utf8("GZIP") } },
    "DATA_LOSS",
  ),
  decoding("DecodeRaw of a piece of a number", "DecodeRaw", new Uint8Array(7), { out_type: float }, "INVALID_ARGUMENT"),
  decoding(
    "a WAV of 2^32 bytes",
    "DecodeWav",
    joined(
      latin1(
        "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\xff\xff\xff\x7f",
      ),
      new Uint8Array(4),
    ),
    {},
    "INVALID_ARGUMENT",
  ),
  decoding(
    "a TensorProto of 2^50 in ParseTensor",
    "ParseTensor",
    encode(pb.TensorProto, { dtype: 1, tensorShape: shape(2 ** 50), floatVal: [1] }),
    { out_type: float },
    "RESOURCE_EXHAUSTED",
  ),
];

export const graphFiles: readonly HostileFile[] = [
  ...structure,
  ...attrs,
  ...functions,
  ...texts,
  ...metas,
  ...trust,
  ...decoders,
];
