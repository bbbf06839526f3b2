/** The same elements in another shape: Reshape, ExpandDims, Squeeze. */

import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import { type Dim, elementCount, type FullShape, formatShape, isFull, type Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { compositeCall, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { type Name, type Named, nameOf } from "./names.ts";
import { divided, numbersFromInput, shapeFromInput } from "./shape_input.ts";

/**
 * output = the elements of tensor in the given shape, in which one -1 stands for what is left over.
 * Source: array_ops.cc (SetOutputShapeForReshape), reshape_op.h, array_grad.py.
 */
export const reshapeOp = defineOp("Reshape", {
  inputs: ["tensor: T", "shape: Tshape"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tshape: {int32, int64} = DT_INT32"],
  shape({ tensor, shape }, context) {
    const beyond = shape?.length === 1 && numbersFromInput(context, "shape")?.find((n) => n < -1);
    if (beyond) throw new ValueError(`Invalid value in tensor used for shape: ${beyond}`);
    return { shapes: [reshaped(tensor, shapeFromInput(context, "shape", shape))], handles: [context.handle("tensor")] };
  },
  lower(p, { tensor, shape }) {
    if (shape.shape.length !== 1 && !(shape.shape.length === 0 && p.numbers(shape)[0] === -1)) {
      throw new InvalidArgumentError(`shape must be a 1-D tensor, got shape ${formatShape(shape.shape)}`);
    }
    return p.reshape(tensor, resolveShape(tensor.shape, p.numbers(shape)));
  },
  gradient: (tf, { tensor }, dy) => ({ tensor: reshapeGradient(tf, tensor, dy!) }),
});

function reshapeGradient(tf: GradientTools, input: Tensor, dy: Tensor): Tensor {
  const dims = input.shape;
  if (dims !== null && !isFull(dims) && dims.filter((d) => d === null).length === 1 && !dims.includes(0)) {
    return tf.reshape(
      tf.denseGradient(dy),
      dims.map((d) => d ?? -1),
    );
  }
  return reshapedToInput(tf, input, dy);
}

const reshapedToInput = (tf: GradientTools, input: Tensor, dy: Tensor): Tensor => {
  const dense = tf.denseGradient(dy);
  return tf.reshape(dense, tf.shape(input));
};

/** The one unknown dimension is -2 where several are; the product of the known ones. */
function knownPart(shape: readonly Dim[]): { readonly unknown: number; readonly product: number } {
  const unknown = shape.filter((d) => d === null).length;
  return {
    unknown: unknown === 0 ? -1 : unknown === 1 ? shape.indexOf(null) : -2,
    product: elementCount(shape.filter((d) => d !== null)),
  };
}

/** The static shape of a reshape. Throws INVALID_ARGUMENT when the counts cannot agree. */
function reshaped(input: Shape, wanted: Shape): Shape {
  if (wanted === null) return null;
  if (input === null) return wanted;
  const from = knownPart(input);
  const to = knownPart(wanted);
  const fromUnknown = input.includes(0) ? -1 : from.unknown;
  const fromProduct = input.includes(0) ? 0 : from.product;
  if (to.unknown === -2 || fromUnknown === -2) return wanted;
  if (fromUnknown === -1 && to.unknown === -1) {
    if (fromProduct !== to.product) {
      throw invalidArgument(
        `Cannot reshape a tensor with ${fromProduct} elements to shape ${formatShape(wanted)} (${to.product} elements)`,
      );
    }
    return wanted;
  }
  if (fromUnknown === -1 && to.product === 0 && fromProduct !== 0) {
    throw invalidArgument(
      `Cannot reshape a tensor with ${fromProduct} elements to shape ${formatShape(wanted)} (0 elements)`,
    );
  }
  if (fromUnknown === -1 && to.product > 0) return wanted.map((d) => d ?? divided(fromProduct, to.product));
  if (fromUnknown >= 0 && to.unknown === -1 && fromProduct !== 0) {
    divided(to.product, fromProduct);
    return wanted;
  }
  return wanted;
}

/** The full shape of a reshape, -1 filled in. Throws the kernel's INVALID_ARGUMENT. */
function resolveShape(input: FullShape, sizes: readonly number[]): FullShape {
  const count = elementCount(input);
  let unknown = -1;
  let product = 1;
  for (const [i, size] of sizes.entries()) {
    if (size === -1) {
      if (unknown >= 0) throw new InvalidArgumentError(`Only one input size may be -1, not both ${unknown} and ${i}`);
      unknown = i;
    } else if (size < 0) throw new InvalidArgumentError(`Size ${i} must be non-negative, not ${size}`);
    else product *= size;
  }
  if (unknown < 0) {
    if (product !== count) {
      throw new InvalidArgumentError(
        `Input to reshape is a tensor with ${count} values, but the requested shape has ${product}`,
      );
    }
    return sizes;
  }
  if (product === 0 && count > 0) {
    throw new InvalidArgumentError(`Input to reshape is a tensor with ${count} values, but the requested shape has 0`);
  }
  if (product === 0) {
    throw new InvalidArgumentError(
      "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero",
    );
  }
  if (count % product !== 0) {
    throw new InvalidArgumentError(
      `Input to reshape is a tensor with ${count} values, but the requested shape requires a multiple of ${product}`,
    );
  }
  return sizes.map((size) => (size === -1 ? count / product : size));
}

/** output = input with a dimension of size 1 put in at dim, which counts from -1 - rank to rank. */
export const expandDimsOp = defineOp("ExpandDims", {
  inputs: ["input: T", "dim: Tdim"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tdim: {int32, int64} = DT_INT32"],
  shape({ input, dim }, context) {
    if (dim !== null && isFull(dim) && elementCount(dim) !== 1)
      throw invalidArgument("'dim' input must be a tensor with a single value");
    const at = numbersFromInput(context, "dim")?.[0];
    if (at === undefined || input === null)
      return [at === undefined && input !== null ? new Array<Dim>(input.length + 1).fill(null) : null];
    const rank = input.length;
    if (at < -rank - 1 || at > rank) throw invalidArgument(`dim ${at} not in the interval [${-rank - 1}, ${rank}].`);
    return [withOne(input, at)];
  },
  lower(p, { input, dim }) {
    const at = p.numbers(dim)[0]!;
    const rank = input.shape.length;
    if (at < -rank - 1 || at > rank)
      throw new InvalidArgumentError(`Tried to expand dim index ${at} for tensor with ${rank} dimensions.`);
    return p.reshape(input, withOne(input.shape, at));
  },
  gradient: (tf, { input }, dy) => ({ input: reshapedToInput(tf, input, dy!) }),
});

function withOne<D extends Dim>(shape: readonly D[], at: number): (D | 1)[] {
  const place = at < 0 ? at + shape.length + 1 : at;
  return [...shape.slice(0, place), 1, ...shape.slice(place)];
}

/** output = input without dimensions of size 1: all of them, or those named. */
export const squeezeOp = defineOp("Squeeze", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "squeeze_dims: list(int) >= 0 = []"],
  shape({ input, squeeze_dims }) {
    if (input === null) return [null];
    if (squeeze_dims.length === 0) return [input.includes(null) ? null : input.filter((d) => d !== 1)];
    const wrong = squeeze_dims.findIndex((axis) => axis < -input.length || axis >= input.length);
    if (wrong >= 0) throw invalidArgument(`squeeze_dims[${wrong}] not in [${-input.length},${input.length}).`);
    return [squeezed(input, squeeze_dims)];
  },
  lower: (p, { input, squeeze_dims }) =>
    p.reshape(
      input,
      (squeeze_dims.length ? squeezed(input.shape, squeeze_dims) : input.shape.filter((d) => d !== 1)) as FullShape,
    ),
  gradient: (tf, { input }, dy) => ({ input: reshapedToInput(tf, input, dy!) }),
});

function squeezed(shape: readonly Dim[], axes: readonly number[]): readonly Dim[] {
  const rank = shape.length;
  const dropped = new Set<number>();
  for (const axis of axes) {
    if (axis < -rank || axis >= rank)
      throw new InvalidArgumentError(`Tried to squeeze dim index ${axis} for tensor with ${rank} dimensions.`);
    dropped.add(axis < 0 ? axis + rank : axis);
  }
  return shape.filter((d, i) => {
    if (!dropped.has(i)) return true;
    if (d !== null && d !== 1)
      throw new InvalidArgumentError(`Can not squeeze dim[${i}], expected a dimension of 1, got ${d}`);
    return false;
  });
}

/** The tensor's elements in another shape; one dimension may be -1. Source: array_ops.py. */
export const reshape = byKeyword(
  ["tensor", "shape"],
  function reshape(tensor: TensorLike, shape: TensorLike, name?: Name): Tensor {
    return reshapeOp({ tensor, shape }, nameOf(name));
  },
);

/** The input with a dimension of 1 more, at `axis`; -1 is behind the last. */
export const expandDims = byKeyword(
  ["input"],
  function expandDims(input: TensorLike, axis: TensorLike, name?: Name): Tensor {
    return compositeCall<Tensor>("expandDims", input, axis, name) ?? expandDimsOp({ input, dim: axis }, nameOf(name));
  },
);

interface SqueezeOptions extends Named {
  readonly axis?: number | readonly number[] | null;
}

const squeezePlaces = ["axis", "name"] as const;

/** The input without the dimensions `axis` (all of size 1 when none is named). */
export const squeeze = byKeyword(
  ["input"],
  function squeeze(input: TensorLike, ...rest: Rest<SqueezeOptions, typeof squeezePlaces>): Tensor {
    const { axis, name } = byName<SqueezeOptions>(rest, squeezePlaces);
    return squeezeOp({ input, squeeze_dims: typeof axis === "number" ? [axis] : (axis ?? []) }, name);
  },
);
