/** Slices as kernels see them: boxes of a value, taken out or put back. Source: strided_slice_op.cc. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { type FullShape, sameShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { bracketed } from "../basic/names.ts";
import { type DenseDim, type DenseSlice, denseSlice, type Masks, type SliceSpec } from "./spec.ts";

export interface Bounds<S> {
  readonly begin: S;
  readonly end: S;
  readonly strides: S;
}

/** begin and end stay null when they are not constant and only say where single elements lie. */
export function kernelSpec(
  p: Lowering,
  op: Bounds<Value> & Masks,
  input: FullShape,
): { spec: SliceSpec; dense: DenseSlice; isDynamic: boolean } {
  const strides = p.numbers(op.strides);
  const base = { ...op, strides };
  if (!p.constantOf(op.begin)) {
    const spec = { ...base, begin: null, end: null };
    const dense = denseSlice(spec, input);
    if (dense.dims.every((dim) => dim.stride === 1 && (dim.isWhole || dim.isShrunk)))
      return { spec, dense, isDynamic: true };
  }
  const spec = { ...base, begin: p.numbers(op.begin), end: p.numbers(op.end) };
  if (spec.begin.length !== strides.length || spec.end.length !== strides.length) {
    throw new InvalidArgumentError(
      `Expected begin, end, and strides to be 1D equal size tensors, but got shapes [${spec.begin.length}], [${spec.end.length}], and [${strides.length}] instead.`,
    );
  }
  return { spec, dense: denseSlice(spec, input), isDynamic: false };
}

/** begin of a dense slice as a value: whole dimensions start at 0, negative single indices count from the end. */
export function dynamicBegin(p: Lowering, begin: Value, dims: readonly DenseDim[], input: FullShape): Value {
  const parts = dims.map((dim, i) => {
    if (!dim.isShrunk) return p.list([0], begin.dtype);
    const index = p.slice(begin, [dim.entry], [1]);
    return p.select(p.lt(index, p.list([0], begin.dtype)), p.add(index, p.list([input[i]!], begin.dtype)), index);
  });
  const all = parts.length ? p.concat(parts, 0) : p.list([], begin.dtype);
  return begin.dtype === "int32" || begin.dtype === "int64" ? all : p.cast(all, "int32");
}

export const outOfBounds = ({
  position,
  value,
}: {
  readonly position: number;
  readonly value: number;
}): InvalidArgumentError => new InvalidArgumentError(`slice index ${value} of dimension ${position} out of bounds.`);

export const sizesOf = (dense: DenseSlice): FullShape => dense.dims.map((dim) => dim.size!);

/** The box with its elements where the slice takes them, zeros elsewhere. */
export function spread(p: Lowering, box: Value, dense: DenseSlice, shape: FullShape): Value {
  if (box.shape.includes(0)) return p.fill(0, box.dtype, shape);
  const backwards = dense.dims.flatMap((dim, i) => (dim.stride < 0 ? [i] : []));
  const forwards = backwards.length ? p.reverse(box, backwards) : box;
  const low = dense.dims.map((dim) => (dim.stride < 0 ? dim.begin! + (dim.size! - 1) * dim.stride : dim.begin!));
  const interior = dense.dims.map((dim) => (dim.size! > 1 ? Math.abs(dim.stride) - 1 : 0));
  const high = dense.dims.map((dim, i) => shape[i]! - low[i]! - ((dim.size! - 1) * (interior[i]! + 1) + 1));
  return p.pad(forwards, low, high, { interior });
}

/** `base` with a box of single indices and whole dimensions replaced; the whole ones go last, so that rows are scattered. */
export function scatterBox(p: Lowering, base: Value, begin: Value, dense: DenseSlice, box: Value): Value {
  const single = dense.dims.flatMap((dim, i) => (dim.isShrunk ? [i] : []));
  const whole = dense.dims.flatMap((dim, i) => (dim.isShrunk ? [] : [i]));
  const perm = [...single, ...whole];
  const shape = perm.map((d) => base.shape[d]!);
  const rows = shape.slice(0, single.length);
  const rest = shape.slice(single.length);
  let index = p.list([0], begin.dtype);
  for (const d of single) {
    const at = p.slice(begin, [d], [1]);
    const limit = p.list([base.shape[d]!], begin.dtype);
    p.check(p.logicalAnd(p.ge(at, p.list([0], begin.dtype)), p.lt(at, limit)), ({ value }) =>
      outOfBounds({ position: d, value }),
    );
    index = p.add(p.mul(index, limit), at);
  }
  const flat = p.reshape(p.transpose(base, perm), [rows.reduce((n, d) => n * d, 1), ...rest]);
  const row = p.reshape(box, [1, ...rest]);
  const done = p.reshape(p.scatter("update", flat, index, row), shape);
  return p.transpose(done, invert(perm));
}

const invert = (perm: readonly number[]): number[] => {
  const result = new Array<number>(perm.length);
  for (const [i, d] of perm.entries()) result[d] = i;
  return result;
};

/** `base` with a strided slice replaced by `value`, which broadcasts to it; also what the assignments to variables' slices do. */
export function assignSlice(p: Lowering, base: Value, op: Bounds<Value> & Masks, value: Value): Value {
  const { dense, isDynamic } = kernelSpec(p, op, base.shape);
  const shape = dense.shape as FullShape;
  const full = broadcastable(value.shape, shape) ? p.broadcast(value, shape) : null;
  if (!full)
    throw new InvalidArgumentError(
      `Shape of value ${bracketed(value.shape)} is not broadcastable to slice ${bracketed(shape)}`,
    );
  if (isDynamic) return scatterBox(p, base, dynamicBegin(p, op.begin, dense.dims, base.shape), dense, full);
  const box = p.reshape(full, sizesOf(dense));
  if (box.shape.includes(0)) return base;
  if (sameShape(box.shape, base.shape) && dense.dims.every((dim) => dim.stride === 1)) return box;
  const chosen = spread(p, p.fill(true, "bool", box.shape), dense, base.shape);
  return p.select(chosen, spread(p, box, dense, base.shape), base);
}

const broadcastable = (from: FullShape, to: FullShape): boolean =>
  from.length <= to.length && from.every((n, i) => n === 1 || n === to[to.length - from.length + i]);
