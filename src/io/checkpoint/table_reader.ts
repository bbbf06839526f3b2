/** Reads sorted string tables (the picture stands in table_writer.ts), and trusts nothing in them. Source: tensorflow/core/lib/io/table.cc, block.cc */
import { DataLossError, ResourceExhaustedError } from "../../core/error.ts";
import { crc32c, mask } from "../crc.ts";
import { type FileSystem, nodeFiles, type OpenFile, readFully } from "../file_system.ts";
import { WireReader } from "../wire.ts";
import { unsnappy } from "./snappy.ts";
import { compareBytes, footerSize, tableMagic, trailerSize } from "./table_writer.ts";

const blockMax = 64 * 2 ** 20;

export type TableEntry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * All entries of a table, in order. DATA_LOSS with path and offset for bad magic, handles outside the file, wrong checksums, lengths outside
 * a block, keys that do not rise; `firstBlock` words the error of the first data block.
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
    const footer = readAt(file, size - footerSize, footerSize);
    if (compareBytes(footer.subarray(footerSize - tableMagic.length), tableMagic) !== 0) {
      throw new DataLossError("not an sstable (bad magic number)", { path, offset: size - tableMagic.length });
    }
    const handles = new WireReader(footer);
    readHandle(handles);
    const index = readBlock(file, readHandle(handles), size);
    const entries: TableEntry[] = [];
    for (const [, value] of index) {
      const first = entries.length === 0;
      try {
        for (const entry of readBlock(file, readHandle(new WireReader(value)), size)) entries.push(entry);
      } catch (error) {
        throw first && error instanceof DataLossError ? firstBlock(error) : error;
      }
    }
    for (let i = 1; i < entries.length; i++) {
      if (compareBytes(entries[i - 1]![0], entries[i]![0]) >= 0) throw damaged(path, 0, "keys are not in order");
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

const readHandle = (reader: WireReader) => ({ offset: reader.varint(), size: reader.varint() });

function readBlock(file: OpenFile, { offset, size }: { offset: number; size: number }, fileSize: number): TableEntry[] {
  const { path } = file;
  if (offset > fileSize || size > fileSize - offset - trailerSize)
    throw damaged(path, offset, "it lies outside the file");
  if (size > blockMax)
    throw new ResourceExhaustedError(`${path}: block at ${offset} has ${size} bytes, the most is ${blockMax}`, {
      path,
      offset,
    });
  const bytes = readAt(file, offset, size + trailerSize);
  const stored = new DataView(bytes.buffer).getUint32(size + 1, true);
  if (stored !== mask(crc32c(bytes.subarray(0, size + 1))))
    throw new DataLossError("block checksum mismatch", { path, offset });
  const type = bytes[size]!;
  const contents = bytes.subarray(0, size);
  if (type !== 0 && type !== 1) throw damaged(path, offset, `compression type ${type} is unknown`);
  try {
    return parseBlock(type === 1 ? unsnappy(contents, blockMax) : contents);
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
    throw damaged(path, offset, error.message);
  }
}

function parseBlock(block: Uint8Array): TableEntry[] {
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
  while (reader.hasMore) {
    const shared = reader.varint();
    const unshared = reader.varint();
    const valueLength = reader.varint();
    if (shared > last.length) throw bad("a key shares more than there is");
    if (unshared > end - reader.at || valueLength > end - reader.at - unshared) throw bad("an entry reaches out of it");
    const key = new Uint8Array(shared + unshared);
    key.set(last.subarray(0, shared));
    key.set(block.subarray(reader.at, reader.at + unshared), shared);
    const valueAt = reader.at + unshared;
    entries.push([key, block.subarray(valueAt, valueAt + valueLength)]);
    reader.at = valueAt + valueLength;
    last = key;
  }
  return entries;
}
