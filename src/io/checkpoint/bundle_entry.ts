/**
 * The values of a checkpoint's index table, as messages:
 *     key ""    BundleHeaderProto  num_shards=1, endianness=2 (0 little), version=3 {producer=1, min_consumer=2}
 *     others    BundleEntryProto   dtype=1, shape=2 {dim=2 {size=1}, unknown_rank=3}, shard_id=3, offset=4, size=5, crc32c=6 fixed32 (masked),
 *                                  slices=7 {extent=1 {start=1, length=2}}
 * Source: tensorflow/core/protobuf/tensor_bundle.proto
 */
import { type DType, dtypeOfNumber } from "../../core/dtype.ts";
import { DataLossError, UnimplementedError } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import { mask, unmask } from "../crc.ts";
import { WireReader, WireWriter } from "../wire.ts";
import type { Extent, Slice } from "./slice.ts";

const bundleVersion = 1;
const shardsMax = 100_000;
const rankMax = 254;
/** Slices of one tensor. */
export const slicesMax = 4096;

export interface BundleEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: FullShape;
  readonly shard: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Unmasked. */
  readonly crc32c: number;
  /** Not empty for a partitioned tensor, whose own bytes lie in the entries of its slices. */
  readonly slices: readonly Slice[];
}

export const encodeHeader = (numShards: number): Uint8Array =>
  new WireWriter().number(1, numShards).bytes(3, new WireWriter().number(1, bundleVersion).finish()).finish();

/** The number of shards. DATA_LOSS, UNIMPLEMENTED for other byte orders and later versions. */
export function decodeHeader(bytes: Uint8Array): number {
  let numShards = 0;
  let endianness = 0;
  let minConsumer = 0;
  const reader = new WireReader(bytes);
  while (reader.hasMore) {
    const tag = reader.varint();
    if (tag === 0x08) numShards = reader.varint();
    else if (tag === 0x10) endianness = reader.varint();
    else if (tag === 0x1a) {
      const version = reader.message();
      while (version.hasMore) {
        const inner = version.varint();
        if (inner === 0x10) minConsumer = version.varint();
        else version.skip(inner);
      }
    } else reader.skip(tag);
  }
  if (endianness !== 0) throw new UnimplementedError("the checkpoint was written by a big-endian machine");
  if (minConsumer > bundleVersion) {
    throw new UnimplementedError(
      `Checkpoint min consumer version ${minConsumer} above current version ${bundleVersion}`,
    );
  }
  if (numShards < 1 || numShards > shardsMax) throw new DataLossError(`the header names ${numShards} shards`);
  return numShards;
}

export function encodeEntry(entry: Omit<BundleEntry, "name">): Uint8Array {
  const { dtype, shape, shard, offset, sizeBytes, crc32c, slices } = entry;
  const out = new WireWriter().number(1, dtype.number).bytes(2, encodeShape(shape));
  out.number(3, shard).number(4, offset).number(5, sizeBytes);
  if (slices.length === 0) out.tag(6, 5).fixed32(mask(crc32c));
  for (const slice of slices) out.bytes(7, encodeSlice(slice));
  return out.finish();
}

function encodeShape(shape: FullShape): Uint8Array {
  const out = new WireWriter();
  for (const size of shape) out.bytes(2, new WireWriter().number(1, size).finish());
  return out.finish();
}

/** A length is written even if it is 0: an absent one means the whole dimension. */
function encodeSlice(slice: Slice): Uint8Array {
  const out = new WireWriter();
  for (const { start, length } of slice) {
    const extent = new WireWriter().number(1, start);
    if (length >= 0) extent.tag(2, 0).varint(length);
    out.bytes(1, extent.finish());
  }
  return out.finish();
}

/** The entry of a name; DATA_LOSS for everything that no writer writes. Whether it fits its shard is checked when it is read. */
export function decodeEntry(name: string, bytes: Uint8Array, numShards: number): BundleEntry {
  const bad = (why: string) => new DataLossError(`the entry of ${name}: ${why}`);
  const entry = { dtype: 0, shard: 0, offset: 0, sizeBytes: 0, crc32c: 0 };
  let shape: number[] = [];
  const slices: Slice[] = [];
  const reader = new WireReader(bytes);
  while (reader.hasMore) {
    const tag = reader.varint();
    if (tag === 0x08) entry.dtype = reader.varint();
    else if (tag === 0x12) shape = decodeShape(reader.message());
    else if (tag === 0x18) entry.shard = reader.varint();
    else if (tag === 0x20) entry.offset = reader.varint();
    else if (tag === 0x28) entry.sizeBytes = reader.varint();
    else if (tag === 0x35) entry.crc32c = unmask(reader.fixed32());
    else if (tag === 0x3a) {
      if (slices.length >= slicesMax) throw bad(`it has more than ${slicesMax} slices`);
      slices.push(decodeSlice(reader.message()));
    } else reader.skip(tag);
  }
  const dtype = dtypeOfNumber(entry.dtype)?.baseDtype;
  if (!dtype) throw bad(`dtype ${entry.dtype} is unknown`);
  const count = countOf(shape);
  if (count === undefined) throw bad(`its shape [${shape}] has too many elements`);
  if (entry.shard >= numShards) throw bad(`it is in shard ${entry.shard} of ${numShards}`);
  for (const slice of slices) {
    if (slice.length !== shape.length) throw bad("a slice has another rank");
    for (const [i, { start, length }] of slice.entries()) {
      if (start > shape[i]! || (length >= 0 && length > shape[i]! - start))
        throw bad("a slice lies outside the tensor");
    }
  }
  const fixed = dtype.base !== "string" && dtype.base !== "variant";
  if (slices.length === 0 && fixed && BigInt(entry.sizeBytes) !== BigInt(count) * BigInt(dtype.sizeBytes)) {
    throw bad(`${entry.sizeBytes} bytes for ${dtype.name} of shape [${shape}]`);
  }
  if (dtype.base === "string" && count > entry.sizeBytes && slices.length === 0) throw bad("more strings than bytes");
  return { name, ...entry, dtype, shape, slices };
}

/** The number of elements, as long as every product on the way is exact; else undefined. */
export function countOf(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return count;
}

function decodeShape(reader: WireReader): number[] {
  const shape: number[] = [];
  while (reader.hasMore) {
    const tag = reader.varint();
    if (tag !== 0x12) {
      if (tag === 0x18 && reader.varint() !== 0) throw new DataLossError("a shape of unknown rank");
      if (tag !== 0x18) reader.skip(tag);
      continue;
    }
    const dim = reader.message();
    let size = 0;
    while (dim.hasMore) {
      const inner = dim.varint();
      if (inner === 0x08) size = dim.signed();
      else dim.skip(inner);
    }
    if (size < 0) throw new DataLossError(`a dimension of ${size}`);
    if (shape.length >= rankMax) throw new DataLossError(`more than ${rankMax} dimensions`);
    shape.push(size);
  }
  return shape;
}

function decodeSlice(reader: WireReader): Extent[] {
  const slice: Extent[] = [];
  while (reader.hasMore) {
    const tag = reader.varint();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const extent = reader.message();
    let start = 0;
    let length = -1;
    while (extent.hasMore) {
      const inner = extent.varint();
      if (inner === 0x08) start = extent.varint();
      else if (inner === 0x10) length = extent.varint();
      else extent.skip(inner);
    }
    if (slice.length >= rankMax) throw new DataLossError(`a slice of more than ${rankMax} dimensions`);
    slice.push({ start, length });
  }
  return slice;
}
