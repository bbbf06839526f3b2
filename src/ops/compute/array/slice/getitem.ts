/** `x[1, :, ::2]` in JavaScript: `x.at(1, ":", "::2")`. Source: tensor_getitem_override.py. */
import { int32, int64 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { inScope } from "../basic/names.ts";
import { stack } from "../join/pack.ts";
import { type StridedSliceOptions, stridedSlice } from "./strided_slice.ts";

/** A number or a tensor; a variable, too. */
type Index = number | Tensor;

/** A range of indices; what is left out reaches to the end of the axis. */
export interface SliceRange {
  readonly start?: Index | null;
  readonly stop?: Index | null;
  readonly step?: Index | null;
}

/**
 * One entry of a slice: an index (the axis is dropped), a range as text (`"1:"`, `"::-1"`, `":"`) or as `{ start, stop, step }`,
 * `"..."` for all axes between, null for a new axis of size 1.
 */
export type SliceEntry = Index | string | SliceRange | null;

declare module "../../../../graph/tensor.ts" {
  interface Tensor {
    /** Python's `x[…]`: indices drop their axis, ranges keep it. A single boolean tensor picks elements as `tf.booleanMask` does. */
    at(...entries: readonly SliceEntry[]): Tensor;
  }
}

const hint =
  "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid indices";

function parseRange(text: string): SliceRange {
  const parts = text.split(":");
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^\s*([+-]?\d+)?\s*$/.test(part)))
    throw new TypeError(`${hint}, got '${text}'`);
  const [start, stop, step] = parts.map((part) => (part.trim() === "" ? null : Number(part)));
  return { start: start ?? null, stop: stop ?? null, step: step ?? null };
}

function checkIndex(index: unknown): asserts index is Index {
  if (typeof index === "number" && Number.isInteger(index)) return;
  if (isSymbolic(index)) {
    const { dtype, shape } = index as Tensor;
    if (/^int(16|32|64)$/.test(dtype?.base) && shape?.length !== 1) return;
  }
  throw new TypeError(`${hint}, got ${String(index)}`);
}

interface Collected {
  readonly begin: Index[];
  readonly end: Index[];
  readonly strides: Index[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

/** A number beside 64-bit (or 16-bit) tensors takes their dtype. */
function addRange(range: SliceRange, i: number, into: Collected): void {
  const given = [range.start, range.stop, range.step].filter((item) => item instanceof Tensor);
  const dtype = ["int64", "int32", "int16"]
    .map((name) => given.find((item) => item.dtype.base === name)?.dtype.baseDtype)
    .find(Boolean);
  const whole = (value: number): Index => (dtype ? constant(value, { dtype }) : value);
  const take = (item: Index | null | undefined, byDefault: number, list: Index[]): boolean => {
    if (item === null || item === undefined) {
      list.push(whole(byDefault));
      return false;
    }
    checkIndex(item);
    list.push(item);
    return true;
  };
  if (!take(range.start, 0, into.begin)) into.beginMask |= 1 << i;
  if (!take(range.stop, 0, into.end)) into.endMask |= 1 << i;
  take(range.step, 1, into.strides);
}

function addIndex(index: Index, i: number, into: Collected): void {
  checkIndex(index);
  into.begin.push(index);
  into.end.push(typeof index === "number" ? index + 1 : ops.add(index, 1, { name: "add" }));
  const isOther = index instanceof Tensor && (index.dtype.base === "int16" || index.dtype.base === "int64");
  into.strides.push(isOther ? constant(1, { dtype: index.dtype.baseDtype }) : 1);
  into.shrinkAxisMask |= 1 << i;
}

function collect(entries: readonly SliceEntry[]): Collected {
  const into: Collected = {
    begin: [],
    end: [],
    strides: [],
    beginMask: 0,
    endMask: 0,
    ellipsisMask: 0,
    newAxisMask: 0,
    shrinkAxisMask: 0,
  };
  for (const [i, entry] of entries.entries()) {
    if (entry === "..." || entry === null) {
      into.begin.push(0);
      into.end.push(0);
      into.strides.push(1);
      if (entry === null) into.newAxisMask |= 1 << i;
      else into.ellipsisMask |= 1 << i;
    } else if (typeof entry === "string") addRange(parseRange(entry), i, into);
    else if (typeof entry === "object" && !(entry instanceof Tensor)) addRange(entry, i, into);
    else addIndex(entry, i, into);
  }
  return into;
}

/** Which part of a tensor entries name. */
export interface Slicing {
  readonly begin: Tensor;
  readonly end: Tensor;
  readonly strides: Tensor;
  readonly masks: StridedSliceOptions;
  /** Of the slice, with a slash behind. */
  readonly scope: string;
}

/** The part that the entries name and where it lies; null for elements that booleans pick. */
export function slicedItem(
  value: TensorLike,
  entries: readonly SliceEntry[],
): { readonly item: Tensor; readonly slicing: Slicing | null } {
  const tensor = convertToTensor(value);
  const [only] = entries;
  if (entries.length === 1 && only instanceof Tensor && only.dtype.isBool) {
    return { item: ops.booleanMask(tensor, only), slicing: null };
  }
  if (entries.length > 32) throw new ValueError(`too many indices for tensor: ${entries.length}`);
  const { begin: begins, end: ends, strides: steps, ...masks } = collect(entries);
  return inScope(null, "strided_slice", (scope) => {
    const [begin, end, strides] = packedEntries([begins, ends, steps]) as [Tensor, Tensor, Tensor];
    const item = stridedSlice(tensor, begin, end, { ...masks, strides, name: scope });
    return { item, slicing: { begin, end, strides, masks, scope } };
  });
}

/** Begins, ends and strides as tensors of one dtype. */
function packedEntries(lists: readonly Index[][]): Tensor[] {
  if (lists[0]!.length === 0) {
    const none = constant([], { dtype: int32 });
    return lists.map(() => none);
  }
  const packed = lists.map((list) => stack(list));
  const isLong = packed.some((part) => part.dtype === int64);
  return packed.map((part) => (isLong && part.dtype !== int64 ? ops.castOp({ x: part, DstT: int64 }) : part));
}

/** The part of a tensor that the entries name, as Python's indexing; makes one StridedSlice named "strided_slice". */
export const getItem = (value: TensorLike, ...entries: readonly SliceEntry[]): Tensor =>
  slicedItem(value, entries).item;

Tensor.prototype.at = function at(this: Tensor, ...entries: readonly SliceEntry[]): Tensor {
  return getItem(this, ...entries);
};
