/** Tensors of one repeated value: Fill, ZerosLike, OnesLike, and `zeros`, `ones` that make constants where they are small. */
import { DType, type DTypeLike, float32, int32, toDtype, variant } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, isFull, type Shape, withRank } from "../../../../core/shape.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { zerosLikeArray } from "../../../variant/value.ts";
import { inScope, type Name, type Named, nameOf } from "./names.ts";
import { reshape } from "./reshape.ts";
import { shapeInternal } from "./shape.ts";
import { checkedShape, numbersFromInput, shapeFromInput } from "./shape_input.ts";

/** output = value repeated to the shape dims. Source: array_ops.cc, array_grad.py. */
export const fillOp = defineOp("Fill", {
  inputs: ["dims: index_type", "value: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "index_type: {int32, int64} = DT_INT32"],
  shape({ dims, value }, context) {
    withRank(value, 0);
    const shape = shapeFromInput(context, "dims", dims);
    if (numbersFromInput(context, "dims")?.some((n) => n < 0)) throw invalidArgument("Fill dimensions must be >= 0");
    return [shape];
  },
  lower(p, { dims, value }) {
    if (dims.shape.length > 1)
      throw new InvalidArgumentError(`dims must represent a vector, got shape [${dims.shape.join(",")}]`);
    if (value.shape.length > 0)
      throw new InvalidArgumentError(`value must represent a scalar, got shape [${value.shape.join(",")}]`);
    return p.broadcast(value, checkedShape(p, dims));
  },
  gradient: (tf, _, dy) => ({ value: tf.reduceSum(dy!) }),
});

/** y = zeros of x's shape; empty strings for strings. */
export const zerosLikeOp = defineOp("ZerosLike", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs: ["T: type"],
  shape: ({ x }, context) => ({ shapes: [x], handles: [context.handle("x")] }),
  lowers: ({ T }) => T !== variant,
  lower: (p, { x }) => p.fill(0, x.dtype, x.shape),
  compute: ({ x }) => zerosLikeArray(x),
  gradient: "none",
});

export const onesLikeOp = defineOp("OnesLike", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs: [
    "T: {bfloat16, half, float, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64, complex64, complex128, bool}",
  ],
  shape: ({ x }) => [x],
  lower: (p, { x }) => p.fill(x.dtype === "bool" ? true : 1, x.dtype, x.shape),
  gradient: "none",
});

/** A tensor whose values mean nothing; zeros here, with or without `init`. */
export const emptyOp = defineOp("Empty", {
  inputs: ["shape: int32"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "init: bool = false"],
  stateful: true,
  shape: ({ shape }, context) => [shapeFromInput(context, "shape", shape)],
  lower: (p, { shape, dtype }) => p.fill(0, dtype.base, checkedShape(p, shape)),
  gradient: "unregistered",
});

/** A shape argument: dimensions, one number, or a tensor. */
export type ShapeLike = TensorLike | Shape;

/** Constants below this count of elements; nodes that fill from here on. */
const smallCount = 1000;

/** A tensor of the shape filled with the scalar. Source: array_ops.py. */
export const fill = byKeyword(
  ["dims", "value"],
  function fill(dims: TensorLike, value: TensorLike, name?: Name): Tensor {
    return fillOp({ dims, value }, nameOf(name));
  },
);

/** A shape given as numbers, or null for a tensor or a list that holds one. */
function plainShape(shape: ShapeLike): readonly Dim[] | null {
  if (typeof shape === "number") return [shape];
  if (shape instanceof NdArray) return Array.from(shape.data as Int32Array, Number);
  if (ArrayBuffer.isView(shape)) return Array.from(shape as Int32Array, Number);
  if (Array.isArray(shape) && shape.every((d) => typeof d === "number" || d === null)) return shape as readonly Dim[];
  return null;
}

export interface FilledOptions extends Named {
  /** float32 if not given. */
  readonly dtype?: DTypeLike | undefined;
}

function filled(
  value: 0 | 1,
  kind: "zeros" | "ones",
  shape: ShapeLike,
  dtypeOrOptions: DTypeLike | FilledOptions,
  place: Name,
): Tensor {
  const isDtype = typeof dtypeOrOptions === "string" || dtypeOrOptions instanceof DType;
  const given = isDtype ? { name: nameOf(place), dtype: dtypeOrOptions } : dtypeOrOptions;
  const { dtype = float32, name } = given;
  const base = toDtype(dtype).baseDtype;
  const literal = base.isBool ? value === 1 : base.base === "string" ? "" : value;
  return inScope(name, kind, (scope) => {
    let dims: Tensor;
    const plain = shape instanceof Tensor ? null : plainShape(shape);
    if (plain && isFull(plain)) {
      // As in Python, one number is filled where a list of one becomes a constant.
      if (typeof shape !== "number" && elementCount(plain) < smallCount && plain.every((n) => n >= 0))
        return constant(literal, { dtype: base, shape: plain, name: scope });
      dims = constant(plain, { dtype: int32, ...(plain.some((n) => n < 0) ? {} : { name: "shape_as_tensor" }) });
    } else dims = isSymbolic(shape) ? convertToTensor(shape) : convertToTensor(shape as TensorLike, { dtype: int32 });
    if (dims.shape !== null && dims.shape.length === 0) dims = reshape(dims, [-1]);
    return fillOp({ dims, value: constant(literal, { dtype: base }) }, scope);
  });
}

/** Zeros (false, empty strings) of a shape: a constant where it is small and known, else a Fill. Source: array_ops.py. */
export const zeros = byKeyword(
  ["shape"],
  function zeros(shape: ShapeLike, dtype: DTypeLike | FilledOptions = float32, name?: Name): Tensor {
    return filled(0, "zeros", shape, dtype, name);
  },
);

/** Ones (true) of a shape. */
export const ones = byKeyword(
  ["shape"],
  function ones(shape: ShapeLike, dtype: DTypeLike | FilledOptions = float32, name?: Name): Tensor {
    return filled(1, "ones", shape, dtype, name);
  },
);

export interface LikeOptions extends Named {
  readonly dtype?: DType | undefined;
  /** False: a node even where the shape is known while building. */
  readonly optimize?: boolean;
}

/** Zeros of the tensor's shape, and of its dtype if no other is given. */
export function zerosLike(tensor: TensorLike, ...rest: Rest<LikeOptions, ["dtype", "name"]>): Tensor {
  const options: LikeOptions = byName(rest, ["dtype", "name"]);
  const { dtype, optimize = true, name } = options;
  return inScope(name, "zeros_like", (scope) => {
    const x = convertToTensor(tensor, { name: "tensor" });
    const base = x.dtype.baseDtype;
    const wanted = dtype?.baseDtype ?? base;
    if (optimize && isFull(x.shape) && base.base !== "variant") return zeros(x.shape, wanted, { name: scope });
    if (wanted !== base && wanted.base !== "variant")
      return zeros(shapeInternal(x, { optimize }), wanted, { name: scope });
    return zerosLikeOp({ x }, scope);
  });
}

/** Ones of the tensor's shape, and of its dtype if no other is given. */
export function onesLike(tensor: TensorLike, ...rest: Rest<LikeOptions, ["dtype", "name"]>): Tensor {
  const options: LikeOptions = byName(rest, ["dtype", "name"]);
  const { dtype, optimize = true, name } = options;
  return inScope(name, "ones_like", (scope) => {
    const x = convertToTensor(tensor, { name: "tensor" });
    const result = ones(shapeInternal(x, { optimize }), dtype ?? x.dtype, { name: scope });
    result.setShape(x.shape);
    return result;
  });
}
