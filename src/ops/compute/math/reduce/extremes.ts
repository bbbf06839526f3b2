/** Largest and smallest values along axes, where they are, and the logic of bools. Source: math_ops.cc, argmax_op.cc, math_grad.py. */

import { type DType, int32, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, TypeError } from "../../../../core/error.ts";
import { formatShape, type Shape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { compositeCall, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { scalarFromInput } from "../../array/basic/shape_input.ts";
import { cast } from "../cast.ts";
import { axesOf, knownScalar, lowerReduction, reducedStaticShape, reduceOptions } from "./axes.ts";
import { reducedShape } from "./reduced_shape.ts";
import { callReduction, type ReduceCall, type ReduceOp, type ReduceRecord, reduction } from "./sums.ts";

/** dy goes to the elements that are equal to the extreme one, in equal shares. */
function extremeGradient(
  tf: GradientTools,
  { input, reduction_indices, output, keep_dims }: ReduceRecord,
  dy: Tensor,
): Tensor {
  const shape = tf.shape(input);
  const kept = keep_dims ? tf.shape(output) : reducedShape(tf, shape, reduction_indices);
  const y = keep_dims ? output : tf.reshape(output, kept);
  const grad = keep_dims ? dy : tf.reshape(dy, kept);
  const isChosen = tf.cast(tf.equal(y, input), grad.dtype.baseDtype);
  const count = tf.reshape(tf.reduceSum(isChosen, { axis: reduction_indices }), kept);
  return tf.divide(isChosen, count).mul(grad);
}

const ordered =
  "{float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8, quint8, qint32, qint16, quint16}";

export const maxOp: ReduceOp = reduction(
  "Max",
  (p, x, axes, keep) => p.reduce("max", x, axes, keep),
  extremeGradient,
  ordered,
);
export const minOp: ReduceOp = reduction(
  "Min",
  (p, x, axes, keep) => p.reduce("min", x, axes, keep),
  extremeGradient,
  ordered,
);

export const allOp = defineOp("All", {
  inputs: ["input: bool", "reduction_indices: Tidx"],
  outputs: ["output: bool"],
  attrs: ["keep_dims: bool = false", "Tidx: {int32, int64} = DT_INT32"],
  shape: reducedStaticShape,
  lower: lowerReduction((p, x, axes, keep) => p.reduce("all", x, axes, keep)),
  gradient: "unregistered",
});

export const anyOp = defineOp("Any", {
  inputs: ["input: bool", "reduction_indices: Tidx"],
  outputs: ["output: bool"],
  attrs: ["keep_dims: bool = false", "Tidx: {int32, int64} = DT_INT32"],
  shape: reducedStaticShape,
  lower: lowerReduction((p, x, axes, keep) => p.reduce("any", x, axes, keep)),
  gradient: "unregistered",
});

const measured =
  "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8, quint8, qint32, qint16, quint16, bool}";

/** The input without one dimension. Throws `Dimension (2) must be in the range [-2, 2), where 2 is the number of dimensions in the input. ` */
function withoutDimension(
  { input, dimension }: { readonly input: Shape; readonly dimension: Shape },
  context: ShapeContext,
): readonly Shape[] {
  const axis = scalarFromInput(context, "dimension", dimension);
  if (input === null) return [null];
  const rank = input.length;
  if (rank <= 1) return [[]];
  if (axis === null) return [new Array<null>(rank - 1).fill(null)];
  if (axis < -rank || axis >= rank) {
    throw invalidArgument(
      `Dimension (${axis}) must be in the range [${-rank}, ${rank}), where ${rank} is the number of dimensions in the input.`,
    );
  }
  return [input.filter((_, i) => i !== (axis < 0 ? axis + rank : axis))];
}

function position(p: Lowering, fn: "max" | "min", x: Value, dimension: Value, dtype: DType): Value {
  if (dimension.shape.length > 0)
    throw new InvalidArgumentError(
      `dim must be a scalar, but received tensor of shape: ${formatShape(dimension.shape)}`,
    );
  const dim = p.numbers(dimension)[0]!;
  const rank = x.shape.length;
  const axis = dim < 0 ? dim + rank : dim;
  if (axis < 0 || axis >= rank)
    throw new InvalidArgumentError(`Expected dimension in the range [${-rank}, ${rank}), but got ${dim}`);
  if (x.shape[axis] === 0)
    throw new InvalidArgumentError(`Reduction axis ${dim} is empty in shape ${formatShape(x.shape)}`);
  const found = p.argReduce(fn, x.dtype === "bool" ? p.cast(x, "uint8") : x, axis, dtype === int64 ? "int64" : "int32");
  return dtype === int64 || dtype === int32 ? found : p.cast(found, dtype.base);
}

/** output = where the largest value along `dimension` is; the first of several. */
export const argMaxOp = defineOp("ArgMax", {
  inputs: ["input: T", "dimension: Tidx"],
  outputs: ["output: output_type"],
  attrs: [
    measured as "T: type",
    "Tidx: {int16, int32, int64} = DT_INT32",
    "output_type: {int16, uint16, int32, int64} = DT_INT64",
  ],
  shape: withoutDimension,
  lower: (p, { input, dimension, output_type }) => position(p, "max", input, dimension, output_type),
  gradient: () => ({}),
});

export const argMinOp = defineOp("ArgMin", {
  inputs: ["input: T", "dimension: Tidx"],
  outputs: ["output: output_type"],
  attrs: [measured as "T: type", "Tidx: {int32, int64} = DT_INT32", "output_type: {int32, int64} = DT_INT64"],
  shape: withoutDimension,
  lower: (p, { input, dimension, output_type }) => position(p, "min", input, dimension, output_type),
  gradient: () => ({}),
});

/**
 * The greatest element over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims` stay with size 1;
 * dtype of the input, real numbers.
 */
export const reduceMax: ReduceCall = callReduction(maxOp);
/**
 * The least element over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims` stay with size 1; dtype
 * of the input, real numbers.
 */
export const reduceMin: ReduceCall = callReduction(minOp);

const callLogic =
  (op: typeof allOp): ReduceCall =>
  (input, ...rest) => {
    const { axis, keepDims, name } = reduceOptions(rest);
    const ragged = compositeCall<Tensor>(op.definition.type, input, { axis, keepdims: keepDims, name });
    if (ragged) return ragged;
    const reduction_indices = axesOf(input, axis);
    return knownScalar(op({ input, reduction_indices, keep_dims: keepDims }, name), axis, keepDims);
  };

/** Whether all elements along `axis` are true. */
export const reduceAll: ReduceCall = callLogic(allOp);
/** Whether one element along `axis` is true. */
export const reduceAny: ReduceCall = callLogic(anyOp);

export interface ArgOptions extends Named {
  readonly axis?: TensorLike | null;
  /** int64 by default. */
  readonly outputType?: DType;
  /** The older name of `axis`. */
  readonly dimension?: TensorLike | null;
}

const argPlaces = ["axis", "name", "dimension", "outputType"] as const;
type ArgRest = Rest<ArgOptions, typeof argPlaces>;
export type ArgCall = (input: TensorLike, ...rest: ArgRest) => Tensor;

function argOptions(rest: ArgRest): { axis: TensorLike; outputType: DType; name: string | undefined } {
  const given = byName<ArgOptions>(rest, argPlaces);
  return { axis: given.axis ?? given.dimension ?? 0, outputType: given.outputType ?? int64, name: given.name };
}

const narrow = new Set(["int8", "uint8", "int16", "uint16"]);

/** The position of the largest value along `axis` (0 by default). */
export const argmax: ArgCall = (input, ...rest) => {
  const { axis, outputType, name } = argOptions(rest);
  if (isSymbolic(axis)) {
    const { dtype } = axis as Tensor;
    if (!narrow.has(dtype.base) && dtype.base !== "int32" && dtype.base !== "int64")
      throw new TypeError(`axis tensor dtypes ${dtype} is not supported`);
    const dimension = narrow.has(dtype.base) ? cast(axis as Tensor, int32) : axis;
    return argMaxOp({ input, dimension, output_type: outputType }, name);
  }
  return argMaxOp({ input, dimension: axis, output_type: outputType }, name);
};

/** The position of the smallest value along `axis` (0 by default). */
export const argmin: ArgCall = (input, ...rest) => {
  const { axis, outputType, name } = argOptions(rest);
  return argMinOp({ input, dimension: axis, output_type: outputType }, name);
};

const firstPlaces = ["dimension", "outputType", "name"] as const;
type FirstCall = (input: TensorLike, ...rest: Rest<ArgOptions, typeof firstPlaces>) => Tensor;

/** argmax and argmin by their first names. */
export const argMax: FirstCall = (input, ...rest) => argmax(input, byName<ArgOptions>(rest, firstPlaces));
/** As argmin. */
export const argMin: FirstCall = (input, ...rest) => argmin(input, byName<ArgOptions>(rest, firstPlaces));
