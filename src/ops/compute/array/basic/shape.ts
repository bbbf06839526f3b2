/** What a tensor's shape says: Shape, ShapeN, Size, Rank. */

import { type DType, int32 } from "../../../../core/dtype.ts";
import { elementCount, isFull, type Shape } from "../../../../core/shape.ts";
import { SparseTensor } from "../../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "./names.ts";

/** output = the dimensions of input, a vector. Source: array_ops.cc. */
export const shapeOp = defineOp("Shape", {
  inputs: ["input: T"],
  outputs: ["output: out_type"],
  attrs: ["T: type", "out_type: {int32, int64} = DT_INT32"],
  shape: ({ input }) => [[input?.length ?? null]],
  partialValue: ({ input }) => input,
  lower: (p, { input, out_type }) => p.list(input.shape, out_type.base),
  gradient: "none",
});

/** output[i] = the dimensions of input[i]. */
export const shapeNOp = defineOp("ShapeN", {
  inputs: ["input: N * T"],
  outputs: ["output: N * out_type"],
  attrs: ["N: int >= 1", "T: type", "out_type: {int32, int64} = DT_INT32"],
  shape: ({ input }) => input.map((shape) => [shape?.length ?? null]),
  lower: (p, { input, out_type }) => input.map((x) => p.list(x.shape, out_type.base)),
  gradient: "none",
});

/** output = the number of elements of input, a scalar. */
export const sizeOp = defineOp("Size", {
  inputs: ["input: T"],
  outputs: ["output: out_type"],
  attrs: ["T: type", "out_type: {int32, int64} = DT_INT32"],
  shape: () => [[]],
  partialValue: ({ input }) => (isFull(input) ? [elementCount(input)] : null),
  lower: (p, { input, out_type }) => p.scalar(elementCount(input.shape), out_type.base),
  gradient: "none",
});

/** output = the number of dimensions of input, a scalar int32. */
export const rankOp = defineOp("Rank", {
  inputs: ["input: T"],
  outputs: ["output: int32"],
  attrs: ["T: type"],
  shape: () => [[]],
  partialValue: ({ input }) => (input === null ? null : [input.length]),
  lower: (p, { input }) => p.scalar(input.shape.length, "int32"),
  gradient: "none",
});

export interface ShapeOptions extends Named {
  readonly outType?: DType | undefined;
  /** False: a node even where the shape is known while building. */
  readonly optimize?: boolean;
}

const shapePlaces = ["name", "outType"] as const;

/** The shape of the input as a vector; a constant where it is known while building. Source: array_ops.py. */
export const shape = byKeyword(
  ["input"],
  function shape(input: TensorLike | SparseTensor, ...rest: Rest<ShapeOptions, typeof shapePlaces>): Tensor {
    const options = byName<ShapeOptions>(rest, shapePlaces);
    const { outType = int32, optimize = true, name } = options;
    return inScope(name, "Shape", (scope) => {
      if (input instanceof SparseTensor) return ops.castOp({ x: input.denseShape, DstT: outType });
      const tensor = convertToTensor(input);
      if (optimize && isFull(tensor.shape)) return constant([...tensor.shape], { dtype: outType, name: scope });
      return shapeOp({ input: tensor, out_type: outType }, scope);
    });
  },
);

/** The shape as wrappers ask for it among themselves: a constant has the name that Python gives to converted shapes. */
export function shapeInternal(input: TensorLike, options: { readonly optimize?: boolean } = {}): Tensor {
  const { optimize = true } = options;
  return inScope(null, "Shape", (scope) => {
    const tensor = convertToTensor(input);
    if (optimize && isFull(tensor.shape)) return constant([...tensor.shape], { dtype: int32, name: "shape_as_tensor" });
    return shapeOp({ input: tensor, out_type: int32 }, scope);
  });
}

const shapeNPlaces = ["outType", "name"] as const;

/** The shapes of several tensors, one vector each. */
export const shapeN = (
  inputs: readonly TensorLike[],
  ...rest: Rest<{ outType?: DType } & Named, typeof shapeNPlaces>
): Tensor[] => {
  const options = byName<{ outType?: DType } & Named>(rest, shapeNPlaces);
  return shapeNOp({ input: inputs, out_type: options.outType ?? int32 }, options.name);
};

/** The number of elements, a scalar; a constant where it is known while building. */
export const size = byKeyword(
  ["input"],
  function size(input: TensorLike | SparseTensor, ...rest: Rest<ShapeOptions, typeof shapePlaces>): Tensor {
    const options = byName<ShapeOptions>(rest, shapePlaces);
    const { outType = int32, optimize = true, name } = options;
    return inScope(name, "Size", (scope) => {
      if (input instanceof SparseTensor) {
        const dims = ops.castOp({ x: input.denseShape, DstT: outType });
        return ops.prodOp({ input: dims, reduction_indices: 0 }, scope);
      }
      const tensor = convertToTensor(input);
      const dims: Shape = tensor.shape;
      if (optimize && isFull(dims)) return constant(elementCount(dims), { dtype: outType, name: scope });
      if (optimize && dims?.includes(0)) return constant(0, { dtype: outType, name: scope });
      return sizeOp({ input: tensor, out_type: outType }, scope);
    });
  },
);

type RankOptions = { readonly optimize?: boolean } & Named;
const rankPlaces = ["name"] as const;

/** The number of dimensions, a scalar int32; a constant where it is known while building. */
export const rank = byKeyword(
  ["input"],
  function rank(input: TensorLike | SparseTensor, ...rest: Rest<RankOptions, typeof rankPlaces>): Tensor {
    const options = byName<RankOptions>(rest, rankPlaces);
    const { optimize = true, name } = options;
    return inScope(name, "Rank", (scope) => {
      if (input instanceof SparseTensor) return sizeOp({ input: input.denseShape }, scope);
      const tensor = convertToTensor(input);
      if (optimize && tensor.shape !== null) return constant(tensor.shape.length, { dtype: int32, name: scope });
      return rankOp({ input: tensor }, scope);
    });
  },
);
