/** Conversions and static facts: `tf.asDtype`, `tf.convertToTensorOrSparseTensor`, `tf.dimensionValue`, … Source: dtypes.py, tensor_shape.py, indexed_slices.py. */
import { type DType, type DTypeLike, toDtype } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { broadcastShapes, type Dim, formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type Literal, literalToArray, type TensorLike } from "../../ops/convert.ts";
import { guaranteeConstOp } from "../../ops/index.ts";
import type { pb } from "../../proto/messages.ts";
import { fromTensorProto, toTensorProto } from "../../proto/tensor_proto.ts";

interface ConvertOptions {
  readonly dtype?: DType | undefined;
  readonly name?: string | undefined;
}

/** A new axis where a slice has this: `x.at(tf.newaxis, ":")`. */
export const newaxis = null;

/** The dtype of a name ("float32"), of a number of TensorFlow's enum, or of a dtype. Throws TypeError for others. */
export const asDtype = (value: DTypeLike | string | number): DType => toDtype(value);

export const convertToTensorOrSparseTensor = (
  value: TensorLike | SparseTensor,
  options: ConvertOptions = {},
): Tensor | SparseTensor => {
  if (!(value instanceof SparseTensor)) return convertToTensor(value, options);
  if (options.dtype && options.dtype !== value.dtype) {
    throw new RuntimeError(`Sparse dtype mismatch. Requested: ${options.dtype.name}  Actual: ${value.dtype.name}`);
  }
  return value;
};

export function convertToTensorOrIndexedSlices(
  value: TensorLike | IndexedSlices,
  options: ConvertOptions = {},
): Tensor | IndexedSlices {
  if (!(value instanceof IndexedSlices)) return convertToTensor(value, options);
  if (options.dtype && options.dtype !== value.dtype) {
    throw new ValueError(
      `Tensor conversion requested dtype ${options.dtype.name} for Tensor with dtype ${value.dtype.name}: ${value}`,
    );
  }
  return value;
}

export const isSymbolicTensor = (value: unknown): boolean => isSymbolic(value);

/** A dimension as a number, or null. */
export const dimensionValue = (dimension: Dim | undefined): Dim => dimension ?? null;

/** The i-th dimension of a shape; null where it is not known. */
export const dimensionAtIndex = (shape: Shape, i: number): Dim => shape?.at(i) ?? null;

/** The shape that two broadcast to. Throws ValueError where they do not. */
export function broadcastStaticShape(x: Shape, y: Shape): Shape {
  try {
    return broadcastShapes(x, y);
  } catch {
    throw new ValueError(
      `Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they are either equal or one of them is 1. Received: ${formatShapePython(x)} and ${formatShapePython(y)}.`,
    );
  }
}

/** A value as TensorFlow's message. */
export const makeTensorProto = (
  value: Literal,
  options: { readonly dtype?: DType | undefined } = {},
): pb.TensorProto.$Properties => toTensorProto(literalToArray(value, options.dtype));

/** TensorFlow's message as an array. */
export const makeNdarray = (proto: pb.TensorProto.$Properties): NdArray => fromTensorProto(proto);

/** The input, said to be constant. */
export const guaranteeConst = (input: TensorLike, options: { readonly name?: string | undefined } = {}): Tensor =>
  guaranteeConstOp({ input }, options.name);

/** Runs fn outside control flow and control dependencies, where variables are made. */
export const initScope = <R>(fn: () => R): R => getDefaultGraph().initScope(fn);

/** No loss, whatever the variable. */
export const noRegularizer = (_: unknown): null => null;
