/** The last axis as sets: difference, intersection, union, and their sizes. Source: set_kernels.cc, sets_impl.py. */

import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Dim, elementCount, formatShape, rowMajorStrides, type Shape } from "../../../core/shape.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { comparer, keyReader, takeRows } from "../array/basic/elements.ts";
import { coordinate, entriesOf, indexMatrix, int64Vector, shapeOfArray } from "./entries.ts";
import { isSparse, type SparseLike, SparseTensor, toSparse } from "./tensor.ts";

/** Sets by group: positions in `values` of the distinct elements. */
interface Sets {
  readonly values: NdArray;
  readonly groupShape: readonly number[];
  readonly groups: readonly ReadonlyMap<unknown, number>[];
}

function denseSets(array: NdArray): Sets {
  if (array.shape.length < 2) throw new InvalidArgumentError(`Shape rank ${array.shape.length} < 2.`);
  const groupShape = array.shape.slice(0, -1);
  const width = array.shape.at(-1)!;
  const key = keyReader(array);
  const groups = Array.from({ length: elementCount(groupShape) }, (_, g) => {
    const set = new Map<unknown, number>();
    for (let i = g * width; i < (g + 1) * width; i++) if (!set.has(key(i))) set.set(key(i), i);
    return set;
  });
  return { values: array, groupShape, groups };
}

function sparseSets(indices: NdArray, values: NdArray, shape: NdArray): Sets {
  const dims = shapeOfArray(shape);
  if (dims.length < 2) throw new InvalidArgumentError(`Shape rank ${dims.length} < 2.`);
  const groupShape = dims.slice(0, -1);
  const strides = rowMajorStrides(groupShape);
  const entries = entriesOf(indices);
  const key = keyReader(values);
  const groups = Array.from({ length: elementCount(groupShape) }, () => new Map<unknown, number>());
  for (let i = 0; i < entries.n; i++) {
    let g = 0;
    for (const [d, stride] of strides.entries()) g += coordinate(entries, i, d) * stride;
    const set = groups[g];
    if (!set) throw new InvalidArgumentError(`Expected group index < ${groups.length}, got ${g}.`);
    if (!set.has(key(i))) set.set(key(i), i);
  }
  return { values, groupShape, groups };
}

/** The elements of a result, each from the first or the second operand. */
type Pick = { readonly from: 0 | 1; readonly at: number };

function combine(a: ReadonlyMap<unknown, number>, b: ReadonlyMap<unknown, number>, operation: string): Pick[] {
  const first = [...a].map(([key, at]) => ({ key, from: 0 as const, at }));
  const second = [...b].map(([key, at]) => ({ key, from: 1 as const, at }));
  switch (operation.toLowerCase()) {
    case "a-b":
      return first.filter(({ key }) => !b.has(key));
    case "b-a":
      return second.filter(({ key }) => !a.has(key));
    case "intersection":
      return first.filter(({ key }) => b.has(key));
    case "union":
      return [...first, ...second.filter(({ key }) => !a.has(key))];
    default:
      throw new InvalidArgumentError(`Invalid set_operation ${operation}.`);
  }
}

function operate(a: Sets, b: Sets, operation: string): NdArray[] {
  if (a.groupShape.join() !== b.groupShape.join()) {
    throw new InvalidArgumentError(
      `Mismatched group shapes ${formatShape(a.groupShape)} vs ${formatShape(b.groupShape)}.`,
    );
  }
  const operands = [a.values, b.values] as const;
  const compare = [
    [comparer(a.values, a.values), comparer(a.values, b.values)],
    [comparer(b.values, a.values), comparer(b.values, b.values)],
  ] as const;
  const strides = rowMajorStrides(a.groupShape);
  const coordinates: number[] = [];
  const picks: Pick[] = [];
  let widest = 0;
  for (const [g, set] of a.groups.entries()) {
    const found = combine(set, b.groups[g]!, operation).sort((x, y) => compare[x.from][y.from](x.at, y.at));
    for (const [i, pick] of found.entries()) {
      coordinates.push(...strides.map((stride, d) => Math.floor(g / stride) % a.groupShape[d]!), i);
      picks.push(pick);
    }
    widest = Math.max(widest, found.length);
  }
  const rank = a.groupShape.length + 1;
  const matrix = indexMatrix(coordinates, rank);
  return [
    new NdArray(matrix.dtype, [picks.length, rank], matrix.data),
    picked(operands, picks),
    int64Vector([...a.groupShape, widest]),
  ];
}

/** The chosen elements of two arrays of one dtype. */
function picked(operands: readonly [NdArray, NdArray], picks: readonly Pick[]): NdArray {
  const parts = operands.map((operand, k) =>
    takeRows(
      operand,
      picks.map(({ from, at }) => (from === k ? at : 0)),
      operand.size ? 1 : 0,
      [picks.length],
    ),
  );
  const [first, second] = parts as [NdArray, NdArray];
  const data = first.data as unknown[] & NdArray["data"];
  for (const [i, { from }] of picks.entries()) if (from === 1) data[i] = second.data[i]!;
  return first;
}

const setAttrs = [
  "set_operation: string",
  "validate_indices: bool = true",
  "T: {int8, int16, int32, int64, uint8, uint16, string}",
] as const;
const setOutputs = ["result_indices: int64", "result_values: T", "result_shape: int64"] as const;

const outputsOfRank = (rank: Dim): Shape[] => [[null, rank], [null], [rank]];

