/** Checkpoints: index tables, bundle entries, the state file, files of the first version. */
import { encodeStrings } from "../../../src/io/checkpoint/string_tensor.ts";
import { buildTable } from "../../../src/io/checkpoint/table_writer.ts";
import { crc32c } from "../../../src/io/crc.ts";
import {
  blockOf,
  bundle,
  type EntryFields,
  entryProto,
  type HostileFile,
  handle,
  headerProto,
  joined,
  latin1,
  shapeProto,
  table,
  tableEntry,
  utf8,
  varint64,
  wire,
} from "./builders.ts";

const inspect = ["checkpoint", "inspect", "m", "--json"];

const oneEntry = (name: string, entry: EntryFields | Uint8Array, code = "DATA_LOSS"): HostileFile => ({
  name,
  files: bundle([["x", entry]]),
  command: inspect,
  code,
  says: "m.index",
});

const ofTable = (name: string, index: Uint8Array, code = "DATA_LOSS"): HostileFile => ({
  name,
  files: { "m.index": index, "m.data-00000-of-00001": Uint8Array.of(0, 0, 128, 63) },
  command: inspect,
  code,
  says: "m.index",
});

const header = headerProto(1);
const headerRow = tableEntry(0, new Uint8Array(0), header);
const good = entryProto({ crc: crc32c(Uint8Array.of(0, 0, 128, 63)) });
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** Keys that grow by a byte each: 40,000 entries of 6 bytes stand for 800 MB of keys. */
const growingKeys = (): Uint8Array =>
  blockOf(headerRow, ...many(40_000, (i) => tableEntry(i, Uint8Array.of(97), new Uint8Array(0))));

/** Snappy that claims 2^40 bytes, and one whose copies reach before the start. */
const snappyBomb = joined(varint64(2n ** 40n), Uint8Array.of(0));
const snappyBack = joined(varint64(8n), Uint8Array.of(0b00000100, 97, 98, 0b00011110, 200, 0));

const strings = encodeStrings([utf8("a"), utf8("bc")]);
const stringBundle = (name: string, bytes: Uint8Array, dims: readonly number[]): HostileFile => ({
  name,
  files: bundle([["s", { dtype: 7, dims, size: bytes.length, crc: crc32c(bytes) }]], { data: bytes }),
  command: inspect,
  code: "DATA_LOSS",
});

