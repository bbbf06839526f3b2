/** Sums of several tensors, and scalar multiples. Source: math_ops.cc, aggregate_ops.cc, math_ops.py. */

import { type DType, variant } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, OpError, TypeError, ValueError } from "../../../core/error.ts";
import { compatible, formatShape, mergeShapes, type Shape, sameShape } from "../../../core/shape.ts";
import type { Lowering } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { NodeFacts } from "../../../graph/definition.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { addArrays } from "../../variant/value.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { mulOp } from "./binary/arithmetic.ts";

/** One shape for all, from the last to the first. */
function mergedShape(shapes: readonly Shape[]): Shape {
  let merged: Shape = shapes.at(-1)!;
  for (let i = shapes.length - 2; i >= 0; i--) {
    try {
      merged = mergeShapes(shapes[i]!, merged);
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      throw invalidArgument(`${error.message}\n\tFrom merging shape ${i} with other shapes.`, { cause: error });
    }
  }
  return merged;
}

function total(p: Lowering, inputs: readonly Value[], node: NodeFacts): Value {
  const [first] = inputs;
  for (const [i, input] of inputs.entries()) {
    if (!sameShape(first!.shape, input.shape)) {
      throw new InvalidArgumentError(
        `Inputs to operation ${node.name} of type ${node.type} must have the same size and shape.  Input 0: ${formatShape(first!.shape)} != input ${i}: ${formatShape(input.shape)}`,
      );
    }
  }
  return inputs.reduce((sum, input) => p.add(sum, input));
}

/** sum = the sum of all inputs, which have one shape. */
export const addNOp = defineOp("AddN", {
  inputs: ["inputs: N * T"],
  outputs: ["sum: T"],
  attrs: [
    "N: int >= 1",
    "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, half, uint32, uint64, variant}",
  ],
  shape: ({ inputs }, context) => ({ shapes: [mergedShape(inputs)], handles: [context.handle("inputs")] }),
  lowers: ({ T }) => T !== variant,
  lower: (p, { inputs }, node) => total(p, inputs, node),
  compute: ({ inputs }) => inputs.reduce(addArrays),
  gradient: (_, { inputs }, dy) => ({ inputs: inputs.map(() => dy!) }),
});

/** The same sum, whose shape is an attr. */
export const accumulateNV2Op = defineOp("AccumulateNV2", {
  inputs: ["inputs: N * T"],
  outputs: ["sum: T"],
  attrs: ["N: int >= 1", "T: numbertype", "shape: shape"],
  shape: ({ inputs }) => [mergedShape(inputs)],
  lower: (p, { inputs }, node) => total(p, inputs, node),
  gradient: (_, { inputs }, dy) => ({ inputs: inputs.map(() => dy!) }),
});

const oneDtypeAndShape =
  "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape.";

/** The sum of tensors of one shape and dtype; IndexedSlices are made dense. One input comes back as it is. */
export const addN = byKeyword(
  ["inputs"],
  function addN(inputs: readonly (TensorLike | IndexedSlices)[], name?: Name): Tensor {
    if (!Array.isArray(inputs) || inputs.length === 0) throw new ValueError(oneDtypeAndShape);
    const tensors = inputs.map((input) =>
      isSymbolic(input) ? (input as Tensor) : convertToTensor(input as TensorLike),
    );
    if (tensors.length > 1) return addNOp({ inputs: tensors }, nameOf(name));
    const only = convertToTensor(tensors[0]!);
    return nameOf(name) ? ops.identity(only, { name: nameOf(name) }) : only;
  },
);

export interface AccumulateOptions extends Named {
  readonly shape?: Shape;
  readonly tensorDtype?: DType;
}

const accumulateNPlaces = ["shape", "tensorDtype", "name"] as const;

/** The sum of tensors of one shape and dtype. Throws ValueError or TypeError when they differ. */
export function accumulateN(
  inputs: readonly TensorLike[],
  ...rest: Rest<AccumulateOptions, typeof accumulateNPlaces>
): Tensor {
  const options = byName<AccumulateOptions>(rest, accumulateNPlaces);
  const wrong = () => new ValueError("inputs must be a list of at least one Tensor with the same dtype and shape");
  if (!Array.isArray(inputs) || inputs.length === 0) throw wrong();
  const tensors = inputs.map((input) => convertToTensor(input));
  const { dtype } = tensors[0]!;
  if (tensors.some((tensor) => tensor.dtype.baseDtype !== dtype.baseDtype)) throw wrong();
  let shape = options.shape ?? null;
  for (const tensor of tensors) {
    if (!compatible(shape, tensor.shape))
      throw new ValueError(`Shapes ${formatShape(shape)} and ${formatShape(tensor.shape)} are not compatible`);
    shape = mergeShapes(shape, tensor.shape);
  }
  if (options.tensorDtype && options.tensorDtype !== dtype.baseDtype) {
    throw new TypeError(
      `The \`tensor_dtype\` argument is ${options.tensorDtype}, but \`input\` is of type ${dtype}. These must be equal. Try casting the input to the desired type.`,
    );
  }
  return addN(tensors, options);
}

/** scalar x, for a scalar and a tensor or IndexedSlices. Throws ValueError when the scalar is none. */
export const scalarMul = byKeyword(["scalar", "x"], function scalarMul<
  X extends Tensor | IndexedSlices,
>(scalar: TensorLike, x: X, name?: Name): X {
  const factor = convertToTensor(scalar, { dtype: x.dtype.baseDtype, name: "scalar" });
  if (factor.shape?.length !== 0)
    throw new ValueError(`The input scalar must be a 0-D value. Received shape ${formatShape(factor.shape)}.`);
  if (x instanceof IndexedSlices) {
    return new IndexedSlices(mulOp({ x: factor, y: x.values }, nameOf(name)), x.indices, x.denseShape) as X;
  }
  return mulOp({ x: factor, y: x as Tensor }, nameOf(name)) as X;
});

/** The value of a polynomial at x by Horner's rule; the coefficient of the highest power comes first. */
export function polyval(coeffs: readonly TensorLike[], x: TensorLike, name?: Name): Tensor {
  return inScope(nameOf(name), "polyval", (scope) => {
    const at = convertToTensor(x, { name: "x" });
    if (coeffs.length === 0) return ops.zerosLike(at, { name: scope });
    const [first, ...others] = coeffs.map((c, i) =>
      convertToTensor(c, { name: `coeff_${i}`, preferredDtype: at.dtype.baseDtype }),
    );
    return others.reduce((value, c) => c.add(value.mul(at)), first!);
  });
}
