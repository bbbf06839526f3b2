/** Finding: Where, searching in sorted rows, the k largest, and what goes into top k. */

import { bool, type DType, int32, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, ValueError } from "../../../../core/error.ts";
import { elementAt, NdArray } from "../../../../core/nd_array.ts";
import {
  compatible,
  elementCount,
  formatShape,
  isFull,
  mergeDims,
  rowMajorStrides,
  withRank,
} from "../../../../core/shape.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { comparer, entriesOf, integerArray } from "../basic/elements.ts";
import { inScope, type Name, type Named, nameOf } from "../basic/names.ts";
import { reshape, squeeze } from "../basic/reshape.ts";
import { shapeInternal, shape as shapeOf } from "../basic/shape.ts";
import { getStaticValue } from "../basic/static_value.ts";
import { gather } from "../index/gather.ts";
import { concat } from "../join/concat.ts";

/** index: [n, rank], the coordinates of the elements that are not zero, in row-major order. Source: array_ops.cc, where_op.cc. */
export const whereOp = defineOp("Where", {
  inputs: ["input: T"],
  outputs: ["index: int64"],
  attrs: [
    "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, half, uint32, uint64, bool} = DT_BOOL",
  ],
  shape: ({ input }) => [[null, input === null ? null : input.length]],
  compute: ({ input }) => coordinatesOf(input),
  gradient: "unregistered",
});

function coordinatesOf(input: NdArray): NdArray {
  const n = entriesOf(input.dtype);
  const data = input.data as Float32Array;
  const isHalf = input.dtype.base === "float16" || input.dtype.base === "bfloat16";
  // The sign bit alone is a negative zero.
  const isZero = (x: number | bigint): boolean => (isHalf ? ((x as number) & 0x7fff) === 0 : x === 0 || x === 0n);
  const strides = rowMajorStrides(input.shape);
  const found: number[] = [];
  for (let i = 0; i < input.size; i++)
    if (!isZero(data[i * n]!) || (n === 2 && !isZero(data[i * 2 + 1]!))) found.push(i);
  const rank = input.shape.length;
  const out = new BigInt64Array(found.length * rank);
  for (const [row, at] of found.entries()) {
    let rest = at;
    for (let d = 0; d < rank; d++) {
      const place = Math.floor(rest / strides[d]!);
      out[row * rank + d] = BigInt(place);
      rest -= place * strides[d]!;
    }
  }
  return new NdArray(int64, [found.length, rank], out);
}

/** The coordinates where the condition holds; with x and y, elements of x where it holds and of y elsewhere (Select). Source: array_ops.py. */
export const where = byKeyword(
  ["condition"],
  function where(condition: TensorLike, x?: TensorLike | null, y?: TensorLike | null, name?: Name): Tensor {
    const isX = x !== undefined && x !== null;
    const isY = y !== undefined && y !== null;
    if (isX !== isY) throw new ValueError("x and y must both be non-None or both be None.");
    if (isX && isY) return ops.selectOp({ condition, t: x, e: y }, nameOf(name));
    return coordinates(condition, nameOf(name));
  },
);

/** As `where`, but x, y and the condition broadcast (SelectV2). */
export function whereV2(condition: TensorLike, x?: TensorLike | null, y?: TensorLike | null, name?: Name): Tensor {
  const isX = x !== undefined && x !== null;
  const isY = y !== undefined && y !== null;
  if (isX !== isY) throw new ValueError("x and y must both be non-None or both be None.");
  if (isX && isY) return ops.selectV2Op({ condition, t: x, e: y }, nameOf(name));
  return coordinates(condition, nameOf(name));
}

const coordinates = (condition: TensorLike, name: string | undefined): Tensor =>
  inScope(name, "Where", (scope) =>
    whereOp({ input: convertToTensor(condition, { preferredDtype: bool, name: "condition" }) }, scope),
  );

type BooleanMaskOptions = { readonly axis?: TensorLike | null } & Named;
const booleanMaskPlaces = ["name", "axis"] as const;