const indexFiles: HostileFile[] = [
  oneEntry("product of dimensions overflows 64 bits", { dims: [2n ** 32n, 2n ** 32n, 4], size: 0 }),
  oneEntry("product of dimensions overflows before a zero", { dims: [2n ** 40n, 2n ** 40n, 0], size: 0 }),
  oneEntry("254 dimensions of 2^53 - 1 and a zero", { dims: [...many(253, () => 2n ** 53n - 1n), 0], size: 0 }),
  oneEntry("dimension -1", { dims: [-1] }),
  oneEntry("dimension -2^63", { dims: [-(2n ** 63n)] }),
  oneEntry("300 dimensions", { dims: many(300, () => 1) }),
  oneEntry("a million dimensions", { dims: many(1_000_000, () => 1) }),
  oneEntry("dtype 9999", { dtype: 9999 }),
  oneEntry("dtype 0", { dtype: 0 }),
  oneEntry("negative offset", { offset: -4n }),
  oneEntry("negative size", { size: -4n }),
  oneEntry("size of 2^60 bytes", { dims: [2n ** 58n], size: 2n ** 60n }),
  oneEntry("size that is not that of the shape", { dims: [2], size: 4 }),
  oneEntry("shard 7 of 1", { shard: 7 }),
  oneEntry("negative shard", { shard: -1n }),
  oneEntry("an entry that ends inside a number", Uint8Array.of(0x08, 0x80)),
  oneEntry("a number of 11 bytes", joined(Uint8Array.of(0x08), new Uint8Array(11).fill(0x80), Uint8Array.of(0))),
  oneEntry("groups within groups", new Uint8Array(5000).fill(0x0b)),
  oneEntry("10,000 slices", { slices: many(10_000, () => new Uint8Array(0)) }),
  oneEntry("a slice of another rank", {
    dims: [4],
    slices: [wire().bytes(1, new Uint8Array(0)).bytes(1, new Uint8Array(0)).finish()],
  }),
  oneEntry("a slice outside its tensor", {
    dims: [4],
    slices: [wire().bytes(1, wire().number(1, 3).tag(2, 0).varint(9).finish()).finish()],
  }),
  {
    ...oneEntry("a partitioned tensor without its slices", {
      dims: [4],
      slices: [wire().bytes(1, new Uint8Array(0)).finish()],
    }),
  },
  { ...oneEntry("offset behind the end", { offset: 2n ** 40n }), says: "m.data-00000-of-00001" },
  { ...oneEntry("offset and size that wrap", { offset: 2n ** 53n - 5n, size: 4 }), says: /m\.data/ },
  { ...oneEntry("no checksum", entryProto({})), says: /Checksum does not match/ },
  { ...oneEntry("wrong checksum", { crc: 1 }), says: /Checksum does not match: stored 1 / },
  { ...oneEntry("a resource as a tensor", { dtype: 20, size: 4 }, ""), exit: 1, code: "UNIMPLEMENTED", says: "x" },
  {
    ...oneEntry("a name that is a prototype", { dims: [] }, ""),
    files: bundle([
      ["__proto__", {}],
      ["constructor", {}],
      ["toString", {}],
    ]),
    says: '"__proto__"',
  },
  {
    ...oneEntry("a name that clears the screen", {}, ""),
    files: bundle([["a\u001b[2J\u0007\u009b31m\nb", {}]]),
    command: ["checkpoint", "inspect", "m"],
    says: "a\\x1b[2J\\x07\\x9b31m\\x0ab",
    neverSays: /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
  },
  {
    ...oneEntry("two names that read as one", {}),
    files: bundle([
      [latin1("a\xfe"), {}],
      [latin1("a\xff"), {}],
    ]),
  },
  ofTable("a block handle of 2^60", table(blockOf(headerRow), { dataHandle: handle(2n ** 60n, 8n) })),
  ofTable("a block of 2^60 bytes", table(blockOf(headerRow), { dataHandle: handle(0n, 2n ** 60n) })),
  ofTable("an index handle of 2^60", table(blockOf(headerRow), { indexHandle: handle(2n ** 60n, 2n ** 60n) })),
  ofTable("a handle of 2^64 - 1", table(blockOf(headerRow), { dataHandle: handle(2n ** 64n - 1n, 2n ** 64n - 1n) })),
  ofTable("a handle cut off", table(blockOf(headerRow), { dataHandle: Uint8Array.of(0x80) })),
  ofTable("restarts outside the block", table(joined(headerRow, Uint8Array.of(255, 255, 255, 255)))),
  ofTable("a restart behind the entries", table(joined(headerRow, Uint8Array.of(99, 0, 0, 0, 1, 0, 0, 0)))),
  ofTable("a key that shares more than there is", table(blockOf(headerRow, tableEntry(9, utf8("x"), good)))),
  ofTable(
    "keys that do not rise",
    table(blockOf(headerRow, tableEntry(0, utf8("y"), good), tableEntry(0, utf8("x"), good))),
  ),
  ofTable("one key twice", table(blockOf(headerRow, tableEntry(0, utf8("x"), good), tableEntry(0, utf8("x"), good)))),
  ofTable(
    "a value longer than its block",
    table(
      blockOf(
        headerRow,
        wire()
          .varint(0)
          .varint(1)
          .varint(2 ** 40)
          .raw(utf8("x"))
          .finish(),
      ),
    ),
  ),
  ofTable("no header", table(blockOf(tableEntry(0, utf8("x"), good)))),
  ofTable("an empty table", table(blockOf())),
  ofTable("keys beyond all measure", table(growingKeys()), "RESOURCE_EXHAUSTED"),
  ofTable("compression 9", table(blockOf(headerRow), { type: 9 })),
  ofTable("snappy of 2^40 bytes", table(snappyBomb, { type: 1 }), "RESOURCE_EXHAUSTED"),
  ofTable("snappy that copies from before its start", table(snappyBack, { type: 1 })),
  ofTable("0 shards", buildTable([[new Uint8Array(0), headerProto(0)]])),
  ofTable("2^40 shards", buildTable([[new Uint8Array(0), headerProto(2n ** 40n)]])),
  ofTable(
    "a big-endian machine",
    buildTable([[new Uint8Array(0), headerProto(1, wire().number(2, 1).finish())]]),
    "UNIMPLEMENTED",
  ),
  ofTable(
    "a later version",
    buildTable([[new Uint8Array(0), wire().number(1, 1).bytes(3, wire().number(2, 99).finish()).finish()]]),
    "UNIMPLEMENTED",
  ),
  {
    ...ofTable(
      "100,000 shards of which none is there",
      buildTable([
        [new Uint8Array(0), headerProto(100_000)],
        [utf8("x"), entryProto({ shard: 5 })],
      ]),
    ),
    code: "NOT_FOUND",
    says: "m.data-00005-of-100000",
  },
  stringBundle("string lengths beyond the entry", joined(varint64(2n ** 50n), new Uint8Array(4)), [1]),
  stringBundle("more strings than bytes", strings.bytes, [2 ** 40]),
  stringBundle(
    "string lengths with a wrong checksum",
    joined(strings.bytes.subarray(0, 2), new Uint8Array(4), strings.bytes.subarray(6)),
    [2],
  ),
  stringBundle("fewer strings than lengths", strings.bytes, [1]),
];

