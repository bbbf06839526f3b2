/**
 * Python's operators as methods of Variable: they act on its value; `v.at(0).assign(x)` changes a part of it. Source: variables.py,
 * _OverloadAllOperators; tensor_getitem_override.py, _slice_helper_var.
 */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  resourceStridedSliceAssignOp,
  type SliceEntry,
  type Slicing,
  slicedItem,
  stridedSliceAssignOp,
} from "../../ops/index.ts";
import type { Operators } from "../../ops/operators.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Updated } from "./updated.ts";
import type { Variable } from "./variable.ts";

declare module "./variable.ts" {
  interface Variable extends Operators {
    /** A part of the value, whose `assign` changes that part of the variable. */
    at(...entries: readonly SliceEntry[]): VariablePart;
  }
}

declare module "./updated.ts" {
  interface UpdatedVariable extends Operators {
    at(...entries: readonly SliceEntry[]): Tensor;
  }
}

const names: readonly (keyof Operators | "at")[] = [
  "add",
  "sub",
  "mul",
  "div",
  "truediv",
  "floordiv",
  "mod",
  "pow",
  "matmul",
  "radd",
  "rsub",
  "rmul",
  "rdiv",
  "rtruediv",
  "rfloordiv",
  "rmod",
  "rpow",
  "rmatmul",
  "neg",
  "abs",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "equal",
  "notEqual",
  "logicalAnd",
  "logicalOr",
  "logicalXor",
  "logicalNot",
  "at",
];

/** Gives the objects of a class, which stand for their `value()`, the operators of tensors. */
export function addOperators(prototype: { value(): Tensor }): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: { value(): Tensor }, ...args: unknown[]): Tensor {
        const value = this.value() as unknown as Record<string, (...args: unknown[]) => Tensor>;
        return value[name]!(...args);
      },
    });
  }
}

interface PartOptions {
  readonly name?: string | undefined;
}

/** A part of a variable's value. */
export type VariablePart = Tensor & {
  /** The whole variable after this part has become the value, which has the part's shape. */
  assign(value: TensorLike, ...rest: Rest<PartOptions, ["name"]>): Updated;
};

function assignPart(variable: Variable, slicing: Slicing, value: TensorLike, { name }: PartOptions): Updated {
  const { begin, end, strides, masks, scope } = slicing;
  const attrs = {
    begin_mask: masks.beginMask ?? 0,
    end_mask: masks.endMask ?? 0,
    ellipsis_mask: masks.ellipsisMask ?? 0,
    new_axis_mask: masks.newAxisMask ?? 0,
    shrink_axis_mask: masks.shrinkAxisMask ?? 0,
  };
  const where = { begin, end, strides, ...attrs };
  const own = name ?? `${scope}_assign`;
  if (!variable.isResource) return stridedSliceAssignOp({ ref: variable.handle, ...where, value }, own);
  const tensor = convertToTensor(value, { dtype: variable.dtype });
  return variable.readAfter(
    resourceStridedSliceAssignOp({ ref: variable.handle, ...where, T: tensor.dtype, value: tensor }, own),
  );
}

/** Lets the parts of variables of this class be assigned to. */
export function addPartAssignment(prototype: Variable): void {
  prototype.at = function at(this: Variable, ...entries: readonly SliceEntry[]): VariablePart {
    const { item, slicing } = slicedItem(this.value(), entries);
    if (!slicing) return item as VariablePart;
    return Object.assign(item, {
      assign: (value: TensorLike, ...rest: Rest<PartOptions, ["name"]>) =>
        assignPart(this, slicing, value, byName<PartOptions>(rest, ["name"])),
    });
  };
}
