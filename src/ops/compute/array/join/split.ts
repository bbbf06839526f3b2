/** Cutting along an axis: Split in equal pieces, SplitV in given ones. */
import { InvalidArgumentError, invalidArgument, OpError, ValueError } from "../../../../core/error.ts";
import { type Dim, type Shape, withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import type { Named } from "../basic/names.ts";
import { divided, numbersFromInput, scalarFromInput } from "../basic/shape_input.ts";

/** The axis while building as a non-negative number; null when it, or the rank that a negative one needs, is unknown. */
function splitAxis(context: ShapeContext, input: string, axisShape: Shape, value: Shape): number | null {
  const axis = scalarFromInput(context, input, axisShape);
  if (axis === null) return null;
  if (axis >= 0) {
    if (value !== null && axis >= value.length)
      throw invalidArgument(
        `Dimension size, given by scalar input ${axis} must be in range [-${value.length}, ${value.length})`,
      );
    return axis;
  }
  if (value === null) return null;
  if (axis + value.length < 0)
    throw invalidArgument(
      `Dimension size, given by scalar input ${axis} must be in range [-${value.length}, ${value.length})`,
    );
  return axis + value.length;
}

const unknownPieces = (value: Shape, count: number): Shape[] =>
  new Array<Shape>(count).fill(value === null ? null : new Array<Dim>(value.length).fill(null));

const withDim = (shape: readonly Dim[], axis: number, n: Dim): Dim[] => shape.map((d, i) => (i === axis ? n : d));

function pieces(p: Lowering, value: Value, axis: number, sizes: readonly number[]): Value[] {
  let at = 0;
  return sizes.map((n) => {
    const begin = value.shape.map((_, d) => (d === axis ? at : 0));
    at += n;
    return p.slice(value, begin, withDim(value.shape, axis, n) as number[]);
  });
}

/** output[i] = the i-th of num_split equal pieces of value along split_dim. Source: array_ops.cc, split_op.cc, array_grad.py. */
export const splitOp = defineOp("Split", {
  inputs: ["split_dim: int32", "value: T"],
  outputs: ["output: num_split * T"],
  attrs: ["num_split: int >= 1", "T: type"],
  shape({ split_dim, value, num_split }, context) {
    const axis = splitAxis(context, "split_dim", split_dim, value);
    if (axis === null) return unknownPieces(value, num_split);
    withRankAtLeast(value, axis + 1);
    if (value === null) return unknownPieces(value, num_split);
    const n = value[axis]!;
    try {
      return new Array<Shape>(num_split).fill(withDim(value, axis, n === null ? null : divided(n, num_split)));
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      throw invalidArgument(`${error.message}\n\tNumber of ways to split should evenly divide the split dimension`);
    }
  },
  lower(p, { split_dim, value, num_split }) {
    const dim = p.numbers(split_dim)[0]!;
    const rank = value.shape.length;
    const axis = dim < 0 ? dim + rank : dim;
    if (axis < 0 || axis >= rank)
      throw new InvalidArgumentError(`-input rank(-${rank}) <= split_dim < input rank (${rank}), but got ${dim}`);
    const n = value.shape[axis]!;
    if (n % num_split !== 0) {
      throw new InvalidArgumentError(
        `Number of ways to split should evenly divide the split dimension, but got split_dim ${axis} (size = ${n}) and num_split ${num_split}`,
      );
    }
    return pieces(p, value, axis, new Array<number>(num_split).fill(n / num_split));
  },
  gradient: (tf, { split_dim }, ...dys) => ({ value: tf.concat(dys, split_dim) }),
});

/** output[i] = the piece of size size_splits[i]; one size may be -1. */
export const splitVOp = defineOp("SplitV", {
  inputs: ["value: T", "size_splits: Tlen", "split_dim: int32"],
  outputs: ["output: num_split * T"],
  attrs: ["num_split: int >= 1", "T: type", "Tlen: {int8, int32, int64} = DT_INT64"],
  shape({ value, split_dim, num_split }, context) {
    const axis = splitAxis(context, "split_dim", split_dim, value);
    if (value === null) return unknownPieces(value, num_split);
    if (value.length === 0) throw invalidArgument("Can't split scalars");
    if (axis === null) return unknownPieces(value, num_split);
    withRankAtLeast(value, axis + 1);
    const sizes = numbersFromInput(context, "size_splits");
    if (!sizes) return new Array<Shape>(num_split).fill(withDim(value, axis, null));
    if (sizes.length !== num_split) throw invalidArgument("Length of size_splits should be equal to num_outputs");
    const n = value[axis]!;
    if (sizes.filter((size) => size === -1).length > 1) throw invalidArgument("size_splits can only have one -1");
    const total = sizes.reduce((sum, size) => (size === -1 ? sum : sum + size), 0);
    const isOpen = sizes.includes(-1);
    const shapes = sizes.map((size, i) => {
      const piece = size === -1 && n !== null ? n - total : size;
      if (piece < -1 || (piece === -1 && n !== null))
        throw invalidArgument(`Split size at index ${i} must be >= 0. Got: ${piece}`);
      return withDim(value, axis, piece === -1 ? null : piece);
    });
    if (n !== null && (isOpen ? total > n : total !== n)) {
      throw invalidArgument(`can't split axis of size ${n} into pieces of size [${sizes.join(",")}]`);
    }
    return shapes;
  },
  lower(p, { value, size_splits, split_dim }) {
    const dim = p.numbers(split_dim)[0]!;
    const rank = value.shape.length;
    const axis = dim < 0 ? dim + rank : dim;
    if (axis < 0 || axis >= rank)
      throw new InvalidArgumentError(`-input rank(-${rank}) <= split_dim < input rank (${rank}), but got ${dim}`);
    return pieces(p, value, axis, resolveSizes(p.numbers(size_splits), value.shape[axis]!));
  },
  gradient: (tf, { split_dim }, ...dys) => ({ value: tf.concat(dys, split_dim) }),
});

function resolveSizes(sizes: readonly number[], n: number): number[] {
  if (sizes.filter((size) => size === -1).length > 1)
    throw new InvalidArgumentError("There can only be one -1 in the input.");
  const total = sizes.reduce((sum, size) => (size === -1 ? sum : sum + size), 0);
  const isOpen = sizes.includes(-1);
  if (isOpen ? total > n : total !== n) {
    throw new InvalidArgumentError(
      `Determined shape must either match input shape along split_dim exactly if fully specified, or be less than the size of the input along split_dim if not fully specified.  Got: ${total}`,
    );
  }
  return sizes.map((size) => (size === -1 ? n - total : size));
}

export interface SplitOptions extends Named {
  readonly axis?: TensorLike;
  /** The number of pieces, where the length of a vector of sizes is unknown. */
  readonly num?: number | undefined;
}

/** The tensor cut along `axis`: into that many equal pieces, or into pieces of the given sizes. Source: array_ops.py. */
export const split = byKeyword(
  ["value", "numOrSizeSplits"],
  function split(
    value: TensorLike,
    numOrSizes: TensorLike,
    ...rest: Rest<SplitOptions, ["axis", "num", "name"]>
  ): Tensor[] {
    const options: SplitOptions = byName(rest, ["axis", "num", "name"]);
    const { axis = 0, name = "split" } = options;
    if (typeof numOrSizes === "number") return splitOp({ split_dim: axis, value, num_split: numOrSizes }, name);
    const sizes = convertToTensor(numOrSizes);
    if (sizes.shape !== null && sizes.shape.length === 0) {
      throw new ValueError(
        `Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: ${sizes}`,
      );
    }
    const num = options.num ?? sizes.shape?.[0];
    if (num === undefined || num === null) throw new ValueError(`Cannot infer argument \`num\` from shape ${sizes}`);
    return splitVOp({ value, size_splits: sizes, split_dim: axis, num_split: num }, name);
  },
);