const state = (
  name: string,
  text: Uint8Array | string,
  code: string,
  more: Partial<HostileFile> = {},
): HostileFile => ({
  name,
  files: { ...bundle([["x", {}]]), checkpoint: text },
  command: ["checkpoint", "list", ".", "--json"],
  code,
  says: "checkpoint",
  ...more,
});

const outside = {
  ...bundle([["x", {}]]),
  "model/checkpoint": 'model_checkpoint_path: "../m"\nall_model_checkpoint_paths: "../m"\n',
};

const stateFiles: HostileFile[] = [
  state("a checkpoint text of 40 MiB", "a".repeat(40 * 2 ** 20), "RESOURCE_EXHAUSTED"),
  state("a checkpoint text of a million blanks", " ".repeat(2 ** 20), "DATA_LOSS"),
  state("a checkpoint text that is not UTF-8", latin1('model_checkpoint_path: "\xff"'), "DATA_LOSS"),
  state("a checkpoint path of bytes that are not UTF-8", 'model_checkpoint_path: "\\377"', "DATA_LOSS"),
  state("a checkpoint text with NUL", 'model_checkpoint_path: "m\0"', "DATA_LOSS"),
  state("a checkpoint path with NUL", 'model_checkpoint_path: "m\\000x"', "DATA_LOSS"),
  state(
    "20,000 checkpoints",
    `model_checkpoint_path: "m"\n${'all_model_checkpoint_paths: "m"\n'.repeat(20_000)}`,
    "RESOURCE_EXHAUSTED",
  ),
  state("a checkpoint text of another message", 'node { name: "a" }', "DATA_LOSS"),
  state("an unclosed quote in the checkpoint text", `model_checkpoint_path: "${"m".repeat(500_000)}`, "DATA_LOSS"),
  {
    name: "a checkpoint outside the folder",
    files: outside,
    command: ["checkpoint", "inspect", "model", "--json"],
    code: "PERMISSION_DENIED",
    says: "--follow_paths",
  },
  {
    name: "a checkpoint outside the folder that is trusted",
    files: outside,
    command: ["checkpoint", "inspect", "model", "--json", "--follow_paths"],
    code: "",
    says: '"x"',
  },
  state("a checkpoint path of a pattern", 'model_checkpoint_path: "*"\nall_model_checkpoint_paths: "/etc/*"\n', "", {
    says: /"checkpoint":"\.\/m"/,
  }),
];

const meta = (tensor: Uint8Array): Uint8Array => wire().bytes(1, wire().bytes(1, tensor).finish()).finish();
const savedTensor = (dims: readonly (number | bigint)[], slice: Uint8Array, type = 1): Uint8Array =>
  wire().bytes(1, "x").bytes(2, shapeProto(dims)).number(3, type).bytes(4, slice).finish();
const whole = wire().bytes(1, new Uint8Array(0)).finish();

const firstVersion = (name: string, tensor: Uint8Array): HostileFile => ({
  name: `version 1: ${name}`,
  files: { m: buildTable([[new Uint8Array(0), meta(tensor)]]) },
  command: inspect,
  code: "DATA_LOSS",
  says: "m: ",
});

const firstVersionFiles: HostileFile[] = [
  firstVersion("product of dimensions overflows", savedTensor([2n ** 40n, 2n ** 40n], joined(whole, whole))),
  firstVersion("dimension -1", savedTensor([-1], whole)),
  firstVersion(
    "300 dimensions",
    savedTensor(
      many(300, () => 1),
      whole,
    ),
  ),
  firstVersion("dtype 9999", savedTensor([1], whole, 9999)),
  firstVersion("a slice of another rank", savedTensor([4, 4], whole)),
  firstVersion(
    "a slice outside",
    savedTensor([4], wire().bytes(1, wire().number(1, 2).number(2, 9).finish()).finish()),
  ),
  firstVersion(
    "a negative slice",
    savedTensor(
      [4],
      wire()
        .bytes(1, wire().tag(1, 0).raw(varint64(-9n)).finish())
        .finish(),
    ),
  ),
  { ...firstVersion("a tensor of 2^50 values without data", savedTensor([2n ** 50n], whole)), says: "m: " },
  { ...firstVersion("no list of tensors", new Uint8Array(0)), files: { m: buildTable([[utf8("x"), good]]) } },
];

export const checkpointFiles: readonly HostileFile[] = [...indexFiles, ...stateFiles, ...firstVersionFiles];