/** Set operations of two dense tensors, group by group. */
export const denseToDenseSetOperationOp = defineOp("DenseToDenseSetOperation", {
  inputs: ["set1: T", "set2: T"],
  outputs: setOutputs,
  attrs: setAttrs,
  shape({ set1, set2 }) {
    for (const set of [set1, set2])
      if (set !== null && set.length < 2)
        throw new InvalidArgumentError(`Input rank must be at least 2 but is ${set.length}`);
    if (set1 !== null && set2 !== null && set1.length !== set2.length)
      throw new InvalidArgumentError(`Ranks do not match: ${set1.length} vs. ${set2.length}`);
    return outputsOfRank(set1?.length ?? set2?.length ?? null);
  },
  compute: ({ set1, set2, set_operation }) => operate(denseSets(set1), denseSets(set2), set_operation),
  gradient: "none",
});

export const denseToSparseSetOperationOp = defineOp("DenseToSparseSetOperation", {
  inputs: ["set1: T", "set2_indices: int64", "set2_values: T", "set2_shape: int64"],
  outputs: setOutputs,
  attrs: setAttrs,
  shape: ({ set1, set2_shape, set2_indices }) =>
    outputsOfRank(set1?.length ?? set2_shape?.[0] ?? set2_indices?.[1] ?? null),
  compute: ({ set1, set2_indices, set2_values, set2_shape, set_operation }) =>
    operate(denseSets(set1), sparseSets(set2_indices, set2_values, set2_shape), set_operation),
  gradient: "none",
});

export const sparseToSparseSetOperationOp = defineOp("SparseToSparseSetOperation", {
  inputs: [
    "set1_indices: int64",
    "set1_values: T",
    "set1_shape: int64",
    "set2_indices: int64",
    "set2_values: T",
    "set2_shape: int64",
  ],
  outputs: setOutputs,
  attrs: setAttrs,
  shape: (op) =>
    outputsOfRank(op.set1_shape?.[0] ?? op.set2_shape?.[0] ?? op.set1_indices?.[1] ?? op.set2_indices?.[1] ?? null),
  compute: (op) =>
    operate(
      sparseSets(op.set1_indices, op.set1_values, op.set1_shape),
      sparseSets(op.set2_indices, op.set2_values, op.set2_shape),
      op.set_operation,
    ),
  gradient: "none",
});

/** size = how many distinct elements each set has. */
export const setSizeOp = defineOp("SetSize", {
  inputs: ["set_indices: int64", "set_values: T", "set_shape: int64"],
  outputs: ["size: int32"],
  attrs: ["validate_indices: bool = true", "T: {int8, int16, int32, int64, uint8, uint16, string}"],
  shape: () => [null],
  compute({ set_indices, set_values, set_shape }) {
    const { groups, groupShape } = sparseSets(set_indices, set_values, set_shape);
    return new NdArray(
      int32,
      groupShape,
      Int32Array.from(groups, (set) => set.size),
    );
  },
  gradient: "none",
});

type SetLike = SparseLike | TensorLike;

function setOperation(a: SetLike, b: SetLike, operation: string): SparseParts {
  const op = isSparse(b)
    ? isSparse(a)
      ? sparseToSparseSetOperationOp({
          set1_indices: a.indices,
          set1_values: a.values,
          set1_shape: a.denseShape,
          set2_indices: b.indices,
          set2_values: b.values,
          set2_shape: b.denseShape,
          set_operation: operation,
        })
      : denseToSparseSetOperationOp({
          set1: a as TensorLike,
          set2_indices: b.indices,
          set2_values: b.values,
          set2_shape: b.denseShape,
          set_operation: operation,
        })
    : denseToDenseSetOperationOp({ set1: a as TensorLike, set2: b as TensorLike, set_operation: operation });
  return new SparseTensor({ indices: op.result_indices, values: op.result_values, denseShape: op.result_shape });
}

/** A dense second operand after a sparse first one goes first; the operation is turned round. */
function ordered(a: SetLike, b: SetLike): [SetLike, SetLike, boolean] {
  const [x, y] = [
    isSparse(a) ? a : convertToTensor(a as TensorLike),
    isSparse(b) ? b : convertToTensor(b as TensorLike),
  ];
  return isSparse(x) && !isSparse(y) ? [y, x, true] : [x, y, false];
}

/** The elements of both sets, set by set along the last axis. */
export function setIntersection(a: SetLike, b: SetLike): SparseParts {
  const [x, y] = ordered(a, b);
  return setOperation(x, y, "intersection");
}

type SetDifferenceOptions = { readonly aminusb?: boolean };
const setDifferencePlaces = ["aminusb"] as const;

/** The elements of one set that the other lacks. */
export function setDifference(
  a: SetLike,
  b: SetLike,
  ...rest: Rest<SetDifferenceOptions, typeof setDifferencePlaces>
): SparseParts {
  const options = byName<SetDifferenceOptions>(rest, setDifferencePlaces);
  const [x, y, isFlipped] = ordered(a, b);
  const aminusb = (options.aminusb ?? true) !== isFlipped;
  return setOperation(x, y, aminusb ? "a-b" : "b-a");
}

export function setUnion(a: SetLike, b: SetLike): SparseParts {
  const [x, y] = ordered(a, b);
  return setOperation(x, y, "union");
}

/** How many distinct elements each set of the last axis has. */
export function setSize(a: SparseLike): Tensor {
  const sparse = toSparse(a);
  return setSizeOp({ set_indices: sparse.indices, set_values: sparse.values, set_shape: sparse.denseShape });
}
