/** Python's slicing: StridedSlice, its gradient, and a tensor with one slice replaced. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { type FullShape, mergeShapes, type Shape, sameShape, withRank } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { onesLike } from "../basic/fill.ts";
import { bracketed, type Named } from "../basic/names.ts";
import { numbersFromInput, shapeFromInput } from "../basic/shape_input.ts";
import { getStaticValue } from "../basic/static_value.ts";
import { assignSlice, type Bounds, dynamicBegin, kernelSpec, outOfBounds, scatterBox, sizesOf, spread } from "./box.ts";
import { denseSlice, type Masks, type SliceSpec } from "./spec.ts";

/** The specification as far as it is known while building; null when not even the strides are. */
function staticSpec(op: Bounds<Shape> & Masks & { readonly input: Shape }, context: ShapeContext): SliceSpec | null {
  mergeShapes(mergeShapes(withRank(op.begin, 1), withRank(op.end, 1)), withRank(op.strides, 1));
  const strides = numbersFromInput(context, "strides");
  if (!strides) return null;
  const { begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask } = op;
  const masks = { begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask };
  if (op.input) denseSlice({ begin: null, end: null, strides, ...masks }, op.input); // complains before it looks at begin and end
  const begin = numbersFromInput(context, "begin");
  const end = numbersFromInput(context, "end");
  return { begin, end, strides, ...masks };
}

/** output = input[begin:end:strides] with the masks of Python's slicing. Source: array_ops.cc, strided_slice_op.cc, array_grad.py. */
export const stridedSliceOp = defineOp("StridedSlice", {
  inputs: ["input: T", "begin: Index", "end: Index", "strides: Index"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "Index: {int16, int32, int64}",
    "begin_mask: int = 0",
    "end_mask: int = 0",
    "ellipsis_mask: int = 0",
    "new_axis_mask: int = 0",
    "shrink_axis_mask: int = 0",
  ],
  shape(op, context) {
    const spec = staticSpec(op, context);
    return [spec && op.input ? denseSlice(spec, op.input).shape : null];
  },
  partialValue(op, context) {
    if (op.input?.length !== 1 || !context.outputDtypes[0]!.isInteger || op.new_axis_mask || op.ellipsis_mask)
      return null;
    const spec = staticSpec(op, context);
    const elements = context.valueAsShape("input");
    if (!spec?.begin || !spec.end || !elements) return null;
    const [dim] = denseSlice(spec, [elements.length]).dims;
    if (!dim) return elements;
    return Array.from({ length: dim.size! }, (_, i) => elements[dim.begin! + i * dim.stride]!);
  },
  lower(p, op) {
    const { input } = op;
    const { dense, isDynamic } = kernelSpec(p, op, input.shape);
    const sizes = sizesOf(dense);
    const box = isDynamic
      ? p.dynamicSlice(input, dynamicBegin(p, op.begin, dense.dims, input.shape), sizes, outOfBounds)
      : p.slice(
          input,
          dense.dims.map((dim) => dim.begin!),
          sizes,
          dense.dims.map((dim) => dim.stride),
        );
    return p.reshape(box, dense.shape as FullShape);
  },
  gradient(tf, op, dy) {
    const { begin, end, strides } = op;
    const x = tf.shape(op.input, { outType: begin.dtype });
    const known = (tensor: Tensor) => getStaticValue(tensor) ?? tensor;
    const bounds = [known(x), known(begin), known(end), known(strides)] as const;
    return { input: tf.stridedSliceGrad(bounds[0], bounds[1], bounds[2], bounds[3], dy!, masksOf(op)) };
  },
});

const masksOf = (op: Masks): StridedSliceOptions => ({
  beginMask: op.begin_mask,
  endMask: op.end_mask,
  ellipsisMask: op.ellipsis_mask,
  newAxisMask: op.new_axis_mask,
  shrinkAxisMask: op.shrink_axis_mask,
});