/** The elements of the tensor where the mask, which covers leading dimensions (from `axis`), is true. Source: array_ops.py. */
export const booleanMask = byKeyword(
  ["tensor", "mask"],
  function booleanMask(
    tensor: TensorLike,
    mask: TensorLike,
    ...rest: Rest<BooleanMaskOptions, typeof booleanMaskPlaces>
  ): Tensor {
    const options = byName<BooleanMaskOptions>(rest, booleanMaskPlaces);
    return inScope(options.name, "boolean_mask", () => {
      let x = convertToTensor(tensor, { name: "tensor" });
      const m = convertToTensor(mask, { name: "mask" });
      if (m.shape === null) {
        throw new ValueError(
          "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. shape=[None] is ok, but shape=None is not.",
        );
      }
      const n = m.shape.length;
      if (n === 0) throw new ValueError("mask cannot be scalar.");
      const axisInput = options.axis ?? 0;
      const known = isSymbolic(axisInput) ? getStaticValue(convertToTensor(axisInput)) : null;
      const axis = typeof axisInput === "number" ? axisInput : known ? Number(elementAt(known, 0)) : null;
      const before = x.shape;
      if (axis !== null && before !== null && !compatible(before.slice(axis, axis + n), m.shape)) {
        throw new ValueError(
          `Shapes ${formatShape(before.slice(axis, axis + n))} and ${formatShape(m.shape)} are incompatible`,
        );
      }
      const from = axis ?? convertToTensor(axisInput);
      const to = from instanceof Tensor ? ops.add(from, n, { name: "add" }) : from + n;
      const covered = shapeOf(x).at({ start: from, stop: to });
      const leading = ops.prodOp({ input: covered, reduction_indices: [0] });
      const head = shapeOf(x).at({ stop: from });
      const tail = shapeOf(x).at({ start: to });
      x = reshape(x, concat([head, [leading], tail], 0));
      if (axis !== null && before !== null) {
        const part = before.slice(axis, axis + n);
        x.setShape([...before.slice(0, axis), isFull(part) ? elementCount(part) : null, ...before.slice(axis + n)]);
      }
      const flat = reshape(m, [-1]);
      return gather(x, squeeze(whereV2(flat), { axis: [1] }), { axis: axisInput });
    });
  },
);

function bounds(sorted: NdArray, values: NdArray, outType: DType, isUpper: boolean): NdArray {
  const [rows, n] = sorted.shape;
  if (sorted.shape.length !== 2) throw new InvalidArgumentError(`sorted input argument must be a matrix`);
  if (values.shape.length !== 2) throw new InvalidArgumentError(`values argument must be a matrix`);
  if (values.shape[0] !== rows) throw new InvalidArgumentError("Leading dim_size of both tensors must match.");
  const compare = comparer(sorted, values);
  const k = values.shape[1]!;
  const out = new Array<number>(values.size);
  for (let row = 0; row < rows!; row++) {
    for (let j = 0; j < k; j++) {
      let [low, high] = [0, n!];
      while (low < high) {
        const middle = (low + high) >> 1;
        const order = compare(row * n! + middle, row * k + j);
        if (order < 0 || (isUpper && order === 0)) low = middle + 1;
        else high = middle;
      }
      out[row * k + j] = low;
    }
  }
  return integerArray(outType, out, values.shape);
}

/** output[b, j] = how many of sorted row b are less than values[b, j]. Source: searchsorted_op.cc. */
export const lowerBoundOp = defineOp("LowerBound", {
  inputs: ["sorted_inputs: T", "values: T"],
  outputs: ["output: out_type"],
  attrs: ["T: type", "out_type: {int32, int64} = DT_INT32"],
  shape: ({ values }) => [withRank(values, 2)],
  compute: ({ sorted_inputs, values, out_type }) => bounds(sorted_inputs, values, out_type, false),
  gradient: "unregistered",
});

/** output[b, j] = how many of sorted row b are at most values[b, j]. */
export const upperBoundOp = defineOp("UpperBound", {
  inputs: ["sorted_inputs: T", "values: T"],
  outputs: ["output: out_type"],
  attrs: ["T: type", "out_type: {int32, int64} = DT_INT32"],
  shape: ({ values }) => [withRank(values, 2)],
  compute: ({ sorted_inputs, values, out_type }) => bounds(sorted_inputs, values, out_type, true),
  gradient: "unregistered",
});

