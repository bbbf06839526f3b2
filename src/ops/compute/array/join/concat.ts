/** Joining along an axis that is there already: Concat, ConcatV2, ConcatOffset. */

import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import {
  type Dim,
  type FullShape,
  formatShape,
  mergeShapes,
  type Shape,
  withRank,
  withRankAtLeast,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { compositeCall, convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword } from "../../../options.ts";
import { identity } from "../basic/identity.ts";
import { inScope, type Name, type Named, nameOf } from "../basic/names.ts";
import { expandDims } from "../basic/reshape.ts";
import { scalarFromInput } from "../basic/shape_input.ts";
import { concatGradient } from "./concat_gradient.ts";

function concatShape(values: readonly Shape[], axisShape: Shape, axisInput: string, context: ShapeContext): Shape[] {
  const known = values.find((shape) => shape !== null);
  if (known?.length === 0) throw invalidArgument("Can't concatenate scalars (use tf.stack instead)");
  const inputs = known ? values.map((shape) => withRank(shape, known.length)) : values;
  const axis = scalarFromInput(context, axisInput, axisShape);
  if (!known) return [null];
  const rank = known.length;
  if (axis === null) return [new Array<Dim>(rank).fill(null)];
  for (const shape of inputs) withRankAtLeast(shape, axis < 0 ? -axis : axis + 1);
  const at = axis < 0 ? axis + rank : axis;
  const shapes = inputs as readonly (readonly Dim[])[];
  const last = shapes.at(-1)!;
  let before: Shape = last.slice(0, at);
  let after: Shape = last.slice(at + 1);
  let middle: Dim = last[at]!;
  for (const shape of shapes.slice(0, -1).reverse()) {
    before = mergeShapes(shape.slice(0, at), before);
    middle = middle === null || shape[at] === null ? null : middle + shape[at]!;
    after = mergeShapes(shape.slice(at + 1), after);
  }
  return [[...before!, middle, ...after!]];
}

/** The elements of joined int vectors, as far as each is known. */
function joinedElements(values: readonly Shape[], context: ShapeContext): readonly Dim[] | null {
  if (!context.outputDtypes[0]!.isInteger || values.some((shape) => shape?.length !== 1)) return null;
  const parts = values.map((_, i) => context.valueAsShape("values", i));
  return parts.every((part) => part !== null) ? parts.flat() : null;
}

/** Source: concat_op.cc. */
function concatLowered(p: Lowering, values: readonly Value[], axisInput: Value): Value {
  const axis = p.numbers(axisInput)[0]!;
  const [first] = values;
  const rank = first!.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) {
    throw new InvalidArgumentError(
      `ConcatOp : Expected concatenating dimensions in the range [${-rank}, ${rank}), but got ${axis}`,
    );
  }
  for (const [i, value] of values.entries()) {
    if (value.shape.length !== rank) {
      throw new InvalidArgumentError(
        `ConcatOp : Ranks of all input tensors should match: shape[0] = ${formatShape(first!.shape)} vs. shape[${i}] = ${formatShape(value.shape)}`,
      );
    }
    for (let d = 0; d < rank; d++) {
      if (d !== at && value.shape[d] !== first!.shape[d]) {
        throw new InvalidArgumentError(
          `ConcatOp : Dimension ${d} in both shapes must be equal: shape[0] = ${formatShape(first!.shape)} vs. shape[${i}] = ${formatShape(value.shape)}`,
        );
      }
    }
  }
  return p.concat(values, at);
}

/** output = the values one after the other along concat_dim. */
export const concatOp = defineOp("Concat", {
  inputs: ["concat_dim: int32", "values: N * T"],
  outputs: ["output: T"],
  attrs: ["N: int >= 2", "T: type"],
  shape: ({ concat_dim, values }, context) => concatShape(values, concat_dim, "concat_dim", context),
  partialValue: ({ values }, context) => joinedElements(values, context),
  lower: (p, { concat_dim, values }) => concatLowered(p, values, concat_dim),
  gradient: (tf, { concat_dim, values }, dy) => ({ values: concatGradient(tf, values, concat_dim, dy!) }),
});