/** Zeros of the shape, with dy in the places that the slice takes. */
export const stridedSliceGradOp = defineOp("StridedSliceGrad", {
  inputs: ["shape: Index", "begin: Index", "end: Index", "strides: Index", "dy: T"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "Index: {int32, int64}",
    "begin_mask: int = 0",
    "end_mask: int = 0",
    "ellipsis_mask: int = 0",
    "new_axis_mask: int = 0",
    "shrink_axis_mask: int = 0",
  ],
  shape: ({ shape }, context) => [shapeFromInput(context, "shape", shape)],
  lower(p, op) {
    const { dy } = op;
    const shape = p.numbers(op.shape);
    const { dense, isDynamic } = kernelSpec(p, op, shape);
    if (!sameShape(dy.shape, dense.shape as FullShape)) {
      throw new InvalidArgumentError(`shape of dy was ${bracketed(dy.shape)} instead of ${bracketed(dense.shape)}`);
    }
    if (!isDynamic) return spread(p, p.reshape(dy, sizesOf(dense)), dense, shape);
    return scatterBox(p, p.fill(0, dy.dtype, shape), dynamicBegin(p, op.begin, dense.dims, shape), dense, dy);
  },
  gradient(tf, op, dy) {
    return { dy: tf.stridedSlice(dy!, op.begin, op.end, { ...masksOf(op), strides: op.strides }) };
  },
});

/** output = input with the slice replaced by value, which broadcasts. Source: array_ops.cc, strided_slice_op.cc. */
export const tensorStridedSliceUpdateOp = defineOp("TensorStridedSliceUpdate", {
  inputs: ["input: T", "begin: Index", "end: Index", "strides: Index", "value: T"],
  outputs: ["output: T"],
  attrs: [
    "T: type",
    "Index: {int32, int64}",
    "begin_mask: int = 0",
    "end_mask: int = 0",
    "ellipsis_mask: int = 0",
    "new_axis_mask: int = 0",
    "shrink_axis_mask: int = 0",
  ],
  shape: ({ input }) => [input],
  lower: (p, op) => assignSlice(p, op.input, op, op.value),
  gradient(tf, op, grad) {
    const options = { ...masksOf(op), strides: op.strides };
    const part = tf.stridedSlice(grad!, op.begin, op.end, options);
    const input = tf.tensorStridedSliceUpdate(grad!, op.begin, op.end, op.strides, tf.zerosLike(part), masksOf(op));
    const sliced = tf.shape(part, { outType: op.begin.dtype });
    const value = tf.shape(op.value, { outType: sliced.dtype });
    const axes = tf.broadcastGradientArgsOp({ s0: sliced, s1: value }).r1;
    return { input, value: tf.reshape(tf.reduceSum(part, { axis: axes, keepdims: true }), value) };
  },
});

export interface StridedSliceOptions extends Named {
  readonly beginMask?: number;
  readonly endMask?: number;
  readonly ellipsisMask?: number;
  readonly newAxisMask?: number;
  readonly shrinkAxisMask?: number;
}

const maskAttrs = (options: StridedSliceOptions): Masks => ({
  begin_mask: options.beginMask ?? 0,
  end_mask: options.endMask ?? 0,
  ellipsis_mask: options.ellipsisMask ?? 0,
  new_axis_mask: options.newAxisMask ?? 0,
  shrink_axis_mask: options.shrinkAxisMask ?? 0,
});

type StridedSliceArguments = { readonly strides?: TensorLike | null } & StridedSliceOptions;
const maskNames = ["beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"] as const;

/** input[begin:end:strides] with bit masks as in Python's `tf.strided_slice`; strides are ones when left out. */
export const stridedSlice = byKeyword(
  ["input", "begin", "end"],
  function stridedSlice(
    input: TensorLike,
    begin: TensorLike,
    end: TensorLike,
    ...rest: Rest<StridedSliceArguments, ["strides", ...typeof maskNames]>
  ): Tensor {
    const options = byName<StridedSliceArguments>(rest, ["strides", ...maskNames]);
    const strides = options.strides ?? onesLike(begin);
    return stridedSliceOp({ input, begin, end, strides, ...maskAttrs(options) }, options.name);
  },
);

/** Zeros of `shape` with `dy` where the slice lies. */
export const stridedSliceGrad = (
  shape: TensorLike,
  begin: TensorLike,
  end: TensorLike,
  strides: TensorLike,
  dy: TensorLike,
  options: StridedSliceOptions = {},
): Tensor => stridedSliceGradOp({ shape, begin, end, strides, dy, ...maskAttrs(options) }, options.name);

export const tensorStridedSliceUpdate = (
  input: TensorLike,
  begin: TensorLike,
  end: TensorLike,
  strides: TensorLike,
  value: TensorLike,
  options: StridedSliceOptions = {},
): Tensor => tensorStridedSliceUpdateOp({ input, begin, end, strides, value, ...maskAttrs(options) }, options.name);