type SearchsortedOptions = { readonly side?: "left" | "right"; readonly outType?: DType } & Named;
const searchsortedPlaces = ["side", "outType", "name"] as const;

/** Where each value would go into its sorted row (the last axis), left or right of equal ones. Source: array_ops.py. */
export const searchsorted = byKeyword(
  ["sortedSequence", "values"],
  function searchsorted(
    sortedSequence: TensorLike,
    values: TensorLike,
    ...rest: Rest<SearchsortedOptions, typeof searchsortedPlaces>
  ): Tensor {
    const options = byName<SearchsortedOptions>(rest, searchsortedPlaces);
    const { side = "left", outType = int32, name } = options;
    const n = shapeInternal(sortedSequence).at(-1);
    const k = shapeInternal(values).at(-1);
    const rows = reshape(sortedSequence, [-1, n]);
    const sought = reshape(values, [-1, k]);
    const op = side === "right" ? upperBoundOp : lowerBoundOp;
    return reshape(op({ sorted_inputs: rows, values: sought, out_type: outType }, name), shapeInternal(values));
  },
);

/** precision[b] = is the target's prediction among the k largest of row b? False where something is not finite. Source: in_topk_op.cc. */
export const inTopKOp = defineOp("InTopK", {
  inputs: ["predictions: float", "targets: T"],
  outputs: ["precision: bool"],
  attrs: ["k: int", "T: {int32, int64} = DT_INT32"],
  shape({ predictions, targets }) {
    const [b] = withRank(predictions, 2);
    return [[mergeDims(b!, withRank(targets, 1)[0]!)]];
  },
  compute: ({ predictions, targets, k }) => inTop(predictions, targets, k),
  gradient: "unregistered",
});

export const inTopKV2Op = defineOp("InTopKV2", {
  inputs: ["predictions: float", "targets: T", "k: T"],
  outputs: ["precision: bool"],
  attrs: ["T: {int32, int64} = DT_INT32"],
  shape({ predictions, targets, k }) {
    const [b] = withRank(predictions, 2);
    withRank(k, 0);
    return [[mergeDims(b!, withRank(targets, 1)[0]!)]];
  },
  compute: ({ predictions, targets, k }) => inTop(predictions, targets, Number(k.data[0])),
  gradient: "unregistered",
});

function inTop(predictions: NdArray, targets: NdArray, k: number): NdArray {
  if (predictions.shape.length !== 2) throw new InvalidArgumentError("predictions must be 2-dimensional");
  if (targets.shape.length !== 1) throw new InvalidArgumentError("targets must be 1-dimensional");
  const [b, classes] = predictions.shape as [number, number];
  if (targets.shape[0] !== b)
    throw new InvalidArgumentError(
      `First dimension of predictions ${b} must match length of targets ${targets.shape[0]}`,
    );
  const data = predictions.data as Float32Array;
  const out = new Uint8Array(b);
  for (let row = 0; row < b; row++) {
    const target = Number(targets.data[row]);
    if (target < 0 || target >= classes || !Number.isFinite(data[row * classes + target]!)) continue;
    const mine = data[row * classes + target]!;
    let above = 0;
    let isSayable = true;
    for (let c = 0; c < classes && above <= k; c++) {
      const other = data[row * classes + c]!;
      if (!Number.isFinite(other)) {
        isSayable = false;
        break;
      }
      if (other > mine) above++;
    }
    out[row] = isSayable && above < k ? 1 : 0;
  }
  return new NdArray(bool, [b], out);
}

/** Whether each target class is among the k largest predictions of its row; predictions: [b, classes]. */
export const inTopK = byKeyword(
  ["predictions", "targets", "k"],
  function inTopK(predictions: TensorLike, targets: TensorLike, k: TensorLike, name?: Name): Tensor {
    return inScope(nameOf(name), "in_top_k", () => inTopKV2Op({ predictions, targets, k }, nameOf(name)));
  },
);
