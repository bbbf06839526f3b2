/** Joining along a new axis, and taking apart: Pack, Unpack; and lists of tensors that stand where one tensor is wanted. */
import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, OpError, TypeError, ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import {
  type Dim,
  formatShape,
  formatShapePython,
  mergeShapes,
  type Shape,
  sameShape,
} from "../../../../core/shape.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import {
  compositeCall,
  convertToTensor,
  isSymbolic,
  type Literal,
  packing,
  type TensorLike,
} from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../basic/names.ts";

/** output = the values stacked along a new axis. Source: array_ops.cc, pack_op.cc, array_grad.py. */
export const packOp = defineOp("Pack", {
  inputs: ["values: N * T"],
  outputs: ["output: T"],
  attrs: ["N: int >= 1", "T: type", "axis: int = 0"],
  shape({ values, axis }) {
    let shape: Shape = values.at(-1)!;
    for (let i = values.length - 2; i >= 0; i--) {
      try {
        shape = mergeShapes(values[i]!, shape);
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        throw invalidArgument(`${error.message}\n\tFrom merging shape ${i} with other shapes.`);
      }
    }
    if (shape === null) return [null];
    const rank = shape.length;
    if (axis < -rank - 1 || axis > rank)
      throw invalidArgument(`Invalid axis: ${axis}; must be in [${-rank - 1},${rank + 1})`);
    const at = axis < 0 ? axis + rank + 1 : axis;
    return [[...shape.slice(0, at), values.length, ...shape.slice(at)]];
  },
  partialValue({ values, axis }, context) {
    if (axis !== 0 || !context.outputDtypes[0]!.isInteger || values.some((shape) => shape?.length !== 0)) return null;
    return values.map((_, i) => {
      const value = context.value("values", i);
      return value && Number(elementAt(value, 0));
    });
  },
  lower(p, { values, axis }) {
    const shape = values[0]!.shape;
    const rank = shape.length;
    if (axis < -rank - 1 || axis > rank)
      throw new InvalidArgumentError(`axis = ${axis} not in [${-rank - 1}, ${rank + 1})`);
    const at = axis < 0 ? axis + rank + 1 : axis;
    for (const [i, value] of values.entries()) {
      if (!sameShape(value.shape, shape)) {
        throw new InvalidArgumentError(
          `Shapes of all inputs must match: values[0].shape = ${formatShape(shape)} != values[${i}].shape = ${formatShape(value.shape)}`,
        );
      }
    }
    const widened = [...shape.slice(0, at), 1, ...shape.slice(at)];
    return p.concat(
      values.map((value) => p.reshape(value, widened)),
      at,
    );
  },
  gradient: (tf, { axis, N }, dy) => ({ values: tf.unstack(dy!, { num: N, axis }) }),
});

/** output[i] = value at i along the axis, which is dropped. */
export const unpackOp = defineOp("Unpack", {
  inputs: ["value: T"],
  outputs: ["output: num * T"],
  attrs: ["num: int >= 0", "T: type", "axis: int = 0"],
  shape({ value, num, axis }) {
    if (value === null) return new Array<Shape>(num).fill(null);
    const rank = value.length;
    if (axis < -rank || axis >= rank) throw invalidArgument(`Invalid axis: ${axis}; must be in [${-rank},${rank})`);
    const at = axis < 0 ? axis + rank : axis;
    const n: Dim = value[at]!;
    if (n !== null && n !== num) throw invalidArgument(`Dimension must be ${num} but is ${n}`);
    return new Array<Shape>(num).fill([...value.slice(0, at), ...value.slice(at + 1)]);
  },
  lower(p, { value, num, axis }) {
    const { shape } = value;
    const rank = shape.length;
    if (axis < -rank || axis >= rank) throw new InvalidArgumentError(`axis = ${axis} not in [${-rank}, ${rank})`);
    const at = axis < 0 ? axis + rank : axis;
    if (shape[at] !== num)
      throw new InvalidArgumentError(`Input shape axis ${at} must equal ${num}, got shape ${formatShape(shape)}`);
    const size = shape.map((n, d) => (d === at ? 1 : n));
    const result = [...shape.slice(0, at), ...shape.slice(at + 1)];
    return Array.from({ length: num }, (_, i) => {
      const begin = shape.map((_, d) => (d === at ? i : 0));
      return p.reshape(p.slice(value, begin, size), result);
    });
  },
  gradient: (tf, { axis }, ...dys) => ({ value: tf.stack(dys, { axis }) }),
});

