/** Files with right checksums whose contents no writer writes, built from the parts of the formats. */
import { buildTable } from "../../../src/io/checkpoint/table_writer.ts";
import { crc32c, mask } from "../../../src/io/crc.ts";
import { framed } from "../../../src/io/record/framing.ts";
import { WireWriter } from "../../../src/io/wire.ts";

export interface HostileFile {
  /** What is wrong, as the name of the test and of its folder. */
  readonly name: string;
  /** Files by path below the folder. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** Words behind `tsflow`; they run in the folder. */
  readonly command: readonly string[];
  /** TensorFlow's code of the error, or "" where the file is odd but good. */
  readonly code: string;
  /** The exit code: that of the code by default. */
  readonly exit?: number;
  /** What stderr or stdout must contain. */
  readonly says?: string | RegExp;
  /** What neither may contain. */
  readonly neverSays?: RegExp;
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
export const wire = (): WireWriter => new WireWriter();

/** A varint of any 64 bits. */
export function varint64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) return Uint8Array.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}

/** A record whose header says another length, its checksum right. */
export function recordOfLength(length: bigint, data: Uint8Array = utf8("data")): Uint8Array {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, length, true);
  view.setUint32(8, mask(crc32c(header.subarray(0, 8))), true);
  const footer = new Uint8Array(4);
  new DataView(footer.buffer).setUint32(0, mask(crc32c(data)), true);
  return joined(header, data, footer);
}

export const records = (...data: readonly Uint8Array[]): Uint8Array => joined(...data.map(framed));

export interface EntryFields {
  readonly dtype?: number;
  readonly dims?: readonly (number | bigint)[];
  readonly shard?: number | bigint;
  readonly offset?: number | bigint;
  readonly size?: number | bigint;
  readonly crc?: number;
  readonly slices?: readonly Uint8Array[];
}

const int64Field = (out: WireWriter, field: number, value: number | bigint): WireWriter =>
  out.tag(field, 0).raw(varint64(BigInt(value)));

export function shapeProto(dims: readonly (number | bigint)[]): Uint8Array {
  const out = wire();
  for (const dim of dims) out.bytes(2, int64Field(wire(), 1, dim).finish());
  return out.finish();
}

export function entryProto(fields: EntryFields): Uint8Array {
  const { dtype = 1, dims = [], shard = 0, offset = 0, size = 4, crc, slices = [] } = fields;
  const out = int64Field(wire(), 1, dtype).bytes(2, shapeProto(dims));
  int64Field(out, 3, shard);
  int64Field(out, 4, offset);
  int64Field(out, 5, size);
  if (crc !== undefined) out.tag(6, 5).fixed32(mask(crc));
  for (const slice of slices) out.bytes(7, slice);
  return out.finish();
}

export const headerProto = (shards: number | bigint, extra: Uint8Array = new Uint8Array(0)): Uint8Array =>
  joined(int64Field(wire(), 1, shards).bytes(3, wire().number(1, 1).finish()).finish(), extra);

/** Four bytes of data and an index with these entries; their checksum is right unless it is given. */
export function bundle(
  entries: readonly (readonly [string | Uint8Array, EntryFields | Uint8Array])[],
  { header = headerProto(1), data = Uint8Array.of(0, 0, 128, 63) }: { header?: Uint8Array; data?: Uint8Array } = {},
): Record<string, Uint8Array> {
  const rows = entries.map(([name, entry]): [Uint8Array, Uint8Array] => [
    typeof name === "string" ? utf8(name) : name,
    entry instanceof Uint8Array ? entry : entryProto({ crc: crc32c(data), ...entry }),
  ]);
  return { "m.index": buildTable([[new Uint8Array(0), header], ...rows]), "m.data-00000-of-00001": data };
}

const magic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);

/** A block with its trailer. */
export function block(contents: Uint8Array, type = 0): Uint8Array {
  const body = joined(contents, Uint8Array.of(type));
  const crc = new Uint8Array(4);
  new DataView(crc.buffer).setUint32(0, mask(crc32c(body)), true);
  return joined(body, crc);
}

/** The contents of a block: entries as they are, one restart. */
export const blockOf = (...entries: readonly Uint8Array[]): Uint8Array =>
  joined(...entries, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0));

export const tableEntry = (shared: number, key: Uint8Array, value: Uint8Array): Uint8Array =>
  wire().varint(shared).varint(key.length).varint(value.length).raw(key).raw(value).finish();

export const handle = (offset: bigint, size: bigint): Uint8Array => joined(varint64(offset), varint64(size));

/** A table of one data block, whose index block or footer may say something else. */
export function table(
  dataBlock: Uint8Array,
  says: { readonly dataHandle?: Uint8Array; readonly indexHandle?: Uint8Array; readonly type?: number } = {},
): Uint8Array {
  const data = block(dataBlock, says.type ?? 0);
  const dataHandle = says.dataHandle ?? handle(0n, BigInt(dataBlock.length));
  const indexContents = blockOf(tableEntry(0, utf8("~"), dataHandle));
  const index = block(indexContents);
  const footer = new Uint8Array(40);
  const at = says.indexHandle ?? handle(BigInt(data.length), BigInt(indexContents.length));
  footer.set(joined(handle(0n, 0n), at));
  return joined(data, index, footer, magic);
}
