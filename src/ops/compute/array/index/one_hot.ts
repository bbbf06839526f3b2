/** Rows of zeros with a one: OneHot. */
import { type DType, float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, TypeError } from "../../../../core/error.ts";
import { type Dim, formatShape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../basic/names.ts";
import { scalarFromInput } from "../basic/shape_input.ts";

/** output = on_value where the new axis's position is the index, else off_value. Source: array_ops.cc, one_hot_op.cc. */
export const oneHotOp = defineOp("OneHot", {
  inputs: ["indices: TI", "depth: int32", "on_value: T", "off_value: T"],
  outputs: ["output: T"],
  attrs: ["axis: int = -1", "T: type", "TI: {uint8, int8, int32, int64} = DT_INT64"],
  shape({ indices, depth, axis }, context) {
    if (axis < -1) throw new InvalidArgumentError(`axis must be >= -1`);
    const value = depth === null || depth.length === 0 ? null : context.value("depth");
    if (value) throw invalidArgument(`Input must be scalar but has rank ${value.shape.length}`);
    const n: Dim = depth?.length ? null : scalarFromInput(context, "depth", depth);
    if (n !== null && n < 0)
      throw new InvalidArgumentError(`Dimension size, given by scalar input 1, must be non-negative but is ${n}`);
    if (indices === null) return [null];
    // An axis beyond the rank is left to the kernel.
    const rank = indices.length + 1;
    const at = (axis + rank) % rank;
    return [[...indices.slice(0, at), n, ...indices.slice(at)]];
  },
  lower(p, { indices, depth, on_value: on, off_value: off, axis }) {
    const rank = indices.shape.length;
    if (axis !== -1 && (axis < 0 || axis > rank))
      throw new InvalidArgumentError(`Expected axis to be -1 or between [0, ${rank + 1}).  But received: ${axis}`);
    if (depth.shape.length)
      throw new InvalidArgumentError(`depth must be a scalar, but got: ${formatShape(depth.shape)}`);
    if (on.shape.length) throw new InvalidArgumentError(`on_value must be a scalar, but got: ${formatShape(on.shape)}`);
    if (off.shape.length)
      throw new InvalidArgumentError(`off_value must be a scalar, but got: ${formatShape(off.shape)}`);
    const n = p.numbers(depth)[0]!;
    if (n < 0) throw new InvalidArgumentError(`depth must be non-negative, got: ${n}`);
    const at = axis === -1 ? rank : axis;
    const shape = [...indices.shape.slice(0, at), n, ...indices.shape.slice(at)];
    const wide = indices.dtype === "int64" || indices.dtype === "int32" ? indices : p.cast(indices, "int32");
    const column = p.reshape(wide, [...indices.shape.slice(0, at), 1, ...indices.shape.slice(at)]);
    const isHot = p.eq(p.broadcast(column, shape), p.iota(wide.dtype as "int32", shape, at));
    return p.select(isHot, p.broadcast(on, shape), p.broadcast(off, shape));
  },
  gradient: "none",
});

export interface OneHotOptions extends Named {
  readonly onValue?: TensorLike | null;
  readonly offValue?: TensorLike | null;
  readonly axis?: number | null;
  readonly dtype?: DType | null;
}

const places = ["onValue", "offValue", "axis", "dtype", "name"] as const;

/** A new axis of size depth (the last one, or `axis`) with onValue at the index and offValue elsewhere. Source: array_ops.py. */
export const oneHot = byKeyword(
  ["indices", "depth"],
  function oneHot(indices: TensorLike, depth: TensorLike, ...rest: Rest<OneHotOptions, typeof places>): Tensor {
    const options = byName<OneHotOptions>(rest, places);
    const { axis, name } = options;
    return inScope(name, "one_hot", (scope) => {
      const hint = options.dtype?.baseDtype;
      const given = (value: TensorLike | null | undefined) =>
        value === undefined || value === null ? null : convertToTensor(value, { preferredDtype: hint });
      const on = given(options.onValue);
      const off = given(options.offValue);
      for (const [tensor, what] of [
        [on, "on_value"],
        [off, "off_value"],
      ] as const) {
        if (hint && tensor && tensor.dtype.baseDtype !== hint) {
          throw new TypeError(`dtype ${tensor.dtype.baseDtype} of ${what} does not match dtype parameter ${hint}`);
        }
      }
      const dtype = hint ?? on?.dtype.baseDtype ?? off?.dtype.baseDtype ?? float32;
      const hot = on ?? convertToTensor(dtype.isBool ? true : 1, { dtype, name: "on_value" });
      const cold = off ?? convertToTensor(dtype.isBool ? false : 0, { dtype, name: "off_value" });
      if (hot.dtype.baseDtype !== cold.dtype.baseDtype) {
        throw new TypeError(
          `dtype ${hot.dtype.baseDtype} of on_value does not match dtype ${cold.dtype.baseDtype} of off_value`,
        );
      }
      return oneHotOp({ indices, depth, on_value: hot, off_value: cold, axis: axis ?? -1 }, scope);
    });
  },
);