/** The dtype of the first tensor in nested lists. */
function nestedDtype(values: readonly unknown[]): DType | undefined {
  for (const value of values) {
    if (isSymbolic(value)) return (value as { dtype: DType }).dtype.baseDtype;
    const inner = Array.isArray(value) ? nestedDtype(value) : undefined;
    if (inner) return inner;
  }
  return undefined;
}

/** Casts tensors of other dtypes inside nested lists. */
const castNested = (values: readonly unknown[], dtype: DType): unknown[] =>
  values.map((value) => {
    if (Array.isArray(value)) return castNested(value, dtype);
    return value instanceof Tensor && value.dtype.baseDtype !== dtype ? ops.castOp({ x: value, DstT: dtype }) : value;
  });

/**
 * A list in which tensors occur, as a tensor: inner lists first, then what is left becomes constants named by position. Lists without
 * tensors stay as they are. Source: array_ops.py, _autopacking_helper.
 */
function autopack(values: readonly unknown[], dtype: DType, name: string): Tensor | readonly unknown[] {
  return inScope(name, name, (scope) => {
    const items = values.map((value, i) => {
      if (isSymbolic(value)) {
        const tensor = convertToTensor(value);
        if (tensor.dtype.baseDtype !== dtype) {
          throw new TypeError(
            `Cannot convert a list containing a tensor of dtype ${tensor.dtype} to ${dtype} (Tensor is: ${tensor.repr()})`,
          );
        }
        return tensor;
      }
      return Array.isArray(value) ? autopack(value, dtype, String(i)) : value;
    });
    if (!items.some((item) => item instanceof Tensor)) return items;
    const tensors = items.map((item, i) =>
      item instanceof Tensor ? item : constant(item as Literal, { dtype, name: String(i) }),
    );
    return packOp({ values: tensors }, scope);
  });
}

packing.pack = (values, dtype, name) => {
  const found = nestedDtype(values)!;
  const wanted = dtype?.baseDtype ?? found;
  const items = wanted === found ? values : castNested(values, wanted);
  return autopack(items, wanted, name ?? "packed") as Tensor;
};

type StackArguments = { readonly axis?: number } & Named;

/** Tensors of one shape joined along a new axis. Source: array_ops_stack.py. */
export const stack = byKeyword(
  ["values"],
  function stack(values: readonly TensorLike[] | TensorLike, ...rest: Rest<StackArguments, ["axis", "name"]>): Tensor {
    const options: StackArguments = byName(rest, ["axis", "name"]);
    const ragged = compositeCall<Tensor>("stack", values, options);
    if (ragged) return ragged;
    const { axis = 0, name = "stack" } = options;
    if (axis === 0) {
      try {
        return convertToTensor(values as TensorLike, { name });
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof ValueError)) throw error;
      }
    }
    const list = values as readonly TensorLike[];
    const shape = convertToTensor(list[0]!, { name }).shape;
    if (shape !== null && (axis < -shape.length - 1 || axis > shape.length)) {
      throw new ValueError(`Argument \`axis\` = ${axis} not in range [${-shape.length - 1}, ${shape.length + 1})`);
    }
    return packOp({ values: list, axis }, name);
  },
);

type UnstackArguments = { readonly num?: number | undefined; readonly axis?: number } & Named;

/** The tensor taken apart along an axis, whose size must be known or given as `num`. */
export const unstack = byKeyword(
  ["value"],
  function unstack(value: TensorLike, ...rest: Rest<UnstackArguments, ["num", "axis", "name"]>): Tensor[] {
    const options: UnstackArguments = byName(rest, ["num", "axis", "name"]);
    const { axis = 0, name = "unstack" } = options;
    if (options.num !== undefined) return unpackOp({ value, num: options.num, axis }, name);
    const tensor = convertToTensor(value);
    const { shape } = tensor;
    if (shape !== null && (axis < -shape.length || axis >= shape.length)) {
      throw new ValueError(`Argument \`axis\` = ${axis} not in range [${-shape.length}, ${shape.length})`);
    }
    const num = shape?.at(axis);
    if (num === undefined || num === null)
      throw new ValueError(`Cannot infer argument \`num\` from shape ${formatShapePython(shape)}`);
    return unpackOp({ value: tensor, num, axis }, name);
  },
);
