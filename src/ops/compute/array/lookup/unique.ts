/** Distinct elements: Unique and its kin, ListDiff. */

import { type DType, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, type FullShape, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { copyElements, emptyArray, integerArray, keyReader, takeRows, toNumbers } from "../basic/elements.ts";
import { type Name, type Named, nameOf } from "../basic/names.ts";
import { numbersFromInput } from "../basic/shape_input.ts";

interface Distinct {
  /** Positions of the first of each, in order of appearance. */
  readonly first: number[];
  /** For each element the number of its distinct value. */
  readonly idx: number[];
  readonly count: number[];
}

function distinctOf(n: number, key: (i: number) => unknown): Distinct {
  const places = new Map<unknown, number>();
  const first: number[] = [];
  const count: number[] = [];
  const idx = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    const k = key(i);
    let place = places.get(k);
    if (place === undefined) {
      place = first.length;
      places.set(k, place);
      first.push(i);
      count.push(0);
    }
    idx[i] = place;
    count[place]!++;
  }
  return { first, idx, count };
}

function distinct(x: NdArray, outIdx: DType): [NdArray, NdArray, NdArray] {
  if (x.shape.length !== 1) throw new InvalidArgumentError("unique expects a 1D vector.");
  const { first, idx, count } = distinctOf(x.size, keyReader(x));
  return [takeRows(x, first, 1, [first.length]), integerArray(outIdx, idx), integerArray(outIdx, count)];
}

/** Distinct slices along an axis: slices are compared as a whole. */
function uniqueAlong(x: NdArray, axisInput: NdArray, outIdx: DType): [NdArray, NdArray, NdArray] {
  if (axisInput.size === 0) return distinct(x, outIdx);
  if (axisInput.size > 1) throw new InvalidArgumentError("axis does not support input tensors larger than 1 elements");
  const given = toNumbers(axisInput)[0]!;
  const rank = x.shape.length;
  const axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) throw new InvalidArgumentError(`axis has to be between [0, ${rank})`);
  const n = x.shape[axis]!;
  const outer = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const key = keyReader(x);
  const numbers = new Map<unknown, number>();
  const numbered = (k: unknown): number => {
    let number = numbers.get(k);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(k, number);
    }
    return number;
  };
  const sliceKey = (i: number): string => {
    const parts: number[] = [];
    for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) parts.push(numbered(key((o * n + i) * inner + j)));
    return parts.join();
  };
  const { first, idx, count } = distinctOf(n, sliceKey);
  const shape = x.shape.map((d, i) => (i === axis ? first.length : d));
  const y = emptyArray(x.dtype, shape);
  for (let o = 0; o < outer; o++) {
    for (const [k, i] of first.entries())
      copyElements(x.dtype, x.data, (o * n + i) * inner, y.data, (o * first.length + k) * inner, inner);
  }
  return [y, integerArray(outIdx, idx), integerArray(outIdx, count)];
}

/** y = x's distinct elements in order of appearance, x[i] = y[idx[i]]. Source: array_ops.cc, unique_op.cc. */
export const uniqueOp = defineOp("Unique", {
  inputs: ["x: T"],
  outputs: ["y: T", "idx: out_idx"],
  attrs: ["T: type", "out_idx: {int32, int64} = DT_INT32"],
  shape: ({ x }) => [[null], withRank(x, 1)],
  compute: ({ x, out_idx }) => distinct(x, out_idx).slice(0, 2),
  gradient: "unregistered",
});

export const uniqueWithCountsOp = defineOp("UniqueWithCounts", {
  inputs: ["x: T"],
  outputs: ["y: T", "idx: out_idx", "count: out_idx"],
  attrs: ["T: type", "out_idx: {int32, int64} = DT_INT32"],
  shape: ({ x }) => [[null], withRank(x, 1), [null]],
  compute: ({ x, out_idx }) => distinct(x, out_idx),
  gradient: "unregistered",
});

/** Source: array_ops.cc, UniqueIdxShapeFn. */
function alongShapes(x: Shape, context: ShapeContext): [Shape, Shape] {
  const axes = numbersFromInput(context, "axis");
  if (!axes || x === null) return [x === null ? null : new Array<Dim>(x.length).fill(null), [null]];
  if (axes.length === 0) {
    withRank(x, 1);
    return [[null], [x[0]!]];
  }
  if (axes.length > 1) throw invalidArgument("axis expects a 1D vector with at most one element");
  const axis = axes[0]! < 0 ? axes[0]! + x.length : axes[0]!;
  if (axis < 0 || axis >= x.length)
    throw invalidArgument(`axis expects to be in the range [-${x.length}, ${x.length}), but got ${axes[0]}`);
  return [x.map((d, i) => (i === axis ? null : d)), [x[axis]!]];
}

export const uniqueV2Op = defineOp("UniqueV2", {
  inputs: ["x: T", "axis: Taxis"],
  outputs: ["y: T", "idx: out_idx"],
  attrs: ["T: type", "Taxis: {int32, int64} = DT_INT64", "out_idx: {int32, int64} = DT_INT32"],
  shape: ({ x }, context) => alongShapes(x, context),
  compute: ({ x, axis, out_idx }) => uniqueAlong(x, axis, out_idx).slice(0, 2),
  gradient: "unregistered",
});

