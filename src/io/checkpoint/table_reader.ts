/** Reads sorted string tables (the picture stands in table_writer.ts), and trusts nothing in them. Source: tensorflow/core/lib/io/table.cc, block.cc */
import { DataLossError, ResourceExhaustedError } from "../../core/error.ts";
import { crc32c, mask } from "../crc.ts";
import { type FileSystem, nodeFiles, type OpenFile, readFully } from "../file_system.ts";
import { WireReader } from "../wire.ts";
import { unsnappy } from "./snappy.ts";
import { compareBytes, footerSize, tableMagic, trailerSize } from "./table_writer.ts";

const blockMax = 64 * 2 ** 20;
/** A key may share what the one before it has: few bytes of a file can stand for many of keys. */
const keyBytesMin = 64 * 2 ** 20;
const keyRatioMax = 64;

export type TableEntry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * All entries of a table, in order. DATA_LOSS with path and offset for bad magic, handles outside the file, wrong checksums, lengths outside
 * a block, keys that do not rise; RESOURCE_EXHAUSTED for blocks and keys beyond all measure; `firstBlock` words the error of the first data block.
 */
export function readTable(
  path: string,
  files: FileSystem = nodeFiles,
  firstBlock: (error: DataLossError) => Error = (error) => error,
): TableEntry[] {
  const file = files.open(path, "r");
  try {
    const size = file.sizeBytes();
    if (size < footerSize) throw new DataLossError("file is too short to be an sstable", { path, offset: 0 });
    const footerAt = size - footerSize;
    const footer = readAt(file, footerAt, footerSize);
    if (compareBytes(footer.subarray(footerSize - tableMagic.length), tableMagic) !== 0) {
      throw new DataLossError("not an sstable (bad magic number)", { path, offset: size - tableMagic.length });
    }
    const handles = new WireReader(footer, 0, footerSize - tableMagic.length);
    const budget = { keyBytes: Math.max(keyBytesMin, keyRatioMax * size) };
    readHandle(handles, path, footerAt);
    const indexAt = readHandle(handles, path, footerAt);
    const index = readBlock(file, indexAt, footerAt, { budget, before: null });
    const entries: TableEntry[] = [];
    for (const [, value] of index) {
      const isFirst = entries.length === 0;
      try {
        const handle = readHandle(new WireReader(value), path, indexAt.offset);
        const before = entries.at(-1)?.[0] ?? null;
        for (const entry of readBlock(file, handle, footerAt, { budget, before })) entries.push(entry);
      } catch (error) {
        throw isFirst && error instanceof DataLossError ? firstBlock(error) : error;
      }
    }
    return entries;
  } finally {
    file.close();
  }
}

const damaged = (path: string, offset: number, why: string) =>
  new DataLossError(`${path}: block at ${offset}: ${why}`, { path, offset });

function readAt(file: OpenFile, position: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  if (readFully(file, bytes, position) < size) throw damaged(file.path, position, "the file ends inside it");
  return bytes;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** `at` is where the handle stands, as far as it is known. */
function readHandle(reader: WireReader, path: string, at: number): Handle {
  try {
    return { offset: reader.varint(), size: reader.varint() };
  } catch (cause) {
    throw new DataLossError(`${path}: bad block handle: ${(cause as Error).message}`, { path, offset: at, cause });
  }
}

interface Limits {
  /** Bytes that the keys of the table may yet take. */
  readonly budget: { keyBytes: number };
  /** The last key before this block. */
  readonly before: Uint8Array | null;
}

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, "0")}`;

/** The entries of a block; all blocks end before `end`. */
function readBlock(file: OpenFile, { offset, size }: Handle, end: number, limits: Limits): TableEntry[] {
  const { path } = file;
  if (offset > end || size > end - offset - trailerSize) throw damaged(path, offset, "it lies outside the file");
  if (size > blockMax)
    throw new ResourceExhaustedError(`${path}: block at ${offset} has ${size} bytes, the most is ${blockMax}`, {
      path,
      offset,
    });
  const bytes = readAt(file, offset, size + trailerSize);
  const stored = new DataView(bytes.buffer).getUint32(size + 1, true);
  const computed = mask(crc32c(bytes.subarray(0, size + 1)));
  if (stored !== computed) {
    const sums = `stored ${hex(stored)}, computed ${hex(computed)}`;
    throw new DataLossError(
      `block checksum mismatch: ${path}: block at ${offset} (${size} bytes): checksum mismatch (${sums})`,
      { path, offset },
    );
  }
  const type = bytes[size]!;
  const contents = bytes.subarray(0, size);
  if (type !== 0 && type !== 1) throw damaged(path, offset, `compression type ${type} is unknown`);
  try {
    return parseBlock(type === 1 ? unsnappy(contents, blockMax) : contents, limits);
  } catch (error) {
    if (error instanceof ResourceExhaustedError)
      throw new ResourceExhaustedError(`${path}: block at ${offset}: ${error.message}`, { path, offset });
    if (!(error instanceof DataLossError)) throw error;
    throw damaged(path, offset, error.message);
  }
}

function parseBlock(block: Uint8Array, { budget, before }: Limits): TableEntry[] {
  const bad = (why: string) => new DataLossError(why);
  if (block.length < 4) throw bad("it is too short");
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = view.getUint32(block.length - 4, true);
  if (restarts === 0 || restarts > (block.length - 4) / 4) throw bad("its restart points are outside");
  const end = block.length - 4 - 4 * restarts;
  for (let i = 0; i < restarts; i++) {
    if (view.getUint32(end + 4 * i, true) > end) throw bad("its restart points are outside");
  }
  const entries: TableEntry[] = [];
  const reader = new WireReader(block, 0, end);
  let last: Uint8Array = new Uint8Array();
  let previous = before;
  while (reader.hasMore) {
    const shared = reader.varint();
    const unshared = reader.varint();
    const valueLength = reader.varint();
    if (shared > last.length) throw bad("a key shares more than there is");
    if (unshared > end - reader.at || valueLength > end - reader.at - unshared) throw bad("an entry reaches out of it");
    budget.keyBytes -= shared + unshared;
    if (budget.keyBytes < 0) throw new ResourceExhaustedError("the keys are too long for the size of the file");
    const key = new Uint8Array(shared + unshared);
    key.set(last.subarray(0, shared));
    key.set(block.subarray(reader.at, reader.at + unshared), shared);
    if (previous && compareBytes(previous, key) >= 0) throw bad("keys are not in order");
    const valueAt = reader.at + unshared;
    entries.push([key, block.subarray(valueAt, valueAt + valueLength)]);
    reader.at = valueAt + valueLength;
    last = key;
    previous = key;
  }
  return entries;
}