/** output = the values one after the other along axis. Source: array_ops.cc, array_grad.py. */
export const concatV2Op = defineOp("ConcatV2", {
  inputs: ["values: N * T", "axis: Tidx"],
  outputs: ["output: T"],
  attrs: ["N: int >= 2", "T: type", "Tidx: {int32, int64} = DT_INT32"],
  shape: ({ values, axis }, context) => concatShape(values, axis, "axis", context),
  partialValue: ({ values }, context) => joinedElements(values, context),
  lower: (p, { values, axis }) => concatLowered(p, values, axis),
  gradient: (tf, { values, axis }, dy) => ({ values: concatGradient(tf, values, axis, dy!) }),
});

/** offset[i] = where shape[i]'s tensor begins in the result of a concat. Source: concat_op.cc. */
export const concatOffsetOp = defineOp("ConcatOffset", {
  inputs: ["concat_dim: int32", "shape: N * shape_type"],
  outputs: ["offset: N * shape_type"],
  attrs: ["N: int >= 2", "shape_type: {int32, int64} = DT_INT32"],
  shape: ({ shape }) => shape.map((s) => withRank(s, 1)),
  lower(p, { concat_dim, shape }) {
    const axis = p.numbers(concat_dim)[0]!;
    const shapes = shape.map((s) => p.numbers(s));
    const rank = shapes[0]!.length;
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank) throw new InvalidArgumentError(`Concat dim is out of range: ${axis} vs. ${rank}`);
    let offset = 0;
    return shapes.map((dims, i) => {
      checkOffsets(shapes[0]!, dims, at, i);
      const begin = dims.map((_, d) => (d === at ? offset : 0));
      offset += dims[at]!;
      return p.list(begin, shape[i]!.dtype);
    });
  },
  gradient: "none",
});

function checkOffsets(first: FullShape, dims: FullShape, at: number, i: number): void {
  if (dims.length !== first.length) {
    throw new InvalidArgumentError(`input ${i} should contain ${first.length} elements, but got ${dims.length}`);
  }
  for (const [d, n] of dims.entries()) {
    if (d !== at && n !== first[d]) {
      throw new InvalidArgumentError(
        `All dimensions except ${at} must match. Input ${i} has shape [${dims.join(" ")}] and doesn't match input 0 with shape [${first.join(" ")}].`,
      );
    }
  }
}

/** output = the values, each with a first dimension of 1, one after the other. */
export const parallelConcatOp = defineOp("ParallelConcat", {
  inputs: ["values: N * T"],
  outputs: ["output: T"],
  attrs: ["N: int >= 1", "T: type", "shape: shape"],
  shape({ values, shape }) {
    for (const value of values) {
      if (value !== null && value[0] !== null && value[0] !== 1)
        throw new InvalidArgumentError("Size of first dimension must be 1.");
    }
    return [shape];
  },
  lower: (p, { values }) => p.concat(values, 0),
  gradient: "unregistered",
});

/** The values one after the other along `axis`; a single value is passed on. Source: array_ops.py. */
export const concat = byKeyword(
  ["values", "axis"],
  function concat(values: readonly TensorLike[] | Tensor, axis: TensorLike, options: Named = {}): Tensor {
    const ragged = compositeCall<Tensor>("concat", values, axis, options);
    if (ragged) return ragged;
    const name = options.name ?? "concat";
    const list = Array.isArray(values) ? (values as readonly TensorLike[]) : [values as Tensor];
    if (list.length === 0)
      throw new ValueError("List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 2.");
    if (list.length > 1) return concatV2Op({ values: list, axis }, name);
    return inScope(name, name, () => {
      const dim = convertToTensor(axis, { name: "concat_dim", dtype: int32 });
      withRank(dim.shape, 0);
      return identity(list[0] as Tensor, { name });
    });
  },
);

/** The beginnings of tensors of these shapes in their concatenation, one vector each. */
export const concatOffset = (concatDim: TensorLike, shapes: readonly TensorLike[], options: Named = {}): Tensor[] =>
  concatOffsetOp({ concat_dim: concatDim, shape: shapes }, options.name);

/** Joins values along a new first axis without waiting for all of them to be there. */
export function parallelStack(values: readonly TensorLike[], name?: Name): Tensor {
  return inScope(nameOf(name), "parallel_stack", () => {
    const shape = convertToTensor(values[0]!).shape;
    return parallelConcatOp({
      values: values.map((value) => expandDims(value, 0)),
      shape: shape === null ? null : [values.length, ...shape],
    });
  });
}