export const uniqueWithCountsV2Op = defineOp("UniqueWithCountsV2", {
  inputs: ["x: T", "axis: Taxis"],
  outputs: ["y: T", "idx: out_idx", "count: out_idx"],
  attrs: ["T: type", "Taxis: {int32, int64} = DT_INT64", "out_idx: {int32, int64} = DT_INT32"],
  shape: ({ x }, context) => [...alongShapes(x, context), [null]],
  compute: ({ x, axis, out_idx }) => uniqueAlong(x, axis, out_idx),
  gradient: "unregistered",
});

function allKeys(x: NdArray): Set<unknown> {
  const key = keyReader(x);
  return new Set(Array.from({ length: x.size }, (_, i) => key(i)));
}

/** out = x's elements that are not in y, in order and with repetitions; idx = where they were. Source: listdiff_op.cc. */
export const listDiffOp = defineOp("ListDiff", {
  inputs: ["x: T", "y: T"],
  outputs: ["out: T", "idx: out_idx"],
  attrs: ["T: type", "out_idx: {int32, int64} = DT_INT32"],
  shape({ x, y }) {
    withRank(x, 1);
    withRank(y, 1);
    return [[null], [null]];
  },
  compute({ x, y, out_idx }) {
    if (x.shape.length !== 1) throw new InvalidArgumentError(`x should be a 1D vector.`);
    if (y.shape.length !== 1) throw new InvalidArgumentError(`y should be a 1D vector.`);
    const known = allKeys(y);
    const key = keyReader(x);
    const kept = Array.from({ length: x.size }, (_, i) => i).filter((i) => !known.has(key(i)));
    return [takeRows(x, kept, 1, [kept.length]), integerArray(out_idx, kept)];
  },
  gradient: "unregistered",
});

/** output[:, i] = coordinates of the flat index i in a tensor of the shape dims. Source: unravel_index_op.cc. */
export const unravelIndexOp = defineOp("UnravelIndex", {
  inputs: ["indices: Tidx", "dims: Tidx"],
  outputs: ["output: Tidx"],
  attrs: ["Tidx: {int32, int64} = DT_INT32"],
  shape({ indices, dims }) {
    const [k] = withRank(dims, 1);
    if (indices === null) return [null];
    if (indices.length === 0) return [[k!]];
    return [indices.length === 1 ? [k!, indices[0]!] : [k!, null]];
  },
  compute({ indices, dims, Tidx }) {
    if (dims.shape.length !== 1)
      throw new InvalidArgumentError(`The indices can only be 1-D, got "${formatShape(dims.shape)}"`);
    if (indices.shape.length > 1)
      throw new InvalidArgumentError(`The indices can only be scalar or vector, got "${formatShape(indices.shape)}"`);
    const sizes = Array.from(toNumbers(dims));
    if (sizes.includes(0))
      throw new InvalidArgumentError("Input dims cannot contain a dim of zero, but dims contains zero at index 0");
    const total = sizes.reduce((a, b) => a * b, 1);
    const flat = toNumbers(indices);
    const n = indices.size;
    const out = new Array<number>(sizes.length * n);
    for (let i = 0; i < n; i++) {
      if (flat[i]! < 0 || flat[i]! >= total) throw new InvalidArgumentError("index is out of bound as with dims");
      let rest = flat[i]!;
      for (let k = sizes.length - 1; k >= 0; k--) {
        out[k * n + i] = rest % sizes[k]!;
        rest = Math.floor(rest / sizes[k]!);
      }
    }
    const shape: FullShape = indices.shape.length ? [sizes.length, n] : [sizes.length];
    return integerArray(Tidx, out, shape);
  },
  gradient: "unregistered",
});

interface IndexOptions extends Named {
  readonly outIdx?: DType;
}

const uniquePlaces = ["outIdx", "name"] as const;

/** The distinct elements of a vector in order of appearance, and for each element which one it is. */
export function unique(
  x: TensorLike,
  ...rest: Rest<IndexOptions, typeof uniquePlaces>
): Iterable<Tensor> & { readonly y: Tensor; readonly idx: Tensor } {
  const options = byName<IndexOptions>(rest, uniquePlaces);
  return uniqueOp({ x, out_idx: options.outIdx ?? int32 }, options.name);
}

/** The distinct elements of a vector in order, the place of each element among them, and how often each comes. */
export function uniqueWithCounts(
  x: TensorLike,
  ...rest: Rest<IndexOptions, typeof uniquePlaces>
): Iterable<Tensor> & { readonly y: Tensor; readonly idx: Tensor; readonly count: Tensor } {
  const options = byName<IndexOptions>(rest, uniquePlaces);
  return uniqueWithCountsOp({ x, out_idx: options.outIdx ?? int32 }, options.name);
}

type Setdiff1dOptions = { readonly indexDtype?: DType } & Named;
const setdiff1dPlaces = ["indexDtype", "name"] as const;

/** x's elements that are not in y, and where they were. */
export const setdiff1d = byKeyword(
  ["x", "y"],
  function setdiff1d(
    x: TensorLike,
    y: TensorLike,
    ...rest: Rest<Setdiff1dOptions, typeof setdiff1dPlaces>
  ): Iterable<Tensor> & { readonly out: Tensor; readonly idx: Tensor } {
    const options = byName<Setdiff1dOptions>(rest, setdiff1dPlaces);
    return listDiffOp({ x, y, out_idx: options.indexDtype ?? int32 }, options.name);
  },
);

/** Coordinates of flat indices, one row for each dimension. */
export const unravelIndex = byKeyword(
  ["indices", "dims"],
  function unravelIndex(indices: TensorLike, dims: TensorLike, name?: Name): Tensor {
    return unravelIndexOp({ indices, dims }, nameOf(name));
  },
);
