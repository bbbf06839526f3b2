/**
 * Slices of partitioned tensors, in the two texts that name them:
 *     in a graph    "4 2 0,2:-"      the full shape, then start,length of each dimension, `-` for a whole one
 *     in a table    00 name 00 01, rank, start and length of each dimension, in an order-preserving code
 * Source: tensorflow/core/framework/tensor_slice.cc, tensorflow/core/util/saved_tensor_slice_util.cc, tensorflow/core/lib/strings/ordered_code.cc
 */
import { InvalidArgumentError } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import { WireWriter } from "../wire.ts";

/** One dimension: `length` -1 is the whole of it. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}
export type Slice = readonly Extent[];

export interface SliceSpec {
  readonly fullShape: FullShape;
  readonly slice: Slice;
}

/** The shape and slice of a spec. INVALID_ARGUMENT for a text that is none, or a slice outside the shape. */
export function parseSliceSpec(spec: string): SliceSpec {
  const bad = () => new InvalidArgumentError(`Expected "<full_shape> <slice>", e.g. "4 2 0,2:-", not "${spec}"`);
  const words = spec.split(" ");
  const parts = words.pop()!;
  const number = (text: string) => {
    if (!/^\d{1,15}$/.test(text)) throw bad();
    return Number(text);
  };
  const fullShape = words.map(number);
  const slice = (parts === "" ? [] : parts.split(":")).map((part) => {
    if (part === "-") return { start: 0, length: -1 };
    const [start, length, ...rest] = part.split(",");
    if (start === undefined || length === undefined || rest.length > 0) throw bad();
    return { start: number(start), length: number(length) };
  });
  if (slice.length !== fullShape.length) throw bad();
  for (const [i, { start, length }] of slice.entries()) {
    if (length >= 0 && length > fullShape[i]! - start) throw bad();
  }
  return { fullShape, slice };
}

/** The shape of what a slice cuts out. */
export const sliceShape = (fullShape: FullShape, slice: Slice): number[] =>
  slice.map(({ length }, i) => (length < 0 ? fullShape[i]! : length));

/** The same slice with every length given. */
export const fullExtents = (fullShape: FullShape, slice: Slice): Extent[] =>
  slice.map(({ start, length }, i) => (length < 0 ? { start: 0, length: fullShape[i]! } : { start, length }));

/** What two slices with given lengths have in common, or null. */
export function intersect(a: Slice, b: Slice): Extent[] | null {
  const common: Extent[] = [];
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    const start = Math.max(x.start, y.start);
    const length = Math.min(x.start + x.length, y.start + y.length) - start;
    if (length <= 0) return null;
    common.push({ start, length });
  }
  return common;
}

const encoder = new TextEncoder();

/** The key of a slice in the table of a checkpoint; sorts before all names. */
export function sliceKey(name: string, slice: Slice): Uint8Array {
  const out = new WireWriter();
  writeNumber(out, 0);
  for (const byte of encoder.encode(name)) {
    if (byte === 0) out.raw(Uint8Array.of(0, 0xff));
    else if (byte === 0xff) out.raw(Uint8Array.of(0xff, 0));
    else out.raw(Uint8Array.of(byte));
  }
  out.raw(Uint8Array.of(0, 1));
  writeNumber(out, slice.length);
  for (const { start, length } of slice) {
    writeSigned(out, start);
    writeSigned(out, length);
  }
  return out.finish();
}

/** The count of big-endian bytes, then those. */
function writeNumber(out: WireWriter, value: number): void {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  out.raw(Uint8Array.of(bytes.length, ...bytes));
}

/** The fewest big-endian bytes n that hold 7n bits, the top n bits of them turned. At most 2^53. */
function writeSigned(out: WireWriter, value: number): void {
  const big = BigInt(value);
  const magnitude = big < 0n ? ~big : big;
  let n = 1;
  while (n < 8 && magnitude >= 1n << BigInt(7 * n - 1)) n++;
  const bytes: number[] = [];
  let rest = BigInt.asUintN(8 * n, big);
  for (let i = 0; i < n; i++, rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  bytes[0]! ^= (0xff << (8 - n)) & 0xff;
  out.raw(Uint8Array.from(bytes));
}
